//! Acceptors of two implementations that share a replay cache: each authenticator passes once.

mod names;

use std::{fs, path::Path};

use anyhow::{Result, bail};

use crate::{
    flavour::{Flavour, Role},
    party::{Progress, Side},
    programs::{Programs, Start},
    realm::Site,
    report::Checks,
    scenario::Mech,
    tickets::{Check, Desk},
};

/// The check of those that share. Heimdal 7.8 has a format of its own.
pub(crate) const CHECKS: &[Check] = &[("replay-shared", shared)];
/// A check that needs no more than one encryption type.
pub(crate) const CHECKS_ONCE: &[Check] = &[("replay-names", names::check)];

/// Acceptors of both are given the same token at once, then further ones of both, which start later.
fn shared(desk: &Desk<'_>, checks: &mut Checks) -> Result<()> {
    let house = House {
        site: desk.site,
        programs: desk.programs,
        directory: &desk.file("replay"),
    };
    fs::create_dir(house.directory)?;
    let (actor, reader) = (desk.errand.actor, desk.errand.reader);
    for round in 0..ROUNDS {
        let token = house.token(actor)?;
        let mut present = Vec::new();
        for flavour in [actor, reader, actor, reader] {
            present.push(house.acceptor(flavour)?);
        }
        for acceptor in &mut present {
            acceptor.feed(&token)?;
        }
        let verdicts = present.iter_mut().map(verdict).collect::<Result<Vec<_>>>()?;
        drop(present);
        let accepted = verdicts.iter().filter(|verdict| verdict.is_none()).count();
        checks.expect(accepted == 1, "one-winner", actor, || {
            format!(
                "{accepted} of {} accepted in round {round}: {verdicts:?}",
                verdicts.len()
            )
        });
        for flavour in [actor, reader] {
            let later = verdict(&mut sent(house.acceptor(flavour)?, &token)?)?;
            let told = later
                .as_ref()
                .is_some_and(|text| text.to_lowercase().contains("replay"));
            checks.expect(told, "replay-after-restart", flavour, || format!("{later:?}"));
        }
    }
    Ok(())
}

/// Where everything takes place: one directory, and in it one cache for all.
struct House<'a> {
    site: &'a Site,
    programs: &'a Programs,
    directory: &'a Path,
}

impl House<'_> {
    fn order<'b>(&'b self, flavour: Flavour, role: Role, ccache: &'b Path) -> Start<'b> {
        Start {
            flavour,
            role,
            site: self.site,
            krb5_conf: &self.site.krb5_conf,
            ccache,
            directory: self.directory,
            flags: (role == Role::Initiator).then_some("conf,integ"),
            mech: Mech::Krb5,
            bindings: None,
        }
    }

    fn start(&self, flavour: Flavour, role: Role, ccache: &Path) -> Result<Side> {
        Ok(Side {
            flavour,
            pipe: self.programs.start(&self.order(flavour, role, ccache))?,
        })
    }

    /// A new authenticator.
    fn token(&self, flavour: Flavour) -> Result<Vec<u8>> {
        let ccache = self.directory.join("ccache");
        fs::copy(&self.site.ccache, &ccache)?;
        match self.start(flavour, Role::Initiator, &ccache)?.progress()? {
            Progress::Token(token) => Ok(token),
            other => bail!("no token: {other:?}"),
        }
    }

    fn acceptor(&self, flavour: Flavour) -> Result<Side> {
        self.start(flavour, Role::Acceptor, &self.directory.join("none"))
    }
}

fn sent(mut acceptor: Side, token: &[u8]) -> Result<Side> {
    acceptor.feed(token)?;
    Ok(acceptor)
}

/// Why it did not accept, if it did not.
fn verdict(acceptor: &mut Side) -> Result<Option<String>> {
    loop {
        match acceptor.progress()? {
            Progress::Established(_) => return Ok(None),
            Progress::Refused(refusal) => return Ok(Some(refusal.message)),
            Progress::Token(_) => {}
        }
    }
}

const ROUNDS: usize = 3;
