//! Collections of caches outside of files, which the tools of two implementations use in turn.

use std::{collections::BTreeSet, process::Command};

use anyhow::{Context, Result};

use super::{Check, Desk};
use crate::{
    flavour::Flavour,
    keeper::{Keeper, Kind},
    process::{Outcome, run, within},
    programs::file_name,
    realm::PASSWORD,
    report::Checks,
};

/// Of those who have credential managers.
pub(super) const CHECKS: &[Check] = &[
    ("collection-kcm", |desk, checks| in_turn(desk, Kind::Kcm, checks)),
    ("collection-sssd", |desk, checks| in_turn(desk, Kind::Sssd, checks)),
];

/// Of those who have keyrings, which Heimdal 7.8 has not.
pub(super) const CHECKS_WITH_MIT: &[Check] = &[
    ("collection-keyring-legacy", |desk, checks| {
        in_turn(desk, Kind::Keyring("conformance"), checks)
    }),
    ("collection-keyring-persistent", |desk, checks| {
        in_turn(desk, Kind::Keyring("persistent:0"), checks)
    }),
    ("collection-keyring-session", |desk, checks| {
        in_turn(desk, Kind::Keyring("session:conformance"), checks)
    }),
    ("collection-keyring-user", |desk, checks| {
        in_turn(desk, Kind::Keyring("user:conformance"), checks)
    }),
];

/// One implementation's tools among the clients of a keeper.
#[derive(Clone, Copy)]
struct Client<'a> {
    flavour: Flavour,
    desk: &'a Desk<'a>,
    keeper: &'a Keeper,
}

/// What can be asked of them.
#[derive(Clone, Copy, Debug)]
enum Task<'a> {
    Password,
    /// As this principal, by the service's keytab.
    Keytab(&'a str),
    Ticket,
    Tickets,
    Caches,
    Switch(&'a str),
    Destroy,
    DestroyAll,
}

impl Client<'_> {
    fn command(&self, task: Task<'_>) -> Result<Command> {
        let (programs, flavour) = (self.desk.programs, self.flavour.implementation());
        let mut command = match (flavour, task) {
            (Flavour::Gss, _) => programs.gss()?,
            (Flavour::Heimdal, Task::Ticket) => programs.heimdal("kgetcred"),
            (Flavour::Heimdal, _) => programs.heimdal(&format!("{}.heimdal", task.tool())),
            _ => programs.mit(&format!("bin/{}", task.tool())),
        };
        let is_a_toolbox = matches!(task, Task::Tickets | Task::Caches | Task::Switch(_));
        if flavour == Flavour::Gss || flavour == Flavour::Heimdal && is_a_toolbox {
            command.arg(task.tool());
        }
        if let (Flavour::Heimdal, Task::Password) = (flavour, task) {
            command.arg("--password-file=STDIN");
        }
        let site = self.desk.site;
        match task {
            Task::Password => command.arg(&site.user),
            Task::Keytab(principal) => command.args(["-k", "-t", &file_name(&site.keytab), principal]),
            Task::Ticket => command.arg(&site.service),
            Task::Tickets | Task::Destroy => &mut command,
            Task::Caches => command.arg("-A"),
            Task::Switch(principal) => command.args(["-p", principal]),
            Task::DestroyAll => command.arg("-A"),
        };
        Ok(self.keeper.client(&command))
    }

    fn run(&self, task: Task<'_>) -> Result<Outcome> {
        run(&mut self.command(task)?, &format!("{PASSWORD}\n"), within(30))
    }

    fn must(&self, task: Task<'_>) -> Result<String> {
        let outcome = self.run(task)?;
        let who = self.flavour;
        anyhow::ensure!(outcome.status.success(), "{task:?} of {who}: {}", outcome.said());
        Ok(outcome.stdout)
    }

    /// The clients of all caches. No tool succeeds without one.
    fn identities(&self) -> Result<BTreeSet<String>> {
        Ok(clients(&self.run(Task::Caches)?.stdout).collect())
    }

    /// The client of the primary cache.
    fn primary(&self) -> Result<String> {
        let listed = self.must(Task::Tickets)?;
        let primary = clients(&listed).next();
        primary.with_context(|| format!("no principal in: {listed}"))
    }
}

/// Whose tickets are listed: behind `Default principal:`, with Heimdal's tools `Principal:`.
fn clients(listed: &str) -> impl Iterator<Item = String> {
    let lines = listed
        .lines()
        .filter(|line| line.to_lowercase().contains("principal: "));
    lines
        .filter_map(|line| line.split_whitespace().last())
        .map(str::to_owned)
}

impl Task<'_> {
    fn tool(self) -> &'static str {
        match self {
            Self::Password | Self::Keytab(_) => "kinit",
            Self::Ticket => "kvno",
            Self::Tickets | Self::Caches => "klist",
            Self::Switch(_) => "kswitch",
            Self::Destroy | Self::DestroyAll => "kdestroy",
        }
    }
}

/// The actor's and the reader's tools make, use, list, switch between and destroy the same caches.
fn in_turn(desk: &Desk<'_>, kind: Kind, checks: &mut Checks) -> Result<()> {
    let keeper = Keeper::start(kind, desk.site, &desk.file("keeper"))?;
    let [actor, reader] = [desk.errand.actor, desk.errand.reader].map(|flavour| Client {
        flavour,
        desk,
        keeper: &keeper,
    });
    let both = Both([actor, reader]);
    let (user, service) = (desk.site.user.as_str(), desk.site.service.as_str());

    let (first, second) = makers(kind, actor, reader);
    first.must(Task::Password)?;
    both.see(&[user], checks)?;
    both.see_primary(user, checks)?;
    reader.must(Task::Ticket)?;
    for client in [actor, reader] {
        let listed = client.must(Task::Tickets)?;
        checks.expect(listed.contains(service), "service-ticket", client.flavour, || {
            listed.clone()
        });
    }

    second.must(Task::Keytab(service))?;
    both.see(&[user, service], checks)?;
    for (client, identity) in [(actor, user), (reader, service), (actor, user)] {
        client.must(Task::Switch(identity))?;
        both.see_primary(identity, checks)?;
    }
    actor.must(Task::Ticket)?;

    reader.must(Task::Destroy)?;
    both.see(&[service], checks)?;
    first.must(Task::Password)?;
    both.see(&[user, service], checks)?;
    actor.must(Task::DestroyAll)?;
    both.see(&[], checks)
}

/// Who makes the cache that tickets are got with, and who makes another one.
///
/// Heimdal 7.8's kinit leaves it to the daemon which clock a new cache has, and its daemon does not start at zero: nobody
/// gets tickets there. sssd's daemon removes no single entries, which that kinit needs.
fn makers<'a>(kind: Kind, actor: Client<'a>, reader: Client<'a>) -> (Client<'a>, Client<'a>) {
    let of_heimdal = |client: &Client<'_>| client.flavour.implementation() == Flavour::Heimdal;
    let (first, second) = if of_heimdal(&actor) {
        (reader, actor)
    } else {
        (actor, reader)
    };
    if kind == Kind::Sssd && of_heimdal(&second) {
        return (first, first);
    }
    (first, second)
}

/// The actor and the reader.
struct Both<'a>([Client<'a>; 2]);

impl Both<'_> {
    /// Both list caches of these and nobody else.
    fn see(&self, identities: &[&str], checks: &mut Checks) -> Result<()> {
        let wanted: BTreeSet<String> = identities.iter().map(|name| (*name).to_owned()).collect();
        for client in self.0 {
            checks.equal(&client.identities()?, &wanted, "identities", client.flavour);
        }
        Ok(())
    }

    fn see_primary(&self, wanted: &str, checks: &mut Checks) -> Result<()> {
        for client in self.0 {
            checks.equal(&client.primary()?.as_str(), &wanted, "primary", client.flavour);
        }
        Ok(())
    }
}
