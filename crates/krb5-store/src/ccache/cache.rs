//! What can be done with any cache.

use std::fmt::Debug;
use std::sync::Arc;

use super::config_entry::ConfigEntry;
use super::contents::CacheContents;
use crate::error::Error;
use crate::proto::{Credentials, KerberosTime, Principal};

/// A credential cache, wherever it is kept. Operations block for no longer than a file lock may take.
pub trait CredentialCache: Debug + Send + Sync {
    /// Its name with the type, such as `FILE:/tmp/krb5cc_1000`, which [`resolve`](super::resolve)
    /// understands.
    fn name(&self) -> String;

    /// Everything in it.
    ///
    /// # Errors
    /// [`Error::NoCache`] if it was never initialised, or is destroyed.
    fn read(&self) -> Result<Arc<CacheContents>, Error>;

    /// Puts all of this in the place of what is in it. Readers see the old or the new state.
    ///
    /// # Errors
    /// Where it cannot be written; the old state remains.
    fn replace(&self, contents: &CacheContents) -> Result<(), Error>;

    /// Adds an entry.
    ///
    /// # Errors
    /// [`Error::NoCache`] before the cache is initialised; what keeps it from being written. Nothing
    /// is added then.
    fn store(&self, credentials: &Credentials) -> Result<(), Error>;

    /// Removes the entries for which `unwanted` is true, and says how many.
    ///
    /// # Errors
    /// As [`CredentialCache::store`].
    fn remove(&self, unwanted: &dyn Fn(&Credentials) -> bool) -> Result<usize, Error>;

    /// Removes the cache.
    ///
    /// # Errors
    /// [`Error::NoCache`] if there is none.
    fn destroy(&self) -> Result<(), Error>;

    /// Makes it the primary cache of its [collection](super::CacheCollection), which the collection's name leads to.
    ///
    /// # Errors
    /// [`Error::NotInCollection`] if it belongs to none; what keeps this from being written down.
    fn make_primary(&self) -> Result<(), Error> {
        Err(Error::NotInCollection { name: self.name() })
    }

    /// Sets a [configuration entry](super::ConfigEntry), in the place of what it was before. Setting one again and
    /// again does not make the cache grow.
    ///
    /// # Errors
    /// As [`CredentialCache::store`].
    fn set_config(&self, key: &str, principal: Option<&Principal>, value: &[u8]) -> Result<(), Error> {
        let contents = self.read()?;
        if contents.config(key, principal) == Some(value) {
            return Ok(());
        }
        self.remove(&|entry| ConfigEntry::has_name(entry, key, principal))?;
        let entry = ConfigEntry {
            key: key.to_owned(),
            principal: principal.cloned(),
            value: value.to_vec(),
        };
        self.store(&entry.to_credentials(&contents.principal))
    }

    /// Makes it an empty cache for `principal`, whatever it was before.
    ///
    /// # Errors
    /// As [`CredentialCache::replace`].
    fn initialise(&self, principal: &Principal) -> Result<(), Error> {
        self.replace(&CacheContents::new(principal.clone()))
    }

    /// Whose tickets these are.
    ///
    /// # Errors
    /// As [`CredentialCache::read`].
    fn principal(&self) -> Result<Principal, Error> {
        Ok(self.read()?.principal.clone())
    }

    /// The ticket for `server` that is valid at `now`, if there is one; see [`CacheContents::find`].
    ///
    /// # Errors
    /// As [`CredentialCache::read`].
    fn find(&self, server: &Principal, now: KerberosTime) -> Result<Option<Credentials>, Error> {
        Ok(self.read()?.find(server, now).cloned())
    }

    /// All tickets, without configuration entries.
    ///
    /// # Errors
    /// As [`CredentialCache::read`].
    fn all(&self) -> Result<Vec<Credentials>, Error> {
        Ok(self.read()?.tickets().cloned().collect())
    }
}
