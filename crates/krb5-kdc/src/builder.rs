//! Setting a KDC up.

use std::time::Duration;

use krb5_crypto::primitives::rustcrypto;
use krb5_crypto::{CryptoProvider, Enctype};
use krb5_proto::{Principal, Realm};

use crate::database::Database;
use crate::kdc::Policy;
use crate::{Error, Kdc, NewPrincipal};

/// Collects what a [`Kdc`] is to serve. Mistakes are reported by [`build`](KdcBuilder::build).
#[derive(Debug)]
pub struct KdcBuilder {
    realm: String,
    provider: &'static CryptoProvider,
    enctypes: Vec<Enctype>,
    principals: Vec<NewPrincipal>,
    policy: Policy,
}

impl KdcBuilder {
    pub(crate) fn new(realm: String) -> Self {
        Self {
            realm,
            provider: &rustcrypto::PROVIDER,
            enctypes: Enctype::ALL.to_vec(),
            principals: Vec::new(),
            policy: Policy::default(),
        }
    }

    /// Adds a principal with keys from a password. `name` may leave the realm out.
    #[must_use]
    pub fn principal(self, name: impl Into<String>, password: impl AsRef<[u8]>) -> Self {
        self.add(NewPrincipal::with_password(name, password))
    }

    /// Adds a principal with random keys: a service such as `host/localhost`.
    #[must_use]
    pub fn service(self, name: impl Into<String>) -> Self {
        self.add(NewPrincipal::with_random_key(name))
    }

    /// Adds a principal with everything that can be said about it.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "it collects, and nobody adds up KDCs")]
    pub fn add(mut self, principal: NewPrincipal) -> Self {
        self.principals.push(principal);
        self
    }

    /// The encryption types of all keys that do not say otherwise, the KDC's own among them; best first. All by default.
    #[must_use]
    pub fn enctypes(mut self, enctypes: &[Enctype]) -> Self {
        self.enctypes = enctypes.to_vec();
        self
    }

    /// The longest lifetime of a ticket; a day by default.
    #[must_use]
    pub fn max_life(mut self, life: Duration) -> Self {
        self.policy.max_life = life;
        self
    }

    /// For how long tickets can be renewed at most; a week by default, zero for not at all.
    #[must_use]
    pub fn max_renewable_life(mut self, life: Duration) -> Self {
        self.policy.max_renewable_life = life;
        self
    }

    /// How far clients' clocks may be off; five minutes by default.
    #[must_use]
    pub fn clock_skew(mut self, skew: Duration) -> Self {
        self.policy.clock_skew = skew;
        self
    }

    /// What the server adds to this machine's clock, in seconds: for tests of clients whose clock is wrong.
    #[must_use]
    pub fn clock_offset(mut self, seconds: i64) -> Self {
        self.policy.clock_offset = seconds;
        self
    }

    /// The longest reply over UDP in octets; clients are sent to TCP for longer ones. 4096 by default, as MIT's; 0 sends
    /// them there always.
    #[must_use]
    pub fn udp_reply_limit(mut self, octets: usize) -> Self {
        self.policy.udp_reply_limit = octets;
        self
    }

    /// The source of primitives and randomness; RustCrypto and the system's by default.
    #[must_use]
    pub fn provider(mut self, provider: &'static CryptoProvider) -> Self {
        self.provider = provider;
        self
    }

    /// Makes the keys and the KDC.
    ///
    /// # Errors
    /// [`Error::NoRealm`], [`Error::NoEnctypes`], [`Error::Principal`], [`Error::ForeignRealm`], [`Error::Duplicate`] and
    /// [`Error::Key`].
    pub fn build(self) -> Result<Kdc, Error> {
        if self.realm.is_empty() {
            return Err(Error::NoRealm);
        }
        let realm = Realm::from(self.realm);
        let mut database = Database::new(realm.clone());
        let own = NewPrincipal::with_random_key(Principal::krbtgt(&realm, &realm).to_string());
        for principal in std::iter::once(own).chain(self.principals) {
            database.add(self.provider, principal, &self.enctypes)?;
        }
        Ok(Kdc::new(realm, database, self.policy, self.provider))
    }
}
