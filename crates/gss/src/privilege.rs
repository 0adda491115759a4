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
/// without `/proc`. Once a process has changed its ids or been made undumpable, the vector belongs to the
/// administrator: unreadable counts as elevated.
#[must_use]
pub(crate) fn of_process() -> Privilege {
    if ids_differ() || auxiliary_vector().is_ok_and(|vector| secure(&vector)) {
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

/// The vector, empty where there is none.
fn auxiliary_vector() -> io::Result<Vector> {
    let file = match File::open("/proc/self/auxv") {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(Vector::Hidden),
        Err(error) => return Err(error),
    };
    let mut octets = Vec::new();
    file.take(LIMIT).read_to_end(&mut octets)?;
    Ok(Vector::Octets(octets))
}

enum Vector {
    Octets(Vec<u8>),
    Hidden,
}

fn secure(vector: &Vector) -> bool {
    match vector {
        Vector::Hidden => true,
        Vector::Octets(octets) => value(octets, AT_SECURE).is_some_and(|value| value != 0),
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

    fn vector(pairs: &[(usize, usize)]) -> Vector {
        let octets = pairs
            .iter()
            .flat_map(|(kind, value)| [kind.to_ne_bytes(), value.to_ne_bytes()].concat());
        Vector::Octets(octets.collect())
    }

    #[test]
    fn at_secure_is_found_among_the_other_pairs() {
        assert!(secure(&vector(&[(6, 4096), (23, 1), (0, 0)])));
        assert!(!secure(&vector(&[(6, 4096), (23, 0), (0, 0)])));
        assert!(!secure(&vector(&[(6, 23), (0, 0)])));
        assert!(!secure(&Vector::Octets(vec![23; 3])));
    }

    #[test]
    fn a_vector_that_belongs_to_the_administrator_counts_as_elevated() {
        assert!(secure(&Vector::Hidden));
    }

    #[test]
    fn a_test_has_the_privileges_of_its_starter() {
        assert_eq!(of_process(), Privilege::Ordinary);
    }
}
