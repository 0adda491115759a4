//! The target `k5login` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| gss_fuzz::k5login(octets));
