//! One principal.

use std::collections::BTreeSet;
use std::sync::Arc;

use krb5_crypto::{CryptoProvider, Enctype, Key, Secret, string_to_key};
use krb5_proto::{KerberosTime, Principal};

use crate::Error;

/// A principal that is to be added to a KDC.
///
/// ```
/// use krb5_crypto::Enctype;
/// use krb5_kdc::{Attribute, Kdc, NewPrincipal};
///
/// let kdc = Kdc::builder("EXAMPLE.TEST")
///     .add(NewPrincipal::with_password("user", "password").attribute(Attribute::NotForwardable))
///     .add(NewPrincipal::with_random_key("host/old").enctypes(&[Enctype::Aes128CtsHmacSha196]).kvno(7))
///     .build()?;
/// # Ok::<(), krb5_kdc::Error>(())
/// ```
#[derive(Debug)]
pub struct NewPrincipal {
    pub(super) name: String,
    source: KeySource,
    enctypes: Option<Vec<Enctype>>,
    kvno: u32,
    salt: Option<Vec<u8>>,
    iterations: Option<u32>,
    expires: Option<KerberosTime>,
    attributes: BTreeSet<Attribute>,
}

/// Where the keys come from.
#[derive(Debug)]
enum KeySource {
    Password(Secret),
    Random,
}

/// What sets a principal apart. Without any, it must preauthenticate, may be client and server, and may have
/// forwardable, proxiable and renewable tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Attribute {
    /// Neither client nor server: the account is locked.
    Disabled,
    /// No ticket for or to it is forwardable.
    NotForwardable,
    /// No ticket for or to it is proxiable.
    NotProxiable,
    /// No ticket for or to it is renewable.
    NotRenewable,
    /// Tickets to it carry OK-AS-DELEGATE: clients may trust it with forwarded credentials.
    OkAsDelegate,
    /// Its password must be changed before it gets an initial ticket.
    PasswordExpired,
    /// As a client it gets a ticket without proving who it is, so that everyone can guess its password at leisure.
    WithoutPreauth,
}

/// A principal in the database.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) principal: Principal,
    /// What tickets to it are encrypted in.
    best: LongTermKey,
    /// Further keys, best first.
    others: Vec<LongTermKey>,
    pub(crate) expires: Option<KerberosTime>,
    /// Whether a person's password made the keys.
    pub(crate) from_password: FromPassword,
    attributes: BTreeSet<Attribute>,
}

/// How string-to-key made the keys, if it did.
#[derive(Debug)]
pub(crate) enum FromPassword {
    No,
    Yes { salt: Vec<u8>, params: Option<[u8; 4]> },
}

/// A long-term key with its version.
#[derive(Clone, Debug)]
pub(crate) struct LongTermKey {
    pub(crate) kvno: u32,
    pub(crate) key: Arc<Key>,
}

impl NewPrincipal {
    /// A principal whose keys are made from `password`; `name` may leave the realm out.
    pub fn with_password(name: impl Into<String>, password: impl AsRef<[u8]>) -> Self {
        Self::new(name.into(), KeySource::Password(Secret::from_slice(password.as_ref())))
    }

    /// A principal with random keys, which leave the KDC in a keytab.
    pub fn with_random_key(name: impl Into<String>) -> Self {
        Self::new(name.into(), KeySource::Random)
    }

    /// The encryption types of its keys, best first; those of the KDC otherwise.
    #[must_use]
    pub fn enctypes(mut self, enctypes: &[Enctype]) -> Self {
        self.enctypes = Some(enctypes.to_vec());
        self
    }

    /// The version of its keys; 1 otherwise.
    #[must_use]
    pub fn kvno(mut self, kvno: u32) -> Self {
        self.kvno = kvno;
        self
    }

    /// The salt of its password; the default one of RFC 4120 §4 otherwise.
    #[must_use]
    pub fn salt(mut self, salt: impl Into<Vec<u8>>) -> Self {
        self.salt = Some(salt.into());
        self
    }

    /// The iteration count of string-to-key for all its keys; each encryption type's own otherwise.
    #[must_use]
    pub fn iterations(mut self, iterations: u32) -> Self {
        self.iterations = Some(iterations);
        self
    }

    /// When it ceases to exist for clients and servers; never otherwise.
    #[must_use]
    pub fn expires(mut self, at: KerberosTime) -> Self {
        self.expires = Some(at);
        self
    }

    /// Sets it apart by `attribute`, besides those given before.
    #[must_use]
    pub fn attribute(mut self, attribute: Attribute) -> Self {
        self.attributes.insert(attribute);
        self
    }

    fn new(name: String, source: KeySource) -> Self {
        Self {
            name,
            source,
            enctypes: None,
            kvno: 1,
            salt: None,
            iterations: None,
            expires: None,
            attributes: BTreeSet::new(),
        }
    }

    /// Makes the keys, of `enctypes` unless the principal has its own.
    pub(super) fn into_entry(
        self,
        provider: &'static CryptoProvider,
        principal: &Principal,
        enctypes: &[Enctype],
    ) -> Result<Entry, Error> {
        let enctypes = self.enctypes.as_deref().unwrap_or(enctypes);
        let (best, others) = enctypes
            .split_first()
            .ok_or_else(|| Error::NoEnctypes(principal.to_string()))?;
        let salt = self.salt.unwrap_or_else(|| principal.default_salt());
        let params = self.iterations.map(u32::to_be_bytes);
        let make = |etype: &Enctype| {
            let key = match &self.source {
                KeySource::Random => Key::generate(provider, *etype),
                KeySource::Password(password) => string_to_key(
                    provider,
                    *etype,
                    password.expose(),
                    &salt,
                    params.as_ref().map(<[u8; 4]>::as_slice),
                ),
            };
            key.map(|key| LongTermKey {
                kvno: self.kvno,
                key: Arc::new(key),
            })
        };
        let failed = |source| Error::Key {
            principal: Box::new(principal.clone()),
            source,
        };
        let best = make(best).map_err(failed)?;
        let others = others.iter().map(make).collect::<Result<_, _>>().map_err(failed)?;
        let from_password = match self.source {
            KeySource::Random => FromPassword::No,
            KeySource::Password(_) => FromPassword::Yes { salt, params },
        };
        Ok(Entry {
            principal: principal.clone(),
            best,
            others,
            expires: self.expires,
            from_password,
            attributes: self.attributes,
        })
    }
}

impl Entry {
    pub(crate) fn is(&self, attribute: Attribute) -> bool {
        self.attributes.contains(&attribute)
    }

    pub(crate) fn is_expired(&self, now: KerberosTime) -> bool {
        self.expires.is_some_and(|expires| now >= expires)
    }

    /// The key of the first type in `wanted` that there is one of.
    pub(crate) fn key_for(&self, wanted: &[i32]) -> Option<&LongTermKey> {
        wanted.iter().find_map(|number| self.keys_of(*number, None).next())
    }

    /// The first type in `wanted` that this principal has a key of, and so can be expected to know.
    pub(crate) fn common_enctype(&self, wanted: &[i32]) -> Option<Enctype> {
        self.key_for(wanted).map(|found| found.key.enctype())
    }

    /// The key that tickets to it are encrypted in.
    pub(crate) fn best_key(&self) -> &LongTermKey {
        &self.best
    }

    /// All keys, the best first.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &LongTermKey> {
        std::iter::once(&self.best).chain(&self.others)
    }

    /// The keys of one type, and of one version if it is given.
    pub(crate) fn keys_of(&self, etype: i32, kvno: Option<u32>) -> impl Iterator<Item = &LongTermKey> {
        self.keys()
            .filter(move |found| found.key.enctype().number() == etype)
            .filter(move |found| kvno.is_none_or(|kvno| found.kvno == kvno))
    }
}
