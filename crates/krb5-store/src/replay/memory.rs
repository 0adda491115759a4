//! A replay cache in memory, for acceptors in one process.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::sync::{Mutex, PoisonError};

use super::{Acceptance, ReplayCache, ReplayError, Tag};
use crate::proto::KerberosTime;

/// A replay cache for one process, in memory. It knows nothing of what was accepted before the process
/// started, nor of other processes with the same keys.
///
/// Authenticators are forgotten when they are too old to be accepted. If the clock is set back afterwards, no
/// authenticator is accepted that is not later than all forgotten ones: [`ReplayError::Forgotten`].
#[derive(Debug)]
pub struct MemoryReplayCache {
    limit: usize,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    tags: HashSet<Tag>,
    /// The one that is too old first.
    queue: BinaryHeap<Reverse<Remembered>>,
    /// The latest time of the forgotten ones.
    forgotten: Option<KerberosTime>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Remembered {
    /// When it can be accepted for the last time.
    until: KerberosTime,
    time: KerberosTime,
    tag: Tag,
}

impl MemoryReplayCache {
    /// A cache that holds up to 2^20 authenticators at once.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(LIMIT)
    }

    /// A cache that holds up to `limit` authenticators at once.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self {
            limit,
            seen: Mutex::default(),
        }
    }
}

impl Default for MemoryReplayCache {
    fn default() -> Self {
        Self::new()
    }
}

impl ReplayCache for MemoryReplayCache {
    fn store(&self, acceptance: &Acceptance) -> Result<(), ReplayError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.forget(acceptance.now);
        if seen.tags.contains(&acceptance.tag) {
            return Err(ReplayError::Replayed);
        }
        if seen.may_have_forgotten(acceptance) {
            return Err(ReplayError::Forgotten);
        }
        if seen.tags.len() >= self.limit {
            return Err(ReplayError::Full { limit: self.limit });
        }
        seen.remember(acceptance);
        Ok(())
    }
}

impl Seen {
    /// Drops what is too old to be accepted.
    fn forget(&mut self, now: KerberosTime) {
        while self.queue.peek().is_some_and(|Reverse(first)| first.until < now) {
            if let Some(Reverse(old)) = self.queue.pop() {
                self.tags.remove(&old.tag);
                self.forgotten = self.forgotten.max(Some(old.time));
            }
        }
    }

    fn may_have_forgotten(&self, acceptance: &Acceptance) -> bool {
        self.forgotten.is_some_and(|latest| acceptance.time <= latest)
    }

    fn remember(&mut self, acceptance: &Acceptance) {
        self.tags.insert(acceptance.tag);
        self.queue.push(Reverse(Remembered {
            until: acceptance.good_until(),
            time: acceptance.time,
            tag: acceptance.tag,
        }));
    }
}

const LIMIT: usize = 1 << 20;

#[cfg(test)]
mod tests;
