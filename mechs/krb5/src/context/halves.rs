//! The two halves of a context, which can part.

use std::ops::Range;

use gss_core::iov::Kind;
use gss_core::{
    Around, Iov, IovError, IovLens, IovShape, Opener, Privacy, Result, Sealer, Sequence, TrailerPlace, Unwrapped,
    Verified, unwrap_stream,
};
use krb5_message::{Associated, Protection, Segment, Trailer};

use crate::error::KerberosError;

/// Makes the tokens of one direction.
pub(crate) struct Sealing(pub(crate) krb5_message::Sealer);

/// Checks the tokens of the other.
pub(crate) struct Opening(pub(crate) krb5_message::Opener);

impl Sealer for Sealing {
    fn mic_len(&self) -> Result<usize> {
        Ok(self.0.mic_len())
    }

    fn get_mic(&mut self, message: &[&[u8]], mic: &mut [u8]) -> Result<usize> {
        let needed = self.0.mic_len();
        if mic.len() < needed {
            let present = mic.len();
            let kind = Kind::Mic;
            return Err(IovError::Length { kind, needed, present }.into());
        }
        self.0.get_mic_into(message, mic).map_err(refused)
    }

    fn wrap_iov_len(&self, privacy: Privacy, shape: IovShape) -> Result<IovLens> {
        let trailer = match shape.trailer {
            TrailerPlace::Separate => Trailer::Separate,
            TrailerPlace::InHeader => Trailer::InHeader,
        };
        let lengths = self.0.wrap_iov_lengths(protection(privacy), trailer, shape.data);
        let lengths = lengths.map_err(refused)?;
        Ok(IovLens {
            header: lengths.header,
            padding: lengths.padding,
            trailer: lengths.trailer,
        })
    }

    fn wrap_iov(&mut self, privacy: Privacy, iov: &mut [Iov<'_>]) -> Result<Privacy> {
        let lens = self.wrap_iov_len(privacy, IovShape::of(iov)?)?;
        check_layout(iov)?;
        if lens.padding == 0 {
            check_unpadded(iov)?;
        }
        check_lengths(iov, lens)?;
        if lens.padding > 0 && !iov.iter().any(|buffer| matches!(buffer, Iov::Padding(_))) {
            return Err(IovError::Missing(Kind::Padding).into());
        }
        self.0
            .wrap_iov(protection(privacy), &mut segments(iov))
            .map_err(refused)?;
        Ok(privacy)
    }

    fn wrap(&mut self, privacy: Privacy, associated: &[u8], message: &[u8]) -> Result<(Vec<u8>, Privacy)> {
        let before: &[&[u8]] = if associated.is_empty() { &[] } else { &[associated] };
        let associated = Associated { before, after: &[] };
        let token = self.0.wrap(protection(privacy), associated, message).map_err(refused)?;
        Ok((token, privacy))
    }

    fn wrap_size_limit(&self, privacy: Privacy, max: usize) -> Result<usize> {
        Ok(self.0.wrap_size_limit(protection(privacy), max))
    }
}

impl Opener for Opening {
    fn verify_mic(&mut self, message: &[&[u8]], mic: &[u8]) -> Result<Verified> {
        let sequence = self.0.verify_mic(message, mic).map_err(refused)?;
        Ok(Verified {
            sequence: order(sequence),
        })
    }

    fn unwrap_iov(&mut self, iov: &mut [Iov<'_>]) -> Result<Unwrapped> {
        if iov.iter().any(|buffer| matches!(buffer, Iov::Stream(_))) {
            return unwrap_stream(self, iov);
        }
        check_layout(iov)?;
        if !self.0.has_padding() {
            check_unpadded(iov)?;
        }
        let (_, opened) = self.0.unwrap_iov(&mut segments(iov)).map_err(refused)?;
        Ok(unwrapped(opened))
    }

    fn unwrap(&mut self, around: Around<'_>, token: &mut [u8]) -> Result<(Range<usize>, Unwrapped)> {
        let associated = Associated {
            before: around.before,
            after: around.after,
        };
        let (range, opened) = self.0.unwrap(associated, token).map_err(refused)?;
        Ok((range, unwrapped(opened)))
    }
}

/// Whether there are one header, at most one trailer, at most one padding with octets, and no stream.
fn check_layout(iov: &[Iov<'_>]) -> Result<(), IovError> {
    let (mut header, mut padding, mut trailer) = (None, None, None);
    for buffer in iov {
        match buffer {
            Iov::Header(_) if header.replace(buffer).is_some() => return Err(IovError::Misplaced(Kind::Header)),
            Iov::Trailer(_) if trailer.replace(buffer).is_some() => return Err(IovError::Misplaced(Kind::Trailer)),
            Iov::Padding(octets) if !octets.is_empty() && padding.replace(buffer).is_some() => {
                return Err(IovError::Misplaced(Kind::Padding));
            }
            Iov::Stream(_) => return Err(IovError::Misplaced(Kind::Stream)),
            _ => {}
        }
    }
    match header {
        Some(_) => Ok(()),
        None => Err(IovError::Missing(Kind::Header)),
    }
}

/// For tokens without padding: those of RFC 4121, and of DCE style.
fn check_unpadded(iov: &[Iov<'_>]) -> Result<(), IovError> {
    iov.iter().try_for_each(|buffer| match buffer {
        Iov::Padding(octets) => exactly(Kind::Padding, 0, octets),
        _ => Ok(()),
    })
}

/// Octets to spare would end up inside the token, which nobody could unwrap.
fn check_lengths(iov: &[Iov<'_>], lens: IovLens) -> Result<(), IovError> {
    iov.iter().try_for_each(|buffer| match buffer {
        Iov::Header(octets) => exactly(Kind::Header, lens.header, octets),
        Iov::Padding(octets) => exactly(Kind::Padding, lens.padding, octets),
        Iov::Trailer(octets) => exactly(Kind::Trailer, lens.trailer, octets),
        _ => Ok(()),
    })
}

fn exactly(kind: Kind, needed: usize, octets: &[u8]) -> Result<(), IovError> {
    let present = octets.len();
    if present == needed {
        Ok(())
    } else {
        Err(IovError::Length { kind, needed, present })
    }
}

/// The caller's buffers as the message layer knows them.
fn segments<'s>(iov: &'s mut [Iov<'_>]) -> Vec<Segment<'s>> {
    let segment = |buffer: &'s mut Iov<'_>| match buffer {
        Iov::Header(octets) => Some(Segment::Header(octets)),
        Iov::Data(octets) => Some(Segment::Data(octets)),
        Iov::SignOnly(octets) => Some(Segment::SignOnly(octets)),
        Iov::Padding(octets) => Some(Segment::Padding(octets)),
        Iov::Trailer(octets) => Some(Segment::Trailer(octets)),
        Iov::Stream(octets) => Some(Segment::Stream(octets)),
        Iov::MechParams(_) | Iov::Empty => None,
    };
    iov.iter_mut().filter_map(segment).collect()
}

fn protection(privacy: Privacy) -> Protection {
    match privacy {
        Privacy::Integrity => Protection::Integrity,
        Privacy::Confidential => Protection::Confidentiality,
    }
}

fn unwrapped(opened: krb5_message::Opened) -> Unwrapped {
    let privacy = match opened.protection {
        Protection::Integrity => Privacy::Integrity,
        Protection::Confidentiality => Privacy::Confidential,
    };
    Unwrapped {
        privacy,
        sequence: order(opened.sequence),
    }
}

fn order(sequence: krb5_message::Sequence) -> Sequence {
    match sequence {
        krb5_message::Sequence::Ok => Sequence::Ok,
        krb5_message::Sequence::Duplicate => Sequence::Duplicate,
        krb5_message::Sequence::Old => Sequence::Old,
        krb5_message::Sequence::Unsequenced => Sequence::Unsequenced,
        krb5_message::Sequence::Gap => Sequence::Gap,
    }
}

fn refused(error: krb5_message::Error) -> gss_core::Error {
    KerberosError::from(error).into()
}
