//! The target `gss_checksum` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| gss_fuzz::gss_checksum(octets));
