//! Object-safe cryptographic primitives, providers, secrets and tags.

#![forbid(unsafe_code)]
