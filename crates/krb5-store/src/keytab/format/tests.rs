//! The format against known octets, and against damage.

use proptest::prelude::*;

use super::*;
use crate::ccache::fixture::{any_principal, principal};

fn entry(name: &str, kvno: u32) -> KeytabEntry {
    KeytabEntry {
        principal: principal(name),
        timestamp: KerberosTime(0x5f5e_1000),
        kvno,
        key: Arc::new(EncryptionKey::new(17, (0..16).collect())),
    }
}

fn facts(entry: &KeytabEntry) -> (Principal, i32, KerberosTime, u32, i32, Vec<u8>) {
    let KeytabEntry {
        principal,
        timestamp,
        kvno,
        key,
    } = entry;
    (
        principal.clone(),
        principal.name.name_type.0,
        *timestamp,
        *kvno,
        key.keytype,
        key.expose().to_vec(),
    )
}

fn hex_file(text: &str) -> Vec<u8> {
    hex::decode(text.replace([' ', '\n'], "")).unwrap()
}

/// `host/a@R`, version 2, laid out by hand from the description of the format.
const KNOWN: &str = "0502
    0000002f 0002 0001 52 0004 686f7374 0001 61 00000001 5f5e1000 03 0011 0010 000102030405060708090a0b0c0d0e0f
    00000103";

#[test]
fn the_octets_are_those_of_the_format() {
    let keytab = Keytab::from_octets(&hex_file(KNOWN)).unwrap();
    assert_eq!(facts(&keytab.entries[0]), facts(&entry("host/a@R", 0x103)));
    assert_eq!(keytab.entries[0].principal.name.name_type, NameType::PRINCIPAL);
    assert_eq!(keytab.to_octets().unwrap().as_slice(), hex_file(KNOWN));
}

#[test]
fn i56_the_long_version_counts_only_if_it_is_there_and_not_zero() {
    let body = "0002 0001 52 0004 686f7374 0001 61 00000001 5f5e1000 03 0011 0001 ff";
    for (length, tail, kvno) in [
        ("0000001c", "", 3),
        ("0000001f", "000001", 3),
        ("00000020", "00000000", 3),
        ("00000020", "00000203", 0x203),
        ("00000024", "00000203 ffffffff", 0x203),
        ("00000024", "00000000 00000000", 3),
    ] {
        let file = hex_file(&format!("0502 {length} {body} {tail}"));
        let keytab = Keytab::from_octets(&file).unwrap();
        assert_eq!(keytab.entries[0].kvno, kvno, "{length} {tail}");
    }
}

#[test]
fn i56_holes_are_skipped_and_a_zero_length_ends_the_keytab() {
    let record = hex::encode(record(&entry("host/a@R", 1)).unwrap().as_slice());
    for (file, count) in [
        ("0502".to_owned(), 0),
        (format!("0502 fffffffc deadbeef {record} ffffffff 00 {record}"), 2),
        (format!("0502 {record} 00000000 {record}"), 1),
        (format!("0502 {record} 00000000 ff"), 1),
    ] {
        assert_eq!(
            Keytab::from_octets(&hex_file(&file)).unwrap().entries.len(),
            count,
            "{file}"
        );
    }
}

#[test]
fn i56_version_one_is_read_in_either_octet_order() {
    let big = "0501 0000001e 0003 0001 52 0004 686f7374 0001 61 5f5e1000 03 0011 0001 ff 00000003 0000";
    let little = "0501 1e000000 0300 0100 52 0400 686f7374 0100 61 00105e5f 03 1100 0100 ff 03000000 0000";
    for file in [big, little] {
        let keytab = Keytab::from_octets(&hex_file(file)).unwrap();
        let read = &keytab.entries[0];
        assert_eq!(read.principal, principal("host/a@R"));
        assert_eq!((read.timestamp.0, read.kvno, read.key.keytype), (0x5f5e_1000, 3, 17));
        assert_eq!(read.key.expose(), [0xff]);
    }
}

#[test]
fn f1_impossible_record_lengths_are_errors() {
    let body = &hex_file(KNOWN)[6..];
    let file = |length: i32| [&hex_file("0502"), &length.to_be_bytes()[..], body].concat();
    for length in [1, i32::MAX, i32::MAX - 1, 0x3b, 0x100] {
        assert!(Keytab::from_octets(&file(length)).is_err(), "{length:#x}");
    }
    let fault = Keytab::from_octets(&file(i32::MIN)).unwrap_err();
    assert_eq!(
        fault,
        FormatFault::RecordLength {
            offset: 2,
            length: i32::MIN
        }
    );
    assert_eq!(
        Keytab::from_octets(&file(i32::MIN + 1)).unwrap_err(),
        FormatFault::Truncated { offset: 2 }
    );
    assert!(Keytab::from_octets(&file(0)).unwrap().entries.is_empty());
    assert!(Keytab::from_octets(&hex_file("0502 ffffffff")).is_err());
    assert!(
        Keytab::from_octets(&hex_file("0502 ffffffff 00"))
            .unwrap()
            .entries
            .is_empty()
    );
    assert!(Keytab::from_octets(&hex_file("0502 00000001 00")).is_err());
}

#[test]
fn f1_impossible_counts_within_a_record_are_errors() {
    let file = hex_file(KNOWN);
    for (offset, octets) in [
        (6, [0, 0]),
        (6, [0xff, 0xff]),
        (8, [0xff, 0xff]),
        (11, [0xff, 0xff]),
        (17, [0xff, 0xff]),
        (31, [0xff, 0xff]),
    ] {
        let mut damaged = file.clone();
        damaged[offset..offset + 2].copy_from_slice(&octets);
        assert!(Keytab::from_octets(&damaged).is_err(), "{octets:?} at {offset}");
    }
}

#[test]
fn files_that_are_no_keytabs_are_refused() {
    let cases: [(&[u8], FormatFault); 5] = [
        (b"", FormatFault::Magic),
        (b"\x05", FormatFault::Truncated { offset: 1 }),
        (b"PK", FormatFault::Magic),
        (b"\x05\x03", FormatFault::Version(3)),
        (b"\x05\x02\0\0", FormatFault::Truncated { offset: 2 }),
    ];
    for (octets, fault) in cases {
        assert_eq!(Keytab::from_octets(octets).unwrap_err(), fault);
    }
}

#[test]
fn f1_a_keytab_cut_short_anywhere_is_an_error_or_ends_after_a_whole_record() {
    let entries = vec![entry("host/a@R", 1), entry("host/b@R", 2)];
    let file = Keytab { entries }.to_octets().unwrap();
    let record = (file.len() - 2) / 2;
    for len in 0..file.len() {
        let read = Keytab::from_octets(&file[..len]);
        match len {
            2 => assert!(read.unwrap().entries.is_empty()),
            _ if len == 2 + record => assert_eq!(read.unwrap().entries.len(), 1),
            _ => assert!(read.is_err(), "cut to {len}"),
        }
    }
}

#[test]
fn f1_no_flipped_bit_breaks_the_reader() {
    for version in [1, 2] {
        let mut file = Keytab {
            entries: vec![entry("host/a@R", 1), entry("b@R", 2)],
        }
        .to_octets()
        .unwrap();
        file[1] = version;
        for bit in 0..file.len() * 8 {
            file[bit / 8] ^= 1 << (bit % 8);
            let _ = Keytab::from_octets(&file);
            file[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn what_does_not_fit_is_not_written() {
    let mut no_components = entry("a@R", 1);
    no_components.principal.name.components.clear();
    let mut long = entry("a@R", 1);
    long.principal.realm = Realm::new(vec![b'R'; 65_536]);
    let mut wide = entry("a@R", 1);
    wide.key = Arc::new(EncryptionKey::new(32_768, vec![0; 16]));
    for entry in [no_components, long, wide] {
        assert!(Keytab { entries: vec![entry] }.to_octets().is_err());
    }
}

#[test]
fn versions_match_exactly_or_by_their_low_octet() {
    let cases = [
        (3, 3, true),
        (3, 4, false),
        (3, 0x103, true),
        (0x103, 3, false),
        (0x103, 0x103, true),
        (0, 7, true),
    ];
    for (kept, wanted, expected) in cases {
        assert_eq!(
            entry("a@R", kept).has_kvno(wanted),
            expected,
            "{kept:#x} for {wanted:#x}"
        );
    }
}

prop_compose! {
    fn any_entry()(
        name in any_principal(),
        first in prop::collection::vec(any::<u8>(), 0..9),
        timestamp in any::<u32>(),
        kvno in any::<u32>(),
        keytype in any::<i16>(),
        key in prop::collection::vec(any::<u8>(), 0..40),
    ) -> KeytabEntry {
        let mut name = name;
        name.name.components.insert(0, Component::new(first));
        KeytabEntry {
            principal: name,
            timestamp: KerberosTime(i64::from(timestamp)),
            kvno,
            key: Arc::new(EncryptionKey::new(i32::from(keytype), key)),
        }
    }
}

proptest! {
    #[test]
    fn every_keytab_comes_back(entries in prop::collection::vec(any_entry(), 0..5)) {
        let keytab = Keytab { entries };
        let read = Keytab::from_octets(&keytab.to_octets().unwrap()).unwrap();
        let facts = |keytab: &Keytab| keytab.entries.iter().map(facts).collect::<Vec<_>>();
        prop_assert_eq!(facts(&read), facts(&keytab));
    }

    #[test]
    fn no_octets_break_the_reader(version in 1..=2_u8, tail in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Keytab::from_octets(&[&[MAGIC, version], tail.as_slice()].concat());
    }

    #[test]
    fn no_record_breaks_the_reader(record in prop::collection::vec(any::<u8>(), 0..100)) {
        let length = u32::try_from(record.len()).unwrap().to_be_bytes();
        let _ = Keytab::from_octets(&[&[MAGIC, VERSION_2], length.as_slice(), &record].concat());
    }
}
