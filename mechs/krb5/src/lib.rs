//! The Kerberos 5 GSS-API mechanism (RFC 4121).

#![forbid(unsafe_code)]
