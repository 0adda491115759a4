//! What a message costs: one allocation, the token, and no copy of the message.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use allocation_counter::{AllocationInfo, measure};
use gss_core::{EstablishedContext, Flags, Iov, IovShape, Privacy};
use gss_test::Established;
use krb5_crypto::Enctype;
use world::World;

fn contexts() -> impl Iterator<Item = (Enctype, Established)> {
    Enctype::ALL
        .iter()
        .map(|enctype| (*enctype, World::new(*enctype).establish(Flags::USUAL)))
}

/// What `run` allocates.
fn allocations(run: impl FnOnce()) -> AllocationInfo {
    measure(run)
}

#[test]
fn a_signature_costs_one_allocation_which_is_the_token() {
    for (enctype, Established { mut initiator, .. }) in contexts() {
        for length in [0, 64, 100_000] {
            let message = vec![7; length];
            let context: &mut dyn EstablishedContext = &mut *initiator;
            let mut mic = Vec::new();
            let found = allocations(|| mic = context.mic_of(&message).unwrap());
            assert_eq!(found.count_total, 1, "{enctype:?} {length}");
            assert_eq!(
                found.bytes_total,
                u64::try_from(mic.len()).unwrap(),
                "{enctype:?} {length}"
            );
        }
    }
}

#[test]
fn signing_into_the_callers_memory_and_verifying_cost_none() {
    for (
        enctype,
        Established {
            mut initiator,
            mut acceptor,
            ..
        },
    ) in contexts()
    {
        let (message, mut mic) = (vec![7; 10_000], [0; 64]);
        let mut length = 0;
        let found = allocations(|| {
            length = initiator
                .get_mic(&[&message[..100], &message[100..]], &mut mic)
                .unwrap()
        });
        assert_eq!(found.count_total, 0, "{enctype:?}");
        let found = allocations(|| {
            let _ = acceptor.verify_mic(&[&message], &mic[..length]).unwrap();
        });
        assert_eq!(found.count_total, 0, "{enctype:?}");
    }
}

#[test]
fn wrapping_costs_the_token_and_unwrapping_in_place_nothing() {
    for (
        enctype,
        Established {
            mut initiator,
            mut acceptor,
            ..
        },
    ) in contexts()
    {
        let message = vec![7; 10_000];
        for privacy in [Privacy::Integrity, Privacy::Confidential] {
            let mut token = Vec::new();
            let found = allocations(|| token = initiator.wrap(privacy, b"", &message).unwrap().0);
            assert_eq!(found.count_total, 1, "{enctype:?} {privacy:?}");
            assert_eq!(found.bytes_total, u64::try_from(token.len()).unwrap());
            let found = allocations(|| {
                let _ = acceptor.unwrap(gss_core::Around::default(), &mut token).unwrap();
            });
            assert_eq!(found.count_total, 0, "{enctype:?} {privacy:?}");
        }
    }
}

#[test]
fn scattered_messages_are_not_copied() {
    for (
        enctype,
        Established {
            mut initiator,
            mut acceptor,
            ..
        },
    ) in contexts()
    {
        for privacy in [Privacy::Integrity, Privacy::Confidential] {
            let mut data = vec![7; 100_000];
            let lens = initiator.wrap_iov_len(privacy, IovShape::of_data(data.len())).unwrap();
            let (mut head, mut tail) = (vec![0; lens.header], vec![0; lens.trailer]);
            let mut iov = [Iov::Header(&mut head), Iov::Data(&mut data), Iov::Trailer(&mut tail)];
            let found = allocations(|| {
                let _ = initiator.wrap_iov(privacy, &mut iov).unwrap();
            });
            assert!(found.bytes_total < 1000, "{enctype:?} {privacy:?} {found:?}");
            let found = allocations(|| {
                let _ = acceptor.unwrap_iov(&mut iov).unwrap();
            });
            assert!(found.bytes_total < 1000, "{enctype:?} {privacy:?} {found:?}");
        }
    }
}
