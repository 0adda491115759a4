//! Project tasks, run as `cargo xtask TASK`.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod fuzz;
mod replay;

/// Project tasks.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Command {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs the fuzz targets under libFuzzer and prints what each did.
    Fuzz(fuzz::Args),
    /// Races and crashes replay caches, and prints what held.
    Replay(replay::Args),
}

fn main() -> ExitCode {
    let result = match Command::parse().task {
        Task::Fuzz(args) => fuzz::run(&args),
        Task::Replay(args) => replay::run(&args),
    };
    result.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}

/// The root of the workspace.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}
