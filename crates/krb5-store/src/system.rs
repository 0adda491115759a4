//! Files of the operating system, opened with care.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

use nix::fcntl::OFlag;
use zeroize::Zeroizing;

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
    /// Write, and make the file where it is missing.
    Make,
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

    /// For reading and writing in place; made for its owner alone where it is missing.
    pub(crate) fn making(what: FileKind, path: &'a Path) -> Self {
        Self {
            what,
            path,
            access: Access::Make,
            links: Links::Refused,
        }
    }

    /// Opens a regular file.
    pub(crate) fn open(&self) -> Result<File, Error> {
        self.open_with_metadata().map(|(file, _)| file)
    }

    /// Opens a regular file and looks at it.
    pub(crate) fn open_with_metadata(&self) -> Result<(File, Metadata), Error> {
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
            Access::Make => {
                options.write(true).create(true).mode(0o600);
            }
            Access::Write => {
                options.write(true);
            }
        }
        let action = self.action();
        let file = options.open(self.path).map_err(|source| self.refused(action, source))?;
        let metadata = file
            .metadata()
            .map_err(|source| self.what.io(action, self.path, source))?;
        if !metadata.is_file() {
            return Err(self.not_regular());
        }
        Ok((file, metadata))
    }

    /// What the file is opened for.
    pub(crate) fn action(&self) -> Action {
        match self.access {
            Access::Read => Action::Read,
            Access::Append | Access::Make | Access::Write => Action::Write,
        }
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

/// The whole of a file, if it is no longer than `limit`. It may hold keys, so it is zeroised.
pub(crate) fn read(open: &Open<'_>, limit: u64) -> Result<Zeroizing<Vec<u8>>, Error> {
    read_open(open, &open.open()?, limit)
}

/// The whole of an open file from where it stands, if that is no longer than `limit`.
pub(crate) fn read_open(open: &Open<'_>, file: &File, limit: u64) -> Result<Zeroizing<Vec<u8>>, Error> {
    let failed = |source| open.what.io(Action::Read, open.path, source);
    let too_large = || Error::TooLarge {
        what: open.what,
        path: open.path.to_path_buf(),
        limit,
    };
    let len = file.metadata().map_err(failed)?.len();
    if len > limit {
        return Err(too_large());
    }
    let capacity = usize::try_from(len).map_err(|_| too_large())?.saturating_add(1);
    let mut octets = Zeroizing::new(Vec::with_capacity(capacity));
    file.take(limit.saturating_add(1))
        .read_to_end(&mut octets)
        .map_err(failed)?;
    if u64::try_from(octets.len()).is_ok_and(|len| len <= limit) {
        return Ok(octets);
    }
    Err(too_large())
}

/// Tells versions of a file apart without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    len: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            len: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    pub(crate) fn is_same_file(&self, other: &Self) -> bool {
        self.device == other.device && self.inode == other.inode
    }

    /// Whether a change from now on would give another stamp: clocks of file systems are coarse, so
    /// two changes in quick succession may look like one.
    pub(crate) fn is_settled(&self) -> bool {
        let changed = u64::try_from(self.changed.0).unwrap_or(0);
        let settled = Duration::from_secs(changed).saturating_add(CLOCK_GRAIN);
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .is_ok_and(|now| now > settled)
    }
}

/// The directory that `path` is in.
pub(crate) fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Longer than the tick of any file system's clock.
const CLOCK_GRAIN: Duration = Duration::from_secs(2);
