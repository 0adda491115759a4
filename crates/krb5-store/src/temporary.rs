//! New versions of files, which take the place of the old ones at once.
//!
//! A new version is written to a file beside the old one, which is renamed once it is on the disk. Its writer holds its
//! lock meanwhile. One that nobody holds was left by a process that was killed: the next writer removes it, for there are
//! keys in it.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::Path;

use nix::unistd::Uid;
use tempfile::NamedTempFile;

use crate::change::is_in_place;
use crate::error::{Action, Error, FileKind};
use crate::lock::try_exclusive;
use crate::system::{Open, directory};

/// Writes a new version of a file: a temporary file in the same directory, for its owner only, that
/// takes the place of the old one once it is on the disk. A reader sees the old or the new version.
pub(crate) fn replace(what: FileKind, path: &Path, octets: &[u8]) -> Result<(), Error> {
    let temporary = temporary(what, path, octets)?;
    temporary
        .persist(path)
        .map_err(|failed| what.io(Action::Replace, path, failed.error))?;
    sync_directory(path);
    remove_abandoned(what, path);
    Ok(())
}

/// As [`replace`], but there must be no old version.
pub(crate) fn create(what: FileKind, path: &Path, octets: &[u8]) -> Result<(), Error> {
    let temporary = temporary(what, path, octets)?;
    temporary
        .persist_noclobber(path)
        .map_err(|failed| what.io(Action::Create, path, failed.error))?;
    sync_directory(path);
    Ok(())
}

/// Removes the new versions of a file whose writers were killed. Whatever fails: the next writer tries again.
pub(crate) fn remove_abandoned(what: FileKind, path: &Path) {
    // Elsewhere a process does not exclude its own threads.
    if !cfg!(any(target_os = "linux", target_os = "android")) {
        return;
    }
    let Ok(entries) = std::fs::read_dir(directory(path)) else {
        return;
    };
    let prefix = prefix(path);
    for entry in entries.filter_map(Result::ok) {
        if is_temporary(&entry.file_name(), &prefix) {
            let path = entry.path();
            let _ = remove_if_abandoned(&Open::writing(what, &path));
        }
    }
}

fn remove_if_abandoned(open: &Open<'_>) -> Result<(), Error> {
    let (file, metadata) = open.open_with_metadata()?;
    let is_ours = Uid::from_raw(metadata.uid()) == Uid::effective();
    // Under the lock it is looked at again: it may have become the new version meanwhile.
    if is_ours && try_exclusive(&file).unwrap_or(false) && is_in_place(open, &file)? {
        std::fs::remove_file(open.path).map_err(|source| open.what.io(Action::Remove, open.path, source))?;
        overwrite_nameless(&file);
    }
    Ok(())
}

/// Writes zeroes, unless the file got another name meanwhile.
pub(crate) fn overwrite_nameless(file: &File) {
    let mut left = match file.metadata() {
        Ok(metadata) if metadata.nlink() == 0 => metadata.len(),
        _ => return,
    };
    let zeroes = [0; 4096];
    let mut offset = 0_u64;
    while left > 0 {
        let count = left.min(4096);
        let part = usize::try_from(count).ok().and_then(|count| zeroes.get(..count));
        if part.is_none_or(|part| file.write_all_at(part, offset).is_err()) {
            break;
        }
        offset = offset.saturating_add(count);
        left = left.saturating_sub(count);
    }
}

/// A new version, complete and on the disk.
pub(crate) fn temporary(what: FileKind, path: &Path, octets: &[u8]) -> Result<NamedTempFile, Error> {
    let failed = |source| what.io(Action::Create, path, source);
    let mut temporary = claimed(path).map_err(failed)?;
    temporary.write_all(octets).map_err(failed)?;
    temporary.as_file().sync_all().map_err(failed)?;
    Ok(temporary)
}

/// An empty temporary file whose lock this process holds. Its name starts with a dot: what a killed process leaves in a
/// directory of caches is not taken for one.
fn claimed(path: &Path) -> io::Result<NamedTempFile> {
    for _ in 0..MAX_ATTEMPTS {
        let temporary = tempfile::Builder::new()
            .prefix(&prefix(path))
            .suffix(SUFFIX)
            .rand_bytes(RANDOM_LETTERS)
            .permissions(Permissions::from_mode(0o600))
            .tempfile_in(directory(path))?;
        // Before it is locked, somebody may take it for one that was left, and remove it. Where there are no locks,
        // nobody does.
        let is_locked = try_exclusive(temporary.as_file()).unwrap_or(true);
        if is_locked && temporary.as_file().metadata()?.nlink() > 0 {
            return Ok(temporary);
        }
    }
    Err(io::Error::other("others keep removing the temporary file"))
}

fn prefix(path: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push(".");
    prefix
}

fn is_temporary(name: &OsStr, prefix: &OsStr) -> bool {
    let random = name
        .as_bytes()
        .strip_prefix(prefix.as_bytes())
        .and_then(|rest| rest.strip_suffix(SUFFIX.as_bytes()));
    random.is_some_and(|random| random.len() == RANDOM_LETTERS && random.iter().all(u8::is_ascii_alphanumeric))
}

/// Makes a rename survive a crash of the machine. Not every file system can; then it is as safe as it
/// gets.
fn sync_directory(path: &Path) {
    if let Ok(directory) = File::open(directory(path)) {
        let _ = directory.sync_all();
    }
}

/// `.NAME.`, random letters, and this.
const SUFFIX: &str = ".new";
const RANDOM_LETTERS: usize = 6;
/// How often somebody may remove a file before it is locked.
const MAX_ATTEMPTS: usize = 16;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    use super::*;

    const KIND: FileKind = FileKind::CredentialCache;

    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn path(&self) -> PathBuf {
            self.0.path().join("cc")
        }

        fn files(&self) -> Vec<String> {
            let files = std::fs::read_dir(self.0.path()).unwrap();
            let mut names: Vec<_> = files
                .map(|file| file.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        }

        /// What a process leaves that is killed before it renames.
        fn leave(&self, octets: &[u8]) -> PathBuf {
            let (file, path) = temporary(KIND, &self.path(), octets).unwrap().keep().unwrap();
            drop(file);
            path
        }
    }

    #[test]
    fn l7_what_a_killed_writer_left_is_removed_by_the_next_one_and_overwritten() {
        let place = Place::new();
        let left = File::open(place.leave(b"with a key in it")).unwrap();
        replace(KIND, &place.path(), b"new").unwrap();
        assert_eq!(place.files(), ["cc"]);
        let mut octets = [1; 16];
        left.read_exact_at(&mut octets, 0).unwrap();
        assert_eq!(octets, [0; 16]);
    }

    #[test]
    fn l7_what_a_living_writer_writes_stays() {
        let place = Place::new();
        let living = temporary(KIND, &place.path(), b"slow").unwrap();
        replace(KIND, &place.path(), b"fast").unwrap();
        assert!(living.path().exists());
        living.persist(place.path()).unwrap();
        assert_eq!(std::fs::read(place.path()).unwrap(), b"slow");
        assert_eq!(place.files(), ["cc"]);
    }

    #[test]
    fn only_temporary_files_of_that_file_are_removed() {
        let place = Place::new();
        let names = [
            ".cc.backup",
            ".cc.abcdef",
            ".cc.abcde.new",
            ".cc.abc-ef.new",
            ".cc2.abcdef.new",
            "cc.abcdef.new",
        ];
        for name in names {
            std::fs::write(place.0.path().join(name), b"a user's").unwrap();
        }
        symlink(place.0.path().join(".cc.backup"), place.0.path().join(".cc.linked.new")).unwrap();
        std::fs::create_dir(place.0.path().join(".cc.direct.new")).unwrap();
        let before = place.files();
        remove_abandoned(KIND, &place.path());
        assert_eq!(place.files(), before);
        std::fs::write(place.0.path().join(".cc.abcdef.new"), b"left").unwrap();
        remove_abandoned(KIND, &place.path());
        assert_eq!(place.files(), before);
    }

    #[test]
    fn l9_writers_that_take_each_others_files_for_abandoned_ones_all_succeed() {
        let place = Place::new();
        std::thread::scope(|scope| {
            for writer in 0..8_u8 {
                let path = place.path();
                scope.spawn(move || {
                    for _ in 0..20 {
                        replace(KIND, &path, &[writer; 100]).unwrap();
                    }
                });
            }
        });
        assert_eq!(place.files(), ["cc"]);
        let octets = std::fs::read(place.path()).unwrap();
        assert!(octets.len() == 100 && octets.iter().all(|octet| *octet == octets[0]));
    }
}
