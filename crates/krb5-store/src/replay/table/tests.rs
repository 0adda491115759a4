use std::cell::Cell;
use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::proto::KerberosTime;

const SKEW: i64 = 300;

/// A file in memory, which may fail.
#[derive(Clone, Default)]
struct Octets {
    octets: Vec<u8>,
    room: Option<usize>,
    /// How many more octets of a write reach the file before the process is killed.
    until_killed: Option<usize>,
    read_fails: bool,
    reads: Cell<usize>,
}

impl Storage for Octets {
    fn read_at(&self, octets: &mut [u8], offset: u64) -> io::Result<usize> {
        self.reads.set(self.reads.get() + 1);
        if self.read_fails {
            return Err(io::Error::other("bad sector"));
        }
        let from = self.octets.len().min(offset.try_into().unwrap());
        let rest = &self.octets[from..];
        let len = rest.len().min(octets.len());
        octets[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }

    /// As the system does it: as much as there is room for is written before the failure.
    fn write_at(&mut self, octets: &[u8], offset: u64) -> io::Result<()> {
        if let Some(left) = &mut self.until_killed {
            let written = octets.len().min(*left);
            *left -= written;
            let whole = written == octets.len();
            self.put(&octets[..written], offset.try_into().unwrap());
            return whole.then_some(()).ok_or(io::ErrorKind::Other.into());
        }
        let from = usize::try_from(offset).unwrap();
        let room = self.room.unwrap_or(usize::MAX);
        let end = (from + octets.len()).min(room.max(from));
        self.put(&octets[..end - from], from);
        if end == from + octets.len() {
            Ok(())
        } else {
            Err(io::ErrorKind::StorageFull.into())
        }
    }
}

impl Octets {
    fn put(&mut self, octets: &[u8], from: usize) {
        let end = from + octets.len();
        if self.octets.len() < end {
            self.octets.resize(end, 0);
        }
        self.octets[from..end].copy_from_slice(octets);
    }

    fn store(&mut self, tag: impl AsRef<[u8]>, now: i64) -> io::Result<Outcome> {
        self.store_with(tag, now, SKEW)
    }

    /// A tag that is not there yet.
    fn add(&mut self, tag: impl AsRef<[u8]>, now: i64) {
        assert_eq!(self.store(tag, now).unwrap(), Outcome::Stored);
    }

    fn store_with(&mut self, tag: impl AsRef<[u8]>, now: i64, skew: i64) -> io::Result<Outcome> {
        store(self, &acceptance(tag, now, skew), || Ok([9; 16]))
    }

    /// Where the record of a tag is.
    fn find(&self, tag: &[u8; 12]) -> usize {
        self.octets.windows(12).position(|octets| octets == tag).unwrap()
    }
}

/// Of an authenticator that was made just now.
fn acceptance(tag: impl AsRef<[u8]>, now: i64, skew: i64) -> Acceptance {
    Acceptance {
        tag: Tag::of(tag.as_ref()),
        time: KerberosTime(now),
        now: KerberosTime(now),
        skew: Duration::from_secs(skew.try_into().unwrap()),
    }
}

fn tag(number: u32) -> [u8; 12] {
    let mut tag = [0xA5; 12];
    tag[..4].copy_from_slice(&number.to_be_bytes());
    tag
}

#[test]
fn i68_tables_have_1023_records_then_2048_and_twice_as_many_each_time_up_to_2_gib() {
    let tables: Vec<Table> = Tables::new().collect();
    let sizes: Vec<u64> = tables.iter().map(|table| table.records).collect();
    assert_eq!(sizes[..5], [1023, 2048, 4096, 8192, 16384]);
    assert_eq!(tables[0].offset, 16);
    assert_eq!(tables[1].offset, 16 + 1023 * 16);
    assert_eq!(tables.len(), 17);
    assert!(tables.last().unwrap().end() <= 0x7FFF_FFFF);
}

#[test]
fn i68_a_file_of_mit_is_read_and_its_tags_are_found() {
    let written = include_bytes!("../../../../../testdata/rcache/mit-1.20.rcache2");
    let mut file = Octets {
        octets: written.to_vec(),
        ..Octets::default()
    };
    let taken_at = i64::from(u32::from_be_bytes(written[written.len() - 4..].try_into().unwrap()));
    for number in 0..600 {
        let stored = file.store(mit_tag(number), taken_at).unwrap();
        assert_eq!(stored, Outcome::Present, "{number}");
    }
    assert_eq!(file.octets, written);
    assert_eq!(file.store(mit_tag(600), taken_at).unwrap(), Outcome::Stored);
}

/// The tags in MIT's file.
fn mit_tag(number: u32) -> Vec<u8> {
    format!("tag {number:08}").into_bytes()
}

#[test]
fn f5_a_tag_of_zeroes_is_stored_once() {
    let mut file = Octets::default();
    assert_eq!(file.store([0; 12], 1000).unwrap(), Outcome::Stored);
    assert_eq!(file.store([0; 12], 1000).unwrap(), Outcome::Present);
    assert_eq!(file.store([], 1000).unwrap(), Outcome::Present);
    assert_eq!(file.store([1], 1000).unwrap(), Outcome::Stored);
}

#[test]
fn thousands_of_tags_are_each_stored_once_through_several_tables() {
    let mut file = Octets::default();
    for number in 0..20_000 {
        assert_eq!(file.store(tag(number), 1000).unwrap(), Outcome::Stored, "{number}");
    }
    let before = file.octets.clone();
    for number in 0..20_000 {
        assert_eq!(file.store(tag(number), 1600).unwrap(), Outcome::Present, "{number}");
    }
    assert_eq!(file.octets, before);
    assert!(before.len() > 16 + (1023 + 2048 + 4096) * 16);
}

#[test]
fn what_is_too_old_is_taken_over_and_the_file_stops_growing() {
    let mut file = Octets::default();
    let mut number = 0;
    let mut fill = |file: &mut Octets, now| {
        for _ in 0..3000 {
            assert_eq!(file.store(tag(number), now).unwrap(), Outcome::Stored);
            number += 1;
        }
    };
    fill(&mut file, 10_000);
    let len = file.octets.len();
    for round in 1..20 {
        fill(&mut file, 10_000 + round * (6 * SKEW));
    }
    assert!(
        file.octets.len() <= 2 * len + (4096 + 8192) * 16,
        "{len} {}",
        file.octets.len()
    );
}

/// A cache that MIT's rule would take records over from: `now` after the record's time and the skew.
fn mit_takes_over(record_time: u32, now: i64) -> bool {
    u32::try_from(now).unwrap() > record_time.wrapping_add(u32::try_from(SKEW).unwrap())
}

#[test]
fn mit_keeps_our_records_for_as_long_as_the_authenticator_is_good() {
    let mut file = Octets::default();
    file.add(tag(1), 10_000);
    let at = file.find(&tag(1)) + 12;
    let time = u32::from_be_bytes(file.octets[at..at + 4].try_into().unwrap());
    // Accepted at 10 000 with a time of 10 300, it is good until 10 600.
    assert!(!mit_takes_over(time, 10_000 + 2 * SKEW));
    assert!(mit_takes_over(time, 10_000 + 2 * SKEW + 1));
}

#[test]
fn a_record_of_mit_is_kept_for_two_skews_and_for_those_that_a_clock_may_lag() {
    let at = |now| acceptance([], now, SKEW);
    assert!(!at(10_000 + 4 * SKEW + LONG_WAIT).outlives(10_000));
    assert!(at(10_000 + 4 * SKEW + LONG_WAIT + 1).outlives(10_000));
}

#[test]
fn q16_a_clock_that_is_set_back_by_a_skew_disturbs_nobody() {
    let mut file = Octets::default();
    for number in 0..3000 {
        file.add(tag(number), 10_000);
    }
    for number in 3000..6000 {
        file.add(tag(number), 10_000 - SKEW);
    }
    for number in 0..6000 {
        assert_eq!(file.store(tag(number), 10_000 - SKEW).unwrap(), Outcome::Present);
    }
}

#[test]
fn q16_a_clock_that_is_set_back_further_forgets_nothing() {
    let mut file = Octets::default();
    for number in 0..3000 {
        file.add(tag(number), 10_000);
    }
    for number in 0..3000 {
        assert_eq!(file.store(tag(number), 10_000 - 3600).unwrap(), Outcome::Present);
    }
}

#[test]
fn q16_a_tag_whose_record_a_clock_far_ahead_took_over_is_not_accepted_again() {
    let mut file = Octets::default();
    for number in 0..3000 {
        file.add(tag(number), 10_000);
    }
    for number in 3000..8000 {
        file.add(tag(number), 13_600);
    }
    let outcomes = (0..3000).map(|number| file.store(tag(number), 10_001).unwrap());
    let unknown = outcomes.filter(|outcome| match outcome {
        Outcome::Unknown => true,
        Outcome::Present => false,
        other => panic!("{other:?}"),
    });
    assert!(unknown.count() > 1000, "they were taken over");
}

#[test]
fn records_of_acceptors_with_twice_the_skew_are_no_sign_of_a_clock_set_back() {
    let mut file = Octets::default();
    for number in 0..3000 {
        assert_eq!(file.store_with(tag(number), 10_000, 2 * SKEW).unwrap(), Outcome::Stored);
    }
    for number in 3000..4000 {
        file.add(tag(number), 10_000);
    }
}

#[test]
fn k12_times_wrap_after_2106_and_the_zero_of_an_empty_record_is_never_written() {
    const END: i64 = 1 << 32;
    for now in [
        END - SKEW,
        END - 1,
        END,
        END + SKEW,
        2 * END - SKEW,
        250_000_000_000,
        -1,
        -SKEW,
        i64::MAX,
        i64::MIN,
    ] {
        let mut file = Octets::default();
        assert_eq!(file.store(tag(1), now).unwrap(), Outcome::Stored, "{now}");
        assert_eq!(file.store(tag(1), now).unwrap(), Outcome::Present, "{now}");
        let at = file.find(&tag(1)) + 12;
        let time = u32::from_be_bytes(file.octets[at..at + 4].try_into().unwrap());
        assert_ne!(time, 0, "{now}");
        let at = |now| acceptance([], now, SKEW);
        assert!(!at(now.saturating_add(2 * SKEW)).outlives(time), "{now}");
        if now < i64::MAX / 2 && now > i64::MIN / 2 {
            assert!(at(now + 6 * SKEW).outlives(time), "{now}");
        }
    }
}

#[test]
fn a_skew_of_any_length_takes_nothing_over_too_early() {
    for skew in [0, 1, 1 << 31, 1 << 40, i64::MAX] {
        let mut file = Octets::default();
        for number in 0..3000 {
            assert_eq!(file.store_with(tag(number), 5000, skew).unwrap(), Outcome::Stored);
        }
        for number in 0..3000 {
            assert_eq!(
                file.store_with(tag(number), 5000, skew).unwrap(),
                Outcome::Present,
                "{skew}"
            );
        }
    }
}

#[test]
fn l8_a_file_cut_off_anywhere_keeps_what_is_whole_and_takes_new_tags() {
    let mut file = Octets::default();
    for number in 0..12 {
        file.add(tag(number), 1000);
    }
    let ends: HashMap<u32, usize> = (0..12).map(|number| (number, file.find(&tag(number)) + 16)).collect();
    let boundary = |end: &usize| (end - 17)..=(end + 1);
    let lengths = (0..40).chain(ends.values().flat_map(boundary));
    for len in lengths {
        let mut cut = file.clone();
        cut.octets.truncate(len);
        for (number, end) in &ends {
            let expected = if *end <= len { Outcome::Present } else { Outcome::Stored };
            assert_eq!(
                cut.clone().store(tag(*number), 1000).unwrap(),
                expected,
                "{number} at {len}"
            );
        }
        for number in 0..12 {
            let _ = cut.store(tag(number), 1000).unwrap();
            assert_eq!(
                cut.store(tag(number), 1000).unwrap(),
                Outcome::Present,
                "{number} at {len}"
            );
        }
    }
}

#[test]
fn l8_a_process_killed_at_any_octet_of_what_it_writes_lets_nothing_pass_twice() {
    // New records, and old ones that are taken over.
    for first in [1000, 1000 - 10 * SKEW] {
        for killed_at in 0..=33 {
            let mut file = Octets::default();
            let others = [1, 2, 3].map(tag);
            if killed_at > 16 {
                (0..4000).for_each(|number| file.add(tag(10_000 + number), first));
                others.iter().for_each(|other| file.add(other, 1000));
            }
            file.until_killed = Some(killed_at % 17);
            let answered = file.store(tag(4), 1000);
            file.until_killed = None;
            if killed_at > 16 {
                for other in &others {
                    assert_eq!(file.store(other, 1000).unwrap(), Outcome::Present, "{killed_at}");
                }
            }
            // Whether a tag counts as seen whose acceptor was killed is open; it may pass once.
            let again = file.store(tag(4), 1000).unwrap();
            assert!(answered.is_err() || again == Outcome::Present, "{killed_at}");
            assert_eq!(file.store(tag(4), 1000).unwrap(), Outcome::Present, "{killed_at}");
        }
    }
}

#[test]
fn l22_without_room_nothing_is_stored_and_the_file_stays_usable() {
    let mut whole = Octets::default();
    whole.add(tag(1), 1000);
    whole.add(tag(2), 1000);
    for room in 0..whole.octets.len() {
        let mut file = Octets {
            room: Some(room),
            ..Octets::default()
        };
        let outcomes = [1, 2].map(|number| file.store(tag(number), 1000));
        assert!(outcomes.iter().any(Result::is_err), "{room}");
        file.room = None;
        for (number, outcome) in [1, 2].into_iter().zip(outcomes) {
            let again = file.store(tag(number), 1000).unwrap();
            assert!(
                again == Outcome::Present || outcome.is_err(),
                "{number} with room for {room}"
            );
            assert_eq!(file.store(tag(number), 1000).unwrap(), Outcome::Present);
        }
    }
}

#[test]
fn l22_what_cannot_be_read_is_not_written_to() {
    let mut file = Octets::default();
    file.add(tag(1), 1000);
    let before = file.octets.clone();
    file.read_fails = true;
    assert!(file.store(tag(2), 1000).is_err());
    assert_eq!(file.octets, before);
}

#[test]
fn without_randomness_no_file_is_begun() {
    let mut file = Octets::default();
    assert!(store(&mut file, &acceptance("tag", 1000, 0), || Err(io::Error::other("none"))).is_err());
    assert!(file.octets.is_empty());
}

/// Says of every place that it is taken.
struct Endless(u64);

impl Storage for Endless {
    fn read_at(&self, octets: &mut [u8], _offset: u64) -> io::Result<usize> {
        octets.fill(0x77);
        Ok(octets.len())
    }

    fn write_at(&mut self, _octets: &[u8], offset: u64) -> io::Result<()> {
        self.0 = offset;
        Ok(())
    }
}

#[test]
fn a_file_that_is_full_takes_nothing_and_is_not_searched_for_ever() {
    let mut file = Endless(0);
    let store_at = |file: &mut Endless, now| store(file, &acceptance("tag", now, SKEW), || Ok([0; 16])).unwrap();
    assert_eq!(store_at(&mut file, 0x7777_7777), Outcome::Full);
    assert_eq!(store_at(&mut file, 0x7777_7777 - 601 - LONG_WAIT), Outcome::Unknown);
    assert_eq!(file.0, 0);
    assert_eq!(store_at(&mut file, 0x7777_7777 + 1201 + LONG_WAIT), Outcome::Stored);
    assert!(file.0 < 16 + 1023 * 16);
}

#[test]
fn a_stored_tag_costs_two_reads() {
    let mut file = Octets::default();
    file.add(tag(1), 1000);
    file.reads.set(0);
    file.add(tag(2), 1000);
    assert_eq!(file.reads.get(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A file next to a plain list. While the clock goes on, they agree; whatever it does, nothing passes twice.
    #[test]
    fn the_file_agrees_with_a_plain_list(
        steps in prop::collection::vec(
            (0..4000_u32, -SKEW..=SKEW, prop::option::weighted(0.002, -9000..9000_i64)),
            0..4000,
        ),
        start in prop::sample::select(vec![100_000_i64, 2_000_000_000, (1 << 32) - 700, 1 << 33]),
    ) {
        let mut file = Octets::default();
        // Of each authenticator its time, and whether it was accepted.
        let mut list: HashMap<u32, (i64, bool)> = HashMap::new();
        let mut steady = true;
        let mut now = start;
        for (number, ahead, jump) in steps {
            now += jump.unwrap_or(1);
            steady &= jump.is_none_or(|seconds| seconds >= 0);
            let (time, accepted) = list.entry(number).or_insert((now + ahead, false));
            if (*time - now).abs() > SKEW {
                continue;
            }
            let mut presented = acceptance(tag(number), now, SKEW);
            presented.time = KerberosTime(*time);
            match store(&mut file, &presented, || Ok([9; 16])).unwrap() {
                Outcome::Stored => {
                    prop_assert!(!*accepted, "{number} twice");
                    *accepted = true;
                }
                Outcome::Present => prop_assert!(*accepted, "{number} was never accepted"),
                Outcome::Unknown => prop_assert!(!steady),
                Outcome::Full => prop_assert!(false),
            }
        }
    }

    #[test]
    fn of_any_file_a_stored_tag_is_found_again(
        octets in prop::collection::vec(any::<u8>(), 0..40_000),
        number: u32,
        now: u32,
    ) {
        let mut file = Octets { octets, ..Octets::default() };
        let outcome = file.store(tag(number), now.into()).unwrap();
        if matches!(outcome, Outcome::Present | Outcome::Stored) {
            prop_assert_eq!(file.store(tag(number), now.into()).unwrap(), Outcome::Present);
        }
    }
}
