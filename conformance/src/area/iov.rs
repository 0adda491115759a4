//! Scattered messages: both layouts, with and without associated data, and mixed with contiguous ones.

use anyhow::Result;

use super::{SIZES, Subject, message, must};
use crate::{
    pair::Direction,
    party::{Layout, Scattered, Unwrapped},
    report::Checks,
};

const ASSOCIATED: &[u8] = b"signed, but sent by other means";

pub(super) fn conf(subject: &mut Subject<'_>) -> Result<()> {
    subject.both_ways(|direction, checks| all(direction, checks, true))
}

pub(super) fn integ(subject: &mut Subject<'_>) -> Result<()> {
    subject.both_ways(|direction, checks| all(direction, checks, false))
}

fn all(direction: &mut Direction<'_>, checks: &mut Checks, sealed: bool) -> Result<()> {
    for size in SIZES {
        let message = message(size);
        for layout in [Layout::Trailer, Layout::Header] {
            for associated in [None, Some(ASSOCIATED)] {
                let scattered = Scattered {
                    message: &message,
                    associated,
                    sealed,
                    layout,
                };
                scattered_both_ends(direction, checks, scattered)?;
            }
            let scattered = Scattered {
                message: &message,
                associated: None,
                sealed,
                layout,
            };
            scattered_to_contiguous(direction, checks, scattered)?;
        }
        contiguous_to_scattered(direction, checks, &message, sealed)?;
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
    let wanted = expected(scattered.message, scattered.sealed);
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
    let wanted = expected(scattered.message, scattered.sealed);
    checks.equal(&answer, &Ok(wanted), &format!("unwrap-{}", name(scattered)), to.flavour);
    Ok(())
}

fn contiguous_to_scattered(
    Direction { from, to }: &mut Direction<'_>,
    checks: &mut Checks,
    message: &[u8],
    sealed: bool,
) -> Result<()> {
    let token = must(from.flavour, "wrap", from.wrap(message, sealed))?;
    let answer = to.unwrap_iov(&token, None)?;
    checks.equal(&answer, &Ok(expected(message, sealed)), "iov-of-plain", to.flavour);
    Ok(())
}

fn expected(message: &[u8], sealed: bool) -> Unwrapped {
    Unwrapped {
        message: message.to_vec(),
        sealed,
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
