//! A flipped bit, wherever it is, is refused, and the context goes on.

use anyhow::Result;

use super::iov::Style;
use super::{Subject, catch_up, message, must};
use crate::{
    flavour::Flavour,
    pair::Direction,
    party::{Privacy, Scattered, Side, Signed, Unwrapped},
    pipe::Refusal,
    report::Checks,
};

pub(super) fn mic(subject: &mut Subject<'_>) -> Result<()> {
    subject.both_ways(|direction, checks| {
        catch_up(direction, checks)?;
        let Direction { from, to } = direction;
        for size in SIZES {
            let message = message(size);
            for at in places(28) {
                let token = must(from.flavour, "get_mic", from.mic(&message))?;
                let answer = to.verify(&message, &flip(&token, at))?;
                refused(signed(&answer), "flipped-mic", to, checks, at);
                still_good(&to.verify(&message, &token)?, to, checks);
            }
            for at in places(size) {
                let token = must(from.flavour, "get_mic", from.mic(&message))?;
                let answer = to.verify(&flip(&message, at), &token)?;
                refused(signed(&answer), "other-message", to, checks, at);
                still_good(&to.verify(&message, &token)?, to, checks);
            }
        }
        Ok(())
    })
}

pub(super) fn wrap_conf(subject: &mut Subject<'_>) -> Result<()> {
    subject.both_ways(|direction, checks| wrap(direction, checks, Privacy::Sealed))
}

pub(super) fn wrap_integ(subject: &mut Subject<'_>) -> Result<()> {
    subject.both_ways(|direction, checks| wrap(direction, checks, Privacy::Open))
}

fn wrap(direction: &mut Direction<'_>, checks: &mut Checks, privacy: Privacy) -> Result<()> {
    for size in SIZES {
        let message = message(size);
        let length = must(direction.from.flavour, "wrap", direction.from.wrap(&message, privacy))?.len();
        catch_up(direction, checks)?;
        let Direction { from, to } = direction;
        for at in places(length).filter(|at| !ROTATION.contains(at)) {
            let token = must(from.flavour, "wrap", from.wrap(&message, privacy))?;
            let answer = to.unwrap(&flip(&token, at))?;
            refused(wrapped(&answer), "flipped-wrap", to, checks, at);
            genuine(&to.unwrap(&token)?, &message, to, checks);
        }
        for length in [0, 1, 15, 16, 27, length.saturating_sub(1)] {
            let token = must(from.flavour, "wrap", from.wrap(&message, privacy))?;
            let answer = to.unwrap(&token[..length.min(token.len() - 1)])?;
            refused(wrapped(&answer), "truncated-wrap", to, checks, length);
            genuine(&to.unwrap(&token)?, &message, to, checks);
        }
    }
    Ok(())
}

pub(super) fn iov(subject: &mut Subject<'_>) -> Result<()> {
    let style = Style::of(subject);
    subject.both_ways(|direction, checks| {
        for (privacy, size) in SIZES
            .iter()
            .flat_map(|&size| [(Privacy::Sealed, size), (Privacy::Open, size)])
        {
            let Some(layout) = style.layouts(direction, privacy).first().copied() else {
                continue;
            };
            let message = message(size);
            let scattered = Scattered {
                message: &message,
                signed: SIGNED,
                privacy,
                layout,
            };
            iov_of(direction, checks, style, scattered)?;
        }
        Ok(())
    })
}

fn iov_of(direction: &mut Direction<'_>, checks: &mut Checks, style: Style, scattered: Scattered<'_>) -> Result<()> {
    let message = scattered.message;
    let make = |from: &mut Side| must(from.flavour, "wrap_iov", from.wrap_iov(scattered));
    let length = make(direction.from)?.len();
    catch_up(direction, checks)?;
    let Direction { from, to } = direction;
    let ours = to.flavour == Flavour::Gss;
    let Some(&reception) = style.receptions(scattered, to.flavour).first() else {
        return Ok(());
    };
    let skipped = |at: &usize| ROTATION.contains(at) || !ours && EXTRA_COUNT.contains(at);
    for at in places(length).filter(|at| !skipped(at)) {
        let token = make(from)?;
        let answer = to.unwrap_iov(&flip(&token, at), SIGNED, reception)?;
        refused(wrapped(&answer), "flipped-iov", to, checks, at);
        genuine(&to.unwrap_iov(&token, SIGNED, reception)?, message, to, checks);
    }
    for at in places(ASSOCIATED.len()) {
        let token = make(from)?;
        let flipped = flip(ASSOCIATED, at);
        let other = Signed {
            before: Some(&flipped),
            ..SIGNED
        };
        let answer = to.unwrap_iov(&token, other, reception)?;
        refused(wrapped(&answer), "other-associated-data", to, checks, at);
        genuine(&to.unwrap_iov(&token, SIGNED, reception)?, message, to, checks);
    }
    let token = make(from)?;
    let answer = to.unwrap_iov(&token, Signed::default(), reception)?;
    refused(wrapped(&answer), "no-associated-data", to, checks, 0);
    genuine(&to.unwrap_iov(&token, SIGNED, reception)?, message, to, checks);
    Ok(())
}

/// Where to flip: each octet of a token's header, then a few of the rest.
fn places(length: usize) -> impl Iterator<Item = usize> {
    let rest = length.saturating_sub(16);
    (0..length.min(16))
        .chain([0, 1, rest / 2, rest.saturating_sub(1)].map(|at| at + 16))
        .filter(move |&at| at < length)
}

fn flip(octets: &[u8], at: usize) -> Vec<u8> {
    let mut flipped = octets.to_vec();
    // A different bit at each place.
    flipped[at] ^= 1 << (at % 8);
    flipped
}

/// What a receiver made of a forgery.
enum Reception<'a> {
    Refused(&'a Refusal),
    /// No error, but this about its sequence number, be that genuine or not.
    OutOfSequence(&'a str),
    Accepted,
}

fn signed(answer: &Result<String, Refusal>) -> Reception<'_> {
    match answer {
        Err(refusal) => Reception::Refused(refusal),
        Ok(sequence) if sequence != "ok" => Reception::OutOfSequence(sequence),
        Ok(_) => Reception::Accepted,
    }
}

fn wrapped(answer: &Result<Unwrapped, Refusal>) -> Reception<'_> {
    match answer {
        Err(refusal) => Reception::Refused(refusal),
        Ok(unwrapped) if unwrapped.sequence != "ok" => Reception::OutOfSequence(&unwrapped.sequence),
        Ok(_) => Reception::Accepted,
    }
}

/// Any error will do for a peer; ours must be one of the two that RFC 2743 has for this.
fn refused(reception: Reception<'_>, what: &str, to: &Side, checks: &mut Checks, at: usize) {
    let who = to.flavour;
    match reception {
        Reception::Refused(refusal) => {
            let right = who != Flavour::Gss || matches!(&*refusal.major, "BAD_MIC" | "DEFECTIVE_TOKEN");
            checks.expect(right, &format!("error-for-{what}"), who, || {
                format!("octet {at}: {}: {}", refusal.major, refusal.message)
            });
        }
        Reception::OutOfSequence(sequence) => {
            checks.expect(false, "forgery-as-out-of-sequence", who, || {
                format!("{what}, octet {at}: {sequence}")
            });
        }
        Reception::Accepted => {
            checks.expect(false, &format!("refuses-{what}"), who, || {
                format!("octet {at}: accepted")
            });
        }
    }
}

/// The genuine token is as good as if the forged one had never come.
fn genuine(answer: &Result<Unwrapped, Refusal>, message: &[u8], to: &Side, checks: &mut Checks) {
    let whole = answer.as_ref().is_ok_and(|unwrapped| unwrapped.message == message);
    checks.expect(whole, "content-after-forgery", to.flavour, || format!("{answer:?}"));
    still_good(&answer.clone().map(|unwrapped| unwrapped.sequence), to, checks);
}

fn still_good(answer: &Result<String, Refusal>, to: &Side, checks: &mut Checks) {
    checks.equal(answer, &Ok("ok".to_owned()), "sequence-after-forgery", to.flavour);
}

const SIZES: [usize; 5] = [0, 1, 16, 1000, 4096];

const ASSOCIATED: &[u8] = b"signed, but sent by other means";
const SIGNED: Signed<'static> = Signed {
    before: Some(ASSOCIATED),
    between: None,
    after: None,
};

/// Octets 4 and 5 of a wrap token, EC. Tried on our own side; how a peer judges it is not ours to test.
const EXTRA_COUNT: [usize; 2] = [4, 5];

/// Octets 6 and 7 of a wrap token, RRC: the one field that no checksum covers (RFC 4121 §4.2.5). A rotation by a
/// multiple of the token's length is none, so that a flip there may leave a token of the same meaning.
const ROTATION: [usize; 2] = [6, 7];
