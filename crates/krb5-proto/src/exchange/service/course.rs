//! Where a search is, and where it goes from there.

use std::sync::Arc;

use krb5_crypto::CryptoProvider;

use super::{
    AwaitServiceTicket, MAX_HOPS, MAX_REQUESTS, ServiceOptions, ServiceOutcome, ServiceRealm, TgsOutcome, sent,
};
use crate::exchange::{KdcRequest, Referrals, Step, TgsExchange, TgsOptions};
use crate::messages::{KdcOptions, TicketFlags};
use crate::{Credentials, Error, Principal, Realm, Timestamp};

type Sent = (KdcRequest, AwaitServiceTicket);

/// What has been seen so far.
#[derive(Debug)]
pub(super) struct Course {
    provider: &'static CryptoProvider,
    options: Arc<ServiceOptions>,
    /// Realms that were asked for the service, or that the way has led to.
    seen: Vec<Realm>,
    hops: usize,
    requests: usize,
    /// Got by walking.
    granting: Vec<Credentials>,
    /// What a KDC has refused the service's ticket with: of more use to a person than that a guess led nowhere.
    refusal: Option<Error>,
}

/// What the last request is for.
#[derive(Debug)]
pub(super) enum Doing {
    /// A ticket-granting ticket of another realm.
    Walk(Walk),
    /// The service's ticket, by `tgt`.
    Ask { tgt: Box<Credentials>, manner: Manner },
}

/// A way and the place on it.
#[derive(Debug)]
pub(super) struct Walk {
    /// The realms from the first to the service's.
    path: Vec<Realm>,
    /// Where we are.
    at: usize,
    /// Where the last request is to lead, beyond `at`.
    aim: usize,
    /// The ticket-granting ticket of the place where we are.
    tgt: Box<Credentials>,
    manner: Manner,
}

/// How the service's ticket is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// With CANONICALIZE, following referrals.
    Canonical,
    /// By its name, in the realm that is known or in the next that may be guessed.
    Literal { guess: usize },
}

impl Course {
    pub(super) fn new(provider: &'static CryptoProvider, options: Arc<ServiceOptions>) -> Self {
        Self {
            provider,
            options,
            seen: Vec::new(),
            hops: 0,
            requests: 0,
            granting: Vec::new(),
            refusal: None,
        }
    }

    /// Asks for the service in `realm`, whose ticket-granting ticket may have to be got first.
    pub(super) fn set_out(mut self, realm: &Realm, manner: Manner, now: Timestamp) -> Result<Sent, Error> {
        self.seen.clear();
        if let Some(tgt) = self.held(realm, now) {
            return self.ask(tgt, manner, now);
        }
        let path = self.options.paths.path(&self.options.start, realm);
        let nearest = path.iter().enumerate().rev();
        let found = nearest
            .filter_map(|(at, realm)| Some((at, self.held(realm, now)?)))
            .next();
        let (at, tgt) = match (found, path.first()) {
            (Some(found), _) => found,
            // An expired one says when it did.
            (None, Some(start)) => (0, self.any(start).ok_or_else(|| self.no_granting_ticket())?),
            (None, None) => return Err(self.no_granting_ticket()),
        };
        self.seen.extend(path.get(..=at).unwrap_or_default().iter().cloned());
        self.walk(
            Walk {
                aim: path.len().saturating_sub(1),
                path,
                at,
                tgt: Box::new(tgt),
                manner,
            },
            now,
        )
    }

    pub(super) fn granted(
        self,
        doing: Doing,
        outcome: TgsOutcome,
        now: Timestamp,
    ) -> Result<Step<AwaitServiceTicket, ServiceOutcome>, Error> {
        match (doing, outcome.referral.clone()) {
            (Doing::Walk(walk), referral) => self.arrived(walk, outcome, referral, now).map(sent),
            (Doing::Ask { manner, .. }, Some(realm)) => self.referred(outcome, realm, manner, now).map(sent),
            (Doing::Ask { .. }, None) => Ok(Step::Done(ServiceOutcome {
                credentials: outcome.credentials,
                granting: self.granting,
                clock_offset: outcome.clock_offset,
            })),
        }
    }

    pub(super) fn refused(mut self, doing: Doing, refusal: Error, now: Timestamp) -> Result<Sent, Error> {
        match doing {
            // Nearer realms may know more: the next one on the way must.
            Doing::Walk(walk) if walk.aim > walk.at.saturating_add(1) => {
                let aim = walk.aim.saturating_sub(1);
                self.walk(Walk { aim, ..walk }, now)
            }
            Doing::Walk(walk) => {
                let refusal = self.refusal.take().unwrap_or(refusal);
                self.guess(walk.manner, refusal, now)
            }
            Doing::Ask { tgt, manner } => {
                let referred = self.hops > 0;
                match (manner, &self.options.realm) {
                    (Manner::Canonical, ServiceRealm::Known(_)) if !referred => {
                        self.ask(*tgt, Manner::Literal { guess: 0 }, now)
                    }
                    _ => self.guess(manner, refusal, now),
                }
            }
        }
    }

    /// Tries the next realm that may be guessed.
    fn guess(mut self, manner: Manner, refusal: Error, now: Timestamp) -> Result<Sent, Error> {
        let next = match manner {
            Manner::Canonical => 0,
            Manner::Literal { guess } => guess.saturating_add(1),
        };
        let Some(realm) = self.options.guess(next).cloned() else {
            return Err(refusal);
        };
        tracing::debug!(%realm, "trying a realm that the service may be in");
        self.hops = 0;
        self.refusal = Some(refusal);
        self.set_out(&realm, Manner::Literal { guess: next }, now)
    }

    /// Goes on from the realm that a step on the way has led to.
    fn arrived(
        mut self,
        mut walk: Walk,
        outcome: TgsOutcome,
        referral: Option<Realm>,
        now: Timestamp,
    ) -> Result<Sent, Error> {
        let realm = match (referral, walk.path.get(walk.aim)) {
            (Some(realm), _) => realm,
            (None, Some(aim)) => aim.clone(),
            (None, None) => return Err(self.too_many()),
        };
        tracing::debug!(%realm, "on the way to the service's realm");
        self.visit(realm.clone())?;
        match walk.path.iter().position(|known| *known == realm) {
            Some(place) if place > walk.at => walk.at = place,
            Some(_) => return Err(self.back_again(realm)),
            // Off the path that is known here: the KDCs may know another.
            None => {
                let target = walk.path.pop();
                walk.path = std::iter::once(realm).chain(target).collect();
                walk.at = 0;
            }
        }
        self.granting.push(outcome.credentials.clone());
        walk.tgt = Box::new(outcome.credentials);
        walk.aim = walk.path.len().saturating_sub(1);
        if walk.at == walk.aim {
            return self.ask(*walk.tgt, walk.manner, now);
        }
        self.walk(walk, now)
    }

    /// Follows a referral.
    fn referred(mut self, outcome: TgsOutcome, realm: Realm, manner: Manner, now: Timestamp) -> Result<Sent, Error> {
        tracing::debug!(%realm, "the KDC refers to another realm");
        self.visit(realm)?;
        self.ask(outcome.credentials, manner, now)
    }

    fn visit(&mut self, realm: Realm) -> Result<(), Error> {
        if self.seen.contains(&realm) {
            return Err(self.back_again(realm));
        }
        self.hops = self.hops.saturating_add(1);
        if self.hops > MAX_HOPS {
            return Err(self.too_many());
        }
        self.seen.push(realm);
        Ok(())
    }

    fn walk(self, walk: Walk, now: Timestamp) -> Result<Sent, Error> {
        let here = walk.path.get(walk.at).cloned().unwrap_or_default();
        let aim = walk.path.get(walk.aim).cloned().unwrap_or_default();
        let options = TgsOptions {
            referrals: Referrals::Take,
            ..self.request((*walk.tgt).clone(), Principal::krbtgt(&here, &aim))
        };
        self.send(options, Doing::Walk(walk), now)
    }

    fn ask(mut self, tgt: Credentials, manner: Manner, now: Timestamp) -> Result<Sent, Error> {
        let realm = tgt.server.name.granting_realm().unwrap_or_default();
        let mut options = self.request(tgt.clone(), Principal::new(realm.clone(), self.options.service.clone()));
        if manner == Manner::Canonical {
            options.kdc_options.insert(KdcOptions::CANONICALIZE);
            options.referrals = Referrals::Take;
        }
        options.user_to_user.clone_from(&self.options.user_to_user);
        if !self.seen.contains(&realm) {
            self.seen.push(realm);
        }
        let tgt = Box::new(tgt);
        self.send(options, Doing::Ask { tgt, manner }, now)
    }

    fn request(&self, tgt: Credentials, server: Principal) -> TgsOptions {
        TgsOptions {
            etypes: self.options.etypes.clone(),
            clock_offset: self.options.clock_offset,
            clock_skew: self.options.clock_skew,
            time_sync: self.options.time_sync,
            ..TgsOptions::new(tgt, server)
        }
    }

    fn send(mut self, options: TgsOptions, doing: Doing, now: Timestamp) -> Result<Sent, Error> {
        self.requests = self.requests.saturating_add(1);
        if self.requests > MAX_REQUESTS {
            return Err(self.too_many());
        }
        let (request, exchange) = TgsExchange::start(self.provider, options, now)?;
        let state = AwaitServiceTicket {
            course: self,
            doing,
            exchange,
        };
        Ok((request, state))
    }

    /// A ticket-granting ticket for `realm` that can be used at `now`.
    fn held(&self, realm: &Realm, now: Timestamp) -> Option<Credentials> {
        let now = now.offset(self.options.clock_offset).time;
        let mut tickets = self.granting.iter().chain(&self.options.tickets);
        tickets
            .find(|ticket| self.grants(ticket, realm) && !ticket.is_expired(now))
            .cloned()
    }

    /// A ticket-granting ticket for `realm`, expired or not.
    fn any(&self, realm: &Realm) -> Option<Credentials> {
        let mut tickets = self.options.tickets.iter();
        tickets.find(|ticket| self.grants(ticket, realm)).cloned()
    }

    fn grants(&self, ticket: &Credentials, realm: &Realm) -> bool {
        ticket.client == self.options.client
            && !ticket.is_skey
            && !ticket.flags.contains(TicketFlags::INVALID)
            && ticket.server.name.granting_realm().as_ref() == Some(realm)
    }

    fn back_again(&self, realm: Realm) -> Error {
        Error::ReferralLoop {
            server: Box::new(self.options.server()),
            realm,
        }
    }

    fn too_many(&self) -> Error {
        Error::TooManyRealms {
            server: Box::new(self.options.server()),
            hops: MAX_HOPS,
        }
    }

    fn no_granting_ticket(&self) -> Error {
        Error::NoGrantingTicket {
            client: Box::new(self.options.client.clone()),
            realm: self.options.start.clone(),
        }
    }
}
