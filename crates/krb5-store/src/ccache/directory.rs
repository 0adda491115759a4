//! Caches in the files of a directory.

use std::fs::{DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::unistd::Uid;

use super::cache::CredentialCache;
use super::collection::CacheCollection;
use super::contents::CacheContents;
use super::file::FileCache;
use crate::error::{Action, Error, FileKind, FormatFault};
use crate::owner::refuse_foreign;
use crate::proto::{Credentials, Principal};
use crate::system::{self, Open};
use crate::temporary;

/// The caches of a directory, `DIR:DIRECTORY`, as MIT and Heimdal keep them.
///
/// Its files whose names start with `tkt` are caches; the file `primary` holds a line with the name of the primary one,
/// which is `tkt` where there is no such file. The directory is made, for its owner alone, when a cache is.
#[derive(Clone, Debug)]
pub struct DirectoryCollection {
    directory: PathBuf,
}

/// One cache of a directory, `DIR::DIRECTORY/tktNAME`.
#[derive(Debug)]
pub struct DirectoryCache {
    collection: DirectoryCollection,
    file: FileCache,
}

impl DirectoryCollection {
    /// The caches of this directory, which need not exist yet.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
        }
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn cache(&self, file_name: &str) -> DirectoryCache {
        DirectoryCache {
            collection: self.clone(),
            file: FileCache::of_type(SCHEME_OF_CACHE, self.directory.join(file_name)),
        }
    }

    fn primary_file(&self) -> PathBuf {
        self.directory.join("primary")
    }

    /// The file name of the primary cache.
    fn primary_name(&self) -> Result<String, Error> {
        let path = self.primary_file();
        let open = Open::reading(FileKind::PrimaryName, &path);
        let file = match open.open() {
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Ok(FIRST_NAME.to_owned());
            }
            other => other?,
        };
        refuse_foreign(&open, &file)?;
        let octets = system::read_open(&open, &file, MAX_PRIMARY_FILE)?;
        let name = parse_primary(&octets).ok_or(Error::BadFile {
            what: FileKind::PrimaryName,
            path,
            fault: FormatFault::PrimaryName,
        })?;
        Ok(name.to_owned())
    }

    fn set_primary(&self, file_name: &str) -> Result<(), Error> {
        self.prepare()?;
        let line = format!("{file_name}\n");
        temporary::replace(FileKind::PrimaryName, &self.primary_file(), line.as_bytes())
    }

    /// Makes the directory if it is not there. One of another user is refused: he could exchange what is put there.
    fn prepare(&self) -> Result<(), Error> {
        let failed = |source| FileKind::CacheDirectory.io(Action::Create, &self.directory, source);
        match DirBuilder::new().mode(0o700).create(&self.directory) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
            _ => {}
        }
        let metadata = std::fs::metadata(&self.directory).map_err(failed)?;
        if !metadata.is_dir() {
            return Err(failed(io::ErrorKind::NotADirectory.into()));
        }
        self.refuse_anothers(&metadata)
    }

    fn refuse_anothers(&self, metadata: &Metadata) -> Result<(), Error> {
        let (owner, us) = (Uid::from_raw(metadata.uid()), Uid::effective());
        if owner == us || owner.is_root() || us.is_root() {
            return Ok(());
        }
        Err(Error::Foreign {
            what: FileKind::CacheDirectory,
            path: self.directory.clone(),
            owner: owner.as_raw(),
        })
    }

    /// The names of the files that are caches, in order.
    fn file_names(&self) -> Result<Vec<String>, Error> {
        let failed = |source| FileKind::CacheDirectory.io(Action::Read, &self.directory, source);
        let entries = match std::fs::read_dir(&self.directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(failed)?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed)?.file_name().into_string();
            names.extend(name.ok().filter(|name| is_name_of_cache(name)));
        }
        names.sort();
        Ok(names)
    }
}

impl CacheCollection for DirectoryCollection {
    fn name(&self) -> String {
        format!("{SCHEME}{}", self.directory.display())
    }

    fn caches(&self) -> Result<Vec<Arc<dyn CredentialCache>>, Error> {
        let mut names = self.file_names()?;
        // Whoever lists the caches sees the others even if this file is damaged, as with MIT.
        if let Ok(primary) = self.primary_name() {
            names.sort_by_key(|name| *name != primary);
        }
        let cache = |name: String| -> Arc<dyn CredentialCache> { Arc::new(self.cache(&name)) };
        Ok(names.into_iter().map(cache).collect())
    }

    fn primary(&self) -> Result<Arc<dyn CredentialCache>, Error> {
        Ok(Arc::new(self.cache(&self.primary_name()?)))
    }

    fn create(&self, contents: &CacheContents) -> Result<Arc<dyn CredentialCache>, Error> {
        self.prepare()?;
        let mut problem = None;
        let made = tempfile::Builder::new()
            .prefix(FIRST_NAME)
            .make_in(&self.directory, |path| {
                let cache = FileCache::of_type(SCHEME_OF_CACHE, path.to_path_buf());
                cache.create(contents).map_err(|error| match error {
                    Error::Io { source, .. } if source.kind() == io::ErrorKind::AlreadyExists => source,
                    other => {
                        problem = Some(other);
                        io::Error::other("not created")
                    }
                })?;
                Ok(cache)
            });
        let failed = |source| FileKind::CacheDirectory.io(Action::Create, &self.directory, source);
        let (file, path) = made
            .map_err(|source| problem.unwrap_or_else(|| failed(source)))?
            .into_parts();
        path.keep().map_err(|kept| failed(kept.error))?;
        let collection = self.clone();
        Ok(Arc::new(DirectoryCache { collection, file }))
    }
}

impl DirectoryCache {
    /// The cache in this file, if it can be one of its directory.
    pub(super) fn at(path: &str) -> Option<Self> {
        let (directory, file_name) = path.rsplit_once('/')?;
        let directory = if directory.is_empty() { "/" } else { directory };
        is_name_of_cache(file_name).then(|| DirectoryCollection::new(directory).cache(file_name))
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }
}

impl CredentialCache for DirectoryCache {
    fn name(&self) -> String {
        self.file.name()
    }

    fn read(&self) -> Result<Arc<CacheContents>, Error> {
        self.file.read()
    }

    fn replace(&self, contents: &CacheContents) -> Result<(), Error> {
        self.collection.prepare()?;
        self.file.replace(contents)
    }

    fn store(&self, credentials: &Credentials) -> Result<(), Error> {
        self.file.store(credentials)
    }

    fn remove(&self, unwanted: &dyn Fn(&Credentials) -> bool) -> Result<usize, Error> {
        self.file.remove(unwanted)
    }

    fn destroy(&self) -> Result<(), Error> {
        self.file.destroy()
    }

    fn make_primary(&self) -> Result<(), Error> {
        let file_name = self.path().file_name().unwrap_or_default();
        self.collection.set_primary(&file_name.to_string_lossy())
    }

    fn set_config(&self, key: &str, principal: Option<&Principal>, value: &[u8]) -> Result<(), Error> {
        self.file.set_config(key, principal, value)
    }
}

/// One line, no longer than MIT reads.
pub(super) fn parse_primary(octets: &[u8]) -> Option<&str> {
    let line = octets.split(|octet| *octet == b'\n').next()?;
    if line.len() == octets.len() || line.len() > MAX_PRIMARY_NAME {
        return None;
    }
    std::str::from_utf8(line).ok().filter(|name| is_name_of_cache(name))
}

fn is_name_of_cache(file_name: &str) -> bool {
    file_name.starts_with(FIRST_NAME) && !file_name.contains(['/', '\\', '\n', '\0'])
}

const SCHEME: &str = "DIR:";
const SCHEME_OF_CACHE: &str = "DIR::";
/// The name of the primary cache until one is switched to, and how all names start.
const FIRST_NAME: &str = "tkt";
/// Octets in the line of the file `primary`, without its end, that MIT reads.
const MAX_PRIMARY_NAME: usize = 62;
const MAX_PRIMARY_FILE: u64 = 4096;

#[cfg(test)]
mod tests;
