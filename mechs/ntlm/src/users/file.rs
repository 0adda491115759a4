//! Users in a file.

mod fault;
mod format;
mod open;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use gss_crypto::CryptoProvider;

use super::roster::{Entry, Roster};
use super::{NtHashes, StoredAccount, UserError};
use crate::{AccountName, NtHash};
pub use fault::{LineFault, UserFileError};
use open::Stamp;

/// A file of users with their passwords or hashes, as `NTLM_USER_FILE` names one: in the form of Heimdal, gss-ntlmssp and
/// pyspnego, or in that of Samba's smbpasswd.
///
/// ```text
/// # comment
/// DOMAIN:USER:PASSWORD
/// USER:UID:LM-HASH:NT-HASH:[FLAGS]:LCT-TIME:
/// DOMAIN\USER:UID:LM-HASH:NT-HASH:[FLAGS]:LCT-TIME:
/// ```
///
/// Initiators take their password from it, acceptors ask it about their clients. It is read when it is asked and has
/// changed. It must belong to this user or to root, must not be open to others, and all its lines must be right:
/// otherwise nobody is let in.
pub struct UserFile {
    path: PathBuf,
    provider: &'static CryptoProvider,
    last: Mutex<Option<(Stamp, Arc<Roster>)>>,
}

impl UserFile {
    /// The file at `path`, which need not exist yet.
    pub fn new(path: impl Into<PathBuf>, provider: &'static CryptoProvider) -> Self {
        Self {
            path: path.into(),
            provider,
            last: Mutex::new(None),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// As whom an initiator may come that calls itself `wanted`, where an empty domain stands for any and an empty user
    /// for the first of the file. An account in no domain is in the one that is wanted.
    ///
    /// # Errors
    /// [`UserError::Unavailable`] with a [`UserFileError`], [`UserError::Account`] if the account is not to be used.
    pub fn identity(&self, wanted: &AccountName) -> Result<Option<(AccountName, NtHash)>, UserError> {
        let roster = self.roster()?;
        let Some(entry) = roster.first(wanted) else {
            return Ok(None);
        };
        let mut account = entry.account.clone();
        if account.domain.is_empty() {
            account.domain.clone_from(&wanted.domain);
        }
        Ok(Some((account, entry.hash()?)))
    }

    /// Reads what could be such a file, and throws it away: for those who check one, and for fuzzing.
    ///
    /// # Errors
    /// The first wrong line, by its number from 1.
    pub fn check(octets: &[u8], provider: &CryptoProvider) -> Result<Vec<AccountName>, (usize, LineFault)> {
        let roster = format::parse(octets, provider)?;
        Ok(roster.accounts().cloned().collect())
    }

    fn roster(&self) -> Result<Arc<Roster>, UserFileError> {
        let opened = open::open(&self.path)?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((stamp, roster)) = last.as_ref()
            && *stamp == opened.stamp
        {
            return Ok(Arc::clone(roster));
        }
        *last = None;
        let octets = opened.read(&self.path)?;
        let roster = Arc::new(format::parse(&octets, self.provider).map_err(|(line, fault)| {
            let path = self.path.clone();
            UserFileError::Line { path, line, fault }
        })?);
        if opened.stamp.is_settled() {
            *last = Some((opened.stamp, Arc::clone(&roster)));
        }
        Ok(roster)
    }
}

impl NtHashes for UserFile {
    fn account(&self, name: &AccountName) -> Result<Option<StoredAccount>, UserError> {
        let roster = self.roster()?;
        Ok(roster.claimed(name).map(Entry::stored))
    }
}

impl fmt::Debug for UserFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserFile")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
