//! The target `ntlm_response` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| gss_fuzz::ntlm_response(octets));
