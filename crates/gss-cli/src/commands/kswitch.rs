//! `gss kswitch`: make another cache of a collection the primary one.

use std::process::ExitCode;

use anyhow::bail;
use krb5_store::ccache::CacheCollection;

use super::kerberos::Local;
use crate::report::Hint as _;

/// Switch to another credential cache of a collection
///
/// Commands that are given no cache use the primary one; this makes another cache that.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
#[group(required = true, multiple = false)]
pub(crate) struct Args {
    /// The cache, as klist -l shows it
    #[arg(short = 'c', long = "cache", value_name = "CCACHE")]
    cache: Option<String>,
    /// Whose cache it is
    #[arg(short = 'p', long, value_name = "PRINCIPAL")]
    principal: Option<String>,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let local = Local::of_process()?;
    let cache = match &args.principal {
        Some(name) => {
            let collection = local.collection(None)?;
            let principal = local.principal(name)?;
            match collection.find(&principal)? {
                Some(cache) => cache,
                None => return nobodys(&*collection, &principal.to_string()),
            }
        }
        None => local.cache(args.cache.as_deref())?,
    };
    cache.principal().hint(SEE)?;
    cache.make_primary()?;
    Ok(ExitCode::SUCCESS)
}

fn nobodys(collection: &dyn CacheCollection, wanted: &str) -> anyhow::Result<ExitCode> {
    let caches = collection.caches()?;
    let owners = caches.iter().filter_map(|cache| cache.principal().ok());
    let owners: Vec<_> = owners.map(|owner| owner.to_string()).collect();
    let name = collection.name();
    if owners.is_empty() {
        return Err(krb5_store::Error::NoCache { name }.into());
    }
    let missing = || -> anyhow::Result<ExitCode> {
        bail!("{name} has no cache of {wanted}; it has those of {}", owners.join(", "))
    };
    missing().hint(format!("get a ticket with: gss kinit {wanted}"))
}

const SEE: &str = "see which caches there are with: gss klist -l";

const EXAMPLES: &str = "\
Examples:
  gss kswitch -p admin@EXAMPLE.TEST
  gss kswitch -c DIR::/home/me/tickets/tktAbC123";
