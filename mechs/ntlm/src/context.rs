//! The established context.

mod halves;

use std::ops::Range;

use gss_core::{
    Around, ContextInfo, Error, ErrorKind, EstablishedContext, Halves, Iov, IovLens, IovShape, MechListMic, Octets,
    Oid, Opener, Privacy, Result, Role, Sealer, Unwrapped, Verified, inquiry,
};
use gss_crypto::{CryptoProvider, Secret};

use crate::NegotiateFlags;
use crate::error::NtlmError;
use crate::export;
use crate::keys::Direction;
use crate::session::Session;
pub(crate) use halves::{Opening, Sealing};

/// What three messages have agreed upon.
pub(crate) struct Agreed {
    pub(crate) info: ContextInfo,
    pub(crate) flags: NegotiateFlags,
    /// ExportedSessionKey.
    pub(crate) exported: Secret,
    pub(crate) mech_list_mic: MechListMic,
    pub(crate) provider: &'static CryptoProvider,
}

/// An established context.
pub(crate) struct NtlmContext {
    info: ContextInfo,
    flags: NegotiateFlags,
    mech_list_mic: MechListMic,
    life: Life,
}

enum Life {
    /// It has keys.
    Live(Live),
    /// Exported: its keys are gone.
    Ended,
}

/// The keys of a context.
pub(crate) struct Live {
    pub(crate) exported: Secret,
    pub(crate) messages: Messages,
}

/// Whether messages are protected.
pub(crate) enum Messages {
    /// Neither signing nor sealing was negotiated.
    Unprotected,
    /// They are.
    Protected(Box<Directions>),
}

/// Both directions of messages.
pub(crate) struct Directions {
    pub(crate) sealing: Sealing,
    pub(crate) opening: Opening,
}

impl NtlmContext {
    /// The context, with its first message due.
    pub(crate) fn new(agreed: Agreed) -> Self {
        let protected = agreed.flags.intersects(NegotiateFlags::SIGN | NegotiateFlags::SEAL);
        let messages = if protected {
            let (send, receive) = match agreed.info.role {
                Role::Initiator => (Direction::ToServer, Direction::ToClient),
                Role::Acceptor => (Direction::ToClient, Direction::ToServer),
            };
            let session = |direction| Session::new(agreed.flags, &agreed.exported, direction, agreed.provider);
            Messages::protected(agreed.flags, session(send), session(receive))
        } else {
            Messages::Unprotected
        };
        let live = Live {
            exported: agreed.exported,
            messages,
        };
        Self::with_keys(agreed.info, agreed.flags, agreed.mech_list_mic, live)
    }

    pub(crate) fn with_keys(info: ContextInfo, flags: NegotiateFlags, mech_list_mic: MechListMic, live: Live) -> Self {
        Self {
            info,
            flags,
            mech_list_mic,
            life: Life::Live(live),
        }
    }

    fn live(&self) -> Result<&Live> {
        match &self.life {
            Life::Live(live) => Ok(live),
            Life::Ended => Err(ErrorKind::NoContext.into()),
        }
    }

    fn sealing(&mut self) -> Result<&mut Sealing> {
        match &mut self.life {
            Life::Live(live) => match &mut live.messages {
                Messages::Protected(both) => Ok(&mut both.sealing),
                Messages::Unprotected => Err(NtlmError::Unprotected.into()),
            },
            Life::Ended => Err(ErrorKind::NoContext.into()),
        }
    }

    fn opening(&mut self) -> Result<&mut Opening> {
        match &mut self.life {
            Life::Live(live) => match &mut live.messages {
                Messages::Protected(both) => Ok(&mut both.opening),
                Messages::Unprotected => Err(NtlmError::Unprotected.into()),
            },
            Life::Ended => Err(ErrorKind::NoContext.into()),
        }
    }

    fn sealing_shared(&self) -> Result<&Sealing> {
        match &self.live()?.messages {
            Messages::Protected(both) => Ok(&both.sealing),
            Messages::Unprotected => Err(NtlmError::Unprotected.into()),
        }
    }
}

impl Messages {
    pub(crate) fn protected(flags: NegotiateFlags, send: Session, receive: Session) -> Self {
        Self::Protected(Box::new(Directions {
            sealing: Sealing::new(flags, send),
            opening: Opening::new(flags, receive),
        }))
    }
}

impl Sealer for NtlmContext {
    fn mic_len(&self) -> Result<usize> {
        self.sealing_shared()?.mic_len()
    }

    fn get_mic(&mut self, message: &[&[u8]], mic: &mut [u8]) -> Result<usize> {
        self.sealing()?.get_mic(message, mic)
    }

    fn wrap_iov_len(&self, privacy: Privacy, shape: IovShape) -> Result<IovLens> {
        self.sealing_shared()?.wrap_iov_len(privacy, shape)
    }

    fn wrap_iov(&mut self, privacy: Privacy, iov: &mut [Iov<'_>]) -> Result<Privacy> {
        self.sealing()?.wrap_iov(privacy, iov)
    }
}

impl Opener for NtlmContext {
    fn verify_mic(&mut self, message: &[&[u8]], mic: &[u8]) -> Result<Verified> {
        self.opening()?.verify_mic(message, mic)
    }

    fn unwrap_iov(&mut self, iov: &mut [Iov<'_>]) -> Result<Unwrapped> {
        self.opening()?.unwrap_iov(iov)
    }

    fn unwrap(&mut self, around: Around<'_>, token: &mut [u8]) -> Result<(Range<usize>, Unwrapped)> {
        self.opening()?.unwrap(around, token)
    }
}

impl EstablishedContext for NtlmContext {
    fn info(&self) -> &ContextInfo {
        &self.info
    }

    fn inquire(&self, what: Oid) -> Result<Vec<Octets>> {
        let live = self.live()?;
        match what {
            inquiry::SSPI_SESSION_KEY => Ok(vec![Octets::new(live.exported.expose().to_vec())]),
            inquiry::SASL_SSF => Ok(vec![Octets::new(strength(self.flags).to_be_bytes().to_vec())]),
            _ => Err(Error::UNAVAILABLE),
        }
    }

    /// [MS-SPNG] §3.3.5.1: where the messages of NTLM have a MIC, so has the list of mechanisms.
    fn mech_list_mic(&self) -> MechListMic {
        self.mech_list_mic
    }

    fn negotiation_complete(&mut self, by: Oid) {
        self.info.via = Some(by);
        if let Life::Live(live) = &mut self.life
            && let Messages::Protected(both) = &mut live.messages
        {
            both.sealing.restart_keystream();
            both.opening.restart_keystream();
        }
    }

    fn export(&mut self) -> Result<Octets> {
        let octets = export::export(&self.info, self.flags, self.mech_list_mic, self.live()?)?;
        self.life = Life::Ended;
        Ok(octets)
    }

    fn split(self: Box<Self>) -> Result<Halves, Box<dyn EstablishedContext>> {
        let Self {
            info,
            flags,
            mech_list_mic,
            life,
        } = *self;
        match life {
            Life::Live(live) => match live {
                Live {
                    messages: Messages::Protected(both),
                    ..
                } => Ok(Halves {
                    sealer: Box::new(both.sealing),
                    opener: Box::new(both.opening),
                }),
                live => Err(Box::new(Self::with_keys(info, flags, mech_list_mic, live))),
            },
            life => Err(Box::new(Self {
                info,
                flags,
                mech_list_mic,
                life,
            })),
        }
    }
}

/// What gss-ntlmssp says: RC4 with 128 bits is worth no more than 64.
fn strength(flags: NegotiateFlags) -> u32 {
    match () {
        () if !flags.intersects(NegotiateFlags::SIGN | NegotiateFlags::SEAL) => 0,
        () if !flags.contains(NegotiateFlags::SEAL) => 1,
        () if flags.contains(NegotiateFlags::KEY_128) => 64,
        () if flags.contains(NegotiateFlags::KEY_56) => 56,
        () => 40,
    }
}
