//! The caches of a collection.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use super::cache::{KeyringCache, PRIMARY};
use super::kernel::Ring;
use super::name::KeyringName;
use super::payload;
use crate::ccache::{CacheCollection, CacheContents, CredentialCache};
use crate::error::{Error, KeyringFault};

/// The caches of one of the kernel's keyrings, `KEYRING:ANCHOR:COLLECTION`.
#[derive(Clone, Debug)]
pub struct KeyringCollection {
    name: KeyringName,
}

impl KeyringCollection {
    /// The collection of this name; it need not exist yet.
    #[must_use]
    pub fn new(name: KeyringName) -> Self {
        Self { name }
    }

    fn cache(&self, name: &str) -> KeyringCache {
        KeyringCache::new(self.name.clone(), name)
    }

    fn error(&self, fault: KeyringFault) -> Error {
        Error::Keyring {
            name: self.name(),
            fault,
        }
    }

    fn primary_name(&self) -> Result<String, KeyringFault> {
        let key = match Ring::of_collection(&self.name)? {
            Some(ring) => ring.key(PRIMARY)?,
            None => None,
        };
        let payload = key.map(|key| key.payload()).transpose()?.flatten();
        match payload {
            Some(payload) => payload::read_primary(&payload)
                .map(str::to_owned)
                .map_err(KeyringFault::Malformed),
            None => Ok(self.name.first_cache().to_owned()),
        }
    }

    /// The names of the keyrings in it.
    fn names(&self) -> Result<Vec<String>, KeyringFault> {
        let Some(ring) = Ring::of_collection(&self.name)? else {
            return Ok(Vec::new());
        };
        let mut names = Vec::new();
        for member in ring.members()? {
            names.extend(member.name_of_ring()?);
        }
        names.sort();
        Ok(names)
    }
}

impl CacheCollection for KeyringCollection {
    fn name(&self) -> String {
        self.name.to_string()
    }

    fn caches(&self) -> Result<Vec<Arc<dyn CredentialCache>>, Error> {
        let primary = self.primary_name().map_err(|fault| self.error(fault))?;
        let mut names = self.names().map_err(|fault| self.error(fault))?;
        if !names.contains(&primary) {
            // It may be one that a program made which knows no collections.
            names.push(primary.clone());
        }
        names.sort_by_key(|name| *name != primary);
        let all = names.iter().map(|name| self.cache(name));
        let initialised = all.filter(|cache| !matches!(cache.principal(), Err(Error::NoCache { .. })));
        Ok(initialised
            .map(|cache| -> Arc<dyn CredentialCache> { Arc::new(cache) })
            .collect())
    }

    fn primary(&self) -> Result<Arc<dyn CredentialCache>, Error> {
        let name = self.primary_name().map_err(|fault| self.error(fault))?;
        Ok(Arc::new(self.cache(&name)))
    }

    fn create(&self, contents: &CacheContents) -> Result<Arc<dyn CredentialCache>, Error> {
        let taken = self.names().map_err(|fault| self.error(fault))?;
        let mut name = unused_name();
        while taken.contains(&name) {
            name = unused_name();
        }
        let cache = self.cache(&name);
        cache.replace(contents)?;
        Ok(Arc::new(cache))
    }
}

/// What MIT makes too. It is no secret, and must only be seldom that of another.
fn unused_name() -> String {
    let random = RandomState::new().hash_one(std::process::id());
    format!("krb_ccache_{:08x}", random >> 32)
}

#[cfg(test)]
mod tests;
