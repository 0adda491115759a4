//! `gss klist`: what a credential cache holds

use std::process::ExitCode;

/// List the tickets of a credential cache
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("gss klist is not part of this build")
}
