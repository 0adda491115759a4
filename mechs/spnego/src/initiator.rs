//! The initiator: offers its mechanisms with the first one's first token, and goes on with what the acceptor takes.

mod optimistic;

use std::sync::Arc;

use gss_core::{
    Flow, Flowing, Handshake, Initiate, InitiatorContext, Mechanism, Octets, Oid, OidList, OptionValue, Progress,
    Result, Role, Snapshot, Step, StepError, flow::settle,
};

use crate::error::{SpnegoError, failed};
use crate::inner::{Inner, refusal, refusing};
use crate::mech_list_mic::{Choice, End, Next, Ours, Reply, Unproven, exchange, next};
use crate::message::{MechTypes, NegState, NegTokenInit, NegTokenResp, NegotiationToken};
use crate::offer::{Offer, answers_to};
use optimistic::Optimistic;

/// Nothing has been sent.
pub(crate) struct AwaitStart {
    pub(crate) below: Snapshot,
    pub(crate) request: Initiate,
}

/// The offer has been sent.
struct AwaitFirstReply {
    request: Initiate,
    offer: Offer,
    /// The first of the offer, which has begun.
    optimistic: Arc<dyn Mechanism>,
    list: MechTypes,
    inner: Inner<dyn InitiatorContext>,
}

/// The mechanism has been chosen.
struct AwaitReply {
    negotiated: Negotiated,
    inner: Inner<dyn InitiatorContext>,
}

/// What is settled once the mechanism has been chosen.
struct Negotiated {
    mech: Arc<dyn Mechanism>,
    list: MechTypes,
    choice: Choice,
    ours: Ours,
}

type Stepped = Flowing<Step<dyn InitiatorContext>>;

impl Handshake for AwaitStart {
    fn progress(&self) -> Progress {
        Progress::new(None, Role::Initiator)
    }
}

impl InitiatorContext for AwaitStart {
    /// A first token is what an acceptor says that speaks first. Its list is not used: nothing protects it, and the
    /// acceptor chooses from ours anyway.
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Stepped {
        if let Some(token) = token.filter(|token| !token.is_empty()) {
            match NegotiationToken::parse(token).map_err(failed)? {
                NegotiationToken::Init(_) => {}
                NegotiationToken::Resp(_) => return Err(failed(SpnegoError::Expected("an acceptor's hints"))),
            }
        }
        let offer = Offer::of_initiator(&self.below, &self.request).map_err(failed)?;
        Optimistic::new(self.request, offer).go_on()
    }
}

impl Handshake for AwaitFirstReply {
    fn progress(&self) -> Progress {
        self.inner.progress(Role::Initiator)
    }

    fn inquire(&self, what: Oid) -> Result<Vec<Octets>> {
        self.inner.inquire(what)
    }

    fn set_option(&mut self, what: Oid, value: OptionValue<'_>) -> Result<()> {
        self.inner.set_option(what, value)
    }
}

impl InitiatorContext for AwaitFirstReply {
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Stepped {
        let reply = parse(token)?;
        if reply.state == Some(NegState::Reject) {
            return rejected(self.inner, &reply);
        }
        let mech = self.chosen(&reply).map_err(refusing)?;
        let is_optimistic = self.optimistic.oid() == mech.oid();
        let choice = match reply.state {
            Some(NegState::RequestMic) => Choice::Protected,
            _ if is_optimistic => Choice::Preferred,
            _ => Choice::Protected,
        };
        let negotiated = Negotiated {
            mech,
            list: self.list,
            choice,
            ours: Ours::Due,
        };
        if is_optimistic && !leaves_token_unread(&reply) {
            return negotiated.take(self.inner, reply);
        }
        if reply.response_token.is_some() {
            return Err(refusing(SpnegoError::Expected(
                "no token of a mechanism that was not begun",
            )));
        }
        negotiated.begin(&self.request)
    }
}

impl AwaitFirstReply {
    fn chosen(&self, reply: &NegTokenResp) -> Result<Arc<dyn Mechanism>, SpnegoError> {
        let Some(oid) = &reply.supported_mech else {
            return Ok(Arc::clone(&self.optimistic));
        };
        let chosen = self.offer.mechanism(oid).cloned();
        chosen.ok_or_else(|| SpnegoError::NotOffered {
            chosen: Box::new(*oid),
            offered: OidList(self.offer.oids()),
        })
    }
}

impl Handshake for AwaitReply {
    fn progress(&self) -> Progress {
        self.inner.progress(Role::Initiator)
    }

    fn inquire(&self, what: Oid) -> Result<Vec<Octets>> {
        self.inner.inquire(what)
    }

    fn set_option(&mut self, what: Oid, value: OptionValue<'_>) -> Result<()> {
        self.inner.set_option(what, value)
    }
}

impl InitiatorContext for AwaitReply {
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Stepped {
        let reply = parse(token)?;
        let mech = &self.negotiated.mech;
        match (reply.state, &reply.supported_mech) {
            (Some(NegState::Reject), _) => rejected(self.inner, &reply),
            // RFC 4178 §4.2.2: in the first reply only.
            (Some(state @ NegState::RequestMic), _) => Err(refusing(SpnegoError::State(state))),
            (_, Some(oid)) if !answers_to(mech, oid) => Err(refusing(SpnegoError::NotOffered {
                chosen: Box::new(*oid),
                offered: OidList(vec![mech.oid()]),
            })),
            _ => self.negotiated.take(self.inner, reply),
        }
    }
}

impl Negotiated {
    /// Begins the mechanism's context.
    fn begin(self, request: &Initiate) -> Stepped {
        let begun = self.mech.initiate(request).map_err(StepError::from);
        let stepped = begun.and_then(|context| context.step(None));
        settle(stepped, move |outcome| self.after(outcome, &NegTokenResp::default()))
    }

    /// Goes on with what the acceptor says.
    fn take(self, inner: Inner<dyn InitiatorContext>, reply: NegTokenResp) -> Stepped {
        match inner {
            Inner::Handshaking(context) => {
                let Some(token) = reply.response_token.as_deref() else {
                    return Err(refusing(SpnegoError::Expected("a token of the chosen mechanism")));
                };
                let stepped = context.step(Some(token));
                settle(stepped, move |outcome| self.after(outcome, &reply))
            }
            // Old IIS sends an empty token, Windows 2000 its MIC twice.
            Inner::Established(unproven) => match reply.response_token.as_deref() {
                Some(token) if !token.is_empty() && Some(token) != reply.mech_list_mic.as_deref() => Err(refusing(
                    SpnegoError::Expected("no token, since the chosen mechanism is done"),
                )),
                _ => self.conclude(unproven, None, &reply),
            },
        }
    }

    fn after(self, outcome: Result<Step<dyn InitiatorContext>, StepError>, reply: &NegTokenResp) -> Stepped {
        match outcome {
            Err(error) => Err(refusal(error)),
            Ok(Step::Continue { token, next }) => match reply.state {
                Some(state @ NegState::AcceptCompleted) => Err(refusing(SpnegoError::State(state))),
                _ => {
                    let message = NegTokenResp {
                        response_token: Some(token),
                        ..NegTokenResp::new(NegState::AcceptIncomplete)
                    };
                    self.wait(Inner::Handshaking(next), &message)
                }
            },
            Ok(Step::Established { token, context }) => self.conclude(Unproven::new(context), token, reply),
        }
    }

    /// The mechanism is done, with or without a token for the acceptor.
    fn conclude(mut self, mut unproven: Unproven, token: Option<Vec<u8>>, reply: &NegTokenResp) -> Stepped {
        let exchange = exchange(self.choice, unproven.context());
        let theirs = unproven.proof(exchange, &self.list, reply).map_err(refusing)?;
        let end = if token.is_some() { End::Ours } else { End::Theirs };
        let (state, answer, evidence) = match next(Role::Initiator, exchange, end, self.ours, theirs) {
            Next::Refuse => return Err(refusing(SpnegoError::ListUnprotected)),
            Next::Wait(answer) => (NegState::AcceptIncomplete, answer, None),
            Next::Done(answer, evidence) => (NegState::AcceptCompleted, answer, Some(evidence)),
        };
        let message = NegTokenResp {
            response_token: token,
            mech_list_mic: unproven.answer(answer, &self.list)?,
            ..NegTokenResp::new(state)
        };
        match evidence {
            None => {
                if answer == Reply::WithMic {
                    self.ours = Ours::Sent;
                }
                self.wait(Inner::Established(unproven), &message)
            }
            Some(evidence) => Ok(Flow::Done(Step::Established {
                token: message.mech_list_mic.is_some().then(|| message.to_token()),
                context: unproven.justified(evidence),
            })),
        }
    }

    fn wait(self, inner: Inner<dyn InitiatorContext>, message: &NegTokenResp) -> Stepped {
        Ok(Flow::Done(Step::Continue {
            token: message.to_token(),
            next: Box::new(AwaitReply {
                negotiated: self,
                inner,
            }),
        }))
    }
}

/// Whether an acceptor goes on without having taken our first token: it was for another mechanism, or is lost.
fn leaves_token_unread(reply: &NegTokenResp) -> bool {
    let waits = matches!(reply.state, Some(NegState::AcceptIncomplete | NegState::RequestMic));
    waits && reply.response_token.is_none() && reply.mech_list_mic.is_none()
}

fn parse(token: Option<&[u8]>) -> Result<NegTokenResp, StepError> {
    match NegotiationToken::parse(token.unwrap_or_default()).map_err(refusing)? {
        NegotiationToken::Resp(reply) => Ok(reply),
        NegotiationToken::Init(_) => Err(refusing(SpnegoError::Expected("a NegTokenResp"))),
    }
}

/// The acceptor has ended the negotiation: the mechanism knows what its token says of that.
fn rejected(inner: Inner<dyn InitiatorContext>, reply: &NegTokenResp) -> Stepped {
    match (inner, reply.response_token.as_deref()) {
        (Inner::Handshaking(context), Some(token)) => settle(context.step(Some(token)), |outcome| {
            Err(outcome
                .err()
                .map_or_else(|| failed(SpnegoError::Refused), |said| said.error.into()))
        }),
        _ => Err(failed(SpnegoError::Refused)),
    }
}

/// The state after the offer, whose first mechanism has made `step`.
fn offered(
    request: Initiate,
    offer: Offer,
    optimistic: Arc<dyn Mechanism>,
    step: Step<dyn InitiatorContext>,
) -> Stepped {
    let (token, inner) = match step {
        Step::Continue { token, next } => (token, Inner::Handshaking(next)),
        Step::Established {
            token: Some(token),
            context,
        } => (token, Inner::Established(Unproven::new(context))),
        Step::Established { token: None, .. } => {
            return Err(failed(SpnegoError::NoToken(Box::new(optimistic.oid()))));
        }
    };
    let list = MechTypes::new(offer.oids());
    let message = NegTokenInit::new(list.clone(), Some(token));
    Ok(Flow::Done(Step::Continue {
        token: message.to_token(),
        next: Box::new(AwaitFirstReply {
            request,
            offer,
            optimistic,
            list,
            inner,
        }),
    }))
}
