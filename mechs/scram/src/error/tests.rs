use gss_core::oid;

use super::*;

fn name(reason: NameFault) -> ScramError {
    ScramError::Name {
        name: "x".to_owned(),
        reason,
    }
}

fn user() -> String {
    "alice".to_owned()
}

/// The minor status is what programs compare and print: it never changes.
#[test]
fn codes_and_kinds_are_frozen() {
    use ErrorKind as Kind;
    let iterations = ScramError::Iterations {
        found: 1,
        least: 4096,
        most: 8192,
    };
    let frozen = [
        (ScramError::AcceptorUnproven { user: user() }, Kind::Failure, 1),
        (ScramError::Anonymous, Kind::Unavailable, 2),
        (ScramError::Bindings, Kind::BadBindings, 3),
        (ScramError::BindingAddresses, Kind::BadBindings, 4),
        (ScramError::CredentialUsage("x"), Kind::NoCred, 5),
        (ScramError::ExportedContext, Kind::DefectiveToken, 6),
        (
            ScramError::ForeignToken(Box::new(oid!("1.2.3"))),
            Kind::DefectiveToken,
            7,
        ),
        (ScramError::Framing(FramingError::NotFramed), Kind::DefectiveToken, 8),
        (iterations, Kind::Failure, 9),
        (ScramError::KeysForAnother { iterations: 1 }, Kind::NoCred, 10),
        (ScramError::Message(MessageError::Nonce), Kind::DefectiveToken, 11),
        (name(NameFault::Service), Kind::BadName, 12),
        (name(NameFault::Type), Kind::BadNameType, 12),
        (ScramError::NoCredential(ScramHash::Sha1, "x"), Kind::NoCred, 13),
        (ScramError::Nonce, Kind::DefectiveToken, 14),
        (ScramError::Password(NotPrepared::Empty), Kind::DefectiveCredential, 15),
        (ScramError::PeerName(NotPrepared::Empty), Kind::DefectiveToken, 16),
        (ScramError::Proof { user: user() }, Kind::DefectiveCredential, 17),
        (ScramError::Random(RandomUnavailable::default()), Kind::Failure, 18),
        (
            ScramError::Refused(ServerError::InvalidProof),
            Kind::DefectiveCredential,
            19,
        ),
        (
            ScramError::Refused(ServerError::ChannelBindingsDontMatch),
            Kind::BadBindings,
            19,
        ),
        (ScramError::Refused(ServerError::OtherError), Kind::Failure, 19),
        (ScramError::Token(krb5_message::Error::Integrity), Kind::BadMic, 20),
        (
            ScramError::Token(krb5_message::Error::TokenId),
            Kind::DefectiveToken,
            20,
        ),
        (ScramError::Token(krb5_message::Error::TooLong), Kind::Failure, 20),
        (ScramError::Users(UsersError::Other("x".into())), Kind::Failure, 21),
    ];
    for (error, kind, number) in frozen {
        let shown = error.to_string();
        assert_eq!(error.code(), 0x5343_5200 + number, "{shown}");
        assert_eq!(error.kind(), kind, "{shown}");
    }
}

#[test]
fn an_error_is_of_the_mechanism_that_it_happened_in() {
    for hash in ScramHash::ALL {
        let error = ScramError::Nonce.of(hash);
        assert_eq!(error.mech(), Some(hash.oid()));
        assert!(matches!(error.reason_as(), Some(ScramError::Nonce)));
    }
}
