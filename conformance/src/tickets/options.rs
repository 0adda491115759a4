//! The options of `kinit` and `kvno`: the same ones give the same tickets as the peer's tools get from the same KDC.

use std::{path::Path, thread, time::Duration};

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use serde_json::Value;

use super::{Check, Desk};
use crate::{
    flavour::Flavour,
    process::{run, run_ok, within},
    programs::file_name,
    realm::PASSWORD,
    report::Checks,
    tools::at,
};

/// With any reader.
pub(super) const CHECKS: &[Check] = &[
    ("kinit-options", kinit_options),
    ("kinit-postdated", postdated),
    ("kinit-renewed", renewed),
];

/// With MIT's tools, which have the same options.
pub(super) const CHECKS_WITH_MIT: &[Check] = &[("kvno-options", kvno_options), ("kvno-user-to-user", user_to_user)];

/// Options as MIT's kinit and ours have them, and as Heimdal's has.
const OPTIONS: &[(&[&str], &[&str])] = &[
    (&["-F", "-l", "2h"], &["--no-forwardable", "--lifetime=2h"]),
    (
        &["-f", "-p", "-l", "3h"],
        &["--forwardable", "--proxiable", "--lifetime=3h"],
    ),
    (
        &["-P", "-r", "2d", "-l", "1h"],
        &["--no-proxiable", "--renewable-life=2d", "--lifetime=1h"],
    ),
    (&["-S", "SERVICE", "-l", "2h"], &["--server=SERVICE", "--lifetime=2h"]),
];

/// What matters of a ticket.
#[derive(Debug, PartialEq, Eq)]
struct Ticket {
    server: String,
    flags: Vec<String>,
    /// Minutes from its start, rounded: a second may pass between the client's clock and the KDC's.
    life: i64,
    renewable: Option<i64>,
}

impl Ticket {
    fn is_invalid(&self) -> bool {
        self.flags.iter().any(|flag| flag == "invalid")
    }
}

impl Desk<'_> {
    /// `kinit` of `who` with these options, which must succeed.
    fn kinit(&self, who: Flavour, ccache: &Path, options: &[&str]) -> Result<()> {
        let mut command = match who.implementation() {
            Flavour::Gss => self.programs.gss()?,
            Flavour::Heimdal => self.programs.heimdal("kinit.heimdal"),
            _ => self.programs.mit("bin/kinit"),
        };
        match who.implementation() {
            Flavour::Gss => command.arg("kinit"),
            Flavour::Heimdal => command.arg("--password-file=STDIN"),
            _ => &mut command,
        };
        let options = options
            .iter()
            .map(|option| option.replace("SERVICE", &self.site.service));
        let command = at(command.args(options), self.site, ccache).arg(&self.site.user);
        run_ok(command, &format!("{PASSWORD}\n"), within(30))?;
        Ok(())
    }

    /// One of our commands, which must succeed.
    fn ours(&self, ccache: &Path, arguments: &[&str]) -> Result<String> {
        let mut command = self.programs.gss()?;
        run_ok(at(command.args(arguments), self.site, ccache), "", within(30))
    }

    /// The only ticket in a cache, as we read it.
    fn ticket(&self, ccache: &Path) -> Result<Ticket> {
        let listed = self.ours(ccache, &["klist", "--json"])?;
        let listed: Value = serde_json::from_str(&listed)?;
        let ticket = &listed["tickets"][0];
        let text = |field: &str| ticket[field].as_str().map(str::to_owned);
        let time = |field: &str| text(field).map(|time| time.parse::<Timestamp>()).transpose();
        let start = time("start")?.context("a ticket starts")?;
        let after = |end: Timestamp| (end.as_second().saturating_sub(start.as_second()).saturating_add(30)) / 60;
        let flags = ticket["flags"].as_array().context("flags are a list")?.iter();
        Ok(Ticket {
            server: text("server").context("a ticket is for a server")?,
            flags: flags
                .filter_map(Value::as_str)
                .filter(|flag| !NOT_ASKED_FOR.contains(flag))
                .map(str::to_owned)
                .collect(),
            life: after(time("end")?.context("a ticket ends")?),
            renewable: time("renew_till")?.map(after),
        })
    }
}

fn kinit_options(desk: &Desk<'_>, checks: &mut Checks) -> Result<()> {
    let reader = desk.errand.reader;
    for (number, (ours, heimdals)) in OPTIONS.iter().enumerate() {
        let [own, peers] = ["own", "peers"].map(|whose| desk.file(&format!("{whose}-{number}.ccache")));
        desk.kinit(Flavour::Gss, &own, ours)?;
        let theirs = if reader.implementation() == Flavour::Heimdal {
            heimdals
        } else {
            ours
        };
        desk.kinit(reader, &peers, theirs)?;
        let check = ours.join(" ");
        checks.equal(&desk.ticket(&own)?, &desk.ticket(&peers)?, &check, desk.errand.actor);
        let listed = desk.reader.klist(desk.site, &own)?;
        checks.expect(listed.contains(&desk.site.user), "klist", reader, || listed.clone());
    }
    Ok(())
}

/// A ticket that starts in a moment is of no use, and then validated.
fn postdated(desk: &Desk<'_>, checks: &mut Checks) -> Result<()> {
    let (own, peers) = (desk.file("postdated.ccache"), desk.file("postdated-peers.ccache"));
    let who = desk.errand.actor;
    desk.kinit(who, &own, &["-s", "1h", "-l", "3h"])?;
    let option = match desk.errand.reader.implementation() {
        // Its lifetime counts from now.
        Flavour::Heimdal => &["--start-time=+1h", "--lifetime=4h"][..],
        _ => &["-s", "1h", "-l", "3h"],
    };
    desk.kinit(desk.errand.reader, &peers, option)?;
    let (ticket, theirs) = (desk.ticket(&own)?, desk.ticket(&peers)?);
    checks.equal(&ticket.flags, &theirs.flags, "flags", who);
    checks.expect(ticket.is_invalid(), "invalid", who, || format!("{ticket:?}"));

    soon_valid(desk, &own)?;
    let deadline = within(30);
    loop {
        let mut command = desk.programs.gss()?;
        let outcome = run(at(command.args(["kinit", "-v"]), desk.site, &own), "", within(30))?;
        if outcome.status.success() {
            break;
        }
        if std::time::Instant::now() > deadline {
            bail!("kinit -v: {}", outcome.said());
        }
        thread::sleep(Duration::from_millis(200));
    }
    let valid = desk.ticket(&own)?;
    checks.expect(!valid.is_invalid(), "validated", who, || format!("{valid:?}"));
    desk.reader.kvno(desk.site, &own)
}

/// Gets a ticket that is not valid yet, but soon. If the request comes to the KDC when that time has passed, the ticket is
/// valid at once: then a later time is asked for.
fn soon_valid(desk: &Desk<'_>, cache: &Path) -> Result<()> {
    for seconds in ["1", "2", "4", "8", "16"] {
        desk.kinit(desk.errand.actor, cache, &["-s", seconds, "-l", "1h"])?;
        if desk.ticket(cache)?.is_invalid() {
            return Ok(());
        }
    }
    bail!("tickets that should be valid in 16 seconds are valid now")
}

/// A renewed ticket is renewable until the same time, and the reader's tools go on with it.
fn renewed(desk: &Desk<'_>, checks: &mut Checks) -> Result<()> {
    let own = desk.file("renewed.ccache");
    desk.kinit(
        desk.errand.reader,
        &own,
        match desk.errand.reader.implementation() {
            Flavour::Heimdal => &["--renewable-life=2d", "--lifetime=1h"][..],
            _ => &["-r", "2d", "-l", "1h"],
        },
    )?;
    let before = desk.ticket(&own)?;
    desk.ours(&own, &["kinit", "-R"])?;
    let after = desk.ticket(&own)?;
    let who = desk.errand.actor;
    checks.equal(
        &after.flags.iter().any(|flag| flag == "renewable"),
        &true,
        "renewable",
        who,
    );
    let no_longer = before.renewable >= after.renewable && after.renewable.is_some();
    checks.expect(no_longer, "renew-till", who, || format!("{before:?} {after:?}"));
    desk.reader.kvno(desk.site, &own)
}

/// The same options print the same lines.
fn kvno_options(desk: &Desk<'_>, checks: &mut Checks) -> Result<()> {
    let own = desk.file("kvno.ccache");
    desk.kinit(desk.errand.actor, &own, &[])?;
    let (keytab, out) = (file_name(&desk.site.keytab), file_name(&desk.file("out.ccache")));
    let (service, host) = (
        desk.site.service.as_str(),
        format!("{}.conformance.test", desk.errand.enctype.short()),
    );
    let lines: [&[&str]; 6] = [
        &[service],
        &["-k", &keytab, service],
        &["-q", service],
        &["-S", "host", &host],
        &["-e", desk.site.enctype.name(), service],
        &["--out-cache", &out, "--cached-only", service],
    ];
    for arguments in lines {
        let ours = desk.ours(&own, &[&["kvno"], arguments].concat())?;
        let mut command = desk.programs.mit("bin/kvno");
        let theirs = run_ok(at(command.args(arguments), desk.site, &own), "", within(30))?;
        checks.equal(
            &ours.trim_end(),
            &theirs.trim_end(),
            &arguments[..1].join(" "),
            desk.errand.actor,
        );
    }
    Ok(())
}

/// A ticket in the session key of the user's own ticket-granting ticket.
fn user_to_user(desk: &Desk<'_>, checks: &mut Checks) -> Result<()> {
    let (own, other) = (desk.file("u2u.ccache"), desk.file("u2u-other.ccache"));
    desk.kinit(desk.errand.actor, &own, &[])?;
    desk.kinit(desk.errand.reader, &other, &[])?;
    let user = desk.site.user.as_str();
    let ours = desk.ours(&own, &["kvno", "--u2u", &file_name(&other), user])?;
    let mut command = desk.programs.mit("bin/kvno");
    let theirs = run_ok(
        at(command.args(["--u2u", &file_name(&other), user]), desk.site, &own),
        "",
        within(30),
    )?;
    checks.equal(&ours.trim_end(), &theirs.trim_end(), "u2u", desk.errand.actor);
    Ok(())
}

/// Flags that the KDC sets for what else is in the request; Heimdal's kinit, unlike MIT's, does not ask that a ticket that
/// starts later may be the source of others that do.
const NOT_ASKED_FOR: [&str; 2] = ["enc-pa-rep", "may-postdate"];
