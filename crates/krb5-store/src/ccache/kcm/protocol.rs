//! The requests and replies, octets to values and back.

use zeroize::Zeroizing;

use crate::ccache::CacheContents;
use crate::ccache::contents::{FormatVersion, read_whole};
use crate::ccache::credential::{read_credential, read_principal, write_credential, write_principal};
use crate::error::FormatFault;
use crate::octets::{ByteOrder, Reader, Writer};
use crate::proto::{Credentials, Principal};

/// What is asked for. Those that nobody here asks for are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Opcode {
    /// A name that no cache has.
    GenNew,
    /// An empty cache for a principal.
    Initialize,
    /// The end of a cache.
    Destroy,
    /// Another entry.
    Store,
    /// Whose cache it is.
    GetPrincipal,
    /// The identifiers of the entries.
    GetCredUuidList,
    /// The entry of an identifier.
    GetCredByUuid,
    /// The end of entries.
    RemoveCred,
    /// The contents of one cache for another, and the end of the first.
    MoveCache,
    /// The identifiers of the caches.
    GetCacheUuidList,
    /// The name of the cache of an identifier.
    GetCacheByUuid,
    /// The name of the primary cache.
    GetDefaultCache,
    /// Another primary cache.
    SetDefaultCache,
    /// By how much the KDC's clock is ahead.
    GetKdcOffset,
    /// The same, to be kept.
    SetKdcOffset,
    /// All entries at once; an extension of MIT.
    GetCredList,
    /// Other contents at once; an extension of MIT.
    Replace,
}

impl Opcode {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::GenNew,
        Self::Initialize,
        Self::Destroy,
        Self::Store,
        Self::GetPrincipal,
        Self::GetCredUuidList,
        Self::GetCredByUuid,
        Self::RemoveCred,
        Self::MoveCache,
        Self::GetCacheUuidList,
        Self::GetCacheByUuid,
        Self::GetDefaultCache,
        Self::SetDefaultCache,
        Self::GetKdcOffset,
        Self::SetKdcOffset,
        Self::GetCredList,
        Self::Replace,
    ];

    /// Its number in the protocol.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::GenNew => 3,
            Self::Initialize => 4,
            Self::Destroy => 5,
            Self::Store => 6,
            Self::GetPrincipal => 8,
            Self::GetCredUuidList => 9,
            Self::GetCredByUuid => 10,
            Self::RemoveCred => 11,
            Self::MoveCache => 17,
            Self::GetCacheUuidList => 18,
            Self::GetCacheByUuid => 19,
            Self::GetDefaultCache => 20,
            Self::SetDefaultCache => 21,
            Self::GetKdcOffset => 22,
            Self::SetKdcOffset => 23,
            Self::GetCredList => 13_001,
            Self::Replace => 13_002,
        }
    }
}

/// Identifies a cache or an entry.
pub(super) type Uuid = [u8; 16];

/// A request.
///
/// ```text
/// version    02 00
/// opcode     16 bits
/// arguments  as the opcode has them, one after the other: names end with a zero octet, principals and credentials are
///            those of cache files of version 4, numbers have 32 bits
/// ```
///
/// All integers are big-endian.
pub(super) struct Request {
    pub(super) opcode: Opcode,
    writer: Writer,
}

impl Request {
    pub(super) fn new(opcode: Opcode) -> Self {
        let mut writer = Writer::new(ByteOrder::Big);
        writer.put(&[2, 0]);
        writer.u16(opcode.number());
        Self { opcode, writer }
    }

    /// A request whose first argument is the name of a cache.
    pub(super) fn of(opcode: Opcode, name: &str) -> Self {
        Self::new(opcode).name(name)
    }

    pub(super) fn name(mut self, name: &str) -> Self {
        self.writer.put(name.as_bytes());
        self.writer.u8(0);
        self
    }

    pub(super) fn uuid(mut self, uuid: &Uuid) -> Self {
        self.writer.put(uuid);
        self
    }

    pub(super) fn seconds(mut self, seconds: i32) -> Self {
        self.writer.i32(seconds);
        self
    }

    pub(super) fn principal(mut self, principal: &Principal) -> Result<Self, FormatFault> {
        write_principal(&mut self.writer, principal, FormatVersion::V4)?;
        Ok(self)
    }

    pub(super) fn credential(mut self, credentials: &Credentials) -> Result<Self, FormatFault> {
        write_credential(&mut self.writer, credentials, FormatVersion::V4)?;
        Ok(self)
    }

    /// The offset, the principal and the counted entries, each with its length.
    pub(super) fn contents(self, contents: &CacheContents) -> Result<Self, FormatFault> {
        let offset = contents.clock_offset.map_or(0, |offset| offset.seconds);
        let mut request = self.seconds(offset).principal(&contents.principal)?;
        request.writer.count32(contents.credentials.len(), "credentials")?;
        for credentials in &contents.credentials {
            let mut entry = Writer::new(ByteOrder::Big);
            write_credential(&mut entry, credentials, FormatVersion::V4)?;
            request.writer.counted32(&entry.finish())?;
        }
        Ok(request)
    }

    /// What is to be matched, and how exactly: client, server, enctype of the key and times, and nothing else.
    ///
    /// ```text
    /// match     32 bits, Heimdal's
    /// fields    32 bits: 1 client, 2 server, 4 session key
    /// client, server, enctype, key, four times, is_skey, flags   as in credentials
    /// ```
    pub(super) fn pattern(mut self, credentials: &Credentials) -> Result<Self, FormatFault> {
        self.writer.u32(MATCH_TIMES_EXACT | MATCH_KEYTYPE);
        self.writer.u32(HAS_CLIENT | HAS_SERVER | HAS_SESSION_KEY);
        // Up to the flags, the fields are those of credentials; addresses and what follows are not there.
        let bare = Credentials {
            addresses: Vec::new(),
            authdata: Vec::new(),
            ticket: Vec::new(),
            second_ticket: Vec::new(),
            ..credentials.clone()
        };
        let mut entry = Writer::new(ByteOrder::Big);
        write_credential(&mut entry, &bare, FormatVersion::V4)?;
        let entry = entry.finish();
        let fields = entry.len().checked_sub(EMPTY_TAIL).and_then(|len| entry.get(..len));
        self.writer.put(fields.unwrap_or_default());
        Ok(self)
    }

    /// The request with its length before it.
    pub(super) fn framed(self) -> Result<Zeroizing<Vec<u8>>, FormatFault> {
        let request = self.writer.finish();
        let mut framed = Writer::new(ByteOrder::Big);
        framed.counted32(&request)?;
        Ok(framed.finish())
    }
}

/// What a daemon answers where it did what it was asked for.
#[derive(Debug)]
#[non_exhaustive]
pub enum Reply {
    /// That it did.
    Done,
    /// The name of a cache.
    Name(String),
    /// Identifiers.
    Uuids(Vec<[u8; 16]>),
    /// A principal; none where a daemon knows the cache by name only.
    Principal(Option<Principal>),
    /// An entry.
    Credential(Box<Credentials>),
    /// All entries.
    Credentials(Vec<Credentials>),
    /// Seconds.
    Offset(i32),
}

impl Reply {
    /// Reads what follows the status in the reply to `opcode`. Octets after what was expected are an error, except
    /// where nothing was expected.
    ///
    /// # Errors
    /// [`FormatFault`]; nothing is kept of the reply then.
    pub fn parse(opcode: Opcode, octets: &[u8]) -> Result<Self, FormatFault> {
        match opcode {
            Opcode::Initialize
            | Opcode::Destroy
            | Opcode::Store
            | Opcode::RemoveCred
            | Opcode::MoveCache
            | Opcode::SetDefaultCache
            | Opcode::SetKdcOffset
            | Opcode::Replace => Ok(Self::Done),
            Opcode::GenNew | Opcode::GetDefaultCache | Opcode::GetCacheByUuid => parse_name(octets).map(Self::Name),
            Opcode::GetCredUuidList | Opcode::GetCacheUuidList => parse_uuids(octets).map(Self::Uuids),
            Opcode::GetPrincipal if octets.is_empty() => Ok(Self::Principal(None)),
            Opcode::GetPrincipal => read_whole(octets, |reader| read_principal(reader, FormatVersion::V4))
                .map(|found| Self::Principal(Some(found))),
            Opcode::GetCredByUuid => read_whole(octets, |reader| read_credential(reader, FormatVersion::V4))
                .map(|found| Self::Credential(Box::new(found))),
            Opcode::GetCredList => read_whole(octets, read_list).map(Self::Credentials),
            Opcode::GetKdcOffset => read_whole(octets, Reader::i32).map(Self::Offset),
        }
    }
}

fn parse_name(octets: &[u8]) -> Result<String, FormatFault> {
    let (last, name) = octets.split_last().ok_or(FormatFault::Truncated { offset: 0 })?;
    let offset = name.iter().position(|octet| *octet == 0).unwrap_or(name.len());
    if *last != 0 || offset < name.len() {
        return Err(FormatFault::Text { offset });
    }
    let name = std::str::from_utf8(name).map_err(|error| FormatFault::Text {
        offset: error.valid_up_to(),
    })?;
    Ok(name.to_owned())
}

fn parse_uuids(octets: &[u8]) -> Result<Vec<Uuid>, FormatFault> {
    let (uuids, rest) = octets.as_chunks::<16>();
    if !rest.is_empty() {
        let offset = octets.len().saturating_sub(rest.len());
        return Err(FormatFault::Truncated { offset });
    }
    if uuids.len() > MAX_ENTRIES {
        return Err(TOO_MANY);
    }
    Ok(uuids.to_vec())
}

/// A 32-bit count, and for each entry its 32-bit length and itself.
fn read_list(reader: &mut Reader<'_>) -> Result<Vec<Credentials>, FormatFault> {
    let count = usize::try_from(reader.u32()?).unwrap_or(usize::MAX);
    if count > MAX_ENTRIES {
        return Err(TOO_MANY);
    }
    (0..count)
        .map(|_| read_whole(reader.counted32()?, |entry| read_credential(entry, FormatVersion::V4)))
        .collect()
}

/// Entries of one cache, and caches of one user.
pub(super) const MAX_ENTRIES: usize = 10_000;
const TOO_MANY: FormatFault = FormatFault::Limit {
    what: "entries",
    limit: MAX_ENTRIES,
};
const MATCH_KEYTYPE: u32 = 1 << 30;
const MATCH_TIMES_EXACT: u32 = 1 << 26;
const HAS_CLIENT: u32 = 1;
const HAS_SERVER: u32 = 2;
const HAS_SESSION_KEY: u32 = 4;
/// Octets of credentials after their flags if they have no addresses, no authorization data and no tickets.
const EMPTY_TAIL: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ccache::fixture::{credentials, principal};

    fn octets(request: Request) -> Vec<u8> {
        request.framed().unwrap().to_vec()
    }

    fn entry(credentials: &Credentials) -> Vec<u8> {
        let mut writer = Writer::new(ByteOrder::Big);
        write_credential(&mut writer, credentials, FormatVersion::V4).unwrap();
        writer.finish().to_vec()
    }

    #[test]
    fn i66_a_request_is_its_length_the_version_the_opcode_and_the_arguments() {
        let request = Request::of(Opcode::Initialize, "1000")
            .principal(&principal("alice@R"))
            .unwrap();
        let expected = b"\0\0\0\x21\x02\0\0\x041000\0\0\0\0\x01\0\0\0\x01\0\0\0\x01R\0\0\0\x05alice";
        assert_eq!(octets(request)[8..], expected[8..]);
        assert_eq!(octets(Request::new(Opcode::GetCredList)), b"\0\0\0\x04\x02\0\x32\xc9");
        assert_eq!(octets(Request::new(Opcode::Replace)), b"\0\0\0\x04\x02\0\x32\xca");
        let request = Request::of(Opcode::SetKdcOffset, "a").seconds(-2);
        assert_eq!(octets(request), b"\0\0\0\x0a\x02\0\0\x17a\0\xff\xff\xff\xfe");
    }

    #[test]
    fn i66_a_pattern_ends_with_the_flags() {
        let one = credentials("host/a@R", 100);
        let request = octets(Request::new(Opcode::RemoveCred).pattern(&one).unwrap());
        let (head, rest) = request[8..].split_at(8);
        assert_eq!(head, b"\x44\0\0\0\0\0\0\x07");
        assert!(entry(&one).starts_with(rest));
        assert_eq!(rest[rest.len() - 4..], one.flags.bits().to_be_bytes());
    }

    #[test]
    fn i66_replies_are_read_as_their_opcode_has_them() {
        let one = credentials("host/a@R", 100);
        let list = [
            &[0, 0, 0, 1][..],
            &(entry(&one).len() as u32).to_be_bytes(),
            &entry(&one),
        ]
        .concat();
        for (opcode, reply, expected) in [
            (Opcode::GetDefaultCache, b"0:1\0".to_vec(), r#"Name("0:1")"#),
            (Opcode::GetKdcOffset, b"\xff\xff\xff\xfe".to_vec(), "Offset(-2)"),
            (Opcode::GetCredUuidList, Vec::new(), "Uuids([])"),
            (Opcode::GetPrincipal, Vec::new(), "Principal(None)"),
            (Opcode::Store, b"ignored".to_vec(), "Done"),
        ] {
            assert_eq!(format!("{:?}", Reply::parse(opcode, &reply).unwrap()), expected);
        }
        let Reply::Credentials(read) = Reply::parse(Opcode::GetCredList, &list).unwrap() else {
            panic!()
        };
        assert_eq!(entry(&read[0]), entry(&one));
        for (opcode, whole) in [
            (Opcode::GetCredList, list),
            (Opcode::GetCredByUuid, entry(&one)),
            (Opcode::GetCacheByUuid, b"name\0".to_vec()),
            (Opcode::GetCacheUuidList, vec![1; 16]),
            (Opcode::GetKdcOffset, vec![0; 4]),
        ] {
            for cut in 1..whole.len() {
                assert!(Reply::parse(opcode, &whole[..cut]).is_err(), "{opcode:?} {cut}");
            }
            let longer = [whole.as_slice(), b"x"].concat();
            assert!(Reply::parse(opcode, &longer).is_err(), "{opcode:?}");
        }
    }

    #[test]
    fn counts_beyond_the_limit_allocate_nothing() {
        let error = Reply::parse(Opcode::GetCredList, b"\xff\xff\xff\xff").unwrap_err();
        assert_eq!(error, TOO_MANY);
        let error = Reply::parse(Opcode::GetCredUuidList, &vec![0; 16 * (MAX_ENTRIES + 1)]).unwrap_err();
        assert_eq!(error, TOO_MANY);
    }

    #[test]
    fn names_are_text_that_ends_once() {
        for bad in [&b""[..], b"name", b"na\0me\0", b"\xff\0", b"name\0\0"] {
            assert!(Reply::parse(Opcode::GenNew, bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn opcodes_have_numbers_of_their_own() {
        let mut numbers = Opcode::ALL.map(Opcode::number).to_vec();
        numbers.dedup();
        assert!(numbers.is_sorted());
        assert_eq!(numbers.len(), Opcode::ALL.len());
    }
}
