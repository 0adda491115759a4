//! From one realm to another: contexts with services there, tickets on the way, names that KDCs replace.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{
    federation::{Federation, Kdcs, Knowledge, Place},
    flavour::{Flavour, Role},
    pair::{Handshake, Pair},
    party::Side,
    programs::{Programs, Start},
    realm::Site,
    report::Checks,
    scenario::{Mech, PLAIN},
    tools::{Names, Tools},
};

/// A user's client of one implementation, a service of another's, and the KDCs between them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Journey {
    pub(crate) kdcs: Kdcs,
    pub(crate) client: Flavour,
    pub(crate) service: Flavour,
}

/// What a journey's checks work with.
pub(crate) struct Travel<'a> {
    pub(crate) journey: Journey,
    pub(crate) federation: &'a Federation,
    pub(crate) programs: &'a Programs,
    pub(crate) directory: &'a Path,
}

/// The name of a check, and what it does.
pub(crate) type Check = (&'static str, fn(&Travel<'_>, &mut Checks) -> Result<()>);

const CHECKS: &[Check] = &[
    ("configured", |travel, checks| {
        travel.arrives(Place::B, Knowledge::All, Knowledge::All, checks)
    }),
    ("capaths", |travel, checks| {
        travel.arrives(Place::C, Knowledge::All, Knowledge::All, checks)
    }),
    ("referral", |travel, checks| {
        travel.arrives(Place::B, Knowledge::Home, Knowledge::All, checks)
    }),
    ("referrals", |travel, checks| {
        travel.arrives(Place::C, Knowledge::Home, Knowledge::All, checks)
    }),
    ("tickets-on-the-way", tickets_on_the_way),
];

/// Where the last KDC leaves the check to the service.
const UNCHECKED: &[Check] = &[("unknown-path", unknown_path)];

/// Where the first KDC knows users by other names.
const ALIASES: &[Check] = &[
    ("alias", |travel, checks| {
        travel.initial("nickname@A.TEST", Names::Canonical, "user@A.TEST", checks)
    }),
    ("enterprise", |travel, checks| {
        travel.initial("user@A.TEST", Names::Enterprise, "user@A.TEST", checks)
    }),
];

/// Where the first two KDCs know the people of the second realm by their addresses.
const WRONG_REALM: &[Check] = &[("client-referral", |travel, checks| {
    travel.initial("user@b.test", Names::Enterprise, "user@B.TEST", checks)
})];

/// With clients whose tools can do it.
const USER_TO_USER: &[Check] = &[("user-to-user", user_to_user)];

/// Every journey between `subject` and `peer`.
pub(crate) fn journeys(subject: Flavour, peer: Flavour) -> Vec<Journey> {
    let mut kdcs = vec![[peer; 3]];
    if subject == Flavour::Gss {
        kdcs.extend([[subject; 3], [subject, peer, subject], [peer, subject, peer]]);
    }
    let mut journeys = Vec::new();
    for kdcs in kdcs {
        for (client, service) in [(subject, peer), (peer, subject)] {
            journeys.push(Journey {
                kdcs: Kdcs(kdcs),
                client,
                service,
            });
        }
    }
    journeys
}

impl Journey {
    pub(crate) fn checks(self) -> impl Iterator<Item = &'static Check> {
        let Kdcs([first, second, last]) = self.kdcs;
        let only = |some: &'static [Check], holds: bool| some.iter().filter(move |_| holds);
        CHECKS
            .iter()
            .chain(only(UNCHECKED, last.implementation() != Flavour::Heimdal))
            .chain(only(ALIASES, first.implementation() != Flavour::Mit))
            .chain(only(WRONG_REALM, [first, second] == [Flavour::Gss; 2]))
            .chain(only(USER_TO_USER, self.client.implementation() != Flavour::Heimdal))
    }

    /// `KDCS/all/realms/CLIENT-to-SERVICE`, the beginning of its rows' names.
    pub(crate) fn name(&self) -> String {
        format!("{}/all/realms/{}-to-{}", self.kdcs, self.client, self.service)
    }
}

impl Travel<'_> {
    fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn tools(&self) -> Tools<'_> {
        Tools::new(self.journey.client, self.programs)
    }

    /// The user has a context with the service at `place`, if the client and the service know so much.
    fn arrives(&self, place: Place, client: Knowledge, service: Knowledge, checks: &mut Checks) -> Result<()> {
        let handshake = self.connect(place, client, service)?;
        let sides = [
            (self.journey.client, &handshake.initiator),
            (self.journey.service, &handshake.acceptor),
        ];
        let site = self.federation.site(place, client);
        for (who, verdict) in sides {
            match verdict {
                Some(Ok(established)) => {
                    checks.equal(&established.initiator.as_deref(), &Some(&*site.user), "initiator", who);
                    checks.equal(&established.acceptor.as_deref(), &Some(&*site.service), "acceptor", who);
                }
                Some(Err(refusal)) => checks.expect(false, "established", who, || refusal.message.clone()),
                None => checks.expect(false, "established", who, || "it was not asked".to_owned()),
            }
        }
        Ok(())
    }

    fn connect(&self, place: Place, client: Knowledge, service: Knowledge) -> Result<Handshake> {
        let directory = tempfile::Builder::new().prefix("pair-").tempdir_in(self.directory)?;
        let (ccache, other) = (directory.path().join("ccache"), directory.path().join("empty"));
        let (near, far) = (
            self.federation.site(place, client),
            self.federation.site(place, service),
        );
        self.tools().kinit_password(&near, &ccache)?;
        let initiator = Start {
            flavour: self.journey.client,
            role: Role::Initiator,
            site: &near,
            krb5_conf: &near.krb5_conf,
            ccache: &ccache,
            directory: directory.path(),
            flags: Some("mutual,integ,conf"),
            mech: Mech::Krb5,
            bindings: None,
        };
        let acceptor = Start {
            flavour: self.journey.service,
            role: Role::Acceptor,
            site: &far,
            krb5_conf: &far.krb5_conf,
            ccache: &other,
            flags: None,
            ..initiator
        };
        let [initiator, acceptor] = [initiator, acceptor].map(|start| -> Result<Side> {
            Ok(Side {
                flavour: start.flavour,
                pipe: self.programs.start(&start)?,
            })
        });
        Pair::of(initiator?, acceptor?, directory).handshake(&PLAIN)
    }

    /// Whom the client's `kinit` takes itself for, who is called so.
    fn initial(&self, name: &str, names: Names, wanted: &str, checks: &mut Checks) -> Result<()> {
        let (site, ccache) = (self.federation.site(Place::A, Knowledge::All), self.file("ccache"));
        self.tools().kinit_named(&site, &ccache, name, names)?;
        let listed = self.tools().klist(&site, &ccache)?;
        checks.expect(listed.contains(wanted), "name", self.journey.client, || {
            format!("no {wanted} in: {listed}")
        });
        // Whether that is the name in the ticket, the KDC says.
        self.tools().kvno(&site, &ccache)
    }

    fn client(&self) -> Result<(Site, PathBuf)> {
        let (site, ccache) = (self.federation.site(Place::C, Knowledge::All), self.file("ccache"));
        self.tools().kinit_password(&site, &ccache)?;
        Ok((site, ccache))
    }
}

/// The last ticket on the way is kept, and both read it.
fn tickets_on_the_way(travel: &Travel<'_>, checks: &mut Checks) -> Result<()> {
    let (site, ccache) = travel.client()?;
    travel.tools().kvno(&site, &ccache)?;
    for who in [travel.journey.client, travel.journey.service] {
        let listed = Tools::new(who, travel.programs).klist(&site, &ccache)?;
        for principal in ["krbtgt/C.TEST@B.TEST", &site.service] {
            checks.expect(listed.contains(principal), "klist", who, || {
                format!("no {principal} in: {listed}")
            });
        }
    }
    Ok(())
}

/// A service that knows no path by way of B refuses whoever comes by it.
fn unknown_path(travel: &Travel<'_>, checks: &mut Checks) -> Result<()> {
    let handshake = travel.connect(Place::C, Knowledge::All, Knowledge::Home)?;
    let verdict = handshake.acceptor.context("the initiator refused to begin")?;
    checks.expect(verdict.is_err(), "refused", travel.journey.service, || {
        format!("{verdict:?}")
    });
    Ok(())
}

/// A ticket for another user, in the key of that user's ticket-granting ticket.
fn user_to_user(travel: &Travel<'_>, checks: &mut Checks) -> Result<()> {
    let (site, ccache) = travel.client()?;
    let others = travel.file("other.ccache");
    let other = Site {
        user: "other@A.TEST".to_owned(),
        ..travel.federation.site(Place::A, Knowledge::All)
    };
    travel.tools().kinit_password(&other, &others)?;
    let told = travel.tools().kvno_user_to_user(&site, &ccache, &others, &other.user)?;
    checks.expect(told.contains(&other.user), "kvno", travel.journey.client, || {
        told.clone()
    });
    for who in [travel.journey.client, travel.journey.service] {
        let listed = Tools::new(who, travel.programs).klist(&site, &ccache)?;
        checks.expect(listed.contains(&other.user), "klist", who, || listed.clone());
    }
    Ok(())
}
