//! Credential caches, keytabs, `krb5.conf` and the replay cache.
//!
//! Formats (octets to values and back) stand apart from backends (files, memory): [`ccache`],
//! [`keytab`], [`config`], [`replay`]. Nothing here reads the environment; names and paths are
//! arguments.

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

pub mod ccache;
pub mod config;
mod error;
pub mod keytab;
mod lock;
mod name;
mod octets;
pub mod replay;
mod system;
mod times;

pub use error::{Action, Error, FileKind, FormatFault};
pub use krb5_proto as proto;
