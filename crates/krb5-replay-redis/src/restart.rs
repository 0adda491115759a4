//! Whether a server may have forgotten what it was told before it started.

use std::time::{Duration, Instant};

use krb5_store::replay::Acceptance;
use redis::{Connection, InfoDict, RedisError};

/// What a server still knows after a restart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restarts {
    /// All that it has acknowledged: it runs with `appendonly yes` and `appendfsync always`, and its file is never
    /// removed. `restarts=keep` in the URL.
    Keep,
    /// Perhaps nothing, the default: an authenticator that an acceptor could have accepted before the server started
    /// is refused. `restarts=lose` in the URL.
    #[default]
    Lose,
}

impl Restarts {
    /// Of its name in a URL.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "keep" => Some(Self::Keep),
            "lose" => Some(Self::Lose),
            _ => None,
        }
    }
}

/// How long a server has been running.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Uptime {
    at: Instant,
    then: Duration,
}

impl Uptime {
    /// Asks the server. `None` if the answer does not tell.
    pub(crate) fn of(connection: &mut Connection) -> Result<Option<Self>, RedisError> {
        let at = Instant::now();
        let answer: String = redis::cmd("INFO").arg("server").query(connection)?;
        let seconds = InfoDict::new(&answer).get("uptime_in_seconds");
        Ok(seconds.map(|seconds| Self {
            at,
            then: Duration::from_secs(seconds),
        }))
    }

    pub(crate) fn now(&self) -> Duration {
        self.then.saturating_add(self.at.elapsed())
    }
}

/// How long the server must have been running, or else this authenticator may have been accepted before it started:
/// by an acceptor whose clock was ahead of ours by the skew, from a client whose clock was ahead of that one by
/// another.
pub(crate) fn needed(acceptance: &Acceptance) -> Duration {
    let ahead = acceptance.skew.saturating_mul(2).saturating_add(GRAIN);
    let age = acceptance.now.since(acceptance.time);
    let seconds = Duration::from_secs(age.unsigned_abs());
    if age < 0 {
        ahead.saturating_sub(seconds)
    } else {
        ahead.saturating_add(seconds)
    }
}

/// Times of Kerberos and of the server's start are whole seconds.
pub(crate) const GRAIN: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use krb5_store::proto::KerberosTime;
    use krb5_store::replay::Tag;

    use super::*;

    #[test]
    fn an_authenticator_passes_once_the_server_is_older_than_anything_that_could_have_been_accepted_before() {
        // Started at 1000, by our clock. Just before that, an acceptor at 1300 takes one of 1600.
        for (time, now, seconds) in [
            (1600, 1600, 602),
            (1600, 1500, 502),
            (1600, 1700, 702),
            (1000, 1000, 602),
        ] {
            let acceptance = Acceptance {
                tag: Tag::of(b"tag"),
                time: KerberosTime(time),
                now: KerberosTime(now),
                skew: Duration::from_secs(300),
            };
            assert_eq!(needed(&acceptance).as_secs(), seconds, "{time} at {now}");
        }
    }

    #[test]
    fn any_times_and_skew_are_added_up() {
        for (time, now) in [(i64::MIN, i64::MAX), (i64::MAX, i64::MIN)] {
            let acceptance = Acceptance {
                tag: Tag::of(b"tag"),
                time: KerberosTime(time),
                now: KerberosTime(now),
                skew: Duration::MAX,
            };
            assert!(needed(&acceptance) > Duration::from_secs(1 << 40));
        }
    }
}
