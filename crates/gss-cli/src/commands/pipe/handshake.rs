//! From nothing to an established context, token by token.

use std::io::{BufRead, Write};

use gss::{BlockingDriver, drive};
use gss_core::{AcceptorContext, EstablishedContext, InitiatorContext, Step, StepError};

use super::lines::{Line, next_line};
use super::protocol::{Answer, Base64, Failure, Heard, LINE_LIMIT, PeerToken};
use super::session::failure;

/// The two streams, an object a line.
pub(super) struct Wire<'a> {
    pub(super) input: &'a mut dyn BufRead,
    pub(super) output: &'a mut dyn Write,
}

impl Wire<'_> {
    pub(super) fn say(&mut self, answer: &Answer) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(answer)?;
        line.push(b'\n');
        self.output.write_all(&line)?;
        Ok(self.output.flush()?)
    }

    /// The next object, or what is wrong with its line; `None` at the end of input. Empty lines are skipped.
    pub(super) fn hear<T: Heard>(&mut self) -> anyhow::Result<Option<Result<T, Failure>>> {
        loop {
            let line = match next_line(self.input, LINE_LIMIT)? {
                None => return Ok(None),
                Some(Line::TooLong) => {
                    let message = format!("the line has more than {LINE_LIMIT} octets");
                    return Ok(Some(Err(Failure::bad_structure(message))));
                }
                Some(Line::Text(line)) => line,
            };
            if !line.trim_ascii().is_empty() {
                let parsed = serde_json::from_slice(&line);
                return Ok(Some(parsed.map_err(|error| Failure::not_understood::<T>(&error))));
            }
        }
    }
}

/// A half-open context of either side.
pub(super) enum HalfOpen {
    Initiator(Box<dyn InitiatorContext>),
    Acceptor(Box<dyn AcceptorContext>),
}

/// What a step of either side has led to.
struct Stepped {
    token: Option<Vec<u8>>,
    then: Then,
}

enum Then {
    Next(HalfOpen),
    Established(Box<dyn EstablishedContext>),
}

impl HalfOpen {
    fn step(self, token: Option<&[u8]>, driver: &mut BlockingDriver) -> Result<Stepped, StepError> {
        match self {
            Self::Initiator(context) => drive(context.step(token), driver).map(|step| stepped(step, Self::Initiator)),
            Self::Acceptor(context) => drive(context.step(token), driver).map(|step| stepped(step, Self::Acceptor)),
        }
    }
}

fn stepped<C: ?Sized>(step: Step<C>, wrap: fn(Box<C>) -> HalfOpen) -> Stepped {
    match step {
        Step::Continue { token, next } => Stepped {
            token: Some(token),
            then: Then::Next(wrap(next)),
        },
        Step::Established { token, context } => Stepped {
            token,
            then: Then::Established(context),
        },
    }
}

/// Exchanges tokens until the context is established; `None` where it failed or the input ended, which has been said.
pub(super) fn establish(
    mut half_open: HalfOpen,
    wire: &mut Wire<'_>,
    driver: &mut BlockingDriver,
) -> anyhow::Result<Option<Box<dyn EstablishedContext>>> {
    let mut token = match &half_open {
        HalfOpen::Initiator(_) => None,
        HalfOpen::Acceptor(_) => match peer_token(wire)? {
            None => return Ok(None),
            heard => heard,
        },
    };
    loop {
        let stepped = match half_open.step(token.as_deref(), driver) {
            Ok(stepped) => stepped,
            Err(error) => {
                say_token(wire, error.token)?;
                wire.say(&Answer::Error {
                    error: failure(error.error),
                })?;
                return Ok(None);
            }
        };
        say_token(wire, stepped.token)?;
        half_open = match stepped.then {
            Then::Established(context) => return Ok(Some(context)),
            Then::Next(half_open) => half_open,
        };
        token = match peer_token(wire)? {
            None => return Ok(None),
            heard => heard,
        };
    }
}

fn say_token(wire: &mut Wire<'_>, token: Option<Vec<u8>>) -> anyhow::Result<()> {
    match token {
        Some(octets) => wire.say(&Answer::Token { token: Base64(octets) }),
        None => Ok(()),
    }
}

/// The peer's next token; `None` if there is none, which has been said unless the input ended.
fn peer_token(wire: &mut Wire<'_>) -> anyhow::Result<Option<Vec<u8>>> {
    match wire.hear::<PeerToken>()? {
        None => Ok(None),
        Some(Ok(heard)) => Ok(Some(heard.token.0)),
        Some(Err(error)) => {
            wire.say(&Answer::Error { error })?;
            Ok(None)
        }
    }
}
