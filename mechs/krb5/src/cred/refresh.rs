//! Getting tickets with a client keytab where there are none, or they have lasted half their time (I-58).
//!
//! One thread asks the KDC, the others wait for it where they may block. The cache is exchanged as a whole, so that
//! others see the old or the new state. `refresh_time` in it says when the time has come, as for MIT's library: only
//! tickets that came from a keytab are got anew.

use std::sync::Arc;
use std::time::Duration;

use gss_core::{Flow, Flowing, StepError, flow::settle};
use krb5_crypto::Key;
use krb5_proto::KerberosTime;
use krb5_proto::exchange::{AsOutcome, LongTerm};
use krb5_store::ccache::{CacheContents, ClockOffset};

use super::flights::{Landed, Lead, Turn};
use super::initiating::{Initiating, expires};
use super::select::Target;
use super::source::{ClientKeytab, Place, Settled, TicketSource};
use crate::error::{KerberosError, failed};
use crate::kdc;

/// What a look at the cache has led to.
enum Look {
    Good(Initiating),
    Stale(Box<Due>),
}

/// Tickets that are to be got.
struct Due {
    settled: Settled,
    keys: Vec<Arc<Key>>,
    /// The old ones, if they still do.
    meanwhile: Option<Initiating>,
}

/// Which tickets are wanted.
#[derive(Clone, Debug, Default)]
struct Wish {
    /// For contexts with whom.
    target: Option<Target>,
    /// When the ticket-granting ticket was issued that the KDC does not take any more.
    refused: Option<KerberosTime>,
}

impl TicketSource {
    /// The tickets for contexts with `target`, got anew if the time has come and there are keys for that.
    ///
    /// # Errors
    /// What [`TicketSource::settle`] returns; [`KerberosError::NoTgt`] if the cache is empty; what the KDC says.
    pub(crate) fn tickets(self: &Arc<Self>, target: Option<Target>) -> Flowing<Initiating> {
        let wish = Wish { target, refused: None };
        Arc::clone(self).attempt(wish, ROUNDS)
    }

    /// The tickets in the place of those that the KDC has refused: it has other keys of its own by now, and a client
    /// keytab gets new ones, if that is where the old ones came from. The old ones, where there is no such thing.
    ///
    /// # Errors
    /// As [`TicketSource::tickets`].
    pub(crate) fn after_refusal(self: &Arc<Self>, target: Target, refused: KerberosTime) -> Flowing<Initiating> {
        let wish = Wish {
            target: Some(target),
            refused: Some(refused),
        };
        Arc::clone(self).attempt(wish, ROUNDS)
    }

    fn attempt(self: Arc<Self>, wish: Wish, rounds: u32) -> Flowing<Initiating> {
        let looking = Arc::clone(&self);
        let look = move || (looking.look(&wish), wish);
        Flow::blocking(look, move |looked| match looked? {
            (Ok(Look::Good(tickets)), _) => Ok(Flow::Done(tickets)),
            (Ok(Look::Stale(due)), wish) => self.take_turn(*due, wish, rounds),
            (Err(error), _) => Err(failed(error)),
        })
    }

    fn take_turn(self: Arc<Self>, due: Due, wish: Wish, rounds: u32) -> Flowing<Initiating> {
        let flight = match self.environment.flights.join(&due.settled.label()) {
            Turn::Lead(lead) => return self.lead(lead, wish),
            Turn::Follow(flight) => flight,
        };
        if let Some(tickets) = due.meanwhile {
            return Ok(Flow::Done(tickets));
        }
        let patience = self.environment.settings.request_timeout().saturating_mul(PATIENCE);
        Flow::blocking(
            move || flight.wait(patience),
            move |landed| match landed? {
                Landed::Badly(error) => Err(error),
                Landed::Well | Landed::Abandoned if rounds > 0 => self.attempt(wish, rounds.saturating_sub(1)),
                // Whoever leads may wait for this very thread.
                Landed::Late | Landed::Well | Landed::Abandoned => self.ask(due),
            },
        )
    }

    /// Gets the tickets, unless another one has got them since the cache was looked at.
    fn lead(self: Arc<Self>, lead: Lead, wish: Wish) -> Flowing<Initiating> {
        let looking = Arc::clone(&self);
        let look = move || looking.look(&wish).inspect(|look| looking.postpone(look));
        let got = Flow::blocking(look, move |looked| match looked?.map_err(failed)? {
            Look::Good(tickets) => Ok(Flow::Done(tickets)),
            Look::Stale(due) => self.ask(*due),
        });
        settle(got, move |got| {
            lead.land(&got);
            got.map(Flow::Done)
        })
    }

    fn ask(self: Arc<Self>, due: Due) -> Flowing<Initiating> {
        let Due {
            settled,
            keys,
            meanwhile,
        } = due;
        let asked = kdc::initial_ticket(&self.environment, settled.client.clone(), LongTerm::Keys(keys), None);
        let kept = asked.and_then(|flow| {
            flow.then(move |outcome| {
                Flow::blocking(
                    move || self.keep(settled, outcome),
                    |kept| kept?.map(Flow::Done).map_err(failed),
                )
            })
        });
        // What fails before its time costs nothing.
        settle(kept, |kept: Result<Initiating, StepError>| match (kept, meanwhile) {
            (Err(_), Some(tickets)) => Ok(Flow::Done(tickets)),
            (kept, _) => kept.map(Flow::Done),
        })
    }

    fn look(&self, wish: &Wish) -> Result<Look, KerberosError> {
        let settled = self.settle(wish.target.as_ref())?;
        let Some((tickets, contents)) = settled.read()? else {
            let missing = || {
                let name = settled.name();
                KerberosError::Store(krb5_store::Error::NoCache { name })
            };
            return self.stale(settled.clone(), None).map(|due| due.ok_or_else(missing))?;
        };
        let now = self.environment.now().offset(tickets.clock_offset).time;
        let refused = wish
            .refused
            .is_some_and(|refused| is_refused(&tickets, &contents, now, refused));
        let state = if refused {
            State::Spent
        } else {
            State::of(&contents, now)
        };
        if state == State::Fresh {
            return Ok(Look::Good(tickets));
        }
        let meanwhile = (state == State::Due).then(|| tickets.clone());
        match self.stale(settled, meanwhile)? {
            Some(due) => Ok(due),
            None if contents.tickets().next().is_none() => Err(KerberosError::NoTgt {
                cache: tickets.cache.name(),
                client: Box::new(tickets.client),
            }),
            None => Ok(Look::Good(tickets)),
        }
    }

    /// What is to be got, if there are keys for it.
    fn stale(&self, settled: Settled, meanwhile: Option<Initiating>) -> Result<Option<Look>, KerberosError> {
        let keytab = match self.client_keys() {
            Err(_) if meanwhile.is_some() => return Ok(None),
            keytab => keytab?,
        };
        let keys = keytab.newest_keys(&settled.client, self.environment.provider);
        match (&self.client_keytab, keys.is_empty(), &meanwhile) {
            (_, false, _) => Ok(Some(Look::Stale(Box::new(Due {
                settled,
                keys,
                meanwhile,
            })))),
            (ClientKeytab::Given(source), true, None) if settled.read()?.is_none() => {
                Err(KerberosError::no_entry(source.as_ref(), settled.client.to_string()))
            }
            _ => Ok(None),
        }
    }

    /// Keeps other processes from asking the KDC at the same time, and this one from asking again and again where it
    /// does not answer.
    fn postpone(&self, look: &Look) {
        let Look::Stale(due) = look else { return };
        if let Some(tickets) = &due.meanwhile {
            let now = self.environment.now().offset(tickets.clock_offset).time;
            let later = now.plus(POSTPONED).0.to_string();
            // Without this there are more requests, and nothing else.
            let _ = tickets.cache.set_config(REFRESH_TIME, None, later.as_bytes());
        }
    }

    /// Puts a new ticket-granting ticket where it belongs.
    fn keep(&self, settled: Settled, outcome: AsOutcome) -> Result<Initiating, KerberosError> {
        let client = outcome.credentials.client.clone();
        let mut contents = CacheContents {
            clock_offset: outcome.clock_offset.map(ClockOffset::from_seconds),
            credentials: vec![outcome.credentials],
            ..self.environment.settings.new_cache(client.clone())
        };
        if let Some(time) = half_life(&contents) {
            contents.set_config(REFRESH_TIME, None, time.0.to_string().as_bytes());
        }
        let cache = match &settled.place {
            Place::New(collection) => collection.keep(&contents)?,
            Place::Cache(cache) => {
                // Somebody else may have logged in there meanwhile.
                settled.read()?;
                cache.replace(&contents)?;
                Arc::clone(cache)
            }
        };
        let tickets = Initiating::new(Arc::clone(&cache), &contents);
        let place = Place::Cache(cache);
        self.pin(&Settled { client, place });
        Ok(tickets)
    }
}

/// How long the tickets of a cache still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// They are to be used.
    Fresh,
    /// They do, but new ones are to be got.
    Due,
    /// They have expired, or the KDC has refused them, or there are none.
    Spent,
}

impl State {
    fn of(contents: &CacheContents, now: KerberosTime) -> Self {
        match expires(contents) {
            None => Self::Spent,
            Some(end) if end <= now => Self::Spent,
            Some(_) if refresh_time(contents).is_some_and(|time| time <= now) => Self::Due,
            Some(_) => Self::Fresh,
        }
    }
}

/// When tickets from a keytab are to be got anew. Whatever else is written there is as good as nothing.
fn refresh_time(contents: &CacheContents) -> Option<KerberosTime> {
    let text = std::str::from_utf8(contents.config(REFRESH_TIME, None)?).ok()?;
    text.parse().ok().map(KerberosTime)
}

/// Whether the tickets are those that were refused, came from a keytab, and are old enough for the KDC to have changed its
/// keys since: nothing authenticates the refusal, so that whoever makes it up may cost a request now and then.
fn is_refused(tickets: &Initiating, contents: &CacheContents, now: KerberosTime, refused: KerberosTime) -> bool {
    let old = tickets
        .issued
        .is_some_and(|issued| issued <= refused && issued.plus(POSTPONED) <= now);
    old && refresh_time(contents).is_some()
}

fn half_life(contents: &CacheContents) -> Option<KerberosTime> {
    let ticket = contents.tickets().next()?;
    let (from, until) = (ticket.valid_from().0, ticket.endtime.0);
    let half = until.saturating_sub(from).checked_div(2)?;
    Some(KerberosTime(from.saturating_add(half)))
}

const REFRESH_TIME: &str = "refresh_time";
/// As long as MIT's library leaves a KDC alone that did not give new tickets.
const POSTPONED: Duration = Duration::from_secs(30);
/// How many times the time of an exchange one thread waits for another: an exchange may take several requests.
const PATIENCE: u32 = 2;
/// How often one thread looks again after another has got the tickets.
const ROUNDS: u32 = 2;
