//! One process that stores tags.

use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use krb5_store::proto::KerberosTime;
use krb5_store::replay::{Acceptance, ReplayCache, ReplayError, Tag};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The cache, by its name: file2:FILE, redis://HOST:PORT
    cache: String,
    /// The clock skew, in seconds
    #[arg(long, default_value_t = 300)]
    skew: u64,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let cache = super::open(&args.cache)?;
    let mut output = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let line = Line::parse(&line).with_context(|| format!("{line:?} is no tag of 24 hexadecimal digits"))?;
        let answer = match line.store(cache.as_ref(), Duration::from_secs(args.skew))? {
            Ok(()) => "stored".to_owned(),
            Err(ReplayError::Replayed) => "replayed".to_owned(),
            Err(error) => format!("error {error}"),
        };
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Stores a tag of an authenticator that is made just now.
pub(crate) fn store(cache: &dyn ReplayCache, tag: [u8; 12], skew: Duration) -> Result<Result<(), ReplayError>> {
    Line { tag, age: 0 }.store(cache, skew)
}

/// A tag, and how many seconds ago its authenticator was made.
struct Line {
    tag: [u8; 12],
    age: i64,
}

impl Line {
    fn parse(line: &str) -> Option<Self> {
        let (digits, age) = line.split_once(' ').unwrap_or((line, "0"));
        Some(Self {
            tag: tag(digits)?,
            age: age.parse().ok()?,
        })
    }

    /// By the system's clock.
    fn store(&self, cache: &dyn ReplayCache, skew: Duration) -> Result<Result<(), ReplayError>> {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let now = KerberosTime(i64::try_from(since_1970)?);
        Ok(cache.store(&Acceptance {
            tag: Tag::of(&self.tag),
            time: now.offset(-self.age),
            now,
            skew,
        }))
    }
}

fn tag(line: &str) -> Option<[u8; 12]> {
    let mut tag = [0; 12];
    if line.len() != 24 || !line.is_ascii() {
        return None;
    }
    for (octet, digits) in tag.iter_mut().zip(line.as_bytes().chunks(2)) {
        *octet = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(tag)
}
