//! The mechanism-independent framing of initial context tokens, RFC 2743 §3.1.
//!
//! ```text
//! 60        [APPLICATION 0] IMPLICIT SEQUENCE
//! len       of everything that follows, DER: definite, in its shortest form
//! 06 len    OBJECT IDENTIFIER of the mechanism
//! …         innerContextToken, as the mechanism defines it
//! ```
//!
//! Reading is strict: the length must be exactly that of the token, and every length must be in its shortest form.
//! A token that starts with 0x60 is framed or it is an error; it is never passed on as something else.

use crate::oid::{self, Oid, OidError};
use crate::{Error, ErrorKind};

/// Puts the frame of RFC 2743 §3.1 around `inner`.
#[must_use]
pub fn wrap(mech: &Oid, inner: &[u8]) -> Vec<u8> {
    let mut token = Vec::with_capacity(overhead(mech, inner.len()).saturating_add(inner.len()));
    push_frame(&mut token, mech, inner.len());
    token.extend_from_slice(inner);
    token
}

/// Appends the frame that goes before an inner token of `inner_len` octets.
pub fn push_frame(token: &mut Vec<u8>, mech: &Oid, inner_len: usize) {
    push_header(token, TAG, mech.der_len().saturating_add(inner_len));
    push_header(token, oid::TAG, mech.as_octets().len());
    token.extend_from_slice(mech.as_octets());
}

/// How many octets the frame adds to an inner token of `inner_len` octets.
#[must_use]
pub fn overhead(mech: &Oid, inner_len: usize) -> usize {
    let body = mech.der_len().saturating_add(inner_len);
    header_len(body).saturating_add(mech.der_len())
}

/// Whether `token` claims to be framed: whether it starts with 0x60.
#[must_use]
pub fn is_framed(token: &[u8]) -> bool {
    token.first() == Some(&TAG)
}

/// Splits a framed token into its mechanism and the inner token.
///
/// ```
/// use gss_core::{framing, oid};
///
/// let mech = oid!("1.3.6.1.5.5.2");
/// let token = framing::wrap(&mech, b"inner");
/// assert_eq!(framing::parse(&token), Ok((mech, &b"inner"[..])));
/// ```
///
/// # Errors
/// [`FramingError::NotFramed`] if the token does not start with 0x60; any other if it does and is not exactly one
/// frame.
pub fn parse(token: &[u8]) -> Result<(Oid, &[u8]), FramingError> {
    let Some((&TAG, rest)) = token.split_first() else {
        return Err(FramingError::NotFramed);
    };
    let (announced, body) = parse_length(rest)?;
    if announced != body.len() {
        return Err(FramingError::Length {
            announced,
            present: body.len(),
        });
    }
    let Some((&oid::TAG, rest)) = body.split_first() else {
        return Err(FramingError::NoMechanism);
    };
    let (oid_len, rest) = parse_length(rest)?;
    let Some((content, inner)) = rest.split_at_checked(oid_len) else {
        return Err(FramingError::Length {
            announced: oid_len,
            present: rest.len(),
        });
    };
    Ok((Oid::from_der_content(content)?, inner))
}

/// What is wrong with the frame of a token. The peer, or what carried the token, is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FramingError {
    /// A length is missing, indefinite, not in its shortest form, or beyond 32 bits.
    #[error("a length in the token's framing is not DER")]
    BadLength,
    /// A length does not agree with the octets that are there.
    #[error("the token's framing announces {announced} octets where {present} are")]
    Length {
        /// What the length field says.
        announced: usize,
        /// How many octets follow it.
        present: usize,
    },
    /// No object identifier follows the outer length.
    #[error("the token's framing names no mechanism")]
    NoMechanism,
    /// The token does not start with 0x60.
    #[error("it does not start with 0x60")]
    NotFramed,
    /// The mechanism's object identifier is malformed.
    #[error("the token's framing has a bad mechanism OID: {0}")]
    Oid(#[from] OidError),
}

impl From<FramingError> for Error {
    fn from(error: FramingError) -> Self {
        Self::core(ErrorKind::DefectiveToken, crate::CoreError::Framing(error))
    }
}

/// A DER length at the start of `octets`, and what follows it.
pub(crate) fn parse_length(octets: &[u8]) -> Result<(usize, &[u8]), FramingError> {
    let (&first, rest) = octets.split_first().ok_or(FramingError::BadLength)?;
    if first < LONG_FORM {
        return Ok((usize::from(first), rest));
    }
    let count = usize::from(first & !LONG_FORM);
    let (digits, rest) = rest.split_at_checked(count).ok_or(FramingError::BadLength)?;
    if count > MAX_LENGTH_OCTETS || matches!(digits, [] | [0, ..] | [0..LONG_FORM]) {
        return Err(FramingError::BadLength);
    }
    let length = digits
        .iter()
        .fold(0u32, |length, digit| (length << 8) | u32::from(*digit));
    Ok((usize::try_from(length).map_err(|_| FramingError::BadLength)?, rest))
}

/// Appends tag and DER length.
pub(crate) fn push_header(out: &mut Vec<u8>, tag: u8, length: usize) {
    out.push(tag);
    match u8::try_from(length) {
        Ok(short) if short < LONG_FORM => out.push(short),
        _ => {
            let digits = length.to_be_bytes();
            let start = digits.iter().position(|digit| *digit != 0).unwrap_or(digits.len());
            let digits = digits.get(start..).unwrap_or_default();
            out.push(LONG_FORM | u8::try_from(digits.len()).unwrap_or_default());
            out.extend_from_slice(digits);
        }
    }
}

/// The octets that a tag and the DER length `length` take.
pub(crate) fn header_len(length: usize) -> usize {
    let mut octets = 2usize;
    let mut rest = if length < usize::from(LONG_FORM) { 0 } else { length };
    while rest > 0 {
        octets = octets.saturating_add(1);
        rest >>= 8;
    }
    octets
}

/// `[APPLICATION 0]`, constructed.
const TAG: u8 = 0x60;
/// Set in a length octet that announces length octets.
const LONG_FORM: u8 = 0x80;
/// A token above 4 GiB is none.
const MAX_LENGTH_OCTETS: usize = 4;

#[cfg(test)]
mod tests;
