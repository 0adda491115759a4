//! Object identifiers, X.660 and X.690 §8.19.

use std::fmt;
use std::str::FromStr;

/// An object identifier: the content octets of its DER encoding, without tag and length.
///
/// The octets are held inline, so that an `Oid` is `Copy` and can be a `const`, a `match` pattern and a map key.
///
/// ```
/// use gss_core::{Oid, oid};
///
/// const KRB5: Oid = oid!("1.2.840.113554.1.2.2");
/// assert_eq!(KRB5.as_octets(), [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02]);
/// assert_eq!(KRB5.to_string(), "1.2.840.113554.1.2.2");
/// assert_eq!("1.2.840.113554.1.2.2".parse(), Ok(KRB5));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid {
    octets: [u8; Oid::MAX_LEN],
    len: usize,
}

/// An [`Oid`] from dotted decimal text, checked when it is compiled.
///
/// ```compile_fail
/// const BAD: gss_core::Oid = gss_core::oid!("1.40.1"); // the second arc under 0 and 1 is at most 39
/// ```
/// ```compile_fail
/// let bad = gss_core::oid!("1.2..3");
/// ```
#[macro_export]
macro_rules! oid {
    ($dotted:literal) => {
        const { $crate::Oid::literal($dotted) }
    };
}

impl Oid {
    /// The longest content that is held, in octets.
    pub const MAX_LEN: usize = 128;

    /// Takes the content octets of a DER-encoded OID.
    ///
    /// # Errors
    /// [`OidError`] if `content` is empty, longer than [`Oid::MAX_LEN`], ends within an arc, or has an arc that is not
    /// in its shortest form.
    pub const fn from_der_content(content: &[u8]) -> Result<Self, OidError> {
        let mut builder = Builder::EMPTY;
        let mut rest = content;
        let mut at = Position::ArcStart;
        while let Some((&octet, tail)) = rest.split_first() {
            if matches!(at, Position::ArcStart) && octet == CONTINUATION {
                return Err(OidError::NotMinimal);
            }
            if let Err(error) = builder.push(octet) {
                return Err(error);
            }
            at = if octet & CONTINUATION == 0 {
                Position::ArcStart
            } else {
                Position::WithinArc
            };
            rest = tail;
        }
        match at {
            Position::ArcStart if content.is_empty() => Err(OidError::Empty),
            Position::ArcStart => Ok(builder.finish()),
            Position::WithinArc => Err(OidError::Truncated),
        }
    }

    /// Takes dotted decimal text such as `1.3.6.1.5.5.2`. Each arc is below 2^128.
    ///
    /// # Errors
    /// [`OidError`] if `dotted` is not at least two decimal numbers without leading zeros separated by single dots, if
    /// the first is above 2, the second above 39 where the first is 0 or 1, or the whole too long.
    pub const fn from_dotted(dotted: &str) -> Result<Self, OidError> {
        let (first, rest) = match decimal(dotted.as_bytes()) {
            Ok((first, Some(rest))) => (first, rest),
            Ok((_, None)) => return Err(OidError::Empty),
            Err(error) => return Err(error),
        };
        let (second, mut rest) = match decimal(rest) {
            Ok(found) => found,
            Err(error) => return Err(error),
        };
        let root = match first {
            0 if second < ARCS_BELOW_ROOT => 0,
            1 if second < ARCS_BELOW_ROOT => ARCS_BELOW_ROOT,
            2 => 2 * ARCS_BELOW_ROOT,
            _ => return Err(OidError::Root),
        };
        let Some(joined) = root.checked_add(second) else {
            return Err(OidError::ArcTooLarge);
        };
        let mut builder = Builder::EMPTY;
        if let Err(error) = builder.push_arc(joined) {
            return Err(error);
        }
        while let Some(text) = rest {
            let (arc, tail) = match decimal(text) {
                Ok(found) => found,
                Err(error) => return Err(error),
            };
            if let Err(error) = builder.push_arc(arc) {
                return Err(error);
            }
            rest = tail;
        }
        Ok(builder.finish())
    }

    /// For [`oid!`](crate::oid): `from_dotted` where an error stops the compiler.
    #[doc(hidden)]
    #[must_use]
    #[expect(
        clippy::panic,
        reason = "evaluated by the compiler: the macro calls it in a const block"
    )]
    pub const fn literal(dotted: &str) -> Self {
        match Self::from_dotted(dotted) {
            Ok(oid) => oid,
            Err(OidError::Empty) => panic!("an OID needs at least two arcs"),
            Err(OidError::Root) => panic!("an OID starts with 0, 1 or 2; the second arc under 0 and 1 is at most 39"),
            Err(OidError::ArcTooLarge) => panic!("an arc of this OID is 2^128 or more"),
            Err(OidError::TooLong) => panic!("this OID has more than 128 octets"),
            Err(OidError::Text | OidError::NotMinimal | OidError::Truncated) => {
                panic!("an OID is decimal numbers without leading zeros, separated by single dots")
            }
        }
    }

    /// The content octets.
    #[must_use]
    pub fn as_octets(&self) -> &[u8] {
        self.octets.get(..self.len).unwrap_or_default()
    }

    /// The whole DER encoding: tag, length, content.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        let mut der = Vec::with_capacity(self.der_len());
        crate::framing::push_header(&mut der, TAG, self.len);
        der.extend_from_slice(self.as_octets());
        der
    }

    /// The length of [`Oid::to_der`].
    pub(crate) fn der_len(&self) -> usize {
        crate::framing::header_len(self.len).saturating_add(self.len)
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, arc) in self
            .as_octets()
            .split_inclusive(|octet| octet & CONTINUATION == 0)
            .enumerate()
        {
            match (index, small(arc)) {
                (0, Some(joined)) => {
                    let root = (joined / ARCS_BELOW_ROOT).min(2);
                    let second = joined.saturating_sub(root.saturating_mul(ARCS_BELOW_ROOT));
                    write!(f, "{root}.{second}")?;
                }
                (0, None) => write!(f, "2.{}", Large(arc, 2 * ARCS_BELOW_ROOT))?,
                (_, Some(number)) => write!(f, ".{number}")?,
                (_, None) => write!(f, ".{}", Large(arc, 0))?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oid({self})")
    }
}

impl FromStr for Oid {
    type Err = OidError;

    fn from_str(dotted: &str) -> Result<Self, OidError> {
        Self::from_dotted(dotted)
    }
}

impl AsRef<[u8]> for Oid {
    fn as_ref(&self) -> &[u8] {
        self.as_octets()
    }
}

/// Why octets or text are no object identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OidError {
    /// An arc is 2^128 or more, in dotted text.
    #[error("an arc of the OID is 2^128 or more")]
    ArcTooLarge,
    /// Fewer than two arcs in text, or no octets.
    #[error("the OID has too few arcs")]
    Empty,
    /// An arc has a leading zero septet (0x80).
    #[error("an arc of the OID is not in its shortest form")]
    NotMinimal,
    /// The first arc is above 2, or the second above 39 where the first is 0 or 1.
    #[error("the OID does not start with 0, 1 or 2, or its second arc is too large")]
    Root,
    /// Not decimal numbers without leading zeros, separated by single dots.
    #[error("the OID is not decimal numbers separated by dots")]
    Text,
    /// More than [`Oid::MAX_LEN`] octets.
    #[error("the OID has more than 128 octets")]
    TooLong,
    /// The last octet says that the arc goes on.
    #[error("the OID ends within an arc")]
    Truncated,
}

/// Where a reader of content octets stands.
enum Position {
    ArcStart,
    WithinArc,
}

struct Builder {
    octets: [u8; Oid::MAX_LEN],
    len: usize,
}

impl Builder {
    const EMPTY: Self = Self {
        octets: [0; Oid::MAX_LEN],
        len: 0,
    };

    const fn push(&mut self, octet: u8) -> Result<(), OidError> {
        let Some((_, free)) = self.octets.split_at_mut_checked(self.len) else {
            return Err(OidError::TooLong);
        };
        let Some((slot, _)) = free.split_first_mut() else {
            return Err(OidError::TooLong);
        };
        *slot = octet;
        self.len = self.len.saturating_add(1);
        Ok(())
    }

    const fn push_arc(&mut self, arc: u128) -> Result<(), OidError> {
        // 19 septets hold 128 bits; leading zero septets are left out.
        let mut septet = 19u32;
        while septet > 0 {
            septet = septet.saturating_sub(1);
            let shifted = arc >> septet.saturating_mul(7);
            if shifted == 0 && septet > 0 {
                continue;
            }
            let [low, ..] = shifted.to_le_bytes();
            let more = if septet == 0 { 0 } else { CONTINUATION };
            if let Err(error) = self.push(low & !CONTINUATION | more) {
                return Err(error);
            }
        }
        Ok(())
    }

    const fn finish(self) -> Oid {
        Oid {
            octets: self.octets,
            len: self.len,
        }
    }
}

/// One decimal number at the start of `text`, and what stands after the dot that ends it.
const fn decimal(text: &[u8]) -> Result<(u128, Option<&[u8]>), OidError> {
    let mut number: u128 = 0;
    let mut digits = 0usize;
    let mut rest = text;
    while let Some((&octet, tail)) = rest.split_first() {
        let digit = match octet {
            b'0'..=b'9' => octet.saturating_sub(b'0'),
            b'.' if digits > 0 => return Ok((number, Some(tail))),
            _ => return Err(OidError::Text),
        };
        if digits > 0 && number == 0 {
            return Err(OidError::Text);
        }
        let Some(tens) = number.checked_mul(10) else {
            return Err(OidError::ArcTooLarge);
        };
        let Some(sum) = tens.checked_add(widen(digit)) else {
            return Err(OidError::ArcTooLarge);
        };
        number = sum;
        digits = digits.saturating_add(1);
        rest = tail;
    }
    if digits == 0 {
        Err(OidError::Text)
    } else {
        Ok((number, None))
    }
}

const fn widen(octet: u8) -> u128 {
    let mut wide = [0; 16];
    let [low, ..] = &mut wide;
    *low = octet;
    u128::from_le_bytes(wide)
}

/// The arc as a number, where it is below 2^126.
fn small(arc: &[u8]) -> Option<u128> {
    (arc.len() <= 18).then(|| {
        arc.iter()
            .fold(0, |number, octet| (number << 7) | u128::from(octet & !CONTINUATION))
    })
}

/// An arc of any size less a small number, in decimal.
struct Large<'a>(&'a [u8], u128);

impl fmt::Display for Large<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Decimal digits, least significant first.
        let mut digits: Vec<u16> = vec![0];
        for octet in self.0 {
            let mut carry = u16::from(octet & !CONTINUATION);
            for digit in &mut digits {
                let value = digit.saturating_mul(128).saturating_add(carry);
                *digit = value % 10;
                carry = value / 10;
            }
            while carry > 0 {
                digits.push(carry % 10);
                carry /= 10;
            }
        }
        let mut borrow = self.1;
        for digit in &mut digits {
            let owed = u16::try_from(borrow % 10).unwrap_or_default();
            borrow /= 10;
            if *digit < owed {
                borrow = borrow.saturating_add(1);
                *digit = digit.saturating_add(10);
            }
            *digit = digit.saturating_sub(owed);
        }
        while digits.len() > 1 && digits.last() == Some(&0) {
            digits.pop();
        }
        digits.iter().rev().try_for_each(|digit| write!(f, "{digit}"))
    }
}

/// The universal tag of an OBJECT IDENTIFIER.
pub(crate) const TAG: u8 = 0x06;
/// Set in every octet of an arc but the last.
const CONTINUATION: u8 = 0x80;
/// X.660: joint root and second arc are `root * 40 + second`.
const ARCS_BELOW_ROOT: u128 = 40;

#[cfg(test)]
mod tests;
