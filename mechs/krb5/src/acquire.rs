//! Acquiring credentials: from caches, keytabs and passwords.
//!
//! The keys of a credential store mean what they do to MIT's library:
//!
//! | key | for | value |
//! |---|---|---|
//! | `ccache` | initiating | the cache of the tickets: a name, or [`Tickets`] |
//! | `client_keytab` | initiating | keys that get tickets where there are none: a name, or [`Keys`] |
//! | `password` | initiating | gets a ticket, in memory; goes with neither of those above |
//! | `verify` | initiating | with `password`: the principal whose key in `keytab` proves the KDC; any host's if empty |
//! | `keytab` | accepting | the keys: a name, or [`Keys`] |
//! | `rcache` | accepting | the replay cache: a name, or an `OwnReplayCache` |
//!
//! Other keys are ignored. What is not named is the environment's, with one exception: values that are no names bring
//! all that is needed. Tickets as a value are never got anew with the default client keytab, and what a client keytab
//! gets that is a value is kept in memory.

use std::sync::Arc;
use std::time::Duration;

use gss_core::{Acquire, CredSource, CredStore, Flow, Flowing, MechCred, Octets, Result};
use krb5_crypto::Secret;
use krb5_proto::Principal;
use krb5_proto::exchange::{AsOutcome, LongTerm};
use krb5_store::FileKind;
use krb5_store::ccache::{CacheContents, CredentialCache, MemoryCache};
use krb5_store::keytab::{self, Acceptor, KeySource, Keytab, MemoryKeytab, ServiceName};
use krb5_store::replay::OwnReplayCache;

use crate::cred::{Accepting, ClientKeytab, KerberosCred, Memory, TicketSource, Wanted};
use crate::error::{KerberosError, NameFault, failed};
use crate::name::{KerberosName, Service};
use crate::verify::{Verification, verify};
use crate::{KerberosEnvironment, kdc};

/// Tickets, as the value of `ccache` in a credential store.
#[derive(Clone, Debug)]
pub struct Tickets(pub Arc<dyn CredentialCache>);

/// Long-term keys, as the value of `keytab` or `client_keytab` in a credential store.
#[derive(Clone, Debug)]
pub struct Keys(pub Arc<dyn KeySource>);

impl Tickets {
    /// The tickets of a cache file of any version, to be kept in memory.
    ///
    /// # Errors
    /// [`DefectiveCredential`](gss_core::ErrorKind::DefectiveCredential) if it is none.
    pub fn from_octets(octets: &[u8]) -> Result<Self> {
        let contents = CacheContents::from_octets(octets).map_err(|fault| KerberosError::Octets {
            what: FileKind::CredentialCache,
            fault,
        })?;
        let cache = MemoryCache::new();
        cache.replace(&contents).map_err(KerberosError::Store)?;
        Ok(Self(Arc::new(cache)))
    }
}

impl Keys {
    /// The keys of a keytab file of any version, to be kept in memory.
    ///
    /// # Errors
    /// [`DefectiveCredential`](gss_core::ErrorKind::DefectiveCredential) if it is none.
    pub fn from_octets(octets: &[u8]) -> Result<Self> {
        let keytab = Keytab::from_octets(octets).map_err(|fault| KerberosError::Octets {
            what: FileKind::Keytab,
            fault,
        })?;
        Ok(Self(Arc::new(MemoryKeytab::new("in memory", keytab))))
    }
}

/// Acquires what `request` asks for.
pub(crate) fn acquire(environment: &KerberosEnvironment, request: Acquire) -> Flowing<Arc<dyn MechCred>> {
    let acquiring = Acquiring::new(environment, &request)?;
    let accepting = if request.usage.accepts() {
        Some(acquiring.accepting().map_err(failed)?)
    } else {
        None
    };
    let finish = {
        let environment = environment.clone();
        move |source| -> Arc<dyn MechCred> { Arc::new(KerberosCred::new(environment, source, accepting)) }
    };
    if !request.usage.initiates() {
        return Ok(Flow::Done(finish(None)));
    }
    Ok(acquiring.initiating()?.map(move |source| finish(Some(source))))
}

/// The default keytab, all of it: for acceptors that bring no credential.
///
/// # Errors
/// [`KerberosError::Store`], [`KerberosError::NoKeytab`], [`KerberosError::NoKeytabEntry`] if it is empty.
pub(crate) fn default_acceptor(environment: &KerberosEnvironment) -> Result<Accepting> {
    Ok(Acquiring::new(environment, &Acquire::accept())?.accepting()?)
}

struct Acquiring {
    environment: KerberosEnvironment,
    name: Option<KerberosName>,
    lifetime: Option<Duration>,
    password: Option<Secret>,
    verification: Option<Verification>,
    tickets: Wanted,
    client_keytab: ClientKeytab,
    /// If contexts are to be accepted.
    keytab: Option<Arc<dyn KeySource>>,
    replay: Memory,
}

impl Acquiring {
    fn new(environment: &KerberosEnvironment, request: &Acquire) -> Result<Self> {
        let import = |name| KerberosName::import(name, &environment.settings);
        let name = request.name.as_ref().map(import).transpose()?;
        let store = match &request.source {
            CredSource::Store(store) => store.clone(),
            CredSource::Password(password) => CredStore::new().with(PASSWORD, password.to_vec()),
            _ => CredStore::new(),
        };
        let password = store.octets(PASSWORD)?;
        refuse_contradictions(&store, password, request)?;
        let named = keys(&store, KEYTAB)?.map(|(keytab, _)| keytab);
        let keytab = || named.clone().map_or_else(|| default_keytab(environment), Ok);
        let (tickets, client_keytab) = sources(environment, &store)?;
        let verification = match store.text(VERIFY)? {
            Some(principal) => Some(Verification::new(keytab()?, principal, environment)?),
            None => None,
        };
        Ok(Self {
            environment: environment.clone(),
            name,
            lifetime: request.lifetime,
            password: password.map(|password| Secret::from_slice(password)),
            verification,
            tickets,
            client_keytab,
            keytab: if request.usage.accepts() { Some(keytab()?) } else { None },
            replay: replay_cache(environment, &store)?,
        })
    }

    fn accepting(&self) -> Result<Accepting, KerberosError> {
        let settings = &self.environment.settings;
        let keytab = self.keytab.clone().ok_or(KerberosError::CredentialUsage("accept"))?;
        let service = self.name.as_ref().map_or(Ok(ServiceName::Any), service_name)?;
        // A keytab without any key for the name is told now, not at the first context.
        let keys = keytab.read().map_err(|error| match error {
            krb5_store::Error::NoKeytab { .. } => KerberosError::NoKeytab { keytab: keytab.name() },
            other => other.into(),
        })?;
        if !keys
            .entries
            .iter()
            .any(|entry| service.matches(&entry.principal, settings))
        {
            return Err(KerberosError::no_entry(keytab.as_ref(), service.to_string()));
        }
        let keys = Acceptor::new(Arc::clone(&keytab), Some(service), settings, self.environment.provider);
        Ok(Accepting {
            keys: Arc::new(keys),
            keytab: Some(keytab),
            name: self.name.clone(),
            replay: self.replay.clone(),
        })
    }

    /// The tickets of the name, or those of whoever is chosen later. A password comes before all caches.
    fn initiating(self) -> Flowing<Arc<TicketSource>> {
        let client = self
            .name
            .as_ref()
            .map(KerberosName::principal)
            .transpose()
            .map_err(failed)?;
        if let Some(password) = self.password {
            let client = client.ok_or_else(|| failed(KerberosError::PasswordOfNobody))?;
            let Self {
                environment,
                lifetime,
                verification,
                ..
            } = self;
            return with_password(environment, client, password, lifetime, verification);
        }
        let is_known = client.is_some() || matches!(self.tickets, Wanted::Given(_));
        let source = Arc::new(TicketSource::new(
            self.environment,
            client,
            self.tickets,
            self.client_keytab,
        ));
        if is_known {
            return Ok(source.tickets(None)?.map(move |_| source));
        }
        let looking = Arc::clone(&source);
        Flow::blocking(
            move || looking.has_anything(),
            move |found| match found? {
                Ok(()) => Ok(Flow::Done(source)),
                Err(error) => Err(failed(error)),
            },
        )
    }
}

/// MIT's library refuses the same: a password gets a ticket that is kept in memory.
fn refuse_contradictions(store: &CredStore, password: Option<&Arc<Octets>>, request: &Acquire) -> Result<()> {
    let has = |key| store.value(key).map(|value| value.is_some());
    let contradiction = match password {
        None if has(VERIFY)? => Some("verify without password"),
        None => None,
        Some(_) if !request.usage.initiates() => Some("password for accepting contexts"),
        Some(_) if has(CCACHE)? => Some("password together with ccache"),
        Some(_) if has(CLIENT_KEYTAB)? => Some("password together with client_keytab"),
        Some(_) => None,
    };
    contradiction.map_or(Ok(()), |what| Err(KerberosError::StoreKeys(what).into()))
}

/// Where tickets are, and the keys that get them.
fn sources(environment: &KerberosEnvironment, store: &CredStore) -> Result<(Wanted, ClientKeytab)> {
    let tickets = tickets(environment, store)?;
    let keys = keys(store, CLIENT_KEYTAB)?;
    let in_memory = || -> Arc<dyn CredentialCache> { Arc::new(MemoryCache::new()) };
    let wanted = match (&tickets, &keys) {
        (Some((cache, _)), _) => Wanted::Given(Arc::clone(cache)),
        (None, Some((_, Kind::Value))) => Wanted::Given(in_memory()),
        (None, _) => Wanted::Default,
    };
    let keytab = match (keys, tickets) {
        (Some((keys, _)), _) => ClientKeytab::Given(keys),
        (None, Some((_, Kind::Value))) => ClientKeytab::None,
        (None, _) => ClientKeytab::Default,
    };
    Ok((wanted, keytab))
}

/// How a store says what it means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Name,
    Value,
}

fn tickets(environment: &KerberosEnvironment, store: &CredStore) -> Result<Option<(Arc<dyn CredentialCache>, Kind)>> {
    if let Some(Tickets(cache)) = store.value(CCACHE)?.and_then(|value| value.object()).as_deref() {
        return Ok(Some((Arc::clone(cache), Kind::Value)));
    }
    let Some(name) = store.text(CCACHE)? else {
        return Ok(None);
    };
    let cache = environment.caches().cache(name).map_err(KerberosError::Store)?;
    Ok(Some((cache, Kind::Name)))
}

fn keys(store: &CredStore, key: &str) -> Result<Option<(Arc<dyn KeySource>, Kind)>> {
    if let Some(Keys(keys)) = store.value(key)?.and_then(|value| value.object()).as_deref() {
        return Ok(Some((Arc::clone(keys), Kind::Value)));
    }
    let Some(name) = store.text(key)? else { return Ok(None) };
    let keytab = keytab::resolve(name).map_err(KerberosError::Store)?;
    Ok(Some((keytab, Kind::Name)))
}

fn default_keytab(environment: &KerberosEnvironment) -> Result<Arc<dyn KeySource>, KerberosError> {
    Ok(keytab::resolve(&environment.keytab)?)
}

/// Whoever names a replay cache must not get another one instead.
fn replay_cache(environment: &KerberosEnvironment, store: &CredStore) -> Result<Memory> {
    if let Some(own) = store.value(RCACHE)?.and_then(|value| value.object::<OwnReplayCache>()) {
        return Ok(Memory::Own(Arc::clone(&own.0)));
    }
    match store.text(RCACHE)? {
        None => Ok(Memory::Default(Arc::clone(&environment.replay))),
        Some(name) => Ok(named_memory(environment, name)?),
    }
}

/// The replay cache of this name.
///
/// # Errors
/// [`KerberosError::ReplayCache`].
pub(crate) fn named_memory(environment: &KerberosEnvironment, name: &str) -> Result<Memory, KerberosError> {
    let cache = environment
        .replay_types
        .resolve(name)
        .map_err(KerberosError::ReplayCache)?;
    Ok(Memory::Named(name.to_owned(), cache))
}

fn with_password(
    environment: KerberosEnvironment,
    client: Principal,
    password: Secret,
    lifetime: Option<Duration>,
    verification: Option<Verification>,
) -> Flowing<Arc<TicketSource>> {
    let asked = kdc::initial_ticket(&environment, client, LongTerm::Password(password), lifetime)?;
    asked.then(move |outcome: AsOutcome| {
        let AsOutcome {
            credentials,
            clock_offset,
            ..
        } = outcome;
        let offset = clock_offset.unwrap_or(0);
        let proved = match verification {
            Some(verification) => verify(&environment, verification, credentials.clone(), offset)?,
            None => Flow::Done(()),
        };
        proved.then(move |()| {
            let client = credentials.client.clone();
            let source = TicketSource::of_tickets(environment, client, vec![credentials], offset);
            source.map(Arc::new).map(Flow::Done).map_err(failed)
        })
    })
}

/// Which keytab entries a name stands for.
///
/// # Errors
/// [`KerberosError::Name`] for nobody in particular: it is not the same as anybody.
pub(crate) fn service_name(name: &KerberosName) -> Result<ServiceName, KerberosError> {
    match name {
        KerberosName::Service(Service { service, host, .. }) => Ok(ServiceName::Hostbased {
            service: service.clone(),
            host: host.clone(),
        }),
        KerberosName::Principal(principal) => Ok(ServiceName::Principal(principal.clone())),
        KerberosName::Anonymous => Err(KerberosError::Name {
            name: "(anonymous)".to_owned(),
            reason: NameFault::AnonymousAcceptor,
        }),
    }
}

pub(crate) const CCACHE: &str = "ccache";
const CLIENT_KEYTAB: &str = "client_keytab";
const KEYTAB: &str = "keytab";
const PASSWORD: &str = "password";
const RCACHE: &str = "rcache";
const VERIFY: &str = "verify";
