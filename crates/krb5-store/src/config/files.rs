//! Where configuration text comes from.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, FileKind};
use crate::system;

/// The files that a configuration may consist of. [`SystemFiles`] are the real ones; tests and
/// fuzzers bring others.
pub trait Files {
    /// The octets of a file, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be opened or read, [`Error::NotRegular`], [`Error::TooLarge`].
    fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, Error>;

    /// The names of what is in a directory, in any order; names that are not UTF-8 may be left out.
    ///
    /// # Errors
    /// What the file system says.
    fn list(&self, directory: &Path) -> io::Result<Vec<String>>;

    /// Whether this is a directory.
    fn is_directory(&self, path: &Path) -> bool;

    /// A name that is the same for every path to one file.
    fn identity(&self, path: &Path) -> PathBuf;
}

/// The files of the operating system. Symbolic links are followed; pipes, sockets and devices are
/// refused without being read.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemFiles;

impl Files for SystemFiles {
    fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
        let mut octets = system::read(&system::Open::following(FileKind::Config, path), limit)?;
        Ok(std::mem::take(&mut octets))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(directory)? {
            names.extend(entry?.file_name().into_string().ok());
        }
        Ok(names)
    }

    fn is_directory(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn identity(&self, path: &Path) -> PathBuf {
        path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
    }
}

/// No files at all: for text that must stand alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &Path, _limit: u64) -> Result<Vec<u8>, Error> {
        Err(FileKind::Config.io(crate::error::Action::Read, path, io::ErrorKind::NotFound.into()))
    }

    fn list(&self, _directory: &Path) -> io::Result<Vec<String>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn is_directory(&self, _path: &Path) -> bool {
        false
    }

    fn identity(&self, path: &Path) -> PathBuf {
        path.to_path_buf()
    }
}
