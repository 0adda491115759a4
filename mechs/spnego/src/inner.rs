//! The chosen mechanism's context within the negotiation.

use std::fmt;

use gss_core::{Handshake, Octets, Oid, OptionValue, Progress, Result, Role, StepError};

use crate::error::{SpnegoError, failed};
use crate::mech_list_mic::Unproven;
use crate::message::{NegState, NegTokenResp};

/// The chosen mechanism's context, half-open or established, while the negotiation goes on.
pub(crate) enum Inner<C: ?Sized> {
    Handshaking(Box<C>),
    Established(Unproven),
}

impl<C: Handshake + ?Sized> Inner<C> {
    pub(crate) fn progress(&self, role: Role) -> Progress {
        match self {
            Self::Handshaking(context) => context.progress(),
            Self::Established(unproven) => {
                let info = unproven.context().info();
                Progress {
                    flags: info.flags,
                    ..Progress::new(Some(info.mech), role)
                }
            }
        }
    }

    pub(crate) fn inquire(&self, what: Oid) -> Result<Vec<Octets>> {
        match self {
            Self::Handshaking(context) => context.inquire(what),
            Self::Established(unproven) => unproven.context().inquire(what),
        }
    }

    pub(crate) fn set_option(&mut self, what: Oid, value: OptionValue<'_>) -> Result<()> {
        match self {
            Self::Handshaking(context) => context.set_option(what, value),
            Self::Established(unproven) => unproven.context_mut().set_option(what, value),
        }
    }
}

impl<C: ?Sized> fmt::Debug for Inner<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Handshaking(_) => "Handshaking",
            Self::Established(_) => "Established",
        })
    }
}

/// A failure of the negotiation, and the message that ends it for the peer too.
pub(crate) fn refusing(error: impl Into<SpnegoError>) -> StepError {
    refusal(failed(error))
}

/// A failure, and the message that ends the negotiation for the peer too, with the mechanism's own token in it.
pub(crate) fn refusal(error: StepError) -> StepError {
    let message = NegTokenResp {
        response_token: error.token,
        ..NegTokenResp::new(NegState::Reject)
    };
    StepError::with_token(error.error, message.to_token())
}
