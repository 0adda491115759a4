//! Contexts whose messages are those of RFC 1964 and RFC 4757.

use super::*;

/// DES needs whole blocks where nothing is padded, and the messages of [`exchange`] are not.
fn styles(enctype: Enctype) -> Vec<Flags> {
    let usual = [Flags::USUAL, Flags::USUAL - Flags::MUTUAL];
    let dce = (enctype == Enctype::ArcfourHmac).then_some(Flags::USUAL | Flags::DCE_STYLE);
    usual.into_iter().chain(dce).collect()
}

#[test]
fn i34_older_types_have_their_own_messages_in_every_style() {
    for enctype in Enctype::LEGACY {
        for flags in styles(*enctype) {
            let mut pair = established(*enctype, flags);
            exchange(&mut pair);
            assert_eq!(pair[0].mic_of(b"m").unwrap()[13..15], [1, 1]);
            let (token, _) = pair[0].wrap(Privacy::Confidential, b"", b"m").unwrap();
            assert_eq!(token[13..15], [2, 1]);
        }
    }
}

#[test]
fn i45_whole_blocks_pass_in_dce_style_with_des() {
    let [mut from, mut to] = established(Enctype::Des3CbcSha1, Flags::USUAL | Flags::DCE_STYLE);
    for privacy in [Privacy::Integrity, Privacy::Confidential] {
        one_way_of(&mut *from, &mut *to, privacy, &[7; 64]);
        let refused = from.wrap(privacy, b"", &[7; 63]).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Failure);
    }
}

fn one_way_of(from: &mut dyn EstablishedContext, to: &mut dyn EstablishedContext, privacy: Privacy, message: &[u8]) {
    let (token, _) = from.wrap(privacy, b"", message).unwrap();
    let (found, unwrapped) = to.unwrapped(&token).unwrap();
    assert_eq!((found.as_slice(), unwrapped.privacy), (message, privacy));
    scattered(from, to, privacy, message);
}

#[test]
fn c2_they_go_on_where_they_were_exported() {
    for enctype in Enctype::LEGACY {
        for flags in styles(*enctype) {
            let mut pair = established(*enctype, flags);
            exchange(&mut pair);
            let import = |mut context: Box<dyn EstablishedContext>| {
                let octets = context.export().unwrap();
                assert_dead(&mut *context);
                crate::export::import(&octets, &PROVIDER).unwrap()
            };
            exchange(&mut pair.map(import));
        }
    }
}

#[test]
fn w5_a_token_of_one_format_is_malformed_in_contexts_of_the_other() {
    let [mut newer, mut newer_peer] = established(Enctype::Aes256CtsHmacSha196, Flags::USUAL);
    for enctype in Enctype::LEGACY {
        let [mut older, mut older_peer] = established(*enctype, Flags::USUAL);
        // What the receiver's own tokens would have.
        let padding = if *enctype == Enctype::Des3CbcSha1 { 8 } else { 0 };
        for (from, to, padding) in [(&mut older, &mut newer_peer, 0), (&mut newer, &mut older_peer, padding)] {
            let mic = from.mic_of(b"m").unwrap();
            assert_eq!(to.verify_mic(&[b"m"], &mic).unwrap_err(), ErrorKind::DefectiveToken);
            for privacy in [Privacy::Integrity, Privacy::Confidential] {
                let (token, _) = from.wrap(privacy, b"", b"m").unwrap();
                assert_eq!(to.unwrapped(&token).unwrap_err(), ErrorKind::DefectiveToken);
                let mut token = token;
                let mut padding = vec![8; padding];
                let mut iov = [Iov::Header(&mut token), Iov::Padding(&mut padding)];
                let refused = to.unwrap_iov(&mut iov).unwrap_err();
                assert_eq!(refused, ErrorKind::DefectiveToken);
            }
        }
    }
}

#[test]
fn w10_a_valid_deletion_token_ends_a_context_and_an_invalid_one_changes_nothing() {
    let [mut initiator, mut acceptor] = established(Enctype::ArcfourHmac, Flags::USUAL - Flags::MUTUAL);
    let token = deletion(&Key::new(&PROVIDER, Enctype::ArcfourHmac, &[1; 16]).unwrap());
    let mic = initiator.mic_of(b"").unwrap();
    for wrong in [&token[1..], &token[..36], &mic, b""] {
        assert_eq!(acceptor.process_token(wrong).unwrap_err(), ErrorKind::DefectiveToken);
    }
    let mut forged = token.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(acceptor.process_token(&forged).unwrap_err(), ErrorKind::BadMic);
    assert_eq!(
        initiator.process_token(&token).unwrap_err(),
        ErrorKind::BadMic,
        "its own"
    );
    assert!(acceptor.verify_mic(&[], &mic).is_ok());
    acceptor.process_token(&token).unwrap();
    assert_dead(&mut *acceptor);
}

/// RFC 1964 §1.2.3 with the algorithms of RFC 4757 §7.2, from the initiator, of which we make none.
fn deletion(key: &Key) -> Vec<u8> {
    let head = [1, 2, 0x11, 0, 0xFF, 0xFF, 0xFF, 0xFF];
    let sum = key.checksum(krb5_crypto::KeyUsage(15), &[&head]).unwrap();
    let hmac = |key: &[u8], input: &[u8]| PROVIDER.hmac_md5.key(key).sign(&[input]).expose().to_vec();
    let sequence_key = hmac(&hmac(key.expose(), &[0; 4]), &sum[..8]);
    let mut sequence = [0, 0, 0, 100, 0, 0, 0, 0];
    PROVIDER.rc4.keystream(&sequence_key).unwrap().apply(&mut sequence);
    gss_core::framing::wrap(&KRB5, &[&head[..], &sequence, &sum[..8]].concat())
}

#[test]
fn the_pseudo_random_function_works_with_their_keys() {
    for enctype in Enctype::LEGACY {
        let [initiator, acceptor] = established(*enctype, Flags::USUAL);
        let both = [initiator, acceptor].map(|context| {
            let mut out = [0; 44];
            context.pseudo_random(PrfKey::Full, b"input", &mut out).unwrap();
            out
        });
        assert_eq!(both[0], both[1]);
        assert_ne!(both[0][..20], [0; 20]);
    }
}

#[test]
fn buffers_without_room_for_the_padding_are_refused_and_cost_no_number() {
    for enctype in Enctype::LEGACY {
        let [mut initiator, mut acceptor] = established(*enctype, Flags::USUAL);
        let shape = IovShape::of_data(7);
        let lens = initiator.wrap_iov_len(Privacy::Confidential, shape).unwrap();
        assert_eq!((lens.padding, lens.trailer), (1, 0));
        let error = wrapped_around(&mut *initiator, lens.header, 0, 0).unwrap_err();
        let (kind, needed) = (Kind::Padding, 1);
        assert_eq!(
            told(&error),
            IovError::Length {
                kind,
                needed,
                present: 0
            }
        );
        let (mut head, mut data) = (vec![0; lens.header], *b"message");
        let mut iov = [Iov::Header(&mut head), Iov::Data(&mut data)];
        let error = initiator.wrap_iov(Privacy::Confidential, &mut iov).unwrap_err();
        assert_eq!(told(&error), IovError::Missing(Kind::Padding));
        wrapped_around(&mut *initiator, lens.header, 1, 0).unwrap();
        let mic = initiator.mic_of(b"m").unwrap();
        let second = acceptor.verify_mic(&[b"m"], &mic).unwrap().sequence;
        assert_eq!(second, gss_core::Sequence::Gap, "one number was used before this one");
    }
}
