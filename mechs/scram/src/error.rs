//! What can go wrong, and whose fault it is.

use gss_core::framing::FramingError;
use gss_core::{Error, ErrorKind, MechError, Oid, StepError};
use krb5_message::Fault;
use krb5_message::crypto::primitives::RandomUnavailable;

use crate::hash::ScramHash;
use crate::message::{MessageError, ServerError, ServerFinal};
use crate::prepare::NotPrepared;
use crate::users::UsersError;

/// A failure of SCRAM. [`MechError::code`] is a number of our own: nobody else has given these any.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScramError {
    // The peer, or somebody in between, is at fault.
    /// The acceptor does not know the password, nor what is stored of it.
    #[error("the acceptor did not prove that it knows the user {user:?}: it is somebody else")]
    AcceptorUnproven {
        /// As whom this side authenticates.
        user: String,
    },
    /// The initiator bound the context to another channel, or to none where one was required.
    #[error("the initiator's channel bindings are not ours: it is connected through somebody else")]
    Bindings,
    /// The token is for another mechanism.
    #[error("the token is for the mechanism {0}, not for SCRAM")]
    ForeignToken(Box<Oid>),
    /// The token's framing is malformed.
    #[error("the token is malformed: {0}")]
    Framing(FramingError),
    /// The acceptor asks for so many iterations that it costs us too much, or so few that others guess the password.
    #[error("the acceptor asks for {found} iterations; allowed are {least} to {most}")]
    Iterations {
        /// What it asks for.
        found: u32,
        /// The fewest that are allowed.
        least: u32,
        /// The most that are allowed.
        most: u32,
    },
    /// A message is malformed.
    #[error("the message is malformed: {0}")]
    Message(#[from] MessageError),
    /// The acceptor's nonce does not begin with ours or adds nothing, or the initiator's is not the acceptor's.
    #[error("the nonce is not of this exchange: the message belongs to another one")]
    Nonce,
    /// The name that came cannot be a user's.
    #[error("the initiator's name cannot be used: {0}")]
    PeerName(NotPrepared),
    /// The acceptor refused, and says why.
    #[error("the acceptor refused: {0}")]
    Refused(ServerError),
    /// A per-message token.
    #[error(transparent)]
    Token(#[from] krb5_message::Error),

    // The user, or the user's password, is at fault.
    /// No such user, or another password. The text does not tell which, since it may be shown to the peer.
    #[error("user {user:?} is unknown or did not prove the password")]
    Proof {
        /// Who was to be authenticated.
        user: String,
    },

    // The local configuration or the caller is at fault.
    /// The initiator asked for what would reveal no name, and the first message names the user.
    #[error("SCRAM always tells the acceptor the user's name: do not ask for anonymity")]
    Anonymous,
    /// Channel bindings have addresses, which SCRAM does not transmit.
    #[error("SCRAM binds application data only: leave the addresses of channel bindings empty, RFC 5801 §5.1")]
    BindingAddresses,
    /// The credential cannot be used for this.
    #[error("a credential {0}")]
    CredentialUsage(&'static str),
    /// An exported context is malformed or of an unknown version.
    #[error("the exported context is malformed or of an unknown version")]
    ExportedContext,
    /// The credential's keys are for another salt or iteration count than the acceptor uses.
    #[error("the keys of the credential are not for the salt and the {iterations} iterations of this acceptor")]
    KeysForAnother {
        /// What the acceptor asks for.
        iterations: u32,
    },
    /// A name is not usable.
    #[error("the name {name:?} cannot be used: {reason}")]
    Name {
        /// The name.
        name: String,
        /// Why not.
        reason: NameFault,
    },
    /// There is nothing to authenticate with.
    #[error("{0} has no credential here: {1}")]
    NoCredential(ScramHash, &'static str),
    /// A password is not usable.
    #[error("the password cannot be used: {0}")]
    Password(NotPrepared),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// The users could not be looked up.
    #[error("the users cannot be looked up: {0}")]
    Users(#[from] UsersError),
}

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameFault {
    /// An exported name is not one, or of another mechanism.
    #[error("it is not exported by this mechanism")]
    Exported,
    /// SASLprep refuses it.
    #[error("{0}")]
    NotPrepared(#[from] NotPrepared),
    /// A service where a user is needed.
    #[error("it is a service's, and SCRAM authenticates users")]
    Service,
    /// Names of this type are not known to SCRAM.
    #[error("SCRAM has no names of this type")]
    Type,
}

impl ScramError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Bindings | Self::BindingAddresses => ErrorKind::BadBindings,
            Self::Token(error) => match error.fault() {
                Fault::Forged => ErrorKind::BadMic,
                Fault::Token => ErrorKind::DefectiveToken,
                Fault::Caller | Fault::Local => ErrorKind::Failure,
            },
            Self::ForeignToken(_)
            | Self::Framing(_)
            | Self::Message(_)
            | Self::Nonce
            | Self::PeerName(_)
            | Self::ExportedContext => ErrorKind::DefectiveToken,
            Self::Name {
                reason: NameFault::Type,
                ..
            } => ErrorKind::BadNameType,
            Self::Name { .. } => ErrorKind::BadName,
            Self::Anonymous => ErrorKind::Unavailable,
            Self::CredentialUsage(_) | Self::KeysForAnother { .. } | Self::NoCredential(..) => ErrorKind::NoCred,
            Self::Password(_) => ErrorKind::DefectiveCredential,
            Self::Proof { .. } | Self::Refused(ServerError::InvalidProof | ServerError::UnknownUser) => {
                ErrorKind::DefectiveCredential
            }
            Self::Refused(ServerError::ChannelBindingsDontMatch) => ErrorKind::BadBindings,
            Self::AcceptorUnproven { .. }
            | Self::Iterations { .. }
            | Self::Random(_)
            | Self::Refused(_)
            | Self::Users(_) => ErrorKind::Failure,
        }
    }

    /// The error of the mechanism with this hash.
    pub(crate) fn of(self, hash: ScramHash) -> Error {
        Error::of_mech(self.kind(), hash.oid(), self)
    }

    /// What a step of that mechanism returns, without a token for the peer.
    pub(crate) fn failed(self, hash: ScramHash) -> StepError {
        self.of(hash).into()
    }

    /// What a step of that mechanism returns when the peer is to be told `reason`.
    pub(crate) fn telling(self, hash: ScramHash, reason: ServerError) -> StepError {
        let message = ServerFinal::Error(reason).to_text();
        StepError::with_token(self.of(hash), message.into_bytes())
    }
}

impl MechError for ScramError {
    fn code(&self) -> u32 {
        let number: u32 = match self {
            Self::AcceptorUnproven { .. } => 1,
            Self::Anonymous => 2,
            Self::Bindings => 3,
            Self::BindingAddresses => 4,
            Self::CredentialUsage(_) => 5,
            Self::ExportedContext => 6,
            Self::ForeignToken(_) => 7,
            Self::Framing(_) => 8,
            Self::Iterations { .. } => 9,
            Self::KeysForAnother { .. } => 10,
            Self::Message(_) => 11,
            Self::Name { .. } => 12,
            Self::NoCredential(..) => 13,
            Self::Nonce => 14,
            Self::Password(_) => 15,
            Self::PeerName(_) => 16,
            Self::Proof { .. } => 17,
            Self::Random(_) => 18,
            Self::Refused(_) => 19,
            Self::Token(_) => 20,
            Self::Users(_) => 21,
        };
        BASE | number
    }
}

/// "SCR", so that the numbers meet no others.
const BASE: u32 = 0x5343_5200;

#[cfg(test)]
mod tests;
