//! Caches in memory.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};

use super::cache::CredentialCache;
use super::collection::CacheCollection;
use super::contents::CacheContents;
use crate::error::Error;
use crate::proto::{Credentials, Principal};

/// A cache in memory: a value of its own, or one of a [`MemoryCollection`].
#[derive(Debug)]
pub struct MemoryCache {
    /// With the type; what it is called in its collection, if it belongs to one.
    name: String,
    collection: Weak<Shared>,
    contents: Mutex<Option<Arc<CacheContents>>>,
}

/// Caches in memory that have names: those that the process knows as `MEMORY:` and a name, or a collection of its own,
/// whose names mean nothing elsewhere.
#[derive(Clone, Debug, Default)]
pub struct MemoryCollection {
    shared: Arc<Shared>,
    primary: Option<String>,
}

#[derive(Debug, Default)]
struct Shared(Mutex<Named>);

#[derive(Debug, Default)]
struct Named {
    caches: BTreeMap<String, Arc<MemoryCache>>,
    primary: String,
}

impl MemoryCache {
    /// A new cache, not initialised, that no name leads to.
    #[must_use]
    pub fn new() -> Self {
        Self::of(format!("{} (unnamed)", unused_name()), Weak::new())
    }

    /// The cache that this process knows as `MEMORY:` and `name`; not initialised if it is new. It
    /// lives until it is destroyed.
    #[must_use]
    pub fn named(name: &str) -> Arc<Self> {
        MemoryCollection::of_process().cache(name)
    }

    fn of(name: String, collection: Weak<Shared>) -> Self {
        Self {
            name: format!("{SCHEME}{name}"),
            collection,
            contents: Mutex::new(None),
        }
    }

    /// What it is called in its collection.
    fn key(&self) -> &str {
        self.name.strip_prefix(SCHEME).unwrap_or_default()
    }

    fn missing(&self) -> Error {
        Error::NoCache {
            name: self.name.clone(),
        }
    }

    fn is_initialised(&self) -> bool {
        lock(&self.contents).is_some()
    }

    /// Changes a copy, so that readers keep what they have.
    fn change<T>(&self, change: impl FnOnce(&mut CacheContents) -> T) -> Result<T, Error> {
        let mut contents = lock(&self.contents);
        let current = contents.as_mut().ok_or_else(|| self.missing())?;
        Ok(change(Arc::make_mut(current)))
    }

    /// Makes the name free for another cache.
    fn forget(&self) {
        let Some(shared) = self.collection.upgrade() else {
            return;
        };
        let mut named = lock(&shared.0);
        let is_self = |cache: &Arc<Self>| std::ptr::eq(Arc::as_ptr(cache), self);
        if named.caches.get(self.key()).is_some_and(is_self) {
            named.caches.remove(self.key());
        }
    }
}

impl MemoryCollection {
    /// A collection of its own: as many caches as there are users, and none that another part of the program finds.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The caches that this process knows as `MEMORY:` and a name.
    #[must_use]
    pub fn of_process() -> Self {
        Self {
            shared: Arc::clone(&OF_PROCESS),
            primary: None,
        }
    }

    /// The same caches, with this one as the primary one.
    #[must_use]
    pub fn with_primary(self, name: &str) -> Self {
        Self {
            primary: Some(name.to_owned()),
            ..self
        }
    }

    /// The cache of this name; not initialised if it is new. It lives until it is destroyed.
    #[must_use]
    pub fn cache(&self, name: &str) -> Arc<MemoryCache> {
        let new = || Arc::new(MemoryCache::of(name.to_owned(), Arc::downgrade(&self.shared)));
        let mut named = lock(&self.shared.0);
        Arc::clone(named.caches.entry(name.to_owned()).or_insert_with(new))
    }

    fn primary_name(&self) -> String {
        let switched_to = || lock(&self.shared.0).primary.clone();
        self.primary.clone().unwrap_or_else(switched_to)
    }
}

impl CacheCollection for MemoryCollection {
    fn name(&self) -> String {
        format!("{SCHEME}{}", self.primary.as_deref().unwrap_or_default())
    }

    fn caches(&self) -> Result<Vec<Arc<dyn CredentialCache>>, Error> {
        let primary = self.primary_name();
        // No cache is locked while the names are.
        let all: Vec<_> = lock(&self.shared.0).caches.values().cloned().collect();
        let mut caches: Vec<_> = all.into_iter().filter(|cache| cache.is_initialised()).collect();
        caches.sort_by_key(|cache| cache.key() != primary);
        Ok(caches
            .into_iter()
            .map(|cache| -> Arc<dyn CredentialCache> { cache })
            .collect())
    }

    fn primary(&self) -> Result<Arc<dyn CredentialCache>, Error> {
        Ok(self.cache(&self.primary_name()))
    }

    fn create(&self, contents: &CacheContents) -> Result<Arc<dyn CredentialCache>, Error> {
        let mut named = lock(&self.shared.0);
        let mut name = unused_name();
        while named.caches.contains_key(&name) {
            name = unused_name();
        }
        let cache = Arc::new(MemoryCache::of(name.clone(), Arc::downgrade(&self.shared)));
        *lock(&cache.contents) = Some(Arc::new(contents.clone()));
        named.caches.insert(name, Arc::clone(&cache));
        Ok(cache)
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
        super::trace::replacing(self, contents);
        *lock(&self.contents) = Some(Arc::new(contents.clone()));
        Ok(())
    }

    fn store(&self, credentials: &Credentials) -> Result<(), Error> {
        super::trace::storing(self, credentials);
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

    fn make_primary(&self) -> Result<(), Error> {
        let outside = || Error::NotInCollection {
            name: self.name.clone(),
        };
        let shared = self.collection.upgrade().ok_or_else(outside)?;
        self.key().clone_into(&mut lock(&shared.0).primary);
        Ok(())
    }

    fn set_config(&self, key: &str, principal: Option<&Principal>, value: &[u8]) -> Result<(), Error> {
        self.change(|contents| contents.set_config(key, principal, value))
    }
}

/// A number that no cache of this process has had.
fn unused_name() -> String {
    COUNTER.fetch_add(1, Ordering::Relaxed).to_string()
}

/// A panic elsewhere leaves whole values behind, so a poisoned lock is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const SCHEME: &str = "MEMORY:";
static OF_PROCESS: LazyLock<Arc<Shared>> = LazyLock::new(Arc::default);
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

    #[test]
    fn a_collection_of_its_own_lists_its_caches_the_primary_one_first() {
        let collection = MemoryCollection::new();
        assert!(collection.caches().unwrap().is_empty());
        for user in ["alice", "bob", "carol"] {
            let cache = collection.cache(user);
            cache.initialise(&principal(&format!("{user}@R"))).unwrap();
        }
        let _ = collection.cache("not initialised");
        collection.cache("bob").make_primary().unwrap();
        let names = |collection: &MemoryCollection| -> Vec<String> {
            collection.caches().unwrap().iter().map(|cache| cache.name()).collect()
        };
        assert_eq!(names(&collection), ["MEMORY:bob", "MEMORY:alice", "MEMORY:carol"]);
        assert_eq!(collection.primary().unwrap().name(), "MEMORY:bob");
        let carols = collection.clone().with_primary("carol");
        assert_eq!(names(&carols), ["MEMORY:carol", "MEMORY:alice", "MEMORY:bob"]);
        let found = collection.find(&principal("carol@R")).unwrap().unwrap();
        assert_eq!(found.name(), "MEMORY:carol");
        assert!(MemoryCache::named("carol").read().is_err(), "another collection");
        found.destroy().unwrap();
        assert!(collection.find(&principal("carol@R")).unwrap().is_none());
    }

    #[test]
    fn tickets_are_kept_in_the_place_of_the_same_clients_and_else_apart() {
        let collection = MemoryCollection::new();
        let of = |name: &str| CacheContents::new(principal(name));
        let first = collection.keep(&of("alice@R")).unwrap();
        assert_eq!(first.name(), collection.primary().unwrap().name());
        let second = collection.keep(&of("bob@R")).unwrap();
        assert_ne!(first.name(), second.name());
        assert_eq!(first.principal().unwrap(), principal("alice@R"));
        let again = collection.keep(&of("bob@R")).unwrap();
        assert_eq!(again.name(), second.name());
        assert_eq!(collection.caches().unwrap().len(), 2);
        assert_eq!(
            collection.primary().unwrap().name(),
            first.name(),
            "keeping does not switch"
        );
    }

    #[test]
    fn f8_settings_do_not_pile_up() {
        let cache = MemoryCache::new();
        cache.initialise(&principal("alice@R")).unwrap();
        for time in 0..100 {
            cache
                .set_config("refresh_time", None, time.to_string().as_bytes())
                .unwrap();
        }
        let contents = cache.read().unwrap();
        assert_eq!(contents.config("refresh_time", None), Some(&b"99"[..]));
        assert_eq!(contents.credentials.len(), 1);
    }
}
