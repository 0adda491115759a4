//! Runs scenarios and errands on a few threads and collects their rows.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::{Context, Result, anyhow};

use crate::{
    area::{AREAS, Subject, establish},
    federation::{Federation, Kdcs},
    flavour::{Flavour, Role},
    journey::{Journey, Travel, journeys},
    logins::{Lab, Login, logins},
    pair::Pair,
    programs::Programs,
    progress::Progress,
    realm::Realm,
    report::{Checks, Row, matches},
    scenario::{Outcome, Scenario, matrix},
    tickets::{Desk, Errand, errands},
};

/// What a run is made of.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) subject: Flavour,
    pub(crate) peers: Vec<Flavour>,
    /// Patterns of row names; without one, all rows.
    pub(crate) only: Vec<String>,
    pub(crate) jobs: usize,
    /// How long a row may take, in seconds.
    pub(crate) deadline: u64,
}

/// A piece of work that one thread does.
enum Job {
    Context(Flavour, Scenario),
    Errand(Flavour, Errand),
    Journey(Flavour, Journey),
    Login(Flavour, Login),
}

/// What every thread uses.
struct Site<'a> {
    plan: &'a Plan,
    programs: &'a Programs,
    realms: &'a BTreeMap<Flavour, Result<Realm>>,
    federations: &'a BTreeMap<Kdcs, Result<Federation>>,
    directory: &'a Path,
}

impl Plan {
    /// Whether a row is asked for.
    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|pattern| matches(pattern, name))
    }

    /// The pieces of work that hold a row that is asked for.
    fn jobs(&self) -> Vec<Job> {
        let mut jobs = Vec::new();
        for &peer in &self.peers {
            let logins = logins(self.subject, peer).into_iter();
            jobs.extend(logins.map(|login| Job::Login(peer, login)));
            if !peer.has_kerberos() {
                continue;
            }
            jobs.extend(
                errands(self.subject, peer)
                    .into_iter()
                    .map(|errand| Job::Errand(peer, errand)),
            );
            let travels = journeys(self.subject, peer).into_iter();
            jobs.extend(travels.map(|journey| Job::Journey(peer, journey)));
            jobs.extend(
                matrix(self.subject, peer)
                    .into_iter()
                    .map(|scenario| Job::Context(peer, scenario)),
            );
        }
        jobs.retain(|job| {
            job.areas()
                .iter()
                .any(|area| self.wants(&format!("{}/{area}", job.name())))
        });
        jobs
    }
}

impl Job {
    fn name(&self) -> String {
        match self {
            Self::Context(_, scenario) => scenario.name(),
            Self::Errand(_, errand) => errand.name(),
            Self::Journey(_, journey) => journey.name(),
            Self::Login(_, login) => login.name(),
        }
    }

    /// Whose KDC it needs, if it is about one realm.
    fn kdc(&self) -> Option<Flavour> {
        match self {
            Self::Context(_, scenario) => Some(scenario.kdc),
            Self::Errand(_, errand) => Some(errand.kdc),
            Self::Journey(..) | Self::Login(..) => None,
        }
    }

    fn peer(&self) -> Flavour {
        match *self {
            Self::Context(peer, _) | Self::Errand(peer, _) | Self::Journey(peer, _) | Self::Login(peer, _) => peer,
        }
    }

    /// The side that the subject takes.
    fn role(&self) -> Role {
        let first = match self {
            Self::Context(_, scenario) => scenario.initiator,
            Self::Errand(_, errand) => errand.actor,
            Self::Journey(_, journey) => journey.client,
            Self::Login(_, login) => login.initiator,
        };
        if first == self.peer() {
            Role::Acceptor
        } else {
            Role::Initiator
        }
    }

    fn areas(&self) -> Vec<&'static str> {
        match self {
            Self::Errand(_, errand) => errand.checks().map(|(name, _)| *name).collect(),
            Self::Journey(_, journey) => journey.checks().map(|(name, _)| *name).collect(),
            Self::Login(_, login) => login.checks().map(|(name, _)| *name).collect(),
            Self::Context(_, scenario) => {
                let established = matches!(scenario.terms.outcome, Outcome::Established | Outcome::Bound);
                let areas = AREAS.iter().map(|area| area.name).filter(|_| established);
                let ends = [END].into_iter().filter(|_| established);
                ["establish"].into_iter().chain(areas).chain(ends).collect()
            }
        }
    }

    fn row(&self, area: &str, checks: Checks) -> Row {
        let name = format!("{}/{area}", self.name());
        Row::new(name, self.peer(), area, self.role(), checks)
    }
}

/// Starts the realms that the plan needs, runs everything, and stops them.
pub(crate) fn run(plan: &Plan, programs: &Programs, directory: &Path) -> Result<Vec<Row>> {
    let jobs = plan.jobs();
    if jobs.is_empty() {
        return Err(anyhow!("no row is called so: {}", plan.only.join(" ")));
    }
    let mut realms = BTreeMap::new();
    let mut rows = Vec::new();
    for kdc in jobs.iter().filter_map(Job::kdc) {
        if let Entry::Vacant(vacant) = realms.entry(kdc) {
            let realm = Realm::start(kdc, programs, directory);
            // What is under test fails its rows; without a peer's realm there is nothing to compare with.
            vacant.insert(if kdc == plan.subject { realm } else { Ok(realm?) });
        }
    }
    let federations = federations(plan, &jobs, programs, directory)?;
    let site = Site {
        plan,
        programs,
        realms: &realms,
        federations: &federations,
        directory,
    };
    rows.extend(work(&site, &jobs));
    for (kdc, realm) in realms {
        rows.extend(stop(plan, kdc, realm));
    }
    Ok(rows)
}

/// Starts the realms that trust each other.
fn federations(
    plan: &Plan,
    jobs: &[Job],
    programs: &Programs,
    directory: &Path,
) -> Result<BTreeMap<Kdcs, Result<Federation>>> {
    let mut federations = BTreeMap::new();
    for job in jobs {
        let Job::Journey(_, Journey { kdcs, .. }) = *job else {
            continue;
        };
        if let Entry::Vacant(vacant) = federations.entry(kdcs) {
            let federation = Federation::start(kdcs, programs, directory);
            let concerns_subject = kdcs.0.contains(&plan.subject);
            vacant.insert(if concerns_subject { federation } else { Ok(federation?) });
        }
    }
    Ok(federations)
}

fn work(site: &Site<'_>, jobs: &[Job]) -> Vec<Row> {
    let next = AtomicUsize::new(0);
    let rows = Mutex::new(Vec::new());
    let progress = Progress::new(jobs.len());
    thread::scope(|scope| {
        for _ in 0..site.plan.jobs.max(1) {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    progress.begin(job.name());
                    let mut done = site.run(job);
                    done.retain(|row| site.plan.wants(&row.name));
                    rows.lock()
                        .expect("no thread panics while it holds the rows")
                        .append(&mut done);
                    progress.advance();
                }
            });
        }
    });
    progress.finish();
    let mut rows = rows.into_inner().expect("no thread panics while it holds the rows");
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    rows
}

impl Site<'_> {
    fn run(&self, job: &Job) -> Vec<Row> {
        match job {
            Job::Context(_, scenario) => self.context(job, scenario),
            Job::Errand(_, errand) => self.errand(job, *errand),
            Job::Journey(_, journey) => self.journey(job, *journey),
            Job::Login(_, login) => self.login(job, *login),
        }
    }

    fn errand(&self, job: &Job, errand: Errand) -> Vec<Row> {
        let mut rows = Vec::new();
        for (name, check) in errand.checks() {
            if !self.plan.wants(&format!("{}/{name}", job.name())) {
                continue;
            }
            let mut checks = Checks::default();
            let outcome = self.site(job).and_then(|site| {
                let directory = tempfile::Builder::new().prefix("errand-").tempdir_in(self.directory)?;
                check(&Desk::new(errand, site, self.programs, directory.path()), &mut checks)
            });
            if let Err(error) = outcome {
                checks.broken(&error);
            }
            rows.push(job.row(name, checks));
        }
        rows
    }

    fn journey(&self, job: &Job, journey: Journey) -> Vec<Row> {
        let mut rows = Vec::new();
        for (name, check) in journey.checks() {
            if !self.plan.wants(&format!("{}/{name}", job.name())) {
                continue;
            }
            let mut checks = Checks::default();
            let outcome = self.federation(journey.kdcs).and_then(|federation| {
                let directory = tempfile::Builder::new().prefix("journey-").tempdir_in(self.directory)?;
                let travel = Travel {
                    journey,
                    federation,
                    programs: self.programs,
                    directory: directory.path(),
                };
                check(&travel, &mut checks)
            });
            if let Err(error) = outcome {
                checks.broken(&error);
            }
            rows.push(job.row(name, checks));
        }
        rows
    }

    fn login(&self, job: &Job, login: Login) -> Vec<Row> {
        let mut rows = Vec::new();
        for (name, check) in login.checks() {
            if !self.plan.wants(&format!("{}/{name}", job.name())) {
                continue;
            }
            let mut checks = Checks::default();
            let lab = Lab {
                login,
                programs: self.programs,
                directory: self.directory,
                deadline: self.plan.deadline,
            };
            if let Err(error) = check(&lab, &mut checks) {
                checks.broken(&error);
            }
            rows.push(job.row(name, checks));
        }
        rows
    }

    fn federation(&self, kdcs: Kdcs) -> Result<&Federation> {
        match self.federations.get(&kdcs).context("no such realms")? {
            Ok(federation) => Ok(federation),
            Err(error) => Err(anyhow!("{error:#}")),
        }
    }

    fn context(&self, job: &Job, scenario: &Scenario) -> Vec<Row> {
        let mut checks = Checks::default();
        let outcome = self.establish(job, scenario, &mut checks);
        let (mut pair, standing) = match outcome {
            Ok((pair, standing)) => (Some(pair), standing),
            Err(error) => {
                checks.broken(&error);
                (None, false)
            }
        };
        pair = pair.filter(|_| standing);
        let mut rows = vec![job.row("establish", checks)];
        for area in job.areas().iter().skip(1) {
            let mut checks = Checks::default();
            match &mut pair {
                None => checks.without_context(),
                Some(alive) => {
                    if let Err(error) = self.area(job, area, alive, &mut checks) {
                        checks.broken(&error);
                        // Answers may be outstanding: these two processes cannot be trusted to keep step any more.
                        pair = self.renew(job, scenario);
                    }
                }
            }
            rows.push(job.row(area, checks));
        }
        rows
    }

    /// A context, whether it stands, and what was found on the way.
    fn establish(&self, job: &Job, scenario: &Scenario, checks: &mut Checks) -> Result<(Pair, bool)> {
        let site = self.site(job)?;
        let mut pair = Pair::start(self.programs, site, scenario, self.directory)?;
        pair.begin_row(self.plan.deadline);
        let handshake = pair.handshake(scenario.terms)?;
        establish(&handshake, scenario, site, checks);
        let standing = handshake.established().is_some();
        if !standing {
            let wanted =
                [&handshake.initiator, &handshake.acceptor].map(|side| i32::from(!matches!(side, Some(Ok(_)))));
            exit_statuses(&mut pair, scenario, wanted, checks)?;
        }
        Ok((pair, standing))
    }

    fn renew(&self, job: &Job, scenario: &Scenario) -> Option<Pair> {
        let (pair, standing) = self.establish(job, scenario, &mut Checks::default()).ok()?;
        standing.then_some(pair)
    }

    fn area(&self, job: &Job, name: &str, pair: &mut Pair, checks: &mut Checks) -> Result<()> {
        let Job::Context(_, scenario) = job else {
            return Err(anyhow!("only a scenario has a context"));
        };
        if !self.plan.wants(&format!("{}/{name}", job.name())) {
            return Ok(());
        }
        pair.begin_row(self.plan.deadline);
        if name == END {
            exit_statuses(pair, scenario, [0, 0], checks)?;
            return Ok(());
        }
        let area = AREAS.iter().find(|area| area.name == name).context("no such area")?;
        (area.run)(&mut Subject {
            pair,
            checks,
            terms: scenario.terms,
            enctype: scenario.enctype,
            user: &self.site(job)?.user,
        })
    }

    fn site(&self, job: &Job) -> Result<&crate::realm::Site> {
        let enctype = match job {
            Job::Context(_, scenario) => scenario.enctype,
            Job::Errand(_, errand) => errand.enctype,
            Job::Journey(..) | Job::Login(..) => return Err(anyhow!("it is not about one realm")),
        };
        let realm = job.kdc().and_then(|kdc| self.realms.get(&kdc));
        match realm.context("no such realm")? {
            Ok(realm) => realm.site(enctype),
            Err(error) => Err(anyhow!("{error:#}")),
        }
    }
}

/// Ends the input of both sides and compares how they end: 0 after a context, 1 without.
fn exit_statuses(pair: &mut Pair, scenario: &Scenario, wanted: [i32; 2], checks: &mut Checks) -> Result<()> {
    let ends = pair.close()?;
    for ((end, wanted), who) in ends.iter().zip(wanted).zip([scenario.initiator, scenario.acceptor]) {
        checks.equal(end, &Some(wanted), "exit-status", who);
    }
    Ok(())
}

/// Our own KDC ends cleanly when it is asked to; the others' are their own affair.
fn stop(plan: &Plan, kdc: Flavour, realm: Result<Realm>) -> Option<Row> {
    if kdc != Flavour::Gss {
        return None;
    }
    let mut checks = Checks::default();
    if let Err(error) = realm.and_then(|mut realm| realm.stop()) {
        checks.broken(&error);
    }
    let name = "gss/all/kdc/gss/ends-on-sigterm".to_owned();
    let peer = *plan.peers.first()?;
    plan.wants(&name)
        .then(|| Row::new(name, peer, "ends-on-sigterm", Role::Acceptor, checks))
}

/// The last area of a context: how its processes end.
const END: &str = "exit-status";
