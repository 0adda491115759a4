//! The hash functions of SCRAM, each of which makes a mechanism of its own.

use std::fmt;

use gss_core::{Label, Oid};
use krb5_message::crypto::primitives::{CryptoProvider, Hash, Hmac, Pbkdf2};

use crate::{SCRAM_SHA_1, SCRAM_SHA_256};

/// The hash function of a SCRAM mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScramHash {
    /// SCRAM-SHA-1, RFC 5802.
    Sha1,
    /// SCRAM-SHA-256, RFC 7677.
    Sha256,
}

impl ScramHash {
    /// All of them, the better one first.
    pub const ALL: [Self; 2] = [Self::Sha256, Self::Sha1];

    /// The OID of its mechanism.
    #[must_use]
    pub fn oid(self) -> Oid {
        match self {
            Self::Sha1 => SCRAM_SHA_1,
            Self::Sha256 => SCRAM_SHA_256,
        }
    }

    /// The hash function of the mechanism of that OID.
    #[must_use]
    pub fn of_oid(oid: &Oid) -> Option<Self> {
        Self::ALL.into_iter().find(|hash| hash.oid() == *oid)
    }

    /// The name of its SASL mechanism, RFC 5802 §4: `SCRAM-SHA-256`.
    #[must_use]
    pub fn sasl_name(self) -> &'static str {
        self.label().sasl
    }

    /// The hash function of the SASL mechanism of that name.
    #[must_use]
    pub fn of_sasl_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hash| hash.sasl_name() == name)
    }

    /// The length of its digests and of the keys that are made with it, in octets.
    #[must_use]
    pub fn output_len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    pub(crate) fn label(self) -> Label {
        match self {
            Self::Sha1 => Label {
                name: "scram-sha1",
                sasl: "SCRAM-SHA-1",
                description: "SCRAM with SHA-1 (RFC 5802)",
            },
            Self::Sha256 => Label {
                name: "scram",
                sasl: "SCRAM-SHA-256",
                description: "SCRAM with SHA-256 (RFC 7677)",
            },
        }
    }

    /// H of RFC 5802 §2.2.
    pub(crate) fn digest(self, provider: &CryptoProvider) -> &'static dyn Hash {
        match self {
            Self::Sha1 => provider.sha1,
            Self::Sha256 => provider.sha256,
        }
    }

    /// HMAC of RFC 5802 §2.2.
    pub(crate) fn hmac(self, provider: &CryptoProvider) -> &'static dyn Hmac {
        match self {
            Self::Sha1 => provider.hmac_sha1,
            Self::Sha256 => provider.hmac_sha256,
        }
    }

    /// Hi of RFC 5802 §2.2.
    pub(crate) fn pbkdf2(self, provider: &CryptoProvider) -> &'static dyn Pbkdf2 {
        match self {
            Self::Sha1 => provider.pbkdf2_sha1,
            Self::Sha256 => provider.pbkdf2_sha256,
        }
    }
}

impl fmt::Display for ScramHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.sasl_name())
    }
}

#[cfg(test)]
mod tests {
    use krb5_message::crypto::primitives::rustcrypto::PROVIDER;

    use super::*;

    #[test]
    fn every_hash_is_found_by_its_names_and_has_the_length_of_its_primitives() {
        for hash in ScramHash::ALL {
            assert_eq!(ScramHash::of_oid(&hash.oid()), Some(hash));
            assert_eq!(ScramHash::of_sasl_name(hash.sasl_name()), Some(hash));
            assert_eq!(hash.digest(&PROVIDER).output_len(), hash.output_len());
            assert_eq!(hash.hmac(&PROVIDER).output_len(), hash.output_len());
        }
        assert_eq!(ScramHash::of_sasl_name("SCRAM-SHA-256-PLUS"), None);
        assert_eq!(ScramHash::of_oid(&gss_core::oid!("1.3.6.1.5.5.15")), None);
    }
}
