//! GSS-API vocabulary, mechanism traits and the mechglue (RFC 2743).

#![forbid(unsafe_code)]
