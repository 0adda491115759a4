//! The file format.

use std::ops::Range;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::error::FormatFault;
use crate::octets::{ByteOrder, Reader, Writer};
use crate::proto::{Component, EncryptionKey, KerberosTime, NameType, Principal, PrincipalName, Realm};
use crate::times;

/// The keys of a keytab, in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Keytab {
    /// The keys.
    pub entries: Vec<KeytabEntry>,
}

/// A long-term key.
#[derive(Clone, Debug)]
pub struct KeytabEntry {
    /// Whose key this is.
    pub principal: Principal,
    /// When it was written here.
    pub timestamp: KerberosTime,
    /// The key version number.
    pub kvno: u32,
    /// The key.
    pub key: Arc<EncryptionKey>,
}

/// The entries of a file with the places of their records.
pub(super) struct Parsed {
    pub(super) keytab: Keytab,
    /// For each entry, its record without the length before it.
    pub(super) places: Vec<Range<usize>>,
    /// Where the records end: the end of the file, or a length of 0.
    pub(super) end: usize,
    pub(super) version: u8,
}

impl Keytab {
    /// Reads a file of version 1 or 2. Records with a negative length are holes; a length of 0 ends the
    /// keytab. Version 1 is tried in the octet order of this machine, then in the other.
    ///
    /// # Errors
    /// [`FormatFault`] if the file is cut short or a record makes no sense.
    pub fn from_octets(octets: &[u8]) -> Result<Self, FormatFault> {
        parse(octets).map(|parsed| parsed.keytab)
    }

    /// Writes a file of version 2.
    ///
    /// Times beyond 1970 to 2106 become the nearest that can be written.
    ///
    /// # Errors
    /// [`FormatFault`] if a field does not fit: enctypes and all lengths have 16 bits.
    pub fn to_octets(&self) -> Result<Zeroizing<Vec<u8>>, FormatFault> {
        let mut writer = Writer::new(ByteOrder::Big);
        writer.put(&[MAGIC, VERSION_2]);
        for entry in &self.entries {
            writer.put(&record(entry)?);
        }
        Ok(writer.finish())
    }
}

impl KeytabEntry {
    /// Whether this key has that version. Old writers kept its low 8 bits only, and 0 means that the
    /// writer did not know.
    #[must_use]
    pub fn has_kvno(&self, kvno: u32) -> bool {
        self.kvno == kvno || self.kvno == 0 || self.kvno == kvno & LOW_OCTET
    }
}

pub(super) fn parse(octets: &[u8]) -> Result<Parsed, FormatFault> {
    match octets {
        [MAGIC, VERSION_2, ..] => parse_records(octets, VERSION_2, ByteOrder::Big),
        [MAGIC, VERSION_1, ..] => parse_records(octets, VERSION_1, ByteOrder::NATIVE)
            .or_else(|fault| parse_records(octets, VERSION_1, ByteOrder::NATIVE.other()).map_err(|_| fault)),
        [MAGIC, other, ..] => Err(FormatFault::Version(*other)),
        [MAGIC] => Err(FormatFault::Truncated { offset: 1 }),
        _ => Err(FormatFault::Magic),
    }
}

fn parse_records(octets: &[u8], version: u8, order: ByteOrder) -> Result<Parsed, FormatFault> {
    let mut reader = Reader::new(octets, order);
    reader.take(2)?;
    let mut parsed = Parsed {
        keytab: Keytab::default(),
        places: Vec::new(),
        end: reader.offset(),
        version,
    };
    while !reader.is_empty() {
        let offset = reader.offset();
        let length = reader.i32()?;
        if length == 0 {
            break;
        }
        let size = usize::try_from(length.unsigned_abs()).unwrap_or(usize::MAX);
        if length == i32::MIN || (length > 0 && size > MAX_RECORD) {
            return Err(FormatFault::RecordLength { offset, length });
        }
        let start = reader.offset();
        let record = reader.part(size).map_err(|_| FormatFault::Truncated { offset })?;
        if length > 0 {
            parsed.keytab.entries.push(read_record(record, version)?);
            parsed.places.push(start..reader.offset());
        }
        parsed.end = reader.offset();
    }
    Ok(parsed)
}

/// A record of either version.
///
/// ```text
/// count       16 bits; in version 1 it counts the realm too
/// realm       16-bit length, octets
/// components  the same, count times
/// name type   32 bits, not in version 1
/// timestamp   32 bits
/// kvno        8 bits
/// enctype     16 bits
/// key         16-bit length, octets
/// kvno        32 bits; may be missing, or 0 if the 8 bits above hold
/// ```
fn read_record(mut record: Reader<'_>, version: u8) -> Result<KeytabEntry, FormatFault> {
    let offset = record.offset();
    let announced = record.u16()?;
    let realms = u16::from(version == VERSION_1);
    let count = announced.checked_sub(realms).filter(|count| *count > 0);
    let found = u32::from(announced);
    let count = count.ok_or(FormatFault::Value { offset, found })?;
    let realm = Realm::from(record.counted16()?);
    let components = (0..count)
        .map(|_| record.counted16().map(Component::from))
        .collect::<Result<_, _>>()?;
    let name_type = match version {
        VERSION_1 => NameType::UNKNOWN,
        _ => NameType(record.i32()?),
    };
    let timestamp = times::from_file(record.u32()?);
    let low_kvno = u32::from(record.u8()?);
    let keytype = i32::from(record.i16()?);
    let key = EncryptionKey::new(keytype, record.counted16()?.to_vec());
    let kvno = match record.u32() {
        Ok(0) | Err(_) => low_kvno,
        Ok(kvno) => kvno,
    };
    Ok(KeytabEntry {
        principal: Principal {
            realm,
            name: PrincipalName { name_type, components },
        },
        timestamp,
        kvno,
        key: Arc::new(key),
    })
}

/// A record of version 2 with its length.
pub(super) fn record(entry: &KeytabEntry) -> Result<Zeroizing<Vec<u8>>, FormatFault> {
    let mut body = Writer::new(ByteOrder::Big);
    let name = &entry.principal.name;
    if name.components.is_empty() {
        return Err(FormatFault::Value { offset: 0, found: 0 });
    }
    body.count16(name.components.len(), "components in a name")?;
    body.counted16(&entry.principal.realm)?;
    name.components
        .iter()
        .try_for_each(|component| body.counted16(component))?;
    body.i32(name.name_type.0);
    body.u32(times::to_file(entry.timestamp));
    let [_, _, _, low_kvno] = entry.kvno.to_be_bytes();
    body.u8(low_kvno);
    body.narrow(entry.key.keytype)?;
    body.counted16(entry.key.expose())?;
    body.u32(entry.kvno);
    let body = body.finish();
    if body.len() > MAX_RECORD {
        return Err(FormatFault::Limit {
            what: "octets in one key's record",
            limit: MAX_RECORD,
        });
    }
    let mut writer = Writer::new(ByteOrder::Big);
    writer.counted32(&body)?;
    Ok(writer.finish())
}

/// The first octet of every Kerberos 5 file.
const MAGIC: u8 = 5;
const VERSION_1: u8 = 1;
pub(super) const VERSION_2: u8 = 2;
const LOW_OCTET: u32 = 0xff;
/// Octets in one record.
const MAX_RECORD: usize = 1 << 20;

#[cfg(test)]
mod tests;
