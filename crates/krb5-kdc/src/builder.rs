//! Setting a KDC up.

use std::time::Duration;

use krb5_crypto::primitives::rustcrypto;
use krb5_crypto::{CryptoProvider, Enctype};
use krb5_proto::{Principal, Realm};

use crate::database::Database;
use crate::kdc::{Core, Policy};
use crate::neighbours::Neighbours;
use crate::{Error, Kdc, NewPrincipal, UnknownPaths};

/// Collects what a [`Kdc`] is to serve. Mistakes are reported by [`build`](KdcBuilder::build).
#[derive(Debug)]
pub struct KdcBuilder {
    realm: String,
    provider: &'static CryptoProvider,
    enctypes: Vec<Enctype>,
    principals: Vec<NewPrincipal>,
    neighbours: Neighbours,
    policy: Policy,
}

impl KdcBuilder {
    pub(crate) fn new(realm: String) -> Self {
        Self {
            realm,
            provider: &rustcrypto::PROVIDER,
            enctypes: Enctype::ALL.to_vec(),
            principals: Vec::new(),
            neighbours: Neighbours::default(),
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

    /// Shares keys with `realm` in both directions, made from `password`: clients of each may have tickets of the other.
    ///
    /// The other KDC, be it MIT's or Heimdal's, makes the same keys of `krbtgt/OTHER@REALM` and `krbtgt/REALM@OTHER` from
    /// the same password, with the same encryption types. For one direction, or with attributes, [`add`](Self::add)
    /// either of the two.
    #[must_use]
    pub fn trusts(self, realm: impl Into<Realm>, password: impl AsRef<[u8]>) -> Self {
        let (own, other) = (Realm::from(self.realm.as_str()), realm.into());
        let shared = |principal: Principal| NewPrincipal::with_password(principal.to_string(), password.as_ref());
        let (to, from) = (
            shared(Principal::krbtgt(&own, &other)),
            shared(Principal::krbtgt(&other, &own)),
        );
        self.add(to).add(from)
    }

    /// Hosts in `domain` are in `realm`: clients that ask for their services with CANONICALIZE are sent there, RFC 6806
    /// §8. With a leading dot all hosts below it are meant, without one the host of that name; and enterprise names that
    /// end in `@` and it.
    #[must_use]
    pub fn domain_realm(mut self, domain: &str, realm: impl Into<Realm>) -> Self {
        self.neighbours.add_domain(domain, realm.into());
        self
    }

    /// The realms between those of a client and a server, in the manner of `[capaths]`: the next one to send a client to,
    /// and what tickets may have passed through. Without this the hierarchy of the names counts.
    #[must_use]
    pub fn capath<R: Into<Realm>>(
        mut self,
        client: impl Into<Realm>,
        server: impl Into<Realm>,
        between: impl IntoIterator<Item = R>,
    ) -> Self {
        let between = between.into_iter().map(Into::into).collect();
        self.neighbours.paths.set(client.into(), server.into(), between);
        self
    }

    /// What becomes of clients that come by way of realms off their path; they are refused by default.
    #[must_use]
    pub fn unknown_paths(mut self, unknown_paths: UnknownPaths) -> Self {
        self.policy.unknown_paths = unknown_paths;
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
        Ok(Kdc::new(Core {
            realm,
            database,
            neighbours: self.neighbours,
            policy: self.policy,
            provider: self.provider,
        }))
    }
}
