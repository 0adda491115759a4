//! Credentials: tickets to initiate with, keys to accept with, or both.

use std::fmt;
use std::sync::Arc;

use gss_core::{CredInfo, CredUsage, Error, ErrorKind, Existing, Flow, Flowing, MechCred, Store, Stored};
use krb5_proto::exchange::KeyLookup;
use krb5_proto::{Credentials, KerberosTime, Principal};
use krb5_store::ccache::{CacheContents, CredentialCache, MemoryCache};
use krb5_store::replay::ReplayCache;

use crate::KerberosEnvironment;
use crate::error::{KerberosError, failed};
use crate::name::KerberosName;

/// A Kerberos credential.
#[derive(Debug)]
pub struct KerberosCred {
    environment: KerberosEnvironment,
    initiating: Option<Initiating>,
    accepting: Option<Accepting>,
}

/// The part that initiates contexts: a credential cache, which may be in memory.
#[derive(Clone, Debug)]
pub(crate) struct Initiating {
    pub(crate) cache: Arc<dyn CredentialCache>,
    pub(crate) client: Principal,
    /// The KDC's clock minus ours, in seconds.
    pub(crate) clock_offset: i64,
}

/// The part that accepts contexts: keys, perhaps of one service only.
#[derive(Clone)]
pub(crate) struct Accepting {
    pub(crate) keys: Arc<dyn KeyLookup + Send + Sync>,
    /// Whom contexts are accepted as; `None` for everybody whose key is there.
    pub(crate) name: Option<KerberosName>,
    /// Where authenticators are remembered.
    pub(crate) replay: Arc<dyn ReplayCache>,
}

impl fmt::Debug for Accepting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepting")
            .field("name", &self.name)
            .field("replay", &self.replay)
            .finish_non_exhaustive()
    }
}

impl Initiating {
    /// From a cache that has a principal.
    ///
    /// # Errors
    /// [`KerberosError::Store`] if it cannot be read.
    pub(crate) fn from_cache(cache: Arc<dyn CredentialCache>) -> Result<Self, KerberosError> {
        let contents = cache.read()?;
        let clock_offset = contents.clock_offset.map_or(0, |offset| i64::from(offset.seconds));
        Ok(Self {
            client: contents.principal.clone(),
            clock_offset,
            cache,
        })
    }

    /// The tickets in a new cache of their own, which no name leads to.
    ///
    /// # Errors
    /// [`KerberosError::Store`].
    pub(crate) fn from_tickets(
        client: Principal,
        tickets: Vec<Credentials>,
        clock_offset: i64,
    ) -> Result<Self, KerberosError> {
        let cache = MemoryCache::new();
        let contents = CacheContents {
            credentials: tickets,
            ..CacheContents::new(client.clone())
        };
        cache.replace(&contents)?;
        Ok(Self {
            cache: Arc::new(cache),
            client,
            clock_offset,
        })
    }

    /// The ticket-granting ticket of the client's realm, valid at `now`.
    ///
    /// # Errors
    /// [`KerberosError::NoTgt`], [`KerberosError::TgtExpired`].
    pub(crate) fn tgt(&self, now: KerberosTime) -> Result<Credentials, KerberosError> {
        let contents = self.cache.read()?;
        let service = Principal::krbtgt(&self.client.realm, &self.client.realm);
        if let Some(tgt) = contents.find(&service, now) {
            return Ok(tgt.clone());
        }
        let (cache, client) = (self.cache.name(), Box::new(self.client.clone()));
        match contents
            .tickets()
            .filter(|ticket| ticket.server == service)
            .map(|ticket| ticket.endtime)
            .max()
        {
            Some(ended) if ended <= now => Err(KerberosError::TgtExpired { cache, client, ended }),
            _ => Err(KerberosError::NoTgt { cache, client }),
        }
    }

    /// When the last ticket-granting ticket ends, or the last ticket where there is none.
    fn expires(&self) -> Result<Option<KerberosTime>, KerberosError> {
        let contents = self.cache.read()?;
        let service = Principal::krbtgt(&self.client.realm, &self.client.realm);
        let granting = contents
            .tickets()
            .filter(|ticket| ticket.server == service)
            .map(|ticket| ticket.endtime)
            .max();
        Ok(granting.or_else(|| contents.tickets().map(|ticket| ticket.endtime).max()))
    }
}

impl KerberosCred {
    pub(crate) fn new(
        environment: KerberosEnvironment,
        initiating: Option<Initiating>,
        accepting: Option<Accepting>,
    ) -> Self {
        Self {
            environment,
            initiating,
            accepting,
        }
    }

    /// A credential that initiates contexts with the tickets of `cache`.
    ///
    /// # Errors
    /// [`NoCred`](ErrorKind::NoCred) if the cache cannot be read.
    pub fn from_cache(environment: KerberosEnvironment, cache: Arc<dyn CredentialCache>) -> Result<Self, Error> {
        Ok(Self::new(environment, Some(Initiating::from_cache(cache)?), None))
    }

    /// A credential that accepts contexts with `keys`, as `name` only if there is one.
    #[must_use]
    pub fn from_keys(
        environment: KerberosEnvironment,
        keys: Arc<dyn KeyLookup + Send + Sync>,
        name: Option<KerberosName>,
    ) -> Self {
        let replay = Arc::clone(&environment.replay);
        Self::new(environment, None, Some(Accepting { keys, name, replay }))
    }

    /// # Errors
    /// [`KerberosError::CredentialUsage`] if it can only accept.
    pub(crate) fn initiating(&self) -> Result<&Initiating, KerberosError> {
        self.initiating
            .as_ref()
            .ok_or(KerberosError::CredentialUsage("initiate"))
    }

    /// # Errors
    /// [`KerberosError::CredentialUsage`] if it can only initiate.
    pub(crate) fn accepting(&self) -> Result<&Accepting, KerberosError> {
        self.accepting.as_ref().ok_or(KerberosError::CredentialUsage("accept"))
    }

    fn usage(&self) -> CredUsage {
        match (&self.initiating, &self.accepting) {
            (Some(_), None) => CredUsage::Initiate,
            (None, Some(_)) => CredUsage::Accept,
            _ => CredUsage::Both,
        }
    }

    fn info(&self) -> Result<CredInfo, KerberosError> {
        let mut info = CredInfo {
            usage: self.usage(),
            ..CredInfo::default()
        };
        if let Some(accepting) = &self.accepting {
            info.name = accepting
                .name
                .clone()
                .map(|name| -> Arc<dyn gss_core::MechName> { Arc::new(name) });
        }
        if let Some(initiating) = &self.initiating {
            info.name = Some(KerberosName::of(initiating.client.clone()));
            info.initiate_until = initiating.expires()?.map(since_1970);
        }
        Ok(info)
    }

    fn copy_to(&self, into: &Store) -> Result<Stored, Error> {
        let initiating = self.initiating()?;
        let named = match &into.store {
            Some(store) => store.text("ccache")?,
            None => None,
        };
        let target = self
            .environment
            .caches()
            .cache(named.unwrap_or(&self.environment.ccache))
            .map_err(KerberosError::Store)?;
        if into.existing == Existing::Keep && target.read().is_ok() {
            return Err(ErrorKind::DuplicateElement.into());
        }
        let contents = initiating.cache.read().map_err(KerberosError::Store)?;
        target.replace(&contents).map_err(KerberosError::Store)?;
        Ok(Stored {
            usage: CredUsage::Initiate,
        })
    }
}

impl MechCred for KerberosCred {
    fn inspect(self: Arc<Self>) -> Flowing<CredInfo> {
        self.info().map(Flow::Done).map_err(failed)
    }

    fn store(&self, into: &Store) -> Flowing<Stored> {
        Ok(Flow::Done(self.copy_to(into)?))
    }
}

/// Times before 1970 have long passed.
fn since_1970(time: KerberosTime) -> std::time::Duration {
    std::time::Duration::from_secs(u64::try_from(time.0).unwrap_or(0))
}
