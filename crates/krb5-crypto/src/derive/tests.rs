use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::vectors::{PROVIDERS, enctype, load};

#[derive(Deserialize)]
struct Fold {
    name: String,
    #[serde(with = "hex::serde")]
    input: Vec<u8>,
    #[serde(with = "hex::serde")]
    output: Vec<u8>,
}

#[derive(Deserialize)]
struct Derived {
    name: String,
    #[serde(deserialize_with = "enctype")]
    etype: Enctype,
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

#[test]
fn n_fold_matches_rfc3961_appendix_a1_and_mit() {
    let vectors = [load::<Fold>("rfc3961_n_fold.toml", 11), load("mit_n_fold.toml", 4)];
    for v in vectors.into_iter().flatten() {
        let mut out = vec![0xFF; v.output.len()];
        n_fold(&v.input, &mut out);
        assert_eq!(out, v.output, "{}", v.name);
    }
}

#[test]
fn n_fold_of_nothing_is_zeros() {
    let mut out = [0xFF; 5];
    n_fold(&[], &mut out);
    assert_eq!(out, [0; 5]);
    n_fold(b"kerberos", &mut []);
}

#[test]
fn derived_keys_match_rfc8009_rfc6803_and_mit() {
    let vectors = [
        load::<Derived>("rfc8009_derived_keys.toml", 2),
        load("mit_derived_keys.toml", 2),
        load("rfc6803_derived_keys.toml", 2),
    ];
    for v in vectors.iter().flatten() {
        for provider in PROVIDERS {
            let octets = usage_octets(provider, v.etype, &v.key, KeyUsage(v.usage)).unwrap();
            assert_eq!(*octets.checksum, v.kc, "Kc of {} by {}", v.name, provider.name);
            assert_eq!(*octets.encryption, v.ke, "Ke of {} by {}", v.name, provider.name);
            assert_eq!(*octets.integrity, v.ki, "Ki of {} by {}", v.name, provider.name);
        }
    }
}

proptest! {
    #[test]
    fn n_fold_agrees_with_the_definition_bit_by_bit(
        input in proptest::collection::vec(any::<u8>(), 1..20),
        len in 1usize..40,
    ) {
        let mut out = vec![0; len];
        n_fold(&input, &mut out);
        prop_assert_eq!(out, n_fold_by_definition(&input, len));
    }
}

/// RFC 3961 §5.1, literally: bits in a row, then additions with end-around carry one after the other.
fn n_fold_by_definition(input: &[u8], len: usize) -> Vec<u8> {
    let bits: Vec<bool> = input
        .iter()
        .flat_map(|octet| (0..8).map(move |bit| octet & (0x80 >> bit) != 0))
        .collect();
    let mut row = Vec::new();
    for copy in 0.. {
        let mut rotated = bits.clone();
        rotated.rotate_right(13 * copy % bits.len());
        row.extend(rotated);
        if row.len() % (len * 8) == 0 {
            break;
        }
    }
    let sum = row
        .chunks(len * 8)
        .fold(vec![false; len * 8], |sum, piece| add_ones_complement(&sum, piece));
    sum.chunks(8)
        .map(|octet| octet.iter().fold(0, |value, bit| value << 1 | u8::from(*bit)))
        .collect()
}

fn add_ones_complement(a: &[bool], b: &[bool]) -> Vec<bool> {
    let mut sum = a.to_vec();
    let mut carry = false;
    for at in (0..a.len()).rev() {
        let ones = u8::from(a[at]) + u8::from(b[at]) + u8::from(carry);
        sum[at] = ones & 1 == 1;
        carry = ones > 1;
    }
    for bit in sum.iter_mut().rev() {
        (*bit, carry) = (*bit ^ carry, *bit && carry);
    }
    sum
}
