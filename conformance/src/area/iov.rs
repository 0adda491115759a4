//! Scattered messages: both layouts, with and without associated data, and mixed with contiguous ones.

use anyhow::Result;

use super::{SIZES, Subject, message, must};
use crate::{
    pair::Direction,
    party::{Layout, Privacy, Scattered, Unwrapped},
    report::Checks,
};

pub(super) fn conf(subject: &mut Subject<'_>) -> Result<()> {
    subject.both_ways(|direction, checks| all(direction, checks, Privacy::Sealed))
}

pub(super) fn integ(subject: &mut Subject<'_>) -> Result<()> {
    subject.both_ways(|direction, checks| all(direction, checks, Privacy::Open))
}

fn all(direction: &mut Direction<'_>, checks: &mut Checks, privacy: Privacy) -> Result<()> {
    for size in SIZES {
        let message = message(size);
        for layout in [Layout::Trailer, Layout::Header] {
            for associated in [None, Some(ASSOCIATED)] {
                let scattered = Scattered {
                    message: &message,
                    associated,
                    privacy,
                    layout,
                };
                scattered_both_ends(direction, checks, scattered)?;
            }
            let scattered = Scattered {
                message: &message,
                associated: None,
                privacy,
                layout,
            };
            scattered_to_contiguous(direction, checks, scattered)?;
        }
        contiguous_to_scattered(direction, checks, &message, privacy)?;
    }
    Ok(())
}

fn scattered_both_ends(
    Direction { from, to }: &mut Direction<'_>,
    checks: &mut Checks,
    scattered: Scattered<'_>,
) -> Result<()> {
    let token = must(from.flavour, "wrap_iov", from.wrap_iov(scattered))?;
    let answer = to.unwrap_iov(&token, scattered.associated)?;
    let wanted = expected(scattered.message, scattered.privacy);
    checks.equal(&answer, &Ok(wanted), &format!("iov-{}", name(scattered)), to.flavour);
    Ok(())
}

fn scattered_to_contiguous(
    Direction { from, to }: &mut Direction<'_>,
    checks: &mut Checks,
    scattered: Scattered<'_>,
) -> Result<()> {
    let token = must(from.flavour, "wrap_iov", from.wrap_iov(scattered))?;
    let answer = to.unwrap(&token)?;
    let wanted = expected(scattered.message, scattered.privacy);
    checks.equal(&answer, &Ok(wanted), &format!("unwrap-{}", name(scattered)), to.flavour);
    Ok(())
}

fn contiguous_to_scattered(
    Direction { from, to }: &mut Direction<'_>,
    checks: &mut Checks,
    message: &[u8],
    privacy: Privacy,
) -> Result<()> {
    let token = must(from.flavour, "wrap", from.wrap(message, privacy))?;
    let answer = to.unwrap_iov(&token, None)?;
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

fn name(scattered: Scattered<'_>) -> String {
    let layout = match scattered.layout {
        Layout::Trailer => "trailer",
        Layout::Header => "header",
    };
    let associated = scattered.associated.map_or("", |_| "-associated");
    format!("{layout}{associated}")
}

const ASSOCIATED: &[u8] = b"signed, but sent by other means";
