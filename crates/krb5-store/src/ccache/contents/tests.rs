//! The format against known files, and against damage.

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::ccache::fixture::{any_contents, credentials, principal};
use crate::proto::messages::TicketFlags;

#[derive(Deserialize)]
struct Vectors {
    cache: Vec<Vector>,
}

/// The parts of a file, as hexadecimal octets.
#[derive(Deserialize)]
struct Vector {
    version: u8,
    header: String,
    principal: String,
    first: String,
    second: String,
}

impl Vector {
    fn parts(&self) -> [Vec<u8>; 4] {
        [&self.header, &self.principal, &self.first, &self.second].map(|part| hex::decode(part).unwrap())
    }

    fn file(&self) -> Vec<u8> {
        self.parts().concat()
    }
}

fn vectors() -> Vec<Vector> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/vectors/ccache.toml");
    let text = std::fs::read_to_string(path).unwrap();
    toml::from_str::<Vectors>(&text).unwrap().cache
}

fn octets(contents: &CacheContents) -> Vec<u8> {
    contents.to_octets().unwrap().to_vec()
}

#[test]
fn i61_files_of_all_four_versions_say_the_same() {
    let vectors = vectors();
    assert_eq!(
        vectors.iter().map(|vector| vector.version).collect::<Vec<_>>(),
        [1, 2, 3, 4]
    );
    for vector in vectors {
        let contents = CacheContents::from_octets(&vector.file()).unwrap();
        assert_eq!(contents.version.number(), vector.version);
        assert_eq!(contents.principal, principal("testclient@KRBTEST.COM"));
        let expected = ClockOffset {
            seconds: 300,
            microseconds: 54_321,
        };
        assert_eq!(contents.clock_offset, (vector.version == 4).then_some(expected));
        let [first, second] = contents.credentials.as_slice() else {
            panic!("{}", contents.credentials.len())
        };
        check_first(first);
        check_second(second);
    }
}

fn check_first(first: &Credentials) {
    assert_eq!(first.client, principal("testclient@KRBTEST.COM"));
    assert_eq!(first.server, principal("test/host@EXAMPLE.COM"));
    assert_eq!(
        (first.key.keytype, first.key.expose()),
        (17, (0..16).collect::<Vec<u8>>().as_slice())
    );
    assert_eq!((first.authtime.0, first.starttime.unwrap().0), (11, 222));
    assert_eq!((first.endtime.0, first.renew_till.unwrap().0), (3333, 1_000_000_000));
    assert!(!first.is_skey);
    assert_eq!(first.flags, TicketFlags::FORWARDABLE | TicketFlags::RENEWABLE);
    assert_eq!((first.addresses.len(), first.addresses[0].addr_type), (1, 2));
    assert_eq!(first.addresses[0].address.as_bytes(), [10, 0, 0, 1]);
    let authdata: Vec<(i32, &[u8])> = first
        .authdata
        .iter()
        .map(|entry| (entry.ad_type, entry.ad_data.as_bytes()))
        .collect();
    assert_eq!(authdata, [(512, b"signticket".as_slice()), (-100, b"".as_slice())]);
    assert_eq!(
        (first.ticket.as_slice(), first.second_ticket.as_slice()),
        (b"ticket".as_slice(), b"".as_slice())
    );
}

fn check_second(second: &Credentials) {
    assert_eq!(second.client, principal("testclient@KRBTEST.COM"));
    assert!(second.server.realm.is_empty() && second.server.name.components.is_empty());
    assert_eq!(
        (second.key.keytype, second.key.expose()),
        (23, (0..16).rev().collect::<Vec<u8>>().as_slice())
    );
    assert_eq!(
        (second.authtime.0, second.starttime, second.endtime.0, second.renew_till),
        (0, None, 0, None)
    );
    assert!(second.is_skey && second.addresses.is_empty() && second.authdata.is_empty());
    assert_eq!(second.flags, TicketFlags::empty());
    assert_eq!(
        (second.ticket.as_slice(), second.second_ticket.as_slice()),
        (b"ticket".as_slice(), b"2ticket".as_slice())
    );
}

#[test]
fn i61_writing_what_was_read_gives_the_same_octets() {
    for vector in vectors() {
        let file = vector.file();
        let written = octets(&CacheContents::from_octets(&file).unwrap());
        if vector.version > 2 || cfg!(target_endian = "little") {
            assert_eq!(written, file, "version {}", vector.version);
        }
    }
}

#[test]
fn i61_old_versions_are_read_in_either_octet_order() {
    for version in [FormatVersion::V1, FormatVersion::V2] {
        let mut contents = CacheContents::new(principal("alice/admin@EXAMPLE.ORG"));
        contents.version = version;
        contents.credentials.push(credentials("host/a@R", 1000));
        for order in [ByteOrder::Big, ByteOrder::Little] {
            let mut writer = Writer::new(order);
            writer.put(&[MAGIC, version.number()]);
            write_principal(&mut writer, &contents.principal, version).unwrap();
            write_credential(&mut writer, &contents.credentials[0], version).unwrap();
            let read = CacheContents::from_octets(&writer.finish()).unwrap();
            assert_eq!(read.principal, contents.principal);
            assert_eq!(read.credentials[0].server, contents.credentials[0].server);
            assert_eq!(read.credentials[0].endtime.0, 1000);
        }
    }
}

#[test]
fn f2_a_file_cut_short_anywhere_is_an_error_or_ends_after_a_whole_entry() {
    for vector in vectors() {
        let file = vector.file();
        let [header, principal, first, _] = vector.parts().map(|part| part.len());
        for len in 0..file.len() {
            let read = CacheContents::from_octets(&file[..len]);
            if len < header + principal {
                assert!(read.is_err(), "version {} cut to {len}", vector.version);
            } else {
                let whole = usize::from(len >= header + principal + first);
                assert_eq!(
                    read.unwrap().credentials.len(),
                    whole,
                    "version {} cut to {len}",
                    vector.version
                );
            }
        }
    }
}

#[test]
fn f2_no_flipped_bit_breaks_the_reader() {
    for vector in vectors() {
        let mut file = vector.file();
        for bit in 0..file.len() * 8 {
            file[bit / 8] ^= 1 << (bit % 8);
            if let Ok(contents) = CacheContents::from_octets(&file) {
                let again = CacheContents::from_octets(&octets(&contents)).unwrap();
                assert_eq!(octets(&again), octets(&contents));
            }
            file[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn f2_negative_enctypes_come_back() {
    for keytype in [-128, -133, -32_768, 32_767] {
        for version in FormatVersion::ALL {
            let mut entry = credentials("host/a@R", 100);
            entry.key = std::sync::Arc::new(crate::proto::EncryptionKey::new(keytype, vec![1; 16]));
            let mut contents = CacheContents::new(principal("alice@R"));
            contents.version = version;
            contents.credentials.push(entry);
            let read = CacheContents::from_octets(&octets(&contents)).unwrap();
            assert_eq!(read.credentials[0].key.keytype, keytype);
        }
    }
}

#[test]
fn f2_lengths_and_counts_that_lie_are_refused_without_being_believed() {
    let mut contents = CacheContents::new(principal("alice@R"));
    contents.credentials.push(credentials("host/a@R", 100));
    let file = octets(&contents);
    for offset in 0..file.len() - 4 {
        for lie in [0x7fff_ffff_u32, 0x8000_0000, 0xffff_ffff] {
            let mut damaged = file.clone();
            damaged[offset..offset + 4].copy_from_slice(&lie.to_be_bytes());
            let _ = CacheContents::from_octets(&damaged);
        }
    }
}

#[test]
fn files_that_are_no_caches_are_refused() {
    let cases: [(&[u8], FormatFault); 6] = [
        (b"", FormatFault::Magic),
        (b"\x05", FormatFault::Truncated { offset: 1 }),
        (b"\x04\x04", FormatFault::Magic),
        (b"\x05\x00", FormatFault::Version(0)),
        (b"\x05\x05", FormatFault::Version(5)),
        (b"\x05\x04", FormatFault::Truncated { offset: 2 }),
    ];
    for (octets, fault) in cases {
        assert_eq!(CacheContents::from_octets(octets).unwrap_err(), fault);
    }
}

#[test]
fn unknown_header_fields_are_skipped_and_malformed_ones_refused() {
    let body = {
        let mut writer = Writer::new(ByteOrder::Big);
        write_principal(&mut writer, &principal("alice@R"), FormatVersion::V4).unwrap();
        writer.finish().to_vec()
    };
    let file = |header: &str| [hex::decode(format!("0504{header}")).unwrap(), body.clone()].concat();
    let offset = Some(ClockOffset {
        seconds: -1,
        microseconds: 2,
    });
    for (header, expected) in [
        ("0000", None),
        ("00070009 0003 616263", None),
        ("0010 0007 0000 0001 0008 ffffffff 00000002", offset),
        ("000c 0001 0008 ffffffff 00000002", offset),
    ] {
        let contents = CacheContents::from_octets(&file(&header.replace(' ', ""))).unwrap();
        assert_eq!(contents.clock_offset, expected, "{header}");
    }
    for header in [
        "0001 00",
        "0004 0001 0004",
        "0008 0001 0004 00000001",
        "0003 0001 00",
        "0006 0001 0008 0000",
    ] {
        assert!(
            CacheContents::from_octets(&file(&header.replace(' ', ""))).is_err(),
            "{header}"
        );
    }
}

#[test]
fn i63_removed_entries_are_not_seen_and_entries_without_times_are() {
    let mut removed = credentials("host/a@R", 0);
    removed.authtime = KerberosTime(0xffff_ffff);
    let mut by_heimdal = credentials("host/b@R", 0);
    by_heimdal.authtime = KerberosTime(5);
    let mut encrypted = credentials("Encrypted/Credentials/v1@X-GSSPROXY:", 0);
    encrypted.authtime = KerberosTime(0);
    let mut contents = CacheContents::new(principal("alice@R"));
    contents.credentials = vec![removed, by_heimdal, encrypted.clone(), credentials("host/c@R", 100)];
    let read = CacheContents::from_octets(&octets(&contents)).unwrap();
    let servers: Vec<_> = read.credentials.iter().map(|entry| entry.server.clone()).collect();
    assert_eq!(servers, [encrypted.server, principal("host/c@R")]);
}

#[test]
fn i53_times_beyond_2106_are_written_as_the_last_second_that_fits() {
    let mut contents = CacheContents::new(principal("alice@R"));
    contents.credentials.push(credentials("host/a@R", 253_402_300_799));
    let read = CacheContents::from_octets(&octets(&contents)).unwrap();
    assert_eq!(read.credentials[0].endtime.0, 0xffff_ffff);
}

#[test]
fn i62_configuration_entries_are_kept_and_are_not_tickets() {
    let krbtgt = principal("krbtgt/R@R");
    let mut contents = CacheContents::new(principal("alice@R"));
    contents.set_config("refresh_time", None, b"12345");
    contents.set_config("fast_avail", Some(&krbtgt), b"yes");
    contents.credentials.push(credentials("host/a@R", 100));
    let read = CacheContents::from_octets(&octets(&contents)).unwrap();
    assert_eq!(read.config("refresh_time", None), Some(b"12345".as_slice()));
    assert_eq!(read.config("fast_avail", Some(&krbtgt)), Some(b"yes".as_slice()));
    assert_eq!(read.config("fast_avail", None), None);
    assert_eq!(read.tickets().count(), 1);
    let keys: Vec<ConfigEntry> = read
        .credentials
        .iter()
        .filter_map(ConfigEntry::from_credentials)
        .collect();
    assert_eq!(keys.len(), 2);
    assert_eq!(
        (keys[1].key.as_str(), keys[1].principal.as_ref()),
        ("fast_avail", Some(&krbtgt))
    );
    assert!(
        read.find(&keys[0].to_credentials(&contents.principal).server, KerberosTime(0))
            .is_none()
    );
}

#[test]
fn f8_setting_a_value_again_does_not_grow_the_cache() {
    let mut contents = CacheContents::new(principal("alice@R"));
    for n in 0..100_u32 {
        contents.set_config("refresh_time", None, n.to_string().as_bytes());
    }
    assert_eq!(contents.credentials.len(), 1);
    assert_eq!(contents.config("refresh_time", None), Some(b"99".as_slice()));
}

#[test]
fn the_ticket_that_lasts_longest_is_found() {
    let mut contents = CacheContents::new(principal("alice@R"));
    for endtime in [100, 300, 200] {
        contents.credentials.push(credentials("host/a@R", endtime));
    }
    let mut foreign = credentials("host/a@R", 900);
    foreign.client = principal("bob@R");
    let mut user_to_user = credentials("host/a@R", 900);
    user_to_user.is_skey = true;
    contents.credentials.extend([foreign, user_to_user]);
    let find = |now| {
        contents
            .find(&principal("host/a@R"), KerberosTime(now))
            .map(|found| found.endtime.0)
    };
    assert_eq!([find(0), find(299), find(300)], [Some(300), Some(300), None]);
    assert!(contents.find(&principal("host/b@R"), KerberosTime(0)).is_none());
}

#[test]
fn an_entry_beyond_the_limit_is_neither_written_nor_read() {
    let mut contents = CacheContents::new(principal("alice@R"));
    let mut entry = credentials("host/a@R", 100);
    entry.ticket = Vec::new();
    let mut writer = Writer::new(ByteOrder::Big);
    write_credential(&mut writer, &entry, FormatVersion::V4).unwrap();
    let rest = MAX_ENTRY - writer.len();
    entry.ticket = vec![0; rest];
    contents.credentials.push(entry.clone());
    let file = octets(&contents);
    assert_eq!(CacheContents::from_octets(&file).unwrap().credentials.len(), 1);
    contents.credentials[0].ticket.push(0);
    assert_eq!(contents.to_octets().unwrap_err(), TOO_LARGE);
    let at = file.len() - rest - 8;
    let mut larger = file;
    larger[at..at + 4].copy_from_slice(&u32::try_from(rest + 1).unwrap().to_be_bytes());
    larger.push(0);
    assert_eq!(CacheContents::from_octets(&larger).unwrap_err(), TOO_LARGE);
}

#[test]
fn clock_offsets_saturate() {
    assert_eq!(ClockOffset::from_seconds(-7).seconds, -7);
    assert_eq!(ClockOffset::from_seconds(i64::MAX).seconds, i32::MAX);
    assert_eq!(ClockOffset::from_seconds(i64::MIN).seconds, i32::MIN);
}

/// All that a file of this version can say.
fn facts(contents: &CacheContents) -> String {
    let entries: Vec<String> = contents
        .credentials
        .iter()
        .map(|entry| {
            let named = (entry.client.name.name_type, entry.server.name.name_type);
            let types = (contents.version != FormatVersion::V1).then_some(named);
            let mut plain = entry.clone();
            plain.client.name.name_type.0 = 0;
            plain.server.name.name_type.0 = 0;
            let hidden = (
                entry.key.expose(),
                &entry.ticket,
                entry.addresses.iter().map(|a| a.address.as_bytes()).collect::<Vec<_>>(),
            );
            let data = entry.authdata.iter().map(|a| a.ad_data.as_bytes()).collect::<Vec<_>>();
            format!("{types:?} {plain:?} {hidden:?} {data:?}")
        })
        .collect();
    format!(
        "{:?} {:?} {:?} {entries:?}",
        contents.version,
        contents.clock_offset,
        contents.principal.to_octets()
    )
}

proptest! {
    #[test]
    fn every_cache_comes_back(contents in any_contents()) {
        let read = CacheContents::from_octets(&octets(&contents)).unwrap();
        prop_assert_eq!(facts(&read), facts(&contents));
    }

    #[test]
    fn no_octets_break_the_reader(version in 1..=4_u8, tail in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = CacheContents::from_octets(&[&[MAGIC, version], tail.as_slice()].concat());
    }

    #[test]
    fn a_cache_cut_short_keeps_a_prefix_of_its_entries(contents in any_contents(), cut in any::<prop::sample::Index>()) {
        let file = octets(&contents);
        if let Ok(read) = CacheContents::from_octets(&file[..cut.index(file.len())]) {
            let prefix = CacheContents { credentials: contents.credentials[..read.credentials.len()].to_vec(), ..contents };
            prop_assert_eq!(facts(&read), facts(&prefix));
        }
    }
}
