//! The target `gss_framing` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| gss_fuzz::gss_framing(octets));
