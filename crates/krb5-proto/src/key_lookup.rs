//! Where an acceptor's keys come from.

use std::sync::Arc;

use krb5_crypto::Key;

use crate::Principal;
use crate::error::{KeyLookupError, LookupFailure};

/// Finds the long-term keys that a ticket may be encrypted in: a keytab, or a KDC's database.
pub trait KeyLookup {
    /// The keys to try for a ticket, best first, never an empty list.
    ///
    /// `server` is the name in the ticket, which is not authenticated. `kvno` is `None` where the
    /// ticket names no version, or version 0: every version is to be tried then.
    ///
    /// # Errors
    /// [`KeyLookupError`] with what was looked for and what is there.
    fn keys(&self, server: &Principal, kvno: Option<u32>, etype: i32) -> Result<Vec<Arc<Key>>, Box<KeyLookupError>>;

    /// Like [`Self::keys`], with the principal that each key belongs to.
    ///
    /// That principal is what an acceptor reports as its own name once the key has decrypted the
    /// ticket. Override this where keys of other principals than `server` are tried.
    ///
    /// # Errors
    /// As [`Self::keys`].
    fn named_keys(
        &self,
        server: &Principal,
        kvno: Option<u32>,
        etype: i32,
    ) -> Result<Vec<(Principal, Arc<Key>)>, Box<KeyLookupError>> {
        let keys = self.keys(server, kvno, etype)?;
        Ok(keys.into_iter().map(|key| (server.clone(), key)).collect())
    }

    /// What to report when none of the keys decrypts the ticket.
    ///
    /// Override this where keys are tried that do not fit the ticket's name or version, to say what does not fit.
    fn undecipherable(&self, server: &Principal, kvno: Option<u32>, etype: i32) -> Box<KeyLookupError> {
        Box::new(KeyLookupError {
            failure: LookupFailure::Undecipherable,
            place: "the key table".to_owned(),
            server: server.clone(),
            kvno,
            etype,
            found: Vec::new(),
        })
    }
}
