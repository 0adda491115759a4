//! Connections that wait for the next authenticator.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::{Client, Connection, IntoConnectionInfo, RedisError};

/// Idle connections to one server.
pub(crate) struct Pool {
    client: Client,
    idle: Mutex<Idle>,
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
    connections: Vec<Connection>,
}

impl Pool {
    pub(crate) fn new(url: &str) -> Result<Self, RedisError> {
        let info = url.into_connection_info()?;
        // What the server could call us is not worth a round trip.
        let settings = info.redis_settings().clone().set_skip_set_lib_name();
        Ok(Self {
            client: Client::open(info.set_redis_settings(settings))?,
            idle: Mutex::new(Idle::of_process()),
        })
    }

    /// Host and port, or the socket's path.
    pub(crate) fn server(&self) -> String {
        self.client.get_connection_info().addr().to_string()
    }

    /// A connection that waits, or else a new one.
    pub(crate) fn any(&self, deadline: Duration) -> Result<(Connection, Origin), RedisError> {
        let waiting = self.with_idle(|idle| idle.connections.pop());
        match waiting {
            Some(connection) => Ok((connection, Origin::Idle)),
            None => self.fresh(deadline),
        }
    }

    /// A new connection. Those that wait may be as dead as the one before.
    pub(crate) fn fresh(&self, deadline: Duration) -> Result<(Connection, Origin), RedisError> {
        self.with_idle(|idle| idle.connections.clear());
        // It holds for each of the two answers to AUTH and SELECT.
        let timeout = deadline.checked_div(2).unwrap_or(deadline);
        let connection = self.client.get_connection_with_timeout(timeout)?;
        Ok((connection, Origin::Fresh))
    }

    /// Lets a connection wait on which nothing is outstanding.
    pub(crate) fn keep(&self, connection: Connection) {
        self.with_idle(|idle| {
            if idle.connections.len() < MOST_IDLE {
                idle.connections.push(connection);
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
            connections: Vec::new(),
        }
    }
}

const MOST_IDLE: usize = 16;
