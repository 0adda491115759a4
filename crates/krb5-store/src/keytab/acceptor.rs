//! Keys for tickets.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::format::{Keytab, KeytabEntry};
use super::service_name::ServiceName;
use super::source::KeySource;
use crate::config::Settings;
use crate::error::Error;
use crate::proto::crypto::{CryptoProvider, Key};
use crate::proto::error::EtypeNumbers;
use crate::proto::{FoundKey, KeyLookup, KeyLookupError, LookupFailure, Principal};

/// The keys of a keytab, for an acceptor of a certain name.
///
/// The keytab is read at each look-up, so that a new one counts at once; a file that has not changed is
/// not read again, and keys keep what is derived from them.
///
/// * An acceptor of one exact principal tries the keys of that principal that have the ticket's
///   encryption type and version, whatever name the ticket has: it may be an alias.
/// * Any other acceptor tries all keys of matching principals that have the ticket's encryption type:
///   first those of the ticket's own server, and of these first those of the ticket's version.
#[derive(Debug)]
pub struct Acceptor {
    source: Arc<dyn KeySource>,
    name: ServiceName,
    settings: Settings,
    provider: &'static CryptoProvider,
    /// The keys made from the last keytab, by the place of their octets.
    prepared: Mutex<Prepared>,
}

#[derive(Debug, Default)]
struct Prepared {
    /// Keeps the octets where they are.
    keytab: Arc<Keytab>,
    keys: HashMap<usize, Arc<Key>>,
}

/// What a ticket asks for.
struct Wanted<'a> {
    server: &'a Principal,
    kvno: Option<u32>,
    etype: i32,
}

impl Acceptor {
    /// An acceptor of this name, or of any name, with these keys. `settings` may say that hosts do not
    /// matter.
    #[must_use]
    pub fn new(
        source: Arc<dyn KeySource>,
        name: Option<ServiceName>,
        settings: &Settings,
        provider: &'static CryptoProvider,
    ) -> Self {
        Self {
            source,
            name: name.unwrap_or_default(),
            settings: settings.clone(),
            provider,
            prepared: Mutex::default(),
        }
    }

    /// The name that it accepts for.
    #[must_use]
    pub fn service_name(&self) -> &ServiceName {
        &self.name
    }

    /// The entries that it may use.
    fn usable<'a>(&self, keytab: &'a Keytab) -> Vec<&'a KeytabEntry> {
        let usable = |entry: &&KeytabEntry| self.name.matches(&entry.principal, &self.settings);
        keytab.entries.iter().filter(usable).collect()
    }

    /// The entries to try, best first.
    fn candidates<'a>(&self, keytab: &'a Keytab, wanted: &Wanted<'_>) -> Vec<&'a KeytabEntry> {
        let mut usable = self.usable(keytab);
        if let ServiceName::Principal(_) = self.name {
            usable = of_version(usable, wanted.kvno);
        }
        usable.retain(|entry| entry.key.keytype == wanted.etype);
        usable.sort_by_key(|entry| Reverse(wanted.fit(entry)));
        usable
    }

    /// Why no key decrypts the ticket.
    fn explain(&self, keytab: &Keytab, wanted: &Wanted<'_>) -> LookupFailure {
        if keytab.entries.is_empty() {
            return LookupFailure::Empty;
        }
        let mut own = self.usable(keytab);
        if !matches!(self.name, ServiceName::Principal(_)) {
            own.retain(|entry| entry.principal == *wanted.server);
        }
        if own.is_empty() && self.name.matches(wanted.server, &self.settings) {
            return LookupFailure::Principal;
        }
        if own.is_empty() {
            return LookupFailure::NotUs;
        }
        let own = of_version(own, wanted.kvno);
        if own.is_empty() {
            return LookupFailure::Version;
        }
        if own.iter().all(|entry| entry.key.keytype != wanted.etype) {
            return LookupFailure::Etype;
        }
        LookupFailure::Undecipherable
    }

    /// The key of an entry of `keytab`, made once.
    fn key(&self, keytab: &Arc<Keytab>, entry: &KeytabEntry) -> Option<Arc<Key>> {
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&prepared.keytab, keytab) {
            *prepared = Prepared {
                keytab: Arc::clone(keytab),
                keys: HashMap::new(),
            };
        }
        let place = Arc::as_ptr(&entry.key).addr();
        if let Some(key) = prepared.keys.get(&place) {
            return Some(Arc::clone(key));
        }
        let key = Arc::new(entry.key.to_key(self.provider).ok()?);
        prepared.keys.insert(place, Arc::clone(&key));
        Some(key)
    }

    fn failed(&self, failure: LookupFailure, wanted: &Wanted<'_>, keytab: &Keytab) -> Box<KeyLookupError> {
        let exact = matches!(self.name, ServiceName::Principal(_));
        let mut found = self.usable(keytab);
        if !exact && found.iter().any(|entry| entry.principal == *wanted.server) {
            found.retain(|entry| entry.principal == *wanted.server);
        }
        if found.is_empty() {
            found = keytab.entries.iter().collect();
        }
        Box::new(KeyLookupError {
            failure,
            place: self.source.name(),
            server: wanted.server.clone(),
            kvno: wanted.kvno,
            etype: wanted.etype,
            found: found.into_iter().map(found_key).collect(),
        })
    }

    fn unreadable(&self, error: Error, wanted: &Wanted<'_>) -> Box<KeyLookupError> {
        self.failed(LookupFailure::Unreadable(Arc::new(error)), wanted, &Keytab::default())
    }
}

impl KeyLookup for Acceptor {
    fn keys(&self, server: &Principal, kvno: Option<u32>, etype: i32) -> Result<Vec<Arc<Key>>, Box<KeyLookupError>> {
        let named = self.named_keys(server, kvno, etype)?;
        Ok(named.into_iter().map(|(_, key)| key).collect())
    }

    fn named_keys(
        &self,
        server: &Principal,
        kvno: Option<u32>,
        etype: i32,
    ) -> Result<Vec<(Principal, Arc<Key>)>, Box<KeyLookupError>> {
        let wanted = Wanted { server, kvno, etype };
        let keytab = self.source.read().map_err(|error| self.unreadable(error, &wanted))?;
        let entries = self.candidates(&keytab, &wanted).into_iter();
        let keys: Vec<(Principal, Arc<Key>)> = entries
            .filter_map(|entry| Some((entry.principal.clone(), self.key(&keytab, entry)?)))
            .collect();
        tracing::debug!(
            keytab = %self.source.name(),
            %server,
            kvno,
            enctype = %EtypeNumbers(vec![etype]),
            keys = keys.len(),
            "looked for the ticket's keys"
        );
        if keys.is_empty() {
            return Err(self.failed(self.explain(&keytab, &wanted), &wanted, &keytab));
        }
        Ok(keys)
    }

    /// Keys of other versions and other principals are tried too, so that their failure may only mean
    /// that the right one is not there.
    fn undecipherable(&self, server: &Principal, kvno: Option<u32>, etype: i32) -> Box<KeyLookupError> {
        let wanted = Wanted { server, kvno, etype };
        match self.source.read() {
            Ok(keytab) => self.failed(self.explain(&keytab, &wanted), &wanted, &keytab),
            Err(error) => self.unreadable(error, &wanted),
        }
    }
}

impl Keytab {
    /// The keys of `principal` of its newest version, one of each encryption type, in the order of the
    /// file. The entry that was written last has the newest version, since version numbers may wrap
    /// around. Types that are not supported are left out.
    #[must_use]
    pub fn newest_keys(&self, principal: &Principal, provider: &'static CryptoProvider) -> Vec<Arc<Key>> {
        let own = || self.entries.iter().filter(|entry| entry.principal == *principal);
        let Some(newest) = own().max_by_key(|entry| (entry.timestamp, entry.kvno)) else {
            return Vec::new();
        };
        let mut seen: Vec<i32> = Vec::new();
        let mut keys = Vec::new();
        for entry in own().filter(|entry| entry.kvno == newest.kvno) {
            if !seen.contains(&entry.key.keytype)
                && let Ok(key) = entry.key.to_key(provider)
            {
                seen.push(entry.key.keytype);
                keys.push(Arc::new(key));
            }
        }
        tracing::debug!(%principal, kvno = newest.kvno, enctypes = %EtypeNumbers(seen), "took the newest keys of a keytab");
        keys
    }
}

impl Wanted<'_> {
    /// How well an entry fits: own name, then version, then exactly that version, then age.
    fn fit(&self, entry: &KeytabEntry) -> (bool, bool, bool, u32) {
        let version = self.kvno.is_some_and(|kvno| entry.has_kvno(kvno));
        (
            entry.principal == *self.server,
            version,
            self.kvno == Some(entry.kvno),
            entry.kvno,
        )
    }
}

/// The entries of that version: exactly that, or else those that may be it.
fn of_version(entries: Vec<&KeytabEntry>, kvno: Option<u32>) -> Vec<&KeytabEntry> {
    let Some(kvno) = kvno else {
        return entries;
    };
    let (exact, others): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| entry.kvno == kvno);
    let inexact = others.into_iter().filter(|entry| entry.has_kvno(kvno));
    exact.into_iter().chain(inexact).collect()
}

fn found_key(entry: &KeytabEntry) -> FoundKey {
    FoundKey {
        principal: entry.principal.clone(),
        kvno: entry.kvno,
        etype: entry.key.keytype,
    }
}

#[cfg(test)]
mod tests;
