//! The established context: messages of RFC 4121 or RFC 1964, the pseudo-random function of RFC 4402, the session key.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use gss_core::{
    Around, ContextInfo, Error, ErrorKind, EstablishedContext, Flags, Halves, Iov, IovLens, IovShape, MechCred,
    MechName, Octets, Oid, Opener, PrfKey, Privacy, Result, Sealer, Unwrapped, Verified, inquiry,
};
use gss_message::{Opening, Sealing};
use krb5_crypto::{Enctype, Key};
use krb5_message::{Detection, NumberWidth, Role, SequenceWindow, Style, Subkey, TokenParameters, TokenState};
use krb5_proto::KerberosTime;

use crate::KRB5;
use crate::error::KerberosError;

/// What a completed exchange of AP-REQ and, perhaps, AP-REP has agreed upon.
pub(crate) struct Establish {
    pub(crate) role: Role,
    pub(crate) session_key: Arc<Key>,
    /// From the AP-REQ's authenticator.
    pub(crate) initiator_subkey: Option<Arc<Key>>,
    /// From the AP-REP.
    pub(crate) acceptor_subkey: Option<Arc<Key>>,
    /// The number of our first message.
    pub(crate) send_sequence: u32,
    /// The number of the peer's first message.
    pub(crate) receive_sequence: u32,
    /// As granted.
    pub(crate) flags: Flags,
    pub(crate) source: Option<Arc<dyn MechName>>,
    pub(crate) target: Option<Arc<dyn MechName>>,
    pub(crate) expiry: KerberosTime,
    pub(crate) delegated: Option<Arc<dyn MechCred>>,
}

impl Establish {
    /// The context.
    ///
    /// # Errors
    /// [`KerberosError::Message`] if the keys of the messages cannot be derived.
    pub(crate) fn establish(self) -> Result<Box<dyn EstablishedContext>, KerberosError> {
        let keys = ContextKeys {
            first: self.initiator_subkey.unwrap_or(self.session_key),
            acceptor: self.acceptor_subkey,
        };
        let detection = match (self.flags.contains(Flags::REPLAY), self.flags.contains(Flags::SEQUENCE)) {
            (true, true) => Detection::ReplayAndSequence,
            (true, false) => Detection::Replay,
            (false, true) => Detection::Sequence,
            (false, false) => Detection::Nothing,
        };
        let style = if self.flags.contains(Flags::DCE_STYLE) {
            Style::Dce
        } else {
            Style::Standard
        };
        let width = NumberWidth::of(keys.current().enctype());
        let state = TokenState {
            parameters: TokenParameters {
                role: self.role,
                subkey: keys.subkey(),
                style,
            },
            next: self.send_sequence.into(),
            window: SequenceWindow::new(self.receive_sequence.into(), detection, width),
        };
        let info = ContextInfo {
            mech: KRB5,
            via: None,
            source: self.source,
            target: self.target,
            flags: self.flags,
            expires: Some(since_1970(self.expiry)),
            role: role_of(self.role),
        };
        let mut context = KerberosContext::new(info, keys, state)?;
        context.delegated = self.delegated;
        Ok(Box::new(context))
    }
}

/// The keys of a context before per-usage keys are derived from them.
pub(crate) struct ContextKeys {
    /// The initiator's subkey, or where there is none the ticket's session key.
    pub(crate) first: Arc<Key>,
    pub(crate) acceptor: Option<Arc<Key>>,
}

impl ContextKeys {
    /// The key that protects the messages, RFC 4121 §2.
    pub(crate) fn current(&self) -> &Key {
        self.acceptor.as_ref().unwrap_or(&self.first)
    }

    pub(crate) fn subkey(&self) -> Subkey {
        if self.acceptor.is_some() {
            Subkey::Acceptor
        } else {
            Subkey::Initiator
        }
    }
}

/// An established Kerberos context.
pub(crate) struct KerberosContext {
    pub(crate) info: ContextInfo,
    life: Life,
    delegated: Option<Arc<dyn MechCred>>,
}

enum Life {
    Live(Live),
    /// Exported, or ended by the peer: its keys are gone.
    Ended,
}

/// What works as long as the context lives.
pub(crate) struct Live {
    pub(crate) keys: ContextKeys,
    pub(crate) sealing: Sealing,
    pub(crate) opening: Opening,
}

impl KerberosContext {
    /// # Errors
    /// [`KerberosError::Message`] if the keys of the messages cannot be derived.
    pub(crate) fn new(info: ContextInfo, keys: ContextKeys, state: TokenState) -> Result<Self, KerberosError> {
        let (sealer, opener) = state.halves(keys.current())?;
        let live = Live {
            keys,
            sealing: Sealing::new(sealer, refused),
            opening: Opening::new(opener, refused),
        };
        Ok(Self {
            info,
            life: Life::Live(live),
            delegated: None,
        })
    }

    fn live(&self) -> Result<&Live> {
        match &self.life {
            Life::Live(live) => Ok(live),
            Life::Ended => Err(ErrorKind::NoContext.into()),
        }
    }

    fn live_mut(&mut self) -> Result<&mut Live> {
        match &mut self.life {
            Life::Live(live) => Ok(live),
            Life::Ended => Err(ErrorKind::NoContext.into()),
        }
    }
}

impl Sealer for KerberosContext {
    fn mic_len(&self) -> Result<usize> {
        self.live()?.sealing.mic_len()
    }

    fn get_mic(&mut self, message: &[&[u8]], mic: &mut [u8]) -> Result<usize> {
        self.live_mut()?.sealing.get_mic(message, mic)
    }

    fn wrap_iov_len(&self, privacy: Privacy, shape: IovShape) -> Result<IovLens> {
        self.live()?.sealing.wrap_iov_len(privacy, shape)
    }

    fn wrap_iov(&mut self, privacy: Privacy, iov: &mut [Iov<'_>]) -> Result<Privacy> {
        self.live_mut()?.sealing.wrap_iov(privacy, iov)
    }

    fn wrap(&mut self, privacy: Privacy, associated: &[u8], message: &[u8]) -> Result<(Vec<u8>, Privacy)> {
        self.live_mut()?.sealing.wrap(privacy, associated, message)
    }

    fn wrap_size_limit(&self, privacy: Privacy, max: usize) -> Result<usize> {
        self.live()?.sealing.wrap_size_limit(privacy, max)
    }
}

impl Opener for KerberosContext {
    fn verify_mic(&mut self, message: &[&[u8]], mic: &[u8]) -> Result<Verified> {
        self.live_mut()?.opening.verify_mic(message, mic)
    }

    fn unwrap_iov(&mut self, iov: &mut [Iov<'_>]) -> Result<Unwrapped> {
        self.live_mut()?.opening.unwrap_iov(iov)
    }

    fn unwrap(&mut self, around: Around<'_>, token: &mut [u8]) -> Result<(Range<usize>, Unwrapped)> {
        self.live_mut()?.opening.unwrap(around, token)
    }
}

impl EstablishedContext for KerberosContext {
    fn info(&self) -> &ContextInfo {
        &self.info
    }

    fn take_delegated(&mut self) -> Option<Arc<dyn MechCred>> {
        self.delegated.take()
    }

    fn pseudo_random(&self, key: PrfKey, input: &[u8], out: &mut [u8]) -> Result<()> {
        let keys = &self.live()?.keys;
        let key = match key {
            PrfKey::Full => keys.current(),
            PrfKey::Partial => &keys.first,
        };
        Ok(gss_message::pseudo_random(key, input, out).map_err(KerberosError::from)?)
    }

    /// The session key with its encryption type, and the strength of `wrap`.
    fn inquire(&self, what: Oid) -> Result<Vec<Octets>> {
        let key = self.live()?.keys.current();
        match what {
            inquiry::SSPI_SESSION_KEY => {
                let etype = enctype_oid(key.enctype())?;
                Ok(vec![
                    Octets::new(key.expose().to_vec()),
                    Octets::new(etype.as_octets().to_vec()),
                ])
            }
            inquiry::SASL_SSF => Ok(vec![Octets::new(key.enctype().security_bits().to_be_bytes().to_vec())]),
            _ => Err(Error::UNAVAILABLE),
        }
    }

    fn negotiation_complete(&mut self, by: Oid) {
        self.info.via = Some(by);
    }

    /// A token that ends the context, RFC 1964 §1.2.3; RFC 4121 §4.3 has none.
    fn process_token(&mut self, token: &[u8]) -> Result<()> {
        self.live()?
            .opening
            .inner()
            .verify_deletion(token)
            .map_err(KerberosError::from)?;
        self.life = Life::Ended;
        self.delegated = None;
        Ok(())
    }

    /// A delegated credential does not travel along.
    fn export(&mut self) -> Result<Octets> {
        let octets = crate::export::export(&self.info, self.live()?)?;
        self.life = Life::Ended;
        self.delegated = None;
        Ok(octets)
    }

    fn split(self: Box<Self>) -> Result<Halves, Box<dyn EstablishedContext>> {
        match self.life {
            Life::Live(live) => Ok(Halves {
                sealer: Box::new(live.sealing),
                opener: Box::new(live.opening),
            }),
            Life::Ended => Err(self),
        }
    }
}

fn refused(error: krb5_message::Error) -> Error {
    KerberosError::from(error).into()
}

/// 1.2.840.113554.1.2.2.4.ENCTYPE, by which peers name the encryption type of a session key.
fn enctype_oid(enctype: Enctype) -> Result<Oid> {
    let dotted = format!("{KRB5}.4.{}", enctype.number());
    Oid::from_dotted(&dotted).map_err(|_| Error::UNAVAILABLE)
}

fn since_1970(time: KerberosTime) -> Duration {
    Duration::from_secs(u64::try_from(time.0).unwrap_or(0))
}

/// The same word of another vocabulary.
pub(crate) fn role_of(role: Role) -> gss_core::Role {
    match role {
        Role::Initiator => gss_core::Role::Initiator,
        Role::Acceptor => gss_core::Role::Acceptor,
    }
}

#[cfg(test)]
pub(crate) mod tests;
