//! What is rarely looked at: addresses, types of authorization data, settings of the cache.

use std::collections::BTreeMap;
use std::net::IpAddr;

use krb5_net::KdcClient;
use krb5_proto::messages::{HostAddress, Ticket};
use krb5_proto::{Component, Credentials, Principal};
use krb5_store::ccache::{CacheContents, ConfigEntry};
use serde::Serialize;

use crate::commands::kerberos::Local;

/// How addresses are told.
pub(super) enum Addresses {
    /// As numbers.
    Numeric,
    /// By the names that the DNS has for them. Each is asked for once.
    Named {
        network: KdcClient,
        known: BTreeMap<IpAddr, String>,
    },
}

impl Addresses {
    /// By their names, as the system finds them.
    pub(super) fn named(local: &Local) -> Self {
        Self::Named {
            network: KdcClient::new(local.settings().clone()).with_variables(gss::variable),
            known: BTreeMap::new(),
        }
    }

    /// All of a ticket's.
    pub(super) fn of(&mut self, ticket: &Credentials) -> String {
        if ticket.addresses.is_empty() {
            return "(none)".to_owned();
        }
        let all: Vec<_> = ticket.addresses.iter().map(|address| self.told(address)).collect();
        all.join(", ")
    }

    fn told(&mut self, address: &HostAddress) -> String {
        let Some(ip) = ip(address) else { return numeric(address) };
        match self {
            Self::Numeric => ip.to_string(),
            Self::Named { network, known } => {
                let ask = || {
                    let named = network.reverse_name(&ip.to_string());
                    named.unwrap_or_else(|_| ip.to_string())
                };
                known.entry(ip).or_insert_with(ask).clone()
            }
        }
    }
}

/// An address without the help of a name server.
pub(super) fn numeric(address: &HostAddress) -> String {
    if let Some(ip) = ip(address) {
        return ip.to_string();
    }
    let octets = address.address.as_bytes();
    match address.addr_type {
        NETBIOS if octets.len() == NETBIOS_LEN => {
            // The last octet says what the name is of.
            let name = octets.split_last().map_or(octets, |(_, name)| name).trim_ascii_end();
            Component::from(name).to_string()
        }
        kind => format!("type {kind}: {}", hex::encode(octets)),
    }
}

fn ip(address: &HostAddress) -> Option<IpAddr> {
    let octets = address.address.as_bytes();
    match address.addr_type {
        INET => <[u8; 4]>::try_from(octets).ok().map(IpAddr::from),
        INET6 => <[u8; 16]>::try_from(octets).ok().map(IpAddr::from),
        _ => None,
    }
}

/// The types of authorization data that were asked for.
pub(super) fn ad_types(ticket: &Credentials) -> String {
    let types: Vec<_> = ticket.authdata.iter().map(|entry| entry.ad_type.to_string()).collect();
    types.join(", ")
}

/// Whom a ticket is for by what it says itself, where the cache has it by another name, as after a referral.
pub(super) fn other_server(ticket: &Credentials, inner: Option<&Ticket>) -> Option<Principal> {
    let inner = inner.map(|inner| Principal::new(inner.realm.clone(), inner.sname.clone()))?;
    (inner != ticket.server).then_some(inner)
}

/// A setting that a cache keeps among its tickets.
#[derive(Debug, Serialize)]
pub(super) struct Setting {
    key: String,
    principal: Option<String>,
    value: String,
}

impl Setting {
    /// Those of a cache, as they are there.
    pub(super) fn all(contents: &CacheContents) -> impl Iterator<Item = Self> {
        let settings = contents
            .credentials
            .iter()
            .filter(|entry| ConfigEntry::is_config(entry));
        settings.map(|entry| {
            let mut names = entry.server.name.components.iter().skip(1).map(ToString::to_string);
            Self {
                key: names.next().unwrap_or_default(),
                principal: names.next(),
                value: Component::from(entry.ticket.as_slice()).to_string(),
            }
        })
    }

    /// As MIT's klist has it.
    pub(super) fn line(&self) -> String {
        let about = self.principal.as_ref().map(|principal| format!("({principal})"));
        format!("config: {}{} = {}", self.key, about.unwrap_or_default(), self.value)
    }
}

/// Address types, RFC 4120 §7.5.3.
const INET: i32 = 2;
const NETBIOS: i32 = 20;
const INET6: i32 = 24;
/// Octets in a NetBIOS address, RFC 4120 §7.5.3.
const NETBIOS_LEN: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn address(addr_type: i32, octets: &[u8]) -> HostAddress {
        HostAddress {
            addr_type,
            address: octets.into(),
        }
    }

    #[test]
    fn addresses_of_all_kinds_are_told_and_malformed_ones_too() {
        let mut loopback = [0; 16];
        loopback[15] = 1;
        for (kind, octets, told) in [
            (INET, &[127, 0, 0, 1][..], "127.0.0.1"),
            (INET6, &loopback, "::1"),
            (NETBIOS, b"DESKTOP        \x20", "DESKTOP"),
            (NETBIOS, b"A\x1b[2J          \x20", "A\\x1b[2J"),
            (INET, &[127, 0, 0], "type 2: 7f0000"),
            (NETBIOS, b"", "type 20: "),
            (-1, &[1], "type -1: 01"),
        ] {
            assert_eq!(numeric(&address(kind, octets)), told);
        }
    }
}
