//! Credential caches, keytabs and krb5.conf.

#![forbid(unsafe_code)]
