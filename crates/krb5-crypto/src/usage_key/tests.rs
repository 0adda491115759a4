use gss_crypto::rustcrypto::PROVIDER;

use super::*;

#[test]
fn round_trip() {
    for etype in Enctype::ALL {
        let key = Key::generate(&PROVIDER, *etype).unwrap();
        for len in 0..100usize {
            let m: Vec<u8> = (0..len as u8).collect();
            let c = key.encrypt(KeyUsage(3), &m).unwrap();
            assert_eq!(*key.decrypt(KeyUsage(3), &c).unwrap(), m);
        }
    }
}
