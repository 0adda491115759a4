//! Whom an acceptor asks about a user.
//!
//! An acceptor never knows a password itself. It hands the client's claim, an [`Authentication`], to a
//! [`UserDatabase`], which says who it is and gives the key that both sides then share. A store that has NT hashes
//! implements [`NtHashes`] and has nothing to verify itself; one that verifies elsewhere, such as a domain controller,
//! implements [`UserDatabase`].
//!
//! | | |
//! |---|---|
//! | [`MemoryUsers`] | in memory |
//! | [`UserFile`] | `NTLM_USER_FILE`: a file in the form of Heimdal or of Samba's smbpasswd |
//! | [`Winbind`] | a domain that this machine is a member of, through Samba's winbind |

#[cfg(unix)]
mod file;
mod memory;
mod roster;
#[cfg(unix)]
mod winbind;

use std::fmt::Debug;

use gss_crypto::{CryptoProvider, Secret};

use crate::level::Generation;
use crate::{AccountName, Level, NegotiateFlags, NtHash, response};
#[cfg(unix)]
pub use file::{LineFault, UserFile, UserFileError};
pub use memory::MemoryUsers;
#[cfg(unix)]
pub use winbind::{AnswerFault, HelperError, Winbind};

/// Tells whether a client is who it claims to be. It may block: it is asked off an asynchronous executor's threads.
pub trait UserDatabase: Debug + Send + Sync {
    /// Verifies `claim`.
    ///
    /// # Errors
    /// [`UserError::Refused`] for unknown users and wrong passwords alike, and as late for the one as for the other.
    fn authenticate(&self, claim: &Authentication) -> Result<Authenticated, UserError>;
}

/// A store of NT hashes: a file, a directory, a table. It is a [`UserDatabase`].
pub trait NtHashes: Debug + Send + Sync {
    /// The account that `name` means. `None` if there is none.
    ///
    /// # Errors
    /// [`UserError::Unavailable`] if the store cannot be asked.
    fn account(&self, name: &AccountName) -> Result<Option<StoredAccount>, UserError>;
}

/// An account as a store of NT hashes has it.
#[derive(Debug)]
pub struct StoredAccount {
    /// Its name, as the store writes it.
    pub name: AccountName,
    /// The hash of its password; `None` if it has none that could let anybody in.
    pub hash: Option<NtHash>,
    /// Why it is not to be used, if it is not. Only who knows its password is told.
    pub barred: Option<String>,
}

impl<T: NtHashes + ?Sized> UserDatabase for T {
    fn authenticate(&self, claim: &Authentication) -> Result<Authenticated, UserError> {
        let found = self.account(&claim.account);
        // The work is the same for accounts that are not there or not to be used.
        let hash = match &found {
            Ok(Some(account)) => account.hash.as_ref(),
            Ok(None) | Err(_) => None,
        };
        let verified = claim.verify(hash);
        match (found?, verified?) {
            (
                Some(StoredAccount {
                    barred: Some(reason), ..
                }),
                _,
            ) => Err(UserError::Account(reason)),
            (Some(account), session_base_key) => Ok(Authenticated {
                account: account.name,
                session_base_key,
            }),
            (None, _) => Err(UserError::Refused),
        }
    }
}

/// What a client claims, and how it proves that, [MS-NLMP] §3.2.5.1.2. Anonymous clients claim nothing: databases do not hear of
/// them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Authentication {
    /// Who it claims to be, as it wrote that.
    pub account: AccountName,
    /// Where it says that it is: hearsay.
    pub workstation: String,
    /// What it was challenged with.
    pub server_challenge: [u8; 8],
    /// NtChallengeResponse, at least 16 octets.
    pub nt_response: Vec<u8>,
    /// LmChallengeResponse, perhaps empty.
    pub lm_response: Vec<u8>,
    /// What was negotiated.
    pub flags: NegotiateFlags,
    /// Which responses are accepted.
    pub level: Level,
    /// The primitives to verify it with.
    pub provider: &'static CryptoProvider,
}

impl Authentication {
    /// Checks the response against the NT hash of the account, and makes the session base key. Without a hash it does
    /// the same work and refuses.
    ///
    /// # Errors
    /// [`UserError::Refused`] if it does not hold, [`UserError::Generation`] if the level does not allow it.
    pub fn verify(&self, hash: Option<&NtHash>) -> Result<Secret, UserError> {
        let generation = self.generation();
        if !self.level.accepts(generation) {
            return Err(UserError::Generation(generation));
        }
        let nobody = NtHash::from_octets([0; 16]);
        let verified = response::verify(self, generation, hash.unwrap_or(&nobody));
        match hash {
            Some(_) => verified.ok_or(UserError::Refused),
            None => Err(UserError::Refused),
        }
    }

    /// What kind of response it is, told by its shape.
    #[must_use]
    pub fn generation(&self) -> Generation {
        match (self.nt_response.len(), self.lm_response.as_slice()) {
            (25.., _) => Generation::NtlmV2,
            (24, _) => Generation::NtlmV1,
            // An LMv2 response has the look of an LM response, but nobody sends the former alone.
            _ => Generation::Lm,
        }
    }
}

/// Who a client is.
#[derive(Debug)]
pub struct Authenticated {
    /// The account as the database writes it: what the application authorises.
    pub account: AccountName,
    /// SessionBaseKey, [MS-NLMP] §3.3.1 and §3.3.2, which domain controllers call the user session key. 16 octets.
    pub session_base_key: Secret,
}

/// Why a client is not let in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UserError {
    /// No such user, or the response is made with another password.
    #[error("there is no such user, or the password is wrong")]
    Refused,
    /// The level does not allow this generation of responses.
    #[error("the client answered with {0}, which the configured level does not accept")]
    Generation(Generation),
    /// The account is there, but not to be used now: disabled, locked, expired. The text says which, in a few words.
    #[error("the account cannot be used: {0}")]
    Account(String),
    /// The database cannot be asked. Nobody is let in then.
    #[error("the user database cannot be asked: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}
