//! Scattered messages: both layouts, with data that are signed only, in one piece and cut, and mixed with contiguous ones.

use anyhow::Result;

use super::{SIZES, Subject, catch_up, message, must};
use crate::{
    flavour::Flavour,
    pair::Direction,
    party::{Layout, Privacy, Reception, Scattered, Signed, Unwrapped},
    report::Checks,
};

pub(super) fn conf(subject: &mut Subject<'_>) -> Result<()> {
    all(subject, Privacy::Sealed)
}

pub(super) fn integ(subject: &mut Subject<'_>) -> Result<()> {
    all(subject, Privacy::Open)
}

fn all(subject: &mut Subject<'_>, privacy: Privacy) -> Result<()> {
    let style = Style::of(subject);
    subject.both_ways(|direction, checks| {
        for size in SIZES {
            let message = message(size);
            for layout in style.layouts(direction, privacy) {
                for (name, signed) in SIGNED {
                    let scattered = Scattered {
                        message: &message,
                        signed,
                        privacy,
                        layout,
                    };
                    both_ends(direction, checks, style, (name, scattered))?;
                }
                let scattered = Scattered {
                    message: &message,
                    signed: Signed::default(),
                    privacy,
                    layout,
                };
                scattered_to_contiguous(direction, checks, scattered)?;
            }
            if let Some(reception) = style.of_plain(direction, privacy) {
                contiguous_to_scattered(direction, checks, &message, (privacy, reception))?;
            }
        }
        Ok(())
    })
}

/// Associated data by the calls that exist for it.
pub(super) fn aead(subject: &mut Subject<'_>) -> Result<()> {
    let style = Style::of(subject);
    subject.both_ways(|direction, checks| {
        if !style.has_aead(direction) {
            return Ok(());
        }
        let Direction { from, to } = direction;
        for (size, privacy) in SIZES
            .into_iter()
            .flat_map(|size| [(size, Privacy::Sealed), (size, Privacy::Open)])
        {
            let message = message(size);
            let token = must(from.flavour, "wrap_aead", from.wrap_aead(&message, BEFORE, privacy))?;
            let answer = to.unwrap_aead(&token, BEFORE)?;
            checks.equal(&answer, &Ok(expected(&message, privacy)), "aead", to.flavour);
            let token = must(from.flavour, "wrap_aead", from.wrap_aead(&message, BEFORE, privacy))?;
            let answer = to.unwrap_aead(&token, AFTER)?;
            checks.expect(answer.is_err(), "refuses-other-associated-data", to.flavour, || {
                format!("{size} octets, {privacy:?}")
            });
            // So that none is missing.
            let answer = to.unwrap_aead(&token, BEFORE)?;
            checks.expect(answer.is_ok(), "aead-after-forgery", to.flavour, || {
                format!("{answer:?}")
            });
        }
        Ok(())
    })
}

/// What can be done with buffers in a context.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Standard,
    /// MIT has no streams then; Heimdal takes no trailer, and scatters sealed messages only.
    Dce,
}

impl Style {
    pub(super) fn of(subject: &Subject<'_>) -> Self {
        if subject.terms.asks("dce_style") {
            Self::Dce
        } else {
            Self::Standard
        }
    }

    pub(super) fn layouts(self, Direction { from, to }: &Direction<'_>, privacy: Privacy) -> Vec<Layout> {
        let heimdal = [from.flavour, to.flavour].contains(&Flavour::Heimdal);
        match self {
            Self::Standard => vec![Layout::Trailer, Layout::Header],
            Self::Dce if from.flavour == Flavour::Heimdal && privacy == Privacy::Open => vec![],
            Self::Dce if heimdal => vec![Layout::Header],
            Self::Dce => vec![Layout::Trailer, Layout::Header],
        }
    }

    /// How a scattered token can be handed over: as a stream only if nothing stands between its data.
    pub(super) fn receptions(self, scattered: Scattered<'_>, to: Flavour) -> Vec<Reception> {
        let cut = Reception::Cut(scattered.layout, scattered.privacy);
        if scattered.signed.between.is_some() || (self == Self::Dce && to != Flavour::Gss) {
            vec![cut]
        } else {
            vec![Reception::Stream, cut]
        }
    }

    /// How a plain token can be handed over, if at all.
    fn of_plain(self, Direction { from, to }: &Direction<'_>, privacy: Privacy) -> Option<Reception> {
        match (self, to.flavour) {
            (Self::Standard, _) | (Self::Dce, Flavour::Gss) => Some(Reception::Stream),
            // Only Heimdal rotates its plain tokens, as they must be without a trailer.
            (Self::Dce, Flavour::Heimdal) => None,
            (Self::Dce, _) if from.flavour == Flavour::Heimdal => Some(Reception::Cut(Layout::Header, privacy)),
            (Self::Dce, _) => Some(Reception::Cut(Layout::Trailer, privacy)),
        }
    }

    /// Both peers unwrap it by what they do not have in DCE style, and so does Heimdal wrap it.
    fn has_aead(self, Direction { from, to }: &Direction<'_>) -> bool {
        self == Self::Standard || (to.flavour == Flavour::Gss && from.flavour != Flavour::Heimdal)
    }
}

fn both_ends(
    Direction { from, to }: &mut Direction<'_>,
    checks: &mut Checks,
    style: Style,
    (name, scattered): (&str, Scattered<'_>),
) -> Result<()> {
    for reception in style.receptions(scattered, to.flavour) {
        let token = must(from.flavour, "wrap_iov", from.wrap_iov(scattered))?;
        let answer = to.unwrap_iov(&token, scattered.signed, reception)?;
        let wanted = expected(scattered.message, scattered.privacy);
        let how = match reception {
            Reception::Stream => "stream",
            Reception::Cut(..) => "cut",
        };
        let check = format!("iov-{}{name}-{how}", scattered.layout.name());
        checks.equal(&answer, &Ok(wanted), &check, to.flavour);
    }
    Ok(())
}

fn scattered_to_contiguous(direction: &mut Direction<'_>, checks: &mut Checks, scattered: Scattered<'_>) -> Result<()> {
    let Direction { from, to } = &mut *direction;
    let token = must(from.flavour, "wrap_iov", from.wrap_iov(scattered))?;
    let answer = to.unwrap(&token)?;
    let wanted = expected(scattered.message, scattered.privacy);
    let check = format!("unwrap-{}", scattered.layout.name());
    checks.equal(&answer, &Ok(wanted), &check, to.flavour);
    if answer.is_err() {
        catch_up(direction, checks)?;
    }
    Ok(())
}

fn contiguous_to_scattered(
    Direction { from, to }: &mut Direction<'_>,
    checks: &mut Checks,
    message: &[u8],
    (privacy, reception): (Privacy, Reception),
) -> Result<()> {
    let token = must(from.flavour, "wrap", from.wrap(message, privacy))?;
    let answer = to.unwrap_iov(&token, Signed::default(), reception)?;
    checks.equal(&answer, &Ok(expected(message, privacy)), "iov-of-plain", to.flavour);
    Ok(())
}

fn expected(message: &[u8], privacy: Privacy) -> Unwrapped {
    Unwrapped {
        message: message.to_vec(),
        privacy,
        sequence: "ok".to_owned(),
    }
}

const BEFORE: &[u8] = b"signed, but sent by other means";
const AFTER: &[u8] = b"the verifier of a PDU";

/// What is signed only, by the end of a check's name.
const SIGNED: [(&str, Signed<'static>); 4] = [
    (
        "",
        Signed {
            before: None,
            between: None,
            after: None,
        },
    ),
    (
        "-before",
        Signed {
            before: Some(BEFORE),
            between: None,
            after: None,
        },
    ),
    // Header signing of DCE RPC.
    (
        "-around",
        Signed {
            before: Some(BEFORE),
            between: None,
            after: Some(AFTER),
        },
    ),
    (
        "-everywhere",
        Signed {
            before: Some(BEFORE),
            between: Some(b"in the middle"),
            after: Some(AFTER),
        },
    ),
];
