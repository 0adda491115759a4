//! The file, opened with care.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

use gss_crypto::Zeroizing;
use nix::fcntl::OFlag;
use nix::unistd::Uid;

use super::fault::UserFileError;

/// An open file that may be used.
pub(super) struct Opened {
    file: File,
    len: u64,
    pub(super) stamp: Stamp,
}

/// Tells versions of a file apart without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    len: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// Opens a regular file of this user's or root's that is closed to others. A symbolic link is followed (mounted secrets
/// are links); a pipe makes nobody wait.
pub(super) fn open(path: &Path) -> Result<Opened, UserFileError> {
    let failed = |source| UserFileError::Io {
        path: path.to_owned(),
        source,
    };
    let flags = OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let opening = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path);
    let file = match opening {
        Ok(file) => file,
        // A socket cannot even be opened.
        Err(_) if path.metadata().is_ok_and(|metadata| !metadata.is_file()) => {
            return Err(UserFileError::NotRegular { path: path.to_owned() });
        }
        Err(source) => return Err(failed(source)),
    };
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(UserFileError::NotRegular { path: path.to_owned() });
    }
    refuse(path, Uid::from_raw(metadata.uid()), metadata.mode(), Uid::effective())?;
    Ok(Opened {
        file,
        len: metadata.len(),
        stamp: Stamp::of(&metadata),
    })
}

/// Refuses what others may have put there, or can read.
fn refuse(path: &Path, owner: Uid, mode: u32, us: Uid) -> Result<(), UserFileError> {
    let path = path.to_owned();
    if owner != us && !owner.is_root() {
        return Err(UserFileError::Foreign {
            path,
            owner: owner.as_raw(),
        });
    }
    if mode & OPEN_TO_OTHERS != 0 {
        return Err(UserFileError::Exposed {
            path,
            mode: mode & 0o777,
        });
    }
    Ok(())
}

impl Opened {
    /// All that is in it.
    pub(super) fn read(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, UserFileError> {
        let large = || UserFileError::Large {
            path: path.to_owned(),
            limit: MAX_FILE,
        };
        if self.len > MAX_FILE {
            return Err(large());
        }
        // As much as there may be, at once: a vector that grows leaves copies of passwords behind.
        let capacity = usize::try_from(self.len).map_err(|_| large())?.saturating_add(1);
        let mut octets = Zeroizing::new(Vec::with_capacity(capacity));
        let read = (&self.file).take(self.len.saturating_add(1)).read_to_end(&mut octets);
        let failed = |source| UserFileError::Io {
            path: path.to_owned(),
            source,
        };
        read.map_err(failed)?;
        if u64::try_from(octets.len()).is_ok_and(|len| len == self.len) {
            return Ok(octets);
        }
        Err(failed(io::Error::other("somebody writes to it at the moment")))
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            len: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Whether a change from now on would give another stamp: clocks of file systems are coarse, so two changes in quick
    /// succession may look like one.
    pub(super) fn is_settled(&self) -> bool {
        let changed = u64::try_from(self.changed.0).unwrap_or(0);
        let settled = Duration::from_secs(changed).saturating_add(CLOCK_GRAIN);
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .is_ok_and(|now| now > settled)
    }
}

/// A group may read it, as that of a service; nobody else may do anything.
const OPEN_TO_OTHERS: u32 = 0o027;

/// Octets in a file.
const MAX_FILE: u64 = 4 << 20;

const CLOCK_GRAIN: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_its_users_or_roots_and_closed_to_others() {
        const ALICE: u32 = 1000;
        const BOB: u32 = 1001;
        const ROOT: u32 = 0;
        // Owner, user, mode; whether it may be read.
        for (owner, us, mode, fit) in [
            (ALICE, ALICE, 0o100_600, true),
            (ALICE, ALICE, 0o100_640, true),
            (ROOT, ALICE, 0o100_640, true),
            (ROOT, ROOT, 0o100_400, true),
            (BOB, ALICE, 0o100_600, false),
            (ALICE, ROOT, 0o100_600, false),
            (ALICE, ALICE, 0o100_644, false),
            (ALICE, ALICE, 0o100_660, false),
            (ALICE, ALICE, 0o100_602, false),
            (ROOT, ROOT, 0o100_666, false),
        ] {
            let refused = refuse(Path::new("users"), Uid::from_raw(owner), mode, Uid::from_raw(us));
            assert_eq!(refused.is_ok(), fit, "{owner}'s file, {us}, {mode:o}: {refused:?}");
        }
    }
}
