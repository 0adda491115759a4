//! What happens, as it happens: told to a person line by line, or to a program as JSON lines.

use std::fmt;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// Something that happened.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event {
    KdcStarted {
        realm: String,
        address: SocketAddr,
        user: String,
        service: String,
        enctypes: Vec<&'static str>,
    },
    AccountMade {
        user: String,
        stored: &'static str,
    },
    TicketGranted {
        holder: String,
        seconds: Option<u64>,
    },
    ContextToken {
        from: Party,
        octets: usize,
        contents: &'static str,
    },
    Checked {
        by: Party,
        what: &'static str,
    },
    Established {
        by: Party,
        initiator: String,
        acceptor: String,
        flags: Vec<&'static str>,
        enctype: Option<String>,
    },
    Signed {
        by: Party,
        message: String,
        octets: usize,
    },
    SignatureHolds {
        by: Party,
        sequence: &'static str,
    },
    Sealed {
        by: Party,
        message: String,
        octets: usize,
        encrypted: bool,
    },
    Opened {
        by: Party,
        message: String,
        encrypted: bool,
        sequence: &'static str,
    },
    Altered {
        what: &'static str,
        octet: usize,
        bit: u8,
    },
    SentAgain {
        by: Party,
    },
    Refused {
        by: Party,
        major: &'static str,
        code: String,
        minor: u32,
        message: String,
    },
    Ended {
        milliseconds: u64,
    },
}

/// Who it happened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Party {
    Initiator,
    Acceptor,
}

impl Party {
    fn name(self) -> &'static str {
        match self {
            Self::Initiator => USER,
            Self::Acceptor => SERVICE,
        }
    }

    fn other(self) -> &'static str {
        match self {
            Self::Initiator => SERVICE,
            Self::Acceptor => USER,
        }
    }
}

/// How to tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Text,
    Json,
}

/// Tells events in the order in which they come, from either thread.
#[derive(Debug)]
pub(super) struct Teller {
    style: Style,
    /// The first failure to write, which ends the telling.
    failed: Mutex<Option<io::Error>>,
}

impl Teller {
    pub(super) fn new(style: Style) -> Self {
        Self {
            style,
            failed: Mutex::new(None),
        }
    }

    pub(super) fn tell(&self, event: &Event) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.is_none() {
            *failed = self.write(event).err();
        }
    }

    /// Whether everything could be told.
    pub(super) fn finish(self) -> io::Result<()> {
        self.failed
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .map_or(Ok(()), Err)
    }

    fn write(&self, event: &Event) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match self.style {
            Style::Text => writeln!(out, "{event}"),
            Style::Json => writeln!(out, "{}", serde_json::to_string(event)?),
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KdcStarted {
                realm,
                address,
                user,
                service,
                enctypes,
            } => write!(
                f,
                "A KDC for the realm {realm} listens on {address}: in this process, for this demonstration.\n\
                 It knows {user} by her password and {service} by a random key, in {}.\n\n\
                 Authentication",
                enctypes.join(", ")
            ),
            Self::AccountMade { user, stored } => write!(
                f,
                "The service knows {user} by {stored}: in this process, for this demonstration.\n\nAuthentication"
            ),
            Self::TicketGranted { holder, seconds } => {
                write!(
                    f,
                    "  {holder} has shown the KDC that she knows her password and got a ticket-granting ticket"
                )?;
                seconds.map_or(Ok(()), |seconds| write!(f, " for {} hours", seconds.div_ceil(3600)))?;
                f.write_str(".")
            }
            Self::ContextToken { from, octets, contents } => {
                write!(f, "  {} -> {}: {octets} octets, {contents}", from.name(), from.other())
            }
            Self::Checked { by, what } => write!(f, "    {} has checked: {what}.", by.name()),
            Self::Established {
                by: Party::Acceptor,
                initiator,
                ..
            } => {
                write!(f, "  {SERVICE} knows that it talks to {initiator}.")
            }
            Self::Established {
                acceptor,
                flags,
                enctype,
                ..
            } => {
                if flags.contains(&"mutual") {
                    writeln!(f, "  {USER} knows that she talks to {acceptor}.")?;
                } else {
                    writeln!(
                        f,
                        "  {USER} does not know that she talks to {acceptor}: nobody has proved that to her."
                    )?;
                }
                write!(f, "  Granted: {}", flags.join(", "))?;
                enctype
                    .as_ref()
                    .map_or(Ok(()), |enctype| write!(f, "; messages are protected with {enctype}"))?;
                f.write_str(".")
            }
            Self::Signed { by, message, octets } => {
                write!(
                    f,
                    "\nSignature\n  {} -> {}: {message:?}, and {octets} octets of MIC",
                    by.name(),
                    by.other()
                )
            }
            Self::SignatureHolds { by, sequence } => {
                write!(
                    f,
                    "    {} has checked: the MIC belongs to the message; its number is {}.",
                    by.name(),
                    Order(sequence)
                )
            }
            Self::Sealed {
                by,
                message,
                octets,
                encrypted,
            } => {
                let title = if *by == Party::Initiator { "\nSealing\n" } else { "" };
                let how = if *encrypted { "encrypted" } else { "readable" };
                write!(
                    f,
                    "{title}  {} -> {}: {message:?} in {octets} octets, {how}",
                    by.name(),
                    by.other()
                )
            }
            Self::Opened {
                by,
                message,
                encrypted,
                sequence,
            } => {
                let how = if *encrypted {
                    "it was encrypted"
                } else {
                    "it was readable to all"
                };
                write!(
                    f,
                    "    {} reads {message:?}: {how}, unaltered, its number is {}.",
                    by.name(),
                    Order(sequence)
                )
            }
            Self::Altered { what, octet, bit } => {
                write!(f, "    Somebody on the way flips bit {bit} of octet {octet} of {what}.")
            }
            Self::Refused {
                by,
                major,
                code,
                minor,
                message,
            } => {
                write!(
                    f,
                    "    {} refuses it: {major} ({code}, minor {minor}): {message}.",
                    by.name()
                )
            }
            Self::SentAgain { by } => write!(
                f,
                "  {} -> {}: the same again, and nobody interferes",
                by.name(),
                by.other()
            ),
            Self::Ended { milliseconds } => write!(f, "\nAll of it in {milliseconds} ms. Nothing is left behind."),
        }
    }
}

/// `ok` as a person says it.
struct Order<'a>(&'a str);

impl fmt::Display for Order<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 == "ok" { "the next one" } else { self.0 })
    }
}

/// Who begins.
pub(super) const USER: &str = "alice";
/// Who answers, as a hostbased service at [`HOST`].
pub(super) const SERVICE: &str = "demo";
pub(super) const HOST: &str = "localhost";
