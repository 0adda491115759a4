//! Acquiring credentials: from caches, keytabs and passwords.

use std::sync::Arc;

use gss_core::{Acquire, CredSource, CredStore, Flow, Flowing, MechCred, Result};
use krb5_crypto::{Key, Secret};
use krb5_proto::Principal;
use krb5_proto::exchange::{AsOutcome, LongTerm};
use krb5_store::keytab::{self, Acceptor, KeySource, ServiceName};
use krb5_store::replay::ReplayCache;

use crate::cred::{Accepting, Initiating, KerberosCred};
use crate::error::{KerberosError, NameFault, failed};
use crate::name::{KerberosName, Service};
use crate::{KerberosEnvironment, kdc};

/// Acquires what `request` asks for. Only passwords and client keytabs need the KDC.
pub(crate) fn acquire(environment: &KerberosEnvironment, request: Acquire) -> Flowing<Arc<dyn MechCred>> {
    let acquiring = Acquiring::new(environment, request)?;
    let accepting = if acquiring.request.usage.accepts() {
        Some(acquiring.accepting().map_err(failed)?)
    } else {
        None
    };
    if !acquiring.request.usage.initiates() {
        return Ok(Flow::Done(acquiring.finish(None, accepting)));
    }
    let initiating = acquiring.initiating()?;
    Ok(initiating.map(move |initiating| acquiring.finish(Some(initiating), accepting)))
}

/// The default keytab, all of it: for acceptors that bring no credential.
///
/// # Errors
/// [`KerberosError::Store`], [`KerberosError::NoKeytab`], [`KerberosError::NoKeytabEntry`] if it is empty.
pub(crate) fn default_acceptor(environment: &KerberosEnvironment) -> Result<Accepting> {
    Ok(Acquiring::new(environment, Acquire::accept())?.accepting()?)
}

struct Acquiring {
    environment: KerberosEnvironment,
    request: Acquire,
    name: Option<KerberosName>,
    /// The name of a keytab, from the request's store or else the environment.
    keytab: String,
    /// The name of a cache, likewise.
    ccache: String,
    /// The name of a replay cache, from the request's store.
    rcache: Option<String>,
}

impl Acquiring {
    fn new(environment: &KerberosEnvironment, request: Acquire) -> Result<Self> {
        let import = |name| KerberosName::import(name, &environment.settings);
        let name = request.name.as_ref().map(import).transpose()?;
        let nothing = CredStore::new();
        let store = match &request.source {
            CredSource::Store(store) => store,
            _ => &nothing,
        };
        Ok(Self {
            keytab: store.text("keytab")?.unwrap_or(&environment.keytab).to_owned(),
            ccache: store.text("ccache")?.unwrap_or(&environment.ccache).to_owned(),
            rcache: store.text(RCACHE)?.map(str::to_owned),
            environment: environment.clone(),
            name,
            request,
        })
    }

    fn finish(self, initiating: Option<Initiating>, accepting: Option<Accepting>) -> Arc<dyn MechCred> {
        Arc::new(KerberosCred::new(self.environment, initiating, accepting))
    }

    fn accepting(&self) -> Result<Accepting, KerberosError> {
        let settings = &self.environment.settings;
        let keytab = keytab::resolve(&self.keytab)?;
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
            return Err(no_entry(keytab.as_ref(), service.to_string())?);
        }
        let keys = Acceptor::new(keytab, Some(service), settings, self.environment.provider);
        Ok(Accepting {
            keys: Arc::new(keys),
            name: self.name.clone(),
            replay: self.replay_cache()?,
        })
    }

    /// Whoever names a replay cache must not get another one instead.
    fn replay_cache(&self) -> Result<Arc<dyn ReplayCache>, KerberosError> {
        let environment = &self.environment;
        match &self.rcache {
            Some(name) => environment
                .replay_types
                .resolve(name)
                .map_err(KerberosError::ReplayCache),
            None => Ok(Arc::clone(&environment.replay)),
        }
    }

    fn initiating(&self) -> Flowing<Initiating> {
        match &self.request.source {
            CredSource::Password(password) => self.with_long_term(LongTerm::Password(Secret::from_slice(password))),
            CredSource::Store(store) => self.of_store(store),
            _ => self.of_cache().map(Flow::Done).map_err(failed),
        }
    }

    /// A password comes before a client keytab, and both before a cache.
    fn of_store(&self, store: &CredStore) -> Flowing<Initiating> {
        if let Some(password) = store.octets("password")? {
            return self.with_long_term(LongTerm::Password(Secret::from_slice(password)));
        }
        if let Some(name) = store.text("client_keytab")? {
            let keys = self.client_keys(name).map_err(failed)?;
            return self.with_long_term(LongTerm::Keys(keys));
        }
        self.of_cache().map(Flow::Done).map_err(failed)
    }

    fn of_cache(&self) -> Result<Initiating, KerberosError> {
        let initiating = Initiating::from_cache(self.environment.caches().cache(&self.ccache)?)?;
        match &self.name {
            Some(wanted) if wanted.principal()? != initiating.client => Err(KerberosError::CachePrincipal {
                cache: self.ccache.clone(),
                found: Box::new(initiating.client),
                wanted: Box::new(wanted.principal()?),
            }),
            _ => Ok(initiating),
        }
    }

    /// The newest keys of the client in a keytab.
    fn client_keys(&self, name: &str) -> Result<Vec<Arc<Key>>, KerberosError> {
        let client = self.client()?;
        let keytab = keytab::resolve(name)?;
        let keys = keytab.read()?.newest_keys(&client, self.environment.provider);
        if keys.is_empty() {
            Err(no_entry(keytab.as_ref(), client.to_string())?)
        } else {
            Ok(keys)
        }
    }

    fn client(&self) -> Result<Principal, KerberosError> {
        self.name
            .as_ref()
            .ok_or(KerberosError::CredentialUsage("without a name initiate"))?
            .principal()
    }

    fn with_long_term(&self, credential: LongTerm) -> Flowing<Initiating> {
        let client = self.client().map_err(failed)?;
        kdc::initial_ticket(&self.environment, client, credential)?.then(|outcome: AsOutcome| {
            let offset = outcome.clock_offset.unwrap_or(0);
            let client = outcome.credentials.client.clone();
            let initiating = Initiating::from_tickets(client, vec![outcome.credentials], offset);
            initiating.map(Flow::Done).map_err(failed)
        })
    }
}

/// Which keytab entries a name stands for.
fn service_name(name: &KerberosName) -> Result<ServiceName, KerberosError> {
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

/// The error that says whose keys a keytab has instead of the wanted one's.
fn no_entry(keytab: &dyn KeySource, wanted: String) -> Result<KerberosError, KerberosError> {
    let mut found: Vec<Principal> = keytab
        .read()?
        .entries
        .iter()
        .map(|entry| entry.principal.clone())
        .collect();
    found.dedup();
    Ok(KerberosError::NoKeytabEntry {
        keytab: keytab.name(),
        wanted,
        found,
    })
}

/// The store key of MIT that names a replay cache.
const RCACHE: &str = "rcache";
