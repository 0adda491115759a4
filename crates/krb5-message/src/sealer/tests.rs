use std::sync::LazyLock;

use krb5_crypto::primitives::RandomUnavailable;
use krb5_crypto::primitives::rustcrypto::PROVIDER;
use krb5_crypto::{CryptoProvider, Enctype, Random};
use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::fixture::{End, every_direction, key, message, pair};
use crate::{Detection, NumberWidth, Opener, Sealer, Sequence, SequenceWindow, Subkey, TokenState};

#[derive(Deserialize)]
struct Vectors {
    token: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    kind: String,
    sender: String,
    etype: i32,
    key: String,
    sequence: u64,
    message: String,
    token: String,
}

#[test]
fn tokens_equal_those_of_another_implementation() {
    let text = include_str!("../../../../testdata/vectors/cfx_tokens.toml");
    let vectors: Vectors = toml::from_str(text).unwrap();
    assert_eq!(vectors.token.len(), 4);
    for v in vectors.token {
        let enctype = Enctype::from_number(v.etype).unwrap();
        let key = Key::new(&PROVIDER, enctype, &hex::decode(&v.key).unwrap()).unwrap();
        let (sender, receiver) = match v.sender.as_str() {
            "initiator" => (Role::Initiator, Role::Acceptor),
            _ => (Role::Acceptor, Role::Initiator),
        };
        let of = |role| TokenParameters {
            role,
            subkey: Subkey::Initiator,
            style: Style::Standard,
        };
        let window = SequenceWindow::new(v.sequence, Detection::ReplayAndSequence, NumberWidth::Bits64);
        let mut sealer = CfxSealer::new(&key, of(sender), v.sequence).unwrap();
        let mut opener = crate::CfxOpener::new(&key, of(receiver), window).unwrap();
        let (message, token) = (hex::decode(&v.message).unwrap(), hex::decode(&v.token).unwrap());
        if v.kind == "mic" {
            assert_eq!(sealer.get_mic(&[&message]).unwrap(), token, "{}", v.name);
            assert_eq!(
                opener.verify_mic(&[&message], &token).unwrap(),
                Sequence::Ok,
                "{}",
                v.name
            );
        } else {
            let made = sealer
                .wrap(Protection::Integrity, Associated::default(), &message)
                .unwrap();
            assert_eq!(made, token, "{}", v.name);
            let mut token = token;
            let (range, _) = opener.unwrap(Associated::default(), &mut token).unwrap();
            assert_eq!(token[range], message, "{}", v.name);
        }
    }
}

#[test]
fn every_message_length_goes_through_in_both_protections() {
    for (enctype, sender) in every_direction() {
        let (mut from, mut to) = pair(enctype, sender);
        for length in [0, 1, 15, 16, 17, 31, 32, 33, 1000, 4096, 70_000] {
            let message = message(length);
            let mic = from.sealer.get_mic(&[&message]).unwrap();
            assert_eq!(to.opener.verify_mic(&[&message], &mic).unwrap(), Sequence::Ok);
            for protection in [Protection::Integrity, Protection::Confidentiality] {
                let mut token = from.sealer.wrap(protection, Associated::default(), &message).unwrap();
                assert_eq!(token.len(), length + from.sealer.overhead(protection));
                assert_eq!(token[6..8], [0, 0], "plain wrap does not rotate");
                let (range, opened) = to.opener.unwrap(Associated::default(), &mut token).unwrap();
                assert_eq!(
                    opened,
                    crate::Opened {
                        protection,
                        sequence: Sequence::Ok
                    }
                );
                assert_eq!(token[range], message, "{enctype:?} {length}");
            }
        }
    }
}

#[test]
fn a_message_in_pieces_has_the_mic_of_the_whole() {
    let message = message(40);
    for pieces in [1, 2, 6, 7, 8, 9, 40] {
        let (mut from, mut to) = pair(Enctype::Aes128CtsHmacSha256128, Role::Initiator);
        let parts: Vec<&[u8]> = message.chunks(40_usize.div_ceil(pieces)).collect();
        let mic = from.sealer.get_mic(&parts).unwrap();
        assert_eq!(
            to.opener.verify_mic(&[&message], &mic).unwrap(),
            Sequence::Ok,
            "{pieces}"
        );
    }
}

#[test]
fn a_sealed_message_is_not_readable_and_never_twice_the_same() {
    for enctype in Enctype::ALL {
        let (mut one, _) = pair(*enctype, Role::Initiator);
        let (mut two, _) = pair(*enctype, Role::Initiator);
        let message = message(64);
        let seal = |end: &mut End| {
            end.sealer
                .wrap(Protection::Confidentiality, Associated::default(), &message)
                .unwrap()
        };
        let (a, b) = (seal(&mut one), seal(&mut two));
        assert!(!a.windows(8).any(|part| part == &message[..8]));
        assert_ne!(a[16..], b[16..]);
    }
}

#[test]
fn mic_into_a_short_buffer_changes_nothing() {
    let (mut from, _) = pair(Enctype::Aes256CtsHmacSha384192, Role::Acceptor);
    let needed = from.sealer.mic_len();
    let mut short = vec![0xAA; needed - 1];
    let refused = from.sealer.get_mic_into(&[b"m"], &mut short);
    assert!(matches!(refused, Err(Error::SegmentLength { needed: n, given }) if (n, given) == (needed, needed - 1)));
    assert_eq!((short, from.sealer.next_sequence()), (vec![0xAA; needed - 1], 7));
    let mut long = vec![0xAA; needed + 3];
    assert_eq!(from.sealer.get_mic_into(&[b"m"], &mut long).unwrap(), needed);
    assert_eq!(long[needed..], [0xAA; 3]);
    assert_eq!(from.sealer.next_sequence(), 8);
}

/// A random source that has run dry.
#[derive(Debug)]
struct Dry;

impl Random for Dry {
    fn fill(&self, _out: &mut [u8]) -> Result<(), RandomUnavailable> {
        Err(RandomUnavailable { os_error: None })
    }
}

static WITHOUT_RANDOMNESS: LazyLock<CryptoProvider> = LazyLock::new(|| CryptoProvider {
    random: &Dry,
    ..PROVIDER
});

#[test]
fn w14_a_failed_seal_uses_up_no_sequence_number() {
    let key = Key::new(&WITHOUT_RANDOMNESS, Enctype::Aes128CtsHmacSha196, &[3; 16]).unwrap();
    let parameters = TokenParameters {
        role: Role::Initiator,
        subkey: Subkey::Initiator,
        style: Style::Standard,
    };
    let mut sealer = CfxSealer::new(&key, parameters, 41).unwrap();
    let (mut head, mut data, mut tail) = ([0; 32], *b"message", [0; 28]);
    let mut segments = [
        Segment::Header(&mut head),
        Segment::Data(&mut data),
        Segment::Trailer(&mut tail),
    ];
    assert!(matches!(
        sealer.wrap_iov(Protection::Confidentiality, &mut segments),
        Err(Error::Crypto(_))
    ));
    let sealed = sealer.wrap(Protection::Confidentiality, Associated::default(), b"message");
    assert!(matches!(sealed, Err(Error::Crypto(_))));
    assert_eq!((sealer.next_sequence(), &data), (41, b"message"));
}

#[test]
fn sequence_numbers_go_on_after_the_last() {
    let key = key(Enctype::Aes256CtsHmacSha196);
    let parameters = TokenParameters {
        role: Role::Initiator,
        subkey: Subkey::Initiator,
        style: Style::Standard,
    };
    let mut sealer = CfxSealer::new(&key, parameters, u64::MAX).unwrap();
    assert_eq!(sealer.get_mic(&[]).unwrap()[8..16], [0xFF; 8]);
    assert_eq!(sealer.get_mic(&[]).unwrap()[8..16], [0; 8]);
}

#[test]
fn i49_the_size_limit_is_exact() {
    for enctype in Enctype::ALL {
        let (mut from, _) = pair(*enctype, Role::Initiator);
        for protection in [Protection::Integrity, Protection::Confidentiality] {
            let overhead = from.sealer.overhead(protection);
            for max in (0..200).chain(4990..5000).chain(65_530..65_540) {
                let limit = from.sealer.wrap_size_limit(protection, max);
                let length = |sealer: &mut CfxSealer, size| {
                    sealer
                        .wrap(protection, Associated::default(), &message(size))
                        .unwrap()
                        .len()
                };
                assert!(length(&mut from.sealer, limit + 1) > max);
                assert!(
                    limit == 0 || length(&mut from.sealer, limit) <= max,
                    "{enctype:?} {max}"
                );
            }
            for max in [1 << 31, usize::MAX] {
                assert_eq!(from.sealer.wrap_size_limit(protection, max), max - overhead);
            }
        }
    }
}

#[test]
fn a_context_goes_on_where_its_exported_state_stopped() {
    for (enctype, sender) in every_direction() {
        let (mut from, mut to) = pair(enctype, sender);
        let early = from.sealer.get_mic(&[b"one"]).unwrap();
        assert_eq!(to.opener.verify_mic(&[b"one"], &early).unwrap(), Sequence::Ok);
        let exported = |end: End| {
            let (sealer, opener) = (Sealer::Cfx(end.sealer), Opener::Cfx(end.opener));
            let state = TokenState::from_octets(&TokenState::of(&sealer, &opener).to_octets()).unwrap();
            state.halves(&key(enctype)).unwrap()
        };
        let (mut sealer, _) = exported(from);
        let (_, mut opener) = exported(to);
        let mut late = vec![0; sealer.mic_len()];
        sealer.get_mic_into(&[b"two"], &mut late).unwrap();
        assert_eq!(opener.verify_mic(&[b"two"], &late).unwrap(), Sequence::Ok);
        assert_eq!(opener.verify_mic(&[b"one"], &early).unwrap(), Sequence::Duplicate);
    }
}

proptest! {
    #[test]
    fn any_octets_import_as_a_state_or_are_refused(octets in prop::collection::vec(prop_oneof![0..2_u8, any::<u8>()], 0..40)) {
        if let Ok(state) = TokenState::from_octets(&octets) {
            prop_assert_eq!(state.to_octets(), octets);
        }
    }
}

#[test]
fn another_version_of_the_state_is_refused() {
    let (from, _) = pair(Enctype::Aes128CtsHmacSha196, Role::Initiator);
    let octets = TokenState::of(&Sealer::Cfx(from.sealer), &Opener::Cfx(from.opener)).to_octets();
    assert_eq!(octets.len(), TokenState::OCTETS);
    for length in 0..octets.len() {
        assert!(TokenState::from_octets(&octets[..length]).is_err());
    }
    for version in (0..=255).filter(|version| *version != 1) {
        let other = [&[version], &octets[1..]].concat();
        assert!(matches!(TokenState::from_octets(&other), Err(Error::State)));
    }
}
