//! Tickets from each KDC by each implementation's tools, and their files read by the others'.

mod collections;
mod credentials;
mod grammar;
mod options;

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::{
    flavour::{Enctype, Flavour},
    programs::Programs,
    realm::Site,
    replays,
    report::Checks,
    tools::Tools,
};

/// One actor's tools at one KDC, and another's that read what the first wrote.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Errand {
    pub(crate) kdc: Flavour,
    pub(crate) enctype: Enctype,
    pub(crate) actor: Flavour,
    pub(crate) reader: Flavour,
}

/// What an errand's checks work with.
pub(crate) struct Desk<'a> {
    pub(crate) errand: Errand,
    pub(crate) site: &'a Site,
    actor: Tools<'a>,
    reader: Tools<'a>,
    pub(crate) programs: &'a Programs,
    directory: &'a Path,
}

/// The name of a check, and what it does.
pub(crate) type Check = (&'static str, fn(&Desk<'_>, &mut Checks) -> Result<()>);

/// The checks that every errand has.
const CHECKS: &[Check] = &[
    ("kinit-password", kinit_password),
    ("kinit-keytab", kinit_keytab),
    ("kinit-wrong-password", wrong_password),
    ("service-ticket", service_ticket),
    ("keytab-read", keytab_read),
    ("keytab-written", keytab_written),
];

/// Every errand between `subject` and `peer`.
pub(crate) fn errands(subject: Flavour, peer: Flavour) -> Vec<Errand> {
    let mut kdcs = vec![peer];
    kdcs.extend((subject == Flavour::Gss).then_some(subject));
    let mut errands = Vec::new();
    for enctype in Enctype::known_to(peer) {
        for &kdc in &kdcs {
            for (actor, reader) in [(subject, peer), (peer, subject)] {
                errands.push(Errand {
                    kdc,
                    enctype,
                    actor,
                    reader,
                });
            }
        }
    }
    errands
}

impl Errand {
    /// What it checks. Where we act, also where credentials come from and go to.
    pub(crate) fn checks(self) -> impl Iterator<Item = &'static Check> {
        let ours = credentials::CHECKS
            .iter()
            .chain(options::CHECKS)
            .filter(move |_| self.actor == Flavour::Gss);
        let with_mit = credentials::CHECKS_WITH_MIT
            .iter()
            .chain(options::CHECKS_WITH_MIT)
            .chain(grammar::CHECKS_WITH_MIT)
            .filter(move |_| self.actor == Flavour::Gss && self.reader == Flavour::Mit);
        let is_once = self.enctype == Enctype::Aes256Sha1;
        let flavours = [self.actor, self.reader];
        let without_heimdal = flavours
            .iter()
            .all(|flavour| flavour.implementation() != Flavour::Heimdal);
        let collections = collections::CHECKS.iter().filter(move |_| is_once);
        let once = replays::CHECKS_ONCE
            .iter()
            .chain(collections::CHECKS_WITH_MIT)
            .filter(move |_| is_once);
        let shared = replays::CHECKS.iter().chain(once).filter(move |_| without_heimdal);
        CHECKS
            .iter()
            .chain(ours)
            .chain(with_mit)
            .chain(collections)
            .chain(shared)
    }

    /// `KDC/ENCTYPE/tools/ACTOR-to-READER`, the beginning of its rows' names.
    pub(crate) fn name(&self) -> String {
        let enctype = self.enctype.short();
        format!("{}/{enctype}/tools/{}-to-{}", self.kdc, self.actor, self.reader)
    }
}

impl<'a> Desk<'a> {
    pub(crate) fn new(errand: Errand, site: &'a Site, programs: &'a Programs, directory: &'a Path) -> Self {
        Self {
            errand,
            site,
            actor: Tools::new(errand.actor, programs),
            reader: Tools::new(errand.reader, programs),
            programs,
            directory,
        }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn ticket_granting(&self) -> String {
        format!("krbtgt/{0}@{0}", self.site.realm)
    }

    /// Both list `ccache`, and see all of `principals` there.
    fn both_list(&self, ccache: &Path, principals: &[&str], checks: &mut Checks) -> Result<()> {
        for (who, tools) in [(self.errand.actor, self.actor), (self.errand.reader, self.reader)] {
            let listed = tools.klist(self.site, ccache)?;
            for principal in principals {
                checks.expect(listed.contains(principal), "klist", who, || {
                    format!("no {principal} in: {listed}")
                });
            }
        }
        Ok(())
    }
}

fn kinit_password(desk: &Desk<'_>, checks: &mut Checks) -> Result<()> {
    let ccache = desk.file("password.ccache");
    desk.actor.kinit_password(desk.site, &ccache)?;
    desk.both_list(&ccache, &[&desk.site.user, &desk.ticket_granting()], checks)
}

fn kinit_keytab(desk: &Desk<'_>, checks: &mut Checks) -> Result<()> {
    let ccache = desk.file("keytab.ccache");
    let keytab = if desk.site.user_keytab.exists() {
        desk.site.user_keytab.clone()
    } else {
        // A KDC that exports its services' keys alone: the reader derives the user's.
        let keytab = desk.file("derived.keytab");
        desk.reader.write_keytab(desk.site, &keytab)?;
        keytab
    };
    desk.actor.kinit_keytab(desk.site, &ccache, &keytab)?;
    desk.both_list(&ccache, &[&desk.site.user, &desk.ticket_granting()], checks)
}

fn wrong_password(desk: &Desk<'_>, checks: &mut Checks) -> Result<()> {
    let ccache = desk.file("wrong.ccache");
    let outcome = desk.actor.try_password(desk.site, &ccache, "not the password")?;
    let who = desk.errand.actor;
    checks.expect(!outcome.status.success(), "refused", who, || outcome.said());
    checks.expect(!ccache.exists(), "no-cache", who, || {
        "it left a cache behind".to_owned()
    });
    let told = outcome.stderr.to_lowercase().contains("password");
    checks.expect(told, "told", who, || outcome.said());
    Ok(())
}

fn service_ticket(desk: &Desk<'_>, checks: &mut Checks) -> Result<()> {
    let ccache = desk.file("service.ccache");
    desk.actor.kinit_password(desk.site, &ccache)?;
    // The reader asks with the ticket that the actor has stored, and stores beside it; the actor reads that.
    desk.reader.kvno(desk.site, &ccache)?;
    desk.both_list(&ccache, &[&desk.site.user, &desk.site.service], checks)?;
    let own = desk.file("own.ccache");
    desk.actor.kinit_password(desk.site, &own)?;
    desk.actor.kvno(desk.site, &own)?;
    desk.both_list(&own, &[&desk.site.user, &desk.site.service], checks)
}

fn keytab_read(desk: &Desk<'_>, checks: &mut Checks) -> Result<()> {
    let listed = desk.actor.list_keytab(desk.site, &desk.site.keytab)?;
    listing(&listed, &desk.site.service, desk, desk.errand.actor, checks);
    Ok(())
}

fn keytab_written(desk: &Desk<'_>, checks: &mut Checks) -> Result<()> {
    let (keytab, ccache) = (desk.file("written.keytab"), desk.file("written.ccache"));
    desk.actor.write_keytab(desk.site, &keytab)?;
    for (who, tools) in [(desk.errand.actor, desk.actor), (desk.errand.reader, desk.reader)] {
        let listed = tools.list_keytab(desk.site, &keytab)?;
        listing(&listed, &desk.site.user, desk, who, checks);
    }
    if let Err(error) = desk.reader.kinit_keytab(desk.site, &ccache, &keytab) {
        checks.expect(false, "kinit-from-written", desk.errand.kdc, || format!("{error:#}"));
    }
    Ok(())
}

fn listing(listed: &str, principal: &str, desk: &Desk<'_>, who: Flavour, checks: &mut Checks) {
    for wanted in [principal, desk.errand.enctype.name()] {
        checks.expect(listed.contains(wanted), "keytab-list", who, || {
            format!("no {wanted} in: {listed}")
        });
    }
}
