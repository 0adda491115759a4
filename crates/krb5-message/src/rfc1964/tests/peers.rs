//! Tokens that others have made.

use super::*;

/// MIT krb5, src/tests/gssapi/t_invalid.c: keys, and wrap tokens that are authentic but padded by octets of 100.
const PADDED_BY_100: [(Enctype, &str, &str); 2] = [
    (
        Enctype::Des3CbcSha1,
        "4fea19195e0e10df3d29b5138f01c7a7923d38f726730d6d",
        "603f06092a864886f71201020202010400 0200ffffebf39a892457b8639525e86e8e79e62ecad3ff579f8cabefdd28102f\
         93212ef252b66fa8bb8a6daa6fb7f4d4",
    ),
    (
        Enctype::ArcfourHmac,
        "6664416455782 1d0d0fd056aff6fe809",
        "603306092a864886f712010202020111001000ffff35d479f38c478f6e236f3ecc5e575c6a89f0a2034f0b5111ee897ed6f6b5d651",
    ),
];

fn octets(hex: &str) -> Vec<u8> {
    hex::decode(hex.replace(' ', "")).unwrap()
}

/// Their plaintext shows that keys, numbers and ciphers are MIT's: it is confounder, then padding of 100s.
#[test]
fn w5_the_tokens_of_mit_are_authentic_and_refused_for_their_padding() {
    for (enctype, key, token) in PADDED_BY_100 {
        let key = Key::new(&PROVIDER, enctype, &octets(key)).unwrap();
        let token = octets(token);
        for role in [Role::Initiator, Role::Acceptor] {
            let mut opener = opener_of(&key, role, Style::Standard, 0);
            assert!(matches!(unwrapped(&mut opener, &token), Err(Error::Integrity)));
        }
        let (keys, algorithm) = (
            super::super::algorithm::Keys::new(&key).unwrap(),
            super::super::algorithm::Algorithm::of(enctype).unwrap(),
        );
        let mut inner = token[13..].to_vec();
        let parts = super::super::layout::Parts::split(&mut inner, algorithm).unwrap();
        let numbered = keys.reveal_sequence(parts.sequence, parts.checksum).unwrap();
        assert_eq!(numbered.sender, Some(Role::Initiator));
        keys.decrypt(numbered.number, parts.rest).unwrap();
        let (confounder, padding) = parts.rest.split_at_mut(8);
        assert_eq!(padding.last(), Some(&100));
        let sum = keys.checksum_wrapped(parts.head, confounder, &[crate::segment::Body::Data(padding)]);
        sum.verify(parts.checksum).unwrap();
    }
}

/// The same families as in that program: a token for another kind of key, and one that ends in its header or checksum.
#[test]
fn w5_what_mit_once_overran_is_malformed() {
    for (enctype, key, token) in PADDED_BY_100 {
        let key = Key::new(&PROVIDER, enctype, &octets(key)).unwrap();
        let mut opener = opener_of(&key, Role::Acceptor, Style::Standard, 0);
        let inner = octets(token)[13..].to_vec();
        for length in 0..24 {
            let short = reframed(&inner[..length]);
            let refused = unwrapped(&mut opener, &short).unwrap_err();
            assert_eq!(refused.fault(), Fault::Token, "{length}");
            assert_eq!(opener.verify_mic(&[], &short).unwrap_err().fault(), Fault::Token);
        }
    }
}

#[test]
fn the_checksum_of_a_mic_is_that_of_rfc_4757() {
    // RFC 4757 §7.2: HMAC(key, ...) over MD5 of T = 15, the first eight octets, the message.
    let key = key(Enctype::ArcfourHmac);
    let mut sealer = sealer_of(&key, Role::Initiator, Style::Standard, 7);
    let mic = mic_of(&mut sealer, b"message");
    let signing = PROVIDER.hmac_md5.key(key.expose()).sign(&[b"signaturekey\0"]);
    let digest = PROVIDER.md5.hash(&[&15_u32.to_le_bytes(), &mic[13..21], b"message"]);
    let sum = PROVIDER.hmac_md5.key(signing.expose()).sign(&[digest.expose()]);
    assert_eq!(mic[29..], sum.expose()[..8]);
    let other = key.usage(KeyUsage(23)).unwrap().checksum(&[&mic[13..21], b"message"]);
    assert_ne!(mic[29..], other.expose()[..8]);
}

#[test]
fn heimdals_mics_with_des_are_longer_by_two_octets() {
    for (enctype, role) in every_direction() {
        for more in 1..5 {
            let (mut sealer, mut opener) = pair(enctype, role, Style::Standard);
            let mic = mic_of(&mut sealer, b"message");
            let longer = reframed(&[&mic[13..], &[0xA5; 4][..more]].concat());
            let verified = opener.verify_mic(&[b"message"], &longer);
            assert_eq!(
                verified.is_ok(),
                enctype == Enctype::Des3CbcSha1 && more == 2,
                "{enctype} {more}"
            );
        }
    }
}
