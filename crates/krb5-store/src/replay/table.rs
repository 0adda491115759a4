//! The format of a replay cache file, MIT's `file2`.
//!
//! ```text
//! 0..15     seed of SipHash-2-4
//! 16..      a table of 1023 records, then one of 2048, of 4096, …
//!
//! record:
//! 0..11     tag
//! 12..15    time, seconds since 1970 modulo 2^32, big-endian; 0 means that the record is empty
//! ```
//!
//! A tag belongs into one of two neighbouring records of each table: the one that its hash, modulo the
//! table's size, leads to, and the next in the file. The first octet of the seed counts up by one for
//! each table. What lies behind the end of the file is empty. Records are never emptied, only taken over
//! when they are old, so that a search may end at the first empty one.
//!
//! MIT writes the time of acceptance and takes a record over once that is longer ago than the clock
//! skew. That is too soon for an authenticator whose time lay in the future when it was accepted: it
//! stays acceptable for up to twice the skew. Here the time written is the time of acceptance plus the
//! skew, so that MIT keeps the record long enough as well.
//!
//! Records of MIT's are kept for two skews, and all for another two and some seconds, because the clock may be
//! set back: if that makes an authenticator good again whose record was taken over, then whatever took it over
//! has a time that now lies more than two skews ahead. No record can have that while the clock goes on evenly. So
//! one that does, in a place where a tag belongs, means that the tag may have been there, and the answer is
//! [`Outcome::Unknown`].

use std::hash::Hasher;
use std::io;

use siphasher::sip::SipHasher24;

use super::{Acceptance, Tag};

/// Where the octets of a table are. The caller has locked it.
pub trait Storage {
    /// Reads from `offset` on, as much as there is and fits.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn read_at(&self, octets: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of `octets` at `offset`; what lies between the end and there becomes zero.
    ///
    /// # Errors
    /// Where not all of it can be written.
    fn write_at(&mut self, octets: &[u8], offset: u64) -> io::Result<()>;
}

/// The key of the hash.
pub type Seed = [u8; 16];

/// What came of storing a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a tag that was there must not be accepted"]
pub enum Outcome {
    /// It was there already.
    Present,
    /// It is there now.
    Stored,
    /// It is not there, and there is no room for it.
    Full,
    /// It is not there, but may have been: the clock was set back since.
    Unknown,
}

/// Stores a tag unless it is there. `seed` makes the seed of a new table, at random.
///
/// It reads two records of each table that is full at the tag's place, and writes one: at most 17 tables
/// fit into a file of 2 GiB, MIT's limit.
///
/// # Errors
/// Where the storage cannot be read or written, or no seed be had. Nothing is stored then, or an
/// incomplete record that means nothing.
pub fn store(
    storage: &mut impl Storage,
    acceptance: &Acceptance,
    seed: impl FnOnce() -> io::Result<Seed>,
) -> io::Result<Outcome> {
    let mut seed = existing_or(storage, seed)?;
    let mut vacant = None;
    let mut unknown = false;
    for table in Tables::new() {
        let place = table.place(acceptance.tag, seed);
        let pair = Pair::read(storage, place)?;
        if pair.holds(acceptance.tag) {
            return Ok(Outcome::Present);
        }
        vacant = vacant.or_else(|| pair.vacant(acceptance).map(|index| place.saturating_add(index)));
        unknown |= pair.is_ahead(acceptance);
        if pair.ends_search() {
            break;
        }
        seed = next(seed);
    }
    match vacant {
        _ if unknown => Ok(Outcome::Unknown),
        Some(offset) => write(storage, acceptance, offset),
        None => Ok(Outcome::Full),
    }
}

fn write(storage: &mut impl Storage, acceptance: &Acceptance, offset: u64) -> io::Result<Outcome> {
    storage.write_at(&acceptance.record(), offset)?;
    Ok(Outcome::Stored)
}

fn existing_or(storage: &mut impl Storage, seed: impl FnOnce() -> io::Result<Seed>) -> io::Result<Seed> {
    let mut existing = Seed::default();
    if storage.read_at(&mut existing, 0)? == existing.len() {
        return Ok(existing);
    }
    let new = seed()?;
    storage.write_at(&new, 0)?;
    Ok(new)
}

/// The seed for the next table.
fn next(mut seed: Seed) -> Seed {
    let [first, ..] = &mut seed;
    *first = first.wrapping_add(1);
    seed
}

impl Acceptance {
    fn record(&self) -> [u8; RECORD_LEN] {
        let mut record = [0; RECORD_LEN];
        let time = self.written_time().to_be_bytes();
        for (to, from) in record.iter_mut().zip(self.tag.as_bytes().iter().chain(&time)) {
            *to = *from;
        }
        record
    }

    /// One skew from now, and never the 0 of an empty record.
    fn written_time(&self) -> u32 {
        let until = self.now.0.saturating_add(self.skew_seconds().min(MOST_AHEAD));
        u32::try_from(until.rem_euclid(ERA)).unwrap_or(u32::MAX).max(1)
    }

    /// Whether nothing that was accepted with a record of this time can be accepted any more, nor after the
    /// clock is set back without its being noticed.
    fn outlives(&self, time: u32) -> bool {
        self.age(time) > self.tolerated_lead().saturating_add(self.two_skews())
    }

    /// Whether a record of this time was written when the clock was further on.
    fn is_behind(&self, time: u32) -> bool {
        self.age(time).saturating_neg() > self.tolerated_lead()
    }

    /// Seconds since this time, negative if it is to come. It is the one closest to now of those that it may stand
    /// for.
    fn age(&self, time: u32) -> i64 {
        let age = self.now.0.saturating_sub(i64::from(time)).rem_euclid(ERA);
        if age < HALF_ERA { age } else { age.saturating_sub(ERA) }
    }

    /// How far ahead a record may be without the clock having been set back: one skew where it was written with
    /// this one. Twice as much is tolerated, for acceptors with another one, and for a lock that was waited for.
    fn tolerated_lead(&self) -> i64 {
        self.two_skews().saturating_add(LONG_WAIT)
    }

    fn two_skews(&self) -> i64 {
        self.skew_seconds().saturating_mul(2)
    }
}

/// Two neighbouring records, as far as they are there.
struct Pair([Option<Record>; 2]);

#[derive(Clone, Copy)]
struct Record {
    tag: Tag,
    /// 0 where it is empty.
    time: u32,
}

impl Pair {
    fn read(storage: &impl Storage, offset: u64) -> io::Result<Self> {
        let mut octets = [0; 2 * RECORD_LEN];
        let read = storage.read_at(&mut octets, offset)?;
        let (records, _) = octets.get(..read).unwrap_or_default().as_chunks::<RECORD_LEN>();
        let mut records = records.iter().map(Record::parse);
        Ok(Self([records.next(), records.next()]))
    }

    fn in_use(&self) -> impl Iterator<Item = Option<Record>> {
        self.0
            .into_iter()
            .map(|record| record.filter(|record| record.time != 0))
    }

    fn holds(&self, tag: Tag) -> bool {
        self.in_use().flatten().any(|record| record.tag == tag)
    }

    /// Where the first record that may be written to is, from the first record on.
    fn vacant(&self, acceptance: &Acceptance) -> Option<u64> {
        let free = |record: Option<Record>| record.is_none_or(|record| acceptance.outlives(record.time));
        self.in_use()
            .zip([0, RECORD_OCTETS])
            .find_map(|(record, offset)| free(record).then_some(offset))
    }

    /// Whether a record may have taken over the place of one that counts again.
    fn is_ahead(&self, acceptance: &Acceptance) -> bool {
        self.in_use().flatten().any(|record| acceptance.is_behind(record.time))
    }

    /// Whether a tag that comes here would have been stored here, and so is in no further table.
    fn ends_search(&self) -> bool {
        self.in_use().any(|record| record.is_none())
    }
}

impl Record {
    fn parse(octets: &[u8; RECORD_LEN]) -> Self {
        let [tag @ .., a, b, c, d] = octets;
        Self {
            tag: Tag::of(tag),
            time: u32::from_be_bytes([*a, *b, *c, *d]),
        }
    }
}

/// A table: where it starts and how many records it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Table {
    offset: u64,
    records: u64,
}

impl Table {
    /// The offset of the first record where a tag belongs. The second one of a table's last record is the
    /// next table's first.
    fn place(&self, tag: Tag, seed: Seed) -> u64 {
        let mut hasher = SipHasher24::new_with_key(&seed);
        hasher.write(tag.as_bytes());
        let index = hasher.finish().checked_rem(self.records).unwrap_or(0);
        self.offset.saturating_add(index.saturating_mul(RECORD_OCTETS))
    }

    fn end(&self) -> u64 {
        self.offset.saturating_add(self.records.saturating_mul(RECORD_OCTETS))
    }
}

/// The tables that a file can have.
struct Tables {
    next: Table,
}

impl Tables {
    fn new() -> Self {
        Self {
            next: Table {
                offset: SEED_OCTETS,
                records: FIRST_RECORDS,
            },
        }
    }
}

impl Iterator for Tables {
    type Item = Table;

    fn next(&mut self) -> Option<Table> {
        let table = self.next;
        self.next = Table {
            offset: table.end(),
            // 1023, then powers of two.
            records: table
                .records
                .saturating_add(1)
                .next_power_of_two()
                .max(2 * FIRST_RECORDS + 2),
        };
        (table.end() <= MAX_FILE).then_some(table)
    }
}

const RECORD_LEN: usize = 16;
const RECORD_OCTETS: u64 = 16;
const SEED_OCTETS: u64 = 16;
const FIRST_RECORDS: u64 = 1023;
/// MIT's limit, 2^31 - 1.
const MAX_FILE: u64 = 0x7FFF_FFFF;
/// Times are modulo this.
const ERA: i64 = 1 << 32;
const HALF_ERA: i64 = 1 << 31;
/// In seconds, longer than a lock is waited for.
const LONG_WAIT: i64 = 10;
/// Further ahead, a time would be taken for one in the past.
const MOST_AHEAD: i64 = 1 << 30;

#[cfg(test)]
mod tests;
