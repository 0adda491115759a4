//! The target `spnego_exchange` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| gss_fuzz::spnego_exchange(octets));
