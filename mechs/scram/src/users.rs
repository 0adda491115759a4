//! An acceptor's users: where their keys are, and what an unknown one gets instead.

mod decoy;
mod file;
mod memory;
mod verifier;

use std::fmt;
use std::path::PathBuf;

use crate::hash::ScramHash;
use crate::keys::UserKeys;

pub use decoy::Decoy;
pub use file::{FileUsers, UserFileFault};
pub use memory::MemoryUsers;
pub use verifier::VerifierError;

/// Where an acceptor finds the keys of its users: a database, a directory, a file.
///
/// It may block: it is called where a driver lets it ([`IoRequest::Blocking`](gss_core::IoRequest::Blocking)).
pub trait ScramUsers: fmt::Debug + Send + Sync {
    /// The keys of a user for a mechanism; `None` if there is no such user, or none with keys for it. `user` is
    /// prepared by SASLprep: stored names must be, too.
    ///
    /// # Errors
    /// [`UsersError`] if nobody can tell. The initiator then learns that something is wrong here, not what.
    fn find(&self, user: &str, hash: ScramHash) -> Result<Option<UserKeys>, UsersError>;

    /// What answers for users that are not there, so that nobody can find out who is. Every process that serves
    /// the same users should have the same, and it should look like the keys of those who are there: the length of the
    /// salt, the iterations.
    ///
    /// # Errors
    /// [`UsersError`], as [`find`](Self::find).
    fn decoy(&self, hash: ScramHash) -> Result<Decoy, UsersError>;
}

/// The users cannot be looked up. The acceptor's administrator is at fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UsersError {
    /// Another store's error.
    #[error(transparent)]
    Other(#[from] Box<dyn std::error::Error + Send + Sync>),
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is malformed.
    #[error("{}, line {line}: {fault}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1 on.
        line: usize,
        /// What is wrong with it.
        fault: UserFileFault,
    },
}
