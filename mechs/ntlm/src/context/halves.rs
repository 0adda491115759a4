//! The two halves of a context, which can part.

use std::ops::Range;

use gss_core::iov::{Kind, check_layout};
use gss_core::{
    Around, Iov, IovError, IovLens, IovShape, Opener, Privacy, Result, Sealer, Unwrapped, Verified, unwrap_stream,
};

use crate::NegotiateFlags;
use crate::error::NtlmError;
use crate::session::{self, Piece, SIGNATURE_LEN, Session};

/// Makes the tokens of one direction.
///
/// Where sealing was negotiated, every wrapped message is sealed, whatever its sender asked for: no token says whether
/// it is, and Windows, Samba, gss-ntlmssp and pyspnego all take it for sealed. Otherwise none is.
pub(crate) struct Sealing {
    how: session::Sealing,
    session: Session,
}

/// Checks the tokens of the other.
pub(crate) struct Opening {
    how: session::Sealing,
    session: Session,
}

impl Sealing {
    pub(crate) fn new(flags: NegotiateFlags, session: Session) -> Self {
        Self {
            how: how(flags),
            session,
        }
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    pub(crate) fn restart_keystream(&mut self) {
        self.session.restart_keystream();
    }
}

impl Opening {
    pub(crate) fn new(flags: NegotiateFlags, session: Session) -> Self {
        Self {
            how: how(flags),
            session,
        }
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    pub(crate) fn restart_keystream(&mut self) {
        self.session.restart_keystream();
    }

    /// Where only signing was negotiated, gss-ntlmssp and pyspnego seal all the same: a message that does not hold as it
    /// is may hold when it is opened. Either way its signature tells.
    fn open(&mut self, message: &mut [Piece<'_>], signature: &[u8; SIGNATURE_LEN]) -> Result<Unwrapped> {
        let first = self.session.check(self.how, message, signature);
        let (how, outcome) = match (self.how, first) {
            (session::Sealing::Open, Err(NtlmError::Signature)) => {
                let sealed = session::Sealing::Sealed;
                (sealed, self.session.check(sealed, message, signature))
            }
            (how, outcome) => (how, outcome),
        };
        Ok(Unwrapped {
            privacy: privacy(how),
            sequence: outcome?,
        })
    }
}

impl Sealer for Sealing {
    fn mic_len(&self) -> Result<usize> {
        Ok(SIGNATURE_LEN)
    }

    fn get_mic(&mut self, message: &[&[u8]], mic: &mut [u8]) -> Result<usize> {
        let present = mic.len();
        let Some((mic, _)) = mic.split_first_chunk_mut::<SIGNATURE_LEN>() else {
            return Err(IovError::Length {
                kind: Kind::Mic,
                needed: SIGNATURE_LEN,
                present,
            }
            .into());
        };
        *mic = self.session.protect(session::Sealing::Open, &mut signed(message))?;
        Ok(SIGNATURE_LEN)
    }

    fn wrap_iov_len(&self, _privacy: Privacy, _shape: IovShape) -> Result<IovLens> {
        Ok(LENS)
    }

    fn wrap_iov(&mut self, _privacy: Privacy, iov: &mut [Iov<'_>]) -> Result<Privacy> {
        check_layout(iov)?;
        LENS.check(iov)?;
        let (header, mut message) = header_and_message(iov)?;
        *header = self.session.protect(self.how, &mut message)?;
        Ok(privacy(self.how))
    }
}

impl Opener for Opening {
    fn verify_mic(&mut self, message: &[&[u8]], mic: &[u8]) -> Result<Verified> {
        let signature = mic.try_into().map_err(|_| NtlmError::ShortToken(mic.len()))?;
        let sequence = self
            .session
            .check(session::Sealing::Open, &mut signed(message), signature)?;
        Ok(Verified { sequence })
    }

    fn unwrap_iov(&mut self, iov: &mut [Iov<'_>]) -> Result<Unwrapped> {
        if iov.iter().any(|buffer| matches!(buffer, Iov::Stream(_))) {
            return unwrap_stream(self, iov);
        }
        check_layout(iov)?;
        LENS.check(iov)?;
        let (header, mut message) = header_and_message(iov)?;
        self.open(&mut message, header)
    }

    fn unwrap(&mut self, around: Around<'_>, token: &mut [u8]) -> Result<(Range<usize>, Unwrapped)> {
        let length = token.len();
        let Some((signature, data)) = token.split_first_chunk_mut::<SIGNATURE_LEN>() else {
            return Err(NtlmError::ShortToken(length).into());
        };
        let mut message = signed(around.before);
        message.push(Piece::Data(data));
        message.append(&mut signed(around.after));
        let unwrapped = self.open(&mut message, signature)?;
        Ok((SIGNATURE_LEN..length, unwrapped))
    }
}

fn signed<'a>(message: &[&'a [u8]]) -> Vec<Piece<'a>> {
    message.iter().map(|octets| Piece::SignOnly(octets)).collect()
}

/// The header, and what it signs in its order.
fn header_and_message<'s>(iov: &'s mut [Iov<'_>]) -> Result<(&'s mut [u8; SIGNATURE_LEN], Vec<Piece<'s>>), IovError> {
    let missing = IovError::Missing(Kind::Header);
    let mut header = None;
    let mut message = Vec::with_capacity(iov.len());
    for buffer in iov {
        match buffer {
            Iov::Header(octets) => header = octets.first_chunk_mut(),
            Iov::Data(octets) => message.push(Piece::Data(octets)),
            Iov::SignOnly(octets) => message.push(Piece::SignOnly(octets)),
            Iov::Padding(_) | Iov::Trailer(_) | Iov::Stream(_) | Iov::MechParams(_) | Iov::Empty => {}
        }
    }
    Ok((header.ok_or(missing)?, message))
}

fn how(flags: NegotiateFlags) -> session::Sealing {
    if flags.contains(NegotiateFlags::SEAL) {
        session::Sealing::Sealed
    } else {
        session::Sealing::Open
    }
}

fn privacy(how: session::Sealing) -> Privacy {
    match how {
        session::Sealing::Sealed => Privacy::Confidential,
        session::Sealing::Open => Privacy::Integrity,
    }
}

/// The signature goes before the message.
const LENS: IovLens = IovLens {
    header: SIGNATURE_LEN,
    padding: 0,
    trailer: 0,
};
