//! Where a KDC listens.

use std::fmt;
use std::net::SocketAddr;

/// How a message travels to a KDC (RFC 4120 §7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// One datagram each way, §7.2.1.
    Udp,
    /// A message with its length in front, §7.2.2.
    Tcp,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        })
    }
}

/// One address of one server, over one transport.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// As the configuration names it.
    pub(crate) server: String,
    pub(crate) address: SocketAddr,
    pub(crate) transport: Transport,
    pub(crate) standing: Standing,
}

/// Whether a server has the database's newest state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Primary,
    /// It may lag behind the primary.
    Replica,
}
