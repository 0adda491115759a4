//! Cross-checks against MIT and Heimdal: throw-away realms, pairs of processes, a table of what agreed.
//!
//! `cargo run -p gss-conformance` checks this project's `gss` with both. See README.md beside this package.

#![forbid(unsafe_code)]

mod area;
mod federation;
mod flavour;
mod journey;
mod keeper;
mod logins;
mod packages;
mod pair;
mod party;
mod pipe;
mod process;
mod programs;
mod progress;
mod realm;
mod replays;
mod report;
mod runner;
mod scenario;
mod tickets;
mod tools;

use std::{io::Write, path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::{
    flavour::Flavour,
    programs::Programs,
    report::{Accepted, Row, Scope, Totals},
    runner::Plan,
};

/// Cross-checks of a GSS-API implementation with others
#[derive(Debug, Parser)]
#[command(name = "gss-conformance", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: Run,
    /// Where MIT's packages are unpacked; `peers` in the target directory otherwise
    #[arg(long, global = true, value_name = "DIRECTORY")]
    peers: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Download and unpack MIT's packages, which exclude Heimdal's where both are installed, and what comes from PyPI
    Prepare,
    /// List the Debian packages that are needed
    Packages,
}

#[derive(Debug, Args)]
struct Run {
    /// Whose behaviour is examined; `mit` or `heimdal` to examine the suite itself
    #[arg(long, value_enum, default_value = "gss")]
    subject: Flavour,
    /// With whom; all of them otherwise
    #[arg(long, value_enum)]
    peer: Vec<Flavour>,
    /// Only rows so named, `*` for anything: `*/aes256-sha1/mutual/*/mic`
    #[arg(long, value_name = "PATTERN")]
    only: Vec<String>,
    /// The gss command, instead of building it
    #[arg(long, env = "GSS_COMMAND", value_name = "FILE")]
    gss: Option<PathBuf>,
    /// How many contexts at a time; as many as there are processors otherwise
    #[arg(long)]
    jobs: Option<usize>,
    /// How long a row may take
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    deadline: u64,
    /// Print every row as JSON instead of the table
    #[arg(long)]
    json: bool,
    /// Leave the run's directory behind, with the KDCs' logs, and print its name
    #[arg(long)]
    keep: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match &cli.command {
        Some(Command::Prepare) => prepare(&cli),
        Some(Command::Packages) => list_packages(),
        None => run(&cli),
    };
    outcome.unwrap_or_else(|error| {
        let _ = writeln!(std::io::stderr().lock(), "gss-conformance: {error:#}");
        ExitCode::from(2)
    })
}

impl Cli {
    fn peers_directory(&self) -> Result<PathBuf> {
        self.peers.clone().map_or_else(packages::default_directory, Ok)
    }
}

impl Run {
    fn plan(&self) -> Plan {
        let mut peers = self.peer.clone();
        if peers.is_empty() {
            peers = vec![Flavour::Mit, Flavour::Heimdal];
            if self.subject == Flavour::Gss {
                peers.extend([Flavour::GssNtlmssp, Flavour::Pyspnego, Flavour::Gsasl, Flavour::Samba]);
            }
        }
        peers.retain(|peer| peer.implementation() != self.subject.implementation());
        Plan {
            subject: self.subject,
            peers,
            only: self.only.clone(),
            deadline: self.deadline,
            jobs: self
                .jobs
                .or_else(|| std::thread::available_parallelism().ok().map(usize::from))
                .unwrap_or(1),
        }
    }

    fn scope(&self) -> Scope {
        if self.only.is_empty() {
            Scope::Whole
        } else {
            Scope::Selection
        }
    }
}

fn prepare(cli: &Cli) -> Result<ExitCode> {
    packages::require_installed()?;
    let peers = cli.peers_directory()?;
    packages::prepare(&peers)?;
    print(&format!(
        "MIT's packages stand in {}\n",
        packages::mit_root(&peers).display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn list_packages() -> Result<ExitCode> {
    print(&format!(
        "installed: {}\nunpacked: {}\n",
        packages::INSTALLED.join(" "),
        packages::UNPACKED.join(" ")
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn run(cli: &Cli) -> Result<ExitCode> {
    packages::require_installed()?;
    let peers = cli.peers_directory()?;
    packages::prepare(&peers)?;
    let mut directory = tempfile::Builder::new().prefix("gss-conformance-").tempdir()?;
    if cli.run.keep {
        directory.disable_cleanup(true);
        writeln!(std::io::stderr().lock(), "{}", directory.path().display())?;
    }
    let plan = cli.run.plan();
    let mut flavours = plan.peers.clone();
    flavours.push(plan.subject);
    let programs = Programs::build(directory.path(), &peers, &flavours, cli.run.gss.clone())?;
    let mut rows = runner::run(&plan, &programs, directory.path())?;
    Accepted::load()?.apply(&mut rows, cli.run.scope());
    report(cli, &rows)
}

fn report(cli: &Cli, rows: &[Row]) -> Result<ExitCode> {
    let totals = Totals::of(rows);
    if cli.run.json {
        print(&format!("{}\n", serde_json::to_string_pretty(rows)?))?;
    } else {
        let table = report::table(cli.run.subject, rows);
        print(&format!("{}{table}\n", report::failures(rows)))?;
    }
    print(&format!("{} passed, {} failed\n", totals.passed, totals.failed))?;
    Ok(if totals.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn print(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}
