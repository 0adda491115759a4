//! What is checked on an established pair, area by area. Each runs in both directions.

mod establish;
mod inquiry;
mod iov;
mod messages;
mod sequence;
mod tamper;

use anyhow::{Result, bail};

use crate::{
    flavour::{Enctype, Flavour, Role},
    pair::{Direction, Pair},
    party::Answer,
    pipe::Refusal,
    report::Checks,
    scenario::Terms,
};

pub(crate) use establish::check as establish;

/// An area: its name and its checks.
pub(crate) struct Area {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&mut Subject<'_>) -> Result<()>,
}

/// What an area works on.
pub(crate) struct Subject<'a> {
    pub(crate) pair: &'a mut Pair,
    pub(crate) checks: &'a mut Checks,
    pub(crate) terms: &'static Terms,
    /// Of the ticket.
    pub(crate) enctype: Enctype,
    /// The user's principal.
    pub(crate) user: &'a str,
}

/// Every area on an established context, in the order in which they run.
///
/// The order matters to implementations that count a forged token as received: what tampers comes after what counts.
pub(crate) const AREAS: &[Area] = &[
    Area::new("mic", messages::mic),
    Area::new("wrap-conf", messages::wrap_conf),
    Area::new("wrap-integ", messages::wrap_integ),
    Area::new("iov-conf", iov::conf),
    Area::new("iov-integ", iov::integ),
    Area::new("aead", iov::aead),
    Area::new("prf", inquiry::prf),
    Area::new("session-key", inquiry::session_key),
    Area::new("size-limit", inquiry::size_limit),
    Area::new("delegated", inquiry::delegated),
    Area::new("export", inquiry::export),
    Area::new("sequence", sequence::check),
    Area::new("tamper-mic", tamper::mic),
    Area::new("tamper-wrap-conf", tamper::wrap_conf),
    Area::new("tamper-wrap-integ", tamper::wrap_integ),
    Area::new("tamper-iov", tamper::iov),
];

impl Area {
    const fn new(name: &'static str, run: fn(&mut Subject<'_>) -> Result<()>) -> Self {
        Self { name, run }
    }
}

impl Subject<'_> {
    /// Runs `check` in the direction of each role.
    fn both_ways(&mut self, mut check: impl FnMut(&mut Direction<'_>, &mut Checks) -> Result<()>) -> Result<()> {
        for role in [Role::Initiator, Role::Acceptor] {
            check(&mut self.pair.direction(role), self.checks)?;
        }
        Ok(())
    }
}

/// Sends one message whose sequencing nobody minds: what was lost before is behind then.
fn catch_up(Direction { from, to }: &mut Direction<'_>, checks: &mut Checks) -> Result<()> {
    let token = must(from.flavour, "get_mic", from.mic(b""))?;
    let answer = to.verify(b"", &token)?;
    checks.expect(answer.is_ok(), "sequence-after-forgery", to.flavour, || {
        format!("{answer:?}")
    });
    Ok(())
}

/// A message of `length` octets that repeats itself after 251.
fn message(length: usize) -> Vec<u8> {
    (0..=250).cycle().take(length).collect()
}

/// The result of a command that must succeed.
fn must<T>(who: Flavour, what: &str, answer: Answer<T>) -> Result<T> {
    match answer? {
        Ok(result) => Ok(result),
        Err(Refusal { major, message }) => bail!("{who} refuses {what}: {major}: {message}"),
    }
}

/// The lengths of messages, in octets.
const SIZES: [usize; 9] = [0, 1, 15, 16, 17, 1000, 4096, 65536, 70000];
