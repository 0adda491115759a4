//! Every provider against the published values of its primitives, `testdata/vectors/` at the root of the workspace.

use std::num::NonZeroU32;

use proptest::prelude::*;
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    BLOCK_LEN, Block, CbcCipher, CryptoProvider, Hash, Hmac, MacInput, MacOver, Pbkdf2, WrongKeyLength, rustcrypto,
};

static PROVIDERS: &[&CryptoProvider] = &[&rustcrypto::PROVIDER];

#[derive(Deserialize)]
struct File<T> {
    source: String,
    section: String,
    vector: Vec<T>,
}

#[derive(Deserialize)]
struct HashVector {
    name: String,
    hash: String,
    #[serde(with = "hex::serde")]
    message: Vec<u8>,
    #[serde(with = "hex::serde")]
    digest: Vec<u8>,
}

#[derive(Deserialize)]
struct HmacVector {
    name: String,
    hash: String,
    #[serde(with = "hex::serde")]
    key: Vec<u8>,
    #[serde(with = "hex::serde")]
    message: Vec<u8>,
    #[serde(with = "hex::serde")]
    tag: Vec<u8>,
}

#[derive(Deserialize)]
struct Pbkdf2Vector {
    name: String,
    prf: String,
    #[serde(with = "hex::serde")]
    password: Vec<u8>,
    #[serde(with = "hex::serde")]
    salt: Vec<u8>,
    iterations: NonZeroU32,
    #[serde(with = "hex::serde")]
    output: Vec<u8>,
}

/// The intermediate values of RFC 3962 Appendix B, which are plain PBKDF2.
#[derive(Deserialize)]
struct StringToKeyVector {
    name: String,
    #[serde(with = "hex::serde")]
    password: Vec<u8>,
    #[serde(with = "hex::serde")]
    salt: Vec<u8>,
    iterations: NonZeroU32,
    #[serde(with = "hex::serde")]
    pbkdf2: Vec<u8>,
}

#[derive(Deserialize)]
struct CbcVector {
    name: String,
    #[serde(with = "hex::serde")]
    key: Vec<u8>,
    #[serde(with = "hex::serde")]
    iv: Block,
    #[serde(with = "hex::serde")]
    plaintext: Vec<u8>,
    #[serde(with = "hex::serde")]
    ciphertext: Vec<u8>,
}

#[test]
fn hashes_match_rfc1321_and_fips180() {
    for v in [load::<HashVector>("rfc1321_md5.toml", 7), load("fips180_sha.toml", 6)]
        .iter()
        .flatten()
    {
        for provider in PROVIDERS {
            let hash = hash(provider, &v.hash);
            let (left, right) = v.message.split_at(v.message.len() / 3);
            assert_eq!(
                hash.hash(&[&v.message]).expose(),
                v.digest,
                "{} by {}",
                v.name,
                provider.name
            );
            assert_eq!(hash.hash(&[left, &[], right]).expose(), v.digest, "{} in parts", v.name);
            assert_eq!(hash.output_len(), v.digest.len());
        }
    }
}

#[test]
fn hmac_matches_rfc2202_and_rfc4231() {
    for v in [
        load::<HmacVector>("rfc2202_hmac_sha1.toml", 7),
        load("rfc4231_hmac_sha2.toml", 14),
    ]
    .iter()
    .flatten()
    {
        for provider in PROVIDERS {
            let hmac = hmac(provider, &v.hash);
            let key = hmac.key(&v.key);
            for _ in 0..2 {
                let tag = key.sign(&[&v.message]);
                assert_eq!(tag.expose().len(), hmac.output_len());
                assert_eq!(
                    tag.truncated(v.tag.len()).verify(&v.tag),
                    Ok(()),
                    "{} by {}",
                    v.name,
                    provider.name
                );
            }
            let (left, right) = v.message.split_at(v.message.len() / 3);
            assert!(
                key.sign(&[left, &[], right])
                    .truncated(v.tag.len())
                    .verify(&v.tag)
                    .is_ok(),
                "{} in parts",
                v.name
            );
        }
    }
}

#[test]
fn pbkdf2_matches_rfc3211_and_rfc7914() {
    for v in [
        load::<Pbkdf2Vector>("rfc3211_pbkdf2.toml", 2),
        load("rfc7914_pbkdf2.toml", 2),
    ]
    .iter()
    .flatten()
    {
        for provider in PROVIDERS {
            let mut out = vec![0; v.output.len()];
            pbkdf2(provider, &v.prf).derive(&v.password, &v.salt, v.iterations, &mut out);
            assert_eq!(out, v.output, "{} by {}", v.name, provider.name);
        }
    }
}

#[test]
fn pbkdf2_matches_the_intermediate_values_of_rfc3962_appendix_b() {
    for v in load::<StringToKeyVector>("rfc3962_string_to_key.toml", 14) {
        for provider in PROVIDERS {
            let mut out = vec![0; v.pbkdf2.len()];
            provider
                .pbkdf2_sha1
                .derive(&v.password, &v.salt, v.iterations, &mut out);
            assert_eq!(out, v.pbkdf2, "{} by {}", v.name, provider.name);
        }
    }
}

#[test]
fn cbc_matches_sp800_38a_in_one_call_and_block_by_block() {
    for v in load::<CbcVector>("sp800_38a_cbc.toml", 2) {
        for provider in PROVIDERS {
            let key = cbc(provider, v.key.len()).key(&v.key).unwrap();
            let (mut blocks, mut iv) = (to_blocks(&v.plaintext), v.iv);
            key.encrypt(&mut iv, &mut blocks);
            assert_eq!(blocks.as_flattened(), v.ciphertext, "{} by {}", v.name, provider.name);
            assert_eq!(iv, v.ciphertext[v.ciphertext.len() - BLOCK_LEN..]);
            let mut iv = v.iv;
            blocks
                .iter_mut()
                .for_each(|block| key.decrypt(&mut iv, std::slice::from_mut(block)));
            assert_eq!(blocks.as_flattened(), v.plaintext, "{} by {}", v.name, provider.name);
        }
    }
}

#[test]
fn p4_cipher_keys_of_another_length_are_refused() {
    for provider in PROVIDERS {
        for cipher in [provider.aes128_cbc, provider.aes256_cbc] {
            for found in (0..=64).filter(|len| *len != cipher.key_len()) {
                let expected = cipher.key_len();
                assert_eq!(
                    cipher.key(&vec![0; found]).err(),
                    Some(WrongKeyLength { expected, found })
                );
            }
        }
    }
}

#[test]
fn debug_of_a_provider_names_its_primitives() {
    for provider in PROVIDERS {
        let text = format!("{provider:?}");
        assert!(
            text.contains(provider.name) && text.contains("Aes256") && text.contains("OsRandom"),
            "{text}"
        );
    }
}

proptest! {
    #[test]
    fn feeding_while_encrypting_equals_doing_both_apart(octets in proptest::collection::vec(any::<Block>(), 0..70)) {
        for provider in PROVIDERS {
            for over in [MacOver::Plaintext, MacOver::Ciphertext] {
                let (cipher, mac) = (provider.aes256_cbc.key(&[1; 32]).unwrap(), provider.hmac_sha384.key(&[2; 24]));
                let (mut fused, mut fused_iv) = (octets.clone(), [3; BLOCK_LEN]);
                let fused_tag = mac.sign_with(&mut |input: &mut dyn MacInput| {
                    cipher.encrypt_feeding(&mut fused_iv, &mut fused, input, over);
                });
                let (mut apart, mut apart_iv) = (octets.clone(), [3; BLOCK_LEN]);
                cipher.encrypt(&mut apart_iv, &mut apart);
                let covered = if over == MacOver::Plaintext { &octets } else { &apart };
                prop_assert_eq!(mac.sign(&[covered.as_flattened()]).verify(fused_tag.expose()), Ok(()));
                prop_assert_eq!((fused, fused_iv), (apart, apart_iv));
            }
        }
    }
}

fn load<T: DeserializeOwned>(file: &str, published: usize) -> Vec<T> {
    let path = format!("{}/../../testdata/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let file: File<T> = toml::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert!(
        !file.source.is_empty() && !file.section.is_empty(),
        "{path} does not state its source"
    );
    assert_eq!(file.vector.len(), published, "{path}");
    file.vector
}

fn to_blocks(octets: &[u8]) -> Vec<Block> {
    let (blocks, rest) = octets.as_chunks();
    assert!(rest.is_empty());
    blocks.to_vec()
}

fn hash(provider: &CryptoProvider, name: &str) -> &'static dyn Hash {
    match name {
        "md5" => provider.md5,
        "sha1" => provider.sha1,
        "sha256" => provider.sha256,
        "sha384" => provider.sha384,
        other => panic!("no hash function {other}"),
    }
}

fn hmac(provider: &CryptoProvider, hash: &str) -> &'static dyn Hmac {
    match hash {
        "sha1" => provider.hmac_sha1,
        "sha256" => provider.hmac_sha256,
        "sha384" => provider.hmac_sha384,
        other => panic!("no HMAC over {other}"),
    }
}

fn pbkdf2(provider: &CryptoProvider, prf: &str) -> &'static dyn Pbkdf2 {
    match prf {
        "hmac-sha1" => provider.pbkdf2_sha1,
        "hmac-sha256" => provider.pbkdf2_sha256,
        other => panic!("no PBKDF2 with {other}"),
    }
}

fn cbc(provider: &CryptoProvider, key_len: usize) -> &'static dyn CbcCipher {
    if key_len == provider.aes128_cbc.key_len() {
        provider.aes128_cbc
    } else {
        provider.aes256_cbc
    }
}
