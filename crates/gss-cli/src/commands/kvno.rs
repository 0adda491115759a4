//! `gss kvno`: get tickets for services, and tell their key versions.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use krb5_proto::messages::Ticket;
use krb5_proto::{Credentials, KerberosTime, Principal};
use krb5_store::ccache::{CacheContents, CredentialCache, gained};
use serde::Serialize;

use super::kerberos::{Local, Service, exchange, show};
use crate::report::Hint as _;

/// Get tickets for services, and tell the versions of their keys
///
/// A ticket that is in the credential cache already is not asked for again.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// The services, as NAME/HOST or NAME/HOST@REALM
    #[arg(required = true, value_name = "SERVICE")]
    services: Vec<String>,
    /// The credential cache [default: $KRB5CCNAME]
    #[arg(short = 'c', long = "cache", value_name = "CCACHE")]
    cache: Option<String>,
    /// User to user: a ticket in the session key of the ticket-granting ticket in this cache, the service's own
    #[arg(long = "u2u", value_name = "CCACHE")]
    u2u: Option<String>,
    /// Write JSON, one object a line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    service: String,
    kvno: Option<u32>,
    enctype: String,
    session_enctype: String,
    end: String,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let local = Local::of_process()?;
    let cache = local.cache(args.cache.as_deref())?;
    let owner = cache.principal()?;
    for name in &args.services {
        let service = local.wanted(name, &owner.realm)?;
        let ticket = ticket(&args, &local, &*cache, &service)?;
        tell(&args, &ticket)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The ticket for `service`: from the cache, else from the KDCs that lead to it.
fn ticket(args: &Args, local: &Local, cache: &dyn CredentialCache, service: &Service) -> anyhow::Result<Credentials> {
    let contents = cache.read()?;
    let Service { name, realm } = service;
    let mut options = contents.service_search(local.settings(), name.clone(), realm.clone());
    let now = local.now().offset(options.clock_offset).time;
    if args.u2u.is_none()
        && let Some(ticket) = contents.find_service(name, realm, now)
    {
        return Ok(ticket);
    }
    usable(&contents, now, &cache.name())?;
    options.user_to_user = args.u2u.as_deref().map(|cache| other_users(local, cache)).transpose()?;
    let outcome = exchange::service(local, options)?;
    for ticket in gained(&outcome, name, realm) {
        cache
            .store(&ticket)
            .context("the KDC gave a ticket, but it cannot be kept")?;
    }
    Ok(outcome.credentials)
}

/// The ticket-granting ticket of another user, whose cache may be read.
fn other_users(local: &Local, cache: &str) -> anyhow::Result<Vec<u8>> {
    let contents = local.cache(Some(cache))?.read()?;
    let realm = &contents.principal.realm;
    let wanted = Principal::krbtgt(realm, realm);
    let mut tickets = contents.tickets();
    let found = tickets.find(|ticket| ticket.server == wanted);
    let found = found.with_context(|| format!("{cache} holds no ticket-granting ticket of {}", contents.principal))?;
    Ok(found.ticket.clone())
}

/// Whether there is a ticket-granting ticket to begin with.
fn usable(contents: &CacheContents, now: KerberosTime, cache: &str) -> anyhow::Result<()> {
    let start = contents.start_realm();
    let granting = contents
        .tickets()
        .filter(|ticket| ticket.server.name.granting_realm().as_ref() == Some(&start));
    let error = match granting.map(|ticket| ticket.endtime).max() {
        Some(ended) if ended > now => return Ok(()),
        Some(ended) => anyhow::anyhow!(
            "the ticket-granting ticket of {} expired at {ended}",
            contents.principal
        ),
        None => anyhow::anyhow!("{cache} holds no ticket-granting ticket of {}", contents.principal),
    };
    Err(error).hint("get one with: gss kinit")
}

fn tell(args: &Args, credentials: &Credentials) -> anyhow::Result<()> {
    let ticket = Ticket::from_der(&credentials.ticket).context("the credential cache is damaged")?;
    let kvno = ticket.enc_part.kvno.map(|kvno| kvno.0);
    let mut out = io::stdout().lock();
    if args.json {
        let report = Report {
            service: credentials.server.to_string(),
            kvno,
            enctype: show::enctype(ticket.enc_part.etype),
            session_enctype: show::enctype(credentials.key.keytype),
            end: credentials.endtime.to_string(),
        };
        serde_json::to_writer(&mut out, &report)?;
        writeln!(out)?;
    } else {
        let kvno = kvno.map_or_else(|| "unknown".to_owned(), |kvno| kvno.to_string());
        writeln!(out, "{}: kvno = {kvno}", credentials.server)?;
    }
    Ok(())
}

const EXAMPLES: &str = "\
Examples:
  gss kvno host/www.example.org
  gss kvno HTTP/localhost@EXAMPLE.TEST --json";
