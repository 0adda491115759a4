//! The caches of a collection.

use std::io::{self, Write as _};
use std::process::ExitCode;

use jiff::tz::TimeZone;
use krb5_proto::{KerberosTime, Principal};
use krb5_store::ccache::{CacheCollection, CacheContents, CredentialCache};
use serde::Serialize;

use super::{Args, cache};
use crate::commands::kerberos::{Local, show};

/// A cache among others.
#[derive(Debug, Serialize)]
struct Listed {
    cache: String,
    primary: bool,
    principal: Option<String>,
    /// When the ticket-granting ticket ends, or the last ticket where there is none.
    end: Option<String>,
    expired: bool,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip)]
    until: Option<KerberosTime>,
}

/// Lists the caches, a line each.
pub(super) fn list(local: &Local, collection: &dyn CacheCollection, json: bool) -> anyhow::Result<ExitCode> {
    let primary = collection.primary().map(|cache| cache.name()).ok();
    let caches = existing(collection)?;
    let listed: Vec<_> = caches
        .iter()
        .map(|cache| Listed::of(local, &**cache, primary.as_deref()))
        .collect();
    let mut out = io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, &listed)?;
        writeln!(out)?;
        return Ok(ExitCode::SUCCESS);
    }
    for line in lines(&listed, &TimeZone::system()) {
        writeln!(out, "{line}")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Lists the tickets of all caches. One that cannot be read is told of, and the others are listed all the same.
pub(super) fn all(local: &Local, collection: &dyn CacheCollection, args: &Args) -> anyhow::Result<ExitCode> {
    let mut readable = Vec::new();
    let mut code = ExitCode::SUCCESS;
    for cache in existing(collection)? {
        match cache.read() {
            Ok(contents) => readable.push((cache.name(), contents)),
            // It was destroyed meanwhile.
            Err(krb5_store::Error::NoCache { .. }) => {}
            Err(error) => code = crate::report::failure(&error.into()),
        }
    }
    let mut out = io::stdout().lock();
    if args.json {
        let listings: Vec<_> = readable
            .iter()
            .map(|(name, contents)| cache::Listing::of(local, name, contents))
            .collect();
        serde_json::to_writer_pretty(&mut out, &listings)?;
        writeln!(out)?;
        return Ok(code);
    }
    for (number, (name, contents)) in readable.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        cache::write(&mut out, local, name, contents, args)?;
    }
    Ok(code)
}

/// Whether any of the caches has a valid ticket.
pub(super) fn silent(local: &Local, collection: &dyn CacheCollection) -> ExitCode {
    let caches = collection.caches().unwrap_or_default();
    super::code(caches.iter().any(|cache| cache::is_valid(local, &**cache)))
}

fn existing(collection: &dyn CacheCollection) -> anyhow::Result<Vec<std::sync::Arc<dyn CredentialCache>>> {
    let caches = collection.caches()?;
    if caches.is_empty() {
        let name = collection.name();
        return Err(krb5_store::Error::NoCache { name }.into());
    }
    Ok(caches)
}

fn lines(listed: &[Listed], zone: &TimeZone) -> Vec<String> {
    let mut table = show::table(&["", "Principal", "Expires", "Cache"]);
    for cache in listed {
        let mark = if cache.primary { "*" } else { "" };
        let principal = cache.principal.as_deref().unwrap_or("(cannot be read)");
        table.add_row([mark, principal, &cache.expires(zone), &cache.cache]);
    }
    show::lines(&table)
}

impl Listed {
    fn of(local: &Local, cache: &dyn CredentialCache, primary: Option<&str>) -> Self {
        let name = cache.name();
        let mut listed = Self {
            primary: primary == Some(&name),
            cache: name,
            principal: None,
            end: None,
            expired: false,
            error: None,
            until: None,
        };
        match cache.read() {
            Err(error) => listed.error = Some(error.to_string()),
            Ok(contents) => {
                listed.principal = Some(contents.principal.to_string());
                listed.until = until(&contents);
                listed.end = listed.until.map(|time| time.to_string());
                listed.expired = listed.until.is_some_and(|until| until <= cache::now(local, &contents));
            }
        }
        listed
    }

    fn expires(&self, zone: &TimeZone) -> String {
        match self.until {
            _ if self.expired => ">>> expired <<<".to_owned(),
            Some(until) => show::time(until, zone),
            None if self.error.is_some() => String::new(),
            None => "no tickets".to_owned(),
        }
    }
}

fn until(contents: &CacheContents) -> Option<KerberosTime> {
    let realm = &contents.principal.realm;
    let granting = Principal::krbtgt(realm, realm);
    let ends = |only: bool| {
        let tickets = contents.tickets().filter(|ticket| !only || ticket.server == granting);
        tickets.map(|ticket| ticket.endtime).max()
    };
    ends(true).or_else(|| ends(false))
}
