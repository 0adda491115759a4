//! `gss mechs`: the mechanisms that are built in.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context as _;
use gss_core::{AttrSet, Mechanism, Mechanisms, Oid, name_type};
use serde::Serialize;

/// List the mechanisms that are built in
///
/// For each its OID, its names, whether it is the default, its attributes (RFC 5587) and the types of names that it
/// understands.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mechanisms = Mechanisms::linked(&gss::environment()).context("cannot set up the mechanisms")?;
    let default = mechanisms.default_mechanism().oid();
    let listed: Vec<Listed> = mechanisms
        .iter()
        .map(|mechanism| Listed::of(&**mechanism, default))
        .collect();
    let mut out = io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &listed)?;
        writeln!(out)?;
    } else {
        for mechanism in &listed {
            mechanism.write(&mut out)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[derive(Debug, Serialize)]
struct Listed {
    oid: String,
    name: &'static str,
    description: &'static str,
    sasl: &'static str,
    default: bool,
    aliases: Vec<String>,
    attributes: Vec<&'static str>,
    name_types: Vec<NameType>,
}

#[derive(Debug, Serialize)]
struct NameType {
    oid: String,
    name: Option<&'static str>,
}

impl Listed {
    fn of(mechanism: &dyn Mechanism, default: Oid) -> Self {
        let label = mechanism.label();
        let name_types = mechanism.name_types().iter();
        Self {
            oid: mechanism.oid().to_string(),
            name: label.name,
            description: label.description,
            sasl: label.sasl,
            default: mechanism.oid() == default,
            aliases: mechanism.aliases().iter().map(Oid::to_string).collect(),
            attributes: attributes(mechanism.attrs().supported),
            name_types: name_types
                .map(|oid| NameType {
                    oid: oid.to_string(),
                    name: name_of_type(oid),
                })
                .collect(),
        }
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let default = if self.default { ", the default" } else { "" };
        writeln!(out, "{}: {}{default}", self.name, self.description)?;
        writeln!(out, "  OID         {}", self.oid)?;
        for alias in &self.aliases {
            writeln!(out, "  also        {alias}")?;
        }
        writeln!(out, "  SASL        {}", self.sasl)?;
        writeln!(out, "  attributes  {}", self.attributes.join(", "))?;
        writeln!(out, "  name types")?;
        self.name_types
            .iter()
            .try_for_each(|kind| writeln!(out, "    {:28}{}", kind.oid, kind.name.unwrap_or_default()))
    }
}

/// The short names of RFC 5587 §3.2.
fn attributes(supported: AttrSet) -> Vec<&'static str> {
    supported
        .iter()
        .filter_map(AttrSet::description)
        .map(|description| description.short)
        .collect()
}

fn name_of_type(oid: &Oid) -> Option<&'static str> {
    NAME_TYPES.iter().find(|(known, _)| known == oid).map(|(_, name)| *name)
}

const NAME_TYPES: [(Oid, &str); 10] = [
    (name_type::HOSTBASED_SERVICE, "hostbased service"),
    (name_type::HOSTBASED_SERVICE_X, "hostbased service, deprecated OID"),
    (name_type::USER, "user"),
    (name_type::MACHINE_UID, "numeric user id"),
    (name_type::STRING_UID, "user id in decimal"),
    (name_type::ANONYMOUS, "anonymous"),
    (name_type::EXPORTED, "exported name"),
    (name_type::COMPOSITE_EXPORT, "exported name with attributes"),
    (name_type::KRB5_PRINCIPAL, "Kerberos principal"),
    (name_type::KRB5_ENTERPRISE, "Kerberos enterprise name"),
];
