//! Keytabs in files.

use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::format::{Keytab, KeytabEntry, Parsed, VERSION_2, parse, record};
use super::source::KeySource;
use crate::change::{lock_old, open_for_change};
use crate::error::{Action, Error, FileKind, FormatFault};
use crate::lock::{Mode, lock};
use crate::octets::{ByteOrder, Writer};
use crate::system::{self, Open, Stamp};
use crate::temporary;

/// A keytab in a file, which other Kerberos implementations share.
///
/// Reading locks the file, follows symbolic links (mounted secrets are links), and is saved where the
/// file has not changed since. Changes are made in place, so that owner and mode of the file stay;
/// they refuse symbolic links, files of other users, and files that others may write to.
#[derive(Debug)]
pub struct FileKeytab {
    path: PathBuf,
    last: Mutex<Option<(Stamp, Arc<Keytab>)>>,
}

impl FileKeytab {
    /// The keytab in this file, which need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            last: Mutex::new(None),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts this keytab in the place of the file, for its owner alone. Readers see the old or the new
    /// one.
    ///
    /// # Errors
    /// Where it cannot be written; the old file remains.
    pub fn replace(&self, keytab: &Keytab) -> Result<(), Error> {
        let octets = keytab.to_octets().map_err(unwritable)?;
        let _old = lock_old(KIND, &self.path)?;
        temporary::replace(KIND, &self.path, &octets)
    }

    /// Adds keys at the end; makes the file, for its owner alone, if there is none. All or none.
    ///
    /// # Errors
    /// What keeps the file from being read or written; version 1 is not written.
    pub fn append(&self, entries: &[KeytabEntry]) -> Result<(), Error> {
        let mut writer = Writer::new(ByteOrder::Big);
        for entry in entries {
            writer.put(&record(entry).map_err(unwritable)?);
        }
        let records = writer.finish();
        match self.open_for_change() {
            Ok((file, parsed)) => self.append_records(&file, &parsed, &records),
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                let entries = entries.to_vec();
                let octets = Keytab { entries }.to_octets().map_err(unwritable)?;
                temporary::create(KIND, &self.path, &octets)
            }
            Err(other) => Err(other),
        }
    }

    /// Removes the entries for which `unwanted` is true, leaving holes, and says how many.
    ///
    /// # Errors
    /// As [`FileKeytab::append`].
    pub fn remove(&self, unwanted: impl Fn(&KeytabEntry) -> bool) -> Result<usize, Error> {
        let (file, parsed) = self.open_for_change().map_err(|error| self.missing(error))?;
        let mut count = 0_usize;
        for (entry, place) in parsed.keytab.entries.iter().zip(&parsed.places) {
            if unwanted(entry) {
                self.write_at(&file, &hole(place.len()), place.start.saturating_sub(LENGTH_OCTETS))?;
                count = count.saturating_add(1);
            }
        }
        file.sync_all().map_err(|source| self.unwritten(source))?;
        Ok(count)
    }

    fn append_records(&self, file: &File, parsed: &Parsed, records: &[u8]) -> Result<(), Error> {
        let end = u64::try_from(parsed.end).unwrap_or(u64::MAX);
        file.set_len(end).map_err(|source| self.unwritten(source))?;
        let written = self.write_at(file, records, parsed.end);
        if written.is_err() {
            let _ = file.set_len(end);
        }
        written?;
        file.sync_all().map_err(|source| self.unwritten(source))
    }

    /// Opens the file for a change, locked, and reads it.
    fn open_for_change(&self) -> Result<(File, Parsed), Error> {
        let open = Open::writing(KIND, &self.path);
        let file = open_for_change(&open)?;
        self.refuse_writable(&file)?;
        let octets = system::read_open(&open, &file, MAX_FILE)?;
        let parsed = parse(&octets).map_err(|fault| self.bad(fault))?;
        if parsed.version != VERSION_2 {
            return Err(unwritable(FormatFault::Version(parsed.version)));
        }
        Ok((file, parsed))
    }

    /// Long-term keys are not written where others could exchange them.
    fn refuse_writable(&self, file: &File) -> Result<(), Error> {
        let metadata = file.metadata().map_err(|source| self.unwritten(source))?;
        if metadata.mode() & OTHERS_WRITE == 0 {
            return Ok(());
        }
        Err(Error::OthersWrite {
            what: KIND,
            path: self.path.clone(),
        })
    }

    fn write_at(&self, file: &File, octets: &[u8], offset: usize) -> Result<(), Error> {
        let offset = u64::try_from(offset).unwrap_or(u64::MAX);
        file.write_all_at(octets, offset)
            .map_err(|source| self.unwritten(source))
    }

    fn unwritten(&self, source: std::io::Error) -> Error {
        KIND.io(Action::Write, &self.path, source)
    }

    fn unchanged(&self) -> Option<Arc<Keytab>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (stamp, keytab) = last.as_ref()?;
        let metadata = std::fs::metadata(&self.path).ok()?;
        (Stamp::of(&metadata) == *stamp).then(|| Arc::clone(keytab))
    }

    fn remember(&self, stamp: Stamp, keytab: &Arc<Keytab>) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = stamp.is_settled().then(|| (stamp, Arc::clone(keytab)));
    }

    fn missing(&self, error: Error) -> Error {
        match error {
            Error::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => Error::NoKeytab {
                path: self.path.clone(),
            },
            other => other,
        }
    }

    fn bad(&self, fault: FormatFault) -> Error {
        Error::BadFile {
            what: KIND,
            path: self.path.clone(),
            fault,
        }
    }
}

impl KeySource for FileKeytab {
    fn name(&self) -> String {
        format!("FILE:{}", self.path.display())
    }

    fn read(&self) -> Result<Arc<Keytab>, Error> {
        if let Some(keytab) = self.unchanged() {
            return Ok(keytab);
        }
        let open = Open::following(KIND, &self.path);
        let file = open.open().map_err(|error| self.missing(error))?;
        lock(&file, Mode::Shared, KIND, &self.path)?;
        let metadata = file
            .metadata()
            .map_err(|source| KIND.io(Action::Read, &self.path, source))?;
        let octets = system::read_open(&open, &file, MAX_FILE)?;
        let keytab = Arc::new(Keytab::from_octets(&octets).map_err(|fault| self.bad(fault))?);
        self.remember(Stamp::of(&metadata), &keytab);
        tracing::debug!(keytab = %self.name(), keys = keytab.entries.len(), "read a keytab");
        Ok(keytab)
    }
}

/// A negative length, and zeroes where the key was.
fn hole(len: usize) -> Vec<u8> {
    let length = i32::try_from(len).map_or(0, i32::wrapping_neg);
    let mut octets = length.to_be_bytes().to_vec();
    octets.resize(len.saturating_add(LENGTH_OCTETS), 0);
    octets
}

fn unwritable(fault: FormatFault) -> Error {
    Error::Unwritable { what: KIND, fault }
}

const KIND: FileKind = FileKind::Keytab;
const LENGTH_OCTETS: usize = 4;
/// The mode bits of the group and of everybody.
const OTHERS_WRITE: u32 = 0o022;
/// Octets in a file.
const MAX_FILE: u64 = 64 << 20;

#[cfg(test)]
mod tests;
