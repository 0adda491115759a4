//! One principal.

use std::collections::BTreeSet;

use krb5_crypto::{CryptoProvider, Enctype, Secret};
use krb5_proto::{KerberosTime, Principal};

use super::keys::{FromPassword, KeySet, KeySource, LongTermKey, Recipe};
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
    pub(super) aliases: Vec<String>,
    source: KeySource,
    enctypes: Option<Vec<Enctype>>,
    kvno: u32,
    salt: Option<Vec<u8>>,
    iterations: Option<u32>,
    expires: Option<KerberosTime>,
    attributes: BTreeSet<Attribute>,
}

/// What sets a principal apart. Without any, it must preauthenticate, may be client and server, and may have
/// forwardable, proxiable, renewable and postdated tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Attribute {
    /// Neither client nor server: the account is locked.
    Disabled,
    /// No ticket for or to it is forwardable.
    NotForwardable,
    /// No ticket for or to it is postdated.
    NotPostdatable,
    /// No ticket for or to it is proxiable.
    NotProxiable,
    /// No ticket for or to it is renewable.
    NotRenewable,
    /// Tickets to it carry OK-AS-DELEGATE: clients may trust it with forwarded credentials. On a `krbtgt/OTHER@REALM` it
    /// says that this realm believes the other one in that.
    OkAsDelegate,
    /// Its password must be changed before it gets an initial ticket.
    PasswordExpired,
    /// Tickets to it are encrypted in the session key of a ticket-granting ticket of its own, never in its long-term
    /// key: user to user, RFC 4120 §3.7.
    UserToUserOnly,
    /// As a client it gets a ticket without proving who it is, so that everyone can guess its password at leisure.
    WithoutPreauth,
}

/// A principal in the database.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) principal: Principal,
    current: KeySet,
    /// Keys of earlier versions, the latest first: tickets in them are still taken.
    old: Vec<KeySet>,
    pub(crate) expires: Option<KerberosTime>,
    /// Whether a person's password made the keys.
    pub(crate) from_password: FromPassword,
    attributes: BTreeSet<Attribute>,
}

/// What becomes of the keys that a principal had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OldKeys {
    /// Tickets in them are refused from now on.
    Dropped,
    /// Tickets in them are taken until they expire, and keytabs get them too.
    Kept,
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

    /// Another name of it: for servers always, for clients that ask for canonical names (RFC 6806 §6).
    #[must_use]
    pub fn alias(mut self, name: impl Into<String>) -> Self {
        self.aliases.push(name.into());
        self
    }

    /// An enterprise name of it, such as `alice@corp.example`, RFC 6806 §5.
    #[must_use]
    pub fn enterprise_alias(self, name: &str) -> Self {
        self.alias(name.replace('\\', "\\\\").replace('@', "\\@").replace('/', "\\/"))
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
            aliases: Vec::new(),
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
        let salt = self.salt.unwrap_or_else(|| principal.default_salt());
        let params = self.iterations.map(u32::to_be_bytes);
        let current = KeySet::make(&Recipe {
            provider,
            principal,
            source: &self.source,
            enctypes: self.enctypes.as_deref().unwrap_or(enctypes),
            salt: &salt,
            params,
            kvno: self.kvno,
        })?;
        let from_password = match self.source {
            KeySource::Random => FromPassword::No,
            KeySource::Password(_) => FromPassword::Yes { salt, params },
        };
        Ok(Entry {
            principal: principal.clone(),
            current,
            old: Vec::new(),
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

    /// The same with new keys of the next version and of the same types: from `password`, or else random.
    ///
    /// # Errors
    /// [`Error::Key`].
    pub(super) fn with_new_keys(
        &self,
        provider: &'static CryptoProvider,
        password: Option<Secret>,
        old: OldKeys,
    ) -> Result<Self, Error> {
        let source = password.map_or(KeySource::Random, KeySource::Password);
        let (salt, params) = match &self.from_password {
            FromPassword::Yes { salt, params } => (salt.clone(), *params),
            FromPassword::No => (self.principal.default_salt(), None),
        };
        let current = KeySet::make(&Recipe {
            provider,
            principal: &self.principal,
            source: &source,
            enctypes: &self.current.enctypes(),
            salt: &salt,
            params,
            kvno: self.current.kvno().saturating_add(1),
        })?;
        let kept = match old {
            OldKeys::Dropped => Vec::new(),
            OldKeys::Kept => std::iter::once(&self.current).chain(&self.old).cloned().collect(),
        };
        Ok(Self {
            current,
            old: kept,
            from_password: match source {
                KeySource::Random => FromPassword::No,
                KeySource::Password(_) => FromPassword::Yes { salt, params },
            },
            ..self.clone()
        })
    }

    /// The version of its keys.
    pub(crate) fn kvno(&self) -> u32 {
        self.current.kvno()
    }

    /// The key of the first type in `wanted` that there is one of.
    pub(crate) fn key_for(&self, wanted: &[i32]) -> Option<&LongTermKey> {
        wanted.iter().find_map(|number| self.current_keys_of(*number).next())
    }

    /// The first type in `wanted` that this principal has a key of, and so can be expected to know.
    pub(crate) fn common_enctype(&self, wanted: &[i32]) -> Option<Enctype> {
        self.key_for(wanted).map(|found| found.key.enctype())
    }

    /// The key that tickets to it are encrypted in.
    pub(crate) fn best_key(&self) -> &LongTermKey {
        self.current.best()
    }

    /// All keys, the newest first and of these the best.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &LongTermKey> {
        self.current.iter().chain(self.old.iter().flat_map(KeySet::iter))
    }

    /// The newest keys of one type.
    pub(crate) fn current_keys_of(&self, etype: i32) -> impl Iterator<Item = &LongTermKey> {
        self.current
            .iter()
            .filter(move |found| found.key.enctype().number() == etype)
    }

    /// The keys of one type, and of one version if it is given.
    pub(crate) fn keys_of(&self, etype: i32, kvno: Option<u32>) -> impl Iterator<Item = &LongTermKey> {
        self.keys()
            .filter(move |found| found.key.enctype().number() == etype)
            .filter(move |found| kvno.is_none_or(|kvno| found.kvno == kvno))
    }
}
