//! The acceptor: takes the first mechanism of the initiator's list that it can use.

mod choose;

use gss_core::{
    Accept, AcceptorContext, Error, ErrorKind, Flow, Flowing, Handshake, Octets, Oid, OptionValue, Progress, Result,
    Role, Snapshot, Step, StepError, flow::settle, framing,
};

use crate::SPNEGO;
use crate::error::{SpnegoError, failed};
use crate::inner::{refusal, refusing};
use crate::mech_list_mic::{Choice, End, Exchange, Next, Ours, Unproven, exchange, next};
use crate::message::{MechTypes, NegState, NegTokenInit, NegTokenResp, NegotiationToken};
use crate::offer::Offer;
use choose::{Chosen, choose};

/// Nothing has come.
pub(crate) struct AwaitInit {
    pub(crate) below: Snapshot,
    pub(crate) request: Accept,
    pub(crate) spoken: Spoken,
}

/// Whether the acceptor has spoken first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoken {
    Nothing,
    Hints,
}

/// The mechanism has been chosen and waits for its next token.
struct AwaitToken {
    negotiated: Negotiated,
    context: Box<dyn AcceptorContext>,
}

/// The mechanism is done, and the initiator's MIC is due.
struct AwaitMic {
    list: MechTypes,
    unproven: Unproven,
}

/// What is settled once the mechanism has been chosen.
struct Negotiated {
    list: MechTypes,
    choice: Choice,
    leg: Leg,
}

/// Which reply is next.
#[derive(Clone, Debug)]
enum Leg {
    /// The first one, which says what has been chosen, by the OID that the initiator used.
    First(Box<Oid>),
    Later,
}

type Stepped = Flowing<Step<dyn AcceptorContext>>;

impl Handshake for AwaitInit {
    fn progress(&self) -> Progress {
        Progress::new(None, Role::Acceptor)
    }
}

impl AcceptorContext for AwaitInit {
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Stepped {
        let token = token.unwrap_or_default();
        let offer = Offer::of_acceptor(&self.below, &self.request).map_err(failed)?;
        if token.is_empty() {
            return self.hint(&offer);
        }
        if !is_negotiation(token)? {
            return raw(&offer, &self.request, token);
        }
        match NegotiationToken::parse(token).map_err(refusing)? {
            NegotiationToken::Init(init) => self.answer(&offer, init),
            NegotiationToken::Resp(_) => Err(refusing(SpnegoError::Expected("a NegTokenInit"))),
        }
    }
}

impl AwaitInit {
    /// The acceptor speaks first, [MS-SPNG] §3.2.5.2: what it would take.
    fn hint(self, offer: &Offer) -> Stepped {
        if self.spoken == Spoken::Hints {
            return Err(failed(SpnegoError::Expected("a NegTokenInit")));
        }
        let usable = offer.mechs().iter().filter(|mech| mech.accept(&self.request).is_ok());
        let oids: Vec<Oid> = usable.map(|mech| mech.oid()).collect();
        if oids.is_empty() {
            return Err(Error::new(ErrorKind::NoCred).into());
        }
        Ok(Flow::Done(Step::Continue {
            token: NegTokenInit::hinting(MechTypes::new(oids)).to_token(),
            next: Box::new(Self {
                spoken: Spoken::Hints,
                ..self
            }),
        }))
    }

    fn answer(self, offer: &Offer, init: NegTokenInit) -> Stepped {
        let Chosen {
            oid,
            context,
            choice,
            token,
        } = choose(offer, &self.request, &init).map_err(|error| refusal(error.into()))?;
        let negotiated = Negotiated {
            list: init.mech_types,
            choice,
            leg: Leg::First(Box::new(oid)),
        };
        let Some(token) = token else {
            return negotiated.wait(context, None);
        };
        let message = NegTokenResp {
            mech_list_mic: init.mech_list_mic,
            ..NegTokenResp::default()
        };
        let stepped = context.step(Some(&token));
        settle(stepped, move |outcome| negotiated.after(outcome, &message))
    }
}

/// Whether `token` is framed as a negotiation. A token that starts with 0x60 is framed, or it is an error.
fn is_negotiation(token: &[u8]) -> Result<bool, StepError> {
    if !framing::is_framed(token) {
        return Ok(false);
    }
    let (mech, _) = framing::parse(token)?;
    Ok(mech == SPNEGO)
}

/// A mechanism's own token where a negotiation is expected: from there on everything is the mechanism's own.
fn raw(offer: &Offer, request: &Accept, token: &[u8]) -> Stepped {
    match offer.of_token(token) {
        Some(mech) => mech.accept(request)?.step(Some(token)),
        None => Err(Error::new(ErrorKind::BadMech).into()),
    }
}

impl Handshake for AwaitToken {
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

impl AcceptorContext for AwaitToken {
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Stepped {
        let message = parse(token)?;
        let Self { negotiated, context } = *self;
        match (message.state, message.response_token.as_deref()) {
            (Some(NegState::Reject), token) => rejected(context, token),
            (Some(state @ NegState::RequestMic), _) => Err(refusing(SpnegoError::State(state))),
            (_, None) => Err(refusing(SpnegoError::Expected("a token of the chosen mechanism"))),
            (_, Some(token)) => {
                let stepped = context.step(Some(token));
                settle(stepped, move |outcome| negotiated.after(outcome, &message))
            }
        }
    }
}

impl Negotiated {
    fn after(self, outcome: Result<Step<dyn AcceptorContext>, StepError>, message: &NegTokenResp) -> Stepped {
        match outcome {
            Err(error) => Err(refusal(error)),
            Ok(Step::Continue { token, next }) => self.wait(next, Some(token)),
            Ok(Step::Established { token, context }) => self.conclude(Unproven::new(context), token, message),
        }
    }

    /// The mechanism waits for another token.
    fn wait(self, context: Box<dyn AcceptorContext>, token: Option<Vec<u8>>) -> Stepped {
        let reply = NegTokenResp {
            response_token: token,
            ..self.reply(match (&self.leg, self.choice) {
                (Leg::First(_), Choice::Protected) => NegState::RequestMic,
                _ => NegState::AcceptIncomplete,
            })
        };
        let negotiated = Self {
            leg: Leg::Later,
            ..self
        };
        Ok(Flow::Done(Step::Continue {
            token: reply.to_token(),
            next: Box::new(AwaitToken { negotiated, context }),
        }))
    }

    /// The mechanism is done, with or without a token for the initiator.
    fn conclude(self, mut unproven: Unproven, token: Option<Vec<u8>>, message: &NegTokenResp) -> Stepped {
        let exchange = exchange(self.choice, unproven.context());
        let theirs = unproven.proof(exchange, &self.list, message).map_err(refusing)?;
        let end = match (&token, &self.leg) {
            (Some(_), _) => End::Ours,
            (None, Leg::First(_)) => End::TheirsAtOnce,
            (None, Leg::Later) => End::Theirs,
        };
        let (state, answer, evidence) = match next(Role::Acceptor, exchange, end, Ours::Due, theirs) {
            Next::Refuse => return Err(refusing(SpnegoError::ListUnprotected)),
            Next::Done(answer, evidence) => (NegState::AcceptCompleted, answer, Some(evidence)),
            Next::Wait(answer) => match self.leg {
                Leg::First(_) => (NegState::RequestMic, answer, None),
                Leg::Later => (NegState::AcceptIncomplete, answer, None),
            },
        };
        let reply = NegTokenResp {
            response_token: token,
            mech_list_mic: unproven.answer(answer, &self.list)?,
            ..self.reply(state)
        };
        let token = reply.to_token();
        Ok(Flow::Done(match evidence {
            None => Step::Continue {
                token,
                next: Box::new(AwaitMic {
                    list: self.list,
                    unproven,
                }),
            },
            Some(evidence) => Step::Established {
                token: Some(token),
                context: unproven.justified(evidence),
            },
        }))
    }

    /// A reply that says what has been chosen, if it is the first.
    fn reply(&self, state: NegState) -> NegTokenResp {
        NegTokenResp {
            supported_mech: match &self.leg {
                Leg::First(oid) => Some(**oid),
                Leg::Later => None,
            },
            ..NegTokenResp::new(state)
        }
    }
}

impl Handshake for AwaitMic {
    fn progress(&self) -> Progress {
        let info = self.unproven.context().info();
        Progress {
            flags: info.flags,
            ..Progress::new(Some(info.mech), Role::Acceptor)
        }
    }

    fn inquire(&self, what: Oid) -> Result<Vec<Octets>> {
        self.unproven.context().inquire(what)
    }
}

impl AcceptorContext for AwaitMic {
    fn step(mut self: Box<Self>, token: Option<&[u8]>) -> Stepped {
        let message = parse(token)?;
        if message.state == Some(NegState::Reject) {
            return Err(failed(SpnegoError::Refused));
        }
        let proof = self.unproven.proof(Exchange::Required, &self.list, &message);
        let theirs = proof.map_err(refusing)?;
        match next(Role::Acceptor, Exchange::Required, End::Theirs, Ours::Sent, theirs) {
            Next::Done(_, evidence) => Ok(Flow::Done(Step::Established {
                token: None,
                context: self.unproven.justified(evidence),
            })),
            Next::Wait(_) | Next::Refuse => Err(refusing(SpnegoError::ListUnprotected)),
        }
    }
}

fn parse(token: Option<&[u8]>) -> Result<NegTokenResp, StepError> {
    match NegotiationToken::parse(token.unwrap_or_default()).map_err(refusing)? {
        NegotiationToken::Resp(message) => Ok(message),
        NegotiationToken::Init(_) => Err(refusing(SpnegoError::Expected("a NegTokenResp"))),
    }
}

/// The initiator has ended the negotiation: the mechanism knows what its token says of that.
fn rejected(context: Box<dyn AcceptorContext>, token: Option<&[u8]>) -> Stepped {
    let Some(token) = token else {
        return Err(failed(SpnegoError::Refused));
    };
    settle(context.step(Some(token)), |outcome| {
        Err(outcome
            .err()
            .map_or_else(|| failed(SpnegoError::Refused), |said| said.error.into()))
    })
}
