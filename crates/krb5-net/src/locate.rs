//! From a realm to its servers: by the configuration, else by URI records, else by SRV records.

mod order;
mod uri;

use std::sync::Arc;
use std::time::Instant;

use krb5_store::config::{KdcAddress, Settings, Switch};

use crate::client::Names;
use crate::dns;
use crate::endpoint::{Carrier, Server, Standing};
use crate::error::LookedUp;
use crate::io::Io;
use crate::{Destination, Error, LookupError, Record, RecordKind, Route, Service};

/// Asks for one destination's servers.
pub(crate) struct Locator<'a, I> {
    pub(crate) io: I,
    pub(crate) settings: &'a Settings,
    pub(crate) names: &'a Names,
    pub(crate) to: &'a Destination,
    pub(crate) deadline: Instant,
}

impl<I: Io> Locator<'_, I> {
    /// The servers in the order in which they are to be asked; [`SERVERS`] at most, and at least one.
    ///
    /// # Errors
    /// [`Error::NoKdcKnown`], [`Error::NoPrimaryKnown`], [`Error::NoPasswordServerKnown`] with what the DNS was asked;
    /// [`Error::Configuration`].
    pub(crate) async fn servers(&self) -> Result<Vec<Server>, Error> {
        let configured = configured(self.settings, self.to).map_err(Error::Configuration)?;
        let mut asked = Vec::new();
        let mut servers = self.suitable(configured);
        if servers.is_empty() && self.settings.is_on(Switch::DnsLookupKdc) {
            servers = self.by_dns(&mut asked).await;
        }
        if servers.is_empty() {
            return Err(Error::unknown(self.to, asked));
        }
        servers.truncate(SERVERS);
        Ok(servers)
    }

    /// Of several servers only the primary ones, if a primary one is wanted. One alone is primary.
    fn suitable(&self, mut servers: Vec<Server>) -> Vec<Server> {
        if let [only] = servers.as_mut_slice() {
            only.standing = Standing::Primary;
        }
        servers.retain(|server| self.to.route != Route::Primary || server.standing == Standing::Primary);
        servers
    }

    async fn by_dns(&self, asked: &mut Vec<LookedUp>) -> Vec<Server> {
        let services = match self.to.service {
            Service::Kdc => KDC.as_slice(),
            Service::Kpasswd => &KPASSWD,
        };
        if self.settings.is_on(Switch::DnsUriLookup) {
            for service in services {
                let records = self.records(service.name, None, RecordKind::Uri, asked).await;
                let servers = order::by_weight(records).filter_map(|record| uri::server(&record, service.port));
                let servers = self.suitable(servers.take(SERVERS).collect());
                if !servers.is_empty() || is_hopeless(asked) {
                    return servers;
                }
            }
        }
        for service in services {
            let name = match self.to.route {
                Route::Primary => service.primary,
                _ => service.name,
            };
            let mut servers = Vec::new();
            for (protocol, carrier) in service.protocols {
                let records = self.records(name, Some(protocol), RecordKind::Srv, asked).await;
                let found = order::by_weight(records).filter_map(|record| srv(record, service, carrier, self.to.route));
                servers.extend(found.take(SERVERS));
                if is_hopeless(asked) {
                    break;
                }
            }
            if !servers.is_empty() || is_hopeless(asked) {
                return self.suitable(servers);
            }
        }
        Vec::new()
    }

    /// The records of a service, at the realm's site if one is named and has any.
    async fn records(
        &self,
        service: &str,
        protocol: Option<&str>,
        kind: RecordKind,
        asked: &mut Vec<LookedUp>,
    ) -> Vec<Record> {
        let prefix = match protocol {
            Some(protocol) => format!("{service}.{protocol}"),
            None => service.to_owned(),
        };
        let realm = &self.to.realm;
        if let Some(site) = self.settings.sitename(realm) {
            let name = format!("{prefix}.{site}._sites.{realm}");
            let records = self.lookup(name, kind, asked).await;
            if !records.is_empty() || is_hopeless(asked) {
                return records;
            }
        }
        self.lookup(format!("{prefix}.{realm}"), kind, asked).await
    }

    async fn lookup(&self, name: String, kind: RecordKind, asked: &mut Vec<LookedUp>) -> Vec<Record> {
        let result = lookup(self.io, self.names, &name, kind, self.deadline).await;
        let (records, failure) = match result {
            Ok(records) => (records, None),
            Err(failure) => (Vec::new(), Some(failure)),
        };
        tracing::debug!(%name, ?kind, records = records.len(), ?failure, "asked the DNS");
        asked.push(LookedUp { name, kind, failure });
        records
    }
}

/// The KDC that a URI record names.
#[cfg(feature = "fuzzing")]
pub(crate) fn server_of_uri(record: &Record) -> Option<Server> {
    uri::server(record, KERBEROS_PORT)
}

/// The records of a name.
pub(crate) async fn lookup(
    io: impl Io,
    names: &Names,
    name: &str,
    kind: RecordKind,
    deadline: Instant,
) -> Result<Vec<Record>, LookupError> {
    let resolver = match names {
        Names::System(system) => return dns::lookup(io, &system.name_servers(), name, kind, deadline).await,
        Names::Own(resolver) => Arc::clone(resolver),
    };
    let name = name.to_owned();
    let call = io.call(deadline, Box::new(move || resolver.records(&name, kind, deadline)));
    call.await.unwrap_or_else(|error| match error.kind() {
        std::io::ErrorKind::TimedOut => Err(LookupError::TimedOut),
        _ => Err(error.into()),
    })
}

/// No name server answers: further questions would only wait, too.
fn is_hopeless(asked: &[LookedUp]) -> bool {
    let last = asked.last().and_then(|asked| asked.failure.as_ref());
    matches!(last, Some(LookupError::TimedOut | LookupError::NotAName))
}

/// A service's names in the DNS.
struct Named {
    name: &'static str,
    /// Where SRV records of the primary servers alone are.
    primary: &'static str,
    protocols: &'static [(&'static str, Carrier)],
    port: u16,
    /// Whether the port in its records is another service's.
    port_is_foreign: bool,
}

fn configured(settings: &Settings, to: &Destination) -> Result<Vec<Server>, krb5_store::Error> {
    let realm = &to.realm;
    let servers = |addresses: Vec<KdcAddress>, port| -> Vec<Server> {
        addresses
            .into_iter()
            .map(|address| Server::new(address, port))
            .collect()
    };
    match to.service {
        Service::Kdc => Ok(servers(settings.kdcs(realm)?, KERBEROS_PORT)),
        Service::Kpasswd => {
            let named = settings.kpasswd_servers(realm)?;
            if !named.is_empty() {
                return Ok(all_primary(servers(named, KPASSWD_PORT)));
            }
            // The administration server's machine serves passwords too, at that service's port.
            let mut machines = settings.admin_servers(realm)?;
            machines.iter_mut().for_each(|machine| machine.port = None);
            Ok(all_primary(servers(machines, KPASSWD_PORT)))
        }
    }
}

/// Passwords are changed where the database is.
fn all_primary(mut servers: Vec<Server>) -> Vec<Server> {
    servers
        .iter_mut()
        .for_each(|server| server.standing = Standing::Primary);
    servers
}

fn srv(record: Record, service: &Named, carrier: &Carrier, route: Route) -> Option<Server> {
    let Record::Srv { port, target, .. } = record else {
        return None;
    };
    // RFC 2782: the root as the target means that there is decidedly no such service.
    if target.is_empty() {
        return None;
    }
    let is_primary = route == Route::Primary || service.port == KPASSWD_PORT;
    Some(Server {
        host: target,
        port: if service.port_is_foreign { service.port } else { port },
        carrier: carrier.clone(),
        standing: if is_primary {
            Standing::Primary
        } else {
            Standing::Replica
        },
    })
}

/// Servers of one destination, at most.
pub(crate) const SERVERS: usize = 32;
/// RFC 4120 §7.2.1.
const KERBEROS_PORT: u16 = 88;
/// RFC 3244 §2.
const KPASSWD_PORT: u16 = 464;

const KDC: [Named; 1] = [Named {
    name: "_kerberos",
    primary: "_kerberos-master",
    protocols: &[("_udp", Carrier::Udp), ("_tcp", Carrier::Tcp)],
    port: KERBEROS_PORT,
    port_is_foreign: false,
}];

const KPASSWD: [Named; 2] = [
    Named {
        name: "_kpasswd",
        primary: "_kpasswd",
        protocols: &[("_udp", Carrier::Udp), ("_tcp", Carrier::Tcp)],
        port: KPASSWD_PORT,
        port_is_foreign: false,
    },
    Named {
        name: "_kerberos-adm",
        primary: "_kerberos-adm",
        protocols: &[("_tcp", Carrier::Either)],
        port: KPASSWD_PORT,
        port_is_foreign: true,
    },
];
