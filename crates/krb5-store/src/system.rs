//! Files of the operating system, opened with care.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::OFlag;

use crate::error::{Action, Error, FileKind};

/// How a file is opened. Pipes, sockets, devices and directories never are; descriptors are never
/// inherited.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open<'a> {
    pub(crate) what: FileKind,
    pub(crate) path: &'a Path,
    access: Access,
    links: Links,
}

#[derive(Clone, Copy, Debug)]
enum Access {
    Append,
    Read,
    Write,
}

#[derive(Clone, Copy, Debug)]
enum Links {
    Followed,
    Refused,
}

impl<'a> Open<'a> {
    /// For reading; a symbolic link is followed.
    pub(crate) fn following(what: FileKind, path: &'a Path) -> Self {
        Self {
            what,
            path,
            access: Access::Read,
            links: Links::Followed,
        }
    }

    /// For reading; a symbolic link is refused.
    pub(crate) fn reading(what: FileKind, path: &'a Path) -> Self {
        Self {
            what,
            path,
            access: Access::Read,
            links: Links::Refused,
        }
    }

    /// For reading, and writing at the end only.
    pub(crate) fn appending(what: FileKind, path: &'a Path) -> Self {
        Self {
            what,
            path,
            access: Access::Append,
            links: Links::Refused,
        }
    }

    /// For reading and writing in place.
    pub(crate) fn writing(what: FileKind, path: &'a Path) -> Self {
        Self {
            what,
            path,
            access: Access::Write,
            links: Links::Refused,
        }
    }

    /// Opens an existing regular file.
    pub(crate) fn open(&self) -> Result<File, Error> {
        let mut flags = OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
        if matches!(self.links, Links::Refused) {
            flags |= OFlag::O_NOFOLLOW;
        }
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(flags.bits());
        match self.access {
            Access::Read => {}
            Access::Append => {
                options.append(true);
            }
            Access::Write => {
                options.write(true);
            }
        }
        let action = match self.access {
            Access::Read => Action::Read,
            Access::Append | Access::Write => Action::Write,
        };
        let file = options.open(self.path).map_err(|source| self.refused(action, source))?;
        let metadata = file
            .metadata()
            .map_err(|source| self.what.io(action, self.path, source))?;
        if !metadata.is_file() {
            return Err(self.not_regular());
        }
        Ok(file)
    }

    /// A symbolic link gives ELOOP, a socket or a pipe without reader ENXIO, a directory EISDIR.
    fn refused(&self, action: Action, source: io::Error) -> Error {
        let irregular = std::fs::symlink_metadata(self.path).is_ok_and(|metadata| match self.links {
            Links::Followed => !metadata.is_file() && !metadata.is_symlink(),
            Links::Refused => !metadata.is_file(),
        });
        if irregular {
            return self.not_regular();
        }
        self.what.io(action, self.path, source)
    }

    fn not_regular(&self) -> Error {
        Error::NotRegular {
            what: self.what,
            path: self.path.to_path_buf(),
        }
    }
}

/// The whole of a file, if it is no longer than `limit`.
pub(crate) fn read(open: &Open<'_>, limit: u64) -> Result<Vec<u8>, Error> {
    read_open(open, &open.open()?, limit)
}

/// The whole of an open file from where it stands, if that is no longer than `limit`.
pub(crate) fn read_open(open: &Open<'_>, file: &File, limit: u64) -> Result<Vec<u8>, Error> {
    let mut octets = Vec::new();
    file.take(limit.saturating_add(1))
        .read_to_end(&mut octets)
        .map_err(|source| open.what.io(Action::Read, open.path, source))?;
    if u64::try_from(octets.len()).is_ok_and(|len| len <= limit) {
        return Ok(octets);
    }
    Err(Error::TooLarge {
        what: open.what,
        path: open.path.to_path_buf(),
        limit,
    })
}
