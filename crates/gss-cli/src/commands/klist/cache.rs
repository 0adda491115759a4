//! The tickets in a cache.

use std::io::{self, Write as _};
use std::process::ExitCode;

use jiff::tz::TimeZone;
use krb5_proto::messages::Ticket;
use krb5_proto::{Credentials, KerberosTime, Principal};
use krb5_store::ccache::{CacheContents, CredentialCache};
use serde::Serialize;

use super::Args;
use crate::commands::kerberos::{Local, show};

/// What is in a cache.
#[derive(Debug, Serialize)]
pub(super) struct Listing {
    cache: String,
    principal: String,
    clock_offset: Option<i32>,
    tickets: Vec<Listed>,
}

#[derive(Debug, Serialize)]
struct Listed {
    client: String,
    server: String,
    start: String,
    end: String,
    renew_till: Option<String>,
    expired: bool,
    flags: Vec<&'static str>,
    session_enctype: String,
    ticket_enctype: Option<String>,
    kvno: Option<u32>,
}

/// Whether there is a ticket-granting ticket that is valid now.
pub(super) fn silent(local: &Local, cache: &dyn CredentialCache) -> ExitCode {
    let Ok(contents) = cache.read() else {
        return ExitCode::FAILURE;
    };
    let realm = &contents.principal.realm;
    match contents.find(&Principal::krbtgt(realm, realm), now(local, &contents)) {
        Some(_) => ExitCode::SUCCESS,
        None => ExitCode::FAILURE,
    }
}

pub(super) fn list(local: &Local, cache: &dyn CredentialCache, args: &Args) -> anyhow::Result<ExitCode> {
    let contents = cache.read()?;
    let mut out = io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &Listing::of(local, &cache.name(), &contents))?;
        writeln!(out)?;
    } else {
        write(&mut out, local, &cache.name(), &contents, args)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells a person what is in a cache.
pub(super) fn write(
    out: &mut impl io::Write,
    local: &Local,
    name: &str,
    contents: &CacheContents,
    args: &Args,
) -> io::Result<()> {
    writeln!(out, "Ticket cache: {name}")?;
    writeln!(out, "Default principal: {}", contents.principal)?;
    if let Some(offset) = contents.clock_offset.filter(|offset| offset.seconds != 0) {
        writeln!(out, "The KDC's clock minus this one: {} seconds", offset.seconds)?;
    }
    writeln!(out)?;
    for line in lines(contents, args, now(local, contents), &TimeZone::system()) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// The time by the clock of the KDC that gave the tickets.
pub(super) fn now(local: &Local, contents: &CacheContents) -> KerberosTime {
    let offset = contents.clock_offset.map_or(0, |offset| i64::from(offset.seconds));
    local.now().offset(offset).time
}

fn lines(contents: &CacheContents, args: &Args, now: KerberosTime, zone: &TimeZone) -> Vec<String> {
    let tickets: Vec<_> = contents.tickets().collect();
    if tickets.is_empty() {
        return vec!["no tickets".to_owned()];
    }
    let renewable = tickets.iter().any(|ticket| ticket.renew_till.is_some());
    let foreign = tickets.iter().any(|ticket| ticket.client != contents.principal);
    let shown = [
        (true, "Valid from"),
        (true, "Expires"),
        (renewable, "Renew until"),
        (args.flags, "Flags"),
        (args.enctypes, "Session key"),
        (args.enctypes, "Ticket"),
        (foreign, "Client"),
        (true, "Service"),
    ];
    let visible = |cells: [String; 8]| {
        let cells = cells.into_iter().zip(shown).filter(|(_, (shown, _))| *shown);
        cells.map(|(cell, _)| cell).collect::<Vec<_>>()
    };
    let header: Vec<_> = shown
        .iter()
        .filter(|(shown, _)| *shown)
        .map(|(_, title)| *title)
        .collect();
    let mut table = show::table(&header);
    for ticket in tickets {
        table.add_row(visible(cells(ticket, now, zone)));
    }
    show::lines(&table)
}

fn cells(ticket: &Credentials, now: KerberosTime, zone: &TimeZone) -> [String; 8] {
    let end = if ticket.is_expired(now) {
        ">>> expired <<<".to_owned()
    } else {
        show::time(ticket.endtime, zone)
    };
    let inner = Ticket::from_der(&ticket.ticket).ok();
    [
        show::time(ticket.valid_from(), zone),
        end,
        ticket.renew_till.map(|time| show::time(time, zone)).unwrap_or_default(),
        show::flag_letters(ticket.flags),
        show::enctype(ticket.key.keytype),
        inner.map_or_else(|| "unreadable".to_owned(), |inner| show::enctype(inner.enc_part.etype)),
        ticket.client.to_string(),
        ticket.server.to_string(),
    ]
}

impl Listing {
    pub(super) fn of(local: &Local, name: &str, contents: &CacheContents) -> Self {
        let now = now(local, contents);
        Self {
            cache: name.to_owned(),
            principal: contents.principal.to_string(),
            clock_offset: contents.clock_offset.map(|offset| offset.seconds),
            tickets: contents.tickets().map(|ticket| Listed::of(ticket, now)).collect(),
        }
    }
}

impl Listed {
    fn of(ticket: &Credentials, now: KerberosTime) -> Self {
        let inner = Ticket::from_der(&ticket.ticket).ok();
        Self {
            client: ticket.client.to_string(),
            server: ticket.server.to_string(),
            start: ticket.valid_from().to_string(),
            end: ticket.endtime.to_string(),
            renew_till: ticket.renew_till.map(|time| time.to_string()),
            expired: ticket.is_expired(now),
            flags: ticket.flags.names().collect(),
            session_enctype: show::enctype(ticket.key.keytype),
            ticket_enctype: inner.as_ref().map(|inner| show::enctype(inner.enc_part.etype)),
            kvno: inner.and_then(|inner| inner.enc_part.kvno).map(|kvno| kvno.0),
        }
    }
}
