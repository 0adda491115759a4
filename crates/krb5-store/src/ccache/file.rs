//! Caches in files.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroizing;

use super::cache::CredentialCache;
use super::config_entry::ConfigEntry;
use super::contents::{CacheContents, FormatVersion, Parsed, parse};
use super::credential::{removed, write_credential};
use crate::change::{lock_old, open_for_change, read_in_place};
use crate::error::{Action, Error, FileKind, FormatFault};
use crate::octets::Writer;
use crate::proto::{Credentials, Principal};
use crate::system::{self, Open, Stamp};
use crate::temporary;

/// A cache in a file, which other Kerberos implementations share.
///
/// Reading locks the file, and is saved where the file has not changed since. Symbolic links and files
/// of other users are refused. A new state takes the file's place at once, by renaming; one entry is added by one write
/// at the end.
#[derive(Debug)]
pub struct FileCache {
    /// The type in its name.
    scheme: &'static str,
    path: PathBuf,
    last: Mutex<Option<(Stamp, Arc<CacheContents>)>>,
}

impl FileCache {
    /// The cache in this file, which need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self::of_type("FILE:", path.into())
    }

    /// The cache in this file, whose name starts with `scheme`.
    pub(super) fn of_type(scheme: &'static str, path: PathBuf) -> Self {
        Self {
            scheme,
            path,
            last: Mutex::new(None),
        }
    }

    /// Initialises a cache that must not exist yet.
    pub(super) fn create(&self, contents: &CacheContents) -> Result<(), Error> {
        let octets = contents.to_octets().map_err(unwritable)?;
        temporary::create(KIND, &self.path, &octets)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn missing(&self, error: Error) -> Error {
        match error {
            Error::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                Error::NoCache { name: self.name() }
            }
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

    /// An empty file was never initialised: somebody reserved its name, as mktemp does, or is about to write to it, as MIT's
    /// kinit.
    fn unreadable(&self, octets: &[u8], fault: FormatFault) -> Error {
        if octets.is_empty() {
            return Error::NoCache { name: self.name() };
        }
        self.bad(fault)
    }

    fn unchanged(&self) -> Option<Arc<CacheContents>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (stamp, contents) = last.as_ref()?;
        let metadata = std::fs::symlink_metadata(&self.path).ok()?;
        (Stamp::of(&metadata) == *stamp).then(|| Arc::clone(contents))
    }

    fn remember(&self, stamp: Stamp, contents: &Arc<CacheContents>) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = stamp.is_settled().then(|| (stamp, Arc::clone(contents)));
    }

    /// Opens the file for a change, locked, and reads it.
    fn open_for_change(&self, open: &Open<'_>) -> Result<(File, Parsed), Error> {
        let file = open_for_change(open).map_err(|error| self.missing(error))?;
        let octets = system::read_open(open, &file, MAX_FILE)?;
        let parsed = parse(&octets).map_err(|fault| self.unreadable(&octets, fault))?;
        Ok((file, parsed))
    }

    fn refuse_linked(&self, file: &File) -> Result<(), Error> {
        let metadata = file
            .metadata()
            .map_err(|source| KIND.io(Action::Read, &self.path, source))?;
        match metadata.nlink() {
            0 | 1 => Ok(()),
            names => Err(Error::Linked {
                what: KIND,
                path: self.path.clone(),
                names,
            }),
        }
    }

    /// Writes at the end; takes back what was written if that fails half-way.
    fn append(&self, file: &File, octets: &[u8], end: usize) -> Result<(), Error> {
        let failed = |source| KIND.io(Action::Write, &self.path, source);
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        let len = file.metadata().map_err(failed)?.len();
        if len > end {
            file.set_len(end).map_err(failed)?;
        }
        if let Err(source) = file.write_all_at(octets, end) {
            let _ = file.set_len(end);
            return Err(failed(source));
        }
        Ok(())
    }

    fn overwrite(&self, file: &File, parsed: &Parsed, entry: &Credentials, place: &Range<usize>) -> Result<(), Error> {
        self.write_entry(file, parsed, &removed(entry), place)
    }

    /// Writes an entry over another one of its length.
    fn write_entry(
        &self,
        file: &File,
        parsed: &Parsed,
        entry: &Credentials,
        place: &Range<usize>,
    ) -> Result<(), Error> {
        let octets = encoded(entry, parsed)?;
        if octets.len() != place.len() {
            let offset = place.start;
            return Err(self.bad(FormatFault::Truncated { offset }));
        }
        let offset = u64::try_from(place.start).unwrap_or(u64::MAX);
        file.write_all_at(&octets, offset)
            .map_err(|source| KIND.io(Action::Write, &self.path, source))
    }
}

impl CredentialCache for FileCache {
    fn name(&self) -> String {
        format!("{}{}", self.scheme, self.path.display())
    }

    fn read(&self) -> Result<Arc<CacheContents>, Error> {
        if let Some(contents) = self.unchanged() {
            return Ok(contents);
        }
        let open = Open::reading(KIND, &self.path);
        let (stamp, octets) = read_in_place(&open, MAX_FILE).map_err(|error| self.missing(error))?;
        let contents = CacheContents::from_octets(&octets).map_err(|fault| self.unreadable(&octets, fault))?;
        let contents = Arc::new(contents);
        self.remember(stamp, &contents);
        tracing::debug!(
            cache = %self.name(),
            principal = %contents.principal,
            tickets = contents.tickets().count(),
            "read a credential cache"
        );
        Ok(contents)
    }

    fn replace(&self, contents: &CacheContents) -> Result<(), Error> {
        super::trace::replacing(self, contents);
        let octets = contents.to_octets().map_err(unwritable)?;
        let _old = lock_old(KIND, &self.path)?;
        temporary::replace(KIND, &self.path, &octets)
    }

    fn store(&self, credentials: &Credentials) -> Result<(), Error> {
        super::trace::storing(self, credentials);
        let (file, parsed) = self.open_for_change(&Open::appending(KIND, &self.path))?;
        let octets = encoded(credentials, &parsed)?;
        self.append(&file, &octets, parsed.end)
    }

    fn remove(&self, unwanted: &dyn Fn(&Credentials) -> bool) -> Result<usize, Error> {
        let (file, parsed) = self.open_for_change(&Open::writing(KIND, &self.path))?;
        let mut count = 0_usize;
        for (entry, place) in parsed.contents.credentials.iter().zip(&parsed.places) {
            if unwanted(entry) {
                self.overwrite(&file, &parsed, entry, place)?;
                count = count.saturating_add(1);
            }
        }
        Ok(count)
    }

    /// A value takes the place of another one of its length, so that one that is set time and again, such as a time,
    /// does not make the file grow. Others leave a hole, as all entries do that are removed.
    fn set_config(&self, key: &str, principal: Option<&Principal>, value: &[u8]) -> Result<(), Error> {
        let (file, parsed) = self.open_for_change(&Open::writing(KIND, &self.path))?;
        let is_it = |entry: &Credentials| ConfigEntry::has_name(entry, key, principal);
        let mut entries = parsed.contents.credentials.iter().zip(&parsed.places).rev();
        let current = entries.find(|(entry, _)| is_it(entry));
        if current.is_some_and(|(entry, _)| entry.ticket == value) {
            return Ok(());
        }
        let entry = ConfigEntry {
            key: key.to_owned(),
            principal: principal.cloned(),
            value: value.to_vec(),
        };
        let entry = entry.to_credentials(&parsed.contents.principal);
        if let Some((_, place)) = current
            && place.len() == encoded(&entry, &parsed)?.len()
        {
            return self.write_entry(&file, &parsed, &entry, place);
        }
        // The new value first: whoever reads after a crash finds one, and the last one counts.
        self.append(&file, &encoded(&entry, &parsed)?, parsed.end)?;
        let mut old = parsed.contents.credentials.iter().zip(&parsed.places);
        old.try_for_each(|(entry, place)| match is_it(entry) {
            true => self.overwrite(&file, &parsed, entry, place),
            false => Ok(()),
        })
    }

    /// Overwrites the keys of the removed file, as far as the file system overwrites at all. What is no
    /// cache, or has another name too, stays as it is.
    fn destroy(&self) -> Result<(), Error> {
        temporary::remove_abandoned(KIND, &self.path);
        let open = Open::writing(KIND, &self.path);
        let file = open_for_change(&open).map_err(|error| self.missing(error))?;
        self.refuse_linked(&file)?;
        refuse_other_formats(&system::read_open(&open, &file, MAX_FILE)?).map_err(|fault| self.bad(fault))?;
        std::fs::remove_file(&self.path).map_err(|source| self.missing(KIND.io(Action::Remove, &self.path, source)))?;
        temporary::overwrite_nameless(&file);
        Ok(())
    }
}

/// Damaged caches may be destroyed. The first two versions look like keytabs at first.
fn refuse_other_formats(octets: &[u8]) -> Result<(), FormatFault> {
    match (parse(octets), octets) {
        (Ok(_), _) | (Err(_), [5, 3 | 4, ..]) => Ok(()),
        (Err(fault), _) => Err(fault),
    }
}

fn encoded(credentials: &Credentials, parsed: &Parsed) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut writer = Writer::new(parsed.order);
    let version: FormatVersion = parsed.contents.version;
    write_credential(&mut writer, credentials, version).map_err(unwritable)?;
    Ok(writer.finish())
}

fn unwritable(fault: FormatFault) -> Error {
    Error::Unwritable { what: KIND, fault }
}

const KIND: FileKind = FileKind::CredentialCache;
/// Octets in a file.
const MAX_FILE: u64 = 64 << 20;

#[cfg(test)]
mod tests;
