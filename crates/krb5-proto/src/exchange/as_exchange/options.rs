//! What the caller of an AS exchange chooses.

use std::sync::Arc;
use std::time::Duration;

use krb5_crypto::{CryptoProvider, Enctype, Key, MAX_ITERATIONS, Secret, string_to_key};

use super::{EtypeNumbers, Hint, KdcReqBody, TimeSync, UInt32};
use crate::messages::{HostAddress, KdcOptions};
use crate::{Error, KerberosTime, Principal};

/// Who wants which ticket, and what is acceptable on the way.
#[derive(Debug)]
pub struct AsOptions {
    /// The client.
    pub client: Principal,
    /// The server; `None` is the ticket-granting service of the client's realm.
    pub server: Option<Principal>,
    /// How the client proves who it is.
    pub credential: LongTerm,
    /// Encryption types to ask for, best first. Nothing else is accepted from the KDC.
    pub etypes: Vec<Enctype>,
    /// Options. `CANONICALIZE` lets the KDC replace the client's name, and send it to another realm.
    pub kdc_options: KdcOptions,
    /// The wanted lifetime.
    pub lifetime: Duration,
    /// The wanted renewable lifetime; setting it asks for a renewable ticket.
    pub renew_life: Option<Duration>,
    /// How far from now the ticket is to start; such a ticket must be validated then.
    pub postdate: Option<Duration>,
    /// The addresses to bind the ticket to; none means any.
    pub addresses: Vec<HostAddress>,
    /// The KDC's clock minus ours in seconds, as known from before.
    pub clock_offset: i64,
    /// The difference between clocks that goes without saying.
    pub clock_skew: Duration,
    /// Whether to follow the KDC's clock.
    pub time_sync: TimeSync,
    /// The least iteration count of string-to-key that a KDC may ask for; `None` is the default count of the
    /// encryption type. The KDC's hint is not authenticated: a low count would help whoever guesses the password.
    pub least_iterations: Option<u32>,
    /// Whether an encrypted timestamp may prove the key.
    pub encrypted_timestamp: EncryptedTimestamp,
}

/// Whether an encrypted timestamp may prove the client's key to the KDC.
///
/// Nothing authenticates the KDC that asks for one. Whoever reads it can guess the password that it was encrypted with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EncryptedTimestamp {
    /// It may.
    #[default]
    Allowed,
    /// It must not; an exchange that needs it fails.
    Disabled,
}

/// The client's long-term key.
#[derive(Debug)]
pub enum LongTerm {
    /// A password, in the octets that string-to-key takes (UTF-8).
    Password(Secret),
    /// Keys, from a keytab: one for each encryption type. Of several of one type the first is used.
    Keys(Vec<Arc<Key>>),
}

impl AsOptions {
    /// A TGT for ten hours, all supported encryption types, no options.
    #[must_use]
    pub fn new(client: Principal, credential: LongTerm) -> Self {
        Self {
            client,
            server: None,
            credential,
            etypes: Enctype::ALL.to_vec(),
            kdc_options: KdcOptions::empty(),
            lifetime: Duration::from_secs(10 * 60 * 60),
            renew_life: None,
            postdate: None,
            addresses: Vec::new(),
            clock_offset: 0,
            clock_skew: Duration::from_secs(300),
            time_sync: TimeSync::default(),
            least_iterations: None,
            encrypted_timestamp: EncryptedTimestamp::default(),
        }
    }

    /// The encryption types to ask for: those allowed, of which there is a key.
    pub(super) fn usable_etypes(&self) -> Result<Vec<Enctype>, Error> {
        if self.etypes.is_empty() {
            return Err(Error::NoEtypes);
        }
        let LongTerm::Keys(keys) = &self.credential else {
            return Ok(self.etypes.clone());
        };
        let have = |etype: &Enctype| keys.iter().any(|key| key.enctype() == *etype);
        let usable: Vec<_> = self.etypes.iter().copied().filter(have).collect();
        if usable.is_empty() {
            Err(self.no_key(&self.etypes, keys))
        } else {
            Ok(usable)
        }
    }

    /// The request's body for a KDC whose clock says `now`.
    pub(super) fn body(&self, server: &Principal, etypes: &[Enctype], now: KerberosTime, nonce: u32) -> KdcReqBody {
        let mut kdc_options = self.kdc_options;
        if self.renew_life.is_some() {
            kdc_options.insert(KdcOptions::RENEWABLE);
        }
        let from = self.postdate.map(|delay| now.plus(delay));
        if from.is_some() {
            kdc_options.insert(KdcOptions::POSTDATED | KdcOptions::ALLOW_POSTDATE);
        }
        let start = from.unwrap_or(now);
        KdcReqBody {
            kdc_options,
            cname: Some(self.client.name.clone()),
            realm: server.realm.clone(),
            sname: Some(server.name.clone()),
            from,
            till: start.plus(self.lifetime),
            rtime: self.renew_life.map(|life| start.plus(life)),
            nonce: UInt32(nonce),
            etype: etypes.iter().map(|etype| etype.number()).collect(),
            addresses: Some(self.addresses.clone()).filter(|addresses| !addresses.is_empty()),
            enc_authorization_data: None,
            additional_tickets: None,
        }
    }

    /// The client's key as the KDC hints that it is made.
    pub(super) fn client_key(&self, provider: &'static CryptoProvider, hint: &Hint) -> Result<Arc<Key>, Error> {
        match &self.credential {
            LongTerm::Keys(keys) => keys
                .iter()
                .find(|key| key.enctype() == hint.etype)
                .cloned()
                .ok_or_else(|| self.no_key(&[hint.etype], keys)),
            LongTerm::Password(password) => {
                self.check_iterations(hint)?;
                let default_salt = self.client.default_salt();
                let salt = hint.salt.as_deref().unwrap_or(&default_salt);
                string_to_key(provider, hint.etype, password.expose(), salt, hint.params.as_deref())
                    .map(Arc::new)
                    .map_err(|source| Error::Crypto {
                        doing: "making a key from the password",
                        source,
                    })
            }
        }
    }

    fn check_iterations(&self, hint: &Hint) -> Result<(), Error> {
        let Some(params) = &hint.params else {
            return Ok(());
        };
        let octets = <[u8; 4]>::try_from(params.as_slice()).map_err(|_| Error::StringToKeyParameters(params.len()))?;
        // RFC 3962 §4: zero stands for 2^32.
        let iterations = match u32::from_be_bytes(octets) {
            0 => 1 << 32,
            count => u64::from(count),
        };
        let least = self.least_iterations.unwrap_or(hint.etype.default_iterations());
        let allowed = u64::from(least)..=u64::from(MAX_ITERATIONS);
        if allowed.contains(&iterations) {
            return Ok(());
        }
        Err(Error::IterationCount {
            iterations,
            least,
            most: MAX_ITERATIONS,
        })
    }

    fn no_key(&self, wanted: &[Enctype], keys: &[Arc<Key>]) -> Error {
        Error::NoClientKey {
            client: Box::new(self.client.clone()),
            wanted: EtypeNumbers::of(wanted),
            have: EtypeNumbers(keys.iter().map(|key| key.enctype().number()).collect()),
        }
    }
}
