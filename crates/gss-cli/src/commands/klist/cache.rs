//! The tickets in a cache.

use std::io::{self, Write as _};
use std::process::ExitCode;

use jiff::tz::TimeZone;
use krb5_proto::messages::Ticket;
use krb5_proto::{Credentials, KerberosTime, Principal};
use krb5_store::ccache::{CacheContents, CredentialCache};
use serde::Serialize;

use super::Args;
use super::details::{Addresses, Setting, ad_types, numeric, other_server};
use crate::commands::kerberos::{Local, show};

/// What is in a cache.
#[derive(Debug, Serialize)]
pub(super) struct Listing {
    cache: String,
    principal: String,
    clock_offset: Option<i32>,
    tickets: Vec<Listed>,
    config: Vec<Setting>,
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
    /// Whom the ticket is for where the cache has it by another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket_server: Option<String>,
    addresses: Vec<String>,
    ad_types: Vec<i32>,
}

/// Whether there is a valid ticket-granting ticket, as MIT's klist sees it: a cache that has none of its realm, because
/// somebody put tickets for services into it, may have any ticket that is valid.
pub(super) fn is_valid(local: &Local, cache: &dyn CredentialCache) -> bool {
    cache
        .read()
        .is_ok_and(|contents| has_valid_ticket(&contents, now(local, &contents)))
}

fn has_valid_ticket(contents: &CacheContents, now: KerberosTime) -> bool {
    let realm = &contents.principal.realm;
    let granting = Principal::krbtgt(realm, realm);
    let of_realm = || contents.tickets().filter(|ticket| ticket.server == granting);
    let valid = |ticket: &Credentials| !ticket.is_expired(now);
    if of_realm().next().is_some() {
        return of_realm().any(valid);
    }
    contents.tickets().any(valid)
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
    for line in lines(local, contents, args) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// The time by the clock of the KDC that gave the tickets.
pub(super) fn now(local: &Local, contents: &CacheContents) -> KerberosTime {
    let offset = contents.clock_offset.map_or(0, |offset| i64::from(offset.seconds));
    local.now().offset(offset).time
}

fn lines(local: &Local, contents: &CacheContents, args: &Args) -> Vec<String> {
    let mut addresses = if args.numeric || !args.addresses {
        Addresses::Numeric
    } else {
        Addresses::named(local)
    };
    let mut lines = tickets(contents, args, now(local, contents), &mut addresses);
    if args.config {
        lines.extend(Setting::all(contents).map(|setting| setting.line()));
    }
    lines
}

/// The table of tickets. Of the columns that nobody asked for, those are shown that say something.
fn tickets(contents: &CacheContents, args: &Args, now: KerberosTime, addresses: &mut Addresses) -> Vec<String> {
    let rows: Vec<_> = contents.tickets().map(Row::of).collect();
    if rows.is_empty() {
        return vec!["no tickets".to_owned()];
    }
    let any = |says: &dyn Fn(&Row<'_>) -> bool| rows.iter().any(says);
    let shown = [
        (true, "Valid from"),
        (true, "Expires"),
        (any(&|row| row.ticket.renew_till.is_some()), "Renew until"),
        (args.flags, "Flags"),
        (args.enctypes, "Session key"),
        (args.enctypes, "Ticket"),
        (args.authdata, "AD types"),
        (args.addresses, "Addresses"),
        (any(&|row| row.ticket.client != contents.principal), "Client"),
        (true, "Service"),
        (any(&|row| row.other_server().is_some()), "Ticket server"),
    ];
    let visible = |cells: [String; 11]| {
        let cells = cells.into_iter().zip(shown).filter(|(_, (shown, _))| *shown);
        cells.map(|(cell, _)| cell).collect::<Vec<_>>()
    };
    let header: Vec<_> = shown
        .iter()
        .filter(|(shown, _)| *shown)
        .map(|(_, title)| *title)
        .collect();
    let mut table = show::table(&header);
    for row in &rows {
        table.add_row(visible(row.cells(now, &TimeZone::system(), addresses)));
    }
    show::lines(&table)
}

/// A ticket, with what can be read of it without its key.
struct Row<'a> {
    ticket: &'a Credentials,
    inner: Option<Ticket>,
}

impl<'a> Row<'a> {
    fn of(ticket: &'a Credentials) -> Self {
        let inner = Ticket::from_der(&ticket.ticket).ok();
        Self { ticket, inner }
    }

    fn other_server(&self) -> Option<String> {
        other_server(self.ticket, self.inner.as_ref()).map(|server| server.to_string())
    }

    fn ticket_enctype(&self) -> Option<String> {
        self.inner.as_ref().map(|inner| show::enctype(inner.enc_part.etype))
    }

    fn cells(&self, now: KerberosTime, zone: &TimeZone, addresses: &mut Addresses) -> [String; 11] {
        let ticket = self.ticket;
        let end = if ticket.is_expired(now) {
            ">>> expired <<<".to_owned()
        } else {
            show::time(ticket.endtime, zone)
        };
        [
            show::time(ticket.valid_from(), zone),
            end,
            ticket.renew_till.map(|time| show::time(time, zone)).unwrap_or_default(),
            show::flag_letters(ticket.flags),
            show::enctype(ticket.key.keytype),
            self.ticket_enctype().unwrap_or_else(|| "unreadable".to_owned()),
            ad_types(ticket),
            addresses.of(ticket),
            ticket.client.to_string(),
            ticket.server.to_string(),
            self.other_server().unwrap_or_default(),
        ]
    }
}

impl Listing {
    pub(super) fn of(local: &Local, name: &str, contents: &CacheContents) -> Self {
        let now = now(local, contents);
        Self {
            cache: name.to_owned(),
            principal: contents.principal.to_string(),
            clock_offset: contents.clock_offset.map(|offset| offset.seconds),
            tickets: contents
                .tickets()
                .map(|ticket| Listed::of(&Row::of(ticket), now))
                .collect(),
            config: Setting::all(contents).collect(),
        }
    }
}

impl Listed {
    fn of(row: &Row<'_>, now: KerberosTime) -> Self {
        let ticket = row.ticket;
        let kvno = row.inner.as_ref().and_then(|inner| inner.enc_part.kvno);
        Self {
            client: ticket.client.to_string(),
            server: ticket.server.to_string(),
            start: ticket.valid_from().to_string(),
            end: ticket.endtime.to_string(),
            renew_till: ticket.renew_till.map(|time| time.to_string()),
            expired: ticket.is_expired(now),
            flags: ticket.flags.names().collect(),
            session_enctype: show::enctype(ticket.key.keytype),
            ticket_enctype: row.ticket_enctype(),
            kvno: kvno.map(|kvno| kvno.0),
            ticket_server: row.other_server(),
            addresses: ticket.addresses.iter().map(numeric).collect(),
            ad_types: ticket.authdata.iter().map(|entry| entry.ad_type).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use krb5_store::ccache::CacheContents;

    use super::*;

    /// A cache of alice's with tickets for these services, each until then.
    fn cache(tickets: &[(&str, i64)]) -> CacheContents {
        let principal = |text: &str| Principal::parse(text, None).unwrap();
        let mut contents = CacheContents::new(principal("alice@R"));
        contents.set_config("refresh_time", None, b"1000");
        let template = contents.credentials.first().cloned().unwrap();
        contents
            .credentials
            .extend(tickets.iter().map(|(server, end)| Credentials {
                server: principal(server),
                endtime: KerberosTime(*end),
                ..template.clone()
            }));
        contents
    }

    #[test]
    fn a_cache_is_valid_by_its_ticket_granting_ticket_and_by_others_only_where_there_is_none() {
        for (tickets, valid) in [
            (&[][..], false),
            (&[("krbtgt/R@R", 101)], true),
            (&[("krbtgt/R@R", 99)], false),
            (&[("krbtgt/R@R", 99), ("host/a@R", 101)], false),
            (&[("krbtgt/R@R", 99), ("krbtgt/R@R", 101)], true),
            (&[("host/a@R", 101)], true),
            (&[("host/a@R", 99)], false),
            (&[("krbtgt/S@R", 101)], true),
        ] {
            assert_eq!(
                has_valid_ticket(&cache(tickets), KerberosTime(100)),
                valid,
                "{tickets:?}"
            );
        }
    }
}
