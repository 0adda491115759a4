//! The target `cfx_token` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| gss_fuzz::cfx_token(octets));
