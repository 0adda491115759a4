//! The principals and their keys, in memory.

mod entry;
mod keys;

use std::collections::HashMap;
use std::collections::hash_map;
use std::sync::{Arc, PoisonError, RwLock};

use krb5_crypto::{CryptoProvider, Enctype, Secret};
use krb5_proto::{Principal, PrincipalName, Realm};

pub(crate) use entry::Entry;
pub use entry::{Attribute, NewPrincipal, OldKeys};
pub(crate) use keys::{FromPassword, LongTermKey};

use crate::Error;

/// The principals of one realm, and its ticket-granting services in others' names: `krbtgt/REALM@OTHER`.
///
/// There is no removal, and no change but that of keys: what a KDC for tests serves is settled when it is built.
#[derive(Debug)]
pub(crate) struct Database {
    realm: Realm,
    /// Replaced whole, so that no lock is held while a request is answered.
    entries: RwLock<HashMap<Principal, Arc<Entry>>>,
    aliases: HashMap<PrincipalName, Principal>,
}

impl Database {
    pub(crate) fn new(realm: Realm) -> Self {
        Self {
            realm,
            entries: RwLock::default(),
            aliases: HashMap::new(),
        }
    }

    /// Makes the keys of `new` and adds it, with its aliases.
    ///
    /// # Errors
    /// Those of its names and its keys; [`Error::Duplicate`].
    pub(crate) fn add(
        &mut self,
        provider: &'static CryptoProvider,
        new: NewPrincipal,
        enctypes: &[Enctype],
    ) -> Result<(), Error> {
        let principal = self.parse(&new.name)?;
        for alias in &new.aliases {
            let alias = self.parse(alias)?;
            let known = self.named(&alias).is_some();
            if known || self.aliases.insert(alias.name.clone(), principal.clone()).is_some() {
                return Err(Error::Duplicate(Box::new(alias)));
            }
        }
        if self.aliases.contains_key(&principal.name) {
            return Err(Error::Duplicate(Box::new(principal)));
        }
        let entries = self.entries.get_mut().unwrap_or_else(PoisonError::into_inner);
        match entries.entry(principal.clone()) {
            hash_map::Entry::Occupied(_) => Err(Error::Duplicate(Box::new(principal))),
            hash_map::Entry::Vacant(free) => {
                free.insert(Arc::new(new.into_entry(provider, &principal, enctypes)?));
                Ok(())
            }
        }
    }

    /// The entry of that very name.
    pub(crate) fn named(&self, principal: &Principal) -> Option<Arc<Entry>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.get(principal).cloned()
    }

    /// The entry in this realm that has `name` among its aliases.
    pub(crate) fn alias(&self, name: &PrincipalName) -> Option<Arc<Entry>> {
        self.aliases.get(name).and_then(|principal| self.named(principal))
    }

    /// The entry that `text` names, with or without the realm.
    ///
    /// # Errors
    /// [`Error::Principal`], [`Error::ForeignRealm`], [`Error::UnknownPrincipal`].
    pub(crate) fn find(&self, text: &str) -> Result<Arc<Entry>, Error> {
        let principal = self.parse(text)?;
        self.named(&principal)
            .ok_or_else(|| Error::UnknownPrincipal(Box::new(principal)))
    }

    /// Gives the principal that `text` names new keys, from `password` or else random, and returns their version.
    ///
    /// # Errors
    /// As [`find`](Self::find), and [`Error::Key`].
    pub(crate) fn change_keys(
        &self,
        provider: &'static CryptoProvider,
        text: &str,
        password: Option<Secret>,
        old: OldKeys,
    ) -> Result<u32, Error> {
        let principal = self.parse(text)?;
        let unknown = || Error::UnknownPrincipal(Box::new(principal.clone()));
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get_mut(&principal).ok_or_else(unknown)?;
        *entry = Arc::new(entry.with_new_keys(provider, password, old)?);
        Ok(entry.kvno())
    }

    /// All entries, in no particular order.
    pub(crate) fn entries(&self) -> Vec<Arc<Entry>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.values().cloned().collect()
    }

    fn parse(&self, text: &str) -> Result<Principal, Error> {
        let principal = Principal::parse(text, Some(&self.realm)).map_err(|source| Error::Principal {
            text: text.to_owned(),
            source,
        })?;
        let ours = principal.realm == self.realm || principal.name.granting_realm().as_ref() == Some(&self.realm);
        if ours {
            return Ok(principal);
        }
        Err(Error::ForeignRealm {
            principal: Box::new(principal),
            realm: self.realm.clone(),
        })
    }
}
