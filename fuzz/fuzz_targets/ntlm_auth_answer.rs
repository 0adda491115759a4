//! The target `ntlm_auth_answer` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| gss_fuzz::ntlm_auth_answer(octets));
