//! A small Kerberos KDC for quick starts and tests, on loopback only.

#![forbid(unsafe_code)]
