//! What can go wrong, and whose fault it is.

use gss_core::{Error, ErrorKind, MechError, StepError};
use gss_crypto::RandomUnavailable;

use crate::message::{AvId, MessageError};
use crate::{NTLM, NegotiateFlags, UserError};

/// A failure of the mechanism. [`MechError::code`] is its minor status.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NtlmError {
    // The peer, or somebody in between, is at fault.
    /// The client is anonymous, and nobody allowed that.
    #[error("the client is anonymous, which is not allowed here")]
    Anonymous,
    /// The client has bound another channel, or none.
    #[error("the client is bound to {0} channel")]
    Bindings(&'static str),
    /// The other side leaves out protection that is needed.
    #[error("the peer does not grant {0:?}: it is too old, or somebody in between took that out")]
    Downgraded(NegotiateFlags),
    /// Another message is due.
    #[error("expected {0}")]
    Expected(&'static str),
    /// The client's flags are not those that were negotiated.
    #[error("the flags that were negotiated have changed on the way: {0:?}")]
    FlagsChanged(NegotiateFlags),
    /// A message is malformed.
    #[error("the token is malformed: {0}")]
    Message(#[from] MessageError),
    /// The MIC over the messages does not hold.
    #[error("the messages were changed on the way: their MIC does not hold")]
    Mic,
    /// The MIC over the messages is missing where it is needed.
    #[error("the client has not protected its messages by a MIC")]
    MicMissing,
    /// The challenge is one that this very process has sent: somebody reflects it.
    #[error("the challenge is one of this process: somebody sends it back, or it talks to itself")]
    Reflected,
    /// The session key is missing or malformed.
    #[error("the client sent a session key of {0} octets")]
    SessionKey(usize),
    /// A signature does not hold, or its message does not come in order.
    #[error("the message is forged, or another one is due before it")]
    Signature,
    /// A token is too short to have a signature.
    #[error("the token has {0} octets, less than a signature")]
    ShortToken(usize),
    /// What the client meant to authenticate to is not this server.
    #[error("the client meant another server: its {0} is not ours")]
    Target(AvId),
    /// The user is not let in.
    #[error(transparent)]
    User(#[from] UserError),

    // The local configuration or the caller is at fault.
    /// A credential cannot do this.
    #[error("credentials {0}")]
    Credential(&'static str),
    /// All numbers of messages are used up.
    #[error("all sequence numbers are used up; make a new context")]
    Exhausted,
    /// An exported context is malformed or of an unknown version.
    #[error("the exported context is malformed or of an unknown version")]
    Exported,
    /// The level is unknown, or the build does not have it.
    #[error(
        "the LAN Manager level {0:?} is none from 0 to 5, or one below 5 in a build without the feature legacy-crypto"
    )]
    Level(String),
    /// A name is malformed or of a type that NTLM does not know.
    #[error("the name {name:?} cannot be used: {fault}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong.
        fault: NameFault,
    },
    /// There is no password for the user.
    #[error("there is no password for {0}: acquire a credential with one, or name a file in NTLM_USER_FILE")]
    NoPassword(String),
    /// There is nobody to ask about users.
    #[error("no user database is configured: give the acceptor one, or name a file in NTLM_USER_FILE")]
    NoUsers,
    /// The context has no protection for messages.
    #[error("neither signing nor sealing was negotiated")]
    Unprotected,
    /// The operating system gives no random octets.
    #[error("cannot make keys: {0}")]
    Random(#[from] RandomUnavailable),
}

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameFault {
    /// It has no user, service or host where one is needed.
    #[error("a part of it is empty")]
    Empty,
    /// It has several separators where one is meant.
    #[error("it is not clear where its domain ends")]
    Separators,
    /// It is not text in UTF-8, or has zeros in it.
    #[error("it is not text")]
    NotText,
    /// Its type is unknown here, or is not that of a target or a user.
    #[error("its type is not one that is meant here")]
    Type,
}

impl NtlmError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Anonymous | Self::Target(_) | Self::Reflected => ErrorKind::Unauthorized,
            Self::User(UserError::Unavailable(_)) => ErrorKind::Failure,
            Self::User(_) => ErrorKind::Unauthorized,
            Self::Bindings(_) => ErrorKind::BadBindings,
            Self::Expected(_)
            | Self::Exported
            | Self::FlagsChanged(_)
            | Self::Message(_)
            | Self::SessionKey(_)
            | Self::ShortToken(_) => ErrorKind::DefectiveToken,
            Self::Mic | Self::MicMissing | Self::Signature => ErrorKind::BadMic,
            Self::Credential(_) | Self::NoPassword(_) | Self::NoUsers => ErrorKind::NoCred,
            Self::Exhausted => ErrorKind::ContextExpired,
            Self::Downgraded(_) | Self::Level(_) | Self::Random(_) => ErrorKind::Failure,
            Self::Name {
                fault: NameFault::Type, ..
            } => ErrorKind::BadNameType,
            Self::Name { .. } => ErrorKind::BadName,
            Self::Unprotected => ErrorKind::Unavailable,
        }
    }
}

impl MechError for NtlmError {
    fn code(&self) -> u32 {
        let offset = match self {
            Self::Anonymous => 1,
            Self::Bindings(_) => 2,
            Self::Downgraded(_) => 3,
            Self::Expected(_) => 4,
            Self::FlagsChanged(_) => 5,
            Self::Message(_) => 6,
            Self::Mic => 7,
            Self::MicMissing => 8,
            Self::Reflected => 9,
            Self::SessionKey(_) => 10,
            Self::Signature => 11,
            Self::ShortToken(_) => 12,
            Self::Target(_) => 13,
            Self::User(UserError::Refused) => 14,
            Self::User(UserError::Generation(_)) => 15,
            Self::User(UserError::Account(_)) => 16,
            Self::User(UserError::Unavailable(_)) => 17,
            Self::Credential(_) => 18,
            Self::Exhausted => 19,
            Self::Exported => 20,
            Self::Level(_) => 21,
            Self::Name { .. } => 22,
            Self::NoPassword(_) => 23,
            Self::NoUsers => 24,
            Self::Unprotected => 25,
            Self::Random(_) => 26,
        };
        BASE | offset
    }
}

impl From<NtlmError> for Error {
    fn from(error: NtlmError) -> Self {
        Self::of_mech(error.kind(), NTLM, error)
    }
}

/// A failure as what a step returns. NTLM has no token to tell the peer.
pub(crate) fn failed(error: impl Into<NtlmError>) -> StepError {
    Error::from(error.into()).into()
}

/// `NT`, and a hundred from where gss-ntlmssp has its own.
const BASE: u32 = 0x4e54_0100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Generation;

    /// Programs compare and print these.
    #[test]
    fn codes_are_frozen() {
        let refused = UserError::Refused;
        let unavailable = UserError::Unavailable("gone".into());
        for (error, code) in [
            (NtlmError::Anonymous, 0x4e54_0101),
            (NtlmError::Bindings("no"), 0x4e54_0102),
            (NtlmError::Downgraded(NegotiateFlags::SEAL), 0x4e54_0103),
            (NtlmError::Expected("more"), 0x4e54_0104),
            (NtlmError::FlagsChanged(NegotiateFlags::SIGN), 0x4e54_0105),
            (NtlmError::Message(MessageError::Truncated), 0x4e54_0106),
            (NtlmError::Mic, 0x4e54_0107),
            (NtlmError::MicMissing, 0x4e54_0108),
            (NtlmError::Reflected, 0x4e54_0109),
            (NtlmError::SessionKey(1), 0x4e54_010a),
            (NtlmError::Signature, 0x4e54_010b),
            (NtlmError::ShortToken(1), 0x4e54_010c),
            (NtlmError::Target(AvId::TARGET_NAME), 0x4e54_010d),
            (NtlmError::User(refused), 0x4e54_010e),
            (NtlmError::User(UserError::Generation(Generation::Lm)), 0x4e54_010f),
            (NtlmError::User(UserError::Account("locked".into())), 0x4e54_0110),
            (NtlmError::User(unavailable), 0x4e54_0111),
            (NtlmError::Credential("no"), 0x4e54_0112),
            (NtlmError::Exhausted, 0x4e54_0113),
            (NtlmError::Exported, 0x4e54_0114),
            (NtlmError::Level("9".into()), 0x4e54_0115),
            (
                NtlmError::Name {
                    name: "a".into(),
                    fault: NameFault::Empty,
                },
                0x4e54_0116,
            ),
            (NtlmError::NoPassword("a".into()), 0x4e54_0117),
            (NtlmError::NoUsers, 0x4e54_0118),
            (NtlmError::Unprotected, 0x4e54_0119),
            (NtlmError::Random(RandomUnavailable::default()), 0x4e54_011a),
        ] {
            assert_eq!(error.code(), code, "{error}");
            assert!(!error.to_string().is_empty());
        }
    }
}
