//! What the mechanisms work with.

use std::ops::RangeInclusive;
use std::sync::Arc;

use gss_core::{Environment, Result};
use krb5_message::crypto::primitives::{CryptoProvider, rustcrypto};

use crate::error::ScramError;
use crate::hash::ScramHash;
use crate::users::{FileUsers, ScramUsers};

/// Everything that a mechanism is given instead of looking it up. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ScramEnvironment {
    /// Primitives and randomness.
    pub provider: &'static CryptoProvider,
    /// The users of acceptors without a credential of their own.
    pub users: Option<Arc<dyn ScramUsers>>,
    /// How many iterations an acceptor may ask an initiator for. Fewer make the password easy to guess for who listens;
    /// more make the initiator busy.
    pub iterations: RangeInclusive<u32>,
}

impl ScramEnvironment {
    /// The same with these users.
    #[must_use]
    pub fn with_users(self, users: Arc<dyn ScramUsers>) -> Self {
        Self {
            users: Some(users),
            ..self
        }
    }

    /// The same with these bounds on what an acceptor may ask for.
    #[must_use]
    pub fn with_iterations(self, iterations: RangeInclusive<u32>) -> Self {
        Self { iterations, ..self }
    }

    /// Takes the extension `ScramEnvironment`, or else the users in the file that the variable `SCRAM_USER_FILE` names:
    /// see [`FileUsers`].
    ///
    /// # Errors
    /// [`ScramError::Random`].
    pub fn from_environment(environment: &Environment) -> Result<Self> {
        if let Some(ready) = environment.extension::<Self>() {
            return Ok((*ready).clone());
        }
        let ours = Self::default();
        let Some(path) = environment.variable("SCRAM_USER_FILE") else {
            return Ok(ours);
        };
        let users =
            FileUsers::new(ours.provider, path).map_err(|error| ScramError::Random(error).of(ScramHash::Sha256))?;
        Ok(ours.with_users(Arc::new(users)))
    }
}

impl Default for ScramEnvironment {
    /// RustCrypto, no users, and the iterations of [`ScramEnvironment::USUAL_ITERATIONS`].
    fn default() -> Self {
        Self {
            provider: &rustcrypto::PROVIDER,
            users: None,
            iterations: Self::USUAL_ITERATIONS,
        }
    }
}

impl ScramEnvironment {
    /// From the least that RFC 5802 §5.1 allows to some that take about a second.
    pub const USUAL_ITERATIONS: RangeInclusive<u32> = 4096..=2_000_000;
}
