//! Virtual clock, seeded randomness and coupled peers for tests.

#![forbid(unsafe_code)]
