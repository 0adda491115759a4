//! Getting tickets once for all who need them: whoever comes first asks the KDC, the others wait for the outcome.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gss_core::StepError;

/// Who gets which tickets just now. No lock is held while somebody does.
#[derive(Debug, Default)]
pub(crate) struct Flights(Mutex<BTreeMap<String, Arc<Flight>>>);

/// Tickets that somebody is getting.
#[derive(Debug, Default)]
pub(crate) struct Flight {
    landed: Mutex<Option<Landed>>,
    landing: Condvar,
}

/// How it ended.
#[derive(Clone, Debug)]
pub(crate) enum Landed {
    /// The tickets are where they belong.
    Well,
    /// There are none.
    Badly(StepError),
    /// Whoever was to get them has given up without a word.
    Abandoned,
    /// Nobody knows yet.
    Late,
}

/// What is to be done about tickets that are needed.
#[derive(Debug)]
pub(crate) enum Turn {
    /// Get them, and say how it ended.
    Lead(Lead),
    /// Somebody else does.
    Follow(Arc<Flight>),
}

/// The duty to get tickets. Dropping it wakes those who wait.
#[derive(Debug)]
pub(crate) struct Lead {
    flights: Arc<Flights>,
    tickets: String,
    flight: Arc<Flight>,
    outcome: Landed,
}

impl Flights {
    /// Takes part in getting `tickets`, which is a name for where they go and whose they are.
    pub(crate) fn join(self: &Arc<Self>, tickets: &str) -> Turn {
        let mut flying = lock(&self.0);
        if let Some(flight) = flying.get(tickets) {
            return Turn::Follow(Arc::clone(flight));
        }
        let flight = Arc::new(Flight::default());
        flying.insert(tickets.to_owned(), Arc::clone(&flight));
        Turn::Lead(Lead {
            flights: Arc::clone(self),
            tickets: tickets.to_owned(),
            flight,
            outcome: Landed::Abandoned,
        })
    }
}

impl Flight {
    /// Waits for the outcome, but no longer than `patience`.
    pub(crate) fn wait(&self, patience: Duration) -> Landed {
        let landed = lock(&self.landed);
        let waited = self
            .landing
            .wait_timeout_while(landed, patience, |landed| landed.is_none());
        let (landed, _) = waited.unwrap_or_else(PoisonError::into_inner);
        landed.clone().unwrap_or(Landed::Late)
    }
}

impl Lead {
    /// Says how it ended.
    pub(crate) fn land<T>(mut self, outcome: &Result<T, StepError>) {
        self.outcome = match outcome {
            Ok(_) => Landed::Well,
            Err(error) => Landed::Badly(error.clone()),
        };
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        lock(&self.flights.0).remove(&self.tickets);
        *lock(&self.flight.landed) = Some(self.outcome.clone());
        self.flight.landing.notify_all();
    }
}

/// A panic elsewhere leaves whole values behind, so a poisoned lock is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use gss_core::ErrorKind;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn lead(flights: &Arc<Flights>) -> Lead {
        match flights.join("tickets") {
            Turn::Lead(lead) => lead,
            Turn::Follow(_) => panic!("somebody leads already"),
        }
    }

    fn follow(flights: &Arc<Flights>) -> Arc<Flight> {
        match flights.join("tickets") {
            Turn::Lead(_) => panic!("nobody leads"),
            Turn::Follow(flight) => flight,
        }
    }

    #[test]
    fn of_many_threads_one_leads_and_all_learn_how_it_ended() {
        let flights = Arc::new(Flights::default());
        let (leads, start) = (AtomicUsize::new(0), Barrier::new(16));
        let joined = Barrier::new(16);
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    start.wait();
                    let turn = flights.join("tickets");
                    joined.wait();
                    match turn {
                        Turn::Lead(lead) => {
                            leads.fetch_add(1, Ordering::Relaxed);
                            lead.land(&Err::<(), _>(ErrorKind::Failure.into()));
                        }
                        Turn::Follow(flight) => assert!(matches!(flight.wait(LONG), Landed::Badly(_))),
                    }
                });
            }
        });
        assert_eq!(leads.into_inner(), 1);
        assert!(lock(&flights.0).is_empty());
    }

    #[test]
    fn an_outcome_is_for_those_who_waited_for_it_and_the_next_one_leads_again() {
        let flights = Arc::new(Flights::default());
        let first = lead(&flights);
        let waiting = follow(&flights);
        first.land(&Ok(()));
        assert!(matches!(waiting.wait(LONG), Landed::Well));
        drop(lead(&flights));
    }

    #[test]
    fn whoever_gives_up_wakes_the_others() {
        let flights = Arc::new(Flights::default());
        let first = lead(&flights);
        let waiting = follow(&flights);
        drop(first);
        assert!(matches!(waiting.wait(LONG), Landed::Abandoned));
    }

    #[test]
    fn nobody_waits_for_ever() {
        let flights = Arc::new(Flights::default());
        let _first = lead(&flights);
        assert!(matches!(follow(&flights).wait(Duration::ZERO), Landed::Late));
    }

    #[test]
    fn other_tickets_are_got_at_the_same_time() {
        let flights = Arc::new(Flights::default());
        let _first = lead(&flights);
        assert!(matches!(flights.join("others"), Turn::Lead(_)));
    }
}
