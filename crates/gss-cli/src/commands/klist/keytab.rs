//! The keys in a keytab; the keys themselves only where the person insists.

use std::io::{self, Write as _};
use std::process::ExitCode;

use comfy_table::{Cell, CellAlignment};
use jiff::tz::TimeZone;
use krb5_store::keytab::{KeySource, KeytabEntry};
use serde::Serialize;

use crate::commands::kerberos::show;
use crate::report::Hint as _;

/// What is told besides version and principal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns {
    pub(crate) timestamps: bool,
    pub(crate) enctypes: bool,
    /// The keys themselves.
    pub(crate) keys: bool,
}

#[derive(Debug, Serialize)]
struct Listing {
    keytab: String,
    keys: Vec<Listed>,
}

#[derive(Debug, Serialize)]
struct Listed {
    kvno: u32,
    timestamp: String,
    principal: String,
    enctype: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

pub(crate) fn list(keytab: &dyn KeySource, columns: Columns, json: bool) -> anyhow::Result<ExitCode> {
    let contents = keytab.read().hint("name a keytab; KRB5_KTNAME names the default one")?;
    let mut out = io::stdout().lock();
    if json {
        let keys = contents
            .entries
            .iter()
            .map(|entry| Listed::of(entry, columns))
            .collect();
        serde_json::to_writer_pretty(
            &mut out,
            &Listing {
                keytab: keytab.name(),
                keys,
            },
        )?;
        writeln!(out)?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "Keytab: {}", keytab.name())?;
    writeln!(out)?;
    for line in lines(&contents.entries, columns, &TimeZone::system()) {
        writeln!(out, "{line}")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn lines(entries: &[KeytabEntry], columns: Columns, zone: &TimeZone) -> Vec<String> {
    if entries.is_empty() {
        return vec!["no keys".to_owned()];
    }
    let titles = ["KVNO", "Written", "Enctype", "Principal", "Key"];
    let shown = [true, columns.timestamps, columns.enctypes, true, columns.keys];
    let header: Vec<_> = titles
        .into_iter()
        .zip(shown)
        .filter(|(_, shown)| *shown)
        .map(|(title, _)| title)
        .collect();
    let mut table = show::table(&header);
    for entry in entries {
        let cells = [
            Cell::new(entry.kvno).set_alignment(CellAlignment::Right),
            Cell::new(show::time(entry.timestamp, zone)),
            Cell::new(show::enctype(entry.key.keytype)),
            Cell::new(&entry.principal),
            Cell::new(key(entry, columns).unwrap_or_default()),
        ];
        table.add_row(
            cells
                .into_iter()
                .zip(shown)
                .filter(|(_, shown)| *shown)
                .map(|(cell, _)| cell),
        );
    }
    show::lines(&table)
}

/// In hexadecimal, where it is asked for.
fn key(entry: &KeytabEntry, columns: Columns) -> Option<String> {
    columns.keys.then(|| hex::encode(entry.key.expose()))
}

impl Listed {
    fn of(entry: &KeytabEntry, columns: Columns) -> Self {
        Self {
            kvno: entry.kvno,
            timestamp: entry.timestamp.to_string(),
            principal: entry.principal.to_string(),
            enctype: show::enctype(entry.key.keytype),
            key: key(entry, columns),
        }
    }
}
