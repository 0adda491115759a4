//! An established context whose choice has still to be justified.

use gss_core::{EstablishedContext, Result};

use super::{Exchange, Reply, Waiver};
use crate::SPNEGO;
use crate::error::SpnegoError;
use crate::message::{MechTypes, NegTokenResp};

/// An established context whose choice has not been justified: nobody gets it before it is.
pub(crate) struct Unproven(Box<dyn EstablishedContext>);

/// The peer's MIC over the list of mechanisms has been verified. Only [`Unproven::verify`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Proof(());

/// Why a context may be handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// The list is the one that the peer knows.
    Proof(Proof),
    /// RFC 4178 §5 does not ask for a proof.
    Waiver(Waiver),
}

impl Unproven {
    pub(crate) fn new(context: Box<dyn EstablishedContext>) -> Self {
        Self(context)
    }

    pub(crate) fn context(&self) -> &dyn EstablishedContext {
        &*self.0
    }

    pub(crate) fn context_mut(&mut self) -> &mut dyn EstablishedContext {
        &mut *self.0
    }

    /// Checks the MIC over the list of mechanisms in the peer's `message`, if there is one and it means anything.
    ///
    /// What it says of the sequence is not looked at: Windows' acceptors number it 0 whatever the context begins with.
    /// A repetition would be of the same list in the same context, and says nothing new.
    ///
    /// # Errors
    /// [`SpnegoError::ListChanged`].
    pub(crate) fn proof(
        &mut self,
        exchange: Exchange,
        list: &MechTypes,
        message: &NegTokenResp,
    ) -> Result<Option<Proof>, SpnegoError> {
        // Windows 2000 copies the mechanism's token into the MIC.
        let is_copy = message.mech_list_mic == message.response_token;
        match (exchange, &message.mech_list_mic) {
            (Exchange::Impossible, _) | (_, None) => Ok(None),
            (Exchange::Optional, Some(_)) if is_copy => Ok(None),
            (_, Some(mic)) => self.verify(list, mic).map(Some),
        }
    }

    fn verify(&mut self, list: &MechTypes, mic: &[u8]) -> Result<Proof, SpnegoError> {
        let verified = self.0.verify_mic(&[list.as_der()], mic);
        verified.map(|_| Proof(())).map_err(SpnegoError::ListChanged)
    }

    /// This side's MIC over the list of mechanisms, if the next message is to have one.
    ///
    /// # Errors
    /// Those of the context.
    pub(crate) fn answer(&mut self, answer: Reply, list: &MechTypes) -> Result<Option<Vec<u8>>> {
        match answer {
            Reply::WithMic => self.0.mic_of(list.as_der()).map(Some),
            Reply::WithoutMic => Ok(None),
        }
    }

    /// The context, for the caller: the negotiation is over.
    pub(crate) fn justified(mut self, _evidence: Evidence) -> Box<dyn EstablishedContext> {
        self.0.negotiation_complete(SPNEGO);
        self.0
    }
}

#[cfg(test)]
impl Proof {
    /// For the tables of decisions.
    pub(super) const ASSUMED: Self = Self(());
}
