//! A small Kerberos KDC for quick starts and tests, on loopback only: **not for production**.
//!
//! It serves one realm from memory: the AS and the TGS exchange of RFC 4120 with the encrypted timestamp; forwardable,
//! proxiable, renewable and postdated tickets; user to user; aliases, enterprise names and referrals (RFC 6806). Several
//! of them share keys, with each other or with MIT's and Heimdal's, and send clients from realm to realm. It keeps no
//! state between requests but its keys, forgets everything when it ends, and knows neither a password service nor FAST or
//! PKINIT: these it refuses.
//!
//! ```
//! use krb5_kdc::Kdc;
//!
//! let kdc = Kdc::builder("EXAMPLE.TEST")
//!     .principal("user", "password")
//!     .service("host/localhost")
//!     .build()?;
//! let running = kdc.serve_loopback()?;
//! println!("{}", kdc.client_config(running.address()));
//! running.shutdown();
//! # Ok::<(), krb5_kdc::Error>(())
//! ```
//!
//! Two realms that trust each other, and a client that is sent from one to the other:
//!
//! ```
//! use krb5_kdc::Kdc;
//!
//! let a = Kdc::builder("A.TEST")
//!     .principal("alice", "password")
//!     .trusts("B.TEST", "shared secret")
//!     .domain_realm(".b.test", "B.TEST")
//!     .build()?;
//! let b = Kdc::builder("B.TEST")
//!     .service("HTTP/www.b.test")
//!     .trusts("A.TEST", "shared secret")
//!     .build()?;
//! let (at_a, at_b) = (a.serve_loopback()?, b.serve_loopback()?);
//! let krb5_conf = Kdc::client_config_of(&[(&a, at_a.address()), (&b, at_b.address())]);
//! # assert!(krb5_conf.contains("default_realm = A.TEST"));
//! # Ok::<(), krb5_kdc::Error>(())
//! ```
//!
//! [`Kdc::handle`] is all of it without sockets and clock: octets and a time in, octets out.

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

mod as_exchange;
mod builder;
mod client_config;
mod database;
mod error;
mod grant;
mod kdc;
mod keytab;
mod lifetime;
mod neighbours;
mod preauth;
mod refusal;
mod server;
mod tgs_exchange;
mod tgs_request;
mod user_to_user;

pub use builder::KdcBuilder;
pub use database::{Attribute, NewPrincipal, OldKeys};
pub use error::Error;
pub use kdc::{Kdc, Transport, UnknownPaths};
pub use server::Running;
