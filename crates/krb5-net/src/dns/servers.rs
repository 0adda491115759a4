//! Which name servers to ask, as resolv.conf(5) says.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::endpoint::{Carrier, Server, Standing};
use crate::schedule::Timing;

/// The name servers of this machine, or those that a program names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NameServers {
    addresses: Vec<SocketAddr>,
    patience: Duration,
    passes: usize,
}

impl NameServers {
    /// These, with the patience that resolvers usually have.
    pub(crate) fn of(addresses: Vec<SocketAddr>) -> Self {
        Self {
            addresses,
            patience: PATIENCE,
            passes: PASSES,
        }
    }

    /// Those of `/etc/resolv.conf`, or of this machine where it names none.
    pub(crate) fn of_system() -> Self {
        Self::parse(&std::fs::read(RESOLV_CONF).unwrap_or_default())
    }

    /// From the text of a `resolv.conf`. Lines that cannot be understood are passed over.
    fn parse(text: &[u8]) -> Self {
        let (config, _) = resolv_conf::Config::parse_with_errors(text);
        let named = config.nameservers.iter().map(|server| IpAddr::from(server.clone()));
        let mut addresses: Vec<SocketAddr> = named
            .take(SERVERS)
            .map(|address| SocketAddr::new(address, PORT))
            .collect();
        if addresses.is_empty() {
            addresses.push((Ipv4Addr::LOCALHOST, PORT).into());
        }
        let seconds = u64::from(config.timeout).clamp(1, PATIENCE_LIMIT);
        Self {
            addresses,
            patience: Duration::from_secs(seconds),
            passes: usize::try_from(config.attempts)
                .unwrap_or(PASSES_LIMIT)
                .clamp(1, PASSES_LIMIT),
        }
    }

    pub(super) fn timing(&self) -> Timing {
        Timing::passes(self.patience, self.passes)
    }

    pub(super) fn servers(&self) -> impl Iterator<Item = Server> {
        self.addresses.iter().map(|address| Server {
            host: address.ip().to_string(),
            port: address.port(),
            carrier: Carrier::Either,
            standing: Standing::Replica,
        })
    }
}

const RESOLV_CONF: &str = "/etc/resolv.conf";
const PORT: u16 = 53;
const PATIENCE: Duration = Duration::from_secs(5);
const PASSES: usize = 2;
/// The limits of resolv.conf(5).
const SERVERS: usize = 3;
const PATIENCE_LIMIT: u64 = 30;
const PASSES_LIMIT: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_and_patience_are_read_within_the_limits() {
        let text = b"# local\nnameserver 192.0.2.1\nnameserver 2001:db8::1\nnonsense\noptions timeout:99 attempts:0\n\
                     nameserver 192.0.2.2\nnameserver 192.0.2.3\n";
        let servers = NameServers::parse(text);
        let expected = ["192.0.2.1:53", "[2001:db8::1]:53", "192.0.2.2:53"].map(|text| text.parse().unwrap());
        assert_eq!(servers.addresses, expected);
        assert_eq!((servers.patience, servers.passes), (Duration::from_secs(30), 1));
    }

    #[test]
    fn without_servers_this_machine_is_asked() {
        let servers = NameServers::parse(b"\xff\xfe garbage");
        assert_eq!(servers.addresses, ["127.0.0.1:53".parse().unwrap()]);
        assert_eq!((servers.patience, servers.passes), (PATIENCE, PASSES));
    }
}
