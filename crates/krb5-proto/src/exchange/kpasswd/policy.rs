//! What Active Directory demands of passwords.

use std::fmt;
use std::time::Duration;

/// The policy of a domain, as its password service states it in the place of a text.
///
/// ```text
/// 0..1     00 00
/// 2..5     least number of characters
/// 6..9     number of former passwords that are refused
/// 10..13   properties: 1 is complexity
/// 14..21   longest age of a password, in units of 100 ns
/// 22..29   shortest age of a password, in units of 100 ns
/// ```
///
/// All are big-endian. Windows sends them with the code for a refused password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The least number of characters.
    pub min_length: u32,
    /// How many former passwords must not be used again.
    pub history: u32,
    /// Whether characters of several kinds are demanded, and no part of the name.
    pub complexity: Complexity,
    /// How long a password is good; zero means that nothing is said.
    pub max_age: Duration,
    /// How long a password has to be kept.
    pub min_age: Duration,
}

/// Whether passwords must be of characters of several kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complexity {
    /// They need not.
    NotDemanded,
    /// They must, and must not contain the name.
    Demanded,
}

impl PasswordPolicy {
    /// Reads a policy. `None` for everything else, which is a text then.
    #[must_use]
    pub fn from_octets(octets: &[u8]) -> Option<Self> {
        let octets: &[u8; LEN] = octets.try_into().ok()?;
        let (zeros, rest) = octets.split_first_chunk::<2>()?;
        let (min_length, rest) = rest.split_first_chunk::<4>()?;
        let (history, rest) = rest.split_first_chunk::<4>()?;
        let (properties, rest) = rest.split_first_chunk::<4>()?;
        let (max_age, min_age) = rest.split_first_chunk::<8>()?;
        let min_age: &[u8; 8] = min_age.try_into().ok()?;
        if *zeros != [0, 0] {
            return None;
        }
        Some(Self {
            min_length: u32::from_be_bytes(*min_length),
            history: u32::from_be_bytes(*history),
            complexity: match u32::from_be_bytes(*properties) & DOMAIN_PASSWORD_COMPLEX {
                0 => Complexity::NotDemanded,
                _ => Complexity::Demanded,
            },
            max_age: age(*max_age),
            min_age: age(*min_age),
        })
    }

    /// Whether nothing is demanded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.demands().is_empty()
    }

    fn demands(&self) -> Vec<String> {
        let mut demands = Vec::new();
        if self.min_length > 0 {
            demands.push(format!("at least {}", count(self.min_length.into(), "character")));
        }
        if self.complexity == Complexity::Demanded {
            demands.push("characters of several kinds (letters of both cases, digits, others)".to_owned());
            demands.push("no part of the name".to_owned());
        }
        if self.history > 0 {
            let former = count(self.history.into(), "password");
            demands.push(format!("none of the last {former}"));
        }
        if self.min_age > Duration::ZERO {
            demands.push(format!(
                "a change not sooner than {} after the last one",
                days(self.min_age)
            ));
        }
        demands
    }
}

impl fmt::Display for PasswordPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let demands = self.demands();
        if demands.is_empty() {
            return f.write_str("the domain says nothing of what it demands");
        }
        write!(f, "the domain demands {}", demands.join(", "))
    }
}

/// Units of 100 ns. Windows writes some durations as negative numbers, and "never" as the least of them.
fn age(octets: [u8; 8]) -> Duration {
    let units = i64::from_be_bytes(octets).unsigned_abs();
    if units > LONGEST {
        return Duration::ZERO;
    }
    Duration::from_nanos(units.saturating_mul(100))
}

fn days(age: Duration) -> String {
    match age.as_secs().div_ceil(DAY) {
        0 | 1 => "a day".to_owned(),
        days => format!("{days} days"),
    }
}

fn count(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

const LEN: usize = 30;
const DOMAIN_PASSWORD_COMPLEX: u32 = 1;
const DAY: u64 = 86_400;
/// Whatever takes longer, some 580 years, is no age.
const LONGEST: u64 = u64::MAX / 100;

#[cfg(test)]
mod tests;
