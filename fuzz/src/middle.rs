//! Somebody between an initiator and an acceptor.

use gss_core::{AcceptorContext, EstablishedContext, Flags, Flowing, InitiatorContext, Step, StepError, inquiry};

use crate::input::Input;
use crate::realm::answer;

/// What a target makes of a token, if it knows such tokens.
pub(crate) type Edit = fn(&[u8], &mut Input<'_>) -> Option<Vec<u8>>;

/// What both sides have come to.
pub(crate) struct Outcome {
    pub(crate) initiator: Option<Box<dyn EstablishedContext>>,
    pub(crate) acceptor: Option<Box<dyn EstablishedContext>>,
    /// How many tokens the initiator has made.
    pub(crate) initiators: usize,
    /// Whether a token came as another than was sent.
    pub(crate) changed: bool,
}

/// Lets an initiator and an acceptor talk through somebody who does with each token what `script` says, until neither
/// has anything to say and nothing is left in the script.
///
/// Of each token an octet tells what becomes of it: 0 and all that are not listed leave it alone.
///
/// ```text
/// 1  it is lost
/// 2  other octets come in its place (a length of 2 octets, and these)
/// 3  a bit is flipped (its number in 4 octets)
/// 4  it is cut (the length in 4 octets)
/// 5  octets are put into it (where, in 4 octets; a length of 2 octets, and these)
/// 6  an earlier token comes in its place (its number in an octet)
/// 7  `edit` changes it
/// ```
pub(crate) fn between(
    initiator: Box<dyn InitiatorContext>,
    acceptor: Box<dyn AcceptorContext>,
    script: &mut Input<'_>,
    edit: Edit,
) -> Outcome {
    let mut middle = Middle {
        edit,
        sent: Vec::new(),
        changed: false,
    };
    let (mut initiator, mut acceptor) = (Side::of_initiator(initiator), Side::of_acceptor(acceptor));
    let (mut initiators, mut answer) = (0, None);
    for round in 0..MOST_ROUNDS {
        let made = if round == 0 {
            initiator.step(None)
        } else {
            answer.and_then(|token: Vec<u8>| initiator.step(Some(&token)))
        };
        initiators += usize::from(made.is_some());
        let question = middle.pass(made, script);
        let quiet = question.is_none();
        let made = question.and_then(|token| acceptor.step(Some(&token)));
        answer = middle.pass(made, script);
        if quiet && answer.is_none() {
            break;
        }
    }
    Outcome {
        initiator: initiator.established(),
        acceptor: acceptor.established(),
        initiators,
        changed: middle.changed,
    }
}

/// Two contexts of one exchange are one context: the same mechanism by the same way, the same flags, initiator and key.
pub(crate) fn assert_one_context(initiator: &dyn EstablishedContext, acceptor: &dyn EstablishedContext) {
    let (ours, theirs) = (initiator.info(), acceptor.info());
    assert_eq!(ours.mech, theirs.mech, "two mechanisms");
    assert_eq!(ours.via, theirs.via, "two ways");
    // Only an acceptor knows whether it has compared.
    let both = |flags: Flags| flags - Flags::CHANNEL_BOUND;
    assert_eq!(both(ours.flags), both(theirs.flags), "two sets of flags");
    let [source, same] = [ours, theirs].map(|info| info.source.as_ref().map(|name| name.to_text()));
    assert_eq!(source, same, "two initiators");
    let [key, same] = [initiator, acceptor].map(session_key);
    assert!(key == same, "two keys");
}

fn session_key(context: &dyn EstablishedContext) -> Vec<u8> {
    let values = context
        .inquire(inquiry::SSPI_SESSION_KEY)
        .expect("the context has a key");
    values.first().expect("with octets").as_ref().to_vec()
}

struct Middle {
    edit: Edit,
    sent: Vec<Vec<u8>>,
    changed: bool,
}

impl Middle {
    /// What becomes of a token, or comes although there is none.
    fn pass(&mut self, token: Option<Vec<u8>>, script: &mut Input<'_>) -> Option<Vec<u8>> {
        if token.is_none() && script.is_empty() {
            return None;
        }
        let made = token.unwrap_or_default();
        let passed = self.changed(&made, script);
        self.changed |= passed.as_ref() != Some(&made);
        self.sent.push(made);
        passed.filter(|token| !token.is_empty())
    }

    fn changed(&self, made: &[u8], script: &mut Input<'_>) -> Option<Vec<u8>> {
        let mut token = made.to_vec();
        match script.octet() {
            1 => return None,
            2 => token = script.counted().to_vec(),
            3 => {
                let bit = script.u32();
                if let Some(octet) = place(&token, bit >> 3).and_then(|place| token.get_mut(place)) {
                    *octet ^= 1 << (bit & 7);
                }
            }
            4 => token.truncate(place(made, script.u32()).unwrap_or_default()),
            5 => {
                let at = place(made, script.u32()).unwrap_or_default();
                let more = script.counted();
                token.splice(at..at, more.iter().copied());
            }
            6 => token = place(&self.sent, script.octet().into()).map_or(token, |number| self.sent[number].clone()),
            7 => token = (self.edit)(made, script).unwrap_or(token),
            _ => {}
        }
        Some(token)
    }
}

/// The number of one of the things in `all`.
fn place<T>(all: &[T], number: u32) -> Option<usize> {
    usize::try_from(number).ok()?.checked_rem(all.len())
}

type Stepping<C> = fn(Box<C>, Option<&[u8]>) -> Flowing<Step<C>>;

enum Side<C: ?Sized> {
    Waiting(Box<C>, Stepping<C>),
    Established(Box<dyn EstablishedContext>),
    Failed,
}

impl Side<dyn InitiatorContext> {
    fn of_initiator(context: Box<dyn InitiatorContext>) -> Self {
        Self::Waiting(context, |context, token| context.step(token))
    }
}

impl Side<dyn AcceptorContext> {
    fn of_acceptor(context: Box<dyn AcceptorContext>) -> Self {
        Self::Waiting(context, |context, token| context.step(token))
    }
}

impl<C: ?Sized> Side<C> {
    /// What it answers, if only why it fails. Who is established or has failed takes no more.
    fn step(&mut self, token: Option<&[u8]>) -> Option<Vec<u8>> {
        let (context, step) = match std::mem::replace(self, Self::Failed) {
            Self::Waiting(context, step) => (context, step),
            ended => {
                *self = ended;
                return None;
            }
        };
        match step(context, token).and_then(|flow| flow.drive(&mut answer)) {
            Ok(Step::Continue { token, next }) => {
                *self = Self::Waiting(next, step);
                Some(token)
            }
            Ok(Step::Established { token, context }) => {
                *self = Self::Established(context);
                token
            }
            Err(StepError { token, .. }) => token,
        }
    }

    fn established(self) -> Option<Box<dyn EstablishedContext>> {
        match self {
            Self::Established(context) => Some(context),
            _ => None,
        }
    }
}

const MOST_ROUNDS: usize = 12;
