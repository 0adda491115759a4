//! What can be wrong with a user file.

use std::io;
use std::path::PathBuf;

use crate::UserError;

/// Why a user file is not used. Nobody is let in then, and nobody's password is taken from it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UserFileError {
    /// Others can read or change it.
    #[error(
        "the user file {} can be used by others (mode {mode:03o}): chmod o-rwx,g-w it", path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It belongs to another user.
    #[error("the user file {} belongs to the user with the number {owner}, neither to this one nor to root", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// It cannot be opened or read.
    #[error("the user file {} cannot be read: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is longer than any that is read.
    #[error("the user file {} has more than {limit} octets", path.display())]
    Large {
        /// The file.
        path: PathBuf,
        /// How many it may have.
        limit: u64,
    },
    /// A line of it is wrong.
    #[error("{}:{line}: {fault}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Which, from 1.
        line: usize,
        /// What is wrong.
        fault: LineFault,
    },
    /// It is a directory, a pipe, a device.
    #[error("the user file {} is no regular file", path.display())]
    NotRegular {
        /// The file.
        path: PathBuf,
    },
}

/// What is wrong with a line. It is not quoted: there is a password in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineFault {
    /// Neither the two colons of Heimdal's form nor the four or more of Samba's.
    #[error("{0} colons where DOMAIN:USER:PASSWORD has two and Samba's form at least four")]
    Colons(usize),
    /// A control character, such as NUL.
    #[error("the control character {0:?}")]
    Control(char),
    /// A backslash where the domain stands apart, or two.
    #[error("it is not clear where the domain ends")]
    Domains,
    /// The NT hash is none.
    #[error("the NT hash is not 32 hexadecimal digits")]
    Hash,
    /// Too long.
    #[error("more than {limit} octets")]
    Long {
        /// How long it may be.
        limit: usize,
    },
    /// One account too many.
    #[error("more than {limit} accounts")]
    Many {
        /// How many there may be.
        limit: usize,
    },
    /// The many colons of Samba's form, but not its fields.
    #[error(
        "neither DOMAIN:USER:PASSWORD nor NAME:UID:LM-HASH:NT-HASH:…; a password with colons must be given as its hash"
    )]
    NeitherForm,
    /// The user is empty.
    #[error("the user's name is empty")]
    NoUser,
    /// Not UTF-8.
    #[error("not text in UTF-8")]
    NotText,
    /// An account for the second time.
    #[error("the account is in line {first} already")]
    Twice {
        /// Where it is.
        first: usize,
    },
}

impl From<UserFileError> for UserError {
    fn from(error: UserFileError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}
