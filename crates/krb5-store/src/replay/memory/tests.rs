use std::sync::Barrier;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

const SKEW: i64 = 300;

/// An authenticator of this time, presented now.
fn made_at(tag: impl AsRef<[u8]>, time: i64, now: i64) -> Acceptance {
    Acceptance {
        tag: Tag::of(tag.as_ref()),
        time: KerberosTime(time),
        now: KerberosTime(now),
        skew: Duration::from_secs(SKEW.unsigned_abs()),
    }
}

/// One that was made just now.
fn fresh(tag: impl AsRef<[u8]>, now: i64) -> Acceptance {
    made_at(tag, now, now)
}

fn replayed(result: Result<(), ReplayError>) -> bool {
    match result {
        Ok(()) => false,
        Err(ReplayError::Replayed) => true,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn an_authenticator_is_remembered_until_it_is_too_old_anyway() {
    for ahead in [-SKEW, 0, SKEW] {
        let cache = MemoryReplayCache::new();
        let time = 1000 + ahead;
        assert!(!replayed(cache.store(&made_at("one", time, 1000))));
        for now in [1000, time + SKEW] {
            assert!(replayed(cache.store(&made_at("one", time, now))), "{now}");
        }
        cache.store(&fresh("another", time + SKEW + 1)).unwrap();
        assert_eq!(cache.seen.lock().unwrap().tags.len(), 1);
    }
}

#[test]
fn q16_a_clock_that_is_set_back_forgets_nothing() {
    let cache = MemoryReplayCache::new();
    cache.store(&fresh("later", 10_000)).unwrap();
    assert!(replayed(cache.store(&fresh("later", 100))));
    cache.store(&fresh("earlier", 100)).unwrap();
    assert!(replayed(cache.store(&made_at("earlier", 100, 100 + SKEW))));
}

#[test]
fn q16_what_a_clock_far_ahead_made_it_forget_is_not_accepted_when_the_clock_is_right_again() {
    let cache = MemoryReplayCache::new();
    cache.store(&made_at("seen", 10_005, 10_000)).unwrap();
    cache.store(&fresh("from the future", 13_600)).unwrap();
    assert!(matches!(
        cache.store(&made_at("seen", 10_005, 10_010)),
        Err(ReplayError::Forgotten)
    ));
    // What is later than all that was forgotten passes, once.
    assert!(!replayed(cache.store(&made_at("new", 10_006, 10_010))));
    assert!(replayed(cache.store(&made_at("new", 10_006, 10_010))));
    assert!(replayed(cache.store(&fresh("from the future", 13_600))));
}

#[test]
fn a_longer_skew_brings_back_nothing_that_was_forgotten() {
    let cache = MemoryReplayCache::new();
    cache.store(&fresh("seen", 1000)).unwrap();
    cache.store(&fresh("another", 1301)).unwrap();
    let mut later = made_at("seen", 1000, 1301);
    later.skew = Duration::from_secs(3600);
    assert!(matches!(cache.store(&later), Err(ReplayError::Forgotten)));
}

#[test]
fn f5_a_tag_of_zeroes_is_a_tag_like_any_other() {
    let cache = MemoryReplayCache::new();
    assert!(!replayed(cache.store(&fresh([0; 12], 0))));
    assert!(replayed(cache.store(&fresh([0; 12], 0))));
    assert!(replayed(cache.store(&fresh([], 0))));
}

#[test]
fn only_the_first_twelve_octets_of_a_tag_count() {
    let cache = MemoryReplayCache::new();
    assert!(!replayed(cache.store(&fresh([7; 24], 0))));
    assert!(replayed(cache.store(&fresh([7; 12], 0))));
    assert!(!replayed(cache.store(&fresh([7; 11], 0))));
}

#[test]
fn f4_of_many_threads_with_one_tag_exactly_one_wins() {
    let cache = MemoryReplayCache::new();
    for round in 0..50_u8 {
        let barrier = Barrier::new(8);
        let winners: usize = std::thread::scope(|scope| {
            let contender = || {
                barrier.wait();
                usize::from(!replayed(cache.store(&fresh([round; 12], 5))))
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
    cache.store(&fresh("a", 0)).unwrap();
    cache.store(&fresh("b", 0)).unwrap();
    assert!(matches!(
        cache.store(&fresh("c", 0)),
        Err(ReplayError::Full { limit: 2 })
    ));
    assert!(replayed(cache.store(&fresh("a", 0))));
    cache.store(&fresh("c", SKEW + 1)).unwrap();
}

#[test]
fn what_is_too_old_takes_no_room() {
    let cache = MemoryReplayCache::new();
    for n in 0..10_000_u32 {
        cache.store(&fresh(n.to_be_bytes(), i64::from(n) * 10)).unwrap();
    }
    let seen = cache.seen.lock().unwrap();
    assert_eq!((seen.tags.len(), seen.queue.len()), (31, 31));
}

#[test]
fn times_at_the_end_of_time_are_remembered_too() {
    for now in [i64::MIN, KerberosTime::MIN.0, KerberosTime::MAX.0] {
        let cache = MemoryReplayCache::new();
        assert!(!replayed(cache.store(&fresh("tag", now))), "{now}");
        assert!(replayed(cache.store(&fresh("tag", now))), "{now}");
    }
}

proptest! {
    /// Whatever the clock does, nothing is accepted twice; and while it goes on, nothing is refused that is new.
    #[test]
    fn nothing_passes_twice_whatever_the_clock_does(
        steps in prop::collection::vec((0..8_i64, -SKEW..=SKEW, prop::option::weighted(0.1, -2000..2000_i64)), 0..80)
    ) {
        let cache = MemoryReplayCache::new();
        let mut now = 100_000;
        let mut made: Vec<(i64, bool)> = Vec::new();
        let mut steady = true;
        for (again, ahead, jump) in steps {
            now += jump.unwrap_or(7);
            steady &= jump.is_none_or(|seconds| seconds >= 0);
            let chosen = usize::try_from(again).unwrap();
            // Authenticators of before, and now and then a new one.
            let number = made.len().checked_sub(chosen + 1).unwrap_or_else(|| {
                made.push((now + ahead, false));
                made.len() - 1
            });
            if chosen == 0 {
                made.push((now + ahead, false));
            }
            let (time, accepted) = made[number];
            if (time - now).abs() > SKEW {
                continue;
            }
            match cache.store(&made_at(number.to_be_bytes(), time, now)) {
                Ok(()) => {
                    prop_assert!(!accepted, "twice");
                    made[number].1 = true;
                }
                Err(ReplayError::Replayed) => prop_assert!(accepted),
                Err(ReplayError::Forgotten) => prop_assert!(!steady),
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
    }
}
