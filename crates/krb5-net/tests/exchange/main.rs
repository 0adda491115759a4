//! Exchanges with scripted servers on loopback, by each driver.

#![allow(clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::duplicate_mod, reason = "the same cases run by each driver")]

#[path = "../support/mod.rs"]
mod support;

#[cfg(feature = "tokio")]
mod asynchronous;
mod blocking;
