//! Coverage-guided fuzzing on the stable toolchain.
//!
//! The targets are plain functions in the crate `gss-fuzz`; `cargo fuzz` runs them too, on nightly. Here the
//! compiler's coverage pass is switched on by hand, so that a campaign needs nothing but a C++ compiler. The code
//! under test has no `unsafe`, so that debug assertions and overflow checks take the place of a sanitizer.

use std::collections::VecDeque;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use comfy_table::{CellAlignment, Table, presets};
use indicatif::MultiProgress;

use crate::root;

mod campaign;

use campaign::{Campaign, Outcome};

/// Options of `cargo xtask fuzz`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Minutes of CPU time for each target.
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// Targets run side by side.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Adds the inputs that reached new code to fuzz/corpus, minimised.
    #[arg(long)]
    merge: bool,
    /// The targets to run; all of them if none is named.
    targets: Vec<String>,
}

/// What makes libFuzzer see the code, without nightly's `-Zsanitizer`.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1 \
    -Cdebug-assertions=on -Coverflow-checks=on";

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    ensure!(
        args.minutes > 0.0 && args.jobs > 0,
        "--minutes and --jobs must be positive"
    );
    let targets = chosen(&args.targets)?;
    let binaries = build(&targets)?;
    let bars = MultiProgress::new();
    let queue: Mutex<VecDeque<String>> = Mutex::new(targets.into());
    let outcomes: Mutex<Vec<Result<Outcome>>> = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..args.jobs {
            scope.spawn(|| {
                while let Some(name) = pop(&queue) {
                    let campaign = Campaign {
                        binary: binaries.join(&name),
                        name,
                        minutes: args.minutes,
                    };
                    let outcome = campaign.run(&bars, args.merge);
                    outcomes
                        .lock()
                        .unwrap_or_else(|poisoned| poisoned.into_inner())
                        .push(outcome);
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    report(outcomes.into_iter().collect::<Result<Vec<_>>>()?)
}

fn pop(queue: &Mutex<VecDeque<String>>) -> Option<String> {
    queue
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
        .pop_front()
}

/// The names in `fuzz/fuzz_targets`, or those asked for.
fn chosen(asked: &[String]) -> Result<Vec<String>> {
    let folder = root().join("fuzz/fuzz_targets");
    let mut all = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            all.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    all.sort();
    if let Some(unknown) = asked.iter().find(|name| !all.contains(name)) {
        bail!("no fuzz target is called {unknown}; there are {}", all.join(", "));
    }
    Ok(if asked.is_empty() { all } else { asked.to_vec() })
}

/// Each program takes a while to build, so that only those are built that are to run.
fn build(targets: &[String]) -> Result<PathBuf> {
    let target_dir = root().join("target/fuzz");
    let programs = targets.iter().flat_map(|name| ["--bin", name]);
    let status = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["build", "--release", "--package", "gss-fuzz", "--features", "libfuzzer"])
        .args(programs)
        // Naming the target keeps the flags away from build scripts and macros.
        .args(["--target", "x86_64-unknown-linux-gnu"])
        .env("CARGO_TARGET_DIR", &target_dir)
        .env("RUSTFLAGS", COVERAGE)
        .status()
        .context("cannot run cargo")?;
    ensure!(
        status.success(),
        "the fuzz targets did not build; libFuzzer needs a C++ compiler (Debian: g++)"
    );
    Ok(target_dir.join("x86_64-unknown-linux-gnu/release"))
}

fn report(mut outcomes: Vec<Outcome>) -> Result<ExitCode> {
    outcomes.sort_by(|a, b| a.name.cmp(&b.name));
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN);
    table.set_header([
        "target",
        "executions",
        "CPU s",
        "exec/s",
        "edges",
        "corpus",
        "peak MiB",
        "crashes",
    ]);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for outcome in &outcomes {
        table.add_row(outcome.row());
    }
    println!("{table}");
    let crashes: usize = outcomes.iter().map(|outcome| outcome.crashes.len()).sum();
    for outcome in &outcomes {
        for crash in &outcome.crashes {
            println!("{}: {}", outcome.name, crash.display());
        }
    }
    Ok(if crashes == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
