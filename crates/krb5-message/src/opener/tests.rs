use krb5_crypto::{Enctype, Key};
use proptest::prelude::*;

use super::*;
use crate::fixture::{end, every_direction, key, message, pair, pair_in};
use crate::{Fault, Style, Subkey};

const NONE: Associated<'_> = Associated {
    before: &[],
    after: &[],
};
const BOTH: [Protection; 2] = [Protection::Integrity, Protection::Confidentiality];

/// What came out, or nothing.
fn opened(opener: &mut CfxOpener, token: &[u8]) -> Result<(Vec<u8>, Opened), Error> {
    let mut token = token.to_vec();
    let (range, opened) = opener.unwrap(NONE, &mut token)?;
    Ok((token[range].to_vec(), opened))
}

fn usage(key: &Key, sender: Role) -> Arc<UsageKey> {
    key.usage(Usages::of(sender).seal).unwrap()
}

#[test]
fn w3_no_flipped_bit_of_a_mic_or_its_message_is_accepted() {
    for (enctype, sender) in every_direction() {
        let (mut from, mut to) = pair(enctype, sender);
        let message = message(50);
        let mic = from.sealer.get_mic(&[&message]).unwrap();
        for bit in 0..mic.len() * 8 {
            let mut forged = mic.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(to.opener.verify_mic(&[&message], &forged).is_err(), "{enctype:?} {bit}");
        }
        for bit in 0..message.len() * 8 {
            let mut other = message.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(
                matches!(to.opener.verify_mic(&[&other], &mic), Err(Error::Integrity)),
                "{bit}"
            );
        }
        assert_eq!(to.opener.verify_mic(&[&message], &mic).unwrap(), Sequence::Ok);
    }
}

#[test]
fn w3_no_flipped_bit_of_a_wrap_token_changes_the_message() {
    for (enctype, sender) in every_direction() {
        for protection in BOTH {
            for length in [0, 1, 16, 100] {
                let (mut from, to) = pair(enctype, sender);
                let message = message(length);
                let token = from.sealer.wrap(protection, NONE, &message).unwrap();
                assert!(token.len() <= 256);
                let rest = token.len() - HEADER_LEN;
                for bit in 0..token.len() * 8 {
                    let mut forged = token.clone();
                    forged[bit / 8] ^= 1 << (bit % 8);
                    let rotation = usize::from(u16::from_be_bytes([forged[6], forged[7]]));
                    let mut to = end(
                        &key(enctype),
                        to.opener.parameters.role,
                        Subkey::Acceptor,
                        Style::Standard,
                    );
                    match opened(&mut to.opener, &forged) {
                        // RRC is not protected; a full turn is no rotation at all.
                        Ok((found, _)) => assert!(rotation > 0 && rotation % rest == 0 && found == message, "{bit}"),
                        Err(_) => assert!(rotation % rest != 0 || rotation == 0, "{bit}"),
                    }
                }
            }
        }
    }
}

#[test]
fn every_truncation_and_extension_is_refused() {
    for (enctype, sender) in every_direction() {
        let (mut from, mut to) = pair(enctype, sender);
        let mic = from.sealer.get_mic(&[b"message"]).unwrap();
        for length in 0..mic.len() {
            let refused = to.opener.verify_mic(&[b"message"], &mic[..length]).unwrap_err();
            assert_eq!(refused.fault(), Fault::Token, "{length}");
        }
        assert!(to.opener.verify_mic(&[b"message"], &[&mic[..], &[0]].concat()).is_err());
        for protection in BOTH {
            let token = from.sealer.wrap(protection, NONE, b"message").unwrap();
            for length in 0..token.len() {
                assert!(opened(&mut to.opener, &token[..length]).is_err(), "{length}");
            }
            assert!(opened(&mut to.opener, &[&token[..], &[0]].concat()).is_err());
        }
    }
}

#[test]
fn w1_ec_other_than_the_encrypted_one_is_refused() {
    for enctype in Enctype::ALL {
        for style in [Style::Standard, Style::Dce] {
            let (mut from, mut to) = pair_in(*enctype, Role::Initiator, style);
            let message = message(40);
            let token = from.sealer.wrap(Protection::Confidentiality, NONE, &message).unwrap();
            for extra in (1..u16::try_from(token.len()).unwrap() + 32).chain([0xFFFF]) {
                let mut forged = token.clone();
                forged[4..6].copy_from_slice(&extra.to_be_bytes());
                let kept = forged.clone();
                assert!(to.opener.unwrap(NONE, &mut forged).is_err(), "{extra}");
                assert!(
                    !forged.windows(8).any(|part| part == &message[..8]),
                    "no plaintext is left behind"
                );
                let stream = &mut kept.clone();
                assert!(to.opener.unwrap_iov(&mut [Segment::Stream(stream)]).is_err());
            }
            assert_eq!(opened(&mut to.opener, &token).unwrap().0, message);
        }
    }
}

#[test]
fn w1_unsealed_ec_other_than_the_checksum_length_is_refused() {
    for enctype in Enctype::ALL {
        let (mut from, mut to) = pair(*enctype, Role::Acceptor);
        let token = from.sealer.wrap(Protection::Integrity, NONE, b"message").unwrap();
        let length = u16::from_be_bytes([token[4], token[5]]);
        for extra in (0..300).chain([0xFFFF]).filter(|extra| *extra != length) {
            let mut forged = token.clone();
            forged[4..6].copy_from_slice(&extra.to_be_bytes());
            let refused = opened(&mut to.opener, &forged).unwrap_err();
            assert!(matches!(refused, Error::ChecksumLength { announced, .. } if announced == usize::from(extra)));
        }
    }
}

/// A sealed token whose encryption holds `plain`, with `header` outside.
fn sealed_by_hand(key: &Key, header: WrapHeader, plain: &[u8]) -> Vec<u8> {
    [
        &header.to_octets()[..],
        &usage(key, header.flags.sender()).encrypt(plain).unwrap(),
    ]
    .concat()
}

fn sealed_header(extra_count: u16) -> WrapHeader {
    let flags = TokenFlags::new(Role::Initiator, Subkey::Acceptor, Protection::Confidentiality);
    WrapHeader {
        flags,
        extra_count,
        rotation: 0,
        sequence: 7,
    }
}

#[test]
fn w2_an_encrypted_text_shorter_than_header_and_filler_is_refused() {
    for enctype in Enctype::ALL {
        let key = key(*enctype);
        let mut to = end(&key, Role::Acceptor, Subkey::Acceptor, Style::Standard);
        let copy = sealed_header(0).sealed_octets();
        for length in 0..16 {
            let token = sealed_by_hand(&key, sealed_header(0), &copy[..length]);
            assert!(
                matches!(opened(&mut to.opener, &token), Err(Error::HeaderCopy)),
                "{length}"
            );
        }
        for (filler, extra) in [(0, 1), (3, 4), (3, 0xFFFF), (0, 0xFFFF)] {
            let header = sealed_header(extra);
            let plain = [&vec![0; filler][..], &header.sealed_octets()].concat();
            let token = sealed_by_hand(&key, header, &plain);
            let refused = opened(&mut to.opener, &token).unwrap_err();
            assert!(matches!(refused, Error::HeaderCopy), "{filler} {extra}");
            assert_eq!(refused.fault(), Fault::Token);
        }
    }
}

#[test]
fn any_amount_of_filler_is_taken_off() {
    for enctype in Enctype::ALL {
        let key = key(*enctype);
        for filler in [0_u16, 1, 15, 16, 17, 300, 0xFFFF] {
            let header = sealed_header(filler);
            let plain = [
                b"message",
                &vec![0xFF; usize::from(filler)][..],
                &header.sealed_octets(),
            ]
            .concat();
            let mut to = end(&key, Role::Acceptor, Subkey::Acceptor, Style::Standard);
            let token = sealed_by_hand(&key, header, &plain);
            assert_eq!(opened(&mut to.opener, &token).unwrap().0, b"message", "{filler}");
        }
    }
}

/// Rotates the part behind the header right by `count` and writes RRC.
fn rotate(token: &[u8], count: u16) -> Vec<u8> {
    let mut token = token.to_vec();
    token[6..8].copy_from_slice(&count.to_be_bytes());
    let rest = &mut token[HEADER_LEN..];
    let by = usize::from(count) % rest.len();
    rest.rotate_right(by);
    token
}

proptest! {
    #[test]
    fn i44_any_rotation_is_undone(length in 0_usize..200, count in prop_oneof![0_u16..300, any::<u16>()], sealed in any::<bool>(), at in 0_usize..8) {
        let (enctype, sender) = every_direction().nth(at).unwrap();
        let (mut from, mut to) = pair(enctype, sender);
        let message = message(length);
        let token = from.sealer.wrap(BOTH[usize::from(sealed)], NONE, &message).unwrap();
        let (found, opened) = opened(&mut to.opener, &rotate(&token, count)).unwrap();
        prop_assert_eq!((found, opened.protection), (message, BOTH[usize::from(sealed)]));
    }

    #[test]
    fn any_octets_behind_a_header_are_refused(flags in 0_u8..8, ec in any::<u16>(), rrc in any::<u16>(), rest in prop::collection::vec(any::<u8>(), 0..200)) {
        let header = WrapHeader { flags: TokenFlags(flags), extra_count: ec, rotation: rrc, sequence: 7 };
        let token = [&header.to_octets()[..], &rest].concat();
        let (_, mut to) = pair(Enctype::Aes128CtsHmacSha256128, Role::Initiator);
        prop_assert!(opened(&mut to.opener, &token).is_err());
        let stream = &mut token.clone();
        prop_assert!(to.opener.unwrap_iov(&mut [Segment::Stream(stream)]).is_err());
    }
}

#[test]
fn i45_windows_dce_tokens_are_rotated_by_ec_and_rrc() {
    let key = key(Enctype::Aes256CtsHmacSha196);
    let header = sealed_header(16);
    let plain = [b"message", &[0; 16][..], &header.sealed_octets()].concat();
    let mut token = rotate(&sealed_by_hand(&key, header, &plain), 44);
    token[6..8].copy_from_slice(&28_u16.to_be_bytes());
    let mut to = end(&key, Role::Acceptor, Subkey::Acceptor, Style::Dce);
    assert_eq!(opened(&mut to.opener, &token).unwrap().0, b"message");
    let mut to = end(&key, Role::Acceptor, Subkey::Acceptor, Style::Standard);
    assert!(opened(&mut to.opener, &token).is_err());
}

#[test]
fn w12_forgeries_do_not_move_the_window() {
    for (enctype, sender) in every_direction() {
        let (mut from, mut to) = pair(enctype, sender);
        let mic = from.sealer.get_mic(&[b"message"]).unwrap();
        let sealed = from.sealer.wrap(Protection::Confidentiality, NONE, b"message").unwrap();
        let signed = from.sealer.wrap(Protection::Integrity, NONE, b"message").unwrap();
        let before = to.opener.window().clone();
        for number in [7_u64, 8, 9, 10, 71, 1 << 40, u64::MAX] {
            for genuine in [&mic, &sealed, &signed] {
                let mut forged = genuine.clone();
                forged[8..16].copy_from_slice(&number.to_be_bytes());
                *forged.last_mut().unwrap() ^= 1;
                let refused = if genuine == &mic {
                    to.opener.verify_mic(&[b"message"], &forged).map(|_| ())
                } else {
                    opened(&mut to.opener, &forged).map(|_| ())
                };
                assert_eq!(refused.unwrap_err().fault(), Fault::Forged);
                assert_eq!(to.opener.window(), &before);
            }
        }
        assert_eq!(to.opener.verify_mic(&[b"message"], &mic).unwrap(), Sequence::Ok);
        assert_eq!(opened(&mut to.opener, &sealed).unwrap().1.sequence, Sequence::Ok);
        assert_eq!(opened(&mut to.opener, &signed).unwrap().1.sequence, Sequence::Ok);
    }
}

#[test]
fn a_replay_comes_with_its_message() {
    let (mut from, mut to) = pair(Enctype::Aes256CtsHmacSha384192, Role::Acceptor);
    let token = from.sealer.wrap(Protection::Confidentiality, NONE, b"message").unwrap();
    assert_eq!(opened(&mut to.opener, &token).unwrap().1.sequence, Sequence::Ok);
    let (again, how) = opened(&mut to.opener, &token).unwrap();
    assert_eq!((again.as_slice(), how.sequence), (&b"message"[..], Sequence::Duplicate));
}

#[test]
fn a_token_sent_back_is_refused() {
    for (enctype, sender) in every_direction() {
        let (mut from, _) = pair(enctype, sender);
        let mic = from.sealer.get_mic(&[b"message"]).unwrap();
        assert!(matches!(
            from.opener.verify_mic(&[b"message"], &mic),
            Err(Error::Direction)
        ));
        let token = from.sealer.wrap(Protection::Confidentiality, NONE, b"message").unwrap();
        assert!(matches!(opened(&mut from.opener, &token), Err(Error::Direction)));
    }
}

#[test]
fn a_token_of_the_other_subkey_is_refused_even_if_the_key_is_right() {
    let key = key(Enctype::Aes128CtsHmacSha196);
    for (ours, theirs) in [
        (Subkey::Acceptor, Subkey::Initiator),
        (Subkey::Initiator, Subkey::Acceptor),
    ] {
        let mut from = end(&key, Role::Initiator, theirs, Style::Standard);
        let mut to = end(&key, Role::Acceptor, ours, Style::Standard);
        let mic = from.sealer.get_mic(&[b"message"]).unwrap();
        assert!(matches!(to.opener.verify_mic(&[b"message"], &mic), Err(Error::Subkey)));
    }
}

#[test]
fn mic_and_wrap_tokens_are_not_exchangeable() {
    let (mut from, mut to) = pair(Enctype::Aes128CtsHmacSha196, Role::Initiator);
    let mic = from.sealer.get_mic(&[b"message"]).unwrap();
    assert!(matches!(opened(&mut to.opener, &mic), Err(Error::TokenId)));
    let token = from.sealer.wrap(Protection::Integrity, NONE, b"message").unwrap();
    assert!(matches!(
        to.opener.verify_mic(&[b"message"], &token),
        Err(Error::TokenId)
    ));
}

#[test]
fn i46_ec_counts_filler_inside_the_encryption_and_checksum_octets_outside_it() {
    for (enctype, sender) in every_direction() {
        for style in [Style::Standard, Style::Dce] {
            let (mut from, _) = pair_in(enctype, sender, style);
            let key = key(enctype);
            let signed = from.sealer.wrap(Protection::Integrity, NONE, b"message").unwrap();
            let length = u16::from_be_bytes([signed[4], signed[5]]);
            assert_eq!(usize::from(length), enctype.checksum_len());
            // The checksum covers the message, then the header with EC and RRC zero.
            let mut header = signed[..HEADER_LEN].to_vec();
            header[4..8].fill(0);
            let checksum = usage(&key, sender).checksum(&[b"message", &header]);
            assert!(signed.ends_with(checksum.expose()));

            let sealed = from.sealer.wrap(Protection::Confidentiality, NONE, b"message").unwrap();
            let plain = usage(&key, sender).decrypt(&sealed[HEADER_LEN..]).unwrap();
            let (header, extra) = (&sealed[..HEADER_LEN], u16::from_be_bytes([sealed[4], sealed[5]]));
            assert_eq!(extra, 0, "block ciphers with ciphertext stealing need no filler");
            assert_eq!(plain[..], [b"message", header].concat());
        }
    }
}

#[test]
fn i46_sealed_tokens_in_dce_style_may_go_without_filler() {
    let key = key(Enctype::Aes128CtsHmacSha256128);
    for (filler, rotation) in [(0, 0), (0, 32), (16, 0), (16, 32), (3, 5)] {
        let header = sealed_header(filler);
        let plain = [b"message", &vec![0; usize::from(filler)][..], &header.sealed_octets()].concat();
        let total = if rotation == 0 { 0 } else { filler + rotation };
        let mut token = rotate(&sealed_by_hand(&key, header, &plain), total);
        token[6..8].copy_from_slice(&rotation.to_be_bytes());
        let mut to = end(&key, Role::Acceptor, Subkey::Acceptor, Style::Dce);
        assert_eq!(
            opened(&mut to.opener, &token).unwrap().0,
            b"message",
            "{filler} {rotation}"
        );
    }
}

#[test]
fn i46_the_filler_of_a_mic_is_five_octets_of_ff() {
    for (enctype, sender) in every_direction() {
        let (mut from, _) = pair(enctype, sender);
        assert_eq!(from.sealer.get_mic(&[b"message"]).unwrap()[3..8], [0xFF; 5]);
    }
}
