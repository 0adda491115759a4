//! `gss kinit`: get an initial ticket.

mod absent;
mod renew;
mod request;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use jiff::tz::TimeZone;
use krb5_proto::Principal;
use krb5_proto::exchange::{AsOutcome, LongTerm};
use krb5_proto::messages::TicketFlags;
use krb5_store::ccache::{CacheContents, ClockOffset, CredentialCache};
use krb5_store::keytab::KeySource;
use serde::Serialize;

use super::kerberos::password::{Source, Typed};
use super::kerberos::{Local, exchange, show};
use crate::report::Hint as _;

/// Get a ticket-granting ticket, with a password or a keytab
///
/// The password is asked for on a terminal, else it is one line of standard input. The ticket goes into the credential
/// cache, in the place of what was there.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// Who you are, as NAME or NAME@REALM [default: whose the cache is, else your user name]
    principal: Option<String>,
    /// Take the key from a keytab instead of asking for a password
    #[arg(short = 'k', long = "use-keytab")]
    use_keytab: bool,
    /// The keytab [default: that of services]
    #[arg(short = 't', long = "keytab", value_name = "FILE", requires = "use_keytab")]
    keytab: Option<String>,
    /// Take the key from the keytab of clients
    #[arg(
        short = 'i',
        long = "client-keytab",
        requires = "use_keytab",
        conflicts_with = "keytab"
    )]
    client_keytab: bool,
    #[command(flatten)]
    password: Source,
    /// The credential cache [default: $KRB5CCNAME]
    #[arg(short = 'c', long = "cache", value_name = "CCACHE")]
    cache: Option<String>,
    #[command(flatten)]
    wanted: request::Wanted,
    /// Take the name as an enterprise name, such as an address of electronic mail
    #[arg(short = 'E', long, requires = "principal")]
    enterprise: bool,
    /// Renew the ticket in the cache instead of asking for a password
    #[arg(short = 'R', long = "renew", conflicts_with_all = ["principal", "use_keytab", "lifetime", "renew", "start"])]
    renew_now: bool,
    /// Validate the ticket in the cache, which was asked for with -s, now that its time has come
    #[arg(short = 'v', long = "validate", conflicts_with_all = ["renew_now", "principal", "use_keytab", "lifetime", "renew", "start"])]
    validate: bool,
    /// Say what is used and what came of it
    #[arg(short = 'V', long)]
    verbose: bool,
    #[command(flatten)]
    absent: absent::Absent,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    client: String,
    server: String,
    cache: String,
    flags: Vec<&'static str>,
    enctype: String,
    start: String,
    end: String,
    renew_till: Option<String>,
    /// The KDC's clock minus ours.
    clock_offset: Option<i64>,
    /// When the password or the account expires.
    key_expiration: Option<String>,
}

/// What is done to a ticket that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Again {
    Renew,
    Validate,
}

impl Again {
    fn of(args: &Args) -> Option<Self> {
        match (args.renew_now, args.validate) {
            (true, _) => Some(Self::Renew),
            (_, true) => Some(Self::Validate),
            _ => None,
        }
    }
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    args.absent.refuse()?;
    let local = Local::of_process()?;
    let cache = local.cache(args.cache.as_deref())?;
    verbosely(&args, "cache", &cache.name());
    let outcome = match Again::of(&args) {
        Some(again) => renew::again(again, &args, &local, &*cache)?,
        None => {
            let client = client(&args, &local, &*cache)?;
            verbosely(&args, "principal", &client);
            let credential = credential(&args, &local, &client)?;
            exchange::initial(&local, request::options(&args, &local, client, credential)?)?
        }
    };
    let cache = keep(&args, &local, cache, &contents(&local, &outcome))
        .context("the KDC gave a ticket, but it cannot be kept")
        .hint("name another cache with -c or KRB5CCNAME")?;
    tell(&args, &local, &cache.name(), &outcome)?;
    Ok(ExitCode::SUCCESS)
}

/// Puts the ticket into the cache that was named, else into the default collection, and switches to it there.
fn keep(
    args: &Args,
    local: &Local,
    named: Arc<dyn CredentialCache>,
    contents: &CacheContents,
) -> anyhow::Result<Arc<dyn CredentialCache>> {
    if args.cache.is_some() {
        named.replace(contents)?;
        return Ok(named);
    }
    let cache = local.collection(None)?.keep(contents)?;
    match cache.make_primary() {
        Ok(()) | Err(krb5_store::Error::NotInCollection { .. }) => Ok(cache),
        Err(error) => Err(error.into()),
    }
}

/// Says on standard error what is used, to whoever wants to know.
fn verbosely(args: &Args, what: &str, used: &dyn std::fmt::Display) {
    if args.verbose {
        eprintln!("using {what} {used}");
    }
}

/// Who is meant where nobody says so: the one whose the cache is, else the user of this process.
fn client(args: &Args, local: &Local, cache: &dyn CredentialCache) -> anyhow::Result<Principal> {
    match &args.principal {
        Some(name) if args.enterprise => return enterprise(local, name),
        Some(name) => return local.principal(name),
        None => {}
    }
    if !args.use_keytab
        && let Ok(principal) = cache.principal()
    {
        return Ok(principal);
    }
    if args.use_keytab {
        return first_of(args, local);
    }
    let environment = gss::environment();
    match environment.user().and_then(|user| user.name.clone()) {
        Some(name) => local.principal(&name),
        None => bail!("this user has no name; say whose ticket is wanted"),
    }
}

/// `name` is one component, whatever it contains, in the default realm.
fn enterprise(local: &Local, name: &str) -> anyhow::Result<Principal> {
    let realm = local.default_realm();
    let realm = realm.with_context(|| format!("no realm is known to ask for {name:?}"));
    Ok(Principal::enterprise(
        name,
        realm.hint("set default_realm in krb5.conf")?,
    ))
}

fn keytab(args: &Args, local: &Local) -> anyhow::Result<Arc<dyn KeySource>> {
    let keytab = if args.client_keytab {
        local.client_keytab()?
    } else {
        local.keytab(args.keytab.as_deref())?
    };
    verbosely(args, "keytab", &keytab.name());
    Ok(keytab)
}

/// Who is meant by a keytab: this host if the keytab is that of services and has its key, else the first principal.
fn first_of(args: &Args, local: &Local) -> anyhow::Result<Principal> {
    let keytab = keytab(args, local)?;
    let keys = keytab.read().hint("name the keytab with -t")?;
    let host = gss::environment().host().map(|host| ["host", host].map(str::to_owned));
    let is_host = |principal: &Principal| {
        let components = principal.name.components.iter().map(|component| component.as_str());
        host.as_ref()
            .is_some_and(|host| components.eq(host.iter().map(|part| Some(part.as_str()))))
    };
    let mut principals = keys.entries.iter().map(|entry| &entry.principal);
    let own = principals
        .clone()
        .find(|principal| !args.client_keytab && is_host(principal));
    let first = own
        .or_else(|| principals.next())
        .with_context(|| format!("{} holds no keys", keytab.name()))?;
    Ok(first.clone())
}

fn credential(args: &Args, local: &Local, client: &Principal) -> anyhow::Result<LongTerm> {
    if !args.use_keytab {
        return Ok(LongTerm::Password(args.password.read(client, Typed::Known)?));
    }
    let keytab = keytab(args, local)?;
    let contents = keytab.read().hint("name the keytab with -t")?;
    let keys = contents.newest_keys(client, local.provider());
    if keys.is_empty() {
        let others: Vec<_> = contents
            .entries
            .iter()
            .map(|entry| entry.principal.to_string())
            .collect();
        let missing = anyhow::anyhow!(
            "{} has no usable key for {client}; it has keys for: {}",
            keytab.name(),
            list(others)
        );
        return Err(missing).hint("see what the keytab holds with: gss klist -k -e");
    }
    Ok(LongTerm::Keys(keys))
}

/// Names without repetition, `none` if there are none.
fn list(mut names: Vec<String>) -> String {
    names.sort();
    names.dedup();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

fn contents(local: &Local, outcome: &AsOutcome) -> CacheContents {
    let mut contents = local.settings().new_cache(outcome.credentials.client.clone());
    contents.clock_offset = outcome
        .clock_offset
        .and_then(|seconds| i32::try_from(seconds).ok())
        .map(|seconds| ClockOffset {
            seconds,
            microseconds: 0,
        });
    contents.credentials.push(outcome.credentials.clone());
    contents.set_start_realm(&outcome.credentials);
    contents
}

fn tell(args: &Args, local: &Local, cache: &str, outcome: &AsOutcome) -> anyhow::Result<()> {
    let ticket = &outcome.credentials;
    let mut out = io::stdout().lock();
    if args.json {
        let report = Report {
            client: ticket.client.to_string(),
            server: ticket.server.to_string(),
            cache: cache.to_owned(),
            flags: ticket.flags.names().collect(),
            enctype: show::enctype(ticket.key.keytype),
            start: ticket.valid_from().to_string(),
            end: ticket.endtime.to_string(),
            renew_till: ticket.renew_till.map(|time| time.to_string()),
            clock_offset: outcome.clock_offset,
            key_expiration: outcome.key_expiration.map(|time| time.to_string()),
        };
        serde_json::to_writer_pretty(&mut out, &report)?;
        writeln!(out)?;
        return Ok(());
    }
    let time = |time| show::time(time, &TimeZone::system());
    writeln!(
        out,
        "Ticket of {} for {} until {} in {cache}",
        ticket.client,
        ticket.server,
        time(ticket.endtime)
    )?;
    if ticket.flags.contains(TicketFlags::INVALID) {
        let start = time(ticket.valid_from());
        writeln!(
            out,
            "It starts at {start} and must be validated then, with: gss kinit -v"
        )?;
    }
    if args.verbose {
        let flags: Vec<_> = ticket.flags.names().collect();
        writeln!(
            out,
            "Its flags: {}; its session key: {}",
            flags.join(", "),
            show::enctype(ticket.key.keytype)
        )?;
        if let Some(renew_till) = ticket.renew_till {
            writeln!(out, "It can be renewed until {}", time(renew_till))?;
        }
    }
    if let Some(expires) = outcome
        .key_expiration
        .filter(|expires| *expires < ticket.authtime.plus(local.settings().warn_pwexpire()))
    {
        writeln!(out, "The password expires at {}", time(expires))?;
    }
    if let Some(seconds) = outcome.clock_offset {
        writeln!(
            out,
            "The KDC's clock differs from this one by {seconds} seconds; this is made up for"
        )?;
    }
    Ok(())
}

const EXAMPLES: &str = "\
Examples:
  gss kinit alice                          asks for the password
  gss kinit alice@EXAMPLE.TEST < password  reads one line
  gss kinit -k -t http.keytab HTTP/www     uses a key from a keytab
  gss kinit -f -r 7d -l 10h alice          a forwardable ticket, renewable for a week
  gss kinit -R                             the same ticket for another ten hours
  gss kinit -k host/www.example.org        uses the host's key in /etc/krb5.keytab
  gss kinit -E alice@mail.example          the user with this address
  gss kinit -s 2h -l 1h alice              a ticket for the hour after the next two
  gss kinit -v                             makes it valid when they have passed";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_once() {
        let names = ["b", "a", "b"].map(str::to_owned).to_vec();
        assert_eq!((list(names).as_str(), list(Vec::new()).as_str()), ("a, b", "none"));
    }
}
