//! `gss kvno`: get tickets for services, and tell their key versions.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use krb5_proto::exchange::{TgsOptions, TimeSync};
use krb5_proto::messages::Ticket;
use krb5_proto::{Credentials, KerberosTime, Principal};
use krb5_store::ccache::{CacheContents, CredentialCache};
use serde::Serialize;

use super::kerberos::{Local, exchange, show};
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
        let service = local.service(name, &owner.realm)?;
        let ticket = ticket(&local, &*cache, &service)?;
        tell(&args, &ticket)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The ticket for `service`: from the cache, else from the KDC by way of the cache's ticket-granting ticket.
fn ticket(local: &Local, cache: &dyn CredentialCache, service: &Principal) -> anyhow::Result<Credentials> {
    let contents = cache.read()?;
    let offset = contents.clock_offset.map_or(0, |offset| i64::from(offset.seconds));
    let now = local.now().offset(offset).time;
    if let Some(ticket) = contents.find(service, now) {
        return Ok(ticket.clone());
    }
    let tgt = granting_ticket(&contents, service, now, &cache.name())?;
    let settings = local.settings();
    let options = TgsOptions {
        etypes: settings.default_tgs_enctypes().to_vec(),
        clock_offset: offset,
        clock_skew: settings.clockskew(),
        time_sync: if settings.kdc_timesync() {
            TimeSync::FromKdc
        } else {
            TimeSync::Off
        },
        ..TgsOptions::new(tgt, service.clone())
    };
    let ticket = exchange::further(local, options)?.credentials;
    cache
        .store(&ticket)
        .context("the KDC gave a ticket, but it cannot be kept")?;
    Ok(ticket)
}

fn granting_ticket(
    contents: &CacheContents,
    service: &Principal,
    now: KerberosTime,
    cache: &str,
) -> anyhow::Result<Credentials> {
    let own = &contents.principal.realm;
    let usable = [&service.realm, own]
        .into_iter()
        .find_map(|realm| contents.find(&Principal::krbtgt(own, realm), now));
    if let Some(tgt) = usable {
        return Ok(tgt.clone());
    }
    let wanted = Principal::krbtgt(own, own);
    let expired = contents
        .tickets()
        .filter(|ticket| ticket.server == wanted)
        .map(|ticket| ticket.endtime)
        .max();
    let error = match expired {
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
