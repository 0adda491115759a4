//! Replays, gaps and late arrivals, reported as the flags ask for (RFC 2743 §1.2.3), with their content.

use anyhow::Result;

use super::{Subject, catch_up, must};
use crate::{
    pair::Direction,
    party::{Privacy, Side},
    report::Checks,
    scenario::Terms,
};

/// What the flags of a context let it notice.
#[derive(Clone, Copy)]
enum Detects {
    Nothing,
    Replay,
    Sequence,
    Both,
}

/// A token's arrival, as the names of the steps below have it.
#[derive(Clone, Copy)]
enum Arrival {
    InOrder,
    /// For the second time.
    Again,
    /// After one or more that have not come.
    Early,
    /// After a later one.
    Late,
    /// After so many later ones that a window does not reach back.
    TooLate,
}

pub(super) fn check(subject: &mut Subject<'_>) -> Result<()> {
    let detects = Detects::of(subject.terms);
    subject.both_ways(|direction, checks| {
        catch_up(direction, checks)?;
        mics(direction, checks, detects)?;
        wraps(direction, checks, detects)
    })
}

impl Detects {
    fn of(terms: &Terms) -> Self {
        match (terms.asks("replay"), terms.asks("sequence")) {
            (false, false) => Self::Nothing,
            (true, false) => Self::Replay,
            (false, true) => Self::Sequence,
            (true, true) => Self::Both,
        }
    }

    /// What may be said of an arrival.
    fn verdicts(self, arrival: Arrival) -> &'static [&'static str] {
        match (arrival, self) {
            (Arrival::InOrder, _) | (_, Self::Nothing) => &["ok"],
            (Arrival::Again, Self::Replay | Self::Both) => &["duplicate"],
            // Without replay detection, what comes again is at least out of sequence.
            (Arrival::Again, Self::Sequence) => &["duplicate", "unsequenced"],
            (Arrival::Early, Self::Sequence | Self::Both) => &["gap"],
            (Arrival::Late, Self::Sequence | Self::Both) => &["unsequenced"],
            (Arrival::Early | Arrival::Late, Self::Replay) => &["ok"],
            (Arrival::TooLate, Self::Replay) => &["old"],
            // Both are true of it; MIT and Heimdal prefer the one, RFC 2743's text the other.
            (Arrival::TooLate, Self::Sequence | Self::Both) => &["unsequenced", "old"],
        }
    }
}

fn mics(Direction { from, to }: &mut Direction<'_>, checks: &mut Checks, detects: Detects) -> Result<()> {
    let tokens = several(5, || must(from.flavour, "get_mic", from.mic(MESSAGE)))?;
    for (index, arrival, step) in STEPS {
        let sequence = must(to.flavour, "an authentic MIC", to.verify(MESSAGE, &tokens[index]))?;
        judge(&sequence, detects, arrival, (&format!("mic-{step}"), to, checks));
    }
    let tokens = several(FAR, || must(from.flavour, "get_mic", from.mic(MESSAGE)))?;
    for (index, arrival, step) in [(FAR - 1, Arrival::Early, "far"), (0, Arrival::TooLate, "too-late")] {
        let sequence = must(to.flavour, "an authentic MIC", to.verify(MESSAGE, &tokens[index]))?;
        judge(&sequence, detects, arrival, (&format!("mic-{step}"), to, checks));
    }
    Ok(())
}

fn wraps(Direction { from, to }: &mut Direction<'_>, checks: &mut Checks, detects: Detects) -> Result<()> {
    for privacy in [Privacy::Sealed, Privacy::Open] {
        let tokens = several(5, || must(from.flavour, "wrap", from.wrap(MESSAGE, privacy)))?;
        for (index, arrival, step) in STEPS {
            let unwrapped = must(to.flavour, "an authentic wrap token", to.unwrap(&tokens[index]))?;
            judge(
                &unwrapped.sequence,
                detects,
                arrival,
                (&format!("wrap-{step}"), to, checks),
            );
            checks.expect(
                unwrapped.message == MESSAGE,
                &format!("content-{step}"),
                to.flavour,
                || format!("{unwrapped:?}"),
            );
        }
    }
    Ok(())
}

fn several(count: usize, mut make: impl FnMut() -> Result<Vec<u8>>) -> Result<Vec<Vec<u8>>> {
    (0..count).map(|_| make()).collect()
}

fn judge(got: &str, detects: Detects, arrival: Arrival, (check, to, checks): (&str, &Side, &mut Checks)) {
    let wanted = detects.verdicts(arrival);
    checks.expect(wanted.contains(&got), check, to.flavour, || {
        format!("{got} instead of {}", wanted.join(" or "))
    });
}

/// Further than any window that the implementations keep.
const FAR: usize = 200;

/// The order in which five tokens arrive.
const STEPS: [(usize, Arrival, &str); 9] = [
    (0, Arrival::InOrder, "in-order"),
    (0, Arrival::Again, "again"),
    (1, Arrival::InOrder, "next"),
    (3, Arrival::Early, "early"),
    (2, Arrival::Late, "late"),
    (2, Arrival::Again, "late-again"),
    (3, Arrival::Again, "early-again"),
    (4, Arrival::InOrder, "next-after-gap"),
    (0, Arrival::Again, "first-again"),
];

const MESSAGE: &[u8] = b"one of several";
