//! The target `krb5_conf` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| gss_fuzz::krb5_conf(octets));
