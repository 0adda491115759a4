//! `gss keytab`: the keys of services

use std::process::ExitCode;

/// List and edit keytabs
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("gss keytab is not part of this build")
}
