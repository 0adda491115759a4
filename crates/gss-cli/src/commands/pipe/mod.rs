//! `gss pipe`: a context over standard input and output.

mod lines;
mod protocol;

use std::process::ExitCode;

/// Run a context over standard input and output, as JSON lines
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("gss pipe is not part of this build")
}
