//! The established context, RFC 5802 §8.2 and §8.3: messages of RFC 4121, the pseudo-random function of RFC 4402.

use std::ops::Range;
use std::sync::Arc;

use gss_core::{
    Around, ContextInfo, Error, ErrorKind, EstablishedContext, Flags, Halves, Iov, IovLens, IovShape, MechName, Octets,
    Oid, Opener, PrfKey, Privacy, Result, Role, Sealer, Unwrapped, Verified, inquiry, oid,
};
use gss_message::{Opening, Refused, Sealing};
use krb5_message::crypto::Key;
use krb5_message::{Detection, NumberWidth, SequenceWindow, Style, Subkey, TokenParameters, TokenState};

use crate::error::ScramError;
use crate::export;
use crate::hash::ScramHash;

/// What every context has, RFC 5802 §8 and §8.2, and that it can be exported.
pub(crate) const FLAGS: Flags = Flags::USUAL.union(Flags::TRANS);

/// What a completed exchange has agreed upon.
pub(crate) struct Establish {
    pub(crate) hash: ScramHash,
    pub(crate) role: Role,
    pub(crate) key: Key,
    /// The user.
    pub(crate) source: Arc<dyn MechName>,
    /// The service, if the initiator said whom it talks to.
    pub(crate) target: Option<Arc<dyn MechName>>,
    /// Beyond those of every context.
    pub(crate) flags: Flags,
}

impl Establish {
    /// The context.
    ///
    /// # Errors
    /// [`ScramError::Token`] if the keys of the messages cannot be derived.
    pub(crate) fn establish(self) -> Result<Box<dyn EstablishedContext>, ScramError> {
        let state = TokenState {
            parameters: TokenParameters {
                role: match self.role {
                    Role::Initiator => krb5_message::Role::Initiator,
                    Role::Acceptor => krb5_message::Role::Acceptor,
                },
                // There is no other key than the one.
                subkey: Subkey::Initiator,
                style: Style::Standard,
            },
            next: 0,
            window: SequenceWindow::new(0, Detection::ReplayAndSequence, NumberWidth::Bits64),
        };
        let info = ContextInfo {
            mech: self.hash.oid(),
            via: None,
            source: Some(self.source),
            target: self.target,
            flags: FLAGS | self.flags,
            expires: None,
            role: self.role,
        };
        Ok(Box::new(ScramContext::new(self.hash, info, self.key, state)?))
    }
}

/// An established context.
pub(crate) struct ScramContext {
    hash: ScramHash,
    info: ContextInfo,
    life: Life,
}

enum Life {
    Live(Live),
    /// Exported: its key is gone.
    Ended,
}

/// What works as long as the context lives.
pub(crate) struct Live {
    pub(crate) key: Key,
    pub(crate) sealing: Sealing,
    pub(crate) opening: Opening,
}

impl ScramContext {
    /// # Errors
    /// [`ScramError::Token`] if the keys of the messages cannot be derived.
    pub(crate) fn new(hash: ScramHash, info: ContextInfo, key: Key, state: TokenState) -> Result<Self, ScramError> {
        let (sealer, opener) = state.halves(&key)?;
        let refused: Refused = match hash {
            ScramHash::Sha1 => |error| ScramError::Token(error).of(ScramHash::Sha1),
            ScramHash::Sha256 => |error| ScramError::Token(error).of(ScramHash::Sha256),
        };
        Ok(Self {
            hash,
            info,
            life: Life::Live(Live {
                key,
                sealing: Sealing::new(sealer, refused),
                opening: Opening::new(opener, refused),
            }),
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

impl Sealer for ScramContext {
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

impl Opener for ScramContext {
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

impl EstablishedContext for ScramContext {
    fn info(&self) -> &ContextInfo {
        &self.info
    }

    /// RFC 5802 §8.3: with the one key that there is.
    fn pseudo_random(&self, _key: PrfKey, input: &[u8], out: &mut [u8]) -> Result<()> {
        let filled = gss_message::pseudo_random(&self.live()?.key, input, out);
        filled.map_err(|error| ScramError::from(krb5_message::Error::from(error)).of(self.hash))
    }

    /// The session key with its encryption type, and the strength of `wrap`.
    fn inquire(&self, what: Oid) -> Result<Vec<Octets>> {
        let key = &self.live()?.key;
        match what {
            inquiry::SSPI_SESSION_KEY => Ok(vec![
                Octets::new(key.expose().to_vec()),
                Octets::new(ENCTYPE_OID.as_octets().to_vec()),
            ]),
            inquiry::SASL_SSF => Ok(vec![Octets::new(key.enctype().security_bits().to_be_bytes().to_vec())]),
            _ => Err(Error::UNAVAILABLE),
        }
    }

    fn negotiation_complete(&mut self, by: Oid) {
        self.info.via = Some(by);
    }

    fn export(&mut self) -> Result<Octets> {
        let octets = export::export(&self.info, self.live()?).map_err(|error| error.of(self.hash))?;
        self.life = Life::Ended;
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

/// aes128-cts-hmac-sha1-96, as programs that ask Kerberos for its session key know it.
const ENCTYPE_OID: Oid = oid!("1.2.840.113554.1.2.2.4.17");
