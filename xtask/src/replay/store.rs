//! One process that stores tags.

use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use krb5_store::proto::KerberosTime;
use krb5_store::replay::{ReplayCache, ReplayError};

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
        let tag = tag(&line).with_context(|| format!("{line:?} is no tag of 24 hexadecimal digits"))?;
        let answer = match store(cache.as_ref(), &tag, Duration::from_secs(args.skew))? {
            Ok(()) => "stored".to_owned(),
            Err(ReplayError::Replayed) => "replayed".to_owned(),
            Err(error) => format!("error {error}"),
        };
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Stores a tag by the system's clock.
pub(crate) fn store(cache: &dyn ReplayCache, tag: &[u8], skew: Duration) -> Result<Result<(), ReplayError>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    Ok(cache.store(tag, KerberosTime(i64::try_from(now)?), skew))
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
