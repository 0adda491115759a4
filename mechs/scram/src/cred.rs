//! Credentials: an initiator's password or keys, an acceptor's users.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use gss_core::{Acquire, CredInfo, CredSource, CredStore, CredUsage, Flow, Flowing, MechCred, MechName, Result};
use krb5_message::crypto::Secret;
use krb5_message::crypto::primitives::CryptoProvider;

use crate::environment::ScramEnvironment;
use crate::error::ScramError;
use crate::hash::ScramHash;
use crate::keys::InitiatorKeys;
use crate::name::ScramName;
use crate::prepare::prepared_password;
use crate::users::{FileUsers, ScramUsers};

/// A credential of a SCRAM mechanism.
///
/// [`Mechanism::acquire`](gss_core::Mechanism::acquire) makes one of a name and a password, or of a store with these
/// keys:
///
/// | key | value | for |
/// |---|---|---|
/// | `password` | octets | initiating |
/// | `keys` | an object, [`InitiatorKeys`] in an [`Arc`] | initiating |
/// | `user_file` | text: the path of a file of [`FileUsers`] | accepting |
/// | `users` | an object, `Arc<dyn ScramUsers>` | accepting |
#[derive(Debug)]
pub struct ScramCred {
    hash: ScramHash,
    initiating: Option<Arc<Initiating>>,
    accepting: Option<Arc<dyn ScramUsers>>,
}

impl ScramCred {
    /// A user's, by a password.
    ///
    /// # Errors
    /// [`ScramError::Name`], [`ScramError::Password`].
    pub fn with_password(hash: ScramHash, user: &str, password: &[u8]) -> Result<Self, ScramError> {
        let user = ScramName::user(hash, user)?;
        Ok(Self::initiating(hash, user, Proof::of_password(password)?))
    }

    /// A user's, by keys that were derived earlier: good for one acceptor, and without its password.
    ///
    /// # Errors
    /// [`ScramError::Name`].
    pub fn with_keys(user: &str, keys: Arc<InitiatorKeys>) -> Result<Self, ScramError> {
        let user = ScramName::user(keys.hash(), user)?;
        Ok(Self::initiating(keys.hash(), user, Proof::Keys(keys)))
    }

    /// An acceptor's.
    #[must_use]
    pub fn with_users(hash: ScramHash, users: Arc<dyn ScramUsers>) -> Self {
        Self {
            hash,
            initiating: None,
            accepting: Some(users),
        }
    }

    fn initiating(hash: ScramHash, user: ScramName, proof: Proof) -> Self {
        Self {
            hash,
            initiating: Some(Arc::new(Initiating { user, proof })),
            accepting: None,
        }
    }

    /// Acquires one as `request` says. A request for both uses takes what there is of them.
    pub(crate) fn acquire(
        environment: &ScramEnvironment,
        hash: ScramHash,
        request: &Acquire,
    ) -> Result<Self, ScramError> {
        let initiating = match request.usage {
            CredUsage::Accept => None,
            CredUsage::Initiate | CredUsage::Both => initiating_of(hash, request)?,
        };
        let accepting = match request.usage {
            CredUsage::Initiate => None,
            CredUsage::Accept | CredUsage::Both => accepting_of(environment, &request.source)?,
        };
        let lacking = match request.usage {
            CredUsage::Initiate => "give a user's name with a password, or with a store's `password` or `keys`",
            CredUsage::Accept => {
                "name a file by SCRAM_USER_FILE or a store's `user_file`, or give users to the program"
            }
            CredUsage::Both => "give a user's name with a password, or a file of users by SCRAM_USER_FILE",
        };
        if initiating.is_none() && accepting.is_none() {
            return Err(ScramError::NoCredential(hash, lacking));
        }
        Ok(Self {
            hash,
            initiating,
            accepting,
        })
    }

    /// What initiates contexts of `hash`.
    pub(crate) fn initiator(&self, hash: ScramHash) -> Result<&Arc<Initiating>, ScramError> {
        match &self.initiating {
            Some(initiating) if self.hash == hash => Ok(initiating),
            _ => Err(ScramError::CredentialUsage(
                "of another use or mechanism cannot initiate",
            )),
        }
    }

    /// What accepts contexts of `hash`.
    pub(crate) fn acceptor(&self, hash: ScramHash) -> Result<&Arc<dyn ScramUsers>, ScramError> {
        match &self.accepting {
            Some(accepting) if self.hash == hash => Ok(accepting),
            _ => Err(ScramError::CredentialUsage("of another use or mechanism cannot accept")),
        }
    }
}

impl MechCred for ScramCred {
    fn inspect(self: Arc<Self>) -> Flowing<CredInfo> {
        let usage = match (&self.initiating, &self.accepting) {
            (Some(_), Some(_)) => CredUsage::Both,
            (Some(_), None) => CredUsage::Initiate,
            (None, _) => CredUsage::Accept,
        };
        let name = self
            .initiating
            .as_ref()
            .map(|initiating| -> Arc<dyn MechName> { Arc::new(initiating.user.clone()) });
        Ok(Flow::Done(CredInfo {
            name,
            usage,
            initiate_until: None,
            accept_until: None,
        }))
    }
}

/// A user, and what proves it.
#[derive(Debug)]
pub(crate) struct Initiating {
    pub(crate) user: ScramName,
    proof: Proof,
}

/// What proves that somebody is a user.
enum Proof {
    Password {
        /// Prepared.
        password: Secret,
        /// The keys that were derived last: most users talk to one acceptor, whose salt stays the same.
        last: Mutex<Option<Arc<InitiatorKeys>>>,
    },
    Keys(Arc<InitiatorKeys>),
}

impl Proof {
    fn of_password(password: &[u8]) -> Result<Self, ScramError> {
        Ok(Self::Password {
            password: prepared_password(password).map_err(ScramError::Password)?,
            last: Mutex::default(),
        })
    }
}

impl Initiating {
    /// The keys for this salt and iteration count. Deriving them takes as long as the count says.
    ///
    /// # Errors
    /// [`ScramError::KeysForAnother`].
    pub(crate) fn keys(
        &self,
        provider: &CryptoProvider,
        hash: ScramHash,
        salt: &[u8],
        iterations: NonZeroU32,
    ) -> Result<Arc<InitiatorKeys>, ScramError> {
        match &self.proof {
            Proof::Keys(keys) if keys.are_for(salt, iterations) => Ok(Arc::clone(keys)),
            Proof::Keys(_) => Err(ScramError::KeysForAnother {
                iterations: iterations.get(),
            }),
            Proof::Password { password, last } => {
                let kept = last.lock().unwrap_or_else(PoisonError::into_inner).clone();
                if let Some(kept) = kept.filter(|kept| kept.are_for(salt, iterations)) {
                    return Ok(kept);
                }
                // Not under the lock: two contexts at once derive twice.
                let keys = Arc::new(InitiatorKeys::derive(provider, hash, password, salt, iterations));
                *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&keys));
                Ok(keys)
            }
        }
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password { .. } => "Password",
            Self::Keys(_) => "Keys",
        })
    }
}

/// A user needs a name and what proves it; one without the other is an error where it cannot be meant otherwise.
fn initiating_of(hash: ScramHash, request: &Acquire) -> Result<Option<Arc<Initiating>>, ScramError> {
    let proof = match &request.source {
        CredSource::Password(password) => Some(Proof::of_password(password)?),
        CredSource::Store(store) => proof_of_store(hash, store)?,
        _ => None,
    };
    let (Some(proof), Some(name)) = (proof, &request.name) else {
        return Ok(None);
    };
    let user = ScramName::import(hash, name)?;
    user.as_user()?;
    Ok(Some(Arc::new(Initiating { user, proof })))
}

fn proof_of_store(hash: ScramHash, store: &CredStore) -> Result<Option<Proof>, ScramError> {
    let unusable = |_| ScramError::CredentialUsage("store has a `password` or `keys` that cannot be used");
    if let Some(password) = store.octets("password").map_err(unusable)? {
        return Proof::of_password(password).map(Some);
    }
    let Some(value) = store.value("keys").map_err(unusable)? else {
        return Ok(None);
    };
    let keys = value.object::<Arc<InitiatorKeys>>();
    match keys.filter(|keys| keys.hash() == hash) {
        Some(keys) => Ok(Some(Proof::Keys(Arc::clone(&keys)))),
        None => Err(ScramError::CredentialUsage("store has `keys` of another mechanism")),
    }
}

fn accepting_of(
    environment: &ScramEnvironment,
    source: &CredSource,
) -> Result<Option<Arc<dyn ScramUsers>>, ScramError> {
    let unusable = |_| ScramError::CredentialUsage("store has `users` or a `user_file` that cannot be used");
    let CredSource::Store(store) = source else {
        return Ok(environment.users.clone());
    };
    if let Some(value) = store.value("users").map_err(unusable)? {
        let users = value.object::<Arc<dyn ScramUsers>>();
        let users = users.ok_or(ScramError::CredentialUsage("store has `users` of another type"))?;
        return Ok(Some(Arc::clone(&users)));
    }
    match store.text("user_file").map_err(unusable)? {
        Some(path) => Ok(Some(Arc::new(FileUsers::new(environment.provider, path)?))),
        None => Ok(environment.users.clone()),
    }
}
