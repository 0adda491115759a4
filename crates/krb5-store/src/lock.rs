//! Locks on open files, which other Kerberos implementations respect too.
//!
//! Open-file-description locks where the system has them (Linux), as MIT uses them since 1.15: they
//! belong to the open file, not to the process, so that threads exclude each other, and closing
//! another descriptor of the file does not release them. They conflict with the process-wide locks
//! of other programs, as they should.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

use crate::error::{Action, Error, FileKind};

/// Whether others may hold the lock too.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mode {
    Shared,
    Exclusive,
}

/// Locks the whole of a file until it is closed. `path` and `what` are for messages.
pub(crate) fn lock(file: &File, mode: Mode, what: FileKind, path: &Path) -> Result<(), Error> {
    lock_within(file, mode, what, path, &ORDINARY)
}

/// As [`lock`], for locks that many want and nobody holds for longer than some system calls.
pub(crate) fn lock_briefly(file: &File, what: FileKind, path: &Path, patience: Duration) -> Result<(), Error> {
    let pace = Pace { patience, ..BRIEF };
    lock_within(file, Mode::Exclusive, what, path, &pace)
}

/// Locks the whole of a file for nobody else if that can be done at once.
pub(crate) fn try_exclusive(file: &File) -> Result<bool, Errno> {
    match fcntl(file, argument(&request(Mode::Exclusive))) {
        Ok(_) => Ok(true),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
        Err(other) => Err(other),
    }
}

/// How long a lock is waited for, and how often it is asked for meanwhile. A call that waits in the system
/// could not be ended.
#[derive(Clone, Copy, Debug)]
struct Pace {
    patience: Duration,
    first_pause: Duration,
    longest_pause: Duration,
}

fn lock_within(file: &File, mode: Mode, what: FileKind, path: &Path, pace: &Pace) -> Result<(), Error> {
    let started = Instant::now();
    let mut pause = pace.first_pause;
    loop {
        match fcntl(file, argument(&request(mode))) {
            Ok(_) => return Ok(()),
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN | Errno::EACCES) if started.elapsed() < pace.patience => {
                std::thread::sleep(pause);
                pause = pause.saturating_mul(2).min(pace.longest_pause);
            }
            Err(Errno::EAGAIN | Errno::EACCES) => {
                return Err(Error::Locked {
                    what,
                    path: path.to_path_buf(),
                    waited: pace.patience,
                });
            }
            Err(other) => return Err(what.io(Action::Lock, path, other.into())),
        }
    }
}

fn request(mode: Mode) -> libc::flock {
    let kind = match mode {
        Mode::Shared => libc::F_RDLCK,
        Mode::Exclusive => libc::F_WRLCK,
    };
    libc::flock {
        l_type: narrow(kind),
        l_whence: narrow(libc::SEEK_SET),
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    }
}

/// These constants are `c_int` on some systems and `c_short` on others; all are small.
fn narrow<T: TryInto<libc::c_short>>(constant: T) -> libc::c_short {
    constant.try_into().unwrap_or_default()
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn argument(request: &libc::flock) -> FcntlArg<'_> {
    FcntlArg::F_OFD_SETLK(request)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn argument(request: &libc::flock) -> FcntlArg<'_> {
    FcntlArg::F_SETLK(request)
}

/// Locks are held for one read or write; nobody who behaves holds one for this long.
const ORDINARY: Pace = Pace {
    patience: Duration::from_secs(10),
    first_pause: Duration::from_millis(1),
    longest_pause: Duration::from_millis(100),
};
const BRIEF: Pace = Pace {
    patience: Duration::ZERO,
    first_pause: Duration::from_micros(50),
    longest_pause: Duration::from_millis(2),
};

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path) -> File {
        std::fs::OpenOptions::new().read(true).write(true).open(path).unwrap()
    }

    fn try_lock(file: &File, mode: Mode, path: &Path) -> Result<(), Error> {
        let pace = Pace {
            patience: Duration::ZERO,
            ..ORDINARY
        };
        lock_within(file, mode, FileKind::CredentialCache, path, &pace)
    }

    #[test]
    fn an_exclusive_lock_keeps_out_other_descriptors_until_it_is_closed() {
        let temporary = tempfile::NamedTempFile::new().unwrap();
        let path = temporary.path();
        let (first, second) = (open(path), open(path));
        try_lock(&first, Mode::Exclusive, path).unwrap();
        drop(open(path));
        for mode in [Mode::Shared, Mode::Exclusive] {
            let error = try_lock(&second, mode, path).unwrap_err();
            assert!(error.to_string().contains("is locked by another process"), "{error}");
        }
        drop(first);
        try_lock(&second, Mode::Exclusive, path).unwrap();
    }

    #[test]
    fn shared_locks_do_not_exclude_each_other() {
        let temporary = tempfile::NamedTempFile::new().unwrap();
        let path = temporary.path();
        let (first, second) = (open(path), open(path));
        try_lock(&first, Mode::Shared, path).unwrap();
        try_lock(&second, Mode::Shared, path).unwrap();
        assert!(try_lock(&first, Mode::Exclusive, path).is_err());
    }
}
