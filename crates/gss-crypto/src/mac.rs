use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// The longest digest or tag that a primitive of this crate may return, in octets.
pub const MAX_OUTPUT_LEN: usize = 64;

/// Compares `a` and `b` in time that depends on their lengths only.
///
/// The result is not a `bool`, so that it can be neither inverted nor ignored by accident.
///
/// # Errors
/// [`TagMismatch`] if they differ in content or length.
pub fn ct_eq(a: &[u8], b: &[u8]) -> Result<(), TagMismatch> {
    if bool::from(a.ct_eq(b)) {
        Ok(())
    } else {
        Err(TagMismatch)
    }
}

/// The received tag is not the computed one: the peer's message was altered, or the keys differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("authentication tag mismatch")]
pub struct TagMismatch;

/// A tag that this side computed: what a forger would like to know.
///
/// There is no `==`; [`verify`](Mac::verify) is the way to compare.
///
/// ```compile_fail
/// # let key = gss_crypto::rustcrypto::PROVIDER.hmac_sha1.key(b"key");
/// let _ = key.sign(&[]) == key.sign(&[]);
/// ```
pub struct Mac(Output);

impl Mac {
    /// Wraps a computed tag; what exceeds [`MAX_OUTPUT_LEN`] is cut off. For implementations of
    /// [`MacKey`](crate::MacKey).
    #[must_use]
    pub fn from_slice(tag: &[u8]) -> Self {
        Self(Output::from_slice(tag))
    }

    /// Checks a tag that came from a peer, in constant time.
    ///
    /// # Errors
    /// [`TagMismatch`] if `received` differs in content or length.
    pub fn verify(&self, received: &[u8]) -> Result<(), TagMismatch> {
        ct_eq(self.expose(), received)
    }

    /// The leading `len` octets as a tag of their own, RFC 2104 §5; the whole tag if it is not longer than that.
    #[must_use]
    pub fn truncated(mut self, len: usize) -> Self {
        self.0.len = self.0.len.min(len);
        self
    }

    /// The octets, to be sent. Never compare them with `==`.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.octets()
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mac(..)")
    }
}

/// The output of an unkeyed hash function. It may be of a secret, so it prints nothing.
pub struct Digest(Output);

impl Digest {
    /// Wraps a computed digest; what exceeds [`MAX_OUTPUT_LEN`] is cut off. For implementations of
    /// [`Hash`](crate::Hash).
    #[must_use]
    pub fn from_slice(digest: &[u8]) -> Self {
        Self(Output::from_slice(digest))
    }

    /// The octets of the digest.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.octets()
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(..)")
    }
}

/// At most [`MAX_OUTPUT_LEN`] octets without an allocation, overwritten on drop.
struct Output {
    buffer: [u8; MAX_OUTPUT_LEN],
    len: usize,
}

impl Output {
    fn from_slice(octets: &[u8]) -> Self {
        let mut buffer = [0; MAX_OUTPUT_LEN];
        let len = octets.len().min(MAX_OUTPUT_LEN);
        buffer.iter_mut().zip(octets).for_each(|(to, from)| *to = *from);
        Self { buffer, len }
    }

    fn octets(&self) -> &[u8] {
        self.buffer.get(..self.len).unwrap_or_default()
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.buffer.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ct_eq_agrees_with_equality_for_each_flipped_bit_and_length() {
        let tag: Vec<u8> = (0..20).collect();
        assert_eq!(ct_eq(&tag, &tag), Ok(()));
        for bit in 0..tag.len() * 8 {
            let mut other = tag.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(ct_eq(&tag, &other), Err(TagMismatch), "bit {bit}");
        }
        for len in 0..tag.len() {
            assert_eq!(ct_eq(&tag, &tag[..len]), Err(TagMismatch), "length {len}");
        }
    }

    #[test]
    fn verify_takes_the_exact_length_only() {
        let mac = Mac::from_slice(b"0123456789").truncated(4);
        assert_eq!(mac.verify(b"0123"), Ok(()));
        for wrong in [&b""[..], b"012", b"01234", b"0124", b"0123456789"] {
            assert_eq!(mac.verify(wrong), Err(TagMismatch));
        }
    }

    #[test]
    fn truncation_beyond_the_length_changes_nothing() {
        assert_eq!(Mac::from_slice(b"abc").truncated(99).expose(), b"abc");
    }

    #[test]
    fn debug_shows_nothing_of_the_tag() {
        assert_eq!(format!("{:?}", Mac::from_slice(b"abc")), "Mac(..)");
        assert_eq!(format!("{:?}", Digest::from_slice(b"abc")), "Digest(..)");
    }
}
