//! `gss kdestroy`: an end to a credential cache

use std::process::ExitCode;

/// Destroy a credential cache
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("gss kdestroy is not part of this build")
}
