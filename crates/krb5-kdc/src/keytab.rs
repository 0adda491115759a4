//! Keys that leave the KDC.

use std::sync::Arc;

use krb5_proto::EncryptionKey;
use krb5_store::keytab::{Keytab, KeytabEntry};

use crate::database::{Entry, FromPassword};
use crate::{Error, Kdc};

impl Kdc {
    /// The keys of these principals, whose names may leave the realm out; old ones too, if they are kept.
    ///
    /// # Errors
    /// [`Error::Principal`], [`Error::ForeignRealm`], [`Error::UnknownPrincipal`].
    pub fn keytab_for(&self, names: &[&str]) -> Result<Keytab, Error> {
        let found = names.iter().map(|name| self.core.database.find(name));
        Ok(self.keytab(found.collect::<Result<Vec<_>, _>>()?))
    }

    /// The keys of all principals that have random keys, by name; not the KDC's own.
    #[must_use]
    pub fn service_keytab(&self) -> Keytab {
        let entries = self.core.database.entries().into_iter();
        let services = entries.filter(|entry| matches!(entry.from_password, FromPassword::No));
        let mut services: Vec<_> = services.filter(|entry| !entry.principal.is_krbtgt()).collect();
        services.sort_by_cached_key(|entry| entry.principal.to_octets());
        self.keytab(services)
    }

    fn keytab(&self, principals: Vec<Arc<Entry>>) -> Keytab {
        let timestamp = self.now().time;
        let entries = principals.iter().flat_map(|entry| {
            entry.keys().map(move |found| KeytabEntry {
                principal: entry.principal.clone(),
                timestamp,
                kvno: found.kvno,
                key: Arc::new(EncryptionKey::from(&*found.key)),
            })
        });
        Keytab {
            entries: entries.collect(),
        }
    }
}
