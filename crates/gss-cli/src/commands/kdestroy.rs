//! `gss kdestroy`: remove a credential cache.

use std::process::ExitCode;

use super::kerberos::Local;

/// Remove the credential cache with its tickets
///
/// The tickets remain valid elsewhere until they expire: copies, and what was forwarded.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The credential cache [default: $KRB5CCNAME]
    #[arg(short = 'c', long = "cache", value_name = "CCACHE")]
    cache: Option<String>,
    /// Say nothing if there is no cache
    #[arg(short, long)]
    quiet: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let local = Local::of_process()?;
    match local.cache(args.cache.as_deref())?.destroy() {
        Err(krb5_store::Error::NoCache { .. }) if args.quiet => Ok(ExitCode::FAILURE),
        other => {
            other?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
