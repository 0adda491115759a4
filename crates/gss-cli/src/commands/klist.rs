//! `gss klist`: what a credential cache, a collection of them or a keytab holds.

mod cache;
mod collection;
mod details;
pub(super) mod keytab;

use std::io::{self, Write as _};
use std::process::ExitCode;

use super::kerberos::Local;

/// List the tickets in a credential cache, or the keys in a keytab
///
/// Exit code 1 means that there is no cache; with -s, that there is no valid ticket. Of a collection of caches, such as
/// DIR:/home/me/tickets, it lists the primary one; -l and -A tell of them all.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// The cache, or with -k the keytab [default: $KRB5CCNAME or $KRB5_KTNAME]
    name: Option<String>,
    /// The credential cache, by option; without a name, that it is one and no keytab
    #[arg(short = 'c', long = "cache", value_name = "CCACHE", num_args = 0..=1, conflicts_with = "keytab")]
    cache: Option<Option<String>>,
    /// The caches of the collection: whose they are, until when, and which is the primary one
    #[arg(short = 'l', long = "list", conflicts_with_all = ["keytab", "silent", "enctypes", "flags", "addresses", "authdata", "config"])]
    list: bool,
    /// The tickets in all caches of the collection
    #[arg(short = 'A', long, conflicts_with_all = ["keytab", "list"])]
    all: bool,
    /// List a keytab
    #[arg(short = 'k', long)]
    keytab: bool,
    /// With -k: the keytab of clients, unless one is named
    #[arg(short = 'i', long = "client-keytab", requires = "keytab")]
    client_keytab: bool,
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
    /// Addresses that the tickets may be used from, by their names
    #[arg(short = 'a', long, conflicts_with = "keytab")]
    addresses: bool,
    /// With -a: addresses as numbers, without asking name servers
    #[arg(short = 'n', long, requires = "addresses")]
    numeric: bool,
    /// Types of the authorization data that was asked for with the tickets
    #[arg(short = 'd', long = "authdata-types", conflicts_with = "keytab")]
    authdata: bool,
    /// Settings that are kept in the cache
    #[arg(short = 'C', long, conflicts_with = "keytab")]
    config: bool,
    /// Print nothing; the exit code says whether there is a valid ticket-granting ticket, or a valid ticket where there
    /// is none of those. With -A: in any of the caches
    #[arg(short = 's', long, conflicts_with = "keytab")]
    silent: bool,
    /// Print which version of this program it is
    #[arg(short = 'V', long)]
    version: bool,
    /// Write JSON, which tells everything
    #[arg(long)]
    json: bool,
}

impl Args {
    /// The name of the cache or collection, if one is given.
    fn cache_name(&self) -> Option<&str> {
        self.cache.as_ref().and_then(Option::as_deref).or(self.name.as_deref())
    }
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    if args.version {
        writeln!(io::stdout(), "gss {}", env!("CARGO_PKG_VERSION"))?;
        return Ok(ExitCode::SUCCESS);
    }
    if args.name.is_some() && args.cache.as_ref().is_some_and(Option::is_some) {
        eprintln!("error: a cache is named twice, by -c and without it");
        return Ok(ExitCode::from(WRONG_USAGE));
    }
    let local = Local::of_process()?;
    if args.keytab {
        return list_keytab(&local, &args);
    }
    let name = args.cache_name();
    if args.list {
        return collection::list(&local, &*local.collection(name)?, args.json);
    }
    match (args.all, args.silent) {
        (true, true) => Ok(collection::silent(&local, &*local.collection(name)?)),
        (true, false) => collection::all(&local, &*local.collection(name)?, &args),
        (false, true) => Ok(code(cache::is_valid(&local, &*local.cache(name)?))),
        (false, false) => cache::list(&local, &*local.cache(name)?, &args),
    }
}

fn list_keytab(local: &Local, args: &Args) -> anyhow::Result<ExitCode> {
    let columns = keytab::Columns {
        timestamps: args.timestamps,
        enctypes: args.enctypes,
        keys: args.keys,
    };
    let keytab = if args.client_keytab && args.name.is_none() {
        local.client_keytab()?
    } else {
        local.keytab(args.name.as_deref())?
    };
    keytab::list(&*keytab, columns, args.json)
}

/// What a script asks for.
fn code(valid: bool) -> ExitCode {
    if valid { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// As clap has it.
const WRONG_USAGE: u8 = 2;

const EXAMPLES: &str = "\
Examples:
  gss klist -ef                 the tickets with encryption types and flags
  gss klist -Ca                 with the settings of the cache, and the addresses
  gss klist -l                  which caches there are, and whose
  gss klist -k -te www.keytab   the keys with their age and encryption types
  gss klist -s || gss kinit     a new ticket if there is none

Flags: F forwardable, f forwarded, P proxiable, p proxy, D may be postdated, d postdated,
R renewable, I initial, i invalid, H hardware authentication, A preauthenticated,
T transited path checked, O may be delegated to, a anonymous, e request checksum";
