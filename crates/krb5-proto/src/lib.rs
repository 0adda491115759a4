//! Kerberos 5 messages and exchanges (RFC 4120), without I/O.

#![forbid(unsafe_code)]
