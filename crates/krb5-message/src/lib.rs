//! Kerberos per-message tokens (RFC 4121) and the order window.

#![forbid(unsafe_code)]
