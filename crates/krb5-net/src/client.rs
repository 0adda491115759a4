//! From a realm to the addresses of its KDCs, by configuration.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Instant;

use krb5_proto::exchange::Route;
use krb5_store::config::{self, KdcAddress, Settings};

use crate::endpoint::{Endpoint, Standing};
use crate::race::Race;
use crate::{Error, Failure, Transport, Tried};

/// The port of a KDC where the configuration names none (RFC 4120 §7.2.1).
const KERBEROS_PORT: u16 = 88;
/// Addresses tried for one request; a name may have any number.
const ENDPOINT_LIMIT: usize = 32;

/// Sends messages to the KDCs that a configuration names.
///
/// It blocks for `request_timeout` at most, besides the resolution of names by the system.
#[derive(Debug, Clone)]
pub struct KdcClient {
    settings: Arc<Settings>,
}

/// What a KDC sent. It is not authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// An AS-REP, TGS-REP or KRB-ERROR.
    pub octets: Vec<u8>,
    /// The server is a primary one: no other knows a newer password.
    pub primary: bool,
}

impl KdcClient {
    /// A client of the KDCs in `settings`.
    pub fn new(settings: Arc<Settings>) -> Self {
        Self { settings }
    }

    /// Sends `message` to a KDC of `realm` and returns the first useful reply.
    ///
    /// Small messages go by UDP first (`udp_preference_limit`), larger ones by TCP first; the other transport is tried
    /// after all servers were asked by the first. [`Route::Tcp`] leaves UDP out, [`Route::Primary`] the replicas.
    ///
    /// # Errors
    /// [`Error::NoKdcKnown`] and [`Error::NoPrimaryKnown`] where the configuration is silent; [`Error::Unreachable`]
    /// with every attempt made.
    pub fn exchange(&self, realm: &str, message: &[u8], route: Route) -> Result<Reply, Error> {
        let deadline = Instant::now().checked_add(self.settings.request_timeout());
        let (endpoints, mut tried) = self.endpoints(realm, message.len(), route)?;
        if endpoints.is_empty() {
            return Err(Error::Unreachable {
                realm: realm.to_owned(),
                tried,
            });
        }
        let deadline = deadline.unwrap_or_else(Instant::now);
        match Race::new(message, endpoints, deadline)?.run()? {
            Ok((octets, endpoint)) => Ok(Reply {
                octets,
                primary: endpoint.standing == Standing::Primary,
            }),
            Err(failed) => {
                tried.extend(failed);
                Err(Error::Unreachable {
                    realm: realm.to_owned(),
                    tried,
                })
            }
        }
    }

    /// The endpoints in the order in which they are asked, and the names that have no address.
    fn endpoints(&self, realm: &str, length: usize, route: Route) -> Result<(Vec<Endpoint>, Vec<Tried>), Error> {
        let mut servers = self.settings.kdcs(realm).map_err(Error::Configuration)?;
        if servers.is_empty() {
            return Err(Error::NoKdcKnown {
                realm: realm.to_owned(),
            });
        }
        if let [only] = servers.as_mut_slice() {
            only.primary = true;
        }
        servers.retain(|server| route != Route::Primary || server.primary);
        if servers.is_empty() {
            return Err(Error::NoPrimaryKnown {
                realm: realm.to_owned(),
            });
        }
        let mut tried = Vec::new();
        let mut endpoints = Vec::new();
        for transport in self.preference(length, route) {
            for server in servers.iter().filter(|server| allows(&server.transport, *transport)) {
                match resolve(server) {
                    Ok(addresses) => endpoints.extend(addresses.map(|address| endpoint(server, address, *transport))),
                    Err(error) => tried.push(unresolved(server, *transport, error)),
                }
            }
        }
        endpoints.truncate(ENDPOINT_LIMIT);
        Ok((endpoints, tried))
    }

    fn preference(&self, length: usize, route: Route) -> &'static [Transport] {
        if route == Route::Tcp {
            &[Transport::Tcp]
        } else if length <= self.settings.udp_preference_limit() {
            &[Transport::Udp, Transport::Tcp]
        } else {
            &[Transport::Tcp, Transport::Udp]
        }
    }
}

fn allows(configured: &config::Transport, transport: Transport) -> bool {
    match configured {
        config::Transport::Any => true,
        config::Transport::Udp => transport == Transport::Udp,
        config::Transport::Tcp => transport == Transport::Tcp,
        _ => false,
    }
}

fn resolve(server: &KdcAddress) -> std::io::Result<std::vec::IntoIter<SocketAddr>> {
    (server.host.as_str(), server.port.unwrap_or(KERBEROS_PORT)).to_socket_addrs()
}

fn endpoint(server: &KdcAddress, address: SocketAddr, transport: Transport) -> Endpoint {
    let standing = if server.primary {
        Standing::Primary
    } else {
        Standing::Replica
    };
    Endpoint {
        server: server.host.clone(),
        address,
        transport,
        standing,
    }
}

fn unresolved(server: &KdcAddress, transport: Transport, error: std::io::Error) -> Tried {
    Tried {
        server: server.host.clone(),
        address: None,
        transport,
        failure: Failure::NoAddress(error),
    }
}
