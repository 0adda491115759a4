//! `cargo xtask replay`: replay caches under races and crashes, by real processes.
//!
//! Everything is driven by lines: a tag of 24 hexadecimal digits in, `stored`, `replayed` or `error TEXT` out. The age of
//! the authenticator may follow the tag, in seconds.
//! [`conformance/replay/store.c`](../../conformance/replay/store.c) speaks the same, for MIT's cache.

mod contestant;
mod crash;
mod race;
mod store;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use krb5_store::replay::{ReplayCache, ReplayTypes};

use self::contestant::Program;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Store the tags on standard input, and say what came of each
    Store(store::Args),
    /// Many processes present each tag at once: exactly one may store it
    Race(race::Race),
    /// Many processes store tags of their own at full speed: all must be stored, once
    Unique(race::Unique),
    /// Processes are killed while they store: what they said to have stored must be found
    Crash(crash::Args),
}

/// Who takes part.
#[derive(clap::Args)]
struct Field {
    /// The cache, by its name: file2:FILE, redis://HOST:PORT
    cache: String,
    /// How many processes take part
    #[arg(long, default_value_t = 16)]
    processes: usize,
    /// Every other process is this program, which is given the cache's name
    #[arg(long, value_name = "PROGRAM")]
    rival: Option<std::path::PathBuf>,
}

impl Field {
    fn programs(&self) -> Result<Vec<Program>> {
        let ours = Program::ours(&std::env::current_exe()?, &self.cache);
        let rival = self.rival.as_ref().map(|path| Program::rival(path, &self.cache));
        let theirs = rival.as_ref().unwrap_or(&ours);
        Ok([&ours, theirs]
            .into_iter()
            .cycle()
            .take(self.processes)
            .cloned()
            .collect())
    }
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    match &args.task {
        Task::Store(args) => store::run(args),
        Task::Race(args) => race::race(args),
        Task::Unique(args) => race::unique(args),
        Task::Crash(args) => crash::run(args),
    }
}

fn open(name: &str) -> Result<Arc<dyn ReplayCache>> {
    let types = krb5_replay_redis::register(ReplayTypes::default());
    types.resolve(name).context("no such replay cache")
}
