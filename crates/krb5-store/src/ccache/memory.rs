//! Caches in memory.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::cache::CredentialCache;
use super::contents::CacheContents;
use crate::error::Error;
use crate::proto::Credentials;

/// A cache in memory: a value of its own, or one of those that the process knows by name.
#[derive(Debug)]
pub struct MemoryCache {
    name: String,
    contents: Mutex<Option<Arc<CacheContents>>>,
}

impl MemoryCache {
    /// A new cache, not initialised, that no name leads to.
    #[must_use]
    pub fn new() -> Self {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        Self::with_name(format!("MEMORY:{number} (unnamed)"))
    }

    /// The cache that this process knows as `MEMORY:` and `name`; not initialised if it is new. It
    /// lives until it is destroyed.
    #[must_use]
    pub fn named(name: &str) -> Arc<Self> {
        let mut registry = lock(&REGISTRY);
        let cache = registry
            .entry(name.to_owned())
            .or_insert_with(|| Arc::new(Self::with_name(format!("{SCHEME}{name}"))));
        Arc::clone(cache)
    }

    fn with_name(name: String) -> Self {
        Self {
            name,
            contents: Mutex::new(None),
        }
    }

    fn missing(&self) -> Error {
        Error::NoCache {
            name: self.name.clone(),
        }
    }

    /// Changes a copy, so that readers keep what they have.
    fn change<T>(&self, change: impl FnOnce(&mut CacheContents) -> T) -> Result<T, Error> {
        let mut contents = lock(&self.contents);
        let current = contents.as_mut().ok_or_else(|| self.missing())?;
        Ok(change(Arc::make_mut(current)))
    }

    /// Makes the name free for another cache.
    fn forget(&self) {
        let Some(name) = self.name.strip_prefix(SCHEME) else {
            return;
        };
        let mut registry = lock(&REGISTRY);
        if registry
            .get(name)
            .is_some_and(|cache| std::ptr::eq(Arc::as_ptr(cache), self))
        {
            registry.remove(name);
        }
    }
}

impl Default for MemoryCache {
    fn default() -> Self {
        Self::new()
    }
}

impl CredentialCache for MemoryCache {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn read(&self) -> Result<Arc<CacheContents>, Error> {
        lock(&self.contents).clone().ok_or_else(|| self.missing())
    }

    fn replace(&self, contents: &CacheContents) -> Result<(), Error> {
        *lock(&self.contents) = Some(Arc::new(contents.clone()));
        Ok(())
    }

    fn store(&self, credentials: &Credentials) -> Result<(), Error> {
        self.change(|contents| contents.credentials.push(credentials.clone()))
    }

    fn remove(&self, unwanted: &dyn Fn(&Credentials) -> bool) -> Result<usize, Error> {
        self.change(|contents| {
            let before = contents.credentials.len();
            contents.credentials.retain(|credentials| !unwanted(credentials));
            before.saturating_sub(contents.credentials.len())
        })
    }

    fn destroy(&self) -> Result<(), Error> {
        self.forget();
        lock(&self.contents).take().map(drop).ok_or_else(|| self.missing())
    }
}

/// A panic elsewhere leaves whole values behind, so a poisoned lock is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const SCHEME: &str = "MEMORY:";
static REGISTRY: Mutex<BTreeMap<String, Arc<MemoryCache>>> = Mutex::new(BTreeMap::new());
static COUNTER: AtomicU64 = AtomicU64::new(0);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ccache::fixture::{credentials, principal};

    #[test]
    fn a_name_leads_to_one_cache_until_it_is_destroyed() {
        let first = MemoryCache::named("one cache");
        first.initialise(&principal("alice@R")).unwrap();
        let second = MemoryCache::named("one cache");
        assert_eq!(second.principal().unwrap(), principal("alice@R"));
        second.destroy().unwrap();
        assert!(matches!(first.read(), Err(Error::NoCache { .. })));
        assert!(matches!(
            MemoryCache::named("one cache").read(),
            Err(Error::NoCache { .. })
        ));
    }

    #[test]
    fn a_destroyed_handle_does_not_take_the_name_from_its_successor() {
        let old = MemoryCache::named("successor");
        old.initialise(&principal("alice@R")).unwrap();
        old.destroy().unwrap();
        let new = MemoryCache::named("successor");
        new.initialise(&principal("bob@R")).unwrap();
        assert!(old.destroy().is_err());
        assert_eq!(MemoryCache::named("successor").principal().unwrap(), principal("bob@R"));
        new.destroy().unwrap();
    }

    #[test]
    fn unnamed_caches_are_apart() {
        let (one, two) = (MemoryCache::new(), MemoryCache::default());
        one.initialise(&principal("alice@R")).unwrap();
        assert!(two.read().is_err());
        assert_ne!(one.name(), two.name());
    }

    #[test]
    fn f6_readers_keep_what_they_read_when_the_cache_changes() {
        let cache = MemoryCache::new();
        cache.initialise(&principal("alice@R")).unwrap();
        cache.store(&credentials("host/a@R", 100)).unwrap();
        let read = cache.read().unwrap();
        cache.store(&credentials("host/b@R", 100)).unwrap();
        cache.destroy().unwrap();
        assert_eq!(read.credentials.len(), 1);
    }

    #[test]
    fn entries_are_added_found_and_removed() {
        let cache = MemoryCache::new();
        assert!(cache.store(&credentials("host/a@R", 100)).is_err());
        cache.initialise(&principal("alice@R")).unwrap();
        cache.store(&credentials("host/a@R", 100)).unwrap();
        cache.store(&credentials("host/b@R", 100)).unwrap();
        let server = principal("host/a@R");
        assert!(cache.find(&server, crate::proto::KerberosTime(50)).unwrap().is_some());
        assert_eq!(cache.remove(&|entry| entry.server == server).unwrap(), 1);
        assert!(cache.find(&server, crate::proto::KerberosTime(50)).unwrap().is_none());
        assert_eq!(cache.all().unwrap().len(), 1);
    }
}
