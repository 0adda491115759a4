//! What the DNS says of hosts: their canonical names, the names of their addresses, their realms.
//!
//! Nothing of it is authenticated: whoever forges answers chooses what is believed. All of it is off by default
//! (`dns_canonicalize_hostname`, `rdns`, `dns_lookup_realm`), and callers ask only where it is on.

use std::io;
use std::time::Instant;

use crate::blocking::Blocking;
use crate::io::{Io, finish};
use crate::locate::lookup;
use crate::{KdcClient, LookupError, Record, RecordKind};

impl KdcClient {
    /// The canonical name of a host: where its aliases lead.
    ///
    /// # Errors
    /// That there is none, or that it is not known in time.
    pub fn canonical_name(&self, host: &str) -> io::Result<String> {
        finish(self.canonical_name_over(Blocking, host))
    }

    /// The name that the first address of a host leads back to.
    ///
    /// # Errors
    /// That there is none, or that it is not known in time.
    pub fn reverse_name(&self, host: &str) -> io::Result<String> {
        finish(self.reverse_name_over(Blocking, host))
    }

    /// The realm in the TXT record `_kerberos` of a host, or else of the nearest domain above it that has one.
    ///
    /// # Errors
    /// [`LookupError::NoSuchName`] if there is none, or why that is not known.
    pub fn realm_of_host(&self, host: &str) -> Result<String, LookupError> {
        finish(self.realm_of_host_over(Blocking, host))
    }

    pub(crate) async fn canonical_name_over(&self, io: impl Io, host: &str) -> io::Result<String> {
        let deadline = self.deadline(io);
        let (resolver, host) = (self.names.resolver(), host.to_owned());
        let name = io
            .call(deadline, Box::new(move || resolver.canonical(&host, deadline)))
            .await??;
        Ok(without_dot(&name))
    }

    pub(crate) async fn reverse_name_over(&self, io: impl Io, host: &str) -> io::Result<String> {
        let deadline = self.deadline(io);
        let (resolver, host) = (self.names.resolver(), host.to_owned());
        let find = move || {
            let addresses = resolver.addresses(&host, deadline)?;
            let first = addresses.first().ok_or(io::ErrorKind::NotFound)?;
            resolver.reverse(*first, deadline)
        };
        Ok(without_dot(&io.call(deadline, Box::new(find)).await??))
    }

    pub(crate) async fn realm_of_host_over(&self, io: impl Io, host: &str) -> Result<String, LookupError> {
        let deadline = self.deadline(io);
        let mut domain = Some(host.strip_suffix('.').unwrap_or(host));
        for _ in 0..DOMAINS {
            let Some(name) = domain else { break };
            match self.realm_at(io, name, deadline).await {
                Err(LookupError::NoSuchName) => {}
                found_or_unknown => return found_or_unknown,
            }
            domain = name.split_once('.').map(|(_, parent)| parent);
        }
        Err(LookupError::NoSuchName)
    }

    async fn realm_at(&self, io: impl Io, domain: &str, deadline: Instant) -> Result<String, LookupError> {
        let name = format!("_kerberos.{domain}");
        let records = lookup(io, &self.names, &name, RecordKind::Txt, deadline).await?;
        let realms = records.into_iter().filter_map(|record| match record {
            Record::Txt(realm) => Some(without_dot(realm.trim())),
            Record::Srv { .. } | Record::Uri { .. } => None,
        });
        realms
            .into_iter()
            .find(|realm| !realm.is_empty())
            .ok_or(LookupError::NoSuchName)
    }
}

fn without_dot(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_owned()
}

/// Domains that are asked for a realm, from the host upwards.
const DOMAINS: usize = 16;
