//! The encryption types that are kept for old peers: arcfour-hmac and des3-cbc-sha1 (feature `legacy-crypto`).
//!
//! RC4's keystream has a bias that tells, and its MIC goes through MD5; DES has blocks that repeat after 32 GiB and is
//! slow. Neither is ever among [`Enctype::ALL`](crate::Enctype::ALL).

mod arcfour;
mod des3;

use gss_crypto::{CryptoProvider, Mac, Zeroizing};

use crate::{Error, KeyUsage};

pub use arcfour::translated_usage;
pub(crate) use des3::{SEED_LEN as DES3_SEED_LEN, random_to_key as des3_random_to_key};

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    /// RFC 4757.
    Arcfour,
    /// RFC 3961 §6.3.
    Des3,
}

/// The keys of one usage.
pub(crate) enum UsageCipher {
    Arcfour(arcfour::UsageCipher),
    Des3(des3::UsageCipher),
}

impl Type {
    pub(crate) fn cipher(
        self,
        provider: &'static CryptoProvider,
        key: &[u8],
        usage: KeyUsage,
    ) -> Result<UsageCipher, Error> {
        match self {
            Self::Arcfour => Ok(UsageCipher::Arcfour(arcfour::UsageCipher::new(provider, key, usage))),
            Self::Des3 => des3::UsageCipher::new(provider, key, usage).map(UsageCipher::Des3),
        }
    }

    /// The octets of a key from a password.
    pub(crate) fn string_to_key(
        self,
        provider: &CryptoProvider,
        password: &[u8],
        salt: &[u8],
        params: Option<&[u8]>,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        if let Some(params) = params.filter(|params| !params.is_empty()) {
            return Err(Error::StringToKeyParameters(params.len()));
        }
        match self {
            Self::Arcfour => arcfour::string_to_key(provider, password),
            Self::Des3 => des3::string_to_key(provider, password, salt),
        }
    }

    pub(crate) fn prf(
        self,
        provider: &CryptoProvider,
        key: &[u8],
        input: &[&[u8]],
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        match self {
            Self::Arcfour => Ok(arcfour::prf(provider, key, input)),
            Self::Des3 => des3::prf(provider, key, input),
        }
    }
}

impl UsageCipher {
    /// Encrypts `plaintext` under a random confounder.
    pub(crate) fn encrypt(&self, provider: &CryptoProvider, plaintext: &[u8]) -> Result<Vec<u8>, Error> {
        let mut confounder = [0; CONFOUNDER_LEN];
        provider.random.fill(&mut confounder)?;
        Ok(match self {
            Self::Arcfour(cipher) => cipher.encrypt(&confounder, plaintext)?,
            Self::Des3(cipher) => cipher.encrypt(&confounder, plaintext),
        })
    }

    pub(crate) fn decrypt(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        match self {
            Self::Arcfour(cipher) => cipher.decrypt(ciphertext),
            Self::Des3(cipher) => cipher.decrypt(ciphertext),
        }
    }

    pub(crate) fn checksum(&self, parts: &[&[u8]]) -> Mac {
        match self {
            Self::Arcfour(cipher) => cipher.checksum(parts),
            Self::Des3(cipher) => cipher.checksum(parts),
        }
    }
}

/// In octets, for both.
pub(crate) const CONFOUNDER_LEN: usize = 8;

#[cfg(test)]
mod tests;
