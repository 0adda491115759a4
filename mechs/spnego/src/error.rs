//! What can go wrong in a negotiation, and whose fault it is.

use gss_core::{Error, ErrorKind, MechError, Oid, OidList, StepError};

use crate::SPNEGO;
use crate::message::{MessageError, NegState};

/// A failure of the negotiation itself; those of the chosen mechanism are its own. [`MechError::code`] is MIT's minor
/// status where it has one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpnegoError {
    // The peer, or somebody in between, is at fault.
    /// The protection of the list of mechanisms does not hold.
    #[error("the list of mechanisms was changed on the way: its MIC does not hold")]
    ListChanged(#[source] Error),
    /// The protection of the list of mechanisms is missing where it is needed.
    #[error(
        "the peer has not protected the list of mechanisms, and a weaker one may have been chosen by somebody else"
    )]
    ListUnprotected,
    /// A message is malformed.
    #[error("the negotiation token is malformed: {0}")]
    Message(#[from] MessageError),
    /// The state that the peer tells of cannot be.
    #[error("the peer's state {0} does not fit what it sends")]
    State(NegState),
    /// A message came that another one is due instead of.
    #[error("expected {0}")]
    Expected(&'static str),
    /// The acceptor took a mechanism that was not offered, or changed its mind.
    #[error("the acceptor chose the mechanism {chosen}, but was offered {offered}")]
    NotOffered {
        /// What it chose.
        chosen: Box<Oid>,
        /// What it may choose from.
        offered: OidList,
    },
    /// The peer ended the negotiation without saying why.
    #[error("the peer refused to go on, and does not say why")]
    Refused,
    /// A token, or what a part of one announces, is longer than allowed.
    #[error("the token is longer than the {limit} octets that are allowed")]
    TooLong {
        /// The limit.
        limit: usize,
    },

    // Both sides' configuration is at fault.
    /// There is no mechanism in common.
    #[error("the initiator offers {offered}, of which this acceptor can use none")]
    NothingInCommon {
        /// What was offered.
        offered: OidList,
    },

    // The local configuration or the caller is at fault.
    /// There is no mechanism to negotiate.
    #[error(
        "there is no mechanism to negotiate: the credential or the caller allows {allowed}, and registered are {present}"
    )]
    NothingToOffer {
        /// What may be used.
        allowed: OidList,
        /// What there is.
        present: OidList,
    },
    /// A mechanism below sent nothing where it must.
    #[error("the mechanism {0} began a context without a token")]
    NoToken(Box<Oid>),
}

impl SpnegoError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NothingInCommon { .. } => ErrorKind::BadMech,
            Self::NothingToOffer { .. } => ErrorKind::NoCred,
            Self::Refused | Self::NoToken(_) => ErrorKind::Failure,
            Self::Expected(_)
            | Self::ListChanged(_)
            | Self::ListUnprotected
            | Self::Message(_)
            | Self::NotOffered { .. }
            | Self::State(_)
            | Self::TooLong { .. } => ErrorKind::DefectiveToken,
        }
    }
}

impl MechError for SpnegoError {
    fn code(&self) -> u32 {
        match self {
            Self::NothingToOffer { .. } => NO_MECHS_AVAILABLE,
            Self::NothingInCommon { .. } | Self::Refused => NEGOTIATION_FAILED,
            Self::NotOffered { .. } => NO_MECH_FROM_ACCEPTOR,
            Self::Expected(_) => NO_TOKEN_FROM_ACCEPTOR,
            Self::Message(_) => OURS,
            Self::State(_) => OURS.saturating_add(1),
            Self::ListChanged(_) => OURS.saturating_add(2),
            Self::ListUnprotected => OURS.saturating_add(3),
            Self::TooLong { .. } => OURS.saturating_add(4),
            Self::NoToken(_) => OURS.saturating_add(5),
        }
    }
}

impl From<SpnegoError> for Error {
    fn from(error: SpnegoError) -> Self {
        Self::of_mech(error.kind(), SPNEGO, error)
    }
}

/// A failure of the negotiation as what a step returns, without a token for the peer.
pub(crate) fn failed(error: impl Into<SpnegoError>) -> StepError {
    Error::from(error.into()).into()
}

// MIT's numbers.
const NO_MECHS_AVAILABLE: u32 = 0x2000_0001;
const NEGOTIATION_FAILED: u32 = 0x2000_0004;
const NO_MECH_FROM_ACCEPTOR: u32 = 0x2000_0003;
const NO_TOKEN_FROM_ACCEPTOR: u32 = 0x2000_0005;
/// Where ours begin, which MIT has no number for.
const OURS: u32 = 0x2000_0100;
