//! The two parties: each in its thread, with nothing in common but the socket.

use anyhow::{Context as _, anyhow, bail, ensure};
use gss::krb5::KRB5;
use gss::{Acceptor, Context, Initiator, Step};
use gss_core::{Error, ErrorKind, Oid, Privacy, inquiry};
use krb5_crypto::Enctype;

use super::script::Script;
use super::story::{Event, Party, Teller};
use super::wire::{Flip, Wire};

/// What happens to messages on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Safe,
    Hostile,
}

/// The side that begins.
pub(super) struct User<'a> {
    pub(super) wire: Wire,
    pub(super) teller: &'a Teller,
    pub(super) way: Way,
    pub(super) script: &'static Script,
}

/// The side that answers.
pub(super) struct Service<'a> {
    pub(super) wire: Wire,
    pub(super) teller: &'a Teller,
    pub(super) way: Way,
    pub(super) script: &'static Script,
}

impl User<'_> {
    pub(super) fn run(mut self, initiator: Initiator) -> anyhow::Result<()> {
        let mut context = self.establish(initiator)?;
        self.teller.tell(&established(Party::Initiator, &mut context));
        self.sign(&mut context)?;
        self.seal(&mut context)
    }

    fn establish(&mut self, initiator: Initiator) -> anyhow::Result<Context> {
        let mut step = initiator.step(None).context("the first step of the context failed")?;
        for number in (0..).step_by(2) {
            let (token, next) = match step {
                Step::Continue { token, next } => (Some(token), Ok(next)),
                Step::Established { token, context } => (token, Err(context)),
            };
            if let Some(token) = &token {
                self.teller.tell(&Event::ContextToken {
                    from: Party::Initiator,
                    octets: token.len(),
                    contents: self.script.token(number),
                });
                self.wire.send(token)?;
            }
            step = match next {
                Err(context) => {
                    if token.is_some() {
                        // Who has the last word waits until the other has understood it.
                        self.expect(ACCEPTED)?;
                    }
                    if let Some(what) = self.script.initiator_has_checked {
                        let by = Party::Initiator;
                        self.teller.tell(&Event::Checked { by, what });
                    }
                    return Ok(context);
                }
                Ok(next) => next
                    .step(Some(&self.wire.receive()?))
                    .context("the service's token was refused")?,
            };
        }
        bail!("there is no end of tokens")
    }

    fn sign(&mut self, context: &mut Context) -> anyhow::Result<()> {
        let mic = context.get_mic(ORDER.as_bytes())?;
        self.teller.tell(&Event::Signed {
            by: Party::Initiator,
            message: ORDER.to_owned(),
            octets: mic.len(),
        });
        if self.way == Way::Hostile {
            let altered = self.altered("the message", ORDER.as_bytes());
            self.wire.send(&altered)?;
            self.wire.send(&mic)?;
            self.expect(REFUSED)?;
            self.teller.tell(&Event::SentAgain { by: Party::Initiator });
        }
        self.wire.send(ORDER.as_bytes())?;
        self.wire.send(&mic)?;
        self.expect(ACCEPTED)
    }

    fn seal(&mut self, context: &mut Context) -> anyhow::Result<()> {
        let token = context.wrap(SECRET.as_bytes())?;
        let encrypted = !contains(&token, SECRET.as_bytes());
        let message = SECRET.to_owned();
        self.teller.tell(&Event::Sealed {
            by: Party::Initiator,
            message,
            octets: token.len(),
            encrypted,
        });
        if self.way == Way::Hostile {
            let altered = self.altered("the token", &token);
            self.wire.send(&altered)?;
            self.expect(REFUSED)?;
            self.teller.tell(&Event::SentAgain { by: Party::Initiator });
        }
        self.wire.send(&token)?;
        self.expect(ACCEPTED)?;
        let answer = self.wire.receive()?;
        open(context, &answer, Party::Initiator, self.teller)
    }

    fn altered(&self, what: &'static str, octets: &[u8]) -> Vec<u8> {
        let flip = Flip::within(octets);
        self.teller.tell(&Event::Altered {
            what,
            octet: flip.octet,
            bit: flip.bit,
        });
        flip.apply(octets)
    }

    fn expect(&mut self, verdict: &[u8]) -> anyhow::Result<()> {
        let heard = self.wire.receive()?;
        ensure!(
            heard == verdict,
            "the service said {:?} instead of {:?}",
            Verdict(&heard),
            Verdict(verdict)
        );
        Ok(())
    }
}

impl Service<'_> {
    pub(super) fn run(mut self, acceptor: Acceptor) -> anyhow::Result<()> {
        let (mut context, last) = self.establish(acceptor)?;
        self.teller.tell(&established(Party::Acceptor, &mut context));
        self.wire.send(last.as_deref().unwrap_or(ACCEPTED))?;
        self.check_signature(&mut context)?;
        self.open_sealed(&mut context)
    }

    /// The context, and the last token, which is to leave after everything about it has been told, so that the story
    /// keeps its order.
    fn establish(&mut self, mut acceptor: Acceptor) -> anyhow::Result<(Context, Option<Vec<u8>>)> {
        for number in (1..).step_by(2) {
            let token = self.wire.receive()?;
            let (token, next) = match acceptor.step(&token) {
                Ok(Step::Continue { token, next }) => (Some(token), Ok(next)),
                Ok(Step::Established { token, context }) => (token, Err(context)),
                Err(error) => {
                    error.token.as_ref().map_or(Ok(()), |token| self.wire.send(token))?;
                    return Err(error).context("the user's token was refused");
                }
            };
            if next.is_err() {
                self.teller.tell(&Event::Checked {
                    by: Party::Acceptor,
                    what: self.script.acceptor_has_checked,
                });
            }
            if let Some(token) = &token {
                self.teller.tell(&Event::ContextToken {
                    from: Party::Acceptor,
                    octets: token.len(),
                    contents: self.script.token(number),
                });
            }
            acceptor = match (next, token) {
                (Err(context), token) => return Ok((context, token)),
                (Ok(next), Some(token)) => {
                    self.wire.send(&token)?;
                    next
                }
                (Ok(next), None) => next,
            };
        }
        bail!("there is no end of tokens")
    }

    fn check_signature(&mut self, context: &mut Context) -> anyhow::Result<()> {
        if self.way == Way::Hostile {
            let (message, mic) = (self.wire.receive()?, self.wire.receive()?);
            let refused = context.verify_mic(&message, &mic).map(|_| "an altered message");
            self.refuse(refused)?;
        }
        let (message, mic) = (self.wire.receive()?, self.wire.receive()?);
        let verified = context
            .verify_mic(&message, &mic)
            .context("the signature does not hold")?;
        self.teller.tell(&Event::SignatureHolds {
            by: Party::Acceptor,
            sequence: verified.sequence.name(),
        });
        self.wire.send(ACCEPTED)
    }

    fn open_sealed(&mut self, context: &mut Context) -> anyhow::Result<()> {
        if self.way == Way::Hostile {
            let token = self.wire.receive()?;
            let refused = context.unwrap(&token).map(|_| "an altered token");
            self.refuse(refused)?;
        }
        let token = self.wire.receive()?;
        open(context, &token, Party::Acceptor, self.teller)?;
        let answer = context.wrap(ANSWER.as_bytes())?;
        let encrypted = !contains(&answer, ANSWER.as_bytes());
        let message = ANSWER.to_owned();
        self.teller.tell(&Event::Sealed {
            by: Party::Acceptor,
            message,
            octets: answer.len(),
            encrypted,
        });
        self.wire.send(ACCEPTED)?;
        self.wire.send(&answer)
    }

    /// Tells why it is refused; fails if it is not, or with anything but BAD_MIC.
    fn refuse(&mut self, outcome: Result<&'static str, Error>) -> anyhow::Result<()> {
        let error = match outcome {
            Ok(accepted) => bail!("{accepted} was accepted: this must never happen"),
            Err(error) => error,
        };
        self.teller.tell(&Event::Refused {
            by: Party::Acceptor,
            major: error.kind().name(),
            code: format!("{:#010x}", error.major().0),
            minor: error.minor(),
            message: error.to_string(),
        });
        ensure!(
            error == ErrorKind::BadMic,
            "it was refused, but as {} instead of BAD_MIC",
            error.kind().name()
        );
        self.wire.send(REFUSED)
    }
}

fn established(by: Party, context: &mut Context) -> Event {
    let enctype = enctype(context).map(|enctype| enctype.name().to_owned());
    Event::Established {
        by,
        initiator: context.initiator().unwrap_or_default(),
        acceptor: context.acceptor().unwrap_or_default(),
        flags: context.info().flags.short_names().collect(),
        enctype,
    }
}

/// The encryption type of the key that protects messages: the last arc of an OID under `1.2.840.113554.1.2.2.4`.
fn enctype(context: &mut Context) -> Option<Enctype> {
    let values = context.as_mut().inquire(inquiry::SSPI_SESSION_KEY).ok()?;
    let oid = Oid::from_der_content(values.get(1)?).ok()?.to_string();
    let arc = oid.strip_prefix(&format!("{KRB5}.4."))?;
    Enctype::from_number(arc.parse().ok()?)
}

fn open(context: &mut Context, token: &[u8], by: Party, teller: &Teller) -> anyhow::Result<()> {
    let (message, unwrapped) = context.unwrap(token).context("the sealed message was refused")?;
    let message = String::from_utf8(message).map_err(|_| anyhow!("the message is not text"))?;
    let encrypted = unwrapped.privacy == Privacy::Confidential;
    teller.tell(&Event::Opened {
        by,
        message,
        encrypted,
        sequence: unwrapped.sequence.name(),
    });
    Ok(())
}

fn contains(octets: &[u8], part: &[u8]) -> bool {
    octets.windows(part.len()).any(|window| window == part)
}

/// A verdict as text.
struct Verdict<'a>(&'a [u8]);

impl std::fmt::Debug for Verdict<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

const ORDER: &str = "Please send ten crates of oranges.";
const SECRET: &str = "The safe opens with 4711.";
const ANSWER: &str = "Thank you, it is in good hands.";
const ACCEPTED: &[u8] = b"accepted";
const REFUSED: &[u8] = b"refused";
