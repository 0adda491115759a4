//! Lengths that are not in their shortest form, made short.
//!
//! Windows writes `82 00 xx` now and then, and NetApp's filers write the length of an OID in long form. The messages
//! of a negotiation are read as DER after this pass, which changes lengths and nothing else: no indefinite form, no
//! tag of several octets, a bounded depth. The framing around them, RFC 2743 §3.1, is DER from the beginning.

use crate::message::MessageError;

/// `octets`, one element with nothing behind it, with every length in its shortest form. The result is not longer.
pub(crate) fn shortened(octets: &[u8]) -> Result<Vec<u8>, MessageError> {
    let mut out = Vec::with_capacity(octets.len());
    let rest = element(octets, DEPTH, &mut out)?;
    if rest.is_empty() {
        Ok(out)
    } else {
        Err(MessageError::Trailing)
    }
}

/// How long the element at the start of `octets` is, its header included; `None` if too little has come to tell.
///
/// # Errors
/// [`MessageError::Length`] if it does not say.
pub(crate) fn announced(octets: &[u8]) -> Result<Option<usize>, MessageError> {
    let Some((_, after_tag)) = octets.split_first() else {
        return Ok(None);
    };
    match length(after_tag) {
        Ok((length, rest)) => {
            let header = octets.len().saturating_sub(rest.len());
            Ok(Some(header.saturating_add(length)))
        }
        Err(MessageError::Truncated) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Appends the element at the start of `octets` to `out`, and returns what follows it.
fn element<'a>(octets: &'a [u8], depth: usize, out: &mut Vec<u8>) -> Result<&'a [u8], MessageError> {
    let (&tag, rest) = octets.split_first().ok_or(MessageError::Truncated)?;
    if tag & NUMBER == NUMBER {
        return Err(MessageError::Tag(tag));
    }
    let (length, rest) = length(rest)?;
    let (content, rest) = rest.split_at_checked(length).ok_or(MessageError::Truncated)?;
    let start = out.len();
    if tag & CONSTRUCTED == 0 {
        out.extend_from_slice(content);
    } else {
        let deeper = depth.checked_sub(1).ok_or(MessageError::Depth)?;
        let mut content = content;
        while !content.is_empty() {
            content = element(content, deeper, out)?;
        }
    }
    let header = header(tag, out.len().saturating_sub(start))?;
    out.splice(start..start, header);
    Ok(rest)
}

fn length(octets: &[u8]) -> Result<(usize, &[u8]), MessageError> {
    let (&first, rest) = octets.split_first().ok_or(MessageError::Truncated)?;
    if first & LONG == 0 {
        return Ok((first.into(), rest));
    }
    let count = usize::from(first & !LONG);
    if !(1..=LONGEST).contains(&count) {
        return Err(MessageError::Length(first));
    }
    let (length, rest) = rest.split_at_checked(count).ok_or(MessageError::Truncated)?;
    let value = length
        .iter()
        .fold(0u64, |value, octet| (value << 8) | u64::from(*octet));
    Ok((usize::try_from(value).map_err(|_| MessageError::Truncated)?, rest))
}

fn header(tag: u8, length: usize) -> Result<Vec<u8>, MessageError> {
    let length = u32::try_from(length).map_err(|_| MessageError::Truncated)?;
    let octets = length.to_be_bytes();
    Ok(match u8::try_from(length) {
        Ok(short) if short & LONG == 0 => vec![tag, short],
        _ => {
            let digits: Vec<u8> = octets.into_iter().skip_while(|octet| *octet == 0).collect();
            let count = u8::try_from(digits.len()).map_err(|_| MessageError::Truncated)?;
            [&[tag, LONG | count], digits.as_slice()].concat()
        }
    })
}

const CONSTRUCTED: u8 = 0x20;
const NUMBER: u8 = 0x1f;
const LONG: u8 = 0x80;
/// The longest length, in octets.
const LONGEST: usize = 4;
/// CHOICE, SEQUENCE, field, SEQUENCE OF, hints: more than any message has.
const DEPTH: usize = 8;

#[cfg(test)]
mod tests {
    #![allow(clippy::cast_possible_truncation, reason = "the lengths of tests are small")]

    use proptest::prelude::*;

    use super::*;

    /// An element whose length takes `octets` octets after the first.
    fn long(tag: u8, octets: usize, content: &[u8]) -> Vec<u8> {
        let length = (content.len() as u32).to_be_bytes();
        [&[tag, LONG | octets as u8], &length[4 - octets..], content].concat()
    }

    #[test]
    fn i22_lengths_become_short_and_nothing_else_changes() {
        let der = hex::decode("a108300604040203ff80").unwrap();
        for octets in 1..=4 {
            let inner = long(4, octets, &[2, 3, 0xff, 0x80]);
            let token = long(0xa1, 5 - octets, &long(0x30, octets, &inner));
            assert_eq!(shortened(&token).unwrap(), der);
        }
        assert_eq!(shortened(&der).unwrap(), der);
    }

    #[test]
    fn i21_the_length_of_an_oid_may_be_long() {
        let oid = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2];
        let short = [&[6, 9][..], &oid].concat();
        assert_eq!(shortened(&[&[6, 0x81, 9][..], &oid].concat()).unwrap(), short);
    }

    #[test]
    fn contents_that_need_a_long_length_keep_one() {
        for (length, header) in [(127, &[4, 127][..]), (128, &[4, 0x81, 128]), (300, &[4, 0x82, 1, 44])] {
            let content = vec![7; length];
            let der = [header, &content].concat();
            assert_eq!(shortened(&long(4, 4, &content)).unwrap(), der);
        }
    }

    #[test]
    fn s1_lengths_that_lead_outside_are_refused() {
        let token = hex::decode("a108300604040203ff80").unwrap();
        for at in [1, 3, 5] {
            for wrong in [
                &[token[at] + 1][..],
                &[0x7f],
                &[0x81, 0xff],
                &[0x84, 0xff, 0xff],
                &[0x84, 0xff, 0xff, 0xff, 0xff],
                &[0x85, 0, 0, 0, 0, 1],
                &[0x80],
                &[0xff],
            ] {
                let altered = [&token[..at], wrong, &token[at + 1..]].concat();
                assert!(shortened(&altered).is_err(), "{at} {wrong:02x?}");
            }
        }
        for end in 0..token.len() {
            assert!(shortened(&token[..end]).is_err());
        }
        assert_eq!(shortened(&[&token[..], &[0]].concat()), Err(MessageError::Trailing));
    }

    #[test]
    fn a1_deep_nesting_is_refused() {
        let nested = |depth| (0..depth).fold(vec![4, 0], |inner, _| [&[0xa0, inner.len() as u8], &inner[..]].concat());
        assert!(shortened(&nested(DEPTH)).is_ok());
        assert_eq!(shortened(&nested(DEPTH + 1)), Err(MessageError::Depth));
        assert!(shortened(&[0x30, 0x80].repeat(100_000)).is_err());
        assert_eq!(shortened(&[0x1f, 0]), Err(MessageError::Tag(0x1f)));
    }

    proptest! {
        #[test]
        fn any_octets_are_refused_or_not_longer_afterwards(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(short) = shortened(&octets) {
                prop_assert!(short.len() <= octets.len());
                prop_assert_eq!(shortened(&short).unwrap(), short);
            }
        }
    }
}
