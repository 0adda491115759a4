//! Object-safe cryptographic primitives, the providers that fill them, secrets and tags.
//!
//! Nothing here knows of Kerberos or GSS-API. A [`CryptoProvider`] is a plain struct of `&'static dyn` primitives, so
//! that a caller can replace all of them or one (a seeded [`Random`] in tests, for instance):
//!
//! ```
//! # #[cfg(feature = "rustcrypto")] {
//! use gss_crypto::rustcrypto::PROVIDER;
//!
//! let key = PROVIDER.hmac_sha256.key(b"key");
//! let mac = key.sign(&[b"what do ya want ", b"for nothing?"]);
//! let received = key.sign(&[b"what do ya want for nothing?"]);
//! assert!(mac.verify(received.expose()).is_ok());
//! assert!(mac.verify(b"forged").is_err());
//! # }
//! ```
//!
//! Secrets and tags have no `==`, no `Clone` and print nothing; [`ct_eq`] is the one comparison of either.

#![forbid(unsafe_code)]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic
)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::panic
    )
)]

#[cfg(feature = "ntlm")]
mod arcfour;
#[cfg(all(test, feature = "rustcrypto"))]
mod known_answers;
#[cfg(feature = "legacy-crypto")]
pub mod legacy;
mod mac;
mod provider;
mod random;
#[cfg(feature = "rustcrypto")]
pub mod rustcrypto;
mod secret;

#[cfg(feature = "ntlm")]
pub use arcfour::Rc4;
pub use mac::{Digest, MAX_OUTPUT_LEN, Mac, TagMismatch, ct_eq};
pub use provider::{
    BLOCK_LEN, Block, CbcCipher, CbcKey, Cmac, CryptoProvider, Hash, Hmac, MacInput, MacKey, MacOver, Pbkdf2,
    WrongKeyLength,
};
pub use random::{OsRandom, Random, RandomUnavailable};
pub use secret::Secret;
pub use zeroize::{Zeroize, Zeroizing};
