//! Where configuration text comes from.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Action, Error, FileKind};
#[cfg(unix)]
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
/// refused without being read, except `/dev/null`, by which people say that there is nothing to be
/// read. Only Unix has any.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemFiles;

impl Files for SystemFiles {
    #[cfg(unix)]
    fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
        if path == Path::new("/dev/null") {
            return Ok(Vec::new());
        }
        let mut octets = system::read(&system::Open::following(FileKind::Config, path), limit)?;
        Ok(std::mem::take(&mut octets))
    }

    #[cfg(not(unix))]
    fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
        NoFiles.read(path, limit)
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
        Err(FileKind::Config.io(Action::Read, path, io::ErrorKind::NotFound.into()))
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::config::{Profile, Settings};

    #[test]
    fn f10_pipes_and_devices_are_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe.conf");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        for path in [pipe.as_path(), Path::new("/dev/zero")] {
            assert!(
                matches!(Profile::load(&[path]), Err(Error::NotRegular { .. })),
                "{}",
                path.display()
            );
        }
        let outside = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&outside, format!("includedir {}\n", directory.path().display())).unwrap();
        let error = Profile::load(&[outside.path()]).unwrap_err().to_string();
        assert!(error.ends_with("pipe.conf is not a regular file"), "{error}");
    }

    #[test]
    fn files_links_and_directories_are_read() {
        let directory = tempfile::tempdir().unwrap();
        let within = directory.path().join("krb5.conf.d");
        std::fs::create_dir_all(within.join("subdirectory")).unwrap();
        std::fs::write(within.join("realm"), "[libdefaults]\ndefault_realm = FROM.DIRECTORY\n").unwrap();
        let main = directory.path().join("main");
        std::fs::write(&main, format!("includedir {}\n", within.display())).unwrap();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(&main, &link).unwrap();
        for path in [&main, &link, &within] {
            let settings = Settings::load(&[path]).unwrap();
            assert_eq!(settings.default_realm(), Some("FROM.DIRECTORY"));
        }
    }

    #[test]
    fn f11_a_file_from_the_epoch_is_read_like_any_other() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for realm in ["ONE", "TWO"] {
            std::fs::write(&file, format!("[libdefaults]\ndefault_realm = {realm}\n")).unwrap();
            file.as_file().set_modified(std::time::UNIX_EPOCH).unwrap();
            let settings = Settings::load(&[file.path()]).unwrap();
            assert_eq!(settings.default_realm(), Some(realm), "and again after a change");
        }
    }

    #[test]
    fn f10_a_loop_by_way_of_a_link_is_a_loop() {
        let directory = tempfile::tempdir().unwrap();
        let (main, link) = (directory.path().join("main"), directory.path().join("link"));
        std::os::unix::fs::symlink(&main, &link).unwrap();
        std::fs::write(&main, format!("\ninclude {}\n", link.display())).unwrap();
        let error = Profile::load(&[&main]).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("{}:2: {} includes itself", main.display(), link.display())
        );
    }

    #[test]
    fn a_missing_file_is_told_with_the_others() {
        let error = Settings::load(&["/nonexistent/a", "/nonexistent/b"]).unwrap_err();
        let expected = "no Kerberos configuration: cannot read /nonexistent/a, /nonexistent/b";
        assert_eq!(error.to_string(), expected);
    }

    #[cfg(unix)]
    #[test]
    fn the_null_device_is_an_empty_file_and_others_are_refused() {
        assert_eq!(SystemFiles.read(Path::new("/dev/null"), 10).unwrap(), b"");
        let error = SystemFiles.read(Path::new("/dev/zero"), 10).unwrap_err();
        assert!(matches!(error, Error::NotRegular { .. }));
    }
}
