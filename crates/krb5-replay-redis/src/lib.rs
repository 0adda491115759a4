//! A replay cache on Redis, for Kerberos acceptors on several machines that serve the same keys.
//!
//! Behind a load balancer an authenticator that one machine has accepted can be presented to another one.
//! [`RedisReplayCache`] asks one Redis server, by one atomic command for each authenticator:
//!
//! ```text
//! SET krb5:replay:TAG 1 NX PX MILLISECONDS
//! ```
//!
//! The server sets the key only if it is not there, and forgets it when the authenticator can no longer be
//! accepted. `OK` means that nobody was told so before; everything else means that nothing is accepted: the
//! key is there, the server cannot be reached, does not answer in time, refuses, or the answer is lost.
//!
//! ```no_run
//! use krb5_replay_redis::RedisReplayCache;
//!
//! let cache = RedisReplayCache::open("redis://:password@replay.example.org/2")?;
//! # Ok::<(), krb5_replay_redis::Error>(())
//! ```
//!
//! # What it promises
//!
//! Each authenticator is accepted once, for as long as the one server keeps what it acknowledged.
//!
//! A restarted server may have forgotten all or, with `appendfsync everysec`, the last second. So each new connection
//! asks how long the server has been running (`INFO server`), and authenticators that could have been accepted before
//! its start are refused: with the usual clock skew, all that are made within ten minutes of it. A server with
//! `appendonly yes` and `appendfsync always` forgets nothing; `restarts=keep` in the URL, or [`Restarts::Keep`], says
//! so.
//!
//! What is not noticed: that it evicts keys (`maxmemory-policy noeviction` is needed) or is told to (`FLUSHALL`), that a
//! replica takes over, since replication is asynchronous, that a proxy leads to another server, or that its clock jumps
//! ahead. Several independent servers are no quorum here: name one primary.
//!
//! Keys are kept for three times the clock skew: an authenticator stays good for twice the skew after it was
//! accepted, and the acceptors' clocks may differ among each other by another one.

#![forbid(unsafe_code)]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic
)]

mod error;
mod pool;
mod restart;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use krb5_store::replay::{Acceptance, NameFault, ReplayCache, ReplayError, ReplayTypes};
use redis::Value;

pub use self::error::Error;
use self::pool::{Link, Origin, Pool, allow};
use self::restart::GRAIN;
pub use self::restart::Restarts;

/// Adds the names `redis://…` and `redis+unix://…` to those of replay caches, so that `KRB5RCACHENAME`,
/// `default_rcache_name` and credential stores can say them.
#[must_use]
pub fn register(types: ReplayTypes) -> ReplayTypes {
    let open = |scheme: &'static str| {
        move |rest: &str| {
            let cache = RedisReplayCache::open(&format!("{scheme}:{rest}")).map_err(|error| {
                ReplayError::Name(NameFault::Rest {
                    scheme: scheme.to_owned(),
                    reason: error.to_string(),
                })
            })?;
            let cache: Arc<dyn ReplayCache> = Arc::new(cache);
            Ok(cache)
        }
    };
    ["redis", "redis+unix"]
        .into_iter()
        .fold(types, |types, scheme| types.with(scheme, open(scheme)))
}

/// A replay cache on a Redis server. Threads share it; each authenticator takes a connection of its own out of
/// a small pool, so that none waits for another.
pub struct RedisReplayCache {
    pool: Pool,
    prefix: String,
    deadline: Duration,
}

impl RedisReplayCache {
    /// On the server of this URL, `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]` or `redis+unix:///PATH`, with
    /// `?restarts=keep` if it forgets nothing. Nothing is connected to yet.
    ///
    /// # Errors
    /// [`Error::Url`], [`Error::Restarts`].
    pub fn open(url: &str) -> Result<Self, Error> {
        let (url, restarts) = without_restarts(url)?;
        Ok(Self {
            pool: Pool::new(&url, restarts).map_err(Error::Url)?,
            prefix: PREFIX.to_owned(),
            deadline: DEADLINE,
        })
    }

    /// The same with this before each key, instead of `krb5:replay:`. All acceptors that serve the same keys
    /// must agree on it.
    #[must_use]
    pub fn with_prefix(self, prefix: impl Into<String>) -> Self {
        Self {
            prefix: prefix.into(),
            ..self
        }
    }

    /// The same with this long for each authenticator, instead of 2 seconds, until it is refused: to connect, to
    /// write and to read. Looking up the server's name takes as long as the system lets it.
    #[must_use]
    pub fn within(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// The same for a server that is known to keep its data, or not to.
    #[must_use]
    pub fn with_restarts(self, restarts: Restarts) -> Self {
        Self {
            pool: self.pool.with_restarts(restarts),
            ..self
        }
    }

    fn set(&self, acceptance: &Acceptance) -> Result<Answer, Error> {
        let until = Until(Instant::now().checked_add(self.deadline));
        let link = self.pool.any(until.left(self)?).map_err(|error| self.failed(error))?;
        let origin = link.origin;
        match (self.run(acceptance, link, &until), origin) {
            // The server may have been restarted since. Whether it got the command nobody knows: a key that is
            // there now may be ours.
            (Err(Error::Server { .. }), Origin::Idle) => {
                let link = self.pool.fresh(until.left(self)?).map_err(|error| self.failed(error))?;
                match self.run(acceptance, link, &until) {
                    Ok(Answer::Present) => Err(self.lost()),
                    second => second,
                }
            }
            (first, _) => first,
        }
    }

    fn command(&self, acceptance: &Acceptance) -> redis::Cmd {
        let key = format!("{}{}", self.prefix, hex::encode(acceptance.tag.as_bytes()));
        let kept = acceptance.skew.saturating_mul(3).saturating_add(GRAIN);
        let milliseconds = u64::try_from(kept.as_millis()).unwrap_or(LONGEST).min(LONGEST);
        let mut command = redis::cmd("SET");
        command.arg(key).arg("1").arg("NX").arg("PX").arg(milliseconds);
        command
    }

    /// Asks on a connection, which is kept only if it is answered as it should be.
    fn run(&self, acceptance: &Acceptance, mut link: Link, until: &Until) -> Result<Answer, Error> {
        let running = link.uptime.map(|uptime| uptime.now());
        if running.is_some_and(|running| running <= restart::needed(acceptance)) {
            self.pool.keep(link);
            return Err(self.restarted(running.unwrap_or_default(), acceptance));
        }
        let asked = allow(&link.connection, until.left(self)?)
            .and_then(|()| self.command(acceptance).query::<Value>(&mut link.connection));
        // An answer that dribbled in after the deadline comes too late.
        until.left(self)?;
        let answer = match asked {
            Ok(Value::Okay) => Answer::Stored,
            Ok(Value::Nil) => Answer::Present,
            Ok(_) => return Err(self.odd()),
            Err(error) => return Err(self.failed(error)),
        };
        self.pool.keep(link);
        Ok(answer)
    }

    fn restarted(&self, running: Duration, acceptance: &Acceptance) -> Error {
        let quarantine = acceptance.skew.saturating_mul(2).saturating_add(GRAIN);
        Error::Restarted {
            server: self.pool.server(),
            running,
            left: quarantine.saturating_sub(running),
        }
    }

    fn failed(&self, error: redis::RedisError) -> Error {
        let server = self.pool.server();
        if error.is_timeout() {
            return self.late();
        }
        Error::Server { server, source: error }
    }

    fn late(&self) -> Error {
        Error::Deadline {
            server: self.pool.server(),
            waited: self.deadline,
        }
    }

    fn lost(&self) -> Error {
        Error::Lost {
            server: self.pool.server(),
        }
    }

    fn odd(&self) -> Error {
        Error::Answer {
            server: self.pool.server(),
        }
    }
}

impl ReplayCache for RedisReplayCache {
    fn store(&self, acceptance: &Acceptance) -> Result<(), ReplayError> {
        match self.set(acceptance) {
            Ok(Answer::Stored) => Ok(()),
            Ok(Answer::Present) => Err(ReplayError::Replayed),
            Err(error) => Err(ReplayError::unavailable(error)),
        }
    }
}

impl fmt::Debug for RedisReplayCache {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisReplayCache")
            .field("server", &self.pool.server())
            .field("prefix", &self.prefix)
            .field("deadline", &self.deadline)
            .finish()
    }
}

/// The URL without what it says of restarts, which is ours, and that.
fn without_restarts(url: &str) -> Result<(String, Restarts), Error> {
    let Some((url, query)) = url.split_once('?') else {
        return Ok((url.to_owned(), Restarts::default()));
    };
    let (ours, others): (Vec<&str>, Vec<&str>) = query.split('&').partition(|part| part.starts_with(RESTARTS));
    let mut restarts = Restarts::default();
    for value in ours.iter().filter_map(|part| part.strip_prefix(RESTARTS)) {
        restarts = Restarts::named(value).ok_or_else(|| Error::Restarts {
            value: value.to_owned(),
        })?;
    }
    let url = match others.as_slice() {
        [] => url.to_owned(),
        others => format!("{url}?{}", others.join("&")),
    };
    Ok((url, restarts))
}

enum Answer {
    /// The key was there.
    Present,
    Stored,
}

/// When an authenticator is refused; `None` is never.
struct Until(Option<Instant>);

impl Until {
    /// What is left, more than nothing.
    fn left(&self, cache: &RedisReplayCache) -> Result<Duration, Error> {
        let Some(until) = self.0 else {
            return Ok(cache.deadline);
        };
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(cache.late()) } else { Ok(left) }
    }
}

const RESTARTS: &str = "restarts=";
const PREFIX: &str = "krb5:replay:";
/// A peer waits for the answer meanwhile.
const DEADLINE: Duration = Duration::from_secs(2);
/// In milliseconds, some 35 years: Redis refuses times that do not fit its own.
const LONGEST: u64 = 1 << 40;
