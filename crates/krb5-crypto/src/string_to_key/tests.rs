use serde::Deserialize;

use super::*;
use crate::vectors::{PROVIDERS, enctype, load};

#[derive(Deserialize)]
struct StringToKey {
    name: String,
    #[serde(deserialize_with = "enctype")]
    etype: Enctype,
    iterations: u32,
    #[serde(with = "hex::serde")]
    password: Vec<u8>,
    #[serde(with = "hex::serde")]
    salt: Vec<u8>,
    #[serde(with = "hex::serde")]
    key: Vec<u8>,
}

#[test]
fn string_to_key_matches_rfc3962_rfc8009_and_rfc6803() {
    let files = [
        load::<StringToKey>("rfc3962_string_to_key.toml", 14),
        load("rfc8009_string_to_key.toml", 2),
        load("rfc6803_string_to_key.toml", 15),
    ];
    for v in files.iter().flatten() {
        for provider in PROVIDERS {
            let params = v.iterations.to_be_bytes();
            let key = string_to_key(provider, v.etype, &v.password, &v.salt, Some(&params)).unwrap();
            assert_eq!(key.expose(), v.key, "{} by {}", v.name, provider.name);
        }
    }
}

#[test]
fn parameters_default_to_the_count_of_the_enctype() {
    for etype in Enctype::ALL {
        let params = etype.default_iterations().to_be_bytes();
        let [implied, given] = [None, Some(&params[..])]
            .map(|params| string_to_key(PROVIDERS[0], *etype, b"pw", b"salt", params).unwrap());
        assert_eq!(implied.expose(), given.expose(), "{etype}");
    }
}

#[test]
fn iteration_counts_out_of_bounds_are_refused_at_once() {
    for etype in Enctype::ALL {
        for count in [0, MAX_ITERATIONS + 1, u32::MAX] {
            let result = string_to_key(PROVIDERS[0], *etype, b"pw", b"salt", Some(&count.to_be_bytes()));
            assert_eq!(result.unwrap_err(), Error::IterationCount(count), "{etype}");
        }
        assert_eq!(
            iterations(*etype, Some(&MAX_ITERATIONS.to_be_bytes())).unwrap().get(),
            MAX_ITERATIONS
        );
    }
}

#[test]
fn parameters_of_another_length_are_refused() {
    for len in [0, 1, 3, 5, 8, 1000] {
        let result = string_to_key(PROVIDERS[0], Enctype::ALL[0], b"pw", b"salt", Some(&vec![1; len]));
        assert_eq!(result.unwrap_err(), Error::StringToKeyParameters(len));
    }
}

#[test]
fn password_salt_and_enctype_each_matter() {
    let params = 1_u32.to_be_bytes();
    let make = |etype, password: &[u8], salt: &[u8]| {
        string_to_key(PROVIDERS[0], etype, password, salt, Some(&params))
            .unwrap()
            .expose()
            .to_vec()
    };
    let mut keys = Vec::new();
    for etype in Enctype::ALL {
        keys.extend([
            make(*etype, b"a", b"b"),
            make(*etype, b"b", b"b"),
            make(*etype, b"a", b"a"),
            make(*etype, b"", b""),
        ]);
    }
    let count = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), count);
}
