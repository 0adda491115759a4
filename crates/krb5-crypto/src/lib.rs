//! Kerberos encryption types (RFC 3961, 3962, 8009).

#![forbid(unsafe_code)]
