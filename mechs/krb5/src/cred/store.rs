//! Storing tickets where other programs find them, RFC 5588 and `gss_store_cred_into`.

use std::sync::Arc;

use gss_core::{CredStore, CredUsage, Error, ErrorKind, Existing, Flow, Flowing, Rank, Store, Stored};
use krb5_store::Error as StoreError;
use krb5_store::ccache::{CacheContents, CredentialCache};

use super::KerberosCred;
use super::initiating::{Initiating, expires};
use crate::KerberosEnvironment;
use crate::acquire::{CCACHE, Tickets};
use crate::error::{KerberosError, failed};

/// Stores the tickets of `cred`; its keys remain where they are.
///
/// # Errors
/// [`ErrorKind::DuplicateElement`] if there are tickets already that are not to be overwritten,
/// [`ErrorKind::CredentialsExpired`] if ours have expired, [`ErrorKind::Failure`] if only accepting is to be stored.
pub(super) fn store(cred: &KerberosCred, into: &Store) -> Flowing<Stored> {
    if !into.usage.initiates() {
        return Err(failed(KerberosError::StoreAcceptor));
    }
    let source = cred.initiating().map_err(|_| failed(KerberosError::StoreAcceptor))?;
    let storing = Storing {
        environment: cred.environment.clone(),
        into: into.clone(),
    };
    source.tickets(None)?.then(move |tickets| {
        Flow::blocking(
            move || storing.store(&tickets),
            |stored| Ok(Flow::Done(stored?.map_err(gss_core::StepError::from)?)),
        )
    })
}

struct Storing {
    environment: KerberosEnvironment,
    into: Store,
}

impl Storing {
    fn store(&self, tickets: &Initiating) -> Result<Stored, Error> {
        let contents = tickets.cache.read().map_err(KerberosError::Store)?;
        self.refuse_expired(tickets, &contents)?;
        let nothing = CredStore::new();
        let store = self.into.store.as_ref().unwrap_or(&nothing);
        let object = store.value(CCACHE)?.and_then(gss_core::StoreValue::object::<Tickets>);
        match object {
            Some(cache) => self.replace(&cache.0, &contents)?,
            None => {
                let named = store.text(CCACHE)?;
                self.in_collection(named.unwrap_or(&self.environment.ccache), &contents)?;
            }
        }
        Ok(Stored {
            usage: CredUsage::Initiate,
        })
    }

    fn refuse_expired(&self, tickets: &Initiating, contents: &CacheContents) -> Result<(), KerberosError> {
        let now = self.environment.now().offset(tickets.clock_offset).time;
        match expires(contents) {
            Some(ended) if ended <= now => Err(KerberosError::TgtExpired {
                cache: tickets.cache.name(),
                client: Box::new(tickets.client.clone()),
                ended,
            }),
            _ => Ok(()),
        }
    }

    /// In the client's own cache of a collection, or a new one; or in the cache that the name means, whosever it was.
    fn in_collection(&self, name: &str, contents: &CacheContents) -> Result<(), Error> {
        let collection = self
            .environment
            .caches()
            .collection(name)
            .map_err(KerberosError::Store)?;
        let primary = collection.primary().map_err(KerberosError::Store)?;
        if primary.name() == collection.name() {
            return self.replace(&primary, contents);
        }
        let cache = match collection.find(&contents.principal).map_err(KerberosError::Store)? {
            Some(cache) => {
                self.replace(&cache, contents)?;
                cache
            }
            None => collection.keep(contents).map_err(KerberosError::Store)?,
        };
        if self.into.rank == Rank::Default {
            cache.make_primary().map_err(KerberosError::Store)?;
        }
        Ok(())
    }

    fn replace(&self, cache: &Arc<dyn CredentialCache>, contents: &CacheContents) -> Result<(), Error> {
        if self.into.existing == Existing::Keep {
            match cache.read() {
                Err(StoreError::NoCache { .. }) => {}
                Ok(_) => return Err(ErrorKind::DuplicateElement.into()),
                Err(error) => return Err(KerberosError::Store(error).into()),
            }
        }
        cache.replace(contents).map_err(KerberosError::Store)?;
        Ok(())
    }
}
