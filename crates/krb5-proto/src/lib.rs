//! Kerberos 5 messages and exchanges (RFC 4120), without I/O.
//!
//! * [`messages`]: the ASN.1 types, each with `from_der` and `to_der`;
//! * [`Principal`], [`KerberosTime`], [`EncryptionKey`], [`Credentials`]: the values that caches and
//!   keytabs store;
//! * [`exchange`]: the AS, TGS and AP exchanges as state machines. They open no socket and read no clock: requests come
//!   out as [`exchange::KdcRequest`] values; replies and the time go in as arguments;
//! * [`realms`]: the paths between realms, and what a ticket says of its own.
//!
//! ```
//! use krb5_proto::crypto::{Secret, primitives::rustcrypto::PROVIDER};
//! use krb5_proto::exchange::{AsExchange, AsOptions, LongTerm, Step};
//! use krb5_proto::{Credentials, Error, Principal, Timestamp};
//!
//! /// Gets a ticket-granting ticket; `ask` sends a message to the realm's KDC and returns its reply.
//! fn kinit(client: Principal, password: &str, ask: impl Fn(&[u8]) -> Vec<u8>) -> Result<Credentials, Error> {
//!     let now = || Timestamp::from(std::time::SystemTime::now());
//!     let password = LongTerm::Password(Secret::from_slice(password.as_bytes()));
//!     let (mut request, mut exchange) = AsExchange::start(&PROVIDER, AsOptions::new(client, password), now())?;
//!     loop {
//!         match exchange.reply(&ask(&request.message), now())? {
//!             Step::Send { request: another, next } => (request, exchange) = (another, next),
//!             Step::Done(outcome) => return Ok(outcome.credentials),
//!         }
//!     }
//! }
//! # let client = Principal::parse("alibaba@EXAMPLE.ORG", None).unwrap();
//! # assert!(kinit(client, "open sesame", |_| Vec::new()).is_err());
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

mod credentials;
pub mod error;
pub mod exchange;
mod key_lookup;
#[macro_use]
pub mod messages;
mod principal;
pub mod realms;

pub use credentials::Credentials;
pub use error::{ComErr, Error, ErrorCode, FoundKey, KeyLookupError, LookupFailure};
pub use key_lookup::KeyLookup;
pub use krb5_crypto as crypto;
pub use messages::key::EncryptionKey;
pub use messages::strings::{Component, KerberosString, Octets, Realm};
pub use messages::time::{KerberosTime, Microseconds, Timestamp};
pub use principal::{NameType, ParsePrincipalError, Principal, PrincipalName};
