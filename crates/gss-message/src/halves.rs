use std::ops::Range;

use gss_core::iov::{Kind, check_layout};
use gss_core::{
    Around, Error, Iov, IovError, IovLens, IovShape, Opener, Privacy, Result, Sealer, Sequence, TrailerPlace,
    Unwrapped, Verified, unwrap_stream,
};
use krb5_message::{Associated, Protection, Segment, Trailer};

/// What a mechanism says of a token that could not be made or was refused.
pub type Refused = fn(krb5_message::Error) -> Error;

/// Makes the tokens of one direction.
#[derive(Debug)]
pub struct Sealing {
    sealer: krb5_message::Sealer,
    refused: Refused,
}

/// Checks the tokens of the other direction.
#[derive(Debug)]
pub struct Opening {
    opener: krb5_message::Opener,
    refused: Refused,
}

impl Sealing {
    /// The half that `sealer` is, with a mechanism's own errors.
    #[must_use]
    pub fn new(sealer: krb5_message::Sealer, refused: Refused) -> Self {
        Self { sealer, refused }
    }

    /// What makes the tokens.
    #[must_use]
    pub fn inner(&self) -> &krb5_message::Sealer {
        &self.sealer
    }
}

impl Opening {
    /// The half that `opener` is, with a mechanism's own errors.
    #[must_use]
    pub fn new(opener: krb5_message::Opener, refused: Refused) -> Self {
        Self { opener, refused }
    }

    /// What checks the tokens.
    #[must_use]
    pub fn inner(&self) -> &krb5_message::Opener {
        &self.opener
    }
}

impl Sealer for Sealing {
    fn mic_len(&self) -> Result<usize> {
        Ok(self.sealer.mic_len())
    }

    fn get_mic(&mut self, message: &[&[u8]], mic: &mut [u8]) -> Result<usize> {
        let needed = self.sealer.mic_len();
        if mic.len() < needed {
            let present = mic.len();
            let kind = Kind::Mic;
            return Err(IovError::Length { kind, needed, present }.into());
        }
        self.sealer.get_mic_into(message, mic).map_err(self.refused)
    }

    fn wrap_iov_len(&self, privacy: Privacy, shape: IovShape) -> Result<IovLens> {
        let trailer = match shape.trailer {
            TrailerPlace::Separate => Trailer::Separate,
            TrailerPlace::InHeader => Trailer::InHeader,
        };
        let lengths = self.sealer.wrap_iov_lengths(protection(privacy), trailer, shape.data);
        let lengths = lengths.map_err(self.refused)?;
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
        lens.check(iov)?;
        if lens.padding > 0 && !iov.iter().any(|buffer| matches!(buffer, Iov::Padding(_))) {
            return Err(IovError::Missing(Kind::Padding).into());
        }
        self.sealer
            .wrap_iov(protection(privacy), &mut segments(iov))
            .map_err(self.refused)?;
        Ok(privacy)
    }

    fn wrap(&mut self, privacy: Privacy, associated: &[u8], message: &[u8]) -> Result<(Vec<u8>, Privacy)> {
        let before: &[&[u8]] = if associated.is_empty() { &[] } else { &[associated] };
        let associated = Associated { before, after: &[] };
        let token = self
            .sealer
            .wrap(protection(privacy), associated, message)
            .map_err(self.refused)?;
        Ok((token, privacy))
    }

    fn wrap_size_limit(&self, privacy: Privacy, max: usize) -> Result<usize> {
        Ok(self.sealer.wrap_size_limit(protection(privacy), max))
    }
}

impl Opener for Opening {
    fn verify_mic(&mut self, message: &[&[u8]], mic: &[u8]) -> Result<Verified> {
        let sequence = self.opener.verify_mic(message, mic).map_err(self.refused)?;
        Ok(Verified {
            sequence: order(sequence),
        })
    }

    fn unwrap_iov(&mut self, iov: &mut [Iov<'_>]) -> Result<Unwrapped> {
        if iov.iter().any(|buffer| matches!(buffer, Iov::Stream(_))) {
            return unwrap_stream(self, iov);
        }
        check_layout(iov)?;
        if !self.opener.has_padding() {
            check_unpadded(iov)?;
        }
        let (_, opened) = self.opener.unwrap_iov(&mut segments(iov)).map_err(self.refused)?;
        Ok(unwrapped(opened))
    }

    fn unwrap(&mut self, around: Around<'_>, token: &mut [u8]) -> Result<(Range<usize>, Unwrapped)> {
        let associated = Associated {
            before: around.before,
            after: around.after,
        };
        let (range, opened) = self.opener.unwrap(associated, token).map_err(self.refused)?;
        Ok((range, unwrapped(opened)))
    }
}

/// For tokens without padding: those of RFC 4121, and of DCE style.
fn check_unpadded(iov: &[Iov<'_>]) -> Result<(), IovError> {
    iov.iter().try_for_each(|buffer| match buffer {
        Iov::Padding(octets) if !octets.is_empty() => Err(IovError::Length {
            kind: Kind::Padding,
            needed: 0,
            present: octets.len(),
        }),
        _ => Ok(()),
    })
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
