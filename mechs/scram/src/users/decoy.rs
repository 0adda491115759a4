use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use krb5_message::crypto::Secret;
use krb5_message::crypto::primitives::{CryptoProvider, RandomUnavailable};

use crate::hash::ScramHash;
use crate::keys::UserKeys;

/// What an acceptor answers for users that are not there: keys that depend on the name and a secret, so that the same
/// name always gets the same salt, and that no password leads to.
#[derive(Clone)]
pub struct Decoy {
    secret: Arc<Secret>,
    salt_len: usize,
    iterations: NonZeroU32,
}

impl Decoy {
    /// A decoy of a secret that lasts, for users with salts of `salt_len` octets and this iteration count.
    #[must_use]
    pub fn new(secret: Secret, salt_len: usize, iterations: NonZeroU32) -> Self {
        Self {
            secret: Arc::new(secret),
            salt_len,
            iterations,
        }
    }

    /// A decoy of a new secret. What it answers changes with every start of the process, which a patient observer
    /// notices.
    ///
    /// # Errors
    /// [`RandomUnavailable`].
    pub fn random(
        provider: &CryptoProvider,
        salt_len: usize,
        iterations: NonZeroU32,
    ) -> Result<Self, RandomUnavailable> {
        let mut secret = vec![0; SECRET_LEN];
        provider.random.fill(&mut secret)?;
        Ok(Self::new(secret.into(), salt_len, iterations))
    }

    /// The same secret for users of this kind.
    pub(crate) fn like(&self, salt_len: usize, iterations: NonZeroU32) -> Self {
        Self {
            secret: Arc::clone(&self.secret),
            salt_len,
            iterations,
        }
    }

    /// The keys of nobody of that name.
    pub(crate) fn keys(&self, provider: &CryptoProvider, hash: ScramHash, user: &str) -> UserKeys {
        let keyed = hash.hmac(provider).key(self.secret.expose());
        let named = |what: &[u8]| keyed.sign(&[what, b"\0", user.as_bytes()]);
        let mut salt = Vec::new();
        for counter in 0..=u8::MAX {
            if salt.len() >= self.salt_len {
                break;
            }
            salt.extend_from_slice(named(&[b's', counter]).expose());
        }
        salt.truncate(self.salt_len);
        UserKeys {
            hash,
            salt,
            iterations: self.iterations,
            stored_key: Secret::from_slice(named(b"stored key").expose()),
            server_key: Secret::from_slice(named(b"server key").expose()),
        }
    }
}

impl fmt::Debug for Decoy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoy")
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}

const SECRET_LEN: usize = 32;

#[cfg(test)]
mod tests {
    use krb5_message::crypto::primitives::rustcrypto::PROVIDER;

    use super::*;

    fn decoy(secret: &[u8]) -> Decoy {
        Decoy::new(Secret::from_slice(secret), 16, NonZeroU32::new(4096).unwrap())
    }

    #[test]
    fn nobody_has_the_same_salt_each_time_and_another_than_somebody_else_who_is_nobody() {
        let salt = |secret: &[u8], user| decoy(secret).keys(&PROVIDER, ScramHash::Sha256, user).salt;
        assert_eq!(salt(b"one", "mallory"), salt(b"one", "mallory"));
        assert_ne!(salt(b"one", "mallory"), salt(b"one", "trent"));
        assert_ne!(salt(b"one", "mallory"), salt(b"other", "mallory"));
    }

    #[test]
    fn a_salt_is_as_long_as_those_of_the_users() {
        for salt_len in [1, 16, 32, 33, 100] {
            let decoy = Decoy::new(Secret::from_slice(b"one"), salt_len, NonZeroU32::MIN);
            for hash in ScramHash::ALL {
                let keys = decoy.keys(&PROVIDER, hash, "mallory");
                assert_eq!(keys.salt.len(), salt_len);
                assert_eq!(keys.stored_key.len(), hash.output_len());
                assert_ne!(keys.stored_key.expose(), keys.server_key.expose());
            }
        }
    }

    #[test]
    fn the_secret_is_not_shown() {
        assert!(!format!("{:?}", decoy(b"pq7z")).contains("pq7z"));
    }
}
