use std::fmt;
use std::sync::{Arc, OnceLock};

use gss_crypto::{CryptoProvider, Secret, Zeroizing};

use crate::{Enctype, Error, KeyUsage, UsageKey};

/// A protocol key of one enctype, RFC 3961 §3.
///
/// It cannot be used with the algorithms of another enctype, and its usages' keys are derived once, at their first use.
/// Share it as `Arc<Key>`: there is no `Clone`, no `==`, and `Debug` shows the enctype only.
///
/// ```compile_fail
/// # use krb5_crypto::{Enctype, Key, primitives::rustcrypto::PROVIDER};
/// # let key = || Key::generate(&PROVIDER, Enctype::Aes128CtsHmacSha196).unwrap();
/// let _ = key() == key();
/// ```
pub struct Key {
    provider: &'static CryptoProvider,
    etype: Enctype,
    octets: Secret,
    usages: UsageCache,
}

impl Key {
    /// Takes the octets of a key of `etype`.
    ///
    /// # Errors
    /// [`Error::KeyLength`].
    pub fn new(provider: &'static CryptoProvider, etype: Enctype, octets: &[u8]) -> Result<Self, Error> {
        let (expected, found) = (etype.key_len(), octets.len());
        if expected != found {
            return Err(Error::KeyLength {
                enctype: etype,
                expected,
                found,
            });
        }
        Ok(Self {
            provider,
            etype,
            octets: Secret::from_slice(octets),
            usages: UsageCache::default(),
        })
    }

    /// Makes a random key.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn generate(provider: &'static CryptoProvider, etype: Enctype) -> Result<Self, Error> {
        let mut seed = Zeroizing::new(vec![0; etype.seed_len()]);
        provider.random.fill(&mut seed)?;
        Self::from_seed(provider, etype, &seed)
    }

    /// Makes a key of random octets: random-to-key of RFC 3961 §3, the identity but for des3-cbc-sha1.
    ///
    /// # Errors
    /// [`Error::KeyLength`].
    pub(crate) fn from_seed(provider: &'static CryptoProvider, etype: Enctype, seed: &[u8]) -> Result<Self, Error> {
        #[cfg(feature = "legacy-crypto")]
        if etype == Enctype::Des3CbcSha1 {
            return Self::new(provider, etype, &crate::legacy::des3_random_to_key(seed));
        }
        Self::new(provider, etype, seed)
    }

    /// The encryption type.
    #[must_use]
    pub fn enctype(&self) -> Enctype {
        self.etype
    }

    /// The octets of the key, to be put into a ticket, a keytab, a cache.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.octets.expose()
    }

    /// Whose primitives the key uses.
    #[must_use]
    pub fn provider(&self) -> &'static CryptoProvider {
        self.provider
    }

    /// The derived keys of `usage`, made at the first call and kept.
    ///
    /// A message layer asks once and holds the result; finding one that is kept takes no lock.
    ///
    /// # Errors
    /// None for a key that [`Key::new`] made; the signature leaves room for providers that can refuse.
    pub fn usage(&self, usage: KeyUsage) -> Result<Arc<UsageKey>, Error> {
        self.usages.get_or_insert(usage, || UsageKey::derive(self, usage))
    }

    /// Encrypts `plaintext` for `usage`: see [`UsageKey::encrypt`].
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn encrypt(&self, usage: KeyUsage, plaintext: &[u8]) -> Result<Vec<u8>, Error> {
        self.usage(usage)?.encrypt(plaintext)
    }

    /// Decrypts `ciphertext` of `usage`: see [`UsageKey::decrypt`].
    ///
    /// # Errors
    /// [`Error::CiphertextTooShort`], [`Error::Integrity`].
    pub fn decrypt(&self, usage: KeyUsage, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.usage(usage)?.decrypt(ciphertext)
    }

    /// The checksum of the concatenation of `parts` for `usage`, to be sent.
    ///
    /// # Errors
    /// As [`Key::usage`].
    pub fn checksum(&self, usage: KeyUsage, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        Ok(self.usage(usage)?.checksum(parts).expose().to_vec())
    }

    /// Checks the `received` checksum of the concatenation of `parts`, in constant time.
    ///
    /// # Errors
    /// [`Error::Integrity`].
    pub fn verify_checksum(&self, usage: KeyUsage, parts: &[&[u8]], received: &[u8]) -> Result<(), Error> {
        self.usage(usage)?.verify_checksum(parts, received)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("enctype", &self.etype)
            .finish_non_exhaustive()
    }
}

/// A list that only grows, so that readers need no lock: each link is set once.
#[derive(Default)]
struct UsageCache {
    first: OnceLock<Box<Kept>>,
}

struct Kept {
    usage: KeyUsage,
    key: Arc<UsageKey>,
    next: OnceLock<Box<Kept>>,
}

impl UsageCache {
    /// Two threads that ask for a new usage at once may both derive it; one of the results is kept.
    fn get_or_insert(
        &self,
        usage: KeyUsage,
        derive: impl FnOnce() -> Result<UsageKey, Error>,
    ) -> Result<Arc<UsageKey>, Error> {
        let mut links = 0..MAX_KEPT;
        let mut link = &self.first;
        while let Some(kept) = link.get() {
            if kept.usage == usage {
                return Ok(Arc::clone(&kept.key));
            }
            links.next();
            link = &kept.next;
        }
        let key = Arc::new(derive()?);
        for _ in links {
            let kept = link.get_or_init(|| {
                Box::new(Kept {
                    usage,
                    key: Arc::clone(&key),
                    next: OnceLock::new(),
                })
            });
            if kept.usage == usage {
                return Ok(Arc::clone(&kept.key));
            }
            link = &kept.next;
        }
        Ok(key)
    }
}

/// More usages than any protocol has for one key; further ones are derived at each call.
const MAX_KEPT: usize = 32;

#[cfg(test)]
mod tests;
