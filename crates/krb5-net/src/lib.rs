//! Finding the servers of a realm and talking to them (RFC 4120 §7.2).
//!
//! [`KdcClient::exchange`] sends one message and returns one reply, within a deadline. Which message, and what a reply
//! is worth, is the business of `krb5-proto`: what arrives here is not authenticated.
//!
//! | module | does |
//! |---|---|
//! | `client` | one exchange, from the realm to the reply |
//! | `locate` | from a realm to its servers: configuration, URI and SRV records |
//! | `dns` | queries and answers, the name servers of `resolv.conf` |
//! | `resolver` | names and records, by the system or by a program's own |
//! | `race` | several servers asked in turn, the first useful reply wins: no sockets, no clock |
//! | `schedule`, `framing`, `reply` | its patience, lengths over TCP, what is useful |
//! | `https`, `http` | proxies: TLS, HTTP and the message inside (feature `https`) |
//! | `io` | what all of that needs from outside |
//! | `blocking` | this, with sockets that a thread waits for |
//! | `asynchronous` | this, with sockets of a tokio runtime (feature `tokio`) |

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

#[cfg(feature = "tokio")]
mod asynchronous;
mod blocking;
mod client;
mod destination;
mod dns;
mod endpoint;
mod error;
mod framing;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod hosts;
#[cfg(any(feature = "https", feature = "fuzzing"))]
mod http;
#[cfg(feature = "https")]
mod https;
mod io;
mod locate;
mod race;
mod reply;
mod resolver;
mod schedule;
mod trace;

pub use client::{KdcClient, Reply};
pub use destination::{Destination, Service};
pub use dns::{LookupError, Record, RecordKind};
pub use endpoint::Transport;
pub use error::{AnchorError, Error, Failure, LookedUp, Tried};
pub use krb5_proto::exchange::Route;
pub use resolver::{Resolver, SystemResolver};

/// The largest reply that is read, in octets.
pub const REPLY_LIMIT: usize = 1 << 20;
