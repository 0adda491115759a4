//! The target `exported_name` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| gss_fuzz::exported_name(octets));
