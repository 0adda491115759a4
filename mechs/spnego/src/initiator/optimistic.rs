//! Finding the first mechanism that can begin, and those of the rest that might.

use std::sync::Arc;

use gss_core::{Acquire, ErrorKind, Flowing, Initiate, InitiatorContext, Mechanism, Step, StepError, flow::settle};

use super::{Stepped, offered};
use crate::offer::{Failures, Offer};

/// Tries the mechanisms in their order until one has a first token. What cannot begin is not offered.
pub(super) struct Optimistic {
    request: Initiate,
    left: std::vec::IntoIter<Arc<dyn Mechanism>>,
    failures: Failures,
}

impl Optimistic {
    pub(super) fn new(request: Initiate, offer: Offer) -> Self {
        Self {
            request,
            left: offer.into_mechs().into_iter(),
            failures: Failures::default(),
        }
    }

    pub(super) fn go_on(mut self) -> Stepped {
        let Some(mech) = self.left.next() else {
            let error = self.failures.into_error();
            return Err(error.unwrap_or_else(|| ErrorKind::NoCred.into()).into());
        };
        let begun = mech.initiate(&self.request).map_err(StepError::from);
        settle(
            begun.and_then(|context| context.step(None)),
            move |outcome| match outcome {
                Ok(step) => self.with_obtainable(mech, step),
                Err(failed) => {
                    self.failures.note(failed.error);
                    self.go_on()
                }
            },
        )
    }

    /// Without a credential of the caller's, those of the rest are offered that have a default one (RFC 4178 §4.1: the
    /// mechanisms that are available).
    fn with_obtainable(self, first: Arc<dyn Mechanism>, step: Step<dyn InitiatorContext>) -> Stepped {
        let Self { request, left, .. } = self;
        let kept = vec![Arc::clone(&first)];
        if request.cred.is_some() {
            let offer = Offer::of(kept.into_iter().chain(left).collect());
            return offered(request, offer, first, step);
        }
        Obtaining { left, kept }.then(move |mechs| offered(request, Offer::of(mechs), first, step))
    }
}

/// Asks mechanisms for a default credential and keeps those that have one.
struct Obtaining {
    left: std::vec::IntoIter<Arc<dyn Mechanism>>,
    kept: Vec<Arc<dyn Mechanism>>,
}

impl Obtaining {
    fn then<T: 'static>(
        mut self,
        go_on: impl FnOnce(Vec<Arc<dyn Mechanism>>) -> Flowing<T> + Send + 'static,
    ) -> Flowing<T> {
        let Some(mech) = self.left.next() else {
            return go_on(self.kept);
        };
        settle(mech.acquire(Acquire::initiate()), move |outcome| {
            if outcome.is_ok() {
                self.kept.push(mech);
            }
            self.then(go_on)
        })
    }
}
