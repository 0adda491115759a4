//! The mechglue over mechanisms that do nothing.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failure of the fixture is a failure of the test"
)]

mod credential;
mod fake;
mod fake_context;
mod handshake;
mod local;
mod message;
mod registry;

use gss_core::{Oid, oid};

const ONE: Oid = oid!("1.2.3.1");
const TWO: Oid = oid!("1.2.3.2");
const THREE: Oid = oid!("1.2.3.3");
const NEGOTIATOR: Oid = oid!("1.2.3.9");
