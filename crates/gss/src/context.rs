//! An established context, for users.

use std::fmt;
use std::sync::Arc;

use gss_core::{
    ContextInfo, Error, ErrorKind, EstablishedContext, Flags, Name, Privacy, Result, Sequence, Unwrapped, Verified,
};

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

    /// Who initiated the context, as a name to ask about: [`Gss::local_name`](crate::Gss::local_name),
    /// [`Gss::may_log_in`](crate::Gss::may_log_in). `None` if that is not known.
    #[must_use]
    pub fn initiator_name(&self) -> Option<Name> {
        let info = self.info();
        let source = info.source.as_ref()?;
        Name::of_mech(info.mech, Arc::clone(source)).ok()
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

    /// The message in the peer's token if it was encrypted and comes in order: what a protocol over a stream needs.
    ///
    /// # Errors
    /// [`OpenError`]; the context remains usable.
    pub fn open(&mut self, token: &[u8]) -> Result<Vec<u8>, OpenError> {
        match self.0.unwrapped(token)? {
            (
                _,
                Unwrapped {
                    privacy: Privacy::Integrity,
                    ..
                },
            ) => Err(OpenError::NotEncrypted),
            (
                message,
                Unwrapped {
                    sequence: Sequence::Ok, ..
                },
            ) => Ok(message),
            (_, Unwrapped { sequence, .. }) => Err(OpenError::OutOfOrder(sequence)),
        }
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

/// Why [`Context::open`] does not hand out a message. The peer, or somebody between, is at fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The message was readable to all.
    #[error("the message was not encrypted")]
    NotEncrypted,
    /// The message is authentic, but a repetition, late, or one after a missing one.
    #[error("the message is out of order: {}", .0.name())]
    OutOfOrder(Sequence),
    /// The token is not authentic, or not one at all.
    #[error(transparent)]
    Token(#[from] Error),
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

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use gss_core::{Around, Halves, Iov, IovLens, IovShape, Oid, Opener, Role, Sealer, oid};

    use super::*;

    /// A context that does whatever it is asked, in the clear.
    struct Careless(ContextInfo);

    impl Sealer for Careless {
        fn mic_len(&self) -> Result<usize> {
            Ok(0)
        }

        fn get_mic(&mut self, _message: &[&[u8]], _mic: &mut [u8]) -> Result<usize> {
            Ok(0)
        }

        fn wrap_iov_len(&self, _privacy: Privacy, _shape: IovShape) -> Result<IovLens> {
            Ok(IovLens::default())
        }

        fn wrap_iov(&mut self, _privacy: Privacy, _iov: &mut [Iov<'_>]) -> Result<Privacy> {
            Ok(Privacy::Integrity)
        }
    }

    impl Opener for Careless {
        fn verify_mic(&mut self, _message: &[&[u8]], _mic: &[u8]) -> Result<Verified> {
            Ok(Verified { sequence: Sequence::Ok })
        }

        fn unwrap_iov(&mut self, _iov: &mut [Iov<'_>]) -> Result<Unwrapped> {
            Err(Error::UNAVAILABLE)
        }

        fn unwrap(&mut self, _around: Around<'_>, token: &mut [u8]) -> Result<(Range<usize>, Unwrapped)> {
            Ok((
                0..token.len(),
                Unwrapped {
                    privacy: Privacy::Integrity,
                    sequence: Sequence::Ok,
                },
            ))
        }
    }

    impl EstablishedContext for Careless {
        fn info(&self) -> &ContextInfo {
            &self.0
        }

        fn negotiation_complete(&mut self, by: Oid) {
            self.0.via = Some(by);
        }

        fn split(self: Box<Self>) -> Result<Halves, Box<dyn EstablishedContext>> {
            Err(self)
        }
    }

    fn careless(flags: Flags) -> Context {
        let info = ContextInfo {
            mech: oid!("1.2.3.4"),
            via: None,
            source: None,
            target: None,
            flags,
            expires: None,
            role: Role::Initiator,
        };
        Context(Box::new(Careless(info)))
    }

    #[test]
    fn nothing_is_sent_in_the_clear_where_encryption_was_asked_for() {
        for flags in [Flags::INTEG, Flags::INTEG | Flags::CONF] {
            let mut context = careless(flags);
            assert_eq!(context.wrap(b"secret").unwrap_err(), ErrorKind::Unavailable);
            assert_eq!(context.wrap_readable(b"public").unwrap(), b"public");
        }
    }

    #[test]
    fn what_was_readable_on_the_way_is_not_opened() {
        let mut context = careless(Flags::INTEG | Flags::CONF);
        assert!(matches!(context.open(b"public"), Err(OpenError::NotEncrypted)));
        assert_eq!(context.unwrap(b"public").unwrap().0, b"public");
    }
}
