//! Choosing a client by the service that it is to talk to, as MIT's library does.

use std::sync::Arc;

use krb5_proto::{Principal, Realm};
use krb5_store::Error as StoreError;
use krb5_store::ccache::{CacheCollection, CredentialCache};
use krb5_store::config::Settings;
use krb5_store::identity::{Identities, ServiceFacts};

use crate::KerberosEnvironment;
use crate::error::KerberosError;
use crate::name::{KerberosName, Service};

/// The service of a context, as far as it decides about the client.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Where the name or `[domain_realm]` tells; the default realm is a guess that decides nothing.
    realm: Option<Realm>,
    on_host: Option<(String, String)>,
}

/// What has been chosen: nothing, or a client, perhaps with a cache that is already there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selected {
    pub(crate) client: Option<Principal>,
    pub(crate) cache: Option<Arc<dyn CredentialCache>>,
}

impl Target {
    pub(crate) fn of(name: &KerberosName, settings: &Settings) -> Self {
        match name {
            KerberosName::Service(Service { service, host, .. }) => Self {
                realm: host
                    .as_deref()
                    .and_then(|host| settings.realm_of_host(host))
                    .map(Realm::from),
                on_host: host.clone().map(|host| (service.clone(), host)),
            },
            KerberosName::Principal(principal) => Self {
                realm: Some(principal.realm.clone()),
                on_host: None,
            },
            KerberosName::Anonymous => Self {
                realm: None,
                on_host: None,
            },
        }
    }

    fn facts(&self) -> ServiceFacts<'_> {
        ServiceFacts {
            realm: self.realm.as_ref(),
            on_host: self
                .on_host
                .as_ref()
                .map(|(service, host)| (service.as_str(), host.as_str())),
        }
    }
}

/// Who is to talk to `target`: whom `.k5identity` says, else who has tickets of its realm, else who has tickets of the
/// realm that its host's name ends with.
///
/// # Errors
/// [`KerberosError::Store`] if the collection cannot be listed.
pub(crate) fn select(
    environment: &KerberosEnvironment,
    collection: &dyn CacheCollection,
    target: &Target,
) -> Result<Selected, KerberosError> {
    if let Some(client) = by_identity(environment, target) {
        let cache = collection.find(&client)?;
        return Ok(Selected {
            client: Some(client),
            cache,
        });
    }
    let caches = owned(collection)?;
    let found = by_realm(&caches, target).or_else(|| by_host(&caches, target));
    Ok(found.map_or_else(Selected::default, |(cache, client)| Selected {
        client: Some(client.clone()),
        cache: Some(Arc::clone(cache)),
    }))
}

/// A cache and whose it is.
type Owned = (Arc<dyn CredentialCache>, Principal);

/// A file that cannot be read says nothing: it is there to choose, not to forbid.
fn by_identity(environment: &KerberosEnvironment, target: &Target) -> Option<Principal> {
    let path = environment.identities.as_deref()?;
    let identities = Identities::read(path).ok()?;
    let default_realm = environment.settings.default_realm().map(Realm::from);
    identities.client(&target.facts(), default_realm.as_ref())
}

/// Caches that cannot be read are nobody's.
fn owned(collection: &dyn CacheCollection) -> Result<Vec<Owned>, StoreError> {
    let caches = collection.caches()?.into_iter();
    Ok(caches
        .filter_map(|cache| {
            let client = cache.principal().ok()?;
            Some((cache, client))
        })
        .collect())
}

fn by_realm<'a>(caches: &'a [Owned], target: &Target) -> Option<&'a Owned> {
    let realm = target.realm.as_ref()?;
    caches.iter().find(|(_, client)| client.realm == *realm)
}

/// The client whose realm is the longest end of the host's name in capitals: the first of those, if there are several.
fn by_host<'a>(caches: &'a [Owned], target: &Target) -> Option<&'a Owned> {
    let (_, host) = target.on_host.as_ref()?;
    let host = host.to_ascii_uppercase();
    let ends = std::iter::successors(Some(host.as_str()), |end| end.split_once('.').map(|(_, parent)| parent));
    ends.filter(|end| !end.is_empty())
        .find_map(|end| caches.iter().find(|(_, client)| *client.realm == *end.as_bytes()))
}

#[cfg(test)]
mod tests {
    use krb5_store::ccache::{CacheContents, MemoryCache};

    use super::*;

    fn cache(client: &str) -> Owned {
        let client = Principal::parse(client, None).unwrap();
        let cache = MemoryCache::new();
        cache.replace(&CacheContents::new(client.clone())).unwrap();
        (Arc::new(cache), client)
    }

    fn service(text: &str, configuration: &str) -> Target {
        let settings = Settings::parse(configuration).unwrap();
        let name = gss_core::Name::hostbased_service(text);
        Target::of(&KerberosName::import(&name, &settings).unwrap(), &settings)
    }

    fn chosen(found: Option<&Owned>) -> Option<String> {
        found.map(|(_, client)| client.to_string())
    }

    const DEFAULT: &str = "[libdefaults]\n default_realm = DEFAULT\n[domain_realm]\n .mapped.test = MAPPED\n";

    #[test]
    fn i67_the_realm_of_the_target_chooses_the_first_client_of_that_realm() {
        let caches = [cache("alice@DEFAULT"), cache("alice@MAPPED"), cache("bob@MAPPED")];
        let mapped = service("HTTP@www.mapped.test", DEFAULT);
        assert_eq!(chosen(by_realm(&caches, &mapped)).as_deref(), Some("alice@MAPPED"));
    }

    #[test]
    fn i67_the_default_realm_is_no_realm_of_the_target() {
        let caches = [cache("alice@OTHER"), cache("alice@DEFAULT")];
        let unmapped = service("HTTP@www.elsewhere.test", DEFAULT);
        assert_eq!(chosen(by_realm(&caches, &unmapped)), None);
        assert_eq!(chosen(by_host(&caches, &unmapped)), None);
    }

    #[test]
    fn i67_a_host_chooses_the_client_whose_realm_is_the_longest_end_of_its_name() {
        let caches = [
            cache("a@TEST"),
            cache("b@EXAMPLE.TEST"),
            cache("c@AMPLE.TEST"),
            cache("d@EXAMPLE.TEST"),
        ];
        let host = service("HTTP@www.example.test", DEFAULT);
        assert_eq!(chosen(by_host(&caches, &host)).as_deref(), Some("b@EXAMPLE.TEST"));
        assert_eq!(
            chosen(by_host(&caches, &service("HTTP@x.other.test", DEFAULT))).as_deref(),
            Some("a@TEST")
        );
        assert_eq!(chosen(by_host(&caches, &service("HTTP", DEFAULT))), None);
    }
}
