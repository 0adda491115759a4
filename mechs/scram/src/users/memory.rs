use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use krb5_message::crypto::primitives::{CryptoProvider, rustcrypto};
use krb5_message::crypto::{Secret, Zeroizing};

use super::{Decoy, ScramUsers, UsersError};
use crate::error::{NameFault, ScramError};
use crate::hash::ScramHash;
use crate::keys::{InitiatorKeys, UserKeys};
use crate::prepare::{prepared, prepared_password};

/// Users in memory, with keys for both mechanisms: for tests, and for programs with a few of them.
#[derive(Debug)]
pub struct MemoryUsers {
    provider: &'static CryptoProvider,
    iterations: NonZeroU32,
    decoy: Decoy,
    users: BTreeMap<(String, ScramHash), Arc<UserKeys>>,
}

impl MemoryUsers {
    /// None yet. Passwords are hashed as often as `iterations` say.
    ///
    /// # Errors
    /// [`ScramError::Iterations`] below 4096, RFC 5802 §5.1; [`ScramError::Random`].
    pub fn new(iterations: u32) -> Result<Self, ScramError> {
        Self::by(&rustcrypto::PROVIDER, iterations)
    }

    /// None yet, with these primitives and this randomness.
    ///
    /// # Errors
    /// As [`MemoryUsers::new`].
    pub fn by(provider: &'static CryptoProvider, iterations: u32) -> Result<Self, ScramError> {
        let enough = NonZeroU32::new(iterations).filter(|count| count.get() >= LEAST_ITERATIONS);
        let iterations = enough.ok_or(ScramError::Iterations {
            found: iterations,
            least: LEAST_ITERATIONS,
            most: u32::MAX,
        })?;
        Ok(Self {
            provider,
            iterations,
            decoy: Decoy::random(provider, SALT_LEN, iterations)?,
            users: BTreeMap::new(),
        })
    }

    /// The same with one more user, whose password is hashed with new salts.
    ///
    /// # Errors
    /// [`ScramError::Name`], [`ScramError::Password`], [`ScramError::Random`].
    pub fn with(mut self, user: &str, password: &[u8]) -> Result<Self, ScramError> {
        let password = prepared_password(password).map_err(ScramError::Password)?;
        for hash in ScramHash::ALL {
            let keys = self.hashed(hash, &password)?;
            self.add(user, keys)?;
        }
        Ok(self)
    }

    /// The same with one more user, or another key of one.
    ///
    /// # Errors
    /// [`ScramError::Name`].
    pub fn with_keys(mut self, user: &str, keys: UserKeys) -> Result<Self, ScramError> {
        self.add(user, keys)?;
        Ok(self)
    }

    /// The same with another decoy, such as one that other processes have, too.
    #[must_use]
    pub fn with_decoy(self, decoy: Decoy) -> Self {
        Self { decoy, ..self }
    }

    fn hashed(&self, hash: ScramHash, password: &Secret) -> Result<UserKeys, ScramError> {
        let mut salt = Zeroizing::new([0; SALT_LEN]);
        self.provider.random.fill(&mut *salt)?;
        let keys = InitiatorKeys::derive(self.provider, hash, password, &*salt, self.iterations);
        Ok(keys.verifier(self.provider))
    }

    fn add(&mut self, user: &str, keys: UserKeys) -> Result<(), ScramError> {
        let name = prepared(user).map_err(|reason| ScramError::Name {
            name: user.to_owned(),
            reason: NameFault::NotPrepared(reason),
        })?;
        self.users.insert((name.into_owned(), keys.hash), Arc::new(keys));
        Ok(())
    }
}

impl ScramUsers for MemoryUsers {
    fn find(&self, user: &str, hash: ScramHash) -> Result<Option<UserKeys>, UsersError> {
        let found = self.users.get(&(user.to_owned(), hash));
        Ok(found.map(|keys| keys.copied()))
    }

    fn decoy(&self, _hash: ScramHash) -> Result<Decoy, UsersError> {
        Ok(self.decoy.clone())
    }
}

/// RFC 5802 §5.1 and RFC 7677 §4.
pub(crate) const LEAST_ITERATIONS: u32 = 4096;
const SALT_LEN: usize = 16;
