//! An established context, for users.

use std::fmt;

use gss_core::{ContextInfo, ErrorKind, EstablishedContext, Flags, Privacy, Result, Unwrapped, Verified};

/// An established security context: signs and seals messages, and checks the peer's.
///
/// [`Context::as_mut`] leads to everything else that a mechanism offers: buffers in place, associated data,
/// pseudo-random octets, delegated credentials, export.
pub struct Context(Box<dyn EstablishedContext>);

impl Context {
    /// Who initiated and accepted, which flags were granted, until when it lasts.
    #[must_use]
    pub fn info(&self) -> &ContextInfo {
        self.0.info()
    }

    /// The name of the initiator, for a person; `None` if it is not revealed. To decide about access, take the name
    /// in [`Context::info`].
    #[must_use]
    pub fn initiator(&self) -> Option<String> {
        self.info().source.as_ref().map(|name| name.to_text())
    }

    /// The name of the acceptor, for a person.
    #[must_use]
    pub fn acceptor(&self) -> Option<String> {
        self.info().target.as_ref().map(|name| name.to_text())
    }

    /// Signs `message`: a token that goes beside it.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] if the context has no integrity protection.
    pub fn get_mic(&mut self, message: &[u8]) -> Result<Vec<u8>> {
        self.0.mic_of(message)
    }

    /// Checks the peer's signature of `message`. The result tells whether the message comes in order.
    ///
    /// # Errors
    /// [`ErrorKind::BadMic`] or [`ErrorKind::DefectiveToken`]; the context remains usable.
    pub fn verify_mic(&mut self, message: &[u8], mic: &[u8]) -> Result<Verified> {
        self.0.verify_mic(&[message], mic)
    }

    /// Seals `message` into a token, encrypted.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] if the context has no confidentiality: nothing is ever sent in the clear instead.
    pub fn wrap(&mut self, message: &[u8]) -> Result<Vec<u8>> {
        if !self.info().flags.contains(Flags::CONF) {
            return Err(ErrorKind::Unavailable.into());
        }
        match self.0.wrap(Privacy::Confidential, &[], message)? {
            (token, Privacy::Confidential) => Ok(token),
            (_, Privacy::Integrity) => Err(ErrorKind::Unavailable.into()),
        }
    }

    /// Puts `message` into a token, protected against change but readable by all.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] if the context has no integrity protection.
    pub fn wrap_readable(&mut self, message: &[u8]) -> Result<Vec<u8>> {
        self.0.wrap(Privacy::Integrity, &[], message).map(|(token, _)| token)
    }

    /// The message in the peer's token, and whether it was encrypted and comes in order.
    ///
    /// # Errors
    /// [`ErrorKind::BadMic`] or [`ErrorKind::DefectiveToken`]; the context remains usable.
    pub fn unwrap(&mut self, token: &[u8]) -> Result<(Vec<u8>, Unwrapped)> {
        self.0.unwrapped(token)
    }

    /// The mechanism's context itself.
    #[must_use]
    pub fn into_inner(self) -> Box<dyn EstablishedContext> {
        self.0
    }
}

impl AsMut<dyn EstablishedContext> for Context {
    fn as_mut(&mut self) -> &mut (dyn EstablishedContext + 'static) {
        &mut *self.0
    }
}

impl From<Box<dyn EstablishedContext>> for Context {
    fn from(context: Box<dyn EstablishedContext>) -> Self {
        Self(context)
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Context").field(self.info()).finish()
    }
}
