//! Several caches, of which one is the primary one.

use std::fmt::Debug;
use std::sync::Arc;

use super::cache::CredentialCache;
use super::contents::CacheContents;
use crate::error::Error;
use crate::proto::Principal;

/// A collection of credential caches, usually one for each client principal.
///
/// The name of the collection leads to its primary cache; [`CredentialCache::make_primary`] switches. A type that keeps
/// single caches only, such as `FILE`, and the name of one cache of a collection (`DIR::/home/me/tickets/tkt1`) are
/// collections of one.
pub trait CacheCollection: Debug + Send + Sync {
    /// Its name with the type, such as `DIR:/home/me/tickets`.
    fn name(&self) -> String;

    /// The caches that are initialised: the primary one first, if it is, then the others by name.
    ///
    /// # Errors
    /// What keeps them from being listed. One that cannot be read is listed all the same, and tells why when it is read.
    fn caches(&self) -> Result<Vec<Arc<dyn CredentialCache>>, Error>;

    /// The primary cache, which need not be initialised yet.
    ///
    /// # Errors
    /// What keeps it from being found out.
    fn primary(&self) -> Result<Arc<dyn CredentialCache>, Error>;

    /// Makes a new cache under a name that no other has. The primary cache remains what it is.
    ///
    /// # Errors
    /// [`Error::NoCollection`] if this is a single cache; what keeps it from being written.
    fn create(&self, contents: &CacheContents) -> Result<Arc<dyn CredentialCache>, Error>;

    /// The cache whose tickets are `client`'s; the primary one, if it is one of several. Caches that cannot be read are
    /// nobody's.
    ///
    /// # Errors
    /// As [`CacheCollection::caches`].
    fn find(&self, client: &Principal) -> Result<Option<Arc<dyn CredentialCache>>, Error> {
        let is_theirs = |cache: &Arc<dyn CredentialCache>| cache.principal().is_ok_and(|owner| owner == *client);
        Ok(self.caches()?.into_iter().find(is_theirs))
    }

    /// Puts tickets where they belong, as MIT's kinit does: in the place of those that the same client had, else into
    /// the primary cache if it is not initialised, else into a new one. A single cache is replaced, whosever it was.
    ///
    /// # Errors
    /// What keeps them from being written.
    fn keep(&self, contents: &CacheContents) -> Result<Arc<dyn CredentialCache>, Error> {
        let cache = match self.find(&contents.principal)? {
            Some(theirs) => theirs,
            None => {
                let primary = self.primary()?;
                if !matches!(primary.read(), Err(Error::NoCache { .. })) {
                    match self.create(contents) {
                        Err(Error::NoCollection { .. }) => {}
                        other => return other,
                    }
                }
                primary
            }
        };
        cache.replace(contents)?;
        Ok(cache)
    }
}

/// One cache as a collection.
#[derive(Debug)]
pub(super) struct Single(pub(super) Arc<dyn CredentialCache>);

impl CacheCollection for Single {
    fn name(&self) -> String {
        self.0.name()
    }

    fn caches(&self) -> Result<Vec<Arc<dyn CredentialCache>>, Error> {
        match self.0.read() {
            Err(Error::NoCache { .. }) => Ok(Vec::new()),
            _ => Ok(vec![Arc::clone(&self.0)]),
        }
    }

    fn primary(&self) -> Result<Arc<dyn CredentialCache>, Error> {
        Ok(Arc::clone(&self.0))
    }

    fn create(&self, _contents: &CacheContents) -> Result<Arc<dyn CredentialCache>, Error> {
        Err(Error::NoCollection { name: self.name() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ccache::MemoryCache;
    use crate::ccache::fixture::principal;

    #[test]
    fn a_single_cache_is_listed_once_it_is_initialised_and_stays_alone() {
        let cache = Arc::new(MemoryCache::new());
        let single = Single(cache.clone());
        assert!(single.caches().unwrap().is_empty());
        cache.initialise(&principal("alice@R")).unwrap();
        assert_eq!(single.caches().unwrap().len(), 1);
        assert_eq!(single.name(), single.primary().unwrap().name());
        let other = CacheContents::new(principal("bob@R"));
        assert!(matches!(single.create(&other), Err(Error::NoCollection { .. })));
        single.keep(&other).unwrap();
        assert_eq!(cache.principal().unwrap(), principal("bob@R"));
        assert!(matches!(cache.make_primary(), Err(Error::NotInCollection { .. })));
    }
}
