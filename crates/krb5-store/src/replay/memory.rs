//! A replay cache in memory, for acceptors in one process.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::{ReplayCache, ReplayError, Tag};
use crate::proto::KerberosTime;

/// A replay cache for one process, in memory. It knows nothing of what was accepted before the process
/// started, nor of other processes with the same keys.
#[derive(Debug)]
pub struct MemoryReplayCache {
    limit: usize,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    tags: HashSet<Tag>,
    /// In the order of their coming, with the time until which they count.
    queue: VecDeque<(KerberosTime, Tag)>,
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
    fn store(&self, tag: &[u8], now: KerberosTime, skew: Duration) -> Result<(), ReplayError> {
        let tag = Tag::of(tag);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.forget(now);
        if seen.tags.contains(&tag) {
            return Err(ReplayError::Replayed);
        }
        if seen.tags.len() >= self.limit {
            return Err(ReplayError::Full { limit: self.limit });
        }
        seen.tags.insert(tag);
        seen.queue.push_back((now.plus(skew.saturating_mul(2)), tag));
        Ok(())
    }
}

impl Seen {
    /// Drops what no longer counts. Where the clock was set back, later ones wait for earlier ones.
    fn forget(&mut self, now: KerberosTime) {
        while let Some((until, tag)) = self.queue.front().copied() {
            if until >= now {
                return;
            }
            self.queue.pop_front();
            self.tags.remove(&tag);
        }
    }
}

const LIMIT: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use proptest::prelude::*;

    use super::*;

    const SKEW: Duration = Duration::from_secs(300);

    fn at(seconds: i64) -> KerberosTime {
        KerberosTime(seconds)
    }

    fn replayed(result: Result<(), ReplayError>) -> bool {
        match result {
            Ok(()) => false,
            Err(ReplayError::Replayed) => true,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_tag_is_accepted_once_until_its_authenticator_is_too_old_anyway() {
        let cache = MemoryReplayCache::new();
        assert!(!replayed(cache.store(b"0123456789ab", at(1000), SKEW)));
        for now in [1000, 1300, 1600] {
            assert!(replayed(cache.store(b"0123456789ab", at(now), SKEW)), "{now}");
        }
        assert!(!replayed(cache.store(b"0123456789ab", at(1601), SKEW)));
    }

    #[test]
    fn q16_a_clock_that_is_set_back_forgets_nothing() {
        let cache = MemoryReplayCache::new();
        cache.store(b"later", at(10_000), SKEW).unwrap();
        assert!(replayed(cache.store(b"later", at(100), SKEW)));
        cache.store(b"earlier", at(100), SKEW).unwrap();
        assert!(replayed(cache.store(b"earlier", at(700), SKEW)));
    }

    #[test]
    fn f5_a_tag_of_zeroes_is_a_tag_like_any_other() {
        let cache = MemoryReplayCache::new();
        assert!(!replayed(cache.store(&[0; 12], at(0), SKEW)));
        assert!(replayed(cache.store(&[0; 12], at(0), SKEW)));
        assert!(replayed(cache.store(&[], at(0), SKEW)));
    }

    #[test]
    fn only_the_first_twelve_octets_of_a_tag_count() {
        let cache = MemoryReplayCache::new();
        assert!(!replayed(cache.store(&[7; 24], at(0), SKEW)));
        assert!(replayed(cache.store(&[7; 12], at(0), SKEW)));
        assert!(!replayed(cache.store(&[7; 11], at(0), SKEW)));
    }

    #[test]
    fn f4_of_many_threads_with_one_tag_exactly_one_wins() {
        let cache = MemoryReplayCache::new();
        for round in 0..50_u8 {
            let barrier = Barrier::new(8);
            let winners: usize = std::thread::scope(|scope| {
                let contender = || {
                    barrier.wait();
                    usize::from(!replayed(cache.store(&[round; 12], at(5), SKEW)))
                };
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(contender)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).sum()
            });
            assert_eq!(winners, 1, "round {round}");
        }
    }

    #[test]
    fn a_full_cache_accepts_nothing_new_and_recovers() {
        let cache = MemoryReplayCache::with_limit(2);
        cache.store(b"a", at(0), SKEW).unwrap();
        cache.store(b"b", at(0), SKEW).unwrap();
        assert!(matches!(
            cache.store(b"c", at(0), SKEW),
            Err(ReplayError::Full { limit: 2 })
        ));
        assert!(replayed(cache.store(b"a", at(0), SKEW)));
        cache.store(b"c", at(601), SKEW).unwrap();
    }

    #[test]
    fn what_is_too_old_takes_no_room() {
        let cache = MemoryReplayCache::new();
        for n in 0..10_000_u32 {
            cache.store(&n.to_be_bytes(), at(i64::from(n) * 10), SKEW).unwrap();
        }
        let seen = cache.seen.lock().unwrap();
        assert_eq!((seen.tags.len(), seen.queue.len()), (61, 61));
    }

    proptest! {
        #[test]
        fn the_cache_agrees_with_a_plain_list(events in prop::collection::vec((0..6_u8, 0..200_u32), 0..60)) {
            let cache = MemoryReplayCache::new();
            let mut now = 0;
            let mut list: Vec<(u8, i64)> = Vec::new();
            for (tag, later) in events {
                now += i64::from(later);
                let known = list.iter().any(|(other, until)| *other == tag && *until >= now);
                prop_assert_eq!(replayed(cache.store(&[tag; 12], at(now), SKEW)), known);
                if !known {
                    list.push((tag, now + 600));
                }
            }
        }
    }
}
