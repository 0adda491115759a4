//! `gss mechs`: the mechanisms that are built in

use std::process::ExitCode;

/// List the mechanisms that are built in
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("gss mechs is not part of this build")
}
