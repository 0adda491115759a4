//! Both encryption types, both directions, whole and in pieces.

use krb5_crypto::primitives::rustcrypto::PROVIDER;
use krb5_crypto::{Enctype, Key, KeyUsage};
use proptest::prelude::*;

use super::{Rfc1964Opener, Rfc1964Sealer};
use crate::error::{Fault, Layout};
use crate::fixture::{key, message};
use crate::{
    Associated, Detection, Error, NumberWidth, Protection, Role, Segment, Sequence, SequenceWindow, Style, Subkey,
    TokenParameters,
};

mod peers;
mod pieces;

pub(super) const BOTH: [Protection; 2] = [Protection::Integrity, Protection::Confidentiality];
const NONE: Associated<'_> = Associated {
    before: &[],
    after: &[],
};

fn parameters(role: Role, style: Style) -> TokenParameters {
    TokenParameters {
        role,
        subkey: Subkey::Initiator,
        style,
    }
}

pub(super) fn sealer_of(key: &Key, role: Role, style: Style, first: u32) -> Rfc1964Sealer {
    Rfc1964Sealer::new(key, parameters(role, style), first).unwrap()
}

pub(super) fn opener_of(key: &Key, role: Role, style: Style, first: u32) -> Rfc1964Opener {
    let window = SequenceWindow::new(first.into(), Detection::ReplayAndSequence, NumberWidth::Bits32);
    Rfc1964Opener::new(key, parameters(role, style), window).unwrap()
}

/// A sender of `role` that starts at 7, and its peer.
pub(super) fn pair(enctype: Enctype, sender: Role, style: Style) -> (Rfc1964Sealer, Rfc1964Opener) {
    let receiver = if sender == Role::Initiator {
        Role::Acceptor
    } else {
        Role::Initiator
    };
    let key = key(enctype);
    (sealer_of(&key, sender, style, 7), opener_of(&key, receiver, style, 7))
}

pub(super) fn every_direction() -> impl Iterator<Item = (Enctype, Role)> {
    Enctype::LEGACY
        .iter()
        .flat_map(|enctype| [(*enctype, Role::Initiator), (*enctype, Role::Acceptor)])
}

fn mic_of(sealer: &mut Rfc1964Sealer, message: &[u8]) -> Vec<u8> {
    let mut mic = vec![0; sealer.mic_len()];
    assert_eq!(sealer.get_mic_into(&[message], &mut mic).unwrap(), mic.len());
    mic
}

fn unwrapped(opener: &mut Rfc1964Opener, token: &[u8]) -> Result<(Vec<u8>, Protection, Sequence), Error> {
    let mut token = token.to_vec();
    let (range, opened) = opener.unwrap(NONE, &mut token)?;
    Ok((token[range].to_vec(), opened.protection, opened.sequence))
}

/// SND_SEQ in a token with short framing.
fn sequence_at(bit: usize) -> bool {
    (13 + 8..13 + 12).contains(&(bit / 8))
}

#[test]
fn the_layouts_are_those_of_rfc_1964_and_rfc_4757() {
    for (enctype, sign, seal, checksum) in [(Enctype::ArcfourHmac, 0x11, 0x10, 8), (Enctype::Des3CbcSha1, 4, 2, 20)] {
        let (mut sealer, _) = pair(enctype, Role::Initiator, Style::Standard);
        let framed = |token: &[u8]| {
            assert_eq!(token[0], 0x60);
            assert_eq!(usize::from(token[1]), token.len() - 2);
            assert_eq!(token[2..13], [6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 1, 2, 2]);
        };
        let mic = mic_of(&mut sealer, b"message");
        framed(&mic);
        assert_eq!(mic[13..21], [1, 1, sign, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
        assert_eq!(mic.len(), 13 + 16 + checksum);
        let signed = sealer.wrap(Protection::Integrity, NONE, b"message").unwrap();
        framed(&signed);
        assert_eq!(signed[13..21], [2, 1, sign, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
        let at = 13 + 16 + checksum + 8;
        assert_eq!(signed[at..], *b"message\x01");
        let sealed = sealer.wrap(Protection::Confidentiality, NONE, b"message").unwrap();
        framed(&sealed);
        assert_eq!(sealed[13..21], [2, 1, sign, 0, seal, 0, 0xFF, 0xFF]);
        assert_eq!(sealed.len(), signed.len());
        assert_ne!(sealed[at..], *b"message\x01");
        assert_eq!(sealer.next_sequence(), 10);
    }
}

#[test]
fn i34_keys_of_newer_types_have_no_such_tokens() {
    for enctype in Enctype::ALL {
        let made = Rfc1964Sealer::new(&key(*enctype), parameters(Role::Initiator, Style::Standard), 0);
        assert!(matches!(made, Err(Error::Enctype(refused)) if refused == *enctype));
    }
}

#[test]
fn i47_tokens_that_are_not_sealed_have_a_confounder_and_say_so() {
    for (enctype, role) in every_direction() {
        let (mut sealer, mut opener) = pair(enctype, role, Style::Standard);
        for protection in BOTH {
            let [first, second] = [(); 2].map(|()| sealer.wrap(protection, NONE, b"same").unwrap());
            let at = first.len() - if enctype == Enctype::ArcfourHmac { 13 } else { 16 };
            assert_ne!(first[at..at + 8], second[at..at + 8], "the confounder is random");
            for token in [first, second] {
                let opened = unwrapped(&mut opener, &token).unwrap();
                assert_eq!(opened, (b"same".to_vec(), protection, Sequence::Ok));
            }
        }
    }
}

#[test]
fn i48_arcfour_pads_by_one_octet_and_des3_to_eight() {
    for length in 0..40 {
        let message = message(length);
        let tail = |enctype| {
            let (mut sealer, _) = pair(enctype, Role::Initiator, Style::Standard);
            let token = sealer.wrap(Protection::Integrity, NONE, &message).unwrap();
            let at = token.len() - sealer.wrap_iov_lengths(length).unwrap().padding;
            assert_eq!(token[at - length..at], message);
            token[at..].to_vec()
        };
        assert_eq!(tail(Enctype::ArcfourHmac), [1]);
        let pad = 8 - length % 8;
        assert_eq!(tail(Enctype::Des3CbcSha1), vec![u8::try_from(pad).unwrap(); pad]);
    }
}

#[test]
fn i49_the_size_limit_is_the_longest_message_that_fits() {
    for (enctype, _) in every_direction() {
        for style in [Style::Standard, Style::Dce] {
            let (sealer, _) = pair(enctype, Role::Initiator, style);
            let length = |message: usize| {
                let lengths = sealer.wrap_iov_lengths(message).ok()?;
                Some(lengths.header + message + lengths.padding)
            };
            for max in (0..700).chain(65_500..65_700).chain((1 << 24) - 50..(1 << 24) + 50) {
                let limit = sealer.wrap_size_limit(max);
                assert!(limit == 0 || length(limit).unwrap() <= max, "{max}");
                let fits = |longer: usize| length(longer).is_some_and(|length| length <= max);
                assert!(!(1..=16).any(|more| fits(limit + more)), "{max}");
            }
        }
    }
}

#[test]
fn i49_a_token_is_as_long_as_was_said() {
    for (enctype, role) in every_direction() {
        let (mut sealer, mut opener) = pair(enctype, role, Style::Standard);
        for length in (0..300).chain([65_480, 65_536, 70_000]) {
            let message = message(length);
            let lengths = sealer.wrap_iov_lengths(length).unwrap();
            let token = sealer.wrap(Protection::Confidentiality, NONE, &message).unwrap();
            assert_eq!(token.len(), lengths.header + length + lengths.padding);
            assert_eq!(unwrapped(&mut opener, &token).unwrap().0, message);
        }
    }
}

#[test]
fn i50_empty_messages_are_signed_and_wrapped() {
    for (enctype, role) in every_direction() {
        let (mut sealer, mut opener) = pair(enctype, role, Style::Standard);
        let mic = mic_of(&mut sealer, b"");
        assert_eq!(opener.verify_mic(&[], &mic).unwrap(), Sequence::Ok);
        for protection in BOTH {
            let token = sealer.wrap(protection, NONE, b"").unwrap();
            assert_eq!(unwrapped(&mut opener, &token).unwrap().0, b"");
        }
    }
}

#[test]
fn w5_truncated_tokens_are_refused_at_every_length() {
    for (enctype, role) in every_direction() {
        let (mut sealer, mut opener) = pair(enctype, role, Style::Standard);
        let mic = mic_of(&mut sealer, b"message");
        for length in 0..mic.len() {
            assert!(opener.verify_mic(&[b"message"], &mic[..length]).is_err(), "{length}");
            let again = reframed(&mic[13..mic.len() - length.min(mic.len() - 13)]);
            assert!(length == 0 || opener.verify_mic(&[b"message"], &again).is_err());
        }
        for protection in BOTH {
            let token = sealer.wrap(protection, NONE, b"a message of some length").unwrap();
            for length in 0..token.len() {
                assert!(unwrapped(&mut opener, &token[..length]).is_err(), "{length}");
                let again = reframed(&token[13..token.len() - length.min(token.len() - 13)]);
                assert!(length == 0 || unwrapped(&mut opener, &again).is_err(), "{length}");
            }
        }
        assert_eq!(opener.window().expected(), 7, "the window moved");
    }
}

/// A token with framing of its own length.
pub(super) fn reframed(inner: &[u8]) -> Vec<u8> {
    [&super::framing::before(inner.len()).unwrap()[..], inner].concat()
}

#[test]
fn w5_what_is_too_short_for_confounder_and_padding_is_malformed() {
    for (enctype, role) in every_direction() {
        let (mut sealer, mut opener) = pair(enctype, role, Style::Standard);
        let token = sealer.wrap(Protection::Confidentiality, NONE, b"").unwrap();
        let at = token.len() - super::layout::CONFOUNDER_LEN - if enctype == Enctype::ArcfourHmac { 1 } else { 8 };
        for rest in 0..9 {
            let cut = reframed(&token[13..at + rest]);
            let refused = unwrapped(&mut opener, &cut).unwrap_err();
            assert_eq!(
                refused.fault(),
                if rest == 9 { Fault::Forged } else { Fault::Token },
                "{rest}"
            );
        }
    }
}

#[test]
fn w6_wrong_padding_and_wrong_checksum_are_one_error() {
    for (enctype, role) in every_direction() {
        let key = key(enctype);
        for protection in BOTH {
            for pad in 0..=255_u8 {
                let (mut sealer, mut opener) = pair(enctype, role, Style::Standard);
                let token = with_padding(&mut sealer, &key, protection, pad);
                let opened = unwrapped(&mut opener, &token);
                // 1 to 8, where that many octets are it: here the last one is, and for 1 that is enough.
                if pad == 1 {
                    assert_eq!(opened.unwrap().0, [b"padding".as_slice(), &[0; 8]].concat());
                } else {
                    assert!(matches!(opened, Err(Error::Integrity)), "{pad}");
                    assert_eq!(opener.window().expected(), 7);
                }
            }
            let (mut sealer, mut opener) = pair(enctype, role, Style::Standard);
            let mut token = with_padding(&mut sealer, &key, protection, 1);
            let last = token.len() - 10;
            token[last] ^= 1;
            assert!(matches!(unwrapped(&mut opener, &token), Err(Error::Integrity)));
        }
    }
}

/// An authentic token whose last octet is `pad` and the eight before it zeros, by the way of DCE style, which leaves
/// the padding to the caller.
fn with_padding(sealer: &mut Rfc1964Sealer, key: &Key, protection: Protection, pad: u8) -> Vec<u8> {
    let role = sealer.parameters().role;
    let mut dce = sealer_of(key, role, Style::Dce, sealer.next_sequence());
    let text = [b"padding".as_slice(), &[0; 8], &[pad]].concat();
    let token = dce.wrap(protection, NONE, &text).unwrap();
    reframed(&token[13..])
}

#[test]
fn w8_each_flipped_bit_of_token_and_message_is_noticed() {
    for (enctype, role) in every_direction() {
        let (mut sealer, mut opener) = pair(enctype, role, Style::Standard);
        let mic = mic_of(&mut sealer, b"message");
        for bit in 0..mic.len() * 8 {
            let verified = opener.verify_mic(&[b"message"], &flipped(&mic, bit));
            assert_noticed(enctype, bit, Protection::Integrity, verified.ok());
        }
        for bit in 0..7 * 8 {
            assert!(matches!(
                opener.verify_mic(&[&flipped(b"message", bit)], &mic),
                Err(Error::Integrity)
            ));
        }
        for protection in BOTH {
            let (mut sealer, mut opener) = pair(enctype, role, Style::Standard);
            let token = sealer.wrap(protection, NONE, b"a message").unwrap();
            for bit in 0..token.len() * 8 {
                let opened = unwrapped(&mut opener, &flipped(&token, bit)).ok();
                let sequence = opened.map(|(message, _, sequence)| {
                    assert_eq!(message, b"a message");
                    sequence
                });
                assert_noticed(enctype, bit, protection, sequence);
            }
        }
    }
}

/// Nothing is accepted, but for what RFC 4757 cannot notice: another number where nothing is sealed.
fn assert_noticed(enctype: Enctype, bit: usize, protection: Protection, accepted: Option<Sequence>) {
    let unprotected = enctype == Enctype::ArcfourHmac && protection == Protection::Integrity && sequence_at(bit);
    assert_eq!(accepted.is_some(), unprotected, "{enctype} {protection:?} bit {bit}");
    assert_ne!(accepted, Some(Sequence::Ok), "as if it were the number of its sender");
}

pub(super) fn flipped(octets: &[u8], bit: usize) -> Vec<u8> {
    let mut octets = octets.to_vec();
    octets[bit / 8] ^= 1 << (bit % 8);
    octets
}

#[test]
fn w12_forgeries_do_not_move_the_window() {
    for (enctype, role) in every_direction() {
        let (mut sealer, mut opener) = pair(enctype, role, Style::Standard);
        let before = opener.window().clone();
        for protection in BOTH {
            let mut ahead = sealer_of(&key(enctype), role, Style::Standard, 1000);
            let mut forged = ahead.wrap(protection, NONE, b"forged").unwrap();
            let last = forged.len() - 1;
            forged[last] ^= 0x80;
            assert!(unwrapped(&mut opener, &forged).is_err());
            assert_eq!(*opener.window(), before);
        }
        let genuine = sealer.wrap(Protection::Confidentiality, NONE, b"genuine").unwrap();
        assert_eq!(unwrapped(&mut opener, &genuine).unwrap().2, Sequence::Ok);
        assert_eq!(unwrapped(&mut opener, &genuine).unwrap().2, Sequence::Duplicate);
    }
}

#[test]
fn w13_numbers_start_again_after_32_bits() {
    for (enctype, role) in every_direction() {
        let key = key(enctype);
        let (mut sealer, _) = pair(enctype, role, Style::Standard);
        let receiver = if role == Role::Initiator {
            Role::Acceptor
        } else {
            Role::Initiator
        };
        sealer = Rfc1964Sealer::new(&key, sealer.parameters(), u32::MAX - 1).unwrap();
        let mut opener = opener_of(&key, receiver, Style::Standard, u32::MAX - 1);
        for _ in 0..4 {
            let mic = mic_of(&mut sealer, b"x");
            assert_eq!(opener.verify_mic(&[b"x"], &mic).unwrap(), Sequence::Ok);
            let token = sealer.wrap(Protection::Confidentiality, NONE, b"x").unwrap();
            assert_eq!(unwrapped(&mut opener, &token).unwrap().2, Sequence::Ok);
        }
        assert_eq!((sealer.next_sequence(), opener.window().expected()), (6, 6));
        let late = mic_of(
            &mut Rfc1964Sealer::new(&key, sealer.parameters(), u32::MAX).unwrap(),
            b"x",
        );
        assert_eq!(opener.verify_mic(&[b"x"], &late).unwrap(), Sequence::Duplicate);
    }
}

#[test]
fn tokens_of_this_end_that_come_back_are_refused() {
    for (enctype, role) in every_direction() {
        let (mut sealer, _) = pair(enctype, role, Style::Standard);
        let mut opener = opener_of(&key(enctype), role, Style::Standard, 7);
        let mic = mic_of(&mut sealer, b"x");
        assert!(matches!(opener.verify_mic(&[b"x"], &mic), Err(Error::Direction)));
        for protection in BOTH {
            let token = sealer.wrap(protection, NONE, b"x").unwrap();
            assert!(matches!(unwrapped(&mut opener, &token), Err(Error::Direction)));
        }
        assert_eq!(opener.window().expected(), 7);
    }
}

#[test]
fn w10_only_a_valid_deletion_token_ends_a_context() {
    for (enctype, role) in every_direction() {
        let (mut sealer, mut opener) = pair(enctype, role, Style::Standard);
        let mic = mic_of(&mut sealer, b"");
        assert!(matches!(opener.verify_deletion(&mic), Err(Error::TokenId)));
        // RFC 1964 §1.2.3: a MIC of nothing, but for its identifier.
        let mut deletion = mic.clone();
        deletion[13..15].copy_from_slice(&[1, 2]);
        assert!(matches!(opener.verify_deletion(&deletion), Err(Error::Integrity)));
        let genuine = deletion_of(enctype, role);
        opener.verify_deletion(&genuine).unwrap();
        assert!(matches!(opener.verify_mic(&[], &genuine), Err(Error::TokenId)));
        for bit in (0..genuine.len() * 8).filter(|bit| !sequence_at(*bit)) {
            assert!(opener.verify_deletion(&flipped(&genuine, bit)).is_err(), "{bit}");
        }
        for length in 0..genuine.len() {
            assert!(opener.verify_deletion(&genuine[..length]).is_err());
        }
    }
}

/// What this crate never makes.
fn deletion_of(enctype: Enctype, sender: Role) -> Vec<u8> {
    use super::algorithm::{Algorithm, Keys};
    use super::layout::TokenId;
    let algorithm = Algorithm::of(enctype).unwrap();
    let head = TokenId::Delete.head(algorithm);
    let keys = Keys::new(&key(enctype)).unwrap();
    let sum = keys.checksum(&head, &[]);
    let sequence = keys.hide_sequence(9, sender, sum.expose()).unwrap();
    reframed(&[&head[..], &sequence, sum.expose()].concat())
}

#[test]
fn w14_a_failure_costs_no_number_and_changes_nothing() {
    let provider: &'static _ = Box::leak(Box::new(krb5_crypto::CryptoProvider {
        random: &Exhausted,
        ..PROVIDER
    }));
    for (enctype, role) in every_direction() {
        let octets = key(enctype).expose().to_vec();
        let key = Key::new(provider, enctype, &octets).unwrap();
        let mut sealer = sealer_of(&key, role, Style::Standard, 7);
        assert!(matches!(
            sealer.wrap(Protection::Confidentiality, NONE, b"x"),
            Err(Error::Crypto(_))
        ));
        let lengths = sealer.wrap_iov_lengths(8).unwrap();
        let (mut header, mut data, mut padding) = (vec![0; lengths.header], *b"untouchd", vec![0; lengths.padding]);
        let mut segments = [
            Segment::Header(&mut header),
            Segment::Data(&mut data),
            Segment::Padding(&mut padding),
        ];
        let refused = sealer.wrap_iov(Protection::Confidentiality, &mut segments);
        assert!(matches!(refused, Err(Error::Crypto(_))));
        assert_eq!((&data, sealer.next_sequence()), (b"untouchd", 7));
    }
}

#[derive(Debug)]
struct Exhausted;

impl krb5_crypto::Random for Exhausted {
    fn fill(&self, _: &mut [u8]) -> Result<(), krb5_crypto::primitives::RandomUnavailable> {
        Err(krb5_crypto::primitives::RandomUnavailable::default())
    }
}

#[test]
fn i45_dce_style_counts_its_header_only_and_pads_nothing() {
    for (enctype, role) in every_direction() {
        let (mut sealer, mut opener) = pair(enctype, role, Style::Dce);
        let header = if enctype == Enctype::ArcfourHmac { 45 } else { 57 };
        for (length, protection) in [0, 8, 512]
            .into_iter()
            .flat_map(|length| BOTH.map(|each| (length, each)))
        {
            let message = message(length);
            let token = sealer.wrap(protection, NONE, &message).unwrap();
            assert_eq!(usize::from(token[1]), header - 2);
            assert_eq!(token.len(), header + length);
            let opened = unwrapped(&mut opener, &token).unwrap();
            assert_eq!(opened, (message, protection, Sequence::Ok));
            let (_, mut standard) = pair(enctype, role, Style::Standard);
            assert!(unwrapped(&mut standard, &token).is_err());
        }
        let odd = sealer.wrap(Protection::Confidentiality, NONE, b"odd");
        assert_eq!(odd.is_ok(), enctype == Enctype::ArcfourHmac);
        assert!(odd.is_ok() || matches!(odd, Err(Error::Blocks { length: 3, block: 8 })));
    }
}

proptest! {
    #[test]
    fn a_message_comes_back(octets: Vec<u8>, before: Vec<u8>, sealed: bool, arcfour: bool, acceptor: bool) {
        let enctype = if arcfour { Enctype::ArcfourHmac } else { Enctype::Des3CbcSha1 };
        let role = if acceptor { Role::Acceptor } else { Role::Initiator };
        let protection = BOTH[usize::from(sealed)];
        let (mut sealer, mut opener) = pair(enctype, role, Style::Standard);
        let signed = [&before[..]];
        let around = Associated { before: &signed, after: &[] };
        let mut token = sealer.wrap(protection, around, &octets).unwrap();
        let mut other = token.clone();
        let (range, opened) = opener.unwrap(around, &mut token).unwrap();
        prop_assert_eq!(&token[range], &octets[..]);
        prop_assert_eq!((opened.protection, opened.sequence), (protection, Sequence::Ok));
        let wrong = [&before[..], b"!"];
        let around = Associated { before: &wrong, after: &[] };
        prop_assert!(matches!(opener.unwrap(around, &mut other), Err(Error::Integrity)));
    }

    #[test]
    fn strangers_are_refused_and_move_nothing(inner: Vec<u8>, arcfour: bool, framed: bool) {
        let enctype = if arcfour { Enctype::ArcfourHmac } else { Enctype::Des3CbcSha1 };
        let (_, mut opener) = pair(enctype, Role::Initiator, Style::Standard);
        let mut token = if framed { reframed(&inner) } else { inner };
        prop_assert!(opener.verify_mic(&[], &token).is_err());
        prop_assert!(opener.verify_deletion(&token).is_err());
        prop_assert!(opener.unwrap(NONE, &mut token).is_err());
        prop_assert_eq!(opener.window().expected(), 7);
    }
}
