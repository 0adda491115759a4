//! The file format.

use std::ops::Range;

use zeroize::Zeroizing;

use super::config_entry::ConfigEntry;
use super::credential::{
    MAX_ENTRY, TOO_LARGE, is_removed, read_credential, read_principal, write_credential, write_principal,
};
use crate::error::FormatFault;
use crate::octets::{ByteOrder, Reader, Writer};
use crate::proto::{Credentials, KerberosTime, Principal};

/// What a credential cache holds.
#[derive(Clone, Debug)]
pub struct CacheContents {
    /// The version of the file format; new caches have 4.
    pub version: FormatVersion,
    /// By how much the KDC's clock was ahead of ours when the first ticket came (versions 4 only).
    pub clock_offset: Option<ClockOffset>,
    /// Whose tickets these are.
    pub principal: Principal,
    /// The tickets, oldest first, and [configuration entries](ConfigEntry) among them. Entries that
    /// were removed in place are not here.
    pub credentials: Vec<Credentials>,
}

/// The version of a cache file. Versions 1 and 2 are in the octet order of the machine, 3 and 4
/// are big-endian; 1 has no name types; 3 has enctypes twice; 4 has a header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FormatVersion {
    /// 1
    V1,
    /// 2
    V2,
    /// 3
    V3,
    /// 4
    #[default]
    V4,
}

/// By how much a KDC's clock is ahead of ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockOffset {
    /// Whole seconds; negative if the KDC is behind.
    pub seconds: i32,
    /// Microseconds on top of them.
    pub microseconds: i32,
}

/// The entries of a file with the places of their octets.
pub(super) struct Parsed {
    pub(super) contents: CacheContents,
    /// One for each of the credentials in `contents`.
    pub(super) places: Vec<Range<usize>>,
    /// The end of the last whole entry.
    pub(super) end: usize,
    pub(super) order: ByteOrder,
}

impl FormatVersion {
    /// The version of this number, 1 to 4.
    #[must_use]
    pub fn of_number(number: u8) -> Option<Self> {
        [Self::V1, Self::V2, Self::V3, Self::V4]
            .into_iter()
            .find(|version| version.number() == number)
    }
}

impl CacheContents {
    /// An empty cache of version 4.
    #[must_use]
    pub fn new(principal: Principal) -> Self {
        Self {
            version: FormatVersion::V4,
            clock_offset: None,
            principal,
            credentials: Vec::new(),
        }
    }

    /// Reads a file of any version. Octets at the end that are the start of an entry (a writer was
    /// interrupted) are ignored. Versions 1 and 2 are tried in the octet order of this machine,
    /// then in the other.
    ///
    /// # Errors
    /// [`FormatFault`] if the header, the principal or the size of an entry makes no sense.
    pub fn from_octets(octets: &[u8]) -> Result<Self, FormatFault> {
        parse(octets).map(|parsed| parsed.contents)
    }

    /// Writes a file of `self.version`; versions 1 and 2 in the octet order of this machine.
    ///
    /// Times beyond 1970 to 2106 become the nearest that can be written.
    ///
    /// # Errors
    /// [`FormatFault`] if a field does not fit: enctypes, address types and authorization data types
    /// have 16 bits, an entry at most 1 MiB.
    pub fn to_octets(&self) -> Result<Zeroizing<Vec<u8>>, FormatFault> {
        let mut writer = Writer::new(ByteOrder::Big);
        writer.put(&[MAGIC, self.version.number()]);
        if self.version == FormatVersion::V4 {
            write_header(&mut writer, self.clock_offset);
        }
        let header = writer.finish();
        let mut writer = Writer::new(self.version.order(ByteOrder::NATIVE));
        writer.put(&header);
        write_principal(&mut writer, &self.principal, self.version)?;
        for credential in &self.credentials {
            write_credential(&mut writer, credential, self.version)?;
        }
        Ok(writer.finish())
    }

    /// The tickets, without configuration entries.
    pub fn tickets(&self) -> impl Iterator<Item = &Credentials> {
        self.credentials
            .iter()
            .filter(|credential| !ConfigEntry::is_config(credential))
    }

    /// The ticket for `server` that has not expired at `now` and expires last; of two that expire
    /// together, the one that came last. Tickets of other clients and user-to-user tickets do not
    /// count.
    #[must_use]
    pub fn find(&self, server: &Principal, now: KerberosTime) -> Option<&Credentials> {
        self.tickets()
            .filter(|ticket| ticket.server == *server && ticket.client == self.principal)
            .filter(|ticket| !ticket.is_skey && !ticket.is_expired(now))
            .max_by_key(|ticket| ticket.endtime)
    }

    /// The value of a configuration entry, for the cache as a whole (`None`) or for one principal.
    #[must_use]
    pub fn config(&self, key: &str, principal: Option<&Principal>) -> Option<&[u8]> {
        let matches = |credential: &&Credentials| ConfigEntry::has_name(credential, key, principal);
        let entry = self.credentials.iter().rev().find(matches)?;
        Some(&entry.ticket)
    }

    /// Sets a configuration entry, in the place of what it was before.
    pub fn set_config(&mut self, key: &str, principal: Option<&Principal>, value: &[u8]) {
        self.credentials
            .retain(|credential| !ConfigEntry::has_name(credential, key, principal));
        let entry = ConfigEntry {
            key: key.to_owned(),
            principal: principal.cloned(),
            value: value.to_vec(),
        };
        self.credentials.push(entry.to_credentials(&self.principal));
    }
}

impl FormatVersion {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::V1, Self::V2, Self::V3, Self::V4];

    /// The second octet of the file.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::V1 => 1,
            Self::V2 => 2,
            Self::V3 => 3,
            Self::V4 => 4,
        }
    }

    pub(super) fn order(self, machine: ByteOrder) -> ByteOrder {
        match self {
            Self::V1 | Self::V2 => machine,
            Self::V3 | Self::V4 => ByteOrder::Big,
        }
    }
}

impl ClockOffset {
    /// Whole seconds; what 32 bits do not hold becomes the nearest that they do.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Self {
        let nearest = if seconds < 0 { i32::MIN } else { i32::MAX };
        Self {
            seconds: i32::try_from(seconds).unwrap_or(nearest),
            microseconds: 0,
        }
    }
}

pub(super) fn parse(octets: &[u8]) -> Result<Parsed, FormatFault> {
    let version = match octets {
        [MAGIC, number, ..] => {
            let known = FormatVersion::ALL
                .into_iter()
                .find(|version| version.number() == *number);
            known.ok_or(FormatFault::Version(*number))?
        }
        [MAGIC] => return Err(FormatFault::Truncated { offset: 1 }),
        _ => return Err(FormatFault::Magic),
    };
    let native = version.order(ByteOrder::NATIVE);
    parse_body(octets, version, native).or_else(|fault| match version {
        FormatVersion::V1 | FormatVersion::V2 => parse_body(octets, version, native.other()).map_err(|_| fault),
        FormatVersion::V3 | FormatVersion::V4 => Err(fault),
    })
}

fn parse_body(octets: &[u8], version: FormatVersion, order: ByteOrder) -> Result<Parsed, FormatFault> {
    let mut reader = Reader::new(octets, order);
    reader.take(2)?;
    let clock_offset = match version {
        FormatVersion::V4 => read_header(&mut reader)?,
        _ => None,
    };
    let mut contents = CacheContents {
        version,
        clock_offset,
        principal: entry(&mut reader, |entry| read_principal(entry, version))?,
        credentials: Vec::new(),
    };
    let mut places = Vec::new();
    let mut end = reader.offset();
    while !reader.is_empty() {
        match entry(&mut reader, |entry| read_credential(entry, version)) {
            Ok(credential) if is_removed(&credential) => {}
            Ok(credential) => {
                contents.credentials.push(credential);
                places.push(end..reader.offset());
            }
            Err(FormatFault::Truncated { .. }) => break,
            Err(other) => return Err(other),
        }
        end = reader.offset();
    }
    Ok(Parsed {
        contents,
        places,
        end,
        order,
    })
}

/// Reads one value that takes all of `octets`.
pub(super) fn read_whole<'a, T>(
    octets: &'a [u8],
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, FormatFault>,
) -> Result<T, FormatFault> {
    let mut reader = Reader::new(octets, ByteOrder::Big);
    let value = read(&mut reader)?;
    if reader.is_empty() {
        return Ok(value);
    }
    Err(FormatFault::Trailing {
        offset: reader.offset(),
    })
}

/// Reads an entry of at most [`MAX_ENTRY`] octets.
fn entry<'a, T>(
    reader: &mut Reader<'a>,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, FormatFault>,
) -> Result<T, FormatFault> {
    let start = reader.offset();
    let available = reader.remaining().min(MAX_ENTRY);
    let mut within = { *reader }.part(available)?;
    match read(&mut within) {
        Ok(value) => {
            reader.take(within.offset().saturating_sub(start))?;
            Ok(value)
        }
        Err(FormatFault::Truncated { .. }) if reader.remaining() > available => Err(TOO_LARGE),
        Err(other) => Err(other),
    }
}

/// The header of version 4: a 16-bit length and tagged fields.
///
/// ```text
/// tag     16 bits; 1 is the clock offset, others are skipped
/// length  16 bits
/// offset  32 bits of seconds, 32 bits of microseconds, both signed
/// ```
fn read_header(reader: &mut Reader<'_>) -> Result<Option<ClockOffset>, FormatFault> {
    let length = usize::from(reader.u16()?);
    let mut header = reader.part(length)?;
    let mut clock_offset = None;
    while !header.is_empty() {
        let tag = header.u16()?;
        let offset = header.offset();
        let length = header.u16()?;
        let mut field = header.part(usize::from(length))?;
        if tag != CLOCK_OFFSET {
            continue;
        }
        if length != CLOCK_OFFSET_LEN {
            let found = u32::from(length);
            return Err(FormatFault::Value { offset, found });
        }
        clock_offset = Some(ClockOffset {
            seconds: field.i32()?,
            microseconds: field.i32()?,
        });
    }
    Ok(clock_offset)
}

fn write_header(writer: &mut Writer, clock_offset: Option<ClockOffset>) {
    let Some(offset) = clock_offset else {
        writer.u16(0);
        return;
    };
    writer.u16(HEADER_LEN);
    writer.u16(CLOCK_OFFSET);
    writer.u16(CLOCK_OFFSET_LEN);
    writer.i32(offset.seconds);
    writer.i32(offset.microseconds);
}

/// The first octet of every Kerberos 5 file.
const MAGIC: u8 = 5;
const CLOCK_OFFSET: u16 = 1;
const CLOCK_OFFSET_LEN: u16 = 8;
/// Tag, length, and the offset.
const HEADER_LEN: u16 = 12;

#[cfg(test)]
mod tests;
