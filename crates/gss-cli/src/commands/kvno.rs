//! `gss kvno`: service tickets

use std::process::ExitCode;

/// Get service tickets and print their key versions
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("gss kvno is not part of this build")
}
