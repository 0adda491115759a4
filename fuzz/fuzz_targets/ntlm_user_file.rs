//! The target `ntlm_user_file` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| gss_fuzz::ntlm_user_file(octets));
