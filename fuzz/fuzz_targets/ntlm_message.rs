//! The target `ntlm_message` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| gss_fuzz::ntlm_message(octets));
