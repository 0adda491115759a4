//! What can go wrong between here and a KDC.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use crate::Transport;

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration's address of a KDC cannot be understood.
    #[error(transparent)]
    Configuration(krb5_store::Error),
    /// The configuration names no KDC for the realm.
    #[error("no KDC is known for the realm {realm}; name one in krb5.conf: [realms] {realm} = {{ kdc = HOST }}")]
    NoKdcKnown {
        /// The realm asked for.
        realm: String,
    },
    /// The configuration names no primary KDC for the realm.
    #[error(
        "no primary KDC is known for the realm {realm}; name one in krb5.conf: [realms] {realm} = {{ primary_kdc = HOST }}"
    )]
    NoPrimaryKnown {
        /// The realm asked for.
        realm: String,
    },
    /// This machine refused what a socket needs.
    #[error("cannot wait for the network")]
    Local(#[source] io::Error),
    /// The request is longer than the length in front of it can say.
    #[error("a request of {0} octets is too long to send")]
    RequestTooLong(usize),
    /// Every server was tried and none gave a reply.
    #[error("no KDC of the realm {realm} answered; tried {}", List(tried))]
    Unreachable {
        /// The realm asked for.
        realm: String,
        /// Every attempt, in the order in which it was made.
        tried: Vec<Tried>,
    },
}

/// One attempt that gave no reply.
#[derive(Debug)]
pub struct Tried {
    /// The server as the configuration names it.
    pub server: String,
    /// Its address, unless the name could not be resolved.
    pub address: Option<SocketAddr>,
    /// How it was asked.
    pub transport: Transport,
    /// What happened.
    pub failure: Failure,
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Some(address) => write!(f, "{address} over {} ({})", self.transport, self.failure),
            None => write!(f, "{} ({})", self.server, self.failure),
        }
    }
}

/// What happened to an attempt.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The server closed the connection before the whole reply was there.
    #[error("closed the connection early")]
    Closed,
    /// What arrived is not a reply of a KDC.
    #[error("sent no Kerberos reply")]
    Garbage,
    /// Another error of the network or of this machine.
    #[error("{0}")]
    Io(io::Error),
    /// The name has no address.
    #[error("no address: {0}")]
    NoAddress(io::Error),
    /// The deadline came before its turn.
    #[error("not asked: no time was left")]
    NotAsked,
    /// Nothing listens there.
    #[error("connection refused")]
    Refused,
    /// No answer in time.
    #[error("no answer")]
    TimedOut,
    /// The announced reply exceeds [`REPLY_LIMIT`](crate::REPLY_LIMIT), or its length has the reserved bit set.
    #[error("announced a reply of {0} octets")]
    TooLong(u32),
    /// The server says that it cannot serve now (KDC_ERR_SVC_UNAVAILABLE).
    #[error("service unavailable")]
    Unavailable,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof => Self::Closed,
            io::ErrorKind::TimedOut => Self::TimedOut,
            _ => Self::Io(error),
        }
    }
}

struct List<'a>(&'a [Tried]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, tried) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{tried}")?;
        }
        Ok(())
    }
}
