//! Whether whoever started this process may be trusted with its privileges.

use std::fs::File;
use std::io::{self, Read as _};

/// Whether a process has privileges that its starter lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Privilege {
    /// Those of its starter.
    Ordinary,
    /// More: set-user-ID, set-group-ID, file capabilities.
    Elevated,
}

/// The kernel says it as `AT_SECURE` in the auxiliary vector; the comparison of the ids stands beside it for systems
/// without `/proc`.
#[must_use]
pub(crate) fn of_process() -> Privilege {
    if ids_differ() || secure(auxiliary_vector()) {
        Privilege::Elevated
    } else {
        Privilege::Ordinary
    }
}

#[cfg(unix)]
fn ids_differ() -> bool {
    use nix::unistd::{getegid, geteuid, getgid, getuid};

    getuid() != geteuid() || getgid() != getegid()
}

#[cfg(not(unix))]
fn ids_differ() -> bool {
    false
}

fn auxiliary_vector() -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    File::open("/proc/self/auxv")?.take(LIMIT).read_to_end(&mut octets)?;
    Ok(octets)
}

/// A vector that cannot be read counts as secure: once a process has changed its ids or been made undumpable, it
/// belongs to the administrator, and who starts a process can leave it without descriptors or without `/proc`. Only a
/// system that is not Linux may have none.
fn secure(vector: io::Result<Vec<u8>>) -> bool {
    match vector {
        Ok(octets) => value(&octets, AT_SECURE).is_none_or(|value| value != 0),
        Err(error) => cfg!(target_os = "linux") || error.kind() != io::ErrorKind::NotFound,
    }
}

/// The value beside `wanted` in pairs of words of the machine.
fn value(octets: &[u8], wanted: usize) -> Option<usize> {
    let (words, _) = octets.as_chunks::<{ size_of::<usize>() }>();
    let (pairs, _) = words.as_chunks::<2>();
    let of_wanted = pairs.iter().find(|[kind, _]| usize::from_ne_bytes(*kind) == wanted);
    of_wanted.map(|[_, value]| usize::from_ne_bytes(*value))
}

/// Linux, `include/uapi/linux/auxvec.h`.
const AT_SECURE: usize = 23;

/// Twenty pairs are usual.
const LIMIT: u64 = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(pairs: &[(usize, usize)]) -> io::Result<Vec<u8>> {
        let octets = pairs
            .iter()
            .flat_map(|(kind, value)| [kind.to_ne_bytes(), value.to_ne_bytes()].concat());
        Ok(octets.collect())
    }

    #[test]
    fn at_secure_is_found_among_the_other_pairs() {
        assert!(secure(vector(&[(6, 4096), (23, 1), (0, 0)])));
        assert!(!secure(vector(&[(6, 4096), (23, 0), (0, 0)])));
    }

    #[test]
    fn a_vector_that_does_not_say_counts_as_elevated() {
        assert!(secure(vector(&[(6, 23), (0, 0)])));
        assert!(secure(Ok(vec![23; 3])));
        assert!(secure(Ok(Vec::new())));
    }

    #[test]
    fn a_vector_that_cannot_be_read_counts_as_elevated() {
        const TOO_MANY_OPEN_FILES: i32 = 24;
        for error in [
            io::Error::from(io::ErrorKind::PermissionDenied),
            io::Error::from_raw_os_error(TOO_MANY_OPEN_FILES),
            io::Error::from(io::ErrorKind::Interrupted),
        ] {
            assert!(secure(Err(error)));
        }
    }

    #[test]
    fn linux_always_has_a_vector() {
        let missing = io::Error::from(io::ErrorKind::NotFound);
        assert_eq!(secure(Err(missing)), cfg!(target_os = "linux"));
    }

    #[test]
    fn a_test_has_the_privileges_of_its_starter() {
        assert_eq!(of_process(), Privilege::Ordinary);
    }
}
