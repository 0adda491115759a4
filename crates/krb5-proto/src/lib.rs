//! Kerberos 5 messages and exchanges (RFC 4120), without I/O.
//!
//! * [`messages`]: the ASN.1 types, each with `from_der` and `to_der`;
//! * [`Principal`], [`KerberosTime`], [`EncryptionKey`], [`Credentials`]: the values that caches and
//!   keytabs store;
//! * [`exchange`]: the AS, TGS and AP exchanges as state machines. They open no socket and read no clock: requests come
//!   out as [`exchange::KdcRequest`] values; replies and the time go in as arguments.

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

mod credentials;
pub mod error;
pub mod exchange;
mod key_lookup;
#[macro_use]
pub mod messages;
mod principal;

pub use credentials::Credentials;
pub use error::{ComErr, Error, ErrorCode, FoundKey, KeyLookupError, LookupFailure};
pub use key_lookup::KeyLookup;
pub use krb5_crypto as crypto;
pub use messages::key::EncryptionKey;
pub use messages::strings::{Component, KerberosString, Octets, Realm};
pub use messages::time::{KerberosTime, Microseconds, Timestamp};
pub use principal::{NameType, ParsePrincipalError, Principal, PrincipalName};
