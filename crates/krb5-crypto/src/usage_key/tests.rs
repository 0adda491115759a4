use proptest::prelude::*;

use super::*;
use crate::vectors::{Checksum, Encryption, Fixed, PROVIDERS, Unavailable, load};

#[test]
fn decryption_matches_rfc8009_appendix_a_and_mit() {
    for v in encryptions() {
        for provider in PROVIDERS {
            let key = Key::new(provider, v.etype, &v.key).unwrap();
            let plaintext = key.decrypt(KeyUsage(v.usage), &v.ciphertext).unwrap();
            assert_eq!(*plaintext, v.plaintext, "{} by {}", v.name, provider.name);
        }
    }
}

#[test]
fn encryption_under_the_published_confounder_gives_the_published_ciphertext() {
    for v in encryptions() {
        for provider in PROVIDERS {
            let mut confounder = v.confounder.clone();
            if confounder.is_empty() {
                confounder = confounder_of(&v, provider);
            }
            let fixed = Fixed::in_place_of_random(provider, &confounder);
            let key = Key::new(fixed, v.etype, &v.key).unwrap();
            let ciphertext = key.encrypt(KeyUsage(v.usage), &v.plaintext).unwrap();
            assert_eq!(ciphertext, v.ciphertext, "{} by {}", v.name, provider.name);
        }
    }
}

#[test]
fn checksums_match_rfc8009_appendix_a_and_mit() {
    for v in [
        load::<Checksum>("rfc8009_checksum.toml", 2),
        load("mit_checksum.toml", 2),
        load("rfc6803_checksum.toml", 4),
    ]
    .iter()
    .flatten()
    {
        for provider in PROVIDERS {
            let key = Key::new(provider, v.etype, &v.key).unwrap();
            let usage = KeyUsage(v.usage);
            assert_eq!(
                key.checksum(usage, &[&v.message]).unwrap(),
                v.checksum,
                "{} by {}",
                v.name,
                provider.name
            );
            let (left, right) = v.message.split_at(v.message.len() / 2);
            assert_eq!(
                key.verify_checksum(usage, &[left, &[], right], &v.checksum),
                Ok(()),
                "{}",
                v.name
            );
        }
    }
}

#[test]
fn w11_every_ciphertext_too_short_is_an_error_and_the_shortest_real_one_is_not() {
    for key in keys() {
        let usage = key.usage(KeyUsage::TICKET).unwrap();
        let shortest = usage.encrypt(&[]).unwrap();
        assert_eq!(shortest.len(), usage.overhead());
        for len in 0..shortest.len() {
            let refusal = usage.decrypt(&shortest[..len]).unwrap_err();
            let (enctype, minimum) = (usage.enctype(), usage.overhead());
            assert_eq!(
                refusal,
                Error::CiphertextTooShort {
                    enctype,
                    found: len,
                    minimum
                }
            );
        }
        assert!(usage.decrypt(&shortest).unwrap().is_empty());
        assert_eq!(
            usage.decrypt(&[&shortest[..], &[0]].concat()).unwrap_err(),
            Error::Integrity
        );
    }
}

#[test]
fn every_flipped_bit_of_a_ciphertext_is_noticed_and_nothing_of_the_plaintext_left() {
    for key in keys() {
        let usage = key.usage(KeyUsage::AP_REP).unwrap();
        for len in [0, 1, 15, 16, 17, 33] {
            let ciphertext = usage.encrypt(&vec![0x55; len]).unwrap();
            for bit in 0..ciphertext.len() * 8 {
                let mut token = ciphertext.clone();
                token[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(
                    usage.decrypt_in_place(&mut token),
                    Err(Error::Integrity),
                    "{key:?}, bit {bit} of {len}"
                );
                let tag = token.len() - key.enctype().checksum_len();
                assert!(
                    token[..tag].iter().all(|octet| *octet == 0),
                    "{key:?}, bit {bit} of {len}"
                );
            }
        }
    }
}

#[test]
fn every_flipped_bit_of_a_checksum_or_message_is_noticed() {
    for key in keys() {
        let (usage, message) = (key.usage(KeyUsage::INITIATOR_SIGN).unwrap(), b"a message".to_vec());
        let checksum = usage.checksum(&[&message]).expose().to_vec();
        assert_eq!(usage.verify_checksum(&[&message], &checksum), Ok(()));
        for bit in 0..checksum.len() * 8 {
            let mut altered = checksum.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(usage.verify_checksum(&[&message], &altered), Err(Error::Integrity));
        }
        for bit in 0..message.len() * 8 {
            let mut altered = message.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(usage.verify_checksum(&[&altered], &checksum), Err(Error::Integrity));
        }
        for len in 0..checksum.len() {
            assert_eq!(
                usage.verify_checksum(&[&message], &checksum[..len]),
                Err(Error::Integrity)
            );
        }
        assert_eq!(
            usage.verify_checksum(&[&message], &[&checksum[..], &[0]].concat()),
            Err(Error::Integrity)
        );
    }
}

#[test]
fn other_keys_usages_and_enctypes_do_not_decrypt() {
    let keys: Vec<Key> = keys().chain(keys()).collect();
    for (at, key) in keys.iter().enumerate() {
        let ciphertext = key.encrypt(KeyUsage(7), b"a message of some length").unwrap();
        assert_eq!(key.decrypt(KeyUsage(8), &ciphertext).unwrap_err(), Error::Integrity);
        for other in keys
            .iter()
            .enumerate()
            .filter(|other| other.0 != at)
            .map(|(_, key)| key)
        {
            assert_eq!(
                other.decrypt(KeyUsage(7), &ciphertext).unwrap_err(),
                Error::Integrity,
                "{key:?} {other:?}"
            );
        }
    }
}

#[test]
fn two_encryptions_of_one_message_differ() {
    for key in keys() {
        let [a, b] = [(); 2].map(|()| key.encrypt(KeyUsage(7), b"message").unwrap());
        assert_ne!(a, b);
    }
}

#[test]
fn buffers_of_another_length_are_refused_untouched() {
    for key in keys() {
        let usage = key.usage(KeyUsage(1)).unwrap();
        let tag_len = key.enctype().checksum_len();
        for (confounder_len, tag_len) in [(0, tag_len), (15, tag_len), (17, tag_len), (16, 0), (16, tag_len + 1)] {
            let (mut confounder, mut tag, mut message) = (vec![1; confounder_len], vec![2; tag_len], [3; 20]);
            let result = usage.encrypt_parts(&mut confounder, &mut [Part::Encrypted(&mut message)], &mut tag);
            assert!(matches!(result, Err(Error::BufferLength { .. })));
            let result = usage.decrypt_parts(&mut confounder, &mut [Part::Encrypted(&mut message)], &tag);
            assert!(matches!(result, Err(Error::BufferLength { .. })));
            assert_eq!(
                (confounder, tag, message),
                (vec![1; confounder_len], vec![2; tag_len], [3; 20])
            );
        }
        let (mut short, expected) = (vec![1; usage.overhead() - 1], usage.overhead());
        let found = short.len();
        assert_eq!(
            usage.encrypt_in_place(&mut short),
            Err(Error::BufferLength {
                what: "token",
                expected,
                found
            })
        );
    }
}

#[test]
fn nothing_is_encrypted_without_randomness() {
    let provider: &'static CryptoProvider = Box::leak(Box::new(CryptoProvider {
        random: &Unavailable,
        ..*PROVIDERS[0]
    }));
    for etype in Enctype::ALL.iter().copied() {
        let key = Key::new(provider, etype, &vec![1; etype.key_len()]).unwrap();
        assert!(matches!(key.encrypt(KeyUsage(1), b"message"), Err(Error::Random(_))));
        let (mut confounder, mut tag, mut message) = ([1; 16], vec![2; etype.checksum_len()], *b"message");
        let parts = &mut [Part::Encrypted(&mut message)];
        assert!(
            key.usage(KeyUsage(1))
                .unwrap()
                .encrypt_parts(&mut confounder, parts, &mut tag)
                .is_err()
        );
        assert_eq!(message, *b"message");
    }
}

#[test]
fn the_tag_covers_sign_only_parts_in_their_place() {
    for key in keys_with_fixed_confounder() {
        let (etype, provider, usage) = (key.enctype(), key.provider(), KeyUsage(24));
        let parts = [
            (false, b"header".to_vec()),
            (true, vec![1; 21]),
            (false, b"middle".to_vec()),
            (true, vec![2; 9]),
        ];
        let (scattered, confounder, tag) = encrypt_scattered(&key.usage(usage).unwrap(), &parts);
        let integrity = usage_octets(provider, etype, key.expose(), usage).unwrap().integrity;
        let covered: Vec<&[u8]> = match etype.profile() {
            Profile::EncryptThenMac => [&[0; 16], &confounder[..]]
                .into_iter()
                .chain(scattered.iter().map(|part| &part.1[..]))
                .collect(),
            _ => std::iter::once(&[0x5A; 16][..])
                .chain(parts.iter().map(|part| &part.1[..]))
                .collect(),
        };
        let expected = etype
            .mac_key(provider, &integrity)
            .unwrap()
            .sign(&[&covered.concat()])
            .truncated(etype.checksum_len());
        assert_eq!(tag, expected.expose(), "{etype}");
    }
}

#[test]
fn debug_of_a_part_shows_its_length_only() {
    let mut octets = [0x77; 3];
    assert_eq!(format!("{:?}", Part::Encrypted(&mut octets)), "Encrypted(3 octets)");
    assert_eq!(format!("{:?}", Part::SignOnly(b"www")), "SignOnly(3 octets)");
}

proptest! {
    #[test]
    fn decryption_reverses_encryption(message in proptest::collection::vec(any::<u8>(), 0..400)) {
        for key in keys() {
            let ciphertext = key.encrypt(KeyUsage(9), &message).unwrap();
            prop_assert_eq!(ciphertext.len(), message.len() + key.enctype().overhead());
            prop_assert_eq!(&*key.decrypt(KeyUsage(9), &ciphertext).unwrap(), &message);
            let mut token = ciphertext;
            let range = key.usage(KeyUsage(9)).unwrap().decrypt_in_place(&mut token).unwrap();
            prop_assert_eq!(&token[range], &message);
        }
    }

    #[test]
    fn scattered_encryption_gives_the_contiguous_octets(parts in proptest::collection::vec(scattered_part(), 0..8)) {
        for key in keys_with_fixed_confounder() {
            let usage = key.usage(KeyUsage(9)).unwrap();
            let message: Vec<u8> = parts.iter().filter(|part| part.0).flat_map(|part| part.1.clone()).collect();
            let (scattered, confounder, tag) = encrypt_scattered(&usage, &parts);
            let mut ciphertext = confounder.clone();
            ciphertext.extend(scattered.iter().filter(|part| part.0).flat_map(|part| &part.1));
            let contiguous = usage.encrypt(&message).unwrap();
            let (expected, expected_tag) = contiguous.split_at(contiguous.len() - key.enctype().checksum_len());
            prop_assert_eq!(&ciphertext, expected);
            if parts.iter().all(|part| part.0 || part.1.is_empty()) {
                prop_assert_eq!(&tag, expected_tag);
            }
            let opened = decrypt_scattered(&usage, &scattered, &confounder, &tag).unwrap();
            prop_assert_eq!(opened, parts.clone());
        }
    }

    #[test]
    fn a_flipped_bit_in_any_part_is_noticed(
        parts in proptest::collection::vec(scattered_part(), 1..5),
        at in any::<proptest::sample::Index>(),
    ) {
        for key in keys() {
            let usage = key.usage(KeyUsage(9)).unwrap();
            let (mut scattered, confounder, tag) = encrypt_scattered(&usage, &parts);
            let bits = scattered.iter().map(|part| part.1.len()).sum::<usize>() * 8;
            prop_assume!(bits > 0);
            let bit = at.index(bits);
            *scattered.iter_mut().flat_map(|part| &mut part.1).nth(bit / 8).unwrap() ^= 1 << (bit % 8);
            prop_assert_eq!(decrypt_scattered(&usage, &scattered, &confounder, &tag), Err(Error::Integrity));
        }
    }

    #[test]
    fn arbitrary_octets_never_decrypt(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        for key in keys() {
            prop_assert!(key.decrypt(KeyUsage(9), &octets).is_err());
        }
    }
}

/// Whether it is encrypted (else covered by the tag only), and its octets.
type PartSpec = (bool, Vec<u8>);

fn scattered_part() -> impl Strategy<Value = PartSpec> {
    (prop::bool::weighted(0.8), proptest::collection::vec(any::<u8>(), 0..70))
}

fn encrypt_scattered(usage: &UsageKey, parts: &[PartSpec]) -> (Vec<PartSpec>, Vec<u8>, Vec<u8>) {
    let mut scattered = parts.to_vec();
    let (mut confounder, mut tag) = (vec![0; 16], vec![0; usage.enctype().checksum_len()]);
    usage
        .encrypt_parts(&mut confounder, &mut as_parts(&mut scattered), &mut tag)
        .unwrap();
    (scattered, confounder, tag)
}

fn decrypt_scattered(
    usage: &UsageKey,
    parts: &[PartSpec],
    confounder: &[u8],
    tag: &[u8],
) -> Result<Vec<PartSpec>, Error> {
    let (mut scattered, mut confounder) = (parts.to_vec(), confounder.to_vec());
    usage.decrypt_parts(&mut confounder, &mut as_parts(&mut scattered), tag)?;
    Ok(scattered)
}

fn as_parts(parts: &mut [PartSpec]) -> Vec<Part<'_>> {
    parts
        .iter_mut()
        .map(|(encrypted, octets)| {
            if *encrypted {
                Part::Encrypted(octets)
            } else {
                Part::SignOnly(octets)
            }
        })
        .collect()
}

/// A random key of each enctype for each provider.
fn keys() -> impl Iterator<Item = Key> {
    PROVIDERS.iter().flat_map(|provider| {
        Enctype::ALL
            .iter()
            .map(|etype| Key::generate(provider, *etype).unwrap())
    })
}

fn keys_with_fixed_confounder() -> impl Iterator<Item = Key> {
    static FIXED: std::sync::OnceLock<Vec<&'static CryptoProvider>> = std::sync::OnceLock::new();
    let fixed = FIXED.get_or_init(|| {
        PROVIDERS
            .iter()
            .map(|p| Fixed::in_place_of_random(p, &[0x5A; 16]))
            .collect()
    });
    fixed.iter().flat_map(|provider| {
        Enctype::ALL
            .iter()
            .map(|etype| Key::new(provider, *etype, &vec![0xC3; etype.key_len()]).unwrap())
    })
}

fn encryptions() -> impl Iterator<Item = Encryption> {
    [
        load("rfc8009_encryption.toml", 8),
        load("rfc6803_encryption.toml", 10),
        load("mit_decrypt.toml", 10),
    ]
    .into_iter()
    .flatten()
}

fn confounder_of(v: &Encryption, provider: &'static CryptoProvider) -> Vec<u8> {
    let usage = Key::new(provider, v.etype, &v.key)
        .unwrap()
        .usage(KeyUsage(v.usage))
        .unwrap();
    let mut token = v.ciphertext.clone();
    usage.decrypt_in_place(&mut token).unwrap();
    token.truncate(v.etype.confounder_len());
    token
}
