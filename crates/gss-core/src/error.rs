//! Errors: RFC 2744 routine errors with the mechanism's own reason kept as the source.

use std::fmt;
use std::sync::Arc;

use crate::framing::FramingError;
use crate::{Major, Oid, exported_name};

/// The routine errors of RFC 2744 §3.9.1, and that of RFC 5587 §3.4.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum ErrorKind {
    /// The mechanism is not supported.
    BadMech = 1,
    /// The name is malformed.
    BadName = 2,
    /// The type of the name is not supported.
    BadNameType = 3,
    /// The channel bindings differ from the peer's.
    BadBindings = 4,
    /// The status code is unknown.
    BadStatus = 5,
    /// The MIC, or the integrity of the wrapped message, does not hold. `GSS_S_BAD_SIG` is the same number.
    BadMic = 6,
    /// No credential, or none that can be used for this.
    NoCred = 7,
    /// No context has been established, or it is gone.
    NoContext = 8,
    /// The token is malformed.
    DefectiveToken = 9,
    /// The credential is malformed or does not work.
    DefectiveCredential = 10,
    /// The credential has expired.
    CredentialsExpired = 11,
    /// The context has expired.
    ContextExpired = 12,
    /// Anything else: the minor status says what.
    Failure = 13,
    /// The quality of protection is not supported.
    BadQop = 14,
    /// Local policy forbids it.
    Unauthorized = 15,
    /// The mechanism does not offer this.
    Unavailable = 16,
    /// The credential element exists already.
    DuplicateElement = 17,
    /// The name belongs to several mechanisms where one is needed.
    NameNotMn = 18,
    /// The mechanism attribute is unknown.
    BadMechAttr = 19,
}

impl ErrorKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 19] = [
        Self::BadMech,
        Self::BadName,
        Self::BadNameType,
        Self::BadBindings,
        Self::BadStatus,
        Self::BadMic,
        Self::NoCred,
        Self::NoContext,
        Self::DefectiveToken,
        Self::DefectiveCredential,
        Self::CredentialsExpired,
        Self::ContextExpired,
        Self::Failure,
        Self::BadQop,
        Self::Unauthorized,
        Self::Unavailable,
        Self::DuplicateElement,
        Self::NameNotMn,
        Self::BadMechAttr,
    ];

    /// The number of the routine error, not shifted: 1 to 19.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::BadMech => 1,
            Self::BadName => 2,
            Self::BadNameType => 3,
            Self::BadBindings => 4,
            Self::BadStatus => 5,
            Self::BadMic => 6,
            Self::NoCred => 7,
            Self::NoContext => 8,
            Self::DefectiveToken => 9,
            Self::DefectiveCredential => 10,
            Self::CredentialsExpired => 11,
            Self::ContextExpired => 12,
            Self::Failure => 13,
            Self::BadQop => 14,
            Self::Unauthorized => 15,
            Self::Unavailable => 16,
            Self::DuplicateElement => 17,
            Self::NameNotMn => 18,
            Self::BadMechAttr => 19,
        }
    }

    /// The kind of that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// RFC 2744's name without `GSS_S_`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BadMech => "BAD_MECH",
            Self::BadName => "BAD_NAME",
            Self::BadNameType => "BAD_NAMETYPE",
            Self::BadBindings => "BAD_BINDINGS",
            Self::BadStatus => "BAD_STATUS",
            Self::BadMic => "BAD_MIC",
            Self::NoCred => "NO_CRED",
            Self::NoContext => "NO_CONTEXT",
            Self::DefectiveToken => "DEFECTIVE_TOKEN",
            Self::DefectiveCredential => "DEFECTIVE_CREDENTIAL",
            Self::CredentialsExpired => "CREDENTIALS_EXPIRED",
            Self::ContextExpired => "CONTEXT_EXPIRED",
            Self::Failure => "FAILURE",
            Self::BadQop => "BAD_QOP",
            Self::Unauthorized => "UNAUTHORIZED",
            Self::Unavailable => "UNAVAILABLE",
            Self::DuplicateElement => "DUPLICATE_ELEMENT",
            Self::NameNotMn => "NAME_NOT_MN",
            Self::BadMechAttr => "BAD_MECH_ATTR",
        }
    }

    /// The major status with this routine error alone.
    #[must_use]
    pub const fn major(self) -> Major {
        Major::routine(self)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadMech => "the mechanism is not supported",
            Self::BadName => "the name is not valid",
            Self::BadNameType => "this type of name is not supported",
            Self::BadBindings => "the channel bindings differ from the peer's",
            Self::BadStatus => "the status code is unknown",
            Self::BadMic => "the message or its integrity check has been altered",
            Self::NoCred => "there is no credential for this",
            Self::NoContext => "there is no established security context",
            Self::DefectiveToken => "the token is malformed",
            Self::DefectiveCredential => "the credential is malformed or does not work",
            Self::CredentialsExpired => "the credential has expired",
            Self::ContextExpired => "the security context has expired",
            Self::Failure => "the operation failed",
            Self::BadQop => "the quality of protection is not supported",
            Self::Unauthorized => "local policy forbids this",
            Self::Unavailable => "the mechanism does not offer this",
            Self::DuplicateElement => "the credential has an element for this mechanism already",
            Self::NameNotMn => "the name does not belong to one mechanism",
            Self::BadMechAttr => "the mechanism attribute is unknown",
        })
    }
}

/// A mechanism's own error: the minor status, RFC 2743 §1.2.1.2.
///
/// Each mechanism has one `#[non_exhaustive]` enum whose `Display` tells a person what failed and whose fault it is.
pub trait MechError: std::error::Error + Send + Sync + 'static {
    /// The minor status code. Stable: programs compare and print it.
    fn code(&self) -> u32;
}

/// What went wrong: a routine error and, where there is more to say, the mechanism's reason.
#[derive(Clone)]
pub struct Error {
    kind: ErrorKind,
    reason: Option<Arc<Reason>>,
}

struct Reason {
    mech: Option<Oid>,
    error: Box<dyn MechError>,
}

/// What every call of the library returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// [`ErrorKind::Unavailable`]: what provided methods return.
    pub const UNAVAILABLE: Self = Self::new(ErrorKind::Unavailable);

    /// An error that says no more than its kind.
    #[must_use]
    pub const fn new(kind: ErrorKind) -> Self {
        Self { kind, reason: None }
    }

    /// An error of the mechanism `mech`.
    #[must_use]
    pub fn of_mech(kind: ErrorKind, mech: Oid, error: impl MechError) -> Self {
        Self {
            kind,
            reason: Some(Arc::new(Reason {
                mech: Some(mech),
                error: Box::new(error),
            })),
        }
    }

    /// An error of this crate.
    #[must_use]
    pub(crate) fn core(kind: ErrorKind, error: CoreError) -> Self {
        Self {
            kind,
            reason: Some(Arc::new(Reason {
                mech: None,
                error: Box::new(error),
            })),
        }
    }

    /// The routine error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The major status code, RFC 2744 §3.9.1.
    #[must_use]
    pub fn major(&self) -> Major {
        self.kind.major()
    }

    /// The minor status code, 0 where there is none.
    #[must_use]
    pub fn minor(&self) -> u32 {
        self.reason.as_ref().map_or(0, |reason| reason.error.code())
    }

    /// The mechanism whose minor status it is.
    #[must_use]
    pub fn mech(&self) -> Option<Oid> {
        self.reason.as_ref().and_then(|reason| reason.mech)
    }

    /// The mechanism's own error.
    #[must_use]
    pub fn reason(&self) -> Option<&dyn MechError> {
        self.reason.as_ref().map(|reason| &*reason.error)
    }

    /// The mechanism's own error, if it is an `E`.
    #[must_use]
    pub fn reason_as<E: MechError>(&self) -> Option<&E> {
        let reason: &(dyn std::error::Error + 'static) = self.reason()?;
        reason.downcast_ref()
    }
}

impl fmt::Display for Error {
    /// The reason if there is one: it is the more precise; else what the kind says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Some(reason) => write!(f, "{}", reason.error),
            None => write!(f, "{}", self.kind),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("kind", &self.kind);
        if let Some(reason) = &self.reason {
            out.field("mech", &reason.mech).field("reason", &reason.error);
        }
        out.finish()
    }
}

impl std::error::Error for Error {
    /// What caused the reason: the reason itself is what `Display` prints.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.reason.as_ref().and_then(|reason| reason.error.source())
    }
}

impl PartialEq<ErrorKind> for Error {
    fn eq(&self, kind: &ErrorKind) -> bool {
        self.kind == *kind
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind)
    }
}

/// The reasons that the mechglue and the vocabulary themselves give.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CoreError {
    /// Two mechanisms, or a mechanism and an alias, have one OID. The program that built the registry is at fault.
    #[error("two mechanisms are registered as {0}")]
    DuplicateMechanism(Oid),
    /// The registry is empty. The program that built it is at fault.
    #[error(
        "no mechanism is registered: enable a mechanism's feature of the `gss` crate (such as `krb5`), name its crate \
         (`use gss_mech_krb5 as _;`, or the linker drops it), or pass one to `Mechanisms::builder().with(…)`"
    )]
    EmptyRegistry,
    /// A name that claims to be exported is not. Who stored or sent it is at fault.
    #[error("the exported name is malformed: {0}")]
    ExportedName(exported_name::ExportedNameError),
    /// A token's framing is malformed. The peer is at fault.
    #[error("the token is malformed: {0}")]
    Framing(FramingError),
    /// The buffers do not have the kinds, number or lengths that the call needs. The caller is at fault.
    #[error("the message buffers do not fit: {0}")]
    Buffers(crate::iov::IovError),
    /// An exported context or credential is malformed or of an unknown version. Who stored or sent it is at fault.
    #[error("the exported {what} is malformed or of an unknown version")]
    Serialised {
        /// Context or credential.
        what: crate::serial::Exported,
    },
    /// The credential that the caller passed has no element for the mechanism. The caller is at fault.
    #[error("the credential has no element for the mechanism {mech}; it has {present}")]
    NoElement {
        /// The mechanism that was to be used.
        mech: Oid,
        /// The mechanisms that the credential has elements for.
        present: crate::OidList,
    },
    /// No mechanism recognises the token. The peer or the local configuration is at fault.
    #[error("the token is not framed and no registered mechanism recognises it")]
    Unrecognised,
    /// A key comes twice in a credential store. The caller is at fault.
    #[error("the credential store has {key:?} twice; leave one of them")]
    StoreDuplicate {
        /// The key.
        key: String,
    },
    /// A value of a credential store is not of the kind that its key takes. The caller is at fault.
    #[error("the value of {key:?} in the credential store is not text in UTF-8, nor of a type that the key takes")]
    StoreText {
        /// Its key.
        key: String,
    },
    /// A driver answered a request with something that does not belong to it. The driver is at fault.
    #[error("the answer to an I/O request does not belong to it")]
    WrongReply,
    /// No such mechanism is registered. The peer or the local configuration is at fault.
    #[error("the mechanism {mech} is not registered; registered are {present}")]
    UnknownMechanism {
        /// The mechanism that was asked for.
        mech: Oid,
        /// Those that are registered.
        present: crate::OidList,
    },
}

impl MechError for CoreError {
    fn code(&self) -> u32 {
        match self {
            Self::DuplicateMechanism(_) => 1,
            Self::EmptyRegistry => 2,
            Self::ExportedName(_) => 3,
            Self::Framing(_) => 4,
            Self::Buffers(_) => 5,
            Self::Serialised { .. } => 6,
            Self::NoElement { .. } => 7,
            Self::Unrecognised => 8,
            Self::UnknownMechanism { .. } => 9,
            Self::WrongReply => 10,
            Self::StoreText { .. } => 11,
            Self::StoreDuplicate { .. } => 12,
        }
    }
}

#[cfg(test)]
mod tests;
