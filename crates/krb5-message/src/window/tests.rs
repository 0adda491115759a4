use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

/// The same judgement from a plain set of all numbers ever seen, counted without ever starting again.
struct Model {
    next: i128,
    seen: HashSet<i128>,
    detection: Detection,
}

impl Model {
    fn record(&mut self, number: i128) -> Sequence {
        if self.detection == Detection::Nothing {
            return Sequence::Ok;
        }
        let (replay, sequence) = (self.detection.replay(), self.detection.sequence());
        if number >= self.next {
            let gap = number > self.next;
            self.next = number + 1;
            self.seen.insert(number);
            return if gap && sequence { Sequence::Gap } else { Sequence::Ok };
        }
        if self.next - number > 64 {
            return if sequence { Sequence::Unsequenced } else { Sequence::Old };
        }
        let duplicate = !self.seen.insert(number);
        match (duplicate && replay, sequence) {
            (true, _) => Sequence::Duplicate,
            (false, true) => Sequence::Unsequenced,
            (false, false) => Sequence::Ok,
        }
    }
}

fn detections() -> impl Strategy<Value = Detection> {
    prop_oneof![
        Just(Detection::Nothing),
        Just(Detection::Replay),
        Just(Detection::Sequence),
        Just(Detection::ReplayAndSequence)
    ]
}

/// First numbers near the ends of the circle, and anywhere.
fn starts() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        Just(u64::MAX),
        Just(u64::from(u32::MAX)),
        u64::MAX - 200..u64::MAX,
        any::<u64>()
    ]
}

/// Steps relative to the number expected next: mostly near, sometimes far.
fn steps() -> impl Strategy<Value = Vec<i64>> {
    let step = prop_oneof![
        6 => Just(0_i64),
        6 => -70_i64..70,
        1 => -100_000_i64..100_000,
        1 => prop_oneof![Just(63_i64), Just(64), Just(65), Just(-63), Just(-64), Just(-65), Just(0x7FFF_FFFE)],
    ];
    prop::collection::vec(step, 0..400)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn w13_window_judges_like_a_plain_set(first in starts(), detection in detections(), wide in any::<bool>(), steps in steps()) {
        let width = if wide { NumberWidth::Bits64 } else { NumberWidth::Bits32 };
        let mut window = SequenceWindow::new(first, detection, width);
        let mut model = Model { next: 1 << 80, seen: HashSet::new(), detection };
        for step in steps {
            let number = window.expected().wrapping_add_signed(step) & width.mask();
            let counted = model.next + i128::from(step);
            prop_assert_eq!(window.record(number), model.record(counted));
        }
        prop_assert_eq!(SequenceWindow::from_octets(&window.to_octets()).unwrap(), window);
    }

    #[test]
    fn any_octets_import_as_a_window_or_are_refused(octets in any::<[u8; SequenceWindow::OCTETS]>()) {
        if let Ok(window) = SequenceWindow::from_octets(&octets) {
            prop_assert_eq!(window.to_octets(), octets);
        }
    }
}

fn window(first: u64, detection: Detection) -> SequenceWindow {
    SequenceWindow::new(first, detection, NumberWidth::Bits64)
}

#[test]
fn numbers_in_order_are_ok_across_the_end_of_the_circle() {
    for (width, end) in [
        (NumberWidth::Bits32, u64::from(u32::MAX)),
        (NumberWidth::Bits64, u64::MAX),
    ] {
        let mut window = SequenceWindow::new(end - 2, Detection::ReplayAndSequence, width);
        for number in [end - 2, end - 1, end, 0, 1, 2] {
            assert_eq!(window.record(number), Sequence::Ok, "{number:#x}");
        }
        assert_eq!(window.record(end), Sequence::Duplicate);
        assert_eq!(window.record(2), Sequence::Duplicate);
    }
}

#[test]
fn a_gap_of_64_or_more_forgets_everything_before() {
    for gap in [63_u64, 64, 65, 1 << 20, 1 << 40] {
        let mut window = window(10, Detection::ReplayAndSequence);
        assert_eq!(window.record(10), Sequence::Ok);
        assert_eq!(window.record(10 + gap), Sequence::Gap);
        let again = window.record(10);
        assert_eq!(
            again,
            if gap < 64 {
                Sequence::Duplicate
            } else {
                Sequence::Unsequenced
            },
            "{gap}"
        );
        assert_eq!(window.record(10 + gap), Sequence::Duplicate, "{gap}");
    }
}

#[test]
fn the_number_just_before_the_first_is_late_and_then_a_replay() {
    let mut window = window(5, Detection::ReplayAndSequence);
    assert_eq!(window.record(4), Sequence::Unsequenced);
    assert_eq!(window.record(4), Sequence::Duplicate);
    assert_eq!(window.record(5), Sequence::Ok);
}

#[test]
fn without_replay_detection_a_repeated_number_is_out_of_sequence() {
    let mut window = window(0, Detection::Sequence);
    assert_eq!(window.record(0), Sequence::Ok);
    assert_eq!(window.record(0), Sequence::Unsequenced);
}

#[test]
fn without_sequence_detection_late_messages_are_fine_until_they_are_too_old() {
    let mut window = window(0, Detection::Replay);
    assert_eq!(window.record(100), Sequence::Ok);
    assert_eq!(window.record(40), Sequence::Ok);
    assert_eq!(window.record(40), Sequence::Duplicate);
    assert_eq!(window.record(3), Sequence::Old);
}

#[test]
fn without_any_detection_nothing_is_reported_or_kept() {
    let mut window = window(7, Detection::Nothing);
    for number in [7, 7, 900, 0] {
        assert_eq!(window.record(number), Sequence::Ok);
    }
    assert_eq!(window.expected(), 7);
}
