//! Where a server listens.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use krb5_store::config::KdcAddress;

/// How a message travels to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// Through an HTTPS proxy, [MS-KKDCP].
    Https,
    /// A message with its length in front, RFC 4120 §7.2.2.
    Tcp,
    /// One datagram each way, RFC 4120 §7.2.1.
    Udp,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Https => "HTTPS",
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        })
    }
}

/// A server of a realm's service, as the configuration or the DNS names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    /// A name, or an address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) carrier: Carrier,
    pub(crate) standing: Standing,
}

/// What a server is to be asked over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// UDP or TCP.
    Either,
    Https {
        /// With its leading slash.
        path: String,
    },
    Tcp,
    Udp,
}

/// Whether a server has the database's newest state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Primary,
    /// It may lag behind the primary.
    Replica,
}

impl Server {
    /// From an address of the configuration or of a URI record; `port` is the service's own.
    pub(crate) fn new(address: KdcAddress, port: u16) -> Self {
        use krb5_store::config::Transport as Named;
        let (carrier, usual) = match address.transport {
            Named::Https { path } => (Carrier::Https { path }, HTTPS_PORT),
            Named::Tcp => (Carrier::Tcp, port),
            Named::Udp => (Carrier::Udp, port),
            _ => (Carrier::Either, port),
        };
        Self {
            host: address.host,
            port: address.port.unwrap_or(usual),
            carrier,
            standing: if address.primary {
                Standing::Primary
            } else {
                Standing::Replica
            },
        }
    }

    /// Whether it can be asked over this transport.
    pub(crate) fn takes(&self, transport: Transport) -> bool {
        match (&self.carrier, transport) {
            (Carrier::Either, Transport::Udp | Transport::Tcp)
            | (Carrier::Udp, Transport::Udp)
            | (Carrier::Tcp, Transport::Tcp)
            | (Carrier::Https { .. }, Transport::Https) => true,
            (Carrier::Either | Carrier::Https { .. } | Carrier::Tcp | Carrier::Udp, _) => false,
        }
    }

    /// Its address, if it is named by that.
    pub(crate) fn literal(&self) -> Option<SocketAddr> {
        let address: IpAddr = self.host.parse().ok()?;
        Some(SocketAddr::new(address, self.port))
    }
}

/// The port of HTTPS.
pub(crate) const HTTPS_PORT: u16 = 443;
