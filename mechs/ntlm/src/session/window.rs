//! Which datagrams have been seen.

use gss_core::Sequence;

/// The last 64 numbers, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// The number that is due.
    next: u64,
    /// Bit `n` for the number `next - 1 - n`.
    seen: u64,
}

impl Window {
    pub(super) fn new() -> Self {
        Self { next: 0, seen: 0 }
    }

    /// Notes the number of an authentic message.
    pub(super) fn admit(&mut self, number: u32) -> Sequence {
        let number = u64::from(number);
        if let Some(ahead) = number.checked_sub(self.next) {
            let shift = u32::try_from(ahead.saturating_add(1)).unwrap_or(u32::MAX);
            self.seen = self.seen.checked_shl(shift).unwrap_or(0) | 1;
            self.next = number.saturating_add(1);
            return if ahead == 0 { Sequence::Ok } else { Sequence::Gap };
        }
        let back = self.next.saturating_sub(number).saturating_sub(1);
        let bit = u32::try_from(back).ok().and_then(|back| 1u64.checked_shl(back));
        match bit {
            None => Sequence::Old,
            Some(bit) if self.seen & bit != 0 => Sequence::Duplicate,
            Some(bit) => {
                self.seen |= bit;
                Sequence::Unsequenced
            }
        }
    }

    pub(super) fn to_octets(self) -> [u8; 16] {
        (u128::from(self.next) << 64 | u128::from(self.seen)).to_be_bytes()
    }

    pub(super) fn from_octets(octets: &[u8; 16]) -> Self {
        let [next @ .., _, _, _, _, _, _, _, _] = octets;
        let [_, _, _, _, _, _, _, _, seen @ ..] = octets;
        Self {
            next: u64::from_be_bytes(*next),
            seen: u64::from_be_bytes(*seen),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_agrees_with_a_set_of_what_was_seen(numbers in proptest::collection::vec(0u32..200, 0..300)) {
            let mut window = Window::new();
            let mut seen = BTreeSet::new();
            for number in numbers {
                let next = seen.last().map_or(0, |last: &u32| last + 1);
                let expected = match number {
                    _ if number == next => Sequence::Ok,
                    _ if number > next => Sequence::Gap,
                    _ if next - number > 64 => Sequence::Old,
                    _ if seen.contains(&number) => Sequence::Duplicate,
                    _ => Sequence::Unsequenced,
                };
                prop_assert_eq!(window.admit(number), expected);
                if expected != Sequence::Old {
                    seen.insert(number);
                }
                prop_assert_eq!(Window::from_octets(&window.to_octets()), window);
            }
        }
    }

    #[test]
    fn the_last_number_there_is_can_be_seen_once() {
        let mut window = Window::new();
        assert_eq!(window.admit(u32::MAX), Sequence::Gap);
        assert_eq!(window.admit(u32::MAX), Sequence::Duplicate);
        assert_eq!(window.admit(0), Sequence::Old);
    }
}
