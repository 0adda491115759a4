//! Finding the KDCs of a realm and talking to them (RFC 4120 §7.2).
//!
//! [`KdcClient::exchange`] sends one message and returns one reply, within a deadline. Which message, and what a reply
//! is worth, is the business of `krb5-proto`: what arrives here is not authenticated.
//!
//! | module | does |
//! |---|---|
//! | `client` | from a realm to addresses, by configuration |
//! | `schedule` | which server is asked when: a plain list |
//! | `race` | the sockets: several servers asked in turn, the first useful reply wins |
//! | `framing` | the length in front of a message over TCP |
//! | `reply` | tells a reply from garbage and from a server that cannot serve |

#![forbid(unsafe_code)]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

mod client;
mod endpoint;
mod error;
mod framing;
mod race;
mod reply;
mod schedule;

pub use client::{KdcClient, Reply};
pub use endpoint::Transport;
pub use error::{Error, Failure, Tried};
pub use krb5_proto::exchange::Route;

/// The largest reply that is read, in octets.
pub const REPLY_LIMIT: usize = 1 << 20;
