use proptest::prelude::*;

use super::*;

const ONE: Oid = oid!("1.2.1");

fn written() -> Vec<u8> {
    let entries = [(ONE, b"abc".to_vec().into()), (oid!("1.2.2"), Vec::new().into())];
    write(Exported::Credential, &entries).unwrap().to_vec()
}

#[test]
fn the_layout_is_frozen() {
    assert_eq!(
        written(),
        b"GSSc\x01\x02\x2a\x01\x00\x00\x00\x03abc\x02\x2a\x02\x00\x00\x00\x00"
    );
}

#[test]
fn entries_come_back() {
    let token = written();
    let entries = read(Exported::Credential, &token).unwrap();
    assert_eq!(entries, [(ONE, &b"abc"[..]), (oid!("1.2.2"), b"")]);
}

#[test]
fn an_unknown_version_or_kind_is_refused() {
    let mut token = written();
    assert_eq!(read(Exported::Context, &token).unwrap_err(), ErrorKind::DefectiveToken);
    token[4] = 2;
    let error = read(Exported::Credential, &token).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the exported credential is malformed or of an unknown version"
    );
}

#[test]
fn huge_lengths_are_refused() {
    for huge in [0x7fff_ffffu32, 0x8000_0000, 0xffff_ffff] {
        let mut token = written();
        token[8..12].copy_from_slice(&huge.to_be_bytes());
        assert_eq!(
            read(Exported::Credential, &token).unwrap_err(),
            ErrorKind::DefectiveToken
        );
    }
}

#[test]
fn a_truncation_is_refused_unless_it_ends_between_entries() {
    let token = written();
    for length in 0..token.len() {
        let between = length == 5 || length == 15;
        assert_eq!(
            read(Exported::Credential, &token[..length]).is_ok(),
            between,
            "{length}"
        );
    }
}

proptest! {
    #[test]
    fn any_octets_are_refused_or_what_was_written(rest in prop::collection::vec(0u8..8, 0..60)) {
        let token = [&b"GSSc\x01"[..], &rest].concat();
        if let Ok(entries) = read(Exported::Credential, &token) {
            let entries: Vec<_> = entries.into_iter().map(|(oid, octets)| (oid, octets.to_vec().into())).collect();
            prop_assert_eq!(&*write(Exported::Credential, &entries).unwrap(), &token[..]);
        }
    }
}
