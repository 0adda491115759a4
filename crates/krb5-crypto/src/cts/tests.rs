use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::{
    Part,
    vectors::{PROVIDERS, load},
};

#[derive(Deserialize)]
struct Stealing {
    name: String,
    #[serde(with = "hex::serde")]
    key: Vec<u8>,
    #[serde(with = "hex::serde")]
    iv: Block,
    #[serde(with = "hex::serde")]
    input: Vec<u8>,
    #[serde(with = "hex::serde")]
    output: Vec<u8>,
    #[serde(with = "hex::serde")]
    next_iv: Block,
}

#[test]
fn cts_and_its_next_iv_match_rfc3962_appendix_b() {
    for v in load::<Stealing>("rfc3962_cts.toml", 6) {
        for provider in PROVIDERS {
            let cipher = provider.aes128_cbc.key(&v.key).unwrap();
            let (mut text, mut iv) = (v.input.clone(), v.iv);
            encrypt_only(&*cipher, &mut iv, &mut text);
            assert_eq!(
                (&text, iv),
                (&v.output, v.next_iv),
                "{} encrypted by {}",
                v.name,
                provider.name
            );
            let mut iv = v.iv;
            decrypt(&*cipher, &mut iv, &mut contiguous(&mut text, &mut []));
            assert_eq!(
                (&text, iv),
                (&v.input, v.next_iv),
                "{} decrypted by {}",
                v.name,
                provider.name
            );
        }
    }
}

#[test]
fn one_block_is_plain_cbc() {
    for provider in PROVIDERS {
        let cipher = provider.aes256_cbc.key(&[7; 32]).unwrap();
        let (mut plain, mut plain_iv) = ([[0x42; BLOCK_LEN]], [0x11; BLOCK_LEN]);
        cipher.encrypt(&mut plain_iv, &mut plain);
        let (mut text, mut iv) = ([0x42; BLOCK_LEN], [0x11; BLOCK_LEN]);
        encrypt_only(&*cipher, &mut iv, &mut text);
        assert_eq!((text, iv), (plain[0], plain_iv));
        let mut iv = [0x11; BLOCK_LEN];
        decrypt(&*cipher, &mut iv, &mut contiguous(&mut text, &mut []));
        assert_eq!((text, iv), ([0x42; BLOCK_LEN], plain_iv));
    }
}

#[test]
fn whole_blocks_are_cbc_with_the_last_two_swapped() {
    for provider in PROVIDERS {
        let cipher = provider.aes128_cbc.key(&[7; 16]).unwrap();
        for blocks in 2..6u8 {
            let mut cbc: Vec<Block> = (0..blocks).map(|octet| [octet; BLOCK_LEN]).collect();
            let mut text = cbc.concat();
            encrypt_only(&*cipher, &mut [9; BLOCK_LEN], &mut text);
            cipher.encrypt(&mut [9; BLOCK_LEN], &mut cbc);
            let last = cbc.len() - 1;
            cbc.swap(last - 1, last);
            assert_eq!(text, cbc.concat(), "{blocks} blocks");
        }
    }
}

proptest! {
    #[test]
    fn decryption_reverses_encryption_and_ends_in_the_same_iv(
        mut text in proptest::collection::vec(any::<u8>(), BLOCK_LEN..200),
        start in any::<Block>(),
    ) {
        for provider in PROVIDERS {
            let cipher = provider.aes256_cbc.key(&[3; 32]).unwrap();
            let (plain, mut iv, mut iv_back) = (text.clone(), start, start);
            encrypt_only(&*cipher, &mut iv, &mut text);
            prop_assert_ne!(&text, &plain);
            decrypt(&*cipher, &mut iv_back, &mut contiguous(&mut text, &mut []));
            prop_assert_eq!((&text, iv), (&plain, iv_back));
        }
    }
}

proptest! {
    #[test]
    fn the_tag_is_fed_each_part_once_and_in_order(
        parts in proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<u8>(), 0..50)), 0..8),
    ) {
        for over in [MacOver::Plaintext, MacOver::Ciphertext] {
            let cipher = PROVIDERS[0].aes128_cbc.key(&[3; 16]).unwrap();
            let (mut confounder, mut octets, mut fed) = ([5; BLOCK_LEN], parts.clone(), Recorded::default());
            let mut scattered: Vec<Part<'_>> = octets
                .iter_mut()
                .map(|(encrypted, octets)| if *encrypted { Part::Encrypted(octets) } else { Part::SignOnly(octets) })
                .collect();
            let text = &mut Scattered { confounder: &mut confounder, parts: &mut scattered };
            encrypt(&*cipher, &mut [0; BLOCK_LEN], text, &mut fed, over);
            let mut covered = if over == MacOver::Plaintext { vec![5; BLOCK_LEN] } else { confounder.to_vec() };
            let source = if over == MacOver::Plaintext { &parts } else { &octets };
            covered.extend(source.iter().flat_map(|part| &part.1));
            prop_assert_eq!(fed.0, covered);
        }
    }
}

#[derive(Default)]
struct Recorded(Vec<u8>);

impl MacInput for Recorded {
    fn update(&mut self, octets: &[u8]) {
        self.0.extend_from_slice(octets);
    }
}

fn encrypt_only(cipher: &dyn CbcKey, iv: &mut Block, text: &mut [u8]) {
    encrypt(
        cipher,
        iv,
        &mut contiguous(text, &mut []),
        &mut Recorded::default(),
        MacOver::Ciphertext,
    );
}

/// `text` as one segment, and no parts.
fn contiguous<'s, 'p>(text: &'s mut [u8], parts: &'s mut [Part<'p>; 0]) -> Scattered<'s, 'p> {
    Scattered {
        confounder: text,
        parts,
    }
}
