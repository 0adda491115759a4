//! A message over TCP: its length in four octets, big-endian, then the message (RFC 4120 §7.2.2).

use crate::{Error, Failure, REPLY_LIMIT};

/// Octets of the length; its highest bit is reserved and must be 0.
const PREFIX: usize = 4;

/// The message with its length in front.
pub(crate) fn frame(message: &[u8]) -> Result<Vec<u8>, Error> {
    let too_long = || Error::RequestTooLong(message.len());
    let length = i32::try_from(message.len()).map_err(|_| too_long())?;
    let mut framed = length.to_be_bytes().to_vec();
    framed.extend_from_slice(message);
    Ok(framed)
}

/// Collects a framed reply from pieces of any size.
///
/// What is kept grows with what arrived, never with what was announced.
#[derive(Debug, Default)]
pub(crate) struct FrameReader {
    received: Vec<u8>,
}

impl FrameReader {
    /// Takes the next octets; the whole message once it is there. Octets after it are ignored.
    ///
    /// # Errors
    /// [`Failure::TooLong`] as soon as the length is known to be out of bounds.
    pub(crate) fn push(&mut self, octets: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        self.received.extend_from_slice(octets);
        let Some((prefix, rest)) = self.received.split_first_chunk::<PREFIX>() else {
            return Ok(None);
        };
        let announced = u32::from_be_bytes(*prefix);
        let length = usize::try_from(announced).ok().filter(|length| *length <= REPLY_LIMIT);
        let length = length.ok_or(Failure::TooLong(announced))?;
        Ok(rest.get(..length).map(<[u8]>::to_vec))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_frame_in_any_pieces_is_the_message(message: Vec<u8>, cuts in prop::collection::vec(1usize..9, 0..40)) {
            let framed = frame(&message).unwrap();
            let mut reader = FrameReader::default();
            let mut rest = framed.as_slice();
            for cut in cuts.into_iter().chain(std::iter::once(framed.len())) {
                let (piece, later) = rest.split_at(cut.min(rest.len()));
                rest = later;
                let complete = reader.push(piece).unwrap();
                prop_assert_eq!(complete.is_some(), rest.is_empty());
                if let Some(complete) = complete {
                    prop_assert_eq!(&complete, &message);
                    break;
                }
            }
        }
    }

    #[test]
    fn octets_after_the_message_are_ignored() {
        let mut reader = FrameReader::default();
        assert_eq!(reader.push(&[0, 0, 0, 1, 7, 8, 9]).unwrap(), Some(vec![7]));
    }

    #[test]
    fn a_length_out_of_bounds_is_refused_at_once() {
        for announced in [0x0010_0001_u32, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff] {
            let error = FrameReader::default().push(&announced.to_be_bytes()).unwrap_err();
            assert!(matches!(error, Failure::TooLong(length) if length == announced));
        }
        assert!(
            FrameReader::default()
                .push(&0x0010_0000_u32.to_be_bytes())
                .unwrap()
                .is_none()
        );
    }
}
