//! Tokens that come in parts, [MS-SPNG] §3.1.5.4 to §3.1.5.9, and the longest token that is taken.
//!
//! A token says in its first octets how long it is. While less of it has come, the answer is an empty token, which asks
//! for more.

use gss_core::{
    AcceptorContext, Flow, Flowing, Handshake, InitiatorContext, Octets, Oid, OptionValue, Progress, Result, Step,
};

use crate::error::{SpnegoError, failed};
use crate::message::NegotiationToken;
use crate::relaxed;

/// Whether tokens may come in parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reassembly {
    /// Each comes as a whole.
    #[default]
    Off,
    /// In parts, and as a whole no longer than so many octets, nor than [`NegotiationToken::MAX_LEN`].
    UpTo(usize),
}

/// A half-open context, and the part that has come of its next token.
struct Assembling<C: ?Sized> {
    context: Box<C>,
    came: Vec<u8>,
    limit: usize,
}

impl Reassembly {
    fn limit(self) -> Option<usize> {
        match self {
            Self::Off => None,
            Self::UpTo(limit) => Some(limit.min(NegotiationToken::MAX_LEN)),
        }
    }
}

/// An initiator's `context` that takes tokens in parts, if it is to.
pub(crate) fn initiator(context: Box<dyn InitiatorContext>, reassembly: Reassembly) -> Box<dyn InitiatorContext> {
    match reassembly.limit() {
        None => context,
        Some(limit) => Box::new(Assembling::new(context, limit)),
    }
}

/// An acceptor's `context` that takes tokens in parts, if it is to.
pub(crate) fn acceptor(context: Box<dyn AcceptorContext>, reassembly: Reassembly) -> Box<dyn AcceptorContext> {
    match reassembly.limit() {
        None => context,
        Some(limit) => Box::new(Assembling::new(context, limit)),
    }
}

impl<C: ?Sized> Assembling<C> {
    fn new(context: Box<C>, limit: usize) -> Self {
        Self {
            context,
            came: Vec::new(),
            limit,
        }
    }

    /// Takes a part, and returns the token if it is complete.
    ///
    /// # Errors
    /// [`SpnegoError::TooLong`] as soon as the token is known to be.
    fn take(&mut self, part: &[u8]) -> Result<Option<Vec<u8>>, SpnegoError> {
        let limit = self.limit;
        if self.came.len().saturating_add(part.len()) > limit {
            return Err(SpnegoError::TooLong { limit });
        }
        self.came.extend_from_slice(part);
        let total = match self.came.first() {
            Some(tag) if !IN_PARTS.contains(tag) => Some(self.came.len()),
            _ => relaxed::announced(&self.came)?,
        };
        match total {
            Some(total) if total > limit => Err(SpnegoError::TooLong { limit }),
            Some(total) if total <= self.came.len() => Ok(Some(std::mem::take(&mut self.came))),
            _ => Ok(None),
        }
    }

    /// The token for the context; `None` if a part of it is missing. No token at all is passed on as such.
    fn whole(&mut self, token: Option<&[u8]>) -> Result<Option<Option<Vec<u8>>>, SpnegoError> {
        match token {
            None | Some([]) if self.came.is_empty() => Ok(Some(token.map(<[u8]>::to_vec))),
            part => Ok(self.take(part.unwrap_or_default())?.map(Some)),
        }
    }
}

impl<C: ?Sized + 'static> Assembling<C> {
    /// Passes a token on to `step` once it is whole, and asks for more until then; `wait` makes what waits for the next.
    fn pass(
        mut self,
        token: Option<&[u8]>,
        step: impl FnOnce(Box<C>, Option<&[u8]>) -> Flowing<Step<C>>,
        wait: fn(Self) -> Box<C>,
    ) -> Flowing<Step<C>> {
        let Some(token) = self.whole(token).map_err(failed)? else {
            return Ok(Flow::Done(Step::Continue {
                token: Vec::new(),
                next: wait(self),
            }));
        };
        let limit = self.limit;
        Ok(step(self.context, token.as_deref())?.map(move |step| match step {
            Step::Continue { token, next } => Step::Continue {
                token,
                next: wait(Self::new(next, limit)),
            },
            established @ Step::Established { .. } => established,
        }))
    }
}

impl<C: Handshake + ?Sized> Handshake for Assembling<C> {
    fn progress(&self) -> Progress {
        self.context.progress()
    }

    fn inquire(&self, what: Oid) -> Result<Vec<Octets>> {
        self.context.inquire(what)
    }

    fn set_option(&mut self, what: Oid, value: OptionValue<'_>) -> Result<()> {
        self.context.set_option(what, value)
    }
}

impl InitiatorContext for Assembling<dyn InitiatorContext> {
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Flowing<Step<dyn InitiatorContext>> {
        self.pass(token, |context, whole| context.step(whole), |waiting| Box::new(waiting))
    }
}

impl AcceptorContext for Assembling<dyn AcceptorContext> {
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Flowing<Step<dyn AcceptorContext>> {
        self.pass(token, |context, whole| context.step(whole), |waiting| Box::new(waiting))
    }
}

/// What messages of a negotiation begin with: framing, NegTokenInit, NegTokenResp. Others come as a whole.
const IN_PARTS: [u8; 3] = [0x60, 0xa0, 0xa1];
