//! Replay cache files.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use krb5_store::proto::KerberosTime;
use krb5_store::replay::table::{Outcome, Storage, store};
use krb5_store::replay::{Acceptance, Tag};

/// Any file is a replay cache, in which no authenticator is accepted twice while the clock does what it likes, and
/// which changes only by what is accepted.
///
/// ```text
/// 0..3     when it begins, seconds since 1970
/// 4..5     the file's length
/// 6        the number of steps, modulo 16
/// 7..      a step: the authenticator's number, and by how many minutes the clock moves before
/// then     what the file repeats
/// ```
pub fn rcache(octets: &[u8]) {
    let Some((start, rest)) = octets.split_first_chunk::<4>() else {
        return;
    };
    let Some(([high, low, count], rest)) = rest.split_first_chunk::<3>() else {
        return;
    };
    let Some((steps, pattern)) = rest.split_at_checked(usize::from(count % 16) * 2) else {
        return;
    };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let mut file = Octets(pattern.repeat(length.div_ceil(pattern.len().max(1))));
    file.0.truncate(length);
    let mut now = i64::from(u32::from_be_bytes(*start));
    // When each was made, and whether it was accepted.
    let mut made: HashMap<u8, (i64, bool)> = HashMap::new();
    for step in steps.chunks_exact(2) {
        let &[number, minutes] = step else { continue };
        now += i64::from(minutes.cast_signed()) * 60;
        let (time, accepted) = made.entry(number).or_insert((now, false));
        if (*time - now).unsigned_abs() > SKEW.as_secs() {
            continue;
        }
        let before = file.0.clone();
        let outcome = present(&mut file, number, *time, now);
        if outcome == Outcome::Stored {
            assert!(!*accepted, "accepted twice");
            assert_one_record_differs(&before, &file.0);
            assert_eq!(present(&mut file, number, *time, now), Outcome::Present);
            *accepted = true;
        } else {
            assert!(file.0 == before || before.len() < SEED_LEN, "refused, but written");
        }
        assert!(!*accepted || outcome != Outcome::Full);
    }
}

fn present(file: &mut Octets, number: u8, time: i64, now: i64) -> Outcome {
    let acceptance = Acceptance {
        tag: Tag::of(&[number; 12]),
        time: KerberosTime(time),
        now: KerberosTime(now),
        skew: SKEW,
    };
    store(file, &acceptance, || Ok([7; SEED_LEN])).expect("a file in memory can be read and written")
}

/// Besides a new seed.
fn assert_one_record_differs(before: &[u8], after: &[u8]) {
    let record = |octets: &[u8], start: usize| -> [u8; 16] {
        let mut record = [0; 16];
        let rest = octets.get(start..).unwrap_or_default();
        record.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        record
    };
    // Most of a file is the same, and told so at once.
    let differ = (SEED_LEN..before.len().max(after.len()))
        .step_by(PART)
        .filter(|&start| !same(before, after, start))
        .flat_map(|start| (start..start + PART).step_by(16))
        .filter(|&start| record(before, start) != record(after, start))
        .count();
    assert!(differ <= 1, "{differ} records differ");
}

/// Whether the same part of both is there, and is the same.
fn same(before: &[u8], after: &[u8], start: usize) -> bool {
    let parts = [before, after].map(|octets| octets.get(start..start + PART));
    matches!(parts, [Some(before), Some(after)] if before == after)
}

/// A file in memory.
struct Octets(Vec<u8>);

impl Storage for Octets {
    fn read_at(&self, octets: &mut [u8], offset: u64) -> io::Result<usize> {
        let from = usize::try_from(offset).map_or(self.0.len(), |offset| offset.min(self.0.len()));
        let rest = &self.0[from..];
        let len = rest.len().min(octets.len());
        octets[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }

    fn write_at(&mut self, octets: &[u8], offset: u64) -> io::Result<()> {
        let from = usize::try_from(offset).map_err(io::Error::other)?;
        let end = from + octets.len();
        assert!(end <= LARGEST, "a record at {offset}");
        if self.0.len() < end {
            self.0.resize(end, 0);
        }
        self.0[from..end].copy_from_slice(octets);
        Ok(())
    }
}

const SKEW: Duration = Duration::from_secs(300);
const SEED_LEN: usize = 16;
const PART: usize = 1024;
/// What is full of a file of 64 KiB is in its first three tables. So few tags fill no place of two more.
const LARGEST: usize = SEED_LEN + (1023 + 2048 + 4096 + 8192 + 16384) * 16;
