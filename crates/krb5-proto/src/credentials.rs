//! What a ticket is worth to its client.

use std::sync::Arc;

use crate::messages::{AuthDataEntry, HostAddress, TicketFlags};
use crate::{EncryptionKey, KerberosTime, Principal};

/// A ticket with its session key and the facts that its client knows: what the KDC exchanges yield
/// and a credential cache stores.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Whom the ticket names.
    pub client: Principal,
    /// Whom it is for.
    pub server: Principal,
    /// The session key.
    pub key: Arc<EncryptionKey>,
    /// When the client authenticated.
    pub authtime: KerberosTime,
    /// When the ticket becomes valid, if that differs from `authtime`.
    pub starttime: Option<KerberosTime>,
    /// When it expires.
    pub endtime: KerberosTime,
    /// Until when it can be renewed.
    pub renew_till: Option<KerberosTime>,
    /// Whether the ticket is encrypted in another ticket's session key (user to user).
    pub is_skey: bool,
    /// Flags.
    pub flags: TicketFlags,
    /// The addresses that it is valid from; none means any.
    pub addresses: Vec<HostAddress>,
    /// Authorization data that came with it.
    pub authdata: Vec<AuthDataEntry>,
    /// The DER encoding of the ticket. Entries that caches use for configuration hold other octets.
    pub ticket: Vec<u8>,
    /// The DER encoding of the second ticket, for user to user; else empty.
    pub second_ticket: Vec<u8>,
}

impl Credentials {
    /// When the ticket becomes valid.
    #[must_use]
    pub fn valid_from(&self) -> KerberosTime {
        self.starttime.unwrap_or(self.authtime)
    }

    /// Whether the ticket has expired at `now`.
    #[must_use]
    pub fn is_expired(&self, now: KerberosTime) -> bool {
        now >= self.endtime
    }
}
