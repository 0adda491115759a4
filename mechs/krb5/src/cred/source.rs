//! Where a credential's tickets come from: which cache, and whose.

use std::sync::{Arc, Mutex, PoisonError};

use krb5_proto::{Credentials, Principal};
use krb5_store::Error as StoreError;
use krb5_store::ccache::{CacheCollection, CacheContents, ClockOffset, CredentialCache, MemoryCache};
use krb5_store::keytab::{KeySource, Keytab};

use super::initiating::Initiating;
use super::select::{Selected, Target, select};
use crate::KerberosEnvironment;
use crate::error::KerberosError;

/// Where tickets are taken from, and put if they are got with a client keytab.
///
/// Which cache it is may depend on the first service that they are needed for; from then on it is settled.
#[derive(Debug)]
pub(crate) struct TicketSource {
    pub(super) environment: KerberosEnvironment,
    client: Option<Principal>,
    pub(super) cache: Wanted,
    pub(super) client_keytab: ClientKeytab,
    settled: Mutex<Option<Settled>>,
}

/// Which cache was asked for.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// This one.
    Given(Arc<dyn CredentialCache>),
    /// The environment's, or another one of its collection.
    Default,
}

/// The keys that get tickets where there are none.
#[derive(Clone, Debug)]
pub(crate) enum ClientKeytab {
    /// None: the tickets are all there is.
    None,
    /// The environment's, if it is there.
    Default,
    /// This one.
    Given(Arc<dyn KeySource>),
}

/// A client, and the cache of its tickets.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    pub(super) client: Principal,
    pub(super) place: Place,
}

/// Where tickets are, or are to be put.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Cache(Arc<dyn CredentialCache>),
    /// A cache that is to be made.
    New(Arc<dyn CacheCollection>),
}

impl TicketSource {
    /// The tickets of `client`, or of whoever is chosen.
    pub(crate) fn new(
        environment: KerberosEnvironment,
        client: Option<Principal>,
        cache: Wanted,
        client_keytab: ClientKeytab,
    ) -> Self {
        Self {
            environment,
            client,
            cache,
            client_keytab,
            settled: Mutex::new(None),
        }
    }

    /// What contexts use that bring no credential.
    pub(crate) fn of_defaults(environment: KerberosEnvironment) -> Self {
        Self::new(environment, None, Wanted::Default, ClientKeytab::Default)
    }

    /// These tickets, in a cache of their own that no name leads to.
    ///
    /// # Errors
    /// [`KerberosError::Store`].
    pub(crate) fn of_tickets(
        environment: KerberosEnvironment,
        client: Principal,
        tickets: Vec<Credentials>,
        clock_offset: i64,
    ) -> Result<Self, KerberosError> {
        let cache = MemoryCache::new();
        let contents = CacheContents {
            credentials: tickets,
            clock_offset: (clock_offset != 0).then(|| ClockOffset::from_seconds(clock_offset)),
            ..CacheContents::new(client.clone())
        };
        cache.replace(&contents)?;
        let cache = Wanted::Given(Arc::new(cache));
        Ok(Self::new(environment, Some(client), cache, ClientKeytab::None))
    }

    /// The same with another environment; what is settled remains so.
    pub(crate) fn within(&self, environment: KerberosEnvironment) -> Self {
        let settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self {
            settled: Mutex::new(settled),
            ..Self::new(
                environment,
                self.client.clone(),
                self.cache.clone(),
                self.client_keytab.clone(),
            )
        }
    }

    /// Whose tickets they are, if that is known without looking.
    pub(crate) fn client(&self) -> Option<Principal> {
        let settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        settled
            .as_ref()
            .map(|settled| settled.client.clone())
            .or_else(|| self.client.clone())
    }

    /// Whether anybody could initiate contexts: whether the caches or the client keytab hold anything.
    ///
    /// # Errors
    /// What [`Self::settle`] returns if there is nothing.
    pub(crate) fn has_anything(&self) -> Result<(), KerberosError> {
        let anybody = self
            .collection()?
            .caches()?
            .iter()
            .any(|cache| cache.principal().is_ok());
        if anybody || !self.client_keys()?.entries.is_empty() {
            return Ok(());
        }
        self.settle(None).map(drop)
    }

    /// The client and the cache, chosen for `target` unless they are settled already.
    ///
    /// # Errors
    /// [`KerberosError::Store`] if there is no cache and nobody whose tickets could be got,
    /// [`KerberosError::CachePrincipal`] if the cache that was given is somebody else's,
    /// [`KerberosError::NoCacheOf`] if the client has none.
    pub(super) fn settle(&self, target: Option<&Target>) -> Result<Settled, KerberosError> {
        let known = self.settled.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(settled) = known {
            return Ok(settled);
        }
        let settled = match &self.cache {
            Wanted::Given(cache) => self.in_cache(Arc::clone(cache), self.client.clone())?,
            Wanted::Default => self.in_collection(target)?,
        };
        self.pin(&settled);
        Ok(settled)
    }

    /// Keeps to a choice; a cache that is yet to be made is none.
    pub(super) fn pin(&self, settled: &Settled) {
        if let Place::Cache(_) = settled.place {
            *self.settled.lock().unwrap_or_else(PoisonError::into_inner) = Some(settled.clone());
        }
    }

    fn in_cache(&self, cache: Arc<dyn CredentialCache>, client: Option<Principal>) -> Result<Settled, KerberosError> {
        let client = match (cache.read(), client) {
            (Ok(contents), Some(wanted)) if contents.principal != wanted => {
                return Err(other_client(cache.as_ref(), &contents.principal, wanted));
            }
            (Ok(contents), _) => contents.principal.clone(),
            (Err(StoreError::NoCache { .. }), Some(client)) => client,
            (Err(missing @ StoreError::NoCache { .. }), None) => {
                self.first_client()?.ok_or(KerberosError::Store(missing))?
            }
            (Err(error), _) => return Err(error.into()),
        };
        let place = Place::Cache(cache);
        Ok(Settled { client, place })
    }

    fn in_collection(&self, target: Option<&Target>) -> Result<Settled, KerberosError> {
        let collection = self.collection()?;
        let selected = match (&self.client, target) {
            (Some(client), _) => Selected {
                client: Some(client.clone()),
                cache: collection.find(client)?,
            },
            (None, Some(target)) => select(&self.environment, collection.as_ref(), target)?,
            (None, None) => Selected::default(),
        };
        match selected {
            Selected {
                cache: Some(cache),
                client,
            } => self.in_cache(cache, client),
            Selected {
                cache: None,
                client: Some(client),
            } => self.beside_others(collection, client),
            Selected {
                cache: None,
                client: None,
            } => self.in_primary(collection),
        }
    }

    /// The primary cache, or what the first client of the client keytab has or gets.
    fn in_primary(&self, collection: Arc<dyn CacheCollection>) -> Result<Settled, KerberosError> {
        let primary = collection.primary()?;
        match primary.read() {
            Ok(_) => self.in_cache(primary, None),
            Err(missing @ StoreError::NoCache { .. }) => {
                let client = self.first_client()?.ok_or(KerberosError::Store(missing))?;
                match collection.find(&client)? {
                    Some(cache) => self.in_cache(cache, Some(client)),
                    None => self.beside_others(collection, client),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A new cache for a client that has none, if its tickets can be got.
    fn beside_others(&self, collection: Arc<dyn CacheCollection>, client: Principal) -> Result<Settled, KerberosError> {
        let primary = collection.primary()?;
        let is_alone = primary.name() == collection.name();
        match primary.read() {
            Ok(contents) if is_alone => Err(other_client(primary.as_ref(), &contents.principal, client)),
            Err(StoreError::NoCache { .. }) if is_alone => self.in_cache(primary, Some(client)),
            _ if self.has_key_of(&client)? => {
                let place = Place::New(collection);
                Ok(Settled { client, place })
            }
            _ => Err(KerberosError::NoCacheOf {
                found: owners(collection.as_ref())?,
                collection: collection.name(),
                client: Box::new(client),
            }),
        }
    }

    pub(super) fn collection(&self) -> Result<Arc<dyn CacheCollection>, KerberosError> {
        Ok(self.environment.caches().collection(&self.environment.ccache)?)
    }

    /// The client keytab's contents; those of a default one that cannot be read are nothing, as for MIT's library.
    pub(super) fn client_keys(&self) -> Result<Arc<Keytab>, KerberosError> {
        match &self.client_keytab {
            ClientKeytab::None => Ok(Arc::default()),
            ClientKeytab::Default => {
                let found = krb5_store::keytab::resolve(&self.environment.client_keytab).and_then(|keys| keys.read());
                Ok(found.unwrap_or_default())
            }
            ClientKeytab::Given(keys) => match keys.read() {
                Err(StoreError::NoKeytab { .. }) => Ok(Arc::default()),
                other => Ok(other?),
            },
        }
    }

    fn first_client(&self) -> Result<Option<Principal>, KerberosError> {
        Ok(self.client_keys()?.entries.first().map(|entry| entry.principal.clone()))
    }

    fn has_key_of(&self, client: &Principal) -> Result<bool, KerberosError> {
        Ok(self
            .client_keys()?
            .entries
            .iter()
            .any(|entry| entry.principal == *client))
    }
}

impl Settled {
    /// What tells these tickets from others.
    pub(super) fn label(&self) -> String {
        match &self.place {
            Place::Cache(cache) => format!("{} {}", cache.name(), self.client),
            Place::New(collection) => format!("{} (new) {}", collection.name(), self.client),
        }
    }

    /// What is in the cache; `None` if it is not there.
    ///
    /// # Errors
    /// [`KerberosError::CachePrincipal`] if it is somebody else's by now, [`KerberosError::Store`].
    pub(super) fn read(&self) -> Result<Option<(Initiating, Arc<CacheContents>)>, KerberosError> {
        let Place::Cache(cache) = &self.place else {
            return Ok(None);
        };
        match cache.read() {
            Ok(contents) if contents.principal != self.client => {
                Err(other_client(cache.as_ref(), &contents.principal, self.client.clone()))
            }
            Ok(contents) => Ok(Some((Initiating::new(Arc::clone(cache), &contents), contents))),
            Err(StoreError::NoCache { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The name of the cache, or of the collection where it is to be made.
    pub(super) fn name(&self) -> String {
        match &self.place {
            Place::Cache(cache) => cache.name(),
            Place::New(collection) => collection.name(),
        }
    }
}

fn other_client(cache: &dyn CredentialCache, found: &Principal, wanted: Principal) -> KerberosError {
    KerberosError::CachePrincipal {
        cache: cache.name(),
        found: Box::new(found.clone()),
        wanted: Box::new(wanted),
    }
}

/// Whose tickets a collection has.
fn owners(collection: &dyn CacheCollection) -> Result<Vec<Principal>, StoreError> {
    let caches = collection.caches()?;
    Ok(caches.iter().filter_map(|cache| cache.principal().ok()).collect())
}
