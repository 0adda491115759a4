//! Where our credentials come from and go to: client keytabs, delegated credentials in others' hands, and which client
//! of a collection talks to a service.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};

use super::{Check, Desk};
use crate::{
    flavour::{Flavour, Role},
    pair::Pair,
    party::{Established, Side},
    programs::{Start, file_name},
    report::Checks,
    scenario::{Mech, PLAIN},
    tools::Tools,
};

/// With any reader.
pub(super) const CHECKS: &[Check] = &[
    ("client-keytab", client_keytab),
    ("client-keytab-store", client_keytab_store),
    ("delegated-stored", delegated_stored),
];

/// With the one whose rules these are.
pub(super) const CHECKS_WITH_MIT: &[Check] = &[
    ("collection-primary", |desk, checks| {
        collection(desk, "", &desk.site.user, checks)
    }),
    ("collection-identity-service", |desk, checks| {
        let line = format!("{} service=host\n", desk.site.service);
        collection(desk, &line, &desk.site.service, checks)
    }),
    ("collection-identity-host", |desk, checks| {
        let line = format!("{} host=*.conformance.test\n", desk.site.service);
        collection(desk, &line, &desk.site.service, checks)
    }),
    ("collection-identity-realm", |desk, checks| {
        let (service, realm) = (&desk.site.service, &desk.site.realm);
        collection(
            desk,
            &format!("nobody@{realm} realm=OTHER\n{service} realm={realm}\n"),
            service,
            checks,
        )
    }),
    ("collection-identity-unknown-constraint", |desk, checks| {
        collection(
            desk,
            &format!("{} colour=red\n", desk.site.service),
            &desk.site.user,
            checks,
        )
    }),
];

/// Who initiates and who accepts, and what the initiator's process is given besides.
struct Parties<'a> {
    initiator: Flavour,
    acceptor: Flavour,
    flags: &'a str,
    given: &'a dyn Fn(&mut Command),
}

impl Desk<'_> {
    /// A context between both; what the acceptor says of it.
    fn connect(&self, parties: &Parties<'_>) -> Result<(Pair, Established)> {
        let directory = tempfile::Builder::new().prefix("pair-").tempdir_in(self.directory)?;
        let (ccache, other) = (
            directory.path().join("ccache"),
            directory.path().join("acceptor.ccache"),
        );
        let start = Start {
            flavour: parties.initiator,
            role: Role::Initiator,
            site: self.site,
            krb5_conf: &self.site.krb5_conf,
            ccache: &ccache,
            directory: directory.path(),
            flags: Some(parties.flags),
            mech: Mech::Krb5,
            bindings: None,
        };
        let initiator = Side {
            flavour: parties.initiator,
            pipe: self.programs.start_with(&start, parties.given)?,
        };
        let acceptor = Start {
            flavour: parties.acceptor,
            role: Role::Acceptor,
            ccache: &other,
            flags: None,
            ..start
        };
        let acceptor = Side {
            flavour: parties.acceptor,
            pipe: self.programs.start(&acceptor)?,
        };
        let mut pair = Pair::of(initiator, acceptor, directory);
        let handshake = pair.handshake(&PLAIN)?;
        match handshake.acceptor.context("the initiator refused to begin")? {
            Ok(established) => Ok((pair, established)),
            Err(refusal) => anyhow::bail!("the acceptor refused: {}", refusal.message),
        }
    }

    /// The user's keys, as every implementation reads them.
    fn client_keytab(&self) -> Result<std::path::PathBuf> {
        if self.site.user_keytab.exists() {
            return Ok(self.site.user_keytab.clone());
        }
        let keytab = self.file("client.keytab");
        self.reader.write_keytab(self.site, &keytab)?;
        Ok(keytab)
    }

    /// The user's context by a client keytab that `given` names, and the cache that it leaves behind.
    fn by_client_keytab(&self, ccache: &Path, given: &dyn Fn(&mut Command), checks: &mut Checks) -> Result<()> {
        let parties = Parties {
            initiator: self.errand.actor,
            acceptor: self.errand.reader,
            flags: "mutual,integ,conf",
            given,
        };
        let (_pair, established) = self.connect(&parties)?;
        let user = Some(self.site.user.clone());
        checks.equal(&established.initiator, &user, "initiator", self.errand.reader);
        self.both_list(
            ccache,
            &[&self.site.user, &self.ticket_granting(), &self.site.service],
            checks,
        )
    }
}

/// An empty cache is filled with the keys that `KRB5_CLIENT_KTNAME` names; the reader's tools go on with it.
fn client_keytab(desk: &Desk<'_>, checks: &mut Checks) -> Result<()> {
    let (keytab, ccache) = (desk.client_keytab()?, desk.file("by-keytab.ccache"));
    let given = |command: &mut Command| {
        command.env("KRB5_CLIENT_KTNAME", file_name(&keytab));
        command.env("KRB5CCNAME", file_name(&ccache));
    };
    desk.by_client_keytab(&ccache, &given, checks)?;
    desk.reader.kvno(desk.site, &ccache)
}

/// The same by a credential store.
fn client_keytab_store(desk: &Desk<'_>, checks: &mut Checks) -> Result<()> {
    let (keytab, ccache) = (desk.client_keytab()?, desk.file("by-store.ccache"));
    let given = |command: &mut Command| {
        command.args(["--principal", &desk.site.user]);
        command.args(["--store", &format!("client_keytab={}", file_name(&keytab))]);
        command.args(["--store", &format!("ccache={}", file_name(&ccache))]);
    };
    desk.by_client_keytab(&ccache, &given, checks)
}

/// What the reader has delegated and we have stored, its tools list and use.
fn delegated_stored(desk: &Desk<'_>, checks: &mut Checks) -> Result<()> {
    let copy = desk.file("delegating.ccache");
    fs::copy(&desk.site.ccache, &copy)?;
    let given = |command: &mut Command| {
        command.env("KRB5CCNAME", file_name(&copy));
    };
    let parties = Parties {
        initiator: desk.errand.reader,
        acceptor: desk.errand.actor,
        flags: "mutual,integ,conf,deleg",
        given: &given,
    };
    let (mut pair, _) = desk.connect(&parties)?;
    let stored = desk.file("stored.ccache");
    if let Err(refusal) = pair.acceptor.store_delegated(&file_name(&stored))? {
        checks.expect(false, "stored", desk.errand.actor, || refusal.message.clone());
        return Ok(());
    }
    desk.reader.kvno(desk.site, &stored)?;
    desk.both_list(
        &stored,
        &[&desk.site.user, &desk.ticket_granting(), &desk.site.service],
        checks,
    )
}

/// A collection of the user's and the service's tickets, the user's being primary: we and MIT choose `wanted`.
fn collection(desk: &Desk<'_>, identities: &str, wanted: &str, checks: &mut Checks) -> Result<()> {
    let home = desk.file("home");
    fs::create_dir_all(&home)?;
    if !identities.is_empty() {
        fs::write(home.join(".k5identity"), identities)?;
    }
    let caches = desk.file("caches");
    fs::create_dir_all(&caches)?;
    fs::copy(&desk.site.ccache, caches.join("tkt"))?;
    let mit = Tools::new(Flavour::Mit, desk.programs);
    mit.kinit_keytab_as(
        desk.site,
        &caches.join("tktservice"),
        &desk.site.keytab,
        &desk.site.service,
    )?;
    let name = format!("DIR:{}", caches.display());
    let given = |command: &mut Command| {
        command.env("KRB5CCNAME", &name).env("HOME", &home);
    };
    for initiator in [desk.errand.actor, Flavour::Mit] {
        let parties = Parties {
            initiator,
            acceptor: desk.errand.actor,
            flags: "mutual,integ,conf",
            given: &given,
        };
        let (_pair, established) = desk.connect(&parties)?;
        checks.equal(&established.initiator.as_deref(), &Some(wanted), "client", initiator);
    }
    Ok(())
}
