//! `gss token`: what a token says

use std::process::ExitCode;

/// Explain a GSS-API, SPNEGO or Kerberos token
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("gss token is not part of this build")
}
