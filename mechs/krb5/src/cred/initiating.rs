//! The tickets of one client, in a cache that is known.

use std::sync::Arc;

use krb5_proto::exchange::ServiceRealm;
use krb5_proto::{Credentials, KerberosTime, Principal, PrincipalName};
use krb5_store::ccache::{CacheContents, CredentialCache};

use super::options::CredOptions;
use crate::error::KerberosError;

/// The part that initiates contexts: a credential cache, which may be in memory.
#[derive(Clone, Debug)]
pub(crate) struct Initiating {
    pub(crate) cache: Arc<dyn CredentialCache>,
    pub(crate) client: Principal,
    /// The KDC's clock minus ours, in seconds.
    pub(crate) clock_offset: i64,
    /// When the last ticket-granting ticket began to be valid.
    pub(crate) issued: Option<KerberosTime>,
}

impl Initiating {
    /// The client of a cache with these contents.
    pub(crate) fn new(cache: Arc<dyn CredentialCache>, contents: &CacheContents) -> Self {
        Self {
            cache,
            client: contents.principal.clone(),
            clock_offset: contents.clock_offset.map_or(0, |offset| i64::from(offset.seconds)),
            issued: granting(contents).map(Credentials::valid_from).max(),
        }
    }

    /// The ticket for the service that is in the cache and valid at `now`, if its key is one that may be used.
    ///
    /// # Errors
    /// [`KerberosError::Store`].
    pub(crate) fn ticket(
        &self,
        service: &PrincipalName,
        realm: &ServiceRealm,
        now: KerberosTime,
        options: &CredOptions,
    ) -> Result<Option<Credentials>, KerberosError> {
        let usable = |ticket: &Credentials| options.allows(ticket.key.keytype);
        let contents = self.cache.read()?;
        match contents.find_service(service, realm, now) {
            Some(ticket) if !usable(&ticket) => {
                let mut contents = CacheContents::clone(contents.as_ref());
                contents.credentials.retain(usable);
                Ok(contents.find_service(service, realm, now))
            }
            found => Ok(found),
        }
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
        match granting(&contents).map(|ticket| ticket.endtime).max() {
            Some(ended) if ended <= now => Err(KerberosError::TgtExpired { cache, client, ended }),
            _ => Err(KerberosError::NoTgt { cache, client }),
        }
    }
}

/// When the last ticket-granting ticket ends, or the last ticket where there is none.
pub(super) fn expires(contents: &CacheContents) -> Option<KerberosTime> {
    let last = granting(contents).map(|ticket| ticket.endtime).max();
    last.or_else(|| contents.tickets().map(|ticket| ticket.endtime).max())
}

/// The ticket-granting tickets of the client's realm.
fn granting(contents: &CacheContents) -> impl Iterator<Item = &Credentials> {
    let service = Principal::krbtgt(&contents.principal.realm, &contents.principal.realm);
    contents.tickets().filter(move |ticket| ticket.server == service)
}
