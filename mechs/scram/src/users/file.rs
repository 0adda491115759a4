use std::fs::File;
use std::io::Read as _;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use krb5_message::crypto::primitives::{CryptoProvider, RandomUnavailable};
use krb5_message::crypto::{Secret, Zeroizing};

use super::{Decoy, ScramUsers, UsersError, VerifierError};
use crate::hash::ScramHash;
use crate::keys::UserKeys;
use crate::prepare::{NotPrepared, prepared};

/// Users in a file, which is read at each look-up: a change counts at once.
///
/// ```text
/// # a user may have a line for each mechanism
/// alice:SCRAM-SHA-256$65536:SALT$STORED:SERVER
/// alice:SCRAM-SHA-1$65536:SALT$STORED:SERVER
/// # nobody: the secret, salt length and iterations by which unknown users are answered
/// *:SCRAM-SHA-256$65536:SALT$STORED:SERVER
/// ```
///
/// A verifier has the form of RFC 5803 or of `gsasl --mkpasswd`. Without a line for nobody, unknown users get a salt of
/// a secret that each process makes anew, and the salt length and iterations of the file's first user.
#[derive(Debug)]
pub struct FileUsers {
    path: PathBuf,
    fallback: Decoy,
}

/// What is wrong with a line of a file of users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UserFileFault {
    /// There is no colon behind a name.
    #[error("it is not NAME:VERIFIER")]
    Form,
    /// The name cannot be used.
    #[error("the name cannot be used: {0}")]
    Name(NotPrepared),
    /// The file is longer than 16 MiB.
    #[error("the file is longer than 16 MiB: use a database by the trait ScramUsers")]
    TooLong,
    /// The verifier is malformed.
    #[error("{0}")]
    Verifier(VerifierError),
}

impl FileUsers {
    /// The users in that file. It is not read yet.
    ///
    /// # Errors
    /// [`RandomUnavailable`].
    pub fn new(provider: &CryptoProvider, path: impl Into<PathBuf>) -> Result<Self, RandomUnavailable> {
        Ok(Self {
            path: path.into(),
            fallback: Decoy::random(provider, USUAL_SALT_LEN, USUAL_ITERATIONS)?,
        })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The keys in the first line that `wanted` takes. All lines are read either way: how long it takes tells nothing
    /// of who is in the file.
    fn first(&self, wanted: impl Fn(&str, ScramHash) -> bool) -> Result<Option<UserKeys>, UsersError> {
        let text = self.read()?;
        let mut first = None;
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, keys) = entry(line).map_err(|fault| self.fault(number, fault))?;
            if wanted(&name, keys.hash) {
                first = first.or(Some(keys));
            }
        }
        Ok(first)
    }

    fn read(&self) -> Result<Zeroizing<String>, UsersError> {
        let mut text = Zeroizing::new(String::new());
        let file = File::open(&self.path);
        let read = file.and_then(|file| file.take(LONGEST).read_to_string(&mut text));
        match read.map(u64::try_from) {
            Ok(Ok(length)) if length < LONGEST => Ok(text),
            Ok(_) => Err(self.fault(text.lines().count(), UserFileFault::TooLong)),
            Err(source) => Err(UsersError::Read {
                path: self.path.clone(),
                source,
            }),
        }
    }

    fn fault(&self, line: usize, fault: UserFileFault) -> UsersError {
        UsersError::Syntax {
            path: self.path.clone(),
            line,
            fault,
        }
    }
}

impl ScramUsers for FileUsers {
    fn find(&self, user: &str, hash: ScramHash) -> Result<Option<UserKeys>, UsersError> {
        self.first(|name, of| name == user && of == hash && name != NOBODY)
    }

    fn decoy(&self, hash: ScramHash) -> Result<Decoy, UsersError> {
        if let Some(nobody) = self.first(|name, of| name == NOBODY && of == hash)? {
            let secret = Secret::from_slice(nobody.stored_key.expose());
            return Ok(Decoy::new(secret, nobody.salt.len(), nobody.iterations));
        }
        let like = self.first(|_, of| of == hash)?;
        Ok(like.map_or_else(
            || self.fallback.clone(),
            |user| self.fallback.like(user.salt.len(), user.iterations),
        ))
    }
}

fn entry(line: &str) -> Result<(String, UserKeys), UserFileFault> {
    let (name, verifier) = line.split_once(':').ok_or(UserFileFault::Form)?;
    let name = prepared(name).map_err(UserFileFault::Name)?;
    let keys = verifier.parse().map_err(UserFileFault::Verifier)?;
    Ok((name.into_owned(), keys))
}

/// Who answers for users that are not there.
const NOBODY: &str = "*";
const LONGEST: u64 = 16 << 20;
const USUAL_SALT_LEN: usize = 16;
const USUAL_ITERATIONS: NonZeroU32 = NonZeroU32::new(4096).expect("it is not 0");

#[cfg(test)]
mod tests;
