//! The target `keyring_payload` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| gss_fuzz::keyring_payload(octets));
