use serde::Deserialize;

use super::*;
use crate::{
    string_to_key,
    vectors::{FxCf2, PROVIDERS, enctype, load},
};

#[derive(Deserialize)]
struct Prf {
    name: String,
    #[serde(deserialize_with = "enctype")]
    etype: Enctype,
    #[serde(with = "hex::serde")]
    key: Vec<u8>,
    #[serde(with = "hex::serde")]
    input: Vec<u8>,
    #[serde(with = "hex::serde")]
    output: Vec<u8>,
}

#[test]
fn prf_matches_rfc8009_appendix_a_and_mit() {
    for v in [load::<Prf>("rfc8009_prf.toml", 2), load("mit_prf.toml", 6)]
        .iter()
        .flatten()
    {
        for provider in PROVIDERS {
            let output = Key::new(provider, v.etype, &v.key).unwrap().prf(&v.input).unwrap();
            assert_eq!(output, v.output, "{} by {}", v.name, provider.name);
            assert_eq!(output.len(), v.etype.prf_len());
        }
    }
}

#[test]
fn prf_with_a_counter_gives_the_octets_of_gss_pseudo_random() {
    for v in load::<Prf>("gss_prf.toml", 8) {
        for provider in PROVIDERS {
            let key = Key::new(provider, v.etype, &v.key).unwrap();
            let blocks = (0..3_u32).map(|counter| key.prf(&[&counter.to_be_bytes(), &v.input[..]].concat()).unwrap());
            let octets: Vec<u8> = blocks.flatten().take(v.output.len()).collect();
            assert_eq!(octets, v.output, "{} by {}", v.name, provider.name);
        }
    }
}

#[test]
fn fx_cf2_matches_rfc6113_appendix_a_and_mit() {
    for v in [load::<FxCf2>("rfc6113_fx_cf2.toml", 2), load("mit_fx_cf2.toml", 2)]
        .iter()
        .flatten()
    {
        for provider in PROVIDERS {
            let [first, second] = [&v.password1, &v.password2]
                .map(|password| string_to_key(provider, v.etype, password, password, None).unwrap());
            let key = fx_cf2((&first, &v.pepper1), (&second, &v.pepper2)).unwrap();
            assert_eq!(
                (key.enctype(), key.expose()),
                (v.etype, &v.key[..]),
                "{} by {}",
                v.name,
                provider.name
            );
        }
    }
}

#[test]
fn prf_plus_is_a_prefix_of_its_longer_outputs_and_bounded() {
    for etype in Enctype::ALL.iter().copied() {
        let key = Key::new(PROVIDERS[0], etype, &vec![1; etype.key_len()]).unwrap();
        let most = etype.prf_len() * 255;
        let longest = key.prf_plus(b"input", most).unwrap();
        assert_eq!(longest.len(), most);
        assert_eq!(longest[..etype.prf_len()], key.prf(b"\x01input").unwrap());
        for len in [0, 1, etype.prf_len() - 1, etype.prf_len(), etype.prf_len() + 1, 100] {
            assert_eq!(key.prf_plus(b"input", len).unwrap(), longest[..len]);
        }
        for len in [most + 1, usize::MAX] {
            assert_eq!(key.prf_plus(b"input", len), Err(Error::OutputTooLong(len)));
        }
    }
}
