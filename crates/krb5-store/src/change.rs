//! Files that others read and change at the same time, opened to be changed.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::error::{Error, FileKind};
use crate::lock::{Mode, lock};
use crate::owner::refuse_foreign;
use crate::system::{self, Open, Stamp};
use zeroize::Zeroizing;

/// Opens a file and locks it for nobody else. If another file takes its place before it is locked, that
/// one is opened instead: what is written to the old one is lost. Files of other users are refused.
pub(crate) fn open_for_change(open: &Open<'_>) -> Result<File, Error> {
    for _ in 0..MAX_REOPENS {
        let file = open.open()?;
        refuse_foreign(open, &file)?;
        lock(&file, Mode::Exclusive, open.what, open.path)?;
        if is_in_place(open, &file)? {
            return Ok(file);
        }
    }
    Err(restless(open))
}

/// Reads a file under its lock, and tells which version that was. Files of other users are refused.
///
/// Who destroys a cache with MIT's kdestroy removes its name and then writes zeroes, without a lock. So what has no name any
/// more is not believed, and the file that took its place is read instead.
pub(crate) fn read_in_place(open: &Open<'_>, limit: u64) -> Result<(Stamp, Zeroizing<Vec<u8>>), Error> {
    for _ in 0..MAX_REOPENS {
        let file = open.open()?;
        refuse_foreign(open, &file)?;
        lock(&file, Mode::Shared, open.what, open.path)?;
        let failed = |source| open.what.io(open.action(), open.path, source);
        let before = file.metadata().map_err(failed)?;
        let octets = system::read_open(open, &file, limit)?;
        if file.metadata().map_err(failed)?.nlink() > 0 {
            return Ok((Stamp::of(&before), octets));
        }
    }
    Err(restless(open))
}

/// Waits for whoever changes the file that is to be replaced, and locks it. What cannot be opened for a change is not
/// changed by anybody like us.
pub(crate) fn lock_old(what: FileKind, path: &Path) -> Result<Option<File>, Error> {
    match open_for_change(&Open::writing(what, path)) {
        Ok(file) => Ok(Some(file)),
        Err(Error::Foreign { .. } | Error::Io { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}

/// Whether the path still names the open file.
pub(crate) fn is_in_place(open: &Open<'_>, file: &File) -> Result<bool, Error> {
    let opened = file
        .metadata()
        .map_err(|source| open.what.io(open.action(), open.path, source))?;
    let named = std::fs::symlink_metadata(open.path);
    Ok(named.is_ok_and(|named| Stamp::of(&named).is_same_file(&Stamp::of(&opened))))
}

fn restless(open: &Open<'_>) -> Error {
    let restless = io::Error::other("other files keep taking its place");
    open.what.io(open.action(), open.path, restless)
}

/// How often another file may take the place of the one that was opened.
const MAX_REOPENS: usize = 16;
