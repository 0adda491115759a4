//! What can go wrong between here and a KDC.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use crate::{Destination, LookupError, RecordKind, Route, Service, Transport};

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration's address of a KDC cannot be understood.
    #[error(transparent)]
    Configuration(krb5_store::Error),
    /// Neither the configuration nor the DNS names a KDC of the realm.
    #[error(
        "no KDC is known for the realm {realm}; name one in krb5.conf: [realms] {realm} = {{ kdc = HOST }}{}",
        Asked(asked)
    )]
    NoKdcKnown {
        /// The realm asked for.
        realm: String,
        /// What the DNS was asked.
        asked: Vec<LookedUp>,
    },
    /// Neither the configuration nor the DNS names a password server of the realm.
    #[error(
        "no password server is known for the realm {realm}; name one in krb5.conf: [realms] {realm} = {{ kpasswd_server = HOST }}{}",
        Asked(asked)
    )]
    NoPasswordServerKnown {
        /// The realm asked for.
        realm: String,
        /// What the DNS was asked.
        asked: Vec<LookedUp>,
    },
    /// Neither the configuration nor the DNS names a primary KDC of the realm.
    #[error(
        "no primary KDC is known for the realm {realm}; name one in krb5.conf: [realms] {realm} = {{ primary_kdc = HOST }}{}",
        Asked(asked)
    )]
    NoPrimaryKnown {
        /// The realm asked for.
        realm: String,
        /// What the DNS was asked.
        asked: Vec<LookedUp>,
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
    /// All servers of the realm are behind HTTPS proxies, and this program cannot speak to these.
    #[error("the KDCs of the realm {realm} are behind HTTPS proxies: build with the feature `https` to reach them")]
    WithoutHttps {
        /// The realm asked for.
        realm: String,
    },
}

impl Error {
    /// No server is known.
    pub(crate) fn unknown(to: &Destination, asked: Vec<LookedUp>) -> Self {
        let realm = to.realm.clone();
        match (to.service, to.route) {
            (Service::Kpasswd, _) => Self::NoPasswordServerKnown { realm, asked },
            (Service::Kdc, Route::Primary) => Self::NoPrimaryKnown { realm, asked },
            (Service::Kdc, _) => Self::NoKdcKnown { realm, asked },
        }
    }

    /// Whether no server is known, rather than that none answered.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(
            self,
            Self::NoKdcKnown { .. } | Self::NoPasswordServerKnown { .. } | Self::NoPrimaryKnown { .. }
        )
    }
}

/// A question to the DNS that led to no server.
#[derive(Debug, Clone)]
pub struct LookedUp {
    /// The name that was looked up.
    pub name: String,
    /// The records that were asked for.
    pub kind: RecordKind,
    /// Why there are none; `None` if none leads to a server.
    pub failure: Option<LookupError>,
}

impl fmt::Display for LookedUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)?;
        match &self.failure {
            Some(failure) => write!(f, " ({failure})"),
            None => f.write_str(" (no server)"),
        }
    }
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
    /// It is not known whom to trust for the proxy.
    #[error("not asked: {0}")]
    Anchors(#[source] std::sync::Arc<AnchorError>),
    /// Not asked again: it has answered, and another server's answer is wanted.
    #[error("not asked again")]
    AnsweredBefore,
    /// The server closed the connection before the whole reply was there.
    #[error("closed the connection early")]
    Closed,
    /// What arrived is not a reply of a KDC.
    #[error("sent no Kerberos reply")]
    Garbage,
    /// The proxy refuses, or leads elsewhere, where it is not followed.
    #[error("answered with the HTTP status {0}")]
    HttpStatus(u16),
    /// Another error of the network or of this machine.
    #[error("{0}")]
    Io(io::Error),
    /// The name server answers that it cannot or will not tell.
    #[error("answered {0}")]
    NameServer(String),
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
    /// TLS with the proxy failed: it is not whom it should be, or is not trusted.
    #[error("TLS failed: {0}")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The announced reply exceeds [`REPLY_LIMIT`](crate::REPLY_LIMIT), or its length has the reserved bit set.
    #[error("announced a reply of {0} octets")]
    TooLong(u32),
    /// The server says that it cannot serve now (KDC_ERR_SVC_UNAVAILABLE).
    #[error("service unavailable")]
    Unavailable,
    /// Proxies are not spoken to.
    #[error("not asked: built without the feature `https`")]
    WithoutHttps,
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

/// Why the certificates in `http_anchors`, or those of the system, cannot be used. The configuration is at fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnchorError {
    /// The file or directory has no certificate.
    #[error("there is no certificate in {0}")]
    Empty(String),
    /// The file or directory cannot be read.
    #[error("http_anchors: {path}: {source}")]
    Io {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// There are more files in the directory, or more octets in the file, than are read.
    #[error("http_anchors: {0} is too large")]
    TooLarge(String),
    /// It says neither `FILE:`, `DIR:` nor `ENV:`.
    #[error("http_anchors is \"{0}\", but must be FILE:PATH, DIR:PATH or ENV:NAME")]
    UnknownKind(String),
    /// The variable is not set, or this program does not look at it.
    #[error("http_anchors: there is no variable {0}")]
    Variable(String),
}

struct Asked<'a>(&'a [LookedUp]);

impl fmt::Display for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, asked) in self.0.iter().enumerate() {
            let before = if index == 0 { "; the DNS was asked for " } else { ", " };
            write!(f, "{before}{asked}")?;
        }
        Ok(())
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
