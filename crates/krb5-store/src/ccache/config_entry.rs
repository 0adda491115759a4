//! Configuration entries: settings that a cache remembers among its tickets.

use std::sync::Arc;

use crate::proto::messages::TicketFlags;
use crate::proto::{Component, Credentials, EncryptionKey, KerberosTime, NameType, Principal, PrincipalName, Realm};

/// A setting in a cache, stored as a credential for
/// `krb5_ccache_conf_data/key[/principal]@X-CACHECONF:` whose ticket is the value.
///
/// Known keys: `fast_avail`, `pa_type` and `pa_config_data` (each for a krbtgt principal),
/// `proxy_impersonator`, `refresh_time`, `start_realm`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigEntry {
    /// The name of the setting.
    pub key: String,
    /// The principal that it is about, if not the cache as a whole.
    pub principal: Option<Principal>,
    /// The value: any octets.
    pub value: Vec<u8>,
}

impl ConfigEntry {
    /// Whether this entry of a cache is a setting and not a ticket.
    #[must_use]
    pub fn is_config(credential: &Credentials) -> bool {
        let components = credential.server.name.components.as_slice();
        credential.server.realm == REALM && components.first().is_some_and(|first| *first == NAME)
    }

    /// The setting that this entry of a cache is, if it is one.
    #[must_use]
    pub fn from_credentials(credential: &Credentials) -> Option<Self> {
        if !Self::is_config(credential) {
            return None;
        }
        let (key, principal) = match credential.server.name.components.as_slice() {
            [_, key] => (key, None),
            [_, key, principal] => (key, Some(Principal::parse(principal.as_str()?, None).ok()?)),
            _ => return None,
        };
        Some(Self {
            key: key.as_str()?.to_owned(),
            principal,
            value: credential.ticket.clone(),
        })
    }

    /// The entry that stores this setting in the cache of `client`.
    #[must_use]
    pub fn to_credentials(&self, client: &Principal) -> Credentials {
        Credentials {
            client: client.clone(),
            server: server(&self.key, self.principal.as_ref()),
            key: Arc::new(EncryptionKey::new(0, Vec::new())),
            authtime: KerberosTime(0),
            starttime: None,
            endtime: KerberosTime(0),
            renew_till: None,
            is_skey: false,
            flags: TicketFlags::empty(),
            addresses: Vec::new(),
            authdata: Vec::new(),
            ticket: self.value.clone(),
            second_ticket: Vec::new(),
        }
    }

    /// Whether this entry of a cache is the setting of that name.
    pub(super) fn has_name(credential: &Credentials, key: &str, principal: Option<&Principal>) -> bool {
        Self::is_config(credential) && credential.server == server(key, principal)
    }
}

fn server(key: &str, principal: Option<&Principal>) -> Principal {
    let mut components = vec![Component::from(NAME), Component::from(key)];
    components.extend(principal.map(|principal| Component::new(principal.to_octets())));
    Principal {
        realm: Realm::from(REALM),
        name: PrincipalName {
            name_type: NameType::UNKNOWN,
            components,
        },
    }
}

pub(super) const REALM: &str = "X-CACHECONF:";
const NAME: &str = "krb5_ccache_conf_data";
