//! An established context that protects nothing: it counts and sums.
//!
//! ```text
//! MIC:      0 sequence number, 1 sum of the message
//! header:   0 sequence number, 1 whether encrypted (each octet XOR 55), 2 octets of padding
//! padding:  to a multiple of 4
//! trailer:  0 sum of the message and what is signed with it
//! ```

use std::ops::Range;

use gss_core::{
    Around, ContextInfo, Error, ErrorKind, EstablishedContext, Halves, Iov, IovError, IovLens, IovShape, Octets, Oid,
    Opener, Privacy, Result, Role, Sealer, Sequence, Unwrapped, Verified, iov::Kind, unwrap_stream,
};

pub(crate) struct FakeContext {
    info: ContextInfo,
    next_out: u8,
    next_in: u8,
    alive: bool,
}

impl FakeContext {
    pub(crate) fn new(info: ContextInfo) -> Self {
        Self {
            info,
            next_out: 0,
            next_in: 0,
            alive: true,
        }
    }

    fn arrived(&mut self, number: u8) -> Sequence {
        let expected = self.next_in;
        self.next_in = self.next_in.max(number + 1);
        match number {
            _ if number == expected => Sequence::Ok,
            _ if number > expected => Sequence::Gap,
            _ => Sequence::Duplicate,
        }
    }

    fn opened(&mut self, header: &[u8], sum: u8, trailer: u8) -> Result<Unwrapped> {
        if sum != trailer {
            return Err(ErrorKind::BadMic.into());
        }
        let privacy = if header[1] == 1 {
            Privacy::Confidential
        } else {
            Privacy::Integrity
        };
        Ok(Unwrapped {
            privacy,
            sequence: self.arrived(header[0]),
        })
    }
}

impl Sealer for FakeContext {
    fn mic_len(&self) -> Result<usize> {
        if self.alive {
            Ok(2)
        } else {
            Err(ErrorKind::NoContext.into())
        }
    }

    fn get_mic(&mut self, message: &[&[u8]], mic: &mut [u8]) -> Result<usize> {
        let present = mic.len();
        let Some([number, check]) = mic.first_chunk_mut::<2>() else {
            return Err(IovError::Length {
                kind: Kind::Mic,
                needed: 2,
                present,
            }
            .into());
        };
        (*number, *check) = (self.next_out, sum(message));
        self.next_out += 1;
        Ok(2)
    }

    fn wrap_iov_len(&self, _privacy: Privacy, shape: IovShape) -> Result<IovLens> {
        Ok(IovLens {
            header: HEADER,
            padding: shape.data.wrapping_neg() % 4,
            trailer: 1,
        })
    }

    fn wrap_iov(&mut self, privacy: Privacy, iov: &mut [Iov<'_>]) -> Result<Privacy> {
        let lens = self.wrap_iov_len(privacy, IovShape::of(iov)?)?;
        let mut total = 0u8;
        for buffer in iov.iter_mut() {
            match buffer {
                Iov::Data(data) => {
                    total = total.wrapping_add(sum(&[data]));
                    if privacy == Privacy::Confidential {
                        data.iter_mut().for_each(|octet| *octet ^= MASK);
                    }
                }
                Iov::SignOnly(octets) => total = total.wrapping_add(sum(&[octets])),
                _ => {}
            }
        }
        for buffer in iov.iter_mut() {
            match buffer {
                Iov::Header(header) => {
                    let encrypted = u8::from(privacy == Privacy::Confidential);
                    header.copy_from_slice(&[self.next_out, encrypted, u8::try_from(lens.padding).unwrap()]);
                }
                Iov::Padding(padding) => assert_eq!(padding.len(), lens.padding),
                Iov::Trailer(trailer) => trailer.copy_from_slice(&[total]),
                _ => {}
            }
        }
        self.next_out += 1;
        Ok(privacy)
    }
}

impl Opener for FakeContext {
    fn verify_mic(&mut self, message: &[&[u8]], mic: &[u8]) -> Result<Verified> {
        let &[number, check] = mic else {
            return Err(ErrorKind::DefectiveToken.into());
        };
        if check != sum(message) {
            return Err(ErrorKind::BadMic.into());
        }
        Ok(Verified {
            sequence: self.arrived(number),
        })
    }

    fn unwrap_iov(&mut self, iov: &mut [Iov<'_>]) -> Result<Unwrapped> {
        if !iov.iter().any(|buffer| matches!(buffer, Iov::Header(_))) {
            return unwrap_stream(self, iov);
        }
        let mut parts = (Vec::new(), 0, 0u8);
        for buffer in iov.iter() {
            if let Iov::Header(header) = buffer {
                parts.0 = header.to_vec();
            }
        }
        for buffer in iov.iter_mut() {
            match buffer {
                Iov::Data(data) => {
                    decrypt(&parts.0, data);
                    parts.2 = parts.2.wrapping_add(sum(&[data]));
                }
                Iov::SignOnly(octets) => parts.2 = parts.2.wrapping_add(sum(&[octets])),
                Iov::Trailer(trailer) => parts.1 = trailer[0],
                _ => {}
            }
        }
        self.opened(&parts.0, parts.2, parts.1)
    }

    fn unwrap(&mut self, around: Around<'_>, token: &mut [u8]) -> Result<(Range<usize>, Unwrapped)> {
        let padding = *token.get(2).ok_or(ErrorKind::DefectiveToken)?;
        let end = token
            .len()
            .checked_sub(1 + usize::from(padding))
            .filter(|end| *end >= HEADER);
        let range = HEADER..end.ok_or(ErrorKind::DefectiveToken)?;
        let header = token[..HEADER].to_vec();
        decrypt(&header, &mut token[range.clone()]);
        let total = sum(around.before)
            .wrapping_add(sum(around.after))
            .wrapping_add(sum(&[&token[range.clone()]]));
        let trailer = token[token.len() - 1];
        Ok((range, self.opened(&header, total, trailer)?))
    }
}

impl EstablishedContext for FakeContext {
    fn info(&self) -> &ContextInfo {
        &self.info
    }

    fn negotiation_complete(&mut self, by: Oid) {
        self.info.via = Some(by);
    }

    fn export(&mut self) -> Result<Octets> {
        if !std::mem::replace(&mut self.alive, false) {
            return Err(Error::new(ErrorKind::NoContext));
        }
        let role = if self.info.role == Role::Initiator {
            "initiator"
        } else {
            "acceptor"
        };
        Ok(role.as_bytes().to_vec().into())
    }

    fn split(self: Box<Self>) -> Result<Halves, Box<dyn EstablishedContext>> {
        let opener = Self {
            info: self.info.clone(),
            ..*self
        };
        Ok(Halves {
            sealer: self,
            opener: Box::new(opener),
        })
    }
}

fn decrypt(header: &[u8], data: &mut [u8]) {
    if header[1] == 1 {
        data.iter_mut().for_each(|octet| *octet ^= MASK);
    }
}

fn sum(parts: &[&[u8]]) -> u8 {
    parts
        .iter()
        .flat_map(|part| part.iter())
        .fold(0, |sum, octet| sum.wrapping_add(*octet))
}

const HEADER: usize = 3;
const MASK: u8 = 0x55;
