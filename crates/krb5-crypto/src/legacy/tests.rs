use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::vectors::{Checksum, Encryption, FxCf2, PROVIDERS, load};
use crate::{Enctype, Key, fx_cf2, string_to_key};

#[derive(Deserialize)]
struct StringToKey {
    name: String,
    #[serde(with = "hex::serde")]
    password: Vec<u8>,
    #[serde(with = "hex::serde")]
    salt: Vec<u8>,
    #[serde(with = "hex::serde")]
    key: Vec<u8>,
}

#[derive(Deserialize)]
struct Derived {
    usage: u32,
    #[serde(with = "hex::serde")]
    key: Vec<u8>,
    #[serde(with = "hex::serde")]
    kc: Vec<u8>,
    #[serde(with = "hex::serde")]
    ke: Vec<u8>,
    #[serde(with = "hex::serde")]
    ki: Vec<u8>,
}

/// The message and what des3-cbc-sha1 pads it with.
fn assert_padded(found: &[u8], expected: &[u8], what: &str) {
    let (message, padding) = found.split_at(expected.len());
    assert_eq!(message, expected, "{what}");
    assert!(padding.len() < 8 && padding.iter().all(|octet| *octet == 0), "{what}");
}

#[test]
fn ciphertexts_of_mit_are_decrypted() {
    for v in load::<Encryption>("mit_legacy_decrypt.toml", 10) {
        for provider in PROVIDERS {
            let key = Key::new(provider, v.etype, &v.key).unwrap();
            let found = key.decrypt(KeyUsage(v.usage), &v.ciphertext).unwrap();
            assert_padded(&found, &v.plaintext, &v.name);
            assert!(
                key.decrypt(KeyUsage(v.usage + 100), &v.ciphertext).is_err(),
                "{}",
                v.name
            );
        }
    }
}

#[test]
fn checksums_are_those_of_mit() {
    for v in load::<Checksum>("mit_legacy_checksum.toml", 2) {
        for provider in PROVIDERS {
            let key = Key::new(provider, v.etype, &v.key).unwrap();
            assert_eq!(
                key.checksum(KeyUsage(v.usage), &[&v.message]).unwrap(),
                v.checksum,
                "{}",
                v.name
            );
            let (left, right) = v.message.split_at(3);
            assert!(
                key.verify_checksum(KeyUsage(v.usage), &[left, right], &v.checksum)
                    .is_ok()
            );
            assert!(
                key.verify_checksum(KeyUsage(v.usage), &[right, left], &v.checksum)
                    .is_err()
            );
        }
    }
}

#[test]
fn des3_keys_are_those_of_rfc3961() {
    for v in load::<StringToKey>("rfc3961_des3_string_to_key.toml", 5) {
        let key = string_to_key(PROVIDERS[0], Enctype::Des3CbcSha1, &v.password, &v.salt, None).unwrap();
        assert_eq!(key.expose(), v.key, "{}", v.name);
    }
    for v in load::<Derived>("rfc3961_des3_derived_keys.toml", 1) {
        // The keys are in use, not on show: what they make is compared.
        let provider = PROVIDERS[0];
        let key = Key::new(provider, Enctype::Des3CbcSha1, &v.key).unwrap();
        let mac = provider.hmac_sha1.key(&v.kc).sign(&[b"message"]);
        assert_eq!(key.checksum(KeyUsage(v.usage), &[b"message"]).unwrap(), mac.expose());
        let mut text = *b"confoundmessage\0";
        let tag = provider.hmac_sha1.key(&v.ki).sign(&[&text]);
        let (blocks, _) = text.as_chunks_mut();
        provider.des3_cbc.key(&v.ke).unwrap().encrypt(&mut [0; 8], blocks);
        let ciphertext = [&text[..], tag.expose()].concat();
        assert_padded(
            &key.decrypt(KeyUsage(v.usage), &ciphertext).unwrap(),
            b"message",
            "Ke and Ki",
        );
    }
}

/// RFC 4757 §2.
#[test]
fn an_arcfour_key_has_no_salt() {
    for salt in [&b""[..], b"salt"] {
        let key = string_to_key(PROVIDERS[0], Enctype::ArcfourHmac, b"foo", salt, None).unwrap();
        assert_eq!(hex::encode(key.expose()), "ac8e657f83df82beea5d43bdaf7800cc");
    }
    let error = string_to_key(PROVIDERS[0], Enctype::ArcfourHmac, b"\xff", b"", None).unwrap_err();
    assert_eq!(error, Error::Password);
    for etype in Enctype::LEGACY {
        let error = string_to_key(PROVIDERS[0], *etype, b"pw", b"", Some(&[0, 0, 16, 0])).unwrap_err();
        assert_eq!(error, Error::StringToKeyParameters(4));
    }
}

#[test]
fn two_keys_become_one_as_mit_has_it() {
    for v in load::<FxCf2>("mit_legacy_fx_cf2.toml", 2) {
        let key = |password: &[u8]| string_to_key(PROVIDERS[0], v.etype, password, password, None).unwrap();
        let (one, two) = (key(&v.password1), key(&v.password2));
        let found = fx_cf2((&one, &v.pepper1), (&two, &v.pepper2)).unwrap();
        assert_eq!(found.expose(), v.key, "{}", v.name);
    }
}

#[test]
fn usages_that_windows_has_as_one_are_one() {
    let translated = [3, 9, 8, 23, 13, 2, 7].map(|usage| translated_usage(KeyUsage(usage)).0);
    // 9 is not 8, whatever RFC 4757 §3 says: replies of MIT's and Heimdal's KDCs could not be read.
    assert_eq!(translated, [8, 9, 8, 13, 13, 2, 7]);
    let key = Key::generate(PROVIDERS[0], Enctype::ArcfourHmac).unwrap();
    let ciphertext = key.encrypt(KeyUsage(3), b"message").unwrap();
    assert_eq!(*key.decrypt(KeyUsage(8), &ciphertext).unwrap(), b"message");
    assert!(key.decrypt(KeyUsage(9), &ciphertext).is_err());
}

#[test]
fn w11_ciphertexts_of_every_short_length_are_refused() {
    for etype in Enctype::LEGACY {
        let key = Key::generate(PROVIDERS[0], *etype).unwrap();
        for length in 0..=etype.overhead() + 1 {
            assert!(
                key.decrypt(KeyUsage(1), &vec![0x5A; length]).is_err(),
                "{etype} {length}"
            );
        }
        let message = key.encrypt(KeyUsage(1), b"").unwrap();
        assert_eq!(message.len(), etype.overhead());
        assert!(key.decrypt(KeyUsage(1), &message).unwrap().is_empty());
    }
}

#[test]
fn w8_every_flipped_bit_of_a_ciphertext_or_checksum_is_noticed() {
    for etype in Enctype::LEGACY {
        let key = Key::generate(PROVIDERS[0], *etype).unwrap();
        let ciphertext = key.encrypt(KeyUsage(1), &[0x30, 3, 1, 2, 3]).unwrap();
        assert_eq!(
            *key.decrypt(KeyUsage(1), &ciphertext).unwrap(),
            [0x30, 3, 1, 2, 3],
            "without padding"
        );
        for bit in 0..ciphertext.len() * 8 {
            let mut altered = ciphertext.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                key.decrypt(KeyUsage(1), &altered).unwrap_err(),
                Error::Integrity,
                "{etype} {bit}"
            );
        }
        let checksum = key.checksum(KeyUsage(1), &[b"message"]).unwrap();
        assert_eq!(checksum.len(), etype.checksum_len());
        for bit in 0..checksum.len() * 8 {
            let mut altered = checksum.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert!(key.verify_checksum(KeyUsage(1), &[b"message"], &altered).is_err());
        }
    }
}

#[test]
fn p4_keys_have_their_length_and_des_keys_odd_parity() {
    for etype in Enctype::LEGACY {
        for length in [0, etype.key_len() - 1, etype.key_len() + 1] {
            assert!(Key::new(PROVIDERS[0], *etype, &vec![1; length]).is_err());
        }
    }
    let key = Key::generate(PROVIDERS[0], Enctype::Des3CbcSha1).unwrap();
    assert!(key.expose().iter().all(|octet| octet.count_ones() % 2 == 1));
}

#[test]
fn what_is_scattered_is_not_for_them() {
    for etype in Enctype::LEGACY {
        let key = Key::generate(PROVIDERS[0], *etype).unwrap();
        let error = key
            .usage(KeyUsage(1))
            .unwrap()
            .encrypt_in_place(&mut [0; 99])
            .unwrap_err();
        assert_eq!(error, Error::UnsupportedEnctype(etype.number()));
    }
}

proptest! {
    #[test]
    fn messages_come_back(message in prop::collection::vec(any::<u8>(), 0..200)) {
        for etype in Enctype::LEGACY {
            let key = Key::generate(PROVIDERS[0], *etype).unwrap();
            let found = key.decrypt(KeyUsage(7), &key.encrypt(KeyUsage(7), &message).unwrap()).unwrap();
            // Arbitrary octets may look like DER that ends a little earlier, if zeros follow.
            let shorter = found.len().min(message.len());
            prop_assert_eq!(&found[..shorter], &message[..shorter]);
            prop_assert!(found[shorter..].iter().chain(&message[shorter..]).all(|octet| *octet == 0));
        }
    }
}
