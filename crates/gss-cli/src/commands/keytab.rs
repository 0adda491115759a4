//! `gss keytab`: list, add and remove keys.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use krb5_crypto::primitives::ct_eq;
use krb5_crypto::{Enctype, Key, Secret, string_to_key};
use krb5_proto::{EncryptionKey, Principal};
use krb5_store::keytab::{FileKeytab, KeySource as _, KeytabEntry};

use super::kerberos::password::{Source, Typed};
use super::kerberos::{Local, show};
use super::klist;
use crate::report::Hint as _;

/// List, add and remove the keys in a keytab
///
/// A keytab holds the long-term keys of services. Who can read it can be these services: keep it for its owner alone.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(List),
    Add(Add),
    Remove(Remove),
}

/// List the keys, with their versions, times and encryption types
#[derive(Debug, clap::Args)]
struct List {
    /// The keytab [default: $KRB5_KTNAME]
    #[arg(value_name = "FILE")]
    keytab: Option<String>,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// Add keys: made from a password, or random ones
///
/// The password is asked for on a terminal, else it is one line of standard input. Keys of the same version and
/// encryption type are replaced.
#[derive(Debug, clap::Args)]
struct Add {
    /// The keytab, which is made if it is not there
    #[arg(value_name = "FILE")]
    keytab: String,
    /// Whose keys
    principal: String,
    /// The version, which must be the KDC's
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    kvno: u32,
    /// Encryption types, separated by commas [default: permitted_enctypes in krb5.conf]
    #[arg(long = "enctype", visible_alias = "enctypes", value_name = "LIST", value_delimiter = ',', value_parser = super::kdc::enctype)]
    enctypes: Vec<Enctype>,
    /// The salt of the password [default: realm and name, without separators]
    #[arg(long, conflicts_with = "random")]
    salt: Option<String>,
    /// Make random keys, which the KDC must be told
    #[arg(long)]
    random: bool,
    #[command(flatten)]
    password: Source,
}

/// Remove keys
#[derive(Debug, clap::Args)]
struct Remove {
    /// The keytab
    #[arg(value_name = "FILE")]
    keytab: String,
    /// Whose keys
    principal: String,
    /// Only those of this version
    #[arg(long, value_name = "NUMBER")]
    kvno: Option<u32>,
    /// Only those of these encryption types, separated by commas
    #[arg(long = "enctype", visible_alias = "enctypes", value_name = "LIST", value_delimiter = ',', value_parser = super::kdc::enctype)]
    enctypes: Vec<Enctype>,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let local = Local::of_process()?;
    match args.command {
        Command::List(args) => {
            let columns = klist::keytab::Columns {
                timestamps: true,
                enctypes: true,
                keys: false,
            };
            klist::keytab::list(&*local.keytab(args.keytab.as_deref())?, columns, args.json)
        }
        Command::Add(args) => add(&local, &args),
        Command::Remove(args) => remove(&local, &args),
    }
}

fn add(local: &Local, args: &Add) -> anyhow::Result<ExitCode> {
    let keytab = local.keytab_file(&args.keytab)?;
    let principal = local.principal(&args.principal)?;
    let enctypes = if args.enctypes.is_empty() {
        local.settings().permitted_enctypes()
    } else {
        &args.enctypes
    };
    if enctypes.is_empty() {
        bail!("no encryption type is permitted");
    }
    if args.random && args.password.is_file() {
        bail!("random keys are not made from a password: give --random or --password-file");
    }
    let password = if args.random {
        None
    } else {
        Some(args.password.read(&principal, Typed::New)?)
    };
    let timestamp = local.now().time;
    let entry = |etype: &Enctype| {
        let key = make_key(args, local, &principal, *etype, password.as_ref())?;
        let key = Arc::new(EncryptionKey::from(&key));
        anyhow::Ok(KeytabEntry {
            principal: principal.clone(),
            timestamp,
            kvno: args.kvno,
            key,
        })
    };
    let entries = enctypes.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    put(&keytab, &entries)?;
    let mut out = io::stdout().lock();
    for entry in &entries {
        let etype = show::enctype(entry.key.keytype);
        writeln!(
            out,
            "added {principal} kvno {} {etype} to {}",
            entry.kvno,
            keytab.name()
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Adds `entries` in the place of keys of the same version and type. The new ones come first, so that whoever reads
/// meanwhile finds the old ones, the new ones, or both.
fn put(keytab: &FileKeytab, entries: &[KeytabEntry]) -> anyhow::Result<()> {
    let there = match keytab.read() {
        Err(krb5_store::Error::NoKeytab { .. }) => Arc::default(),
        other => other?,
    };
    let known = |new: &&KeytabEntry| there.entries.iter().any(|old| replaces(new, old) && same_key(new, old));
    let fresh: Vec<_> = entries.iter().filter(|new| !known(new)).cloned().collect();
    if !fresh.is_empty() {
        keytab.append(&fresh)?;
    }
    keytab.remove(|old| entries.iter().any(|new| replaces(new, old) && !same_key(new, old)))?;
    Ok(())
}

fn replaces(new: &KeytabEntry, old: &KeytabEntry) -> bool {
    new.principal == old.principal && new.kvno == old.kvno && new.key.keytype == old.key.keytype
}

fn same_key(one: &KeytabEntry, other: &KeytabEntry) -> bool {
    ct_eq(one.key.expose(), other.key.expose()).is_ok()
}

fn make_key(
    add: &Add,
    local: &Local,
    principal: &Principal,
    etype: Enctype,
    password: Option<&Secret>,
) -> anyhow::Result<Key> {
    let made = match password {
        None => Key::generate(local.provider(), etype),
        Some(password) => {
            let salt = add
                .salt
                .as_ref()
                .map_or_else(|| principal.default_salt(), |salt| salt.as_bytes().to_vec());
            string_to_key(local.provider(), etype, password.expose(), &salt, None)
        }
    };
    made.with_context(|| format!("cannot make a key for {principal}"))
}

fn remove(local: &Local, args: &Remove) -> anyhow::Result<ExitCode> {
    let keytab = local.keytab_file(&args.keytab)?;
    let principal = local.principal(&args.principal)?;
    let removed = keytab.remove(|entry| {
        entry.principal == principal
            && args.kvno.is_none_or(|kvno| entry.kvno == kvno)
            && (args.enctypes.is_empty() || args.enctypes.iter().any(|etype| etype.number() == entry.key.keytype))
    })?;
    if removed == 0 {
        let none = anyhow::anyhow!("{} has no such key of {principal}", keytab.name());
        return Err(none).hint("see what it holds with: gss keytab list");
    }
    let keys = if removed == 1 { "key" } else { "keys" };
    writeln!(
        io::stdout().lock(),
        "removed {removed} {keys} of {principal} from {}",
        keytab.name()
    )?;
    Ok(ExitCode::SUCCESS)
}

const EXAMPLES: &str = "\
Examples:
  gss keytab list www.keytab
  gss keytab add www.keytab HTTP/www.example.org --kvno 3 --enctype aes256-cts,aes128-cts
  gss keytab remove www.keytab HTTP/www.example.org --kvno 2";

#[cfg(test)]
mod tests {
    use super::*;
    use krb5_proto::KerberosTime;

    fn entry(name: &str, kvno: u32, octets: u8) -> KeytabEntry {
        let principal = Principal::parse(name, None).unwrap();
        let key = Arc::new(EncryptionKey::new(17, vec![octets; 16]));
        KeytabEntry {
            principal,
            timestamp: KerberosTime(1_000_000_000),
            kvno,
            key,
        }
    }

    #[test]
    fn added_keys_replace_those_of_the_same_version_only() {
        let directory = tempfile::tempdir().unwrap();
        let keytab = FileKeytab::new(directory.path().join("keytab"));
        for (kvno, octets) in [(1, 1), (2, 2), (2, 2), (2, 3)] {
            put(&keytab, &[entry("host/a@R", kvno, octets)]).unwrap();
        }
        put(&keytab, &[entry("host/b@R", 2, 9)]).unwrap();
        let found = keytab.read().unwrap();
        let found = found
            .entries
            .iter()
            .map(|entry| (entry.principal.to_string(), entry.kvno, entry.key.expose()[0]));
        let expected = [("host/a@R", 1, 1), ("host/a@R", 2, 3), ("host/b@R", 2, 9)];
        assert!(found.eq(expected.map(|(name, kvno, octets)| (name.to_owned(), kvno, octets))));
    }
}
