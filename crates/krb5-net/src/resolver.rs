//! Names, addresses and records: the system's, or a program's own.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::time::Instant;

use crate::blocking::Blocking;
use crate::dns::{self, NameServers};
use crate::io::finish;
use crate::{LookupError, Record, RecordKind};

/// What tells where servers are.
///
/// Implement it to take names from elsewhere than the system, or to test without a network. A call may block until
/// `deadline`; what it returns later is not waited for. Asynchronous clients make it where it may block.
pub trait Resolver: fmt::Debug + Send + Sync {
    /// The addresses of a host, best first.
    ///
    /// # Errors
    /// That it has none, or why that is not known.
    fn addresses(&self, host: &str, deadline: Instant) -> io::Result<Vec<IpAddr>>;

    /// The records of a name, in any order. The name is absolute, without a dot at its end.
    ///
    /// # Errors
    /// [`LookupError`]; a name without records of this kind is no error.
    fn records(&self, name: &str, kind: RecordKind, deadline: Instant) -> Result<Vec<Record>, LookupError>;

    /// The canonical name of a host: where its aliases lead.
    ///
    /// # Errors
    /// That there is none, or why that is not known.
    fn canonical(&self, host: &str, deadline: Instant) -> io::Result<String>;

    /// The name that an address leads back to.
    ///
    /// # Errors
    /// That there is none, or why that is not known.
    fn reverse(&self, address: IpAddr, deadline: Instant) -> io::Result<String>;
}

/// The system's resolver for hosts (`/etc/hosts`, `nsswitch.conf` and what else it heeds), and the name servers of
/// `/etc/resolv.conf` for records.
///
/// Blocking calls of it may take longer than their deadline where the system does not answer; clients do not wait.
#[derive(Clone, Debug, Default)]
pub struct SystemResolver {
    servers: Option<NameServers>,
}

impl SystemResolver {
    /// It reads `/etc/resolv.conf` at each use.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, with these name servers for records.
    #[must_use]
    pub fn with_name_servers(servers: Vec<SocketAddr>) -> Self {
        Self {
            servers: Some(NameServers::of(servers)),
        }
    }

    pub(crate) fn name_servers(&self) -> NameServers {
        self.servers.clone().unwrap_or_else(NameServers::of_system)
    }
}

impl Resolver for SystemResolver {
    fn addresses(&self, host: &str, _deadline: Instant) -> io::Result<Vec<IpAddr>> {
        let addresses = (host, 0).to_socket_addrs()?;
        Ok(addresses.map(|address| address.ip()).collect())
    }

    fn records(&self, name: &str, kind: RecordKind, deadline: Instant) -> Result<Vec<Record>, LookupError> {
        finish(dns::lookup(Blocking, &self.name_servers(), name, kind, deadline))
    }

    fn canonical(&self, host: &str, _deadline: Instant) -> io::Result<String> {
        system::canonical(host)
    }

    fn reverse(&self, address: IpAddr, _deadline: Instant) -> io::Result<String> {
        system::reverse(address)
    }
}

#[cfg(any(unix, windows))]
mod system {
    use std::io;
    use std::net::IpAddr;

    use dns_lookup::{AddrInfoHints, SockType, getaddrinfo, lookup_addr};

    pub(super) fn canonical(host: &str) -> io::Result<String> {
        let hints = AddrInfoHints {
            flags: AI_CANONNAME,
            socktype: SockType::Stream.into(),
            ..AddrInfoHints::default()
        };
        let infos = getaddrinfo(Some(host), None, Some(hints))?;
        let name = infos.filter_map(Result::ok).find_map(|info| info.canonname);
        name.filter(|name| !name.is_empty())
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn reverse(address: IpAddr) -> io::Result<String> {
        let name = lookup_addr(&address)?;
        // Where there is no name, the system gives the address as text.
        if name.parse::<IpAddr>().is_ok() || name.is_empty() {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(name)
    }

    /// RFC 3493 §6.1; the same number on Linux, the BSDs, macOS and Windows.
    const AI_CANONNAME: i32 = 2;
}

#[cfg(not(any(unix, windows)))]
mod system {
    use std::io;
    use std::net::IpAddr;

    pub(super) fn canonical(_host: &str) -> io::Result<String> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn reverse(_address: IpAddr) -> io::Result<String> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
