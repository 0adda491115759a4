//! Whether a principal may log in as a local user.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::config::{Settings, Switch};
use crate::error::{Error, FileKind};
use crate::proto::Principal;
use crate::system::{self, Open};

use super::mapping::{LocalName, Mapping, NoLocalName, is_usable, is_well_known, local_name};
use super::{K5Login, LocalUser, Users};

/// Whether `principal`, who has authenticated, may log in as the local user `user` (`krb5_kuserok`).
///
/// The user's `.k5login` comes first: the file of that name in the home directory, or the one named after the user in
/// `k5login_directory`. Who is listed may log in. Who is not, may not: with `k5login_authoritative = false`, or without
/// such a file, may still do so whose [`local_name`] is the user's.
///
/// Nobody may as a user who does not exist, and anonymous principals never.
///
/// # Errors
/// All of them mean that the principal may not. [`Error::Foreign`] unless the file is the user's or root's,
/// [`Error::OthersWrite`] if others may write to it, [`Error::NotRegular`] also for a symbolic link, [`Error::TooLarge`]
/// beyond 64 KiB, [`Error::Io`], [`Error::Users`], [`Error::LocalRule`].
pub fn may_log_in(settings: &Settings, users: &dyn Users, principal: &Principal, user: &str) -> Result<LogIn, Error> {
    if is_well_known(principal) {
        return Ok(LogIn::Refused(Refusal::WellKnown));
    }
    let Some(known) = existing(users, user)? else {
        return Ok(LogIn::Refused(Refusal::NoSuchUser));
    };
    let path = k5login_of(settings, &known);
    if let Some(listed) = read(&path, known.id)? {
        if listed.lists(principal) {
            return Ok(LogIn::Granted(Grant::Listed(path)));
        }
        if settings.is_on(Switch::K5LoginAuthoritative) {
            return Ok(LogIn::Refused(Refusal::NotListed(path)));
        }
    }
    Ok(match local_name(settings, principal)? {
        Mapping::User(local) if local.name == known.name => LogIn::Granted(Grant::Named(local)),
        Mapping::User(local) => LogIn::Refused(Refusal::OtherUser(local)),
        Mapping::Nobody(nobody) => LogIn::Refused(Refusal::Nobody(nobody)),
    })
}

/// The answer to whether a principal may log in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum LogIn {
    /// It may.
    Granted(Grant),
    /// It may not.
    Refused(Refusal),
}

/// Why a principal may log in as a user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Grant {
    /// This `.k5login` lists it.
    Listed(PathBuf),
    /// Its local name is the user's.
    Named(LocalName),
}

/// Why a principal may not log in as a user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It is nobody here.
    #[error(transparent)]
    Nobody(#[from] NoLocalName),
    /// There is no such user.
    #[error("there is no such user")]
    NoSuchUser,
    /// This `.k5login` does not list it, and it alone counts.
    #[error("{} does not list it", .0.display())]
    NotListed(PathBuf),
    /// Its local name is another one.
    #[error("its local name is {:?}", .0.name)]
    OtherUser(LocalName),
    /// It is nobody in particular, or of fixed meaning.
    #[error("well-known principals, such as the anonymous one, are not users")]
    WellKnown,
}

/// The user of exactly this name. Databases that ignore case find others too.
fn existing(users: &dyn Users, user: &str) -> Result<Option<LocalUser>, Error> {
    if !is_usable(user) {
        return Ok(None);
    }
    let found = users.user(user).map_err(|source| Error::Users {
        name: user.to_owned(),
        source,
    })?;
    Ok(found.filter(|found| found.name == user))
}

fn k5login_of(settings: &Settings, user: &LocalUser) -> PathBuf {
    match settings.k5login_directory() {
        Some(directory) => Path::new(directory).join(&user.name),
        None => user.home.join(".k5login"),
    }
}

/// The file, if there is one.
fn read(path: &Path, owner: u32) -> Result<Option<K5Login>, Error> {
    let open = Open::reading(FileKind::K5Login, path);
    let (file, metadata) = match open.open_with_metadata() {
        Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    check(&metadata, path, owner)?;
    let octets = system::read_open(&open, &file, MAX_FILE)?;
    Ok(Some(K5Login::parse(&octets)))
}

/// Who else could write to the file could let himself in.
fn check(metadata: &Metadata, path: &Path, owner: u32) -> Result<(), Error> {
    if ![owner, ROOT].contains(&metadata.uid()) {
        return Err(Error::Foreign {
            what: FileKind::K5Login,
            path: path.to_path_buf(),
            owner: metadata.uid(),
        });
    }
    if metadata.mode() & OTHERS_WRITE != 0 {
        return Err(Error::OthersWrite {
            what: FileKind::K5Login,
            path: path.to_path_buf(),
        });
    }
    Ok(())
}

const ROOT: u32 = 0;
/// Write permission for the group and for everybody.
const OTHERS_WRITE: u32 = 0o022;
/// Octets in a file.
const MAX_FILE: u64 = 64 << 10;

#[cfg(test)]
mod tests;
