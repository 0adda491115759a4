//! The long-term keys of a principal, version by version.

use std::sync::Arc;

use krb5_crypto::{CryptoProvider, Enctype, Key, Secret, string_to_key};
use krb5_proto::Principal;

use crate::Error;

/// A long-term key with its version.
#[derive(Clone, Debug)]
pub(crate) struct LongTermKey {
    pub(crate) kvno: u32,
    pub(crate) key: Arc<Key>,
}

/// Where keys come from.
#[derive(Debug)]
pub(super) enum KeySource {
    Password(Secret),
    Random,
}

/// How string-to-key made the keys, if it did.
#[derive(Clone, Debug)]
pub(crate) enum FromPassword {
    No,
    Yes { salt: Vec<u8>, params: Option<[u8; 4]> },
}

/// The keys of one version, the best first; there is at least one.
#[derive(Clone, Debug)]
pub(crate) struct KeySet {
    best: LongTermKey,
    others: Vec<LongTermKey>,
}

/// What a set of keys is made of.
pub(super) struct Recipe<'a> {
    pub(super) provider: &'static CryptoProvider,
    pub(super) principal: &'a Principal,
    pub(super) source: &'a KeySource,
    pub(super) enctypes: &'a [Enctype],
    pub(super) salt: &'a [u8],
    pub(super) params: Option<[u8; 4]>,
    pub(super) kvno: u32,
}

impl KeySet {
    /// # Errors
    /// [`Error::NoEnctypes`], [`Error::Key`].
    pub(super) fn make(recipe: &Recipe<'_>) -> Result<Self, Error> {
        let (best, others) = recipe
            .enctypes
            .split_first()
            .ok_or_else(|| Error::NoEnctypes(recipe.principal.to_string()))?;
        let make = |etype: &Enctype| recipe.key(*etype);
        Ok(Self {
            best: make(best)?,
            others: others.iter().map(make).collect::<Result<_, _>>()?,
        })
    }

    pub(crate) fn best(&self) -> &LongTermKey {
        &self.best
    }

    pub(crate) fn kvno(&self) -> u32 {
        self.best.kvno
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &LongTermKey> {
        std::iter::once(&self.best).chain(&self.others)
    }

    /// The encryption types, in their order.
    pub(super) fn enctypes(&self) -> Vec<Enctype> {
        self.iter().map(|found| found.key.enctype()).collect()
    }
}

impl Recipe<'_> {
    fn key(&self, etype: Enctype) -> Result<LongTermKey, Error> {
        let params = self.params.as_ref().map(<[u8; 4]>::as_slice);
        let key = match self.source {
            KeySource::Random => Key::generate(self.provider, etype),
            KeySource::Password(password) => string_to_key(self.provider, etype, password.expose(), self.salt, params),
        };
        let key = key.map_err(|source| Error::Key {
            principal: Box::new(self.principal.clone()),
            source,
        })?;
        Ok(LongTermKey {
            kvno: self.kvno,
            key: Arc::new(key),
        })
    }
}
