//! What others may have put where caches are kept, for fuzz targets. No part of the crate's interface.

use super::credential::{write_credential, write_principal};
use super::kcm::{Opcode, Reply};
use super::{CredentialCache, DirectoryCache, FormatVersion, directory};
use crate::octets::{ByteOrder, Writer};
use crate::proto::{Credentials, Principal};

/// What a daemon answers to `opcode`, after the status: what is read of it is written and read again to the same.
pub fn kcm_reply(opcode: Opcode, octets: &[u8]) {
    let Ok(reply) = Reply::parse(opcode, octets) else {
        return;
    };
    let Some(written) = kcm_octets(&reply) else { return };
    let again = Reply::parse(opcode, &written).expect("what was read can be written and read again");
    assert!(
        kcm_octets(&again).as_ref() == Some(&written),
        "writing is not a fixpoint"
    );
    if let Reply::Name(_) | Reply::Uuids(_) | Reply::Offset(_) = reply {
        assert!(written == octets, "another name, list or number");
    }
}

/// The file `primary` of a directory: one cache of that directory, or none.
pub fn primary_file(octets: &[u8]) {
    let Some(name) = directory::parse_primary(octets) else {
        return;
    };
    assert_eq!(directory::parse_primary(format!("{name}\n").as_bytes()), Some(name));
    let cache = DirectoryCache::at(&format!("/caches/{name}")).expect("the name of a cache");
    assert!(
        cache.path().parent().is_some_and(|parent| parent.ends_with("caches")),
        "{} is elsewhere",
        cache.name()
    );
}

/// What a key in a keyring holds, by its kind: what is read is written and read again to the same.
#[cfg(all(feature = "keyring", target_os = "linux"))]
pub fn keyring_payload(kind: u8, octets: &[u8]) {
    use super::keyring::payload as keys;
    match kind % 4 {
        0 => {
            let Ok(name) = keys::read_primary(octets) else { return };
            let written = keys::write_primary(name).expect("a name that was counted");
            assert!(octets.starts_with(&written), "another name");
        }
        1 => {
            let Ok(offset) = keys::read_offset(octets) else { return };
            assert!(octets.starts_with(&keys::write_offset(offset)), "another offset");
        }
        2 => fixpoint(octets, keys::read_owner, keys::write_owner),
        _ => fixpoint(octets, keys::read_entry, keys::write_entry),
    }
}

/// What is read is written, and that is read and written to the same octets.
#[cfg(all(feature = "keyring", target_os = "linux"))]
fn fixpoint<T, O: AsRef<[u8]> + PartialEq, E: std::fmt::Debug>(
    octets: &[u8],
    read: impl Fn(&[u8]) -> Result<T, E>,
    write: impl Fn(&T) -> Result<O, E>,
) {
    let Ok(value) = read(octets) else { return };
    let written = write(&value).expect("what was read can be written");
    let again = read(written.as_ref()).expect("what was written can be read");
    assert!(
        write(&again).expect("and written again") == written,
        "writing is not a fixpoint"
    );
}

/// A reply that says this; none where it says nothing.
fn kcm_octets(reply: &Reply) -> Option<Vec<u8>> {
    match reply {
        Reply::Done | Reply::Principal(None) => None,
        Reply::Name(name) => Some([name.as_bytes(), &[0]].concat()),
        Reply::Uuids(uuids) => Some(uuids.concat()),
        Reply::Principal(Some(principal)) => Some(principal_octets(principal)),
        Reply::Credential(entry) => Some(entry_octets(entry)),
        Reply::Credentials(entries) => Some(list_octets(entries)),
        Reply::Offset(seconds) => Some(seconds.to_be_bytes().to_vec()),
    }
}

fn principal_octets(principal: &Principal) -> Vec<u8> {
    let mut writer = Writer::new(ByteOrder::Big);
    write_principal(&mut writer, principal, FormatVersion::V4).expect("a principal that was read");
    writer.finish().to_vec()
}

fn entry_octets(entry: &Credentials) -> Vec<u8> {
    let mut writer = Writer::new(ByteOrder::Big);
    write_credential(&mut writer, entry, FormatVersion::V4).expect("credentials that were read");
    writer.finish().to_vec()
}

fn list_octets(entries: &[Credentials]) -> Vec<u8> {
    let mut writer = Writer::new(ByteOrder::Big);
    writer
        .count32(entries.len(), "entries")
        .expect("entries that were counted");
    for entry in entries {
        writer
            .counted32(&entry_octets(entry))
            .expect("an entry that was counted");
    }
    writer.finish().to_vec()
}
