//! `gss kdestroy`: remove credential caches.

use std::process::ExitCode;

use krb5_store::Error;

use super::kerberos::Local;

/// Remove the credential cache with its tickets
///
/// The tickets remain valid elsewhere until they expire: copies, and what was forwarded. Of a collection of caches it
/// removes the primary one, and says whether others remain.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The credential cache [default: $KRB5CCNAME]
    #[arg(short = 'c', long = "cache", value_name = "CCACHE")]
    cache: Option<String>,
    /// All caches of the collection
    #[arg(short = 'A', long, conflicts_with = "principal")]
    all: bool,
    /// The cache of this principal in the collection
    #[arg(short = 'p', long, value_name = "PRINCIPAL")]
    principal: Option<String>,
    /// Say nothing if there is no cache, nor that others remain
    #[arg(short, long)]
    quiet: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    match destroy(&args) {
        Err(error) if args.quiet && matches!(error.downcast_ref(), Some(Error::NoCache { .. })) => {
            Ok(ExitCode::FAILURE)
        }
        other => other,
    }
}

fn destroy(args: &Args) -> anyhow::Result<ExitCode> {
    let local = Local::of_process()?;
    let name = args.cache.as_deref();
    if args.all {
        return destroy_all(&local, name);
    }
    match &args.principal {
        None => {
            local.cache(name)?.destroy()?;
            if !args.quiet {
                tell_of_others(&local, name);
            }
        }
        Some(principal) => {
            let principal = local.principal(principal)?;
            let collection = local.collection(name)?;
            let missing = || Error::NoCache {
                name: format!("of {principal} in {}", collection.name()),
            };
            collection.find(&principal)?.ok_or_else(missing)?.destroy()?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Whoever has several identities may think that all are gone. The cache is destroyed, whatever comes of this.
fn tell_of_others(local: &Local, name: Option<&str>) {
    let Ok(collection) = local.collection(name) else { return };
    let others = collection.caches().map_or(0, |caches| caches.len());
    let what = match others {
        0 => return,
        1 => "another credential cache remains",
        _ => "other credential caches remain",
    };
    let collection = collection.name();
    eprintln!("{what} in {collection}: gss klist -l lists them, gss kdestroy -A destroys all");
}

/// One that cannot be destroyed does not keep the others.
fn destroy_all(local: &Local, name: Option<&str>) -> anyhow::Result<ExitCode> {
    let collection = local.collection(name)?;
    let caches = collection.caches()?;
    if caches.is_empty() {
        let name = collection.name();
        return Err(Error::NoCache { name }.into());
    }
    let mut code = ExitCode::SUCCESS;
    for cache in caches {
        match cache.destroy() {
            Ok(()) | Err(Error::NoCache { .. }) => {}
            Err(error) => code = crate::report::failure(&error.into()),
        }
    }
    Ok(code)
}
