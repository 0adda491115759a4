//! The target `kcm_reply` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| gss_fuzz::kcm_reply(octets));
