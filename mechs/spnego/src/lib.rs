//! The SPNEGO negotiation mechanism (RFC 4178, [MS-SPNG]), over any mechanisms.
//!
//! [`Spnego`] is built over a [`Snapshot`] of other mechanisms and knows none of them. When the negotiation is over, the
//! caller holds the chosen mechanism's own context; [`ContextInfo::via`](gss_core::ContextInfo::via) remembers who has
//! chosen it.
//!
//! | module | does |
//! |---|---|
//! | `mechanism` | the calls of the mechglue |
//! | `offer` | which mechanisms may be negotiated, and in which order |
//! | `message`, `relaxed` | tokens |
//! | `initiator`, `acceptor`, `inner` | the two sides |
//! | `mech_list_mic` | whether the list of mechanisms must be protected, RFC 4178 §5 |
//! | `reassembly` | tokens that come in parts |
//!
//! NegoEx would be one more mechanism below this one, with a message of its own inside the mechanism token: an
//! unknown one is passed over, here as elsewhere.

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

mod acceptor;
mod error;
mod initiator;
mod inner;
mod mech_list_mic;
mod mechanism;
pub mod message;
mod offer;
mod reassembly;
mod relaxed;

use std::sync::Arc;

use gss_core::{Mechanism, Oid, Registration, Snapshot, oid};

pub use error::SpnegoError;
pub use mechanism::Spnego;
pub use reassembly::Reassembly;

/// SPNEGO, RFC 4178 §4.2.
pub const SPNEGO: Oid = oid!("1.3.6.1.5.5.2");

/// Where it stands among linked negotiators: first.
const PRIORITY: u32 = 10;

gss_core::inventory::submit! {
    Registration::negotiator(SPNEGO, PRIORITY, linked)
}

fn linked(below: Snapshot) -> gss_core::Result<Arc<dyn Mechanism>> {
    Ok(Arc::new(Spnego::new(below)))
}
