//! From the name of a target to its ticket.

use gss_core::flow::{self, Flow, Flowing, Query};
use gss_core::{MechName, StepError};
use krb5_proto::exchange::ServiceRealm;
use krb5_proto::{Credentials, ErrorCode, Principal, PrincipalName, Realm};
use krb5_store::ccache::gained;
use krb5_store::config::{HostCanonicalization, Switch};

use crate::cred::Initiating;
use crate::error::{KerberosError, NameFault, failed};
use crate::host::{self, Host};
use crate::name::{KerberosName, Service};
use crate::{KerberosEnvironment, kdc};

/// Whom a context is for.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// This one.
    Principal(Principal),
    /// A service on a host, whose name and realm may have to be found.
    Host { service: String, host: Host },
}

/// A search by one client.
#[derive(Clone)]
struct Search {
    environment: KerberosEnvironment,
    cred: Initiating,
}

impl Target {
    /// # Errors
    /// [`KerberosError::Name`] if it is not the name of a service on a host, or of a principal.
    pub(super) fn of(name: &KerberosName) -> Result<Self, KerberosError> {
        let KerberosName::Service(Service { service, host, .. }) = name else {
            return Ok(Self::Principal(name.principal()?));
        };
        let no_host = || KerberosError::Name {
            name: String::from_utf8_lossy(&name.display().map(|(text, _)| text).unwrap_or_default()).into_owned(),
            reason: NameFault::NoHost,
        };
        let host = host.as_deref().ok_or_else(no_host)?;
        Ok(Self::Host {
            service: service.clone(),
            host: Host::parse(host),
        })
    }

    /// Its ticket: from the cache, else from the KDCs that lead to it.
    pub(super) fn ticket(&self, environment: &KerberosEnvironment, cred: &Initiating) -> Flowing<Credentials> {
        let search = Search {
            environment: environment.clone(),
            cred: cred.clone(),
        };
        match self {
            Self::Principal(principal) => {
                let realm = ServiceRealm::Known(principal.realm.clone());
                search.run(principal.name.clone(), realm)
            }
            Self::Host { service, host } => search.on_host(service, host.clone()),
        }
    }
}

impl Search {
    /// `dns_canonicalize_hostname`: the name as it is, the one that the DNS gives it, or that if the KDC does not know the
    /// first.
    fn on_host(self, service: &str, host: Host) -> Flowing<Credentials> {
        let settings = &self.environment.settings;
        let mode = settings.dns_canonicalize_hostname();
        let host = host.qualified(settings);
        let service = service.to_owned();
        match mode {
            HostCanonicalization::Always => {
                let canonical = host.canonical(settings)?;
                canonical.then(move |host| self.on_known_host(&service, &host))
            }
            HostCanonicalization::Fallback => {
                let literal = self.clone().on_known_host(&service, &host);
                flow::settle(literal, move |outcome| match outcome {
                    Ok(ticket) => Ok(Flow::Done(ticket)),
                    Err(error) if is_unknown(&error) => self.by_another_name(service, host, error),
                    Err(error) => Err(error),
                })
            }
            _ => self.on_known_host(&service, &host),
        }
    }

    fn by_another_name(self, service: String, literal: Host, error: StepError) -> Flowing<Credentials> {
        let canonical = literal.clone().canonical(&self.environment.settings)?;
        canonical.then(move |host| {
            if host == literal {
                return Err(error);
            }
            self.on_known_host(&service, &host)
        })
    }

    /// The realm by `[domain_realm]`; else the KDC may know, else it is guessed.
    fn on_known_host(self, service: &str, host: &Host) -> Flowing<Credentials> {
        let settings = &self.environment.settings;
        let name = Principal::service(service, &host.instance(), Realm::default()).name;
        if let Some(realm) = settings.realm_of_host(host.name()) {
            let realm = ServiceRealm::Known(realm.into());
            return self.run(name, realm);
        }
        let guesses: Vec<Realm> = settings
            .guessed_realms(host.name())
            .into_iter()
            .map(Realm::from)
            .collect();
        if !settings.is_on(Switch::DnsLookupRealm) {
            return self.run(name, ServiceRealm::Unknown { guesses });
        }
        host::names(host.name(), Query::Realm)?.then(move |told| {
            let told = told.into_iter().take(MAX_TOLD).filter(|realm| !realm.is_empty());
            let guesses = told.map(Realm::from).chain(guesses).collect();
            self.run(name, ServiceRealm::Unknown { guesses })
        })
    }

    fn run(self, name: PrincipalName, realm: ServiceRealm) -> Flowing<Credentials> {
        let Self { environment, cred } = self;
        let now = environment.now().offset(cred.clock_offset).time;
        let options = &environment.options;
        if let Some(ticket) = cred.ticket(&name, &realm, now, options).map_err(failed)? {
            return Ok(Flow::Done(ticket));
        }
        let contents = cred.cache.read().map_err(failed)?;
        if contents.start_realm() == cred.client.realm {
            cred.tgt(now).map_err(failed)?;
        }
        let mut search = contents.service_search(&environment.settings, name.clone(), realm.clone());
        search.etypes = environment.tgs_enctypes();
        search.clock_offset = cred.clock_offset;
        Ok(kdc::search(&environment, search)?.map(move |outcome| {
            for ticket in gained(&outcome, &name, &realm) {
                // A cache that cannot be written to costs time, not the context.
                let _ = cred.cache.store(&ticket);
            }
            outcome.credentials
        }))
    }
}

/// Whether the KDCs do not know the service by this name.
fn is_unknown(error: &StepError) -> bool {
    let reason = error.error.reason_as::<KerberosError>();
    matches!(
        reason,
        Some(KerberosError::Protocol(krb5_proto::Error::Kdc(reply)))
            if reply.code == ErrorCode::KDC_ERR_S_PRINCIPAL_UNKNOWN
    )
}

/// Realms that the DNS may name, at most.
const MAX_TOLD: usize = 4;
