//! A message over TCP: its length in front, big-endian, then the message. Four octets for Kerberos (RFC 4120 §7.2.2),
//! two for DNS (RFC 1035 §4.2.2).

use crate::Failure;

/// The octets of the length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prefix {
    /// Up to 65535 octets.
    Two,
    /// Up to `limit` octets; the highest bit is reserved and must be 0.
    Four { limit: usize },
}

/// The message with its length in front, unless that cannot say it.
pub(crate) fn frame(prefix: Prefix, message: &[u8]) -> Option<Vec<u8>> {
    let mut framed = match prefix {
        Prefix::Two => u16::try_from(message.len()).ok()?.to_be_bytes().to_vec(),
        Prefix::Four { .. } => i32::try_from(message.len()).ok()?.to_be_bytes().to_vec(),
    };
    framed.extend_from_slice(message);
    Some(framed)
}

/// Collects a framed reply from pieces of any size.
///
/// What is kept grows with what arrived, never with what was announced.
#[derive(Debug)]
pub(crate) struct FrameReader {
    prefix: Prefix,
    received: Vec<u8>,
}

impl FrameReader {
    pub(crate) fn new(prefix: Prefix) -> Self {
        Self {
            prefix,
            received: Vec::new(),
        }
    }

    /// Takes the next octets; the whole message once it is there. Octets after it are ignored.
    ///
    /// # Errors
    /// [`Failure::TooLong`] as soon as the length is known to be out of bounds.
    pub(crate) fn push(&mut self, octets: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        self.received.extend_from_slice(octets);
        let Some((length, rest)) = self.length()? else {
            return Ok(None);
        };
        Ok(rest.get(..length).map(<[u8]>::to_vec))
    }

    /// The announced length and what follows it.
    fn length(&self) -> Result<Option<(usize, &[u8])>, Failure> {
        match self.prefix {
            Prefix::Two => {
                let split = self.received.split_first_chunk();
                Ok(split.map(|(length, rest)| (usize::from(u16::from_be_bytes(*length)), rest)))
            }
            Prefix::Four { limit } => {
                let Some((length, rest)) = self.received.split_first_chunk() else {
                    return Ok(None);
                };
                let announced = u32::from_be_bytes(*length);
                let length = usize::try_from(announced).ok().filter(|length| *length <= limit);
                Ok(Some((length.ok_or(Failure::TooLong(announced))?, rest)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FOUR: Prefix = Prefix::Four { limit: 1 << 20 };

    proptest! {
        #[test]
        fn a_frame_in_any_pieces_is_the_message(
            message: Vec<u8>,
            cuts in prop::collection::vec(1usize..9, 0..40),
            short: bool,
        ) {
            let prefix = if short { Prefix::Two } else { FOUR };
            let framed = frame(prefix, &message).unwrap();
            let mut reader = FrameReader::new(prefix);
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
        let mut reader = FrameReader::new(FOUR);
        assert_eq!(reader.push(&[0, 0, 0, 1, 7, 8, 9]).unwrap(), Some(vec![7]));
    }

    #[test]
    fn a_length_out_of_bounds_is_refused_at_once() {
        for announced in [0x0010_0001_u32, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff] {
            let error = FrameReader::new(FOUR).push(&announced.to_be_bytes()).unwrap_err();
            assert!(matches!(error, Failure::TooLong(length) if length == announced));
        }
        let most = 0x0010_0000_u32.to_be_bytes();
        assert!(FrameReader::new(FOUR).push(&most).unwrap().is_none());
    }

    #[test]
    fn a_message_that_its_length_cannot_say_has_no_frame() {
        assert!(frame(Prefix::Two, &vec![0; 65535]).is_some());
        assert!(frame(Prefix::Two, &vec![0; 65536]).is_none());
    }
}
