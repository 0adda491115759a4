//! The framing of RFC 2743 §3.1 around per-message tokens, RFC 1964 §1.2.
//!
//! ```text
//! 60      [APPLICATION 0], constructed
//! 1..5    length of the rest, in the shortest form of DER
//! 06 09   OBJECT IDENTIFIER
//! 9       1.2.840.113554.1.2.2
//! ```

use crate::Error;

/// What goes before `inner` octets.
///
/// # Errors
/// [`Error::TooLong`] beyond 32 bits.
pub(crate) fn before(inner: usize) -> Result<Vec<u8>, Error> {
    let length = inner.checked_add(MECH.len()).ok_or(Error::TooLong)?;
    let length = u32::try_from(length).map_err(|_| Error::TooLong)?;
    let [a, b, c, d] = length.to_be_bytes();
    let length: &[u8] = match length {
        0..=0x7F => &[d],
        0x80..=0xFF => &[0x81, d],
        0x100..=0xFFFF => &[0x82, c, d],
        0x1_0000..=0xFF_FFFF => &[0x83, b, c, d],
        _ => &[0x84, a, b, c, d],
    };
    Ok([&[APPLICATION], length, MECH].concat())
}

/// The framing at the front of a token that has `total` octets with it. There is one at most, since DER has one form
/// for each length: whatever else stands there is not ours.
///
/// # Errors
/// [`Error::Framing`] if there is none.
pub(crate) fn of_total(total: usize) -> Result<Vec<u8>, Error> {
    (SHORTEST..=LONGEST)
        .filter_map(|length| {
            before(total.checked_sub(length)?)
                .ok()
                .filter(|framing| framing.len() == length)
        })
        .next()
        .ok_or(Error::Framing)
}

const APPLICATION: u8 = 0x60;
/// 1.2.840.113554.1.2.2 in DER.
const MECH: &[u8] = &[0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x02];
/// How long framings are, from one octet of length to five.
const SHORTEST: usize = 13;
const LONGEST: usize = 17;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_total_length_has_the_framing_of_its_content_or_none() {
        let around = |middle: usize| middle.saturating_sub(20)..middle + 20;
        for inner in (0..300).chain(around(0x1_0000)).chain(around(0x100_0000)) {
            let framing = before(inner).unwrap();
            assert_eq!(of_total(framing.len() + inner).unwrap(), framing, "{inner}");
        }
        // 127 octets are counted by one octet, 128 by two: no framing makes 130 of anything.
        assert!(matches!(of_total(130), Err(Error::Framing)));
        for total in 0..13 {
            assert!(matches!(of_total(total), Err(Error::Framing)), "{total}");
        }
    }

    #[test]
    fn the_length_is_in_the_shortest_form() {
        assert_eq!(before(24).unwrap()[..4], [0x60, 35, 6, 9]);
        assert_eq!(before(116).unwrap()[..3], [0x60, 0x7F, 6]);
        assert_eq!(before(117).unwrap()[..4], [0x60, 0x81, 0x80, 6]);
        assert_eq!(before(245).unwrap()[..5], [0x60, 0x82, 1, 0, 6]);
        assert_eq!(before(0x1_0000 - 11).unwrap()[..6], [0x60, 0x83, 1, 0, 0, 6]);
        assert_eq!(before(0x100_0000 - 11).unwrap()[..7], [0x60, 0x84, 1, 0, 0, 0, 6]);
        assert!(matches!(before(u32::MAX as usize), Err(Error::TooLong)));
        assert!(matches!(before(usize::MAX), Err(Error::TooLong)));
    }
}
