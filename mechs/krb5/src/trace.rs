//! What whoever traces is told of contexts, and to which of them it belongs.
//!
//! Contexts are traced until they are established: nothing is wrapped, asked or paid for on the way of a message. Where
//! nobody traces, nothing is wrapped at all.

use std::sync::atomic::{AtomicU64, Ordering};

use gss_core::flow::settle;
use gss_core::{
    AcceptorContext, EstablishedContext, Flow, Flowing, Handshake, InitiatorContext, IoReply, IoRequest, MechName,
    Name, Octets, Oid, OptionValue, Pending, Progress, Result, Step, StepError,
};
use tracing::Span;

/// A half-open context whose steps are told within its span.
struct Traced<C: ?Sized> {
    span: Span,
    context: Box<C>,
}

/// The context itself, or traced.
pub(crate) fn initiator(target: &Name, context: Box<dyn InitiatorContext>) -> Box<dyn InitiatorContext> {
    let span = tracing::info_span!("initiate", context = number(), %target);
    if span.is_none() {
        return context;
    }
    Box::new(Traced { span, context })
}

/// The context itself, or traced.
pub(crate) fn acceptor(context: Box<dyn AcceptorContext>) -> Box<dyn AcceptorContext> {
    let span = tracing::info_span!("accept", context = number());
    if span.is_none() {
        return context;
    }
    Box::new(Traced { span, context })
}

/// Tells contexts of this process apart.
fn number() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed).saturating_add(1)
}

/// Runs `call`, and whatever is left of it once the driver has answered, within `span`.
pub(crate) fn within<T: 'static>(span: &Span, call: impl FnOnce() -> Flowing<T>) -> Flowing<T> {
    if span.is_none() {
        return call();
    }
    match span.in_scope(call)? {
        Flow::Io { request, next } => Ok(Flow::Io {
            request: inside(span, request),
            next: Box::new(Within {
                span: span.clone(),
                next,
            }),
        }),
        done @ Flow::Done(_) => Ok(done),
    }
}

/// What may block, in another thread perhaps, belongs to the span too.
fn inside(span: &Span, request: IoRequest) -> IoRequest {
    match request {
        IoRequest::Blocking(call) => {
            let span = span.clone();
            IoRequest::Blocking(Box::new(move || span.in_scope(call)))
        }
        other => other,
    }
}

/// The rest of a call, within its span.
struct Within<T> {
    span: Span,
    next: Box<dyn Pending<T>>,
}

impl<T: 'static> Pending<T> for Within<T> {
    fn resume(self: Box<Self>, reply: IoReply) -> Flowing<T> {
        let Self { span, next } = *self;
        within(&span, move || next.resume(reply))
    }
}

impl<C: Handshake + ?Sized> Handshake for Traced<C> {
    fn progress(&self) -> Progress {
        self.context.progress()
    }

    fn inquire(&self, what: Oid) -> Result<Vec<Octets>> {
        self.context.inquire(what)
    }

    fn set_option(&mut self, what: Oid, value: OptionValue<'_>) -> Result<()> {
        self.context.set_option(what, value)
    }
}

impl InitiatorContext for Traced<dyn InitiatorContext> {
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Flowing<Step<dyn InitiatorContext>> {
        self.traced(token, |context| context.step(token), |traced| Box::new(traced))
    }
}

impl AcceptorContext for Traced<dyn AcceptorContext> {
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Flowing<Step<dyn AcceptorContext>> {
        self.traced(token, |context| context.step(token), |traced| Box::new(traced))
    }
}

impl<C: ?Sized + 'static> Traced<C> {
    /// Takes a step; the context that is next is made traced by `again`.
    fn traced(
        self,
        token: Option<&[u8]>,
        step: impl FnOnce(Box<C>) -> Flowing<Step<C>>,
        again: fn(Self) -> Box<C>,
    ) -> Flowing<Step<C>> {
        let Self { span, context } = self;
        let rest = span.clone();
        within(&span, move || {
            received(token);
            settle(step(context), move |outcome| {
                Ok(Flow::Done(match told(outcome)? {
                    Step::Continue { token, next } => Step::Continue {
                        token,
                        next: again(Self {
                            span: rest,
                            context: next,
                        }),
                    },
                    established @ Step::Established { .. } => established,
                }))
            })
        })
    }
}

/// The token's length alone: what is in it may be secret.
fn received(token: Option<&[u8]>) {
    match token {
        Some(token) => tracing::debug!(octets = token.len(), "got a token"),
        None => tracing::debug!("beginning"),
    }
}

/// Tells how a step has ended.
fn told<C: ?Sized>(outcome: Result<Step<C>, StepError>) -> Result<Step<C>, StepError> {
    match &outcome {
        Ok(Step::Continue { token, .. }) => tracing::debug!(octets = token.len(), "the peer is to answer a token"),
        Ok(Step::Established { token, context }) => established(token.as_deref(), context.as_ref()),
        Err(error) => tracing::info!(
            error = %error.error,
            octets = error.token.as_ref().map(Vec::len),
            "no context"
        ),
    }
    outcome
}

fn established(token: Option<&[u8]>, context: &dyn EstablishedContext) {
    let info = context.info();
    tracing::info!(
        source = info.source.as_deref().map(text_of).as_deref(),
        target = info.target.as_deref().map(text_of).as_deref(),
        flags = ?info.flags,
        octets = token.map(<[u8]>::len),
        "the context is established"
    );
}

fn text_of(name: &dyn MechName) -> String {
    let octets = name.display().map(|(octets, _)| octets).unwrap_or_default();
    String::from_utf8_lossy(&octets).into_owned()
}
