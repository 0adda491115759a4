//! Credentials: tickets to initiate with, keys to accept with, or both.
//!
//! | room | does |
//! |---|---|
//! | `source`, `select` | which cache tickets come from |
//! | `refresh`, `flights` | getting them with a client keytab, once for all threads |
//! | `initiating` | the tickets themselves |
//! | `store`, `export` | putting them elsewhere |
//! | `options` | what a credential asks for beyond them |

mod export;
mod flights;
mod initiating;
mod options;
mod refresh;
mod select;
mod source;
mod store;

use std::fmt;
use std::sync::Arc;

use gss_core::{
    CredInfo, CredUsage, Error, Flow, Flowing, MechCred, MechName, Octets, Oid, OptionValue, Store, Stored,
};
use krb5_proto::exchange::KeyLookup;
use krb5_proto::{Credentials, KerberosTime, Principal};
use krb5_store::ccache::CredentialCache;
use krb5_store::keytab::KeySource;
use krb5_store::replay::ReplayCache;

use crate::KerberosEnvironment;
use crate::error::{KerberosError, failed};
use crate::name::KerberosName;

pub(crate) use export::import;
pub(crate) use flights::Flights;
pub(crate) use initiating::Initiating;
pub(crate) use options::CredOptions;
pub use options::{CRED_NO_CI_FLAGS, SET_ALLOWABLE_ENCTYPES};
pub(crate) use select::Target;
pub(crate) use source::{ClientKeytab, TicketSource, Wanted};

/// A Kerberos credential.
#[derive(Debug)]
pub struct KerberosCred {
    environment: KerberosEnvironment,
    initiating: Option<Arc<TicketSource>>,
    accepting: Option<Accepting>,
}

/// The part that accepts contexts: keys, perhaps of one service only.
#[derive(Clone)]
pub(crate) struct Accepting {
    pub(crate) keys: Arc<dyn KeyLookup + Send + Sync>,
    /// The keytab that they come from, if they come from one.
    pub(crate) keytab: Option<Arc<dyn KeySource>>,
    /// Whom contexts are accepted as; `None` for everybody whose key is there.
    pub(crate) name: Option<KerberosName>,
    pub(crate) replay: Memory,
}

/// Where authenticators are remembered.
#[derive(Clone, Debug)]
pub(crate) enum Memory {
    /// Where the environment says.
    Default(Arc<dyn ReplayCache>),
    /// Under a name that was asked for.
    Named(String, Arc<dyn ReplayCache>),
    /// In a value of the program's own.
    Own(Arc<dyn ReplayCache>),
}

impl Memory {
    pub(crate) fn cache(&self) -> &Arc<dyn ReplayCache> {
        match self {
            Self::Default(cache) | Self::Named(_, cache) | Self::Own(cache) => cache,
        }
    }
}

impl fmt::Debug for Accepting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepting")
            .field("name", &self.name)
            .field("replay", &self.replay)
            .finish_non_exhaustive()
    }
}

impl KerberosCred {
    pub(crate) fn new(
        environment: KerberosEnvironment,
        initiating: Option<Arc<TicketSource>>,
        accepting: Option<Accepting>,
    ) -> Self {
        Self {
            environment,
            initiating,
            accepting,
        }
    }

    /// A credential that initiates contexts with these tickets.
    ///
    /// # Errors
    /// [`KerberosError::Store`].
    pub(crate) fn of_tickets(
        environment: KerberosEnvironment,
        client: Principal,
        tickets: Vec<Credentials>,
    ) -> Result<Self, KerberosError> {
        let source = TicketSource::of_tickets(environment.clone(), client, tickets, 0)?;
        Ok(Self::new(environment, Some(Arc::new(source)), None))
    }

    /// A credential that initiates contexts with the tickets of `cache`, and no others.
    ///
    /// # Errors
    /// [`NoCred`](gss_core::ErrorKind::NoCred) if the cache cannot be read.
    pub fn from_cache(environment: KerberosEnvironment, cache: Arc<dyn CredentialCache>) -> Result<Self, Error> {
        let client = cache.principal().map_err(KerberosError::Store)?;
        let source = TicketSource::new(
            environment.clone(),
            Some(client),
            Wanted::Given(cache),
            ClientKeytab::None,
        );
        Ok(Self::new(environment, Some(Arc::new(source)), None))
    }

    /// A credential that accepts contexts with `keys`, as `name` only if there is one.
    #[must_use]
    pub fn from_keys(
        environment: KerberosEnvironment,
        keys: Arc<dyn KeyLookup + Send + Sync>,
        name: Option<KerberosName>,
    ) -> Self {
        let accepting = Accepting {
            keys,
            keytab: None,
            name,
            replay: Memory::Default(Arc::clone(&environment.replay)),
        };
        Self::new(environment, None, Some(accepting))
    }

    /// # Errors
    /// [`KerberosError::CredentialUsage`] if it can only accept.
    pub(crate) fn initiating(&self) -> Result<&Arc<TicketSource>, KerberosError> {
        self.initiating
            .as_ref()
            .ok_or(KerberosError::CredentialUsage("initiate"))
    }

    /// # Errors
    /// [`KerberosError::CredentialUsage`] if it can only initiate.
    pub(crate) fn accepting(&self) -> Result<&Accepting, KerberosError> {
        self.accepting.as_ref().ok_or(KerberosError::CredentialUsage("accept"))
    }

    /// What it asks for beyond tickets and keys.
    pub(crate) fn options(&self) -> &CredOptions {
        &self.environment.options
    }

    /// The same with an option set.
    ///
    /// # Errors
    /// [`KerberosError::UnknownOption`], [`KerberosError::OptionValue`].
    pub(crate) fn with_option(&self, what: Oid, value: OptionValue<'_>) -> Result<Self, KerberosError> {
        let options = self.options().clone().with(what, value)?;
        let environment = self.environment.clone().with_options(options);
        let initiating = self.initiating.as_ref();
        Ok(Self {
            initiating: initiating.map(|source| Arc::new(source.within(environment.clone()))),
            accepting: self.accepting.clone(),
            environment,
        })
    }

    fn usage(&self) -> CredUsage {
        match (&self.initiating, &self.accepting) {
            (Some(_), None) => CredUsage::Initiate,
            (None, Some(_)) => CredUsage::Accept,
            _ => CredUsage::Both,
        }
    }

    fn info(&self, tickets: Option<&Initiating>) -> Result<CredInfo, KerberosError> {
        let accepting = self.accepting.as_ref().and_then(|accepting| accepting.name.clone());
        let mut info = CredInfo {
            usage: self.usage(),
            name: accepting.map(|name| -> Arc<dyn MechName> { Arc::new(name) }),
            ..CredInfo::default()
        };
        if let Some(tickets) = tickets {
            info.name = Some(KerberosName::of(tickets.client.clone()));
            info.initiate_until = initiating::expires(tickets.cache.read()?.as_ref()).map(since_1970);
        }
        Ok(info)
    }
}

impl MechCred for KerberosCred {
    /// Settles whose tickets they are: those of the primary cache, unless a context has settled it before. Tickets from
    /// a client keytab are got anew if it is time.
    fn inspect(self: Arc<Self>) -> Flowing<CredInfo> {
        match &self.initiating {
            None => self.info(None).map(Flow::Done).map_err(failed),
            Some(source) => source.tickets(None)?.then(move |tickets| {
                Flow::blocking(
                    move || self.info(Some(&tickets)),
                    |info| info?.map(Flow::Done).map_err(failed),
                )
            }),
        }
    }

    fn export(&self) -> Result<Octets, Error> {
        Ok(export::export(self)?)
    }

    fn store(&self, into: &Store) -> Flowing<Stored> {
        store::store(self, into)
    }
}

/// Times before 1970 have long passed.
fn since_1970(time: KerberosTime) -> std::time::Duration {
    std::time::Duration::from_secs(u64::try_from(time.0).unwrap_or(0))
}
