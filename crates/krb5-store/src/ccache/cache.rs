//! What can be done with any cache.

use std::fmt::Debug;
use std::sync::Arc;

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
