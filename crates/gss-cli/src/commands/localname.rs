//! `gss localname`: which local user a principal is, and whether it may log in as one.

use std::io::{self, Write as _};
use std::process::ExitCode;

use krb5_proto::Principal;
use krb5_store::local::{Grant, LogIn, Mapping, SystemUsers, local_name, may_log_in};
use serde::Serialize;

use super::kerberos::Local;
use crate::report::one_line;

/// Tell which local user a principal is, and whether it may log in as one
///
/// The local name comes from auth_to_local_names and auth_to_local of the default realm in krb5.conf. Whether a
/// principal may log in as a user is what the user's .k5login says; without one, its local name must be the user's.
///
/// The exit code is 0 if the principal has a local name, or with --userok if it may log in; else it is 1.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// The principal, as NAME or NAME@REALM
    principal: String,
    /// Ask whether the principal may log in as this local user
    #[arg(long, value_name = "USER")]
    userok: Option<String>,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    principal: String,
    local_name: Option<String>,
    /// File and line of the rule that made the name; none for the default.
    rule: Option<String>,
    /// Why there is no name.
    reason: Option<String>,
    userok: Option<UserOk>,
}

#[derive(Debug, Serialize)]
struct UserOk {
    user: String,
    may: bool,
    why: String,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let local = Local::of_process()?;
    let principal = local.principal(&args.principal)?;
    let userok = args.userok.as_deref().map(|user| ask(&local, &principal, user));
    let report = report(&local, &principal, userok)?;
    let success = match &report.userok {
        Some(answer) => answer.may,
        None => report.local_name.is_some(),
    };
    tell(&report, args.json)?;
    Ok(if success { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// An error means no, and is told as its reason.
fn ask(local: &Local, principal: &Principal, user: &str) -> UserOk {
    let (may, why) = match may_log_in(local.settings(), &SystemUsers, principal, user) {
        Ok(LogIn::Granted(grant)) => (true, reason(&grant)),
        Ok(LogIn::Refused(refusal)) => (false, refusal.to_string()),
        Err(error) => (false, one_line(&error)),
    };
    let user = user.to_owned();
    UserOk { user, may, why }
}

fn reason(grant: &Grant) -> String {
    match grant {
        Grant::Listed(path) => format!("{} lists it", path.display()),
        Grant::Named(local) => match &local.origin {
            Some(origin) => format!("that is its local name by {origin}"),
            None => "that is its local name by default".to_owned(),
        },
        _ => "the user lets it in".to_owned(),
    }
}

/// A rule that makes no sense is an error only where nothing else is asked for.
fn report(local: &Local, principal: &Principal, userok: Option<UserOk>) -> anyhow::Result<Report> {
    let (local_name, rule, reason) = match local_name(local.settings(), principal) {
        Ok(Mapping::User(user)) => (Some(user.name), user.origin.map(|origin| origin.to_string()), None),
        Ok(Mapping::Nobody(nobody)) => (None, None, Some(nobody.reason.to_string())),
        Err(error) if userok.is_some() => (None, None, Some(one_line(&error))),
        Err(error) => return Err(error.into()),
    };
    Ok(Report {
        principal: principal.to_string(),
        local_name,
        rule,
        reason,
        userok,
    })
}

fn tell(report: &Report, json: bool) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, report)?;
        writeln!(out)?;
        return Ok(());
    }
    let principal = &report.principal;
    match (&report.userok, &report.local_name) {
        (Some(UserOk { user, may: true, why }), _) => writeln!(out, "{principal} may log in as {user}: {why}")?,
        (Some(UserOk { user, why, .. }), _) => writeln!(out, "{principal} may not log in as {user}: {why}")?,
        (None, Some(name)) => writeln!(out, "{name}")?,
        (None, None) => {
            let reason = report.reason.as_deref().unwrap_or_default();
            writeln!(io::stderr().lock(), "gss: {principal} is no user here: {reason}")?;
        }
    }
    Ok(())
}

const EXAMPLES: &str = "\
Examples:
  gss localname alice@EXAMPLE.ORG
  gss localname alice/admin@EXAMPLE.ORG --userok root
  gss localname --json bob@OTHER.ORG";
