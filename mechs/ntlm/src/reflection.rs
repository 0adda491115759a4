//! Which challenges this process has sent and waits for the answers to.
//!
//! Whoever gets a client to connect can pass its own connection's challenge on to it. Where both ends are the same
//! machine, the client then authenticates to itself, for somebody else (CVE-2025-33073).

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// A challenge while its answer is due.
#[derive(Debug)]
pub(crate) struct Outstanding([u8; 8]);

impl Outstanding {
    /// Notes a challenge.
    pub(crate) fn new(challenge: [u8; 8]) -> Self {
        with(|challenges| challenges.insert(challenge));
        Self(challenge)
    }
}

impl Drop for Outstanding {
    fn drop(&mut self) {
        with(|challenges| challenges.remove(&self.0));
    }
}

/// Whether this process has sent the challenge and waits for its answer.
pub(crate) fn is_ours(challenge: &[u8; 8]) -> bool {
    with(|challenges| challenges.contains(challenge))
}

fn with<T>(act: impl FnOnce(&mut BTreeSet<[u8; 8]>) -> T) -> T {
    // A set is whole after any of its calls: what panicked elsewhere does not matter.
    let mut challenges = CHALLENGES.lock().unwrap_or_else(PoisonError::into_inner);
    act(&mut challenges)
}

static CHALLENGES: Mutex<BTreeSet<[u8; 8]>> = Mutex::new(BTreeSet::new());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n16_a_challenge_is_known_until_its_context_is_gone() {
        let challenge = *b"reflect!";
        assert!(!is_ours(&challenge));
        let outstanding = Outstanding::new(challenge);
        assert!(is_ours(&challenge));
        drop(outstanding);
        assert!(!is_ours(&challenge));
    }
}
