//! A memory-safe GSS-API: mechanisms by feature flag, drivers, and the short path for users.

#![forbid(unsafe_code)]

mod privilege;
