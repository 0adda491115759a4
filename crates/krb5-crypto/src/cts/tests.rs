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
            encrypt(&*cipher, &mut iv, &mut contiguous(&mut text, &mut []));
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
        encrypt(&*cipher, &mut iv, &mut contiguous(&mut text, &mut []));
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
            encrypt(&*cipher, &mut [9; BLOCK_LEN], &mut contiguous(&mut text, &mut []));
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
            encrypt(&*cipher, &mut iv, &mut contiguous(&mut text, &mut []));
            prop_assert_ne!(&text, &plain);
            decrypt(&*cipher, &mut iv_back, &mut contiguous(&mut text, &mut []));
            prop_assert_eq!((&text, iv), (&plain, iv_back));
        }
    }
}

/// `text` as one segment, and no parts.
fn contiguous<'s, 'p>(text: &'s mut [u8], parts: &'s mut [Part<'p>; 0]) -> Scattered<'s, 'p> {
    Scattered {
        confounder: text,
        parts,
    }
}
