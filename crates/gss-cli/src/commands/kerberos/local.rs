//! This machine's side: configuration, caches, keytabs, names and the clock.

use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use gss::krb5::KerberosEnvironment;
use krb5_crypto::CryptoProvider;
use krb5_proto::exchange::ServiceRealm;
use krb5_proto::{Principal, PrincipalName, Realm, Timestamp};
use krb5_store::ccache::{CacheCollection, CredentialCache};
use krb5_store::config::{PathTokens, Settings};
use krb5_store::keytab::{self, FileKeytab, KeySource};

use crate::report::Hint as _;

/// The surroundings of a Kerberos command, as the mechanism sees them too.
#[derive(Debug)]
pub(crate) struct Local {
    environment: KerberosEnvironment,
    client_keytab: Option<String>,
    tokens: PathTokens,
}

/// A service, whose realm may not be known.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) name: PrincipalName,
    pub(crate) realm: ServiceRealm,
}

impl Local {
    /// Those of this process.
    pub(crate) fn of_process() -> anyhow::Result<Self> {
        let environment = gss::environment();
        let client_keytab = environment.variable("KRB5_CLIENT_KTNAME").map(str::to_owned);
        let tokens = PathTokens::of_process(environment.variable("TMPDIR").unwrap_or("/tmp"));
        let environment = KerberosEnvironment::from_environment(&environment)
            .context("cannot use the configuration of Kerberos")
            .hint("KRB5_CONFIG names the file; without it, it is /etc/krb5.conf")?;
        Ok(Self {
            environment,
            client_keytab,
            tokens,
        })
    }

    pub(crate) fn settings(&self) -> &Arc<Settings> {
        &self.environment.settings
    }

    /// What `%{…}` in names stands for.
    pub(crate) fn path_tokens(&self) -> &PathTokens {
        &self.tokens
    }

    pub(crate) fn provider(&self) -> &'static CryptoProvider {
        self.environment.provider
    }

    /// The time by this machine's clock.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.environment.clock.now())
    }

    /// The cache of that name, or the default one.
    pub(crate) fn cache(&self, name: Option<&str>) -> anyhow::Result<Arc<dyn CredentialCache>> {
        Ok(self
            .environment
            .caches()
            .cache(name.unwrap_or(&self.environment.ccache))?)
    }

    /// The collection of that name, or the default one. A single cache is a collection of one.
    pub(crate) fn collection(&self, name: Option<&str>) -> anyhow::Result<Arc<dyn CacheCollection>> {
        Ok(self
            .environment
            .caches()
            .collection(name.unwrap_or(&self.environment.ccache))?)
    }

    /// The keytab of that name, or the default one of services.
    pub(crate) fn keytab(&self, name: Option<&str>) -> anyhow::Result<Arc<dyn KeySource>> {
        Ok(keytab::resolve(name.unwrap_or(&self.environment.keytab))?)
    }

    /// The keytab of that name, to be changed.
    pub(crate) fn keytab_file(&self, name: &str) -> anyhow::Result<FileKeytab> {
        let name = keytab::resolve(name)?.name();
        match name.strip_prefix("FILE:") {
            Some(path) => Ok(FileKeytab::new(path)),
            None => bail!("{name} is no file: it cannot be changed from here"),
        }
    }

    /// The keytab of clients.
    pub(crate) fn client_keytab(&self) -> anyhow::Result<Arc<dyn KeySource>> {
        let name = match &self.client_keytab {
            Some(name) => name.clone(),
            None => self.settings().default_client_keytab_name(&self.tokens)?,
        };
        Ok(keytab::resolve(&name)?)
    }

    /// The principal that `text` means; without a realm it is in the default one.
    pub(crate) fn principal(&self, text: &str) -> anyhow::Result<Principal> {
        self.parse(text, self.default_realm().as_ref())
    }

    /// The service that `text` means; without a realm it is in that of its host, or in `own`.
    pub(crate) fn service(&self, text: &str, own: &Realm) -> anyhow::Result<Principal> {
        let named = self.parse(text, Some(own))?;
        if Principal::parse(text, None).is_ok() {
            return Ok(named);
        }
        let host = match named.name.components.as_slice() {
            [_, host] => host.as_str(),
            _ => None,
        };
        let realm = host
            .and_then(|host| self.settings().realm_of_host(host))
            .map(Realm::from);
        Ok(Principal::new(realm.unwrap_or(named.realm), named.name))
    }

    /// The service that `text` means, and what is known of its realm; `own` is the client's.
    pub(crate) fn wanted(&self, text: &str, own: &Realm) -> anyhow::Result<Service> {
        let named = self.service(text, own)?;
        let host = match named.name.components.as_slice() {
            [_, host] if !named.name.is_krbtgt() => host.as_str(),
            _ => None,
        };
        let settled = Principal::parse(text, None).is_ok() || host.is_none();
        let configured = host.is_some_and(|host| self.settings().realm_of_host(host).is_some());
        let realm = match host {
            Some(host) if !settled && !configured => ServiceRealm::Unknown {
                guesses: self
                    .settings()
                    .guessed_realms(host)
                    .into_iter()
                    .map(Realm::from)
                    .collect(),
            },
            _ => ServiceRealm::Known(named.realm),
        };
        Ok(Service {
            name: named.name,
            realm,
        })
    }

    pub(crate) fn default_realm(&self) -> Option<Realm> {
        self.settings().default_realm().map(Realm::from)
    }

    fn parse(&self, text: &str, realm: Option<&Realm>) -> anyhow::Result<Principal> {
        Principal::parse(text, realm)
            .map_err(|error| anyhow!("{text:?}: {error}"))
            .hint("write NAME@REALM, or set default_realm in krb5.conf")
    }
}
