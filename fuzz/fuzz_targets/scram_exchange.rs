//! The target `scram_exchange` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| gss_fuzz::scram_exchange(octets));
