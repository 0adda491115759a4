//! Messages lost, repeated and out of order between two ends of a context.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use gss_core::{Flags, Privacy, Sequence};
use gss_test::Established;
use krb5_crypto::Enctype;
use proptest::prelude::*;
use world::World;

#[test]
fn the_order_of_messages_is_told_with_each_of_them() {
    let world = World::new(Enctype::Aes256CtsHmacSha384192);
    let Established {
        mut initiator,
        mut acceptor,
        ..
    } = world.establish(Flags::USUAL);
    let tokens: Vec<_> = (0..200_u32)
        .map(|n| initiator.wrap(Privacy::Confidential, b"", &n.to_be_bytes()).unwrap().0)
        .collect();
    let mut receive = |number: u32| {
        let (found, unwrapped) = acceptor.unwrapped(&tokens[usize::try_from(number).unwrap()]).unwrap();
        assert_eq!(found, number.to_be_bytes());
        unwrapped.sequence
    };
    assert_eq!(receive(0), Sequence::Ok);
    assert_eq!(receive(0), Sequence::Duplicate);
    assert_eq!(receive(3), Sequence::Gap);
    assert_eq!(receive(1), Sequence::Unsequenced);
    assert_eq!(receive(1), Sequence::Duplicate);
    assert_eq!(receive(4), Sequence::Ok);
    assert_eq!(receive(199), Sequence::Gap);
    assert_eq!(receive(2), Sequence::Unsequenced);
    assert_eq!(receive(136), Sequence::Unsequenced);
    assert_eq!(receive(136), Sequence::Duplicate);
}

#[test]
fn both_kinds_of_tokens_share_one_sequence() {
    let world = World::new(Enctype::Aes128CtsHmacSha196);
    let Established {
        mut initiator,
        mut acceptor,
        ..
    } = world.establish(Flags::USUAL);
    let mic = initiator.mic_of(b"first").unwrap();
    let (token, _) = initiator.wrap(Privacy::Integrity, b"", b"second").unwrap();
    assert_eq!(acceptor.unwrapped(&token).unwrap().1.sequence, Sequence::Gap);
    assert_eq!(
        acceptor.verify_mic(&[b"first"], &mic).unwrap().sequence,
        Sequence::Unsequenced
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_channel_that_repeats_and_reorders_is_judged_like_a_plain_set(order in prop::collection::vec(0_usize..100, 1..150), at in 0_usize..4) {
        let world = World::new(Enctype::ALL[at]);
        let Established { mut initiator, mut acceptor, .. } = world.establish(Flags::USUAL);
        let tokens: Vec<_> = (0..100).map(|_| initiator.mic_of(b"message").unwrap()).collect();
        let (mut seen, mut next) = (std::collections::HashSet::new(), 0);
        for number in order {
            let expected = match number {
                _ if number == next => Sequence::Ok,
                _ if number > next => Sequence::Gap,
                _ if next - number <= 64 && seen.contains(&number) => Sequence::Duplicate,
                _ => Sequence::Unsequenced,
            };
            seen.insert(number);
            next = next.max(number + 1);
            prop_assert_eq!(acceptor.verify_mic(&[b"message"], &tokens[number]).unwrap().sequence, expected);
        }
    }
}
