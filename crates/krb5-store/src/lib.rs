//! Credential caches, keytabs, `krb5.conf` and the replay cache.
//!
//! Formats (octets to values and back) stand apart from backends (files, memory): [`ccache`],
//! [`keytab`], [`config`], [`replay`], [`identity`], [`local`]. Nothing here reads the environment; names and paths are
//! arguments.
//!
//! Files are for Unix; elsewhere there are caches and keytabs in memory, and the formats.

#![forbid(unsafe_code)]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic
)]
// What only the file backends use.
#![cfg_attr(not(unix), allow(dead_code))]
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
#[cfg(unix)]
mod change;
pub mod config;
mod error;
pub mod identity;
pub mod keytab;
pub mod local;
#[cfg(unix)]
mod lock;
mod name;
mod octets;
#[cfg(unix)]
mod owner;
mod pattern;
pub mod replay;
#[cfg(unix)]
mod system;
#[cfg(unix)]
mod temporary;
mod times;

pub use error::{Action, Error, FileKind, FormatFault, KcmFault, KeyringFault};
pub use krb5_proto as proto;
