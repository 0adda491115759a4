//! Known answers, as data files under `testdata/vectors/` at the root of the workspace.

use gss_crypto::{CryptoProvider, Random, RandomUnavailable, rustcrypto};
use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error as _};

use crate::Enctype;

/// Every provider that the vectors must hold for.
pub(crate) static PROVIDERS: &[&CryptoProvider] = &[&rustcrypto::PROVIDER];

/// The vectors of `file`, which are as many as its source publishes.
pub(crate) fn load<T: DeserializeOwned>(file: &str, published: usize) -> Vec<T> {
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

/// For `#[serde(deserialize_with)]`: an enctype by number.
pub(crate) fn enctype<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Enctype, D::Error> {
    Enctype::try_from(i32::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// What a message is encrypted to; the confounder where the source tells it.
#[derive(Deserialize)]
pub(crate) struct Encryption {
    pub(crate) name: String,
    #[serde(deserialize_with = "enctype")]
    pub(crate) etype: Enctype,
    pub(crate) usage: u32,
    #[serde(with = "hex::serde")]
    pub(crate) key: Vec<u8>,
    #[serde(with = "hex::serde")]
    pub(crate) plaintext: Vec<u8>,
    #[serde(with = "hex::serde")]
    pub(crate) ciphertext: Vec<u8>,
    #[serde(default, with = "hex::serde")]
    pub(crate) confounder: Vec<u8>,
}

/// The checksum of a message.
#[derive(Deserialize)]
pub(crate) struct Checksum {
    pub(crate) name: String,
    #[serde(deserialize_with = "enctype")]
    pub(crate) etype: Enctype,
    pub(crate) usage: u32,
    #[serde(with = "hex::serde")]
    pub(crate) key: Vec<u8>,
    #[serde(with = "hex::serde")]
    pub(crate) message: Vec<u8>,
    #[serde(with = "hex::serde")]
    pub(crate) checksum: Vec<u8>,
}

/// KRB-FX-CF2 of the keys of two passwords, each its own salt.
#[derive(Deserialize)]
pub(crate) struct FxCf2 {
    pub(crate) name: String,
    #[serde(deserialize_with = "enctype")]
    pub(crate) etype: Enctype,
    #[serde(with = "hex::serde")]
    pub(crate) password1: Vec<u8>,
    #[serde(with = "hex::serde")]
    pub(crate) password2: Vec<u8>,
    #[serde(with = "hex::serde")]
    pub(crate) pepper1: Vec<u8>,
    #[serde(with = "hex::serde")]
    pub(crate) pepper2: Vec<u8>,
    #[serde(with = "hex::serde")]
    pub(crate) key: Vec<u8>,
}

/// Randomness that is not: the same octets each time, to reproduce a published confounder.
#[derive(Debug)]
pub(crate) struct Fixed(pub(crate) Vec<u8>);

impl Fixed {
    /// `provider` with `octets` for randomness.
    pub(crate) fn in_place_of_random(provider: &CryptoProvider, octets: &[u8]) -> &'static CryptoProvider {
        let random = Box::leak(Box::new(Self(octets.to_vec())));
        Box::leak(Box::new(CryptoProvider { random, ..*provider }))
    }
}

impl Random for Fixed {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        out.copy_from_slice(&self.0);
        Ok(())
    }
}

/// An operating system without randomness.
#[derive(Debug)]
pub(crate) struct Unavailable;

impl Random for Unavailable {
    fn fill(&self, _: &mut [u8]) -> Result<(), RandomUnavailable> {
        Err(RandomUnavailable { os_error: None })
    }
}

#[derive(Deserialize)]
struct File<T> {
    source: String,
    section: String,
    vector: Vec<T>,
}
