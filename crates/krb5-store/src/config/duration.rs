//! Durations in `krb5.conf`.

use std::time::Duration;

/// Parses a duration: `1d2h3m4s` with any of the parts in this order and blanks between them,
/// `1-02:03:04` (days, hours, minutes, seconds), `h:m:s`, `h:m`, or plain seconds. Negative values
/// and those beyond 2^31 − 1 seconds are refused, as MIT's parser refuses or misuses them.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim_matches([' ', '\t', '\n']);
    let seconds = match text.find(['-', ':']) {
        Some(_) => clock(text)?,
        None => units(text)?,
    };
    (seconds <= MAX_SECONDS).then(|| Duration::from_secs(seconds))
}

/// `[D-]H:M[:S]`. The parts after the first have one or two digits.
fn clock(text: &str) -> Option<u64> {
    let (days, time) = match text.split_once('-') {
        Some((days, time)) => (Some(number(days)?), time),
        None => (None, text),
    };
    let parts: Vec<&str> = time.split(':').collect();
    let (hours, minutes, seconds) = match (days, parts.as_slice()) {
        (_, [hours, minutes, seconds]) => (*hours, *minutes, short(seconds)?),
        (None, [hours, minutes]) => (*hours, *minutes, 0),
        _ => return None,
    };
    let hours = if days.is_some() { short(hours)? } else { number(hours)? };
    sum(&[
        (days.unwrap_or(0), DAY),
        (hours, HOUR),
        (short(minutes)?, MINUTE),
        (seconds, 1),
    ])
}

/// `NdNhNmNs`, or a number without unit alone.
fn units(text: &str) -> Option<u64> {
    if let Some(seconds) = number(text) {
        return Some(seconds);
    }
    let mut rest = text;
    let mut total = 0_u64;
    let mut last = UNITS.len();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (count, tail) = rest.split_at_checked(digits)?;
        let unit = tail.chars().next()?;
        let rank = UNITS.iter().position(|(name, _)| *name == unit)?;
        let (_, size) = UNITS.get(rank)?;
        if rank >= last {
            return None;
        }
        last = rank;
        total = total.checked_add(number(count)?.checked_mul(*size)?)?;
        rest = tail.get(1..)?.trim_start_matches([' ', '\t', '\n']);
    }
    (last < UNITS.len()).then_some(total)
}

fn sum(parts: &[(u64, u64)]) -> Option<u64> {
    parts.iter().try_fold(0_u64, |total, (count, size)| {
        total.checked_add(count.checked_mul(*size)?)
    })
}

fn short(text: &str) -> Option<u64> {
    if text.len() > 2 { None } else { number(text) }
}

fn number(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|n| *n <= MAX_SECONDS)
}

const MAX_SECONDS: u64 = 0x7fff_ffff;
const MINUTE: u64 = 60;
const HOUR: u64 = 3600;
const DAY: u64 = 86_400;
/// In rising size: each must be smaller than the one before it in the text.
const UNITS: [(char, u64); 4] = [('s', 1), ('m', MINUTE), ('h', HOUR), ('d', DAY)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_gives_its_seconds() {
        let cases = [
            ("0", 0),
            ("300", 300),
            ("1d", 86_400),
            ("1d2h3m4s", 93_784),
            ("1d 2h 3m 4s", 93_784),
            ("10h", 36_000),
            ("2h30m", 9_000),
            ("5m", 300),
            ("7s", 7),
            ("1d5s", 86_405),
            ("10:30", 37_800),
            ("10:30:05", 37_805),
            ("100:00:00", 360_000),
            ("1-02:03:04", 93_784),
            (" 42 ", 42),
            ("2147483647", 2_147_483_647),
        ];
        for (text, seconds) in cases {
            assert_eq!(parse_duration(text), Some(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let cases = [
            "",
            " ",
            "-5",
            "1h2d",
            "1m1m",
            "h",
            "1w",
            "1d2",
            "1:2:3:4",
            "10:",
            ":10",
            "10:100",
            "1-2",
            "1-2:3",
            "2147483648",
            "24856d",
            "99999999999999999999",
            "1.5h",
            "１０",
        ];
        for text in cases {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
