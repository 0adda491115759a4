//! What an acceptor makes of authenticators that were made by hand: checksums of all kinds, bindings, replays.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use std::sync::Arc;

use gss_core::{Accept, BindingsPolicy, ErrorKind, Flags};
use gss_mech_krb5::KerberosError;
use krb5_crypto::primitives::rustcrypto::PROVIDER;
use krb5_crypto::{Enctype, KeyUsage};
use krb5_proto::messages::{ApOptions, AuthorizationData, Checksum};
use world::by_hand::{ByHand, Content, raw};
use world::{Answered, World, bindings};

fn granted(answered: &Answered) -> Flags {
    answered.context.info().flags - Flags::TRANS
}

fn hash(data: &str) -> [u8; 16] {
    let digest = PROVIDER.md5.hash(&[&bindings(data).to_octets()]);
    digest.expose().try_into().unwrap()
}

#[test]
fn c10_an_authenticator_without_checksum_is_taken_with_no_flags() {
    let by_hand = ByHand::new();
    let answered = by_hand.present(Content::default(), &Accept::new()).unwrap();
    assert_eq!(granted(&answered), Flags::empty());
    assert!(answered.token.is_none());
    let bound = Accept::new().with_bindings(bindings("channel"));
    assert_eq!(
        granted(&by_hand.present(Content::default(), &bound).unwrap()),
        Flags::empty()
    );
    let required = Accept {
        bindings_policy: BindingsPolicy::Require,
        ..bound
    };
    let refused = by_hand.present(Content::default(), &required).err().unwrap();
    assert_eq!(refused, ErrorKind::BadBindings);
}

#[test]
fn i25_a_plain_checksum_over_nothing_is_verified() {
    let by_hand = ByHand::new();
    let key = by_hand.session_key();
    let kind = key.enctype().checksum_type().number();
    let of = |octets: Vec<u8>, options| Content {
        checksum: Some(Checksum {
            cksumtype: kind,
            checksum: octets.into(),
        }),
        options,
        ..Content::default()
    };
    let good = key.checksum(KeyUsage::AP_REQ_CHECKSUM, &[]).unwrap();
    let answered = by_hand
        .present(of(good.clone(), ApOptions::empty()), &Accept::new())
        .unwrap();
    assert_eq!(granted(&answered), Flags::REPLAY | Flags::SEQUENCE);
    let answered = by_hand
        .present(of(good.clone(), ApOptions::MUTUAL_REQUIRED), &Accept::new())
        .unwrap();
    assert_eq!(granted(&answered), Flags::REPLAY | Flags::SEQUENCE | Flags::MUTUAL);
    assert!(answered.token.is_some());

    let over_data = key.checksum(KeyUsage::AP_REQ_CHECKSUM, &[b"data"]).unwrap();
    let other_usage = key.checksum(KeyUsage::KRB_SAFE, &[]).unwrap();
    for bad in [over_data, other_usage, good[1..].to_vec(), Vec::new()] {
        assert!(by_hand.present(of(bad, ApOptions::empty()), &Accept::new()).is_err());
    }
}

#[test]
fn checksums_that_need_no_key_are_refused() {
    let by_hand = ByHand::new();
    for (cksumtype, octets) in [
        (1, vec![0; 4]),
        (7, PROVIDER.md5.hash(&[]).expose().to_vec()),
        (14, vec![0; 20]),
    ] {
        let checksum = Some(Checksum {
            cksumtype,
            checksum: octets.into(),
        });
        assert!(
            by_hand
                .present(
                    Content {
                        checksum,
                        ..Content::default()
                    },
                    &Accept::new()
                )
                .is_err(),
            "{cksumtype}"
        );
    }
}

#[test]
fn i24_malformed_gss_checksums_are_defective_tokens() {
    let by_hand = ByHand::new();
    let good = by_hand.gss(Flags::USUAL, b"").checksum.unwrap().checksum;
    for length in 0..24 {
        let checksum = Some(raw(good[..length].to_vec()));
        let refused = by_hand
            .present(
                Content {
                    checksum,
                    ..Content::default()
                },
                &Accept::new(),
            )
            .err()
            .unwrap();
        assert_eq!(refused, ErrorKind::DefectiveToken, "{length}");
    }
    for announced in [0_u32, 15, 17, 0xFFFF_FFFF] {
        let octets = [&announced.to_le_bytes()[..], &good[4..]].concat();
        let content = Content {
            checksum: Some(raw(octets)),
            ..Content::default()
        };
        assert_eq!(
            by_hand.present(content, &Accept::new()).err().unwrap(),
            ErrorKind::DefectiveToken
        );
    }
}

#[test]
fn i24_unknown_extensions_are_ignored() {
    let by_hand = ByHand::new();
    let extension = [&9_u32.to_be_bytes()[..], &3_u32.to_be_bytes(), b"abc"].concat();
    let answered = by_hand
        .present(by_hand.gss(Flags::USUAL, &extension), &Accept::new())
        .unwrap();
    assert_eq!(granted(&answered), Flags::USUAL);
}

#[test]
fn flags_that_an_initiator_cannot_give_are_not_taken() {
    let by_hand = ByHand::new();
    let claimed = Flags::all() - Flags::DELEG - Flags::DCE_STYLE;
    let granted = granted(&by_hand.present(by_hand.gss(claimed, b""), &Accept::new()).unwrap());
    assert_eq!(granted, Flags::USUAL | Flags::IDENTIFY | Flags::EXTENDED_ERROR);
}

#[test]
fn c14_a_delegation_that_does_not_decrypt_is_no_delegation() {
    let by_hand = ByHand::new();
    let claims = [
        &b"\x01\x00\x05\x00hello"[..],
        b"\x01\x00\x00\x00",
        b"\x01\x00\xff\xff",
        b"\x02\x00\x00\x00",
        b"\x01",
    ];
    for rest in claims {
        if let Ok(answered) = by_hand.present(by_hand.gss(Flags::USUAL | Flags::DELEG, rest), &Accept::new()) {
            let mut context = answered.context;
            assert!(!context.info().flags.contains(Flags::DELEG), "{rest:?}");
            assert!(context.take_delegated().is_none());
        }
    }
}

/// The initiator's and the acceptor's channel, and whether the initiator says that it would have bound.
struct Case {
    initiator: Option<&'static str>,
    acceptor: Option<&'static str>,
    aware: bool,
    policy: BindingsPolicy,
    /// Whether the context is bound, or the bindings are refused.
    expected: Result<bool, ErrorKind>,
}

#[test]
fn i27_the_bindings_of_both_sides_decide() {
    use BindingsPolicy::{Ignore, Require, WhenSupplied};
    let case = |initiator, acceptor, aware, policy, expected| Case {
        initiator,
        acceptor,
        aware,
        policy,
        expected,
    };
    let bad = Err(ErrorKind::BadBindings);
    let (a, x) = (Some("a"), Some("x"));
    let cases = [
        case(None, None, false, WhenSupplied, Ok(false)),
        case(a, None, false, WhenSupplied, Ok(false)),
        case(a, a, false, WhenSupplied, Ok(true)),
        case(None, a, false, WhenSupplied, Ok(false)),
        case(None, a, true, WhenSupplied, bad),
        case(a, x, false, WhenSupplied, bad),
        case(None, None, true, WhenSupplied, Ok(false)),
        case(a, a, true, WhenSupplied, Ok(true)),
        case(a, x, false, Ignore, Ok(false)),
        case(a, a, false, Require, Ok(true)),
        case(None, a, false, Require, bad),
        case(a, x, false, Require, bad),
    ];
    let by_hand = ByHand::new();
    for Case {
        initiator,
        acceptor,
        aware,
        policy,
        expected,
    } in cases
    {
        let mut content = by_hand.bound(Flags::USUAL, initiator.map_or([0; 16], hash), b"");
        if aware {
            content.authdata = AuthorizationData::with_kerb_ap_options(0x4000).unwrap();
        }
        let bindings = acceptor.map(|data| Arc::new(bindings(data)));
        let accept = Accept {
            bindings,
            bindings_policy: policy,
            ..Accept::new()
        };
        let found = by_hand.present(content, &accept);
        let found = found.map(|answered| granted(&answered).contains(Flags::CHANNEL_BOUND));
        assert_eq!(
            found.map_err(|error| error.kind()),
            expected,
            "{initiator:?} {acceptor:?} {aware} {policy:?}"
        );
    }
}

#[test]
fn a_replayed_authenticator_is_refused() {
    let by_hand = ByHand::new();
    for accept in [Accept::new(), Accept::new().with_bindings(bindings("a"))] {
        let token = by_hand.token(by_hand.gss(Flags::USUAL, b""));
        assert!(by_hand.world.answer(&token, &accept).is_ok());
        let refused = by_hand.world.answer(&token, &accept).err().unwrap().error;
        assert!(
            matches!(refused.reason_as(), Some(KerberosError::Replay { .. })),
            "{refused}"
        );
        assert_eq!(refused.minor(), 0_u32.wrapping_sub(1_765_328_350));
    }
}

#[test]
fn i60_failing_authenticators_do_not_fill_the_replay_cache() {
    let by_hand = ByHand::new();
    let token = by_hand.token(by_hand.bound(Flags::USUAL, hash("a"), b""));
    let elsewhere = Accept::new().with_bindings(bindings("x"));
    for _ in 0..2 {
        let refused = by_hand.world.answer(&token, &elsewhere).err().unwrap().error;
        assert_eq!(refused, ErrorKind::BadBindings, "{refused}");
    }
    let here = Accept::new().with_bindings(bindings("a"));
    assert!(
        by_hand.world.answer(&token, &here).is_ok(),
        "the genuine channel comes second"
    );
    assert!(by_hand.world.answer(&token, &here).is_err(), "and only once");
}

#[test]
fn f4_of_many_presentations_at_once_one_is_accepted() {
    let by_hand = ByHand::new();
    let token = by_hand.token(by_hand.gss(Flags::USUAL, b""));
    let accepted = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| by_hand.world.answer(&token, &Accept::new()).is_ok()))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .filter(|accepted| *accepted)
            .count()
    });
    assert_eq!(accepted, 1);
}

#[test]
fn c10_bindings_that_are_required_but_not_known_refuse_everybody() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let token = world.first_token(&world.request(Flags::USUAL));
    let request = Accept {
        bindings_policy: BindingsPolicy::Require,
        ..Accept::new()
    };
    let Err(error) = world.answer(&token, &request) else {
        panic!("accepted")
    };
    assert_eq!(error.error.kind(), ErrorKind::BadBindings);
}
