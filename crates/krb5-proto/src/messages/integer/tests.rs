use der::{Decode, Encode};
use proptest::prelude::*;

use super::*;

fn decode(content: &str) -> der::Result<u32> {
    let content = hex::decode(content).unwrap();
    let mut der = vec![2, content.len() as u8];
    der.extend(content);
    UInt32::from_der(&der).map(|value| value.0)
}

#[test]
fn i32_every_form_of_a_sequence_number_is_understood() {
    for (content, value) in [
        ("00", 0),
        ("11", 17),
        ("80", 0xffff_ff80),
        ("ff", 0xffff_ffff),
        ("00ff", 0xff),
        ("00ffffffff", 0xffff_ffff),
        ("7fffffff", 0x7fff_ffff),
        ("ffffffff", 0xffff_ffff),
        ("80000000", 0x8000_0000),
        ("0080000000", 0x8000_0000),
        ("ff80000000", 0x8000_0000),
        ("00000011", 17),
        ("0000000011", 17),
        ("000000000000000011", 17),
        ("ffffffffffffffffef", 0xffff_ffef),
        ("fff0", 0xffff_fff0),
    ] {
        assert_eq!(decode(content).unwrap(), value, "{content}");
    }
}

#[test]
fn i32_numbers_beyond_32_bits_are_refused() {
    for content in [
        "",
        "0100000000",
        "fe00000000",
        "7f00000000",
        "00ff00000000",
        "0001ffffffff",
        "00000000000000000011",
    ] {
        assert!(decode(content).is_err(), "{content}");
    }
}

#[test]
fn i32_sequence_numbers_are_encoded_unsigned_and_minimal() {
    for (value, der) in [
        (0, "020100"),
        (127, "02017f"),
        (128, "02020080"),
        (0x7fff_ffff, "02047fffffff"),
        (0x8000_0000, "02050080000000"),
        (u32::MAX, "020500ffffffff"),
    ] {
        assert_eq!(hex::encode(UInt32(value).to_der().unwrap()), der);
    }
}

#[test]
fn key_version_numbers_are_encoded_signed() {
    for (value, der) in [
        (1, "020101"),
        (0x8000_0000, "020480000000"),
        (u32::MAX, "0201ff"),
        (200, "020200c8"),
    ] {
        assert_eq!(hex::encode(Kvno(value).to_der().unwrap()), der);
        assert_eq!(Kvno::from_der(&hex::decode(der).unwrap()).unwrap(), Kvno(value));
    }
}

proptest! {
    #[test]
    fn any_signed_or_unsigned_encoding_agrees_modulo_2_32(value in any::<u32>()) {
        let signed = value.cast_signed().to_der().unwrap();
        let unsigned = value.to_der().unwrap();
        prop_assert_eq!(UInt32::from_der(&signed).unwrap(), UInt32(value));
        prop_assert_eq!(UInt32::from_der(&unsigned).unwrap(), UInt32(value));
    }
}
