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
//! Each authenticator is accepted once, for as long as the one server keeps what it acknowledged. It does not
//! where it restarts without its data (`appendonly yes` with `appendfsync always` keeps everything, `everysec` up
//! to a second less), where it evicts keys (`maxmemory-policy noeviction` is needed), where a replica
//! takes over, since replication is asynchronous, or where its clock jumps ahead. Several independent servers are
//! no quorum here: name one primary.
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

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use krb5_store::proto::KerberosTime;
use krb5_store::replay::{NameFault, ReplayCache, ReplayError, ReplayTypes, Tag};
use redis::Value;

pub use self::error::Error;
use self::pool::{Origin, Pool};

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
    /// On the server of this URL, `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]` or `redis+unix:///PATH`. Nothing is
    /// connected to yet.
    ///
    /// # Errors
    /// [`Error::Url`].
    pub fn open(url: &str) -> Result<Self, Error> {
        Ok(Self {
            pool: Pool::new(url).map_err(Error::Url)?,
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

    fn set(&self, tag: &[u8], kept: Duration) -> Result<Answer, Error> {
        let until = Until(Instant::now().checked_add(self.deadline));
        let command = self.command(tag, kept);
        let (first, origin) = self.run(&command, &until, Pool::any)?;
        match (first, origin) {
            (Ok(answer), _) => Ok(answer),
            // The server may have been restarted since. Whether it got the command nobody knows: a key that is
            // there now may be ours.
            (Err(Error::Server { .. }), Origin::Idle) => match self.run(&command, &until, Pool::fresh)? {
                (Ok(Answer::Present), _) => Err(self.lost()),
                (second, _) => second,
            },
            (Err(error), _) => Err(error),
        }
    }

    fn command(&self, tag: &[u8], kept: Duration) -> redis::Cmd {
        let key = format!("{}{}", self.prefix, hex::encode(Tag::of(tag).as_bytes()));
        let milliseconds = u64::try_from(kept.as_millis()).unwrap_or(LONGEST).min(LONGEST);
        let mut command = redis::cmd("SET");
        command.arg(key).arg("1").arg("NX").arg("PX").arg(milliseconds);
        command
    }

    /// Sends the command on a connection, which is kept only if it is answered as it should be.
    fn run(
        &self,
        command: &redis::Cmd,
        until: &Until,
        connect: impl Fn(&Pool, Duration) -> Result<(redis::Connection, Origin), redis::RedisError>,
    ) -> Result<(Result<Answer, Error>, Origin), Error> {
        let (mut connection, origin) = connect(&self.pool, until.left(self)?).map_err(|error| self.failed(error))?;
        let left = until.left(self)?;
        let asked = connection
            .set_write_timeout(Some(left))
            .and_then(|()| connection.set_read_timeout(Some(left)))
            .and_then(|()| command.query::<Value>(&mut connection));
        let answer = match asked {
            Ok(Value::Okay) => Ok(Answer::Stored),
            Ok(Value::Nil) => Ok(Answer::Present),
            Ok(_) => Err(self.odd()),
            Err(error) => Err(self.failed(error)),
        };
        // An answer that dribbled in after the deadline comes too late.
        until.left(self)?;
        if answer.is_ok() {
            self.pool.keep(connection);
        }
        Ok((answer, origin))
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
    fn store(&self, tag: &[u8], _now: KerberosTime, skew: Duration) -> Result<(), ReplayError> {
        match self.set(tag, skew.saturating_mul(3).saturating_add(GRAIN)) {
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

const PREFIX: &str = "krb5:replay:";
/// A peer waits for the answer meanwhile.
const DEADLINE: Duration = Duration::from_secs(2);
/// Kerberos' times are whole seconds, on both sides.
const GRAIN: Duration = Duration::from_secs(2);
/// In milliseconds, some 35 years: Redis refuses times that do not fit its own.
const LONGEST: u64 = 1 << 40;
