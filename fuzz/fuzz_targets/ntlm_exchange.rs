//! The target `ntlm_exchange` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| gss_fuzz::ntlm_exchange(octets));
