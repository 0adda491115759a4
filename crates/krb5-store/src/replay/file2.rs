//! A replay cache in a file that all acceptors of a user share, in MIT's format.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::unistd::Uid;

use super::table::{self, Outcome, Seed, Storage};
use super::{Acceptance, ReplayCache, ReplayError};
use crate::error::{Action, Error, FileKind};
use crate::lock::lock_briefly;
use crate::proto::crypto::primitives::rustcrypto;
use crate::system::{Open, Stamp};

/// A replay cache in a file, in MIT's format `file2` (see [`table`]), so that acceptors of both in many
/// processes notice each other's replays, also after a restart.
///
/// The file is made where it is missing, for its owner alone. It must be a regular file of the effective
/// user that no one else can write to; symbolic links are refused. It is opened and locked for each
/// authenticator, so that nothing is shared with a forked process, and a file that was removed or
/// replaced meanwhile is not written to. It is not forced to the disk: a crash of the machine can lose
/// what was stored just before.
#[derive(Clone, Debug)]
pub struct FileReplayCache {
    place: Place,
    patience: Duration,
}

#[derive(Clone, Debug)]
enum Place {
    File(PathBuf),
    /// `krb5_UID.rcache2` there, with the effective user's number at the time of use.
    OfUser(PathBuf),
}

impl FileReplayCache {
    /// In this file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            place: Place::File(path.into()),
            patience: PATIENCE,
        }
    }

    /// In the file of the effective user in `directory`, as MIT names it: `krb5_UID.rcache2`. A process that
    /// changes its user changes the file.
    pub fn of_user(directory: impl Into<PathBuf>) -> Self {
        Self {
            place: Place::OfUser(directory.into()),
            patience: PATIENCE,
        }
    }

    /// The same, but it fails if the lock cannot be had within `patience` instead of 5 seconds.
    #[must_use]
    pub fn within(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The file, for the present user.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        match &self.place {
            Place::File(path) => path.clone(),
            Place::OfUser(directory) => directory.join(format!("krb5_{}.rcache2", Uid::effective())),
        }
    }
}

impl ReplayCache for FileReplayCache {
    fn store(&self, acceptance: &Acceptance) -> Result<(), ReplayError> {
        let path = self.path();
        let mut file = Locked(open_locked(&path, self.patience).map_err(ReplayError::unavailable)?);
        match table::store(&mut file, acceptance, random_seed) {
            Ok(Outcome::Stored) => Ok(()),
            Ok(Outcome::Present) => Err(ReplayError::Replayed),
            Ok(Outcome::Unknown) => Err(ReplayError::unavailable(Error::FromTheFuture { what: KIND, path })),
            Ok(Outcome::Full) => Err(ReplayError::unavailable(Error::TooLarge {
                what: KIND,
                path,
                limit: u64::from(i32::MAX.unsigned_abs()),
            })),
            Err(source) => Err(ReplayError::unavailable(KIND.io(Action::Write, &path, source))),
        }
    }
}

/// Opens the file, or makes it, and locks it. If another file takes its place before it is locked, that one
/// is opened instead: nobody else would look at the old one.
fn open_locked(path: &Path, patience: Duration) -> Result<File, Error> {
    let open = Open::making(KIND, path);
    for _ in 0..MAX_REOPENS {
        let (file, metadata) = open.open_with_metadata()?;
        refuse_others(path, metadata.uid(), metadata.mode())?;
        lock_briefly(&file, KIND, path, patience)?;
        let named = std::fs::symlink_metadata(path);
        if named.is_ok_and(|named| Stamp::of(&named).is_same_file(&Stamp::of(&metadata))) {
            return Ok(file);
        }
    }
    Err(KIND.io(
        Action::Write,
        path,
        io::Error::other("other files keep taking its place"),
    ))
}

/// Who else can write to the file can make it forget. Not even root uses another user's.
fn refuse_others(path: &Path, owner: u32, mode: u32) -> Result<(), Error> {
    let (what, path) = (KIND, path.to_path_buf());
    if owner != Uid::effective().as_raw() {
        return Err(Error::Foreign { what, path, owner });
    }
    if mode & OTHERS_WRITE != 0 {
        return Err(Error::OthersWrite { what, path });
    }
    Ok(())
}

fn random_seed() -> io::Result<Seed> {
    let mut seed = Seed::default();
    rustcrypto::PROVIDER.random.fill(&mut seed).map_err(io::Error::other)?;
    Ok(seed)
}

/// An open file that is locked for nobody else; it is unlocked when it is closed.
struct Locked(File);

impl Storage for Locked {
    fn read_at(&self, octets: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut read = 0_usize;
        while let Some(rest) = octets.get_mut(read..).filter(|rest| !rest.is_empty()) {
            let at = offset.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
            match self.0.read_at(rest, at) {
                Ok(0) => break,
                Ok(more) => read = read.saturating_add(more),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }

    fn write_at(&mut self, octets: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(octets, offset)
    }
}

const KIND: FileKind = FileKind::ReplayCache;
/// The mode bits of the group and of everybody.
const OTHERS_WRITE: u32 = 0o022;
/// A peer waits for the answer meanwhile.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often another file may take the place of the one that was opened.
const MAX_REOPENS: usize = 16;

#[cfg(test)]
mod tests;
