//! `gss kinit`: an initial ticket into the credential cache

use std::process::ExitCode;

/// Get a ticket-granting ticket
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("gss kinit is not part of this build")
}
