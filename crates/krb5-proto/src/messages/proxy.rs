//! Messages to a KDC by way of a proxy, [MS-KKDCP].

use der::Sequence;

use super::integer::UInt32;
use super::strings::{Octets, Realm};

/// A message to or from a KDC inside a proxy's request or response, [MS-KKDCP] §2.2.2.
///
/// ```text
/// KDC-PROXY-MESSAGE ::= SEQUENCE {
///     kerb-message   [0] OCTET STRING,
///     target-domain  [1] KERB-REALM OPTIONAL,
///     dclocator-hint [2] INTEGER OPTIONAL
/// }
/// ```
///
/// The message has the length in front that it has over TCP: four octets, big-endian (RFC 4120 §7.2.2).
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct KdcProxyMessage {
    /// The message, its length in front.
    #[asn1(context_specific = "0")]
    pub kerb_message: Octets,
    /// The realm whose KDC is meant; requests have it.
    #[asn1(context_specific = "1", optional = "true")]
    pub target_domain: Option<Realm>,
    /// How Windows is to choose among the KDCs.
    #[asn1(context_specific = "2", optional = "true")]
    pub dclocator_hint: Option<UInt32>,
}

plain!(KdcProxyMessage, "KDC-PROXY-MESSAGE");

impl KdcProxyMessage {
    /// `message` for a KDC of `realm`; `None` if it is longer than its length can say.
    #[must_use]
    pub fn wrap(message: &[u8], realm: Option<Realm>) -> Option<Self> {
        let length = i32::try_from(message.len()).ok()?.to_be_bytes();
        Some(Self {
            kerb_message: [&length, message].concat().into(),
            target_domain: realm,
            dclocator_hint: None,
        })
    }

    /// The message, if its length is right.
    #[must_use]
    pub fn message(&self) -> Option<&[u8]> {
        let (length, message) = self.kerb_message.as_bytes().split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        (length == message.len()).then_some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by hand from the definition in [MS-KKDCP] §2.2.2.
    const WHOLE: &[u8] = b"\x30\x14\xa0\x0a\x04\x08\0\0\0\x04\x6a\x02\x30\0\xa1\x06\x1b\x04TEST";

    #[test]
    fn i73_the_message_has_its_length_in_front() {
        let message = KdcProxyMessage::wrap(&[0x6a, 2, 0x30, 0], Some("TEST".into())).unwrap();
        assert_eq!(message.to_der().unwrap(), WHOLE);
        assert_eq!(KdcProxyMessage::from_der(WHOLE).unwrap(), message);
        assert_eq!(message.message(), Some([0x6a, 2, 0x30, 0].as_slice()));
    }

    #[test]
    fn q22_a_wrong_length_is_no_message() {
        for inner in [
            b"".as_slice(),
            b"\0\0\0",
            b"\0\0\0\x01",
            b"\0\0\0\x01ab",
            b"\x80\0\0\x01a",
            b"\xff\xff\xff\xffa",
        ] {
            let message = KdcProxyMessage {
                kerb_message: inner.into(),
                target_domain: None,
                dclocator_hint: None,
            };
            assert_eq!(message.message(), None, "{inner:?}");
        }
    }

    #[test]
    fn what_is_cut_short_or_has_a_bit_flipped_is_another_message_or_an_error() {
        for length in 0..WHOLE.len() {
            assert!(KdcProxyMessage::from_der(&WHOLE[..length]).is_err(), "{length}");
        }
        let whole = KdcProxyMessage::from_der(WHOLE).unwrap();
        for bit in 0..WHOLE.len() * 8 {
            let mut flipped = WHOLE.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(
                KdcProxyMessage::from_der(&flipped).map_or(true, |other| other != whole),
                "{bit}"
            );
        }
    }
}
