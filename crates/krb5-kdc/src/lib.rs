//! A small Kerberos KDC for quick starts and tests, on loopback only: **not for production**.
//!
//! It serves one realm from memory: the AS and the TGS exchange of RFC 4120 with the encrypted timestamp, forwardable,
//! proxiable and renewable tickets. It keeps no state between requests, forgets everything when it ends, and knows
//! neither password changes nor other realms, postdated tickets, user-to-user, FAST or PKINIT: these it refuses.
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
mod preauth;
mod refusal;
mod server;
mod tgs_exchange;
mod tgs_request;

pub use builder::KdcBuilder;
pub use database::{Attribute, NewPrincipal};
pub use error::Error;
pub use kdc::{Kdc, Transport};
pub use server::Running;
