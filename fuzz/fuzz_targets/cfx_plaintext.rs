//! The target `cfx_plaintext` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| gss_fuzz::cfx_plaintext(octets));
