//! `gss klist`: what a credential cache, a collection of them or a keytab holds.

mod cache;
mod collection;
pub(super) mod keytab;

use std::process::ExitCode;

use super::kerberos::Local;

/// List the tickets in a credential cache, or the keys in a keytab
///
/// Exit code 1 means that there is no cache; with -s, that there is no valid ticket-granting ticket. Of a collection of
/// caches, such as DIR:/home/me/tickets, it lists the primary one; -l and -A tell of them all.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// The cache, or with -k the keytab [default: $KRB5CCNAME or $KRB5_KTNAME]
    name: Option<String>,
    /// The credential cache, by option
    #[arg(short = 'c', long = "cache", value_name = "CCACHE", conflicts_with_all = ["name", "keytab"])]
    cache: Option<String>,
    /// The caches of the collection: whose they are, until when, and which is the primary one
    #[arg(short = 'l', long = "list", conflicts_with_all = ["keytab", "silent", "enctypes", "flags"])]
    list: bool,
    /// The tickets in all caches of the collection
    #[arg(short = 'A', long, conflicts_with_all = ["keytab", "silent", "list"])]
    all: bool,
    /// List a keytab
    #[arg(short = 'k', long)]
    keytab: bool,
    /// With -k: when the keys were written
    #[arg(short = 't', long, requires = "keytab")]
    timestamps: bool,
    /// With -k: the keys themselves, in hexadecimal; whoever reads them can be the service
    #[arg(short = 'K', long, requires = "keytab")]
    keys: bool,
    /// Encryption types: of the session key and of the ticket
    #[arg(short = 'e', long)]
    enctypes: bool,
    /// Flags of the tickets
    #[arg(short = 'f', long)]
    flags: bool,
    /// Print nothing; the exit code says whether there is a valid ticket-granting ticket
    #[arg(short = 's', long, conflicts_with = "keytab")]
    silent: bool,
    /// Write JSON, which tells everything
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let local = Local::of_process()?;
    if args.keytab {
        let columns = keytab::Columns {
            timestamps: args.timestamps,
            enctypes: args.enctypes,
            keys: args.keys,
        };
        let keytab = local.keytab(args.name.as_deref())?;
        return keytab::list(&*keytab, columns, args.json);
    }
    let name = args.cache.as_deref().or(args.name.as_deref());
    if args.list {
        return collection::list(&local, &*local.collection(name)?, args.json);
    }
    if args.all {
        return collection::all(&local, &*local.collection(name)?, &args);
    }
    let cache = local.cache(name)?;
    if args.silent {
        return Ok(cache::silent(&local, &*cache));
    }
    cache::list(&local, &*cache, &args)
}

const EXAMPLES: &str = "\
Examples:
  gss klist -ef                 the tickets with encryption types and flags
  gss klist -l                  which caches there are, and whose
  gss klist -k -te www.keytab   the keys with their age and encryption types
  gss klist -s || gss kinit     a new ticket if there is none

Flags: F forwardable, f forwarded, P proxiable, p proxy, D may be postdated, d postdated,
R renewable, I initial, i invalid, H hardware authentication, A preauthenticated,
T transited path checked, O may be delegated to, a anonymous, e request checksum";
