//! What the keys hold, octets to values and back.
//!
//! Principals and credentials are those of cache files of version 4; integers are big-endian.

use zeroize::Zeroizing;

use crate::ccache::ClockOffset;
use crate::ccache::contents::{FormatVersion, read_whole};
use crate::ccache::credential::{read_credential, read_principal, write_credential, write_principal};
use crate::error::FormatFault;
use crate::octets::{ByteOrder, Reader, Writer};
use crate::proto::{Credentials, Principal};

/// Reads the name of the primary cache.
///
/// ```text
/// 0..3   version  1
/// 4..7   length of the name
/// 8..    name; what follows is ignored, as MIT does
/// ```
pub(crate) fn read_primary(octets: &[u8]) -> Result<&str, FormatFault> {
    let mut reader = Reader::new(octets, ByteOrder::Big);
    let version = reader.u32()?;
    if version != VERSION {
        return Err(FormatFault::Value {
            offset: 0,
            found: version,
        });
    }
    let name = reader.counted32()?;
    let text = std::str::from_utf8(name).ok();
    text.filter(|name| !name.is_empty() && !name.contains('\0'))
        .ok_or(FormatFault::Text { offset: 8 })
}

pub(crate) fn write_primary(name: &str) -> Result<Zeroizing<Vec<u8>>, FormatFault> {
    let mut writer = Writer::new(ByteOrder::Big);
    writer.u32(VERSION);
    writer.counted32(name.as_bytes())?;
    Ok(writer.finish())
}

/// Reads 32 bits of seconds and 32 bits of microseconds, both signed.
pub(crate) fn read_offset(octets: &[u8]) -> Result<ClockOffset, FormatFault> {
    let mut reader = Reader::new(octets, ByteOrder::Big);
    Ok(ClockOffset {
        seconds: reader.i32()?,
        microseconds: reader.i32()?,
    })
}

pub(crate) fn write_offset(offset: ClockOffset) -> Zeroizing<Vec<u8>> {
    let mut writer = Writer::new(ByteOrder::Big);
    writer.i32(offset.seconds);
    writer.i32(offset.microseconds);
    writer.finish()
}

pub(crate) fn read_owner(octets: &[u8]) -> Result<Principal, FormatFault> {
    read_whole(octets, |reader| read_principal(reader, FormatVersion::V4))
}

pub(crate) fn write_owner(owner: &Principal) -> Result<Zeroizing<Vec<u8>>, FormatFault> {
    let mut writer = Writer::new(ByteOrder::Big);
    write_principal(&mut writer, owner, FormatVersion::V4)?;
    Ok(writer.finish())
}

pub(crate) fn read_entry(octets: &[u8]) -> Result<Credentials, FormatFault> {
    read_whole(octets, |reader| read_credential(reader, FormatVersion::V4))
}

pub(crate) fn write_entry(entry: &Credentials) -> Result<Zeroizing<Vec<u8>>, FormatFault> {
    let mut writer = Writer::new(ByteOrder::Big);
    write_credential(&mut writer, entry, FormatVersion::V4)?;
    Ok(writer.finish())
}

const VERSION: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ccache::fixture::{credentials, principal};

    #[test]
    fn the_name_of_the_primary_cache_has_a_version_and_a_length() {
        let octets = b"\0\0\0\x01\0\0\0\x03tkt";
        assert_eq!(*write_primary("tkt").unwrap(), octets);
        assert_eq!(read_primary(octets).unwrap(), "tkt");
        assert_eq!(read_primary(b"\0\0\0\x01\0\0\0\x03tktmore").unwrap(), "tkt");
        for cut in 0..octets.len() {
            assert!(read_primary(&octets[..cut]).is_err(), "{cut}");
        }
        let bad: [&[u8]; 4] = [
            b"\0\0\0\x02\0\0\0\x03tkt",
            b"\0\0\0\x01\0\0\0\0",
            b"\0\0\0\x01\0\0\0\x01\xff",
            b"\0\0\0\x01\0\0\0\x01\0",
        ];
        for octets in bad {
            assert!(read_primary(octets).is_err(), "{octets:?}");
        }
    }

    #[test]
    fn offsets_are_two_signed_numbers() {
        let offset = ClockOffset {
            seconds: -2,
            microseconds: 3,
        };
        assert_eq!(*write_offset(offset), b"\xff\xff\xff\xfe\0\0\0\x03");
        assert_eq!(read_offset(&write_offset(offset)).unwrap(), offset);
        assert!(read_offset(b"\0\0\0\0\0\0\0").is_err());
    }

    #[test]
    fn principals_and_entries_take_the_whole_of_their_keys() {
        let (owner, entry) = (principal("alice/admin@R"), credentials("host/a@R", 100));
        let (owner_key, entry_key) = (write_owner(&owner).unwrap(), write_entry(&entry).unwrap());
        assert_eq!(read_owner(&owner_key).unwrap(), owner);
        assert_eq!(write_entry(&read_entry(&entry_key).unwrap()).unwrap(), entry_key);
        for cut in 0..entry_key.len() {
            assert!(read_entry(&entry_key[..cut]).is_err(), "{cut}");
        }
        assert!(read_entry(&[entry_key.as_slice(), b"x"].concat()).is_err());
        assert!(read_owner(&[owner_key.as_slice(), b"x"].concat()).is_err());
    }
}
