//! One side of a context: the protocol's commands as methods.

use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    flavour::Flavour,
    pipe::{Pipe, Refusal, refusal},
};

/// What a command came to: its result, or the error that the party reported.
pub(crate) type Answer<T> = Result<Result<T, Refusal>>;

/// A party and who it is.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) flavour: Flavour,
    pub(crate) pipe: Pipe,
}

/// What a party says of its new context.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Established {
    pub(crate) mech: String,
    pub(crate) initiator: Option<String>,
    pub(crate) acceptor: Option<String>,
    pub(crate) flags: Vec<String>,
    pub(crate) lifetime: Option<u64>,
}

/// An authentic message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unwrapped {
    pub(crate) message: Vec<u8>,
    pub(crate) privacy: Privacy,
    pub(crate) sequence: String,
}

/// A delegated credential.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Delegated {
    pub(crate) name: String,
    pub(crate) lifetime: Option<u64>,
}

/// Whether a message is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Privacy {
    Sealed,
    /// Authentic, and readable by everyone.
    Open,
}

/// Where the octets of a scattered token's trailer go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Trailer,
    Header,
}

/// A message to wrap by buffers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scattered<'a> {
    pub(crate) message: &'a [u8],
    pub(crate) signed: Signed<'a>,
    pub(crate) privacy: Privacy,
    pub(crate) layout: Layout,
}

/// What is signed with a message, and not sent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Signed<'a> {
    pub(crate) before: Option<&'a [u8]>,
    /// Between its halves.
    pub(crate) between: Option<&'a [u8]>,
    pub(crate) after: Option<&'a [u8]>,
}

/// How a scattered token is handed over to be unwrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reception {
    /// In one piece.
    Stream,
    /// Cut into the buffers of a layout.
    Cut(Layout, Privacy),
}

/// What a party writes while it establishes its context.
#[derive(Debug)]
pub(crate) enum Progress {
    Token(Vec<u8>),
    Established(Established),
    Refused(Refusal),
}

impl Side {
    /// The next line of a handshake.
    pub(crate) fn progress(&mut self) -> Result<Progress> {
        let line = self.pipe.receive()?;
        if let Some(refusal) = refusal(&line) {
            return Ok(Progress::Refused(refusal));
        }
        if line.get("token").is_some() {
            return Ok(Progress::Token(octets(&line, "token")?));
        }
        let established = line.get("established").with_context(|| format!("unexpected: {line}"))?;
        Ok(Progress::Established(serde_json::from_value(established.clone())?))
    }

    pub(crate) fn feed(&mut self, token: &[u8]) -> Result<()> {
        self.pipe.send(&json!({ "token": encode(token) }))
    }

    pub(crate) fn mic(&mut self, message: &[u8]) -> Answer<Vec<u8>> {
        self.ask(&json!({ "get_mic": encode(message) }), |answer| octets(answer, "token"))
    }

    /// The sequencing information of an authentic MIC.
    pub(crate) fn verify(&mut self, message: &[u8], token: &[u8]) -> Answer<String> {
        let command = json!({ "verify_mic": { "message": encode(message), "token": encode(token) } });
        self.ask(&command, |answer| {
            let verified = answer.get("verified").context("no verdict")?;
            text(verified, "sequence")
        })
    }

    pub(crate) fn wrap(&mut self, message: &[u8], privacy: Privacy) -> Answer<Vec<u8>> {
        let command = json!({ "wrap": { "message": encode(message), "conf": privacy.is_sealed() } });
        self.ask(&command, |answer| octets(answer, "token"))
    }

    pub(crate) fn unwrap(&mut self, token: &[u8]) -> Answer<Unwrapped> {
        self.ask(&json!({ "unwrap": encode(token) }), unwrapped)
    }

    pub(crate) fn wrap_iov(&mut self, scattered: Scattered<'_>) -> Answer<Vec<u8>> {
        let mut arguments = json!({
            "message": encode(scattered.message),
            "conf": scattered.privacy.is_sealed(),
            "layout": scattered.layout.name(),
        });
        scattered.signed.add_to(&mut arguments);
        self.ask(&json!({ "wrap_iov": arguments }), |answer| octets(answer, "token"))
    }

    pub(crate) fn unwrap_iov(&mut self, token: &[u8], signed: Signed<'_>, reception: Reception) -> Answer<Unwrapped> {
        let mut arguments = json!({ "token": encode(token) });
        signed.add_to(&mut arguments);
        if let Reception::Cut(layout, privacy) = reception {
            arguments["layout"] = layout.name().into();
            arguments["conf"] = privacy.is_sealed().into();
        }
        self.ask(&json!({ "unwrap_iov": arguments }), unwrapped)
    }

    pub(crate) fn wrap_aead(&mut self, message: &[u8], associated: &[u8], privacy: Privacy) -> Answer<Vec<u8>> {
        let command = json!({ "wrap_aead": {
            "message": encode(message),
            "associated": encode(associated),
            "conf": privacy.is_sealed(),
        } });
        self.ask(&command, |answer| octets(answer, "token"))
    }

    pub(crate) fn unwrap_aead(&mut self, token: &[u8], associated: &[u8]) -> Answer<Unwrapped> {
        let command = json!({ "unwrap_aead": { "token": encode(token), "associated": encode(associated) } });
        self.ask(&command, unwrapped)
    }

    pub(crate) fn prf(&mut self, input: &[u8], length: usize) -> Answer<Vec<u8>> {
        let command = json!({ "prf": { "input": encode(input), "length": length } });
        self.ask(&command, |answer| octets(answer, "octets"))
    }

    pub(crate) fn session_key(&mut self) -> Answer<Vec<u8>> {
        self.ask(&json!({ "session_key": true }), |answer| octets(answer, "octets"))
    }

    pub(crate) fn size_limit(&mut self, size: usize, privacy: Privacy) -> Answer<usize> {
        let command = json!({ "wrap_size_limit": { "size": size, "conf": privacy.is_sealed() } });
        self.ask(&command, |answer| Ok(usize::try_from(number(answer, "limit")?)?))
    }

    /// Exports the context and imports it again; the size of the token.
    pub(crate) fn export(&mut self) -> Answer<u64> {
        self.ask(&json!({ "export": true }), |answer| number(answer, "exported"))
    }

    pub(crate) fn delegated(&mut self) -> Answer<Delegated> {
        self.ask(&json!({ "delegated": true }), |answer| {
            Ok(serde_json::from_value(answer.clone())?)
        })
    }

    /// Stores the delegated credential into `ccache`.
    pub(crate) fn store_delegated(&mut self, ccache: &str) -> Answer<()> {
        self.ask(&json!({ "store_delegated": ccache }), |answer| {
            answer
                .get("stored")
                .map(drop)
                .context("nothing is said of what was stored")
        })
    }

    fn ask<T>(&mut self, command: &Value, read: impl FnOnce(&Value) -> Result<T>) -> Answer<T> {
        let flavour = self.flavour;
        let key = || command.as_object().and_then(|object| object.keys().next().cloned());
        let answer = self
            .pipe
            .ask(command)
            .with_context(|| format!("{flavour}: {}", key().unwrap_or_default()))?;
        Ok(match answer {
            Ok(answer) => Ok(read(&answer).with_context(|| format!("{flavour}: {answer}"))?),
            Err(refusal) => Err(refusal),
        })
    }
}

impl Privacy {
    fn is_sealed(self) -> bool {
        self == Self::Sealed
    }
}

impl Layout {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Trailer => "trailer",
            Self::Header => "header",
        }
    }
}

impl Signed<'_> {
    fn add_to(&self, arguments: &mut Value) {
        for (name, octets) in [
            ("associated", self.before),
            ("between", self.between),
            ("after", self.after),
        ] {
            if let Some(octets) = octets {
                arguments[name] = encode(octets).into();
            }
        }
    }
}

fn encode(octets: &[u8]) -> String {
    STANDARD.encode(octets)
}

fn octets(answer: &Value, key: &str) -> Result<Vec<u8>> {
    Ok(STANDARD.decode(text(answer, key)?)?)
}

fn text(answer: &Value, key: &str) -> Result<String> {
    let value = answer.get(key).and_then(Value::as_str);
    Ok(value.with_context(|| format!("no text {key}"))?.to_owned())
}

fn number(answer: &Value, key: &str) -> Result<u64> {
    let value = answer.get(key).and_then(Value::as_u64);
    value.with_context(|| format!("no number {key}"))
}

fn unwrapped(answer: &Value) -> Result<Unwrapped> {
    Ok(Unwrapped {
        message: octets(answer, "message")?,
        privacy: match answer.get("conf").and_then(Value::as_bool).context("no conf")? {
            true => Privacy::Sealed,
            false => Privacy::Open,
        },
        sequence: text(answer, "sequence")?,
    })
}
