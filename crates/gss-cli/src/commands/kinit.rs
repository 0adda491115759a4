//! `gss kinit`: get an initial ticket.

mod renew;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use jiff::tz::TimeZone;
use krb5_proto::Principal;
use krb5_proto::exchange::{AsOptions, AsOutcome, LongTerm, TimeSync};
use krb5_proto::messages::KdcOptions;
use krb5_store::ccache::{CacheContents, ClockOffset, CredentialCache};
use krb5_store::config::parse_duration;
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
    /// The keytab [default: the client keytab]
    #[arg(short = 't', long = "keytab", value_name = "FILE", requires = "use_keytab")]
    keytab: Option<String>,
    #[command(flatten)]
    password: Source,
    /// The credential cache [default: $KRB5CCNAME]
    #[arg(short = 'c', long = "cache", value_name = "CCACHE")]
    cache: Option<String>,
    /// The lifetime to ask for, such as 10h or 1d12h
    #[arg(short = 'l', long, value_name = "DURATION", value_parser = duration)]
    lifetime: Option<Duration>,
    /// Ask for a ticket that can be renewed for this long, such as 7d
    #[arg(short = 'r', long = "renewable", value_name = "DURATION", value_parser = duration)]
    renew: Option<Duration>,
    /// Ask for a forwardable ticket
    #[arg(short = 'f', long, overrides_with = "not_forwardable")]
    forwardable: bool,
    /// Do not ask for a forwardable ticket
    #[arg(short = 'F', long)]
    not_forwardable: bool,
    /// Renew the ticket in the cache instead of asking for a password
    #[arg(short = 'R', long = "renew", conflicts_with_all = ["principal", "use_keytab", "lifetime", "renew"])]
    renew_now: bool,
    /// Ask for a ticket for this service instead of the ticket-granting one
    #[arg(short = 'S', long, value_name = "SERVICE")]
    service: Option<String>,
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
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let local = Local::of_process()?;
    let cache = local.cache(args.cache.as_deref())?;
    let outcome = if args.renew_now {
        renew::renewed(&args, &local, &*cache)?
    } else {
        let client = client(&args, &local, &*cache)?;
        let credential = credential(&args, &local, &client)?;
        exchange::initial(&local, options(&args, &local, client, credential)?)?
    };
    let cache = keep(&args, &local, cache, &contents(&outcome))
        .context("the KDC gave a ticket, but it cannot be kept")
        .hint("name another cache with -c or KRB5CCNAME")?;
    tell(&args, &cache.name(), &outcome)?;
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

/// Who is meant where nobody says so: the one whose the cache is, else the user of this process.
fn client(args: &Args, local: &Local, cache: &dyn CredentialCache) -> anyhow::Result<Principal> {
    if let Some(name) = &args.principal {
        return local.principal(name);
    }
    if !args.use_keytab
        && let Ok(principal) = cache.principal()
    {
        return Ok(principal);
    }
    if args.use_keytab {
        return first_of(&*keytab(args, local)?);
    }
    let environment = gss::environment();
    match environment.user().and_then(|user| user.name.clone()) {
        Some(name) => local.principal(&name),
        None => bail!("this user has no name; say whose ticket is wanted"),
    }
}

fn keytab(args: &Args, local: &Local) -> anyhow::Result<Arc<dyn KeySource>> {
    match &args.keytab {
        Some(name) => local.keytab(Some(name)),
        None => local.client_keytab(),
    }
}

/// The first principal of a keytab.
fn first_of(keytab: &dyn KeySource) -> anyhow::Result<Principal> {
    let keys = keytab.read().hint("name the keytab with -t")?;
    let first = keys
        .entries
        .first()
        .with_context(|| format!("{} holds no keys", keytab.name()))?;
    Ok(first.principal.clone())
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

fn options(args: &Args, local: &Local, client: Principal, credential: LongTerm) -> anyhow::Result<AsOptions> {
    let settings = local.settings();
    let server = args
        .service
        .as_deref()
        .map(|name| local.service(name, &client.realm))
        .transpose()?;
    let wanted = client
        .realm
        .as_str()
        .map(|realm| settings.ticket_defaults(realm))
        .unwrap_or_default();
    let mut kdc_options = wanted.kdc_options;
    if args.forwardable {
        kdc_options.insert(KdcOptions::FORWARDABLE);
    }
    if args.not_forwardable {
        kdc_options.remove(KdcOptions::FORWARDABLE);
    }
    Ok(AsOptions {
        server,
        kdc_options,
        etypes: settings.default_tkt_enctypes().to_vec(),
        lifetime: args.lifetime.unwrap_or(wanted.lifetime),
        renew_life: args.renew.or(wanted.renew_life),
        clock_skew: settings.clockskew(),
        time_sync: if settings.kdc_timesync() {
            TimeSync::FromKdc
        } else {
            TimeSync::Off
        },
        ..AsOptions::new(client, credential)
    })
}

fn contents(outcome: &AsOutcome) -> CacheContents {
    let mut contents = CacheContents::new(outcome.credentials.client.clone());
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

fn tell(args: &Args, cache: &str, outcome: &AsOutcome) -> anyhow::Result<()> {
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
        };
        serde_json::to_writer_pretty(&mut out, &report)?;
        writeln!(out)?;
        return Ok(());
    }
    let until = show::time(ticket.endtime, &TimeZone::system());
    writeln!(
        out,
        "Ticket of {} for {} until {until} in {cache}",
        ticket.client, ticket.server
    )?;
    if let Some(seconds) = outcome.clock_offset {
        writeln!(
            out,
            "The KDC's clock differs from this one by {seconds} seconds; this is made up for"
        )?;
    }
    Ok(())
}

pub(super) fn duration(text: &str) -> Result<Duration, &'static str> {
    let duration = parse_duration(text).ok_or("not a duration; examples: 90 (seconds), 45m, 10h, 1d12h, 08:30")?;
    if duration.is_zero() {
        Err("must be longer than nothing")
    } else {
        Ok(duration)
    }
}

const EXAMPLES: &str = "\
Examples:
  gss kinit alice                          asks for the password
  gss kinit alice@EXAMPLE.TEST < password  reads one line
  gss kinit -k -t http.keytab HTTP/www     uses a key from a keytab
  gss kinit -f -r 7d -l 10h alice          a forwardable ticket, renewable for a week
  gss kinit -R                             the same ticket for another ten hours";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_the_configuration_and_not_nothing() {
        assert_eq!(duration("10h"), Ok(Duration::from_secs(36_000)));
        assert_eq!(duration("1d12h"), Ok(Duration::from_secs(129_600)));
        for text in ["0", "", "soon", "-1"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_are_listed_once() {
        let names = ["b", "a", "b"].map(str::to_owned).to_vec();
        assert_eq!((list(names).as_str(), list(Vec::new()).as_str()), ("a, b", "none"));
    }
}
