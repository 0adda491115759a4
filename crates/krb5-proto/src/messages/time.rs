//! KerberosTime and microseconds, RFC 4120 §5.2.3 and §5.2.4.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use der::{DecodeValue, EncodeValue, FixedTag, Header, Length, Reader, Tag, Writer};

/// A point in time in whole seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// On the wire a GeneralizedTime of the one form `YYYYMMDDHHMMSSZ`, years 1900 to 9999. Arithmetic
/// saturates; values outside those years cannot be encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KerberosTime(pub i64);

/// Microseconds within a second, 0 to 999999.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Microseconds(u32);

/// A point in time with microseconds, as authenticators carry it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Whole seconds.
    pub time: KerberosTime,
    /// Microseconds, 0 to 999999.
    pub micros: u32,
}

impl KerberosTime {
    /// 1900-01-01T00:00:00Z, the earliest that is encoded.
    pub const MIN: Self = Self(-2_208_988_800);
    /// 9999-12-31T23:59:59Z, the latest that is encoded.
    pub const MAX: Self = Self(253_402_300_799);

    /// Seconds since 1970.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// Later by `duration`'s whole seconds, at most [`Self::MAX`].
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        self.offset(seconds)
    }

    /// Moved by `seconds` of either sign, kept within [`Self::MIN`] and [`Self::MAX`].
    #[must_use]
    pub fn offset(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds)).clamp(Self::MIN, Self::MAX)
    }

    /// Seconds from `earlier` to `self`, negative if `self` is the earlier one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The parts of the date and time of day, if within the years 1900 to 9999.
    fn civil(self) -> Option<Civil> {
        (Self::MIN..=Self::MAX)
            .contains(&self)
            .then(|| Civil::from_seconds(self.0))
    }
}

impl Microseconds {
    /// `None` from 1 000 000 on.
    #[must_use]
    pub fn new(micros: u32) -> Option<Self> {
        (micros < 1_000_000).then_some(Self(micros))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Timestamp {
    /// `micros` of one second and more are carried into the seconds.
    #[must_use]
    pub fn new(time: KerberosTime, micros: u32) -> Self {
        Self {
            time: time.offset(i64::from(micros / 1_000_000)),
            micros: micros % 1_000_000,
        }
    }

    /// From a duration since 1970.
    #[must_use]
    pub fn from_unix(since_1970: Duration) -> Self {
        Self {
            time: KerberosTime(0).plus(since_1970),
            micros: since_1970.subsec_micros(),
        }
    }

    /// Moved by `seconds` of either sign.
    #[must_use]
    pub fn offset(self, seconds: i64) -> Self {
        Self {
            time: self.time.offset(seconds),
            ..self
        }
    }

    /// The microseconds as the wire type.
    #[must_use]
    pub fn microseconds(self) -> Microseconds {
        Microseconds(self.micros % 1_000_000)
    }
}

impl From<SystemTime> for Timestamp {
    /// Times before 1970 become 1970.
    fn from(time: SystemTime) -> Self {
        Self::from_unix(time.duration_since(UNIX_EPOCH).unwrap_or_default())
    }
}

impl fmt::Display for KerberosTime {
    /// As RFC 3339 writes UTC, `2026-01-31T12:00:00Z`; out of range as seconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(c) = self.civil() else {
            return write!(f, "{} seconds since 1970", self.0);
        };
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            c.year, c.month, c.day, c.hour, c.minute, c.second
        )
    }
}

impl FixedTag for KerberosTime {
    const TAG: Tag = Tag::GeneralizedTime;
}

impl<'a> DecodeValue<'a> for KerberosTime {
    type Error = der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> der::Result<Self> {
        let octets = reader.read_slice(header.length())?;
        Civil::parse(octets)
            .map(|civil| Self(civil.seconds()))
            .ok_or_else(|| reader.error(der::ErrorKind::DateTime))
    }
}

impl EncodeValue for KerberosTime {
    fn value_len(&self) -> der::Result<Length> {
        Ok(Length::new(15))
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        let c = self.civil().ok_or(der::ErrorKind::DateTime)?;
        let text = format!(
            "{:04}{:02}{:02}{:02}{:02}{:02}Z",
            c.year, c.month, c.day, c.hour, c.minute, c.second
        );
        writer.write(text.as_bytes())
    }
}

impl FixedTag for Microseconds {
    const TAG: Tag = Tag::Integer;
}

impl<'a> DecodeValue<'a> for Microseconds {
    type Error = der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> der::Result<Self> {
        let micros = u32::decode_value(reader, header)?;
        Self::new(micros).ok_or_else(|| reader.error(Tag::Integer.value_error()))
    }
}

impl EncodeValue for Microseconds {
    fn value_len(&self) -> der::Result<Length> {
        self.0.value_len()
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        self.0.encode_value(writer)
    }
}

/// A date and time of day in the Gregorian calendar, years 1900 to 9999.
struct Civil {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
}

#[allow(
    clippy::arithmetic_side_effects,
    reason = "all operands are within a few thousand years, in i64"
)]
impl Civil {
    /// Exactly `YYYYMMDDHHMMSSZ` with every part in range.
    fn parse(octets: &[u8]) -> Option<Self> {
        let digits = octets.strip_suffix(b"Z").filter(|digits| digits.len() == 14)?;
        let part = |from: usize, to: usize| -> Option<i64> {
            digits.get(from..to)?.iter().try_fold(0, |value, octet| {
                octet.is_ascii_digit().then(|| value * 10 + i64::from(octet - b'0'))
            })
        };
        let civil = Self {
            year: part(0, 4)?,
            month: part(4, 6)?,
            day: part(6, 8)?,
            hour: part(8, 10)?,
            minute: part(10, 12)?,
            second: part(12, 14)?,
        };
        civil.valid().then_some(civil)
    }

    fn valid(&self) -> bool {
        (1900..=9999).contains(&self.year)
            && (1..=12).contains(&self.month)
            && (1..=self.month_len()).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            && self.second < 60
    }

    fn month_len(&self) -> i64 {
        match self.month {
            2 if is_leap(self.year) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    fn seconds(&self) -> i64 {
        // Years counted from March, so that the leap day is the last of its year.
        let (year, month) = if self.month > 2 {
            (self.year, self.month - 3)
        } else {
            (self.year - 1, self.month + 9)
        };
        let leap_days = year / 4 - year / 100 + year / 400;
        let days = year * 365 + leap_days + (month * 153 + 2) / 5 + self.day - 1 - DAYS_TO_1970;
        ((days * 24 + self.hour) * 60 + self.minute) * 60 + self.second
    }

    fn from_seconds(seconds: i64) -> Self {
        let days = seconds.div_euclid(86_400) + DAYS_TO_1970;
        let of_day = seconds.rem_euclid(86_400);
        let (cycle, day_of_cycle) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_cycle =
            (day_of_cycle - day_of_cycle / 1_460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
        let day_of_year = day_of_cycle - (year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100);
        let march_month = (day_of_year * 5 + 2) / 153;
        let month = if march_month < 10 {
            march_month + 3
        } else {
            march_month - 9
        };
        Self {
            year: cycle * 400 + year_of_cycle + i64::from(month <= 2),
            month,
            day: day_of_year - (march_month * 153 + 2) / 5 + 1,
            hour: of_day / 3_600,
            minute: of_day / 60 % 60,
            second: of_day % 60,
        }
    }
}

#[allow(clippy::arithmetic_side_effects, reason = "division by constants")]
fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days from 0000-03-01 to 1970-01-01.
const DAYS_TO_1970: i64 = 719_468;

#[cfg(test)]
mod tests;
