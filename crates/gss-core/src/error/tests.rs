use std::error::Error as _;

use super::*;

/// RFC 2744 §3.9.1 and RFC 5587 §3.4.5.
const KINDS: [(u8, &str); 19] = [
    (1, "BAD_MECH"),
    (2, "BAD_NAME"),
    (3, "BAD_NAMETYPE"),
    (4, "BAD_BINDINGS"),
    (5, "BAD_STATUS"),
    (6, "BAD_MIC"),
    (7, "NO_CRED"),
    (8, "NO_CONTEXT"),
    (9, "DEFECTIVE_TOKEN"),
    (10, "DEFECTIVE_CREDENTIAL"),
    (11, "CREDENTIALS_EXPIRED"),
    (12, "CONTEXT_EXPIRED"),
    (13, "FAILURE"),
    (14, "BAD_QOP"),
    (15, "UNAUTHORIZED"),
    (16, "UNAVAILABLE"),
    (17, "DUPLICATE_ELEMENT"),
    (18, "NAME_NOT_MN"),
    (19, "BAD_MECH_ATTR"),
];

#[derive(Debug, thiserror::Error)]
#[error("the ticket for {0} has expired")]
struct Expired(String, #[source] fmt::Error);

impl MechError for Expired {
    fn code(&self) -> u32 {
        0x96c7_3a20
    }
}

#[test]
fn kinds_have_the_numbers_and_names_of_rfc2744() {
    assert_eq!(ErrorKind::ALL.map(|kind| (kind.number(), kind.name())), KINDS);
    for kind in ErrorKind::ALL {
        assert_eq!(ErrorKind::from_number(kind.number()), Some(kind));
        assert_eq!(kind.major().0, u32::from(kind.number()) << 16);
        assert_eq!(kind.major().kind(), Some(kind));
    }
    assert_eq!(ErrorKind::from_number(0), None);
    assert_eq!(ErrorKind::from_number(20), None);
}

#[test]
fn a_mechanisms_error_is_what_a_person_reads() {
    let mech = oid!("1.2.840.113554.1.2.2");
    let error = Error::of_mech(ErrorKind::CredentialsExpired, mech, Expired("bob".into(), fmt::Error));
    assert_eq!(error.to_string(), "the ticket for bob has expired");
    assert_eq!(error.kind(), ErrorKind::CredentialsExpired);
    assert_eq!(error.minor(), 0x96c7_3a20);
    assert_eq!(error.mech(), Some(mech));
    assert_eq!(error.reason_as::<Expired>().unwrap().0, "bob");
    assert!(error.reason_as::<CoreError>().is_none());
    assert!(error.source().unwrap().is::<fmt::Error>());
}

#[test]
fn an_error_without_a_reason_says_what_its_kind_says() {
    let error = Error::UNAVAILABLE;
    assert_eq!(error.to_string(), "the mechanism does not offer this");
    assert_eq!((error.minor(), error.mech()), (0, None));
    assert!(error.source().is_none());
    assert_eq!(format!("{error:?}"), "Error { kind: Unavailable }");
}

#[test]
fn the_codes_of_the_mechglue_are_frozen() {
    use crate::exported_name::ExportedNameError;
    use crate::framing::FramingError;
    use crate::iov::IovError;
    use crate::serial::Exported;

    let mech = oid!("1.2.3");
    let errors = [
        CoreError::DuplicateMechanism(mech),
        CoreError::EmptyRegistry,
        CoreError::ExportedName(ExportedNameError::Oid),
        CoreError::Framing(FramingError::NotFramed),
        CoreError::Buffers(IovError::TooLong),
        CoreError::Serialised {
            what: Exported::Context,
        },
        CoreError::NoElement {
            mech,
            present: crate::OidList::default(),
        },
        CoreError::Unrecognised,
        CoreError::UnknownMechanism {
            mech,
            present: crate::OidList::default(),
        },
        CoreError::WrongReply,
        CoreError::StoreText {
            key: "ccache".to_owned(),
        },
        CoreError::StoreDuplicate {
            key: "ccache".to_owned(),
        },
    ];
    assert_eq!(
        errors.map(|error| error.code()),
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    );
}
