//! An initiator and an acceptor, coupled.

use std::fmt;

use gss_core::{
    AcceptorContext, EstablishedContext, Flowing, InitiatorContext, IoReply, IoRequest, Role, Step, StepError,
};

/// What couples two peers: a driver for their requests, and the channel between them.
pub struct Pair<'a> {
    driver: Box<dyn FnMut(IoRequest) -> IoReply + 'a>,
    channel: Box<Channel<'a>>,
}

type Channel<'a> = dyn FnMut(Leg, Vec<u8>) -> Option<Vec<u8>> + 'a;

/// A token on its way: the sender's side, and its number in the exchange from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Who sent it.
    pub from: Role,
    /// How many tokens were sent before it, by both.
    pub number: usize,
}

/// Two peers that have come to an end.
#[derive(Debug)]
pub struct Established {
    /// The initiator's context.
    pub initiator: Box<dyn EstablishedContext>,
    /// The acceptor's context.
    pub acceptor: Box<dyn EstablishedContext>,
    /// What was sent, as it was sent.
    pub sent: Vec<(Leg, Vec<u8>)>,
}

/// Why there are no two contexts.
#[derive(Debug)]
pub struct Failure {
    /// The side that it happened to.
    pub side: Role,
    /// What happened.
    pub reason: Reason,
    /// What the other side made of the error token, if it was sent one.
    pub peer: Option<StepError>,
    /// What was sent, as it was sent.
    pub sent: Vec<(Leg, Vec<u8>)>,
}

/// What went wrong on a side.
#[derive(Debug)]
pub enum Reason {
    /// Its step failed.
    Step(StepError),
    /// It waits for a token that does not come.
    Waiting,
    /// It got a token when it was established.
    Unexpected,
    /// There is no end of tokens.
    Endless,
}

impl Failure {
    /// The error of the step, if it was a step that failed.
    #[must_use]
    pub fn step(&self) -> Option<&StepError> {
        if let Reason::Step(error) = &self.reason {
            Some(error)
        } else {
            None
        }
    }
}

impl<'a> Pair<'a> {
    /// Peers that need no network, over a channel that delivers everything.
    #[must_use]
    pub fn new() -> Self {
        Self {
            driver: Box::new(answer_blocking),
            channel: Box::new(|_, token| Some(token)),
        }
    }

    /// The same with requests answered by `driver`.
    #[must_use]
    pub fn with_driver(self, driver: impl FnMut(IoRequest) -> IoReply + 'a) -> Self {
        Self {
            driver: Box::new(driver),
            ..self
        }
    }

    /// The same over a channel that delivers what `channel` makes of each token, or loses it.
    #[must_use]
    pub fn with_channel(self, channel: impl FnMut(Leg, Vec<u8>) -> Option<Vec<u8>> + 'a) -> Self {
        Self {
            channel: Box::new(channel),
            ..self
        }
    }

    /// Exchanges tokens until both sides are established.
    ///
    /// # Errors
    /// [`Failure`] with the side that could not go on.
    pub fn establish(
        mut self,
        initiator: Box<dyn InitiatorContext>,
        acceptor: Box<dyn AcceptorContext>,
    ) -> Result<Established, Box<Failure>> {
        let mut sides = [Side::Initiator(initiator), Side::Acceptor(acceptor)];
        let mut sent = Vec::new();
        let mut turn = Role::Initiator;
        let mut token: Option<Vec<u8>> = None;
        for number in 0..MOST_LEGS {
            let [initiator, acceptor] = &mut sides;
            let side = if turn == Role::Initiator { initiator } else { acceptor };
            let outgoing = match side.take().step(token.as_deref(), &mut self.driver) {
                Ok((after, outgoing)) => {
                    *side = after;
                    outgoing
                }
                Err(reason) => return Err(self.failed(turn, reason, sides, sent)),
            };
            let peer = other(turn);
            token = match outgoing {
                Some(octets) => {
                    let leg = Leg { from: turn, number };
                    sent.push((leg, octets.clone()));
                    (self.channel)(leg, octets)
                }
                None => None,
            };
            if token.is_none() {
                return finish(sides, peer, sent);
            }
            turn = peer;
        }
        Err(Box::new(Failure {
            side: turn,
            reason: Reason::Endless,
            peer: None,
            sent,
        }))
    }

    /// Delivers the token that a failed step still owes.
    fn failed(mut self, side: Role, reason: Reason, sides: [Side; 2], mut sent: Vec<(Leg, Vec<u8>)>) -> Box<Failure> {
        let owed = if let Reason::Step(StepError { token, .. }) = &reason {
            token.clone()
        } else {
            None
        };
        let mut peer = None;
        if let Some(octets) = owed {
            let leg = Leg {
                from: side,
                number: sent.len(),
            };
            sent.push((leg, octets.clone()));
            let [initiator, acceptor] = sides;
            let receiver = if side == Role::Initiator { acceptor } else { initiator };
            if let Some(octets) = (self.channel)(leg, octets)
                && let Err(Reason::Step(error)) = receiver.step(Some(&octets), &mut self.driver)
            {
                peer = Some(error);
            }
        }
        Box::new(Failure {
            side,
            reason,
            peer,
            sent,
        })
    }
}

impl Default for Pair<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Pair<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pair")
    }
}

/// A driver for peers that need no network: runs what may block, and knows no server.
pub fn answer_blocking(request: IoRequest) -> IoReply {
    match request {
        IoRequest::Blocking(call) => IoReply::Value(call()),
        other => IoReply::NoServer(std::sync::Arc::new(NoNetwork(format!("{other:?}")))),
    }
}

/// A test asked for the network and has none.
#[derive(Debug)]
struct NoNetwork(String);

impl fmt::Display for NoNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this test has no network, but was asked for {}", self.0)
    }
}

impl std::error::Error for NoNetwork {}

enum Side {
    Initiator(Box<dyn InitiatorContext>),
    Acceptor(Box<dyn AcceptorContext>),
    Established(Box<dyn EstablishedContext>),
    Gone,
}

impl Side {
    fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Gone)
    }

    fn step(
        self,
        token: Option<&[u8]>,
        driver: &mut dyn FnMut(IoRequest) -> IoReply,
    ) -> Result<(Self, Option<Vec<u8>>), Reason> {
        match self {
            Self::Initiator(context) => after(context.step(token), driver, Self::Initiator),
            Self::Acceptor(context) => after(context.step(token), driver, Self::Acceptor),
            Self::Established(_) | Self::Gone => Err(Reason::Unexpected),
        }
    }
}

fn after<C: ?Sized>(
    flowing: Flowing<Step<C>>,
    driver: &mut dyn FnMut(IoRequest) -> IoReply,
    wrap: fn(Box<C>) -> Side,
) -> Result<(Side, Option<Vec<u8>>), Reason> {
    match flowing.and_then(|flow| flow.drive(driver)).map_err(Reason::Step)? {
        Step::Continue { token, next } => Ok((wrap(next), Some(token))),
        Step::Established { token, context } => Ok((Side::Established(context), token)),
    }
}

/// No more tokens: both are established, or one waits in vain.
fn finish(sides: [Side; 2], waiting: Role, sent: Vec<(Leg, Vec<u8>)>) -> Result<Established, Box<Failure>> {
    match sides {
        [Side::Established(initiator), Side::Established(acceptor)] => Ok(Established {
            initiator,
            acceptor,
            sent,
        }),
        [Side::Established(_), _] => Err(Box::new(Failure {
            side: Role::Acceptor,
            reason: Reason::Waiting,
            peer: None,
            sent,
        })),
        [_, Side::Established(_)] => Err(Box::new(Failure {
            side: Role::Initiator,
            reason: Reason::Waiting,
            peer: None,
            sent,
        })),
        _ => Err(Box::new(Failure {
            side: waiting,
            reason: Reason::Waiting,
            peer: None,
            sent,
        })),
    }
}

fn other(side: Role) -> Role {
    match side {
        Role::Initiator => Role::Acceptor,
        Role::Acceptor => Role::Initiator,
    }
}

/// More tokens than any mechanism needs.
const MOST_LEGS: usize = 32;
