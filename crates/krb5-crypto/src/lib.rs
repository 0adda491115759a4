//! Kerberos encryption types: RFC 3961, with the profiles of RFC 3962, RFC 6803 and RFC 8009.
//!
//! A [`Key`] belongs to one [`Enctype`] and derives, once, a [`UsageKey`] for each [`KeyUsage`]. Primitives and
//! randomness come from a [`CryptoProvider`].
//!
//! ```
//! use krb5_crypto::{Enctype, KeyUsage, primitives::rustcrypto::PROVIDER, string_to_key};
//!
//! let etype = Enctype::Aes256CtsHmacSha384192;
//! let key = string_to_key(&PROVIDER, etype, b"open sesame", b"EXAMPLE.ORGalibaba", None)?;
//! let ciphertext = key.encrypt(KeyUsage::KRB_PRIV, b"forty thieves")?;
//! assert_eq!(*key.decrypt(KeyUsage::KRB_PRIV, &ciphertext)?, b"forty thieves");
//! assert!(key.decrypt(KeyUsage::KRB_CRED, &ciphertext).is_err());
//! # Ok::<(), krb5_crypto::Error>(())
//! ```

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

mod cts;
mod derive;
mod enctype;
mod error;
mod key;
mod key_usage;
#[cfg(feature = "legacy-crypto")]
pub mod legacy;
mod prf;
mod scattered;
mod string_to_key;
mod usage_key;
#[cfg(test)]
mod vectors;

pub use derive::n_fold;
pub use enctype::{ChecksumType, Enctype};
pub use error::Error;
pub use gss_crypto as primitives;
pub use gss_crypto::{CryptoProvider, Mac, Random, Secret, Zeroizing};
pub use key::Key;
pub use key_usage::KeyUsage;
pub use prf::fx_cf2;
pub use scattered::Part;
pub use string_to_key::{MAX_ITERATIONS, string_to_key};
pub use usage_key::UsageKey;
