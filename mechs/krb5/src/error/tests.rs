use std::path::PathBuf;
use std::sync::Arc;

use krb5_proto::KerberosTime;
use krb5_store::replay::ReplayError;

use super::*;

fn principal(text: &str) -> Box<Principal> {
    Box::new(Principal::parse(text, None).unwrap())
}

fn failure() -> IoFailure {
    Arc::new(std::io::Error::other("tried 192.0.2.1:88"))
}

fn name(reason: NameFault) -> KerberosError {
    KerberosError::Name {
        name: "x".to_owned(),
        reason,
    }
}

fn refusal() -> KrbErrorReply {
    KrbErrorReply {
        code: ErrorCode::KRB_AP_ERR_BADKEYVER,
        realm: "EXAMPLE.COM".into(),
        server: principal("krbtgt/EXAMPLE.COM@EXAMPLE.COM").name,
        client: None,
        text: None,
        stime: KerberosTime(0),
        data: None,
    }
}

fn no_keytab() -> krb5_store::Error {
    krb5_store::Error::NoKeytab {
        path: PathBuf::from("/k"),
    }
}

/// The minor status is what programs compare and print: it never changes. MIT's number where MIT has one.
#[test]
fn codes_and_kinds_are_frozen() {
    use ErrorKind as Kind;
    let (cache, client) = ("FILE:/c".to_owned(), principal("alice@EXAMPLE.COM"));
    let realm = "EXAMPLE.COM".to_owned();
    let no_cache = krb5_store::Error::NoCache { name: cache.clone() };
    let missing = krb5_store::Error::ConfigMissing {
        files: Vec::new(),
        denied: Vec::new(),
    };
    let frozen = [
        (KerberosError::AcceptorUnproven, Kind::Failure, -1_765_328_226),
        (KerberosError::Bindings, Kind::BadBindings, -1_765_328_343),
        (KerberosError::Checksum, Kind::DefectiveToken, -1_765_328_334),
        (
            KerberosError::Delegated(krb5_proto::Error::CredTickets(0)),
            Kind::Failure,
            -1_765_328_323,
        ),
        (
            KerberosError::ForeignToken(Box::new(KRB5)),
            Kind::DefectiveToken,
            -1_765_328_344,
        ),
        (
            KerberosError::Framing(FramingError::NotFramed),
            Kind::DefectiveToken,
            -1_765_328_344,
        ),
        (
            KerberosError::Message(krb5_message::Error::Integrity),
            Kind::BadMic,
            -1_765_328_353,
        ),
        (
            KerberosError::Message(krb5_message::Error::Direction),
            Kind::BadMic,
            -1_765_328_353,
        ),
        (
            KerberosError::Message(krb5_message::Error::Filler),
            Kind::DefectiveToken,
            -1_765_328_344,
        ),
        (
            KerberosError::Message(krb5_message::Error::TooLong),
            Kind::Failure,
            -1_765_328_324,
        ),
        (
            KerberosError::Replay {
                client: client.clone(),
                server: client.clone(),
            },
            Kind::Failure,
            -1_765_328_350,
        ),
        (
            KerberosError::TokenExpected("an AP-REQ"),
            Kind::DefectiveToken,
            -1_765_328_344,
        ),
        (KerberosError::TokenId, Kind::DefectiveToken, -1_765_328_344),
        (
            KerberosError::Protocol(krb5_proto::Error::MutualFailed),
            Kind::Failure,
            -1_765_328_226,
        ),
        (
            KerberosError::RealmUnknown {
                realm: realm.clone(),
                failure: failure(),
            },
            Kind::Failure,
            -1_765_328_230,
        ),
        (
            KerberosError::KdcUnreachable {
                realm,
                failure: failure(),
            },
            Kind::Failure,
            -1_765_328_228,
        ),
        (KerberosError::Configuration(missing), Kind::Failure, -1_765_328_249),
        (KerberosError::Store(no_cache), Kind::NoCred, -1_765_328_189),
        (KerberosError::Store(no_keytab()), Kind::NoCred, -1_765_328_203),
        (
            KerberosError::CachePrincipal {
                cache: cache.clone(),
                found: client.clone(),
                wanted: client.clone(),
            },
            Kind::NoCred,
            -1_765_328_243,
        ),
        (
            KerberosError::NoTgt {
                cache: cache.clone(),
                client: client.clone(),
            },
            Kind::NoCred,
            -1_765_328_243,
        ),
        (
            KerberosError::TgtExpired {
                cache: cache.clone(),
                client: client.clone(),
                ended: KerberosTime(0),
            },
            Kind::CredentialsExpired,
            -1_765_328_352,
        ),
        (
            KerberosError::TgtRefused {
                cache: cache.clone(),
                client,
                reply: Box::new(refusal()),
            },
            Kind::DefectiveCredential,
            -1_765_328_340,
        ),
        (
            KerberosError::NoKeytab { keytab: cache.clone() },
            Kind::NoCred,
            -1_765_328_203,
        ),
        (
            KerberosError::NoKeytabEntry {
                keytab: cache,
                wanted: "HTTP".to_owned(),
                found: Vec::new(),
            },
            Kind::NoCred,
            -1_765_328_203,
        ),
        (
            KerberosError::NoCacheOf {
                collection: "DIR:/c".to_owned(),
                client: principal("alice@EXAMPLE.COM"),
                found: Vec::new(),
            },
            Kind::NoCred,
            -1_765_328_243,
        ),
        (
            KerberosError::Unverified {
                client: principal("alice@EXAMPLE.COM"),
                keytab: "FILE:/k".to_owned(),
                cause: KerberosError::WrongReply.into(),
            },
            Kind::NoCred,
            -1_765_328_324,
        ),
        (KerberosError::PasswordOfNobody, Kind::BadName, -1_765_328_250),
        (
            KerberosError::Octets {
                what: FileKind::Keytab,
                fault: FormatFault::Magic,
            },
            Kind::DefectiveCredential,
            -1_765_328_200,
        ),
        (
            KerberosError::Octets {
                what: FileKind::CredentialCache,
                fault: FormatFault::Magic,
            },
            Kind::DefectiveCredential,
            -1_765_328_185,
        ),
        (KerberosError::StoreKeys("both"), Kind::Failure, -2_045_022_969),
        (KerberosError::StoreAcceptor, Kind::Failure, -2_045_022_962),
        (
            KerberosError::UnknownOption(Box::new(KRB5)),
            Kind::Unavailable,
            -1_765_328_324,
        ),
        (
            KerberosError::OptionValue(Box::new(KRB5)),
            Kind::Failure,
            -1_765_328_324,
        ),
        (KerberosError::NotExportable, Kind::Unavailable, -1_765_328_324),
        (KerberosError::ExportedCred, Kind::DefectiveToken, 1_859_794_441),
        (
            KerberosError::ReplayCache(ReplayError::Full { limit: 1 }),
            Kind::Failure,
            -1_765_328_220,
        ),
        (KerberosError::CredentialUsage("accept"), Kind::NoCred, -1_765_328_243),
        (
            KerberosError::Crypto(krb5_crypto::Error::Integrity),
            Kind::Failure,
            -1_765_328_206,
        ),
        (KerberosError::DceStyle, Kind::DefectiveToken, -1_765_328_344),
        (KerberosError::DelegationTooLong(70_000), Kind::Failure, -1_765_328_323),
        (KerberosError::ExportedContext, Kind::DefectiveToken, 1_859_794_441),
        (name(NameFault::NoRealm), Kind::BadName, -1_765_328_160),
        (name(NameFault::Empty), Kind::BadName, -1_765_328_250),
        (name(NameFault::Type), Kind::BadNameType, -1_765_328_250),
        (
            NoLocalName {
                principal: principal("bob@OTHER.COM"),
                reason: krb5_store::local::Reason::OtherRealm,
            }
            .into(),
            Kind::Unauthorized,
            -1_765_328_208,
        ),
        (KerberosError::WrongReply, Kind::Failure, -1_765_328_324),
    ];
    for (error, kind, minor) in frozen {
        let error = Error::from(error);
        assert_eq!(
            (error.kind(), i32::from_ne_bytes(error.minor().to_ne_bytes())),
            (kind, minor),
            "{error}"
        );
        assert_eq!(error.mech(), Some(KRB5));
    }
}

#[test]
fn peers_learn_no_difference_between_what_is_malformed_and_what_is_forged() {
    let forged = KerberosError::Protocol(krb5_proto::Error::Integrity {
        what: "the authenticator",
    });
    let malformed = KerberosError::Protocol(krb5_proto::Error::TooLarge {
        what: "Authenticator",
        octets: 9,
    });
    assert_eq!(forged.protocol_code(), malformed.protocol_code());
    assert_ne!(forged.code(), malformed.code(), "the caller does");
}

#[test]
fn peers_learn_nothing_of_what_concerns_only_us() {
    let ours = [
        KerberosError::Bindings,
        KerberosError::ReplayCache(ReplayError::Full { limit: 1 }),
        KerberosError::Delegated(krb5_proto::Error::CredTickets(0)),
        KerberosError::Store(no_keytab()),
    ];
    for error in ours {
        assert_eq!(error.protocol_code(), ErrorCode::KRB_ERR_GENERIC, "{error}");
    }
}

#[test]
fn the_cause_of_a_failure_is_kept() {
    let error = Error::from(KerberosError::ReplayCache(ReplayError::Full { limit: 9 }));
    let cause = std::error::Error::source(&error).unwrap();
    assert!(cause.to_string().contains('9'), "{cause}");
}
