//! Locating and talking to Kerberos KDCs.

#![forbid(unsafe_code)]
