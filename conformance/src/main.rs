//! Cross-checks against MIT and Heimdal.

#![forbid(unsafe_code)]

fn main() {}
