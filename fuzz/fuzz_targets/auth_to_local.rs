//! The target `auth_to_local` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| gss_fuzz::auth_to_local(text));
