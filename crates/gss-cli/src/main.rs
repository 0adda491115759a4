//! The gss command: demo, kinit, klist, pipe, token, kdc.

#![forbid(unsafe_code)]

fn main() {}
