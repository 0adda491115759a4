//! Major status codes, RFC 2744 §3.9.1, as programs and the C interface exchange them.

use std::fmt;

use crate::ErrorKind;

/// A major status code.
///
/// ```text
/// 31..24   calling error    the call itself is wrong (C only)
/// 23..16   routine error    ErrorKind
/// 15..0    supplementary    CONTINUE_NEEDED and the sequencing information
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Major(pub u32);

impl Major {
    /// `GSS_S_COMPLETE`.
    pub const COMPLETE: Self = Self(0);
    /// `GSS_S_CONTINUE_NEEDED`: the call is to be repeated with the peer's next token.
    pub const CONTINUE_NEEDED: Self = Self(1 << 0);
    /// `GSS_S_DUPLICATE_TOKEN`: the token was seen before.
    pub const DUPLICATE_TOKEN: Self = Self(1 << 1);
    /// `GSS_S_OLD_TOKEN`: the token is too old to tell.
    pub const OLD_TOKEN: Self = Self(1 << 2);
    /// `GSS_S_UNSEQ_TOKEN`: a later token was seen before.
    pub const UNSEQ_TOKEN: Self = Self(1 << 3);
    /// `GSS_S_GAP_TOKEN`: an earlier token has not been seen.
    pub const GAP_TOKEN: Self = Self(1 << 4);
    /// `GSS_S_CALL_INACCESSIBLE_READ`: a required input is missing.
    pub const CALL_INACCESSIBLE_READ: Self = Self(1 << 24);
    /// `GSS_S_CALL_INACCESSIBLE_WRITE`: a required output is missing.
    pub const CALL_INACCESSIBLE_WRITE: Self = Self(2 << 24);
    /// `GSS_S_CALL_BAD_STRUCTURE`: a parameter is malformed.
    pub const CALL_BAD_STRUCTURE: Self = Self(3 << 24);

    /// The status with this routine error alone.
    #[must_use]
    pub const fn routine(kind: ErrorKind) -> Self {
        Self(u32::from_be_bytes([0, kind.number(), 0, 0]))
    }

    /// The routine error in it, if it has one of a known number.
    #[must_use]
    pub fn kind(self) -> Option<ErrorKind> {
        let [_, number, _, _] = self.0.to_be_bytes();
        ErrorKind::from_number(number)
    }

    /// The number of the calling error in it: 0 for none.
    #[must_use]
    pub const fn calling_error(self) -> u8 {
        let [number, _, _, _] = self.0.to_be_bytes();
        number
    }

    /// The supplementary bits in it.
    #[must_use]
    pub const fn supplementary(self) -> u16 {
        let [_, _, high, low] = self.0.to_be_bytes();
        u16::from_be_bytes([high, low])
    }

    /// Whether it has a calling or a routine error.
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.0 & ERROR_MASK != 0
    }

    /// Both together: one routine error with supplementary bits.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The names in it, in RFC 2744's spelling without `GSS_S_`: errors first.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let calling = match self.calling_error() {
            1 => Some("CALL_INACCESSIBLE_READ"),
            2 => Some("CALL_INACCESSIBLE_WRITE"),
            3 => Some("CALL_BAD_STRUCTURE"),
            _ => None,
        };
        let supplementary = SUPPLEMENTARY
            .into_iter()
            .filter(move |(bit, _)| self.0 & bit.0 != 0)
            .map(|(_, name)| name);
        let complete = (self == Self::COMPLETE).then_some("COMPLETE");
        calling
            .into_iter()
            .chain(self.kind().map(ErrorKind::name))
            .chain(supplementary)
            .chain(complete)
    }
}

impl fmt::Display for Major {
    /// `BAD_MIC (0x00060000)`; unknown numbers have no name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.names().enumerate() {
            let separator = if index == 0 { "" } else { "|" };
            write!(f, "{separator}{name}")?;
        }
        write!(f, " ({:#010x})", self.0)
    }
}

/// Calling and routine errors.
const ERROR_MASK: u32 = 0xffff_0000;

const SUPPLEMENTARY: [(Major, &str); 5] = [
    (Major::CONTINUE_NEEDED, "CONTINUE_NEEDED"),
    (Major::DUPLICATE_TOKEN, "DUPLICATE_TOKEN"),
    (Major::OLD_TOKEN, "OLD_TOKEN"),
    (Major::UNSEQ_TOKEN, "UNSEQ_TOKEN"),
    (Major::GAP_TOKEN, "GAP_TOKEN"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_major_status_is_displayed_by_names_and_number() {
        assert_eq!(ErrorKind::BadMic.major().to_string(), "BAD_MIC (0x00060000)");
        assert_eq!(Major::COMPLETE.to_string(), "COMPLETE (0x00000000)");
        let mixed = Major::CALL_BAD_STRUCTURE
            .and(ErrorKind::Failure.major())
            .and(Major::GAP_TOKEN);
        assert_eq!(mixed.to_string(), "CALL_BAD_STRUCTURE|FAILURE|GAP_TOKEN (0x030d0010)");
        assert_eq!(Major(0xff00_8000).to_string(), " (0xff008000)");
    }

    #[test]
    fn the_fields_of_a_major_status_come_apart() {
        let major = Major(0x0206_0012);
        assert_eq!(major.calling_error(), 2);
        assert_eq!(major.kind(), Some(ErrorKind::BadMic));
        assert_eq!(major.supplementary(), 0x12);
        assert!(major.is_error());
        assert!(!Major::CONTINUE_NEEDED.is_error());
        assert_eq!(Major(0x00ff_0000).kind(), None);
        assert!(Major(0x00ff_0000).is_error());
    }
}
