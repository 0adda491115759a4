//! A toy's established context: it makes and verifies MICs, and nothing else.

use std::ops::Range;

use gss_core::{
    Around, ContextInfo, Error, ErrorKind, EstablishedContext, Halves, Iov, IovLens, IovShape, MechListMic, Oid,
    Opener, Privacy, Result, Sealer, Sequence, Unwrapped, Verified,
};

/// ```text
/// 0     sequence number
/// 1..4  sum over mechanism and message
/// ```
pub struct ToyContext {
    info: ContextInfo,
    mech_list_mic: MechListMic,
    out: u8,
    expected: u8,
}

impl ToyContext {
    pub fn new(info: ContextInfo, mech_list_mic: MechListMic) -> Self {
        Self {
            info,
            mech_list_mic,
            out: 0,
            expected: 0,
        }
    }

    fn sum(&self, message: &[&[u8]]) -> [u8; 4] {
        let octets = self
            .info
            .mech
            .as_octets()
            .iter()
            .chain(message.iter().copied().flatten());
        octets
            .fold(0x811c_9dc5u32, |sum, octet| {
                (sum ^ u32::from(*octet)).wrapping_mul(0x0100_0193)
            })
            .to_be_bytes()
    }
}

impl Sealer for ToyContext {
    fn mic_len(&self) -> Result<usize> {
        Ok(5)
    }

    fn get_mic(&mut self, message: &[&[u8]], mic: &mut [u8]) -> Result<usize> {
        mic[0] = self.out;
        mic[1..5].copy_from_slice(&self.sum(message));
        self.out += 1;
        Ok(5)
    }

    fn wrap_iov_len(&self, _privacy: Privacy, _shape: IovShape) -> Result<IovLens> {
        Err(Error::UNAVAILABLE)
    }

    fn wrap_iov(&mut self, _privacy: Privacy, _iov: &mut [Iov<'_>]) -> Result<Privacy> {
        Err(Error::UNAVAILABLE)
    }
}

impl Opener for ToyContext {
    fn verify_mic(&mut self, message: &[&[u8]], mic: &[u8]) -> Result<Verified> {
        let (number, sum) = mic.split_first().ok_or(ErrorKind::DefectiveToken)?;
        if *sum != self.sum(message) {
            return Err(ErrorKind::BadMic.into());
        }
        let sequence = if *number == self.expected {
            self.expected += 1;
            Sequence::Ok
        } else {
            Sequence::Gap
        };
        Ok(Verified { sequence })
    }

    fn unwrap_iov(&mut self, _iov: &mut [Iov<'_>]) -> Result<Unwrapped> {
        Err(Error::UNAVAILABLE)
    }

    fn unwrap(&mut self, _around: Around<'_>, _token: &mut [u8]) -> Result<(Range<usize>, Unwrapped)> {
        Err(Error::UNAVAILABLE)
    }
}

impl EstablishedContext for ToyContext {
    fn info(&self) -> &ContextInfo {
        &self.info
    }

    fn mech_list_mic(&self) -> MechListMic {
        self.mech_list_mic
    }

    fn negotiation_complete(&mut self, by: Oid) {
        assert_eq!(self.info.via, None, "told twice");
        self.info.via = Some(by);
    }

    fn split(self: Box<Self>) -> Result<Halves, Box<dyn EstablishedContext>> {
        Err(self)
    }
}
