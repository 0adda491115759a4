//! A ticket for a service, in whichever realm that is: RFC 4120 §3.3.1, RFC 6806 §8.
//!
//! Where a ticket-granting ticket of the service's realm is not at hand, it is got by walking the realms on the way
//! there, the farthest that will do first. Then the service's ticket is asked for with CANONICALIZE: the KDC may refer to
//! another realm instead, and so may that one's. If the first KDC refuses, the same is asked for without it, in the realm
//! that the configuration names or in those that may be guessed.
//!
//! All of it ends: a realm is not asked twice by referrals, and there are at most [`MAX_HOPS`] of these, and
//! [`MAX_REQUESTS`] requests in all.

mod course;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use krb5_crypto::{CryptoProvider, Enctype};

use self::course::{Course, Doing, Manner};
use super::{AwaitTgsRep, KdcRequest, Step, TgsOutcome, TimeSync};
use crate::realms::CaPaths;
use crate::{Credentials, Error, Principal, PrincipalName, Realm, Timestamp};

/// Ticket-granting tickets in, a service's ticket out.
#[derive(Debug)]
pub struct ServiceExchange;

/// Which ticket is wanted, and what there is to get it with.
#[derive(Clone, Debug)]
pub struct ServiceOptions {
    /// The client.
    pub client: Principal,
    /// The service's name.
    pub service: PrincipalName,
    /// Its realm.
    pub realm: ServiceRealm,
    /// The ticket-granting tickets at hand: that of [`start`](Self::start), and those of other realms.
    pub tickets: Vec<Credentials>,
    /// Where the way begins: the client's realm, unless the cache says otherwise (`start_realm`).
    pub start: Realm,
    /// The ways between realms.
    pub paths: CaPaths,
    /// Encryption types for the session keys, best first.
    pub etypes: Vec<Enctype>,
    /// The KDC's clock minus ours in seconds, as the AS exchange found it.
    pub clock_offset: i64,
    /// The difference between clocks that goes without saying.
    pub clock_skew: Duration,
    /// Whether to follow the KDC's clock.
    pub time_sync: TimeSync,
    /// The service's ticket-granting ticket, DER-encoded, for user to user.
    pub user_to_user: Option<Vec<u8>>,
}

/// What is known of the realm that a service is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceRealm {
    /// This one, by its name or by the configuration.
    Known(Realm),
    /// Nothing: the client's KDC may know. If it does not, these are to be tried in turn.
    Unknown {
        /// The realms, best first.
        guesses: Vec<Realm>,
    },
}

/// What the search yields.
#[derive(Debug)]
pub struct ServiceOutcome {
    /// The ticket.
    pub credentials: Credentials,
    /// The ticket-granting tickets of other realms that were got by walking the way; worth keeping.
    pub granting: Vec<Credentials>,
    /// The KDC's clock minus ours in seconds, where the last KDC insisted that they differ.
    pub clock_offset: Option<i64>,
}

/// Awaits the reply to a request.
#[derive(Debug)]
pub struct AwaitServiceTicket {
    course: Course,
    doing: Doing,
    exchange: AwaitTgsRep,
}

impl ServiceOptions {
    /// A ticket for `service` by the client of `tgt`, with all supported encryption types.
    #[must_use]
    pub fn new(tgt: Credentials, service: PrincipalName, realm: ServiceRealm) -> Self {
        let start = tgt.server.name.granting_realm();
        Self {
            client: tgt.client.clone(),
            service,
            realm,
            start: start.unwrap_or_else(|| tgt.client.realm.clone()),
            tickets: vec![tgt],
            paths: CaPaths::default(),
            etypes: Enctype::ALL.to_vec(),
            clock_offset: 0,
            clock_skew: Duration::from_secs(300),
            time_sync: TimeSync::default(),
            user_to_user: None,
        }
    }
}

impl ServiceExchange {
    /// Starts the search at `now`, by our clock.
    ///
    /// # Errors
    /// [`Error::NoGrantingTicket`], [`Error::TicketExpired`], [`Error::NoEtypes`], [`Error::Malformed`] if a ticket is
    /// none, [`Error::Crypto`].
    pub fn start(
        provider: &'static CryptoProvider,
        options: ServiceOptions,
        now: Timestamp,
    ) -> Result<(KdcRequest, AwaitServiceTicket), Error> {
        let manner = options.first_manner();
        let first = match &options.realm {
            ServiceRealm::Known(realm) => realm.clone(),
            ServiceRealm::Unknown { .. } => options.start.clone(),
        };
        Course::new(provider, Arc::new(options)).set_out(&first, manner, now)
    }
}

impl AwaitServiceTicket {
    /// Takes the KDC's reply: a TGS-REP or a KRB-ERROR.
    ///
    /// # Errors
    /// What the last KDC refuses with, or what is wrong with a reply; [`Error::ReferralLoop`],
    /// [`Error::TooManyRealms`].
    pub fn reply(self, octets: &[u8], now: Timestamp) -> Result<Step<Self, ServiceOutcome>, Error> {
        let Self {
            course,
            doing,
            exchange,
        } = self;
        match exchange.reply(octets, now) {
            Ok(Step::Send { request, next }) => Ok(Step::Send {
                request,
                next: Self {
                    course,
                    doing,
                    exchange: next,
                },
            }),
            Ok(Step::Done(outcome)) => course.granted(doing, outcome, now),
            Err(refusal @ Error::Kdc(_)) => course.refused(doing, refusal, now).map(sent),
            Err(error) => Err(error),
        }
    }
}

fn sent((request, next): (KdcRequest, AwaitServiceTicket)) -> Step<AwaitServiceTicket, ServiceOutcome> {
    Step::Send { request, next }
}

impl ServiceOptions {
    /// Canonical names are of use for services alone: whoever names a ticket-granting service, or the other user, means it.
    fn first_manner(&self) -> Manner {
        if self.service.is_krbtgt() || self.user_to_user.is_some() {
            Manner::Literal { guess: 0 }
        } else {
            Manner::Canonical
        }
    }

    fn server(&self) -> Principal {
        let realm = match &self.realm {
            ServiceRealm::Known(realm) => realm.clone(),
            ServiceRealm::Unknown { .. } => Realm::default(),
        };
        Principal::new(realm, self.service.clone())
    }

    /// The realm to try in the place of the `guess`th, counted from 0.
    fn guess(&self, guess: usize) -> Option<&Realm> {
        match &self.realm {
            ServiceRealm::Known(_) => None,
            ServiceRealm::Unknown { guesses } => guesses.get(guess),
        }
    }
}

/// Referrals that are followed, and realms that are walked, at most.
pub const MAX_HOPS: usize = 10;

/// Requests of one search, at most, without those that repeat one over another transport or with another time.
pub const MAX_REQUESTS: usize = 40;
