//! The principals and their keys, in memory.

mod entry;

use std::collections::HashMap;
use std::collections::hash_map;

use krb5_crypto::{CryptoProvider, Enctype};
use krb5_proto::{Principal, PrincipalName, Realm};

pub use entry::{Attribute, NewPrincipal};
pub(crate) use entry::{Entry, FromPassword, LongTermKey};

use crate::Error;

/// The principals of one realm.
///
/// There is no removal and no change: what a KDC for tests serves is settled when it is built.
#[derive(Debug)]
pub(crate) struct Database {
    realm: Realm,
    entries: HashMap<PrincipalName, Entry>,
}

impl Database {
    pub(crate) fn new(realm: Realm) -> Self {
        Self {
            realm,
            entries: HashMap::new(),
        }
    }

    /// Makes the keys of `new` and adds it.
    ///
    /// # Errors
    /// Those of its name and its keys; [`Error::Duplicate`].
    pub(crate) fn add(
        &mut self,
        provider: &'static CryptoProvider,
        new: NewPrincipal,
        enctypes: &[Enctype],
    ) -> Result<(), Error> {
        let principal = self.parse(&new.name)?;
        match self.entries.entry(principal.name.clone()) {
            hash_map::Entry::Occupied(_) => Err(Error::Duplicate(Box::new(principal))),
            hash_map::Entry::Vacant(free) => {
                free.insert(new.into_entry(provider, &principal, enctypes)?);
                Ok(())
            }
        }
    }

    /// The entry of that name, which is in this realm.
    pub(crate) fn find(&self, name: &PrincipalName) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// The entry that `text` names, with or without the realm.
    ///
    /// # Errors
    /// [`Error::Principal`], [`Error::ForeignRealm`], [`Error::UnknownPrincipal`].
    pub(crate) fn named(&self, text: &str) -> Result<&Entry, Error> {
        let principal = self.parse(text)?;
        self.find(&principal.name)
            .ok_or_else(|| Error::UnknownPrincipal(Box::new(principal)))
    }

    /// All entries, in no particular order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    fn parse(&self, text: &str) -> Result<Principal, Error> {
        let principal = Principal::parse(text, Some(&self.realm)).map_err(|source| Error::Principal {
            text: text.to_owned(),
            source,
        })?;
        if principal.realm == self.realm {
            return Ok(principal);
        }
        Err(Error::ForeignRealm {
            principal: Box::new(principal),
            realm: self.realm.clone(),
        })
    }
}
