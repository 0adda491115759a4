//! Connections that wait for the next authenticator.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::{Client, Connection, ErrorKind, IntoConnectionInfo, RedisError};

use crate::restart::{Restarts, Uptime};

/// Idle connections to one server.
pub(crate) struct Pool {
    client: Client,
    restarts: Restarts,
    idle: Mutex<Idle>,
}

/// A connection, and what the server said when it was made.
pub(crate) struct Link {
    pub(crate) connection: Connection,
    pub(crate) origin: Origin,
    /// How long the server has been running, where that matters. A restart breaks the connection.
    pub(crate) uptime: Option<Uptime>,
}

/// Where a connection comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It was made for this.
    Fresh,
    /// It has waited, and may be dead.
    Idle,
}

struct Idle {
    /// Whose they are. A forked process has the same sockets: it would read the answers of its parent.
    process: u32,
    links: Vec<Link>,
}

impl Pool {
    pub(crate) fn new(url: &str, restarts: Restarts) -> Result<Self, RedisError> {
        let info = url.into_connection_info()?;
        // What the server could call us is not worth a round trip.
        let settings = info.redis_settings().clone().set_skip_set_lib_name();
        Ok(Self {
            client: Client::open(info.set_redis_settings(settings))?,
            restarts,
            idle: Mutex::new(Idle::of_process()),
        })
    }

    /// Host and port, or the socket's path.
    pub(crate) fn server(&self) -> String {
        self.client.get_connection_info().addr().to_string()
    }

    /// The same for a server of this kind.
    pub(crate) fn with_restarts(self, restarts: Restarts) -> Self {
        Self { restarts, ..self }
    }

    /// A connection that waits, or else a new one.
    pub(crate) fn any(&self, deadline: Duration) -> Result<Link, RedisError> {
        let waiting = self.with_idle(|idle| idle.links.pop());
        waiting.map_or_else(|| self.fresh(deadline), Ok)
    }

    /// A new connection. Those that wait may be as dead as the one before.
    pub(crate) fn fresh(&self, deadline: Duration) -> Result<Link, RedisError> {
        self.with_idle(|idle| idle.links.clear());
        let begun = Instant::now();
        // It holds for each of the two answers to AUTH and SELECT.
        let timeout = deadline.checked_div(2).unwrap_or(deadline);
        let mut connection = self.client.get_connection_with_timeout(timeout)?;
        let uptime = match self.restarts {
            Restarts::Keep => None,
            Restarts::Lose => {
                allow(&connection, deadline.saturating_sub(begun.elapsed()))?;
                let untold = || RedisError::from((ErrorKind::UnexpectedReturnType, "INFO does not tell the uptime"));
                Some(Uptime::of(&mut connection)?.ok_or_else(untold)?)
            }
        };
        Ok(Link {
            connection,
            origin: Origin::Fresh,
            uptime,
        })
    }

    /// Lets a connection wait on which nothing is outstanding.
    pub(crate) fn keep(&self, link: Link) {
        self.with_idle(|idle| {
            if idle.links.len() < MOST_IDLE {
                idle.links.push(Link {
                    origin: Origin::Idle,
                    ..link
                });
            }
        });
    }

    fn with_idle<T>(&self, act: impl FnOnce(&mut Idle) -> T) -> T {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.process != std::process::id() {
            *idle = Idle::of_process();
        }
        act(&mut idle)
    }
}

impl Idle {
    fn of_process() -> Self {
        Self {
            process: std::process::id(),
            links: Vec::new(),
        }
    }
}

/// Gives the next command this long to be sent, and as long to be answered.
pub(crate) fn allow(connection: &Connection, left: Duration) -> Result<(), RedisError> {
    if left.is_zero() {
        return Err(io::Error::from(io::ErrorKind::TimedOut).into());
    }
    connection.set_write_timeout(Some(left))?;
    connection.set_read_timeout(Some(left))
}

const MOST_IDLE: usize = 16;
