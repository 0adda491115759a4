//! `gss kvno`: get tickets for services, and tell their key versions.

mod absent;
mod check;
mod get;

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use krb5_crypto::Enctype;
use krb5_proto::messages::Ticket;
use krb5_proto::{Credentials, NameType, PrincipalName, Realm};
use serde::Serialize;

use super::kerberos::{Local, Service, show};
use crate::report;

/// Get tickets for services, and tell the versions of their keys
///
/// A ticket that is in the credential cache already is not asked for again. Exit code 1 means that at least one ticket
/// could not be had.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// The services, as NAME/HOST or NAME/HOST@REALM
    #[arg(required = true, value_name = "SERVICE")]
    services: Vec<String>,
    /// The credential cache [default: $KRB5CCNAME]
    #[arg(short = 'c', long = "cache", value_name = "CCACHE")]
    cache: Option<String>,
    /// The encryption types to ask for the session key in, best first, separated by blanks or commas
    #[arg(short = 'e', long = "enctypes", visible_alias = "enctype", value_name = "LIST", value_parser = enctypes)]
    enctypes: Option<Enctypes>,
    /// Check that a keytab's keys decrypt the tickets
    #[arg(short = 'k', long, value_name = "KEYTAB", conflicts_with = "u2u")]
    keytab: Option<String>,
    /// Say nothing but what goes wrong
    #[arg(short = 'q', long)]
    quiet: bool,
    /// Take the services for names of hosts, and ask for this service on each
    #[arg(short = 'S', long = "sname", value_name = "NAME", conflicts_with = "unknown")]
    service_name: Option<String>,
    /// Say that the type of the services' names is unknown
    #[arg(short = 'u', long = "unknown-name-type")]
    unknown: bool,
    /// User to user: a ticket in the session key of the ticket-granting ticket in this cache, the service's own
    #[arg(long = "u2u", value_name = "CCACHE")]
    u2u: Option<String>,
    /// Take what is in the cache, and ask no KDC
    #[arg(long)]
    cached_only: bool,
    /// Do not keep the tickets
    #[arg(long, conflicts_with = "out_cache")]
    no_store: bool,
    /// Put the tickets into this cache, which is emptied first, and not into the one they were got with
    #[arg(long, value_name = "CCACHE")]
    out_cache: Option<String>,
    /// Write JSON, one object a line
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
    #[command(flatten)]
    absent: absent::Absent,
}

#[derive(Debug, Serialize)]
struct Report {
    service: String,
    kvno: Option<u32>,
    enctype: String,
    session_enctype: String,
    end: String,
    /// Whether the keytab's key is right, where one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    keytab_entry_valid: Option<bool>,
}

/// A list that may be given once.
#[derive(Clone, Debug)]
struct Enctypes(Vec<Enctype>);

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    args.absent.refuse()?;
    let local = Local::of_process()?;
    let getter = get::Getter::new(&args, &local)?;
    let mut exit = ExitCode::SUCCESS;
    for text in &args.services {
        let done = service(&args, &local, &getter.owner.realm, text)
            .and_then(|service| getter.ticket(&service))
            .and_then(|ticket| one(&args, &local, &ticket));
        if let Err(error) = done {
            exit = report::failure(&error);
        }
    }
    Ok(exit)
}

/// The service that `text` means.
fn service(args: &Args, local: &Local, own: &Realm, text: &str) -> anyhow::Result<Service> {
    let Some(name) = &args.service_name else {
        let service = local.wanted(text, own)?;
        let name = PrincipalName {
            name_type: if args.unknown {
                NameType::UNKNOWN
            } else {
                service.name.name_type
            },
            ..service.name
        };
        return Ok(Service { name, ..service });
    };
    let host = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let service = local.wanted(&format!("{name}/{host}"), own)?;
    Ok(Service {
        name: PrincipalName {
            name_type: NameType::SRV_HST,
            ..service.name
        },
        ..service
    })
}

/// Checks a ticket where that is asked for, and tells of it.
fn one(args: &Args, local: &Local, credentials: &Credentials) -> anyhow::Result<()> {
    let ticket = Ticket::from_der(&credentials.ticket).context("the credential cache is damaged")?;
    let checked = args
        .keytab
        .as_deref()
        .map(|keytab| check::decrypts(local, keytab, &ticket))
        .transpose();
    let valid = match &checked {
        Ok(checked) => checked.map(|()| true),
        Err(_) => Some(false),
    };
    if !args.quiet {
        tell(args, credentials, &ticket, valid)?;
    }
    checked.map(|_| ())
}

fn tell(args: &Args, credentials: &Credentials, ticket: &Ticket, valid: Option<bool>) -> anyhow::Result<()> {
    let kvno = ticket.enc_part.kvno.map(|kvno| kvno.0);
    let mut out = io::stdout().lock();
    if args.json {
        let report = Report {
            service: credentials.server.to_string(),
            kvno,
            enctype: show::enctype(ticket.enc_part.etype),
            session_enctype: show::enctype(credentials.key.keytype),
            end: credentials.endtime.to_string(),
            keytab_entry_valid: valid,
        };
        serde_json::to_writer(&mut out, &report)?;
        writeln!(out)?;
    } else {
        // As MIT's has it where there is none: a ticket for user to user.
        let kvno = kvno.unwrap_or(0);
        let checked = match valid {
            None => "",
            Some(true) => ", keytab entry valid",
            Some(false) => ", keytab entry invalid",
        };
        writeln!(out, "{}: kvno = {kvno}{checked}", credentials.server)?;
    }
    Ok(())
}

fn enctypes(text: &str) -> Result<Enctypes, String> {
    let list = krb5_store::config::parse_enctypes(text, Enctype::ALL);
    if list.is_empty() {
        return Err("no supported encryption type is among them; an example: aes256-sha2".to_owned());
    }
    Ok(Enctypes(list))
}

const EXAMPLES: &str = "\
Examples:
  gss kvno host/www.example.org
  gss kvno -S HTTP www.example.org mail.example.org
  gss kvno -k /etc/krb5.keytab host/www.example.org   is the keytab right?
  gss kvno --out-cache FILE:for-the-job HTTP/www.example.org
  gss kvno HTTP/localhost@EXAMPLE.TEST --json";
