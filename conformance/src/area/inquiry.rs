//! What both sides must agree on without a message: keys, limits, exported contexts, delegated names.

use anyhow::Result;

use super::{Subject, message, must};
use crate::{
    pair::Direction,
    party::{Privacy, Side},
    report::Checks,
    scenario::Permits,
};

pub(super) fn prf(subject: &mut Subject<'_>) -> Result<()> {
    for input in [0, 1, 64, 300] {
        for length in [1, 16, 20, 48, 100, 1000] {
            let input = message(input);
            let one = pseudo_random(&mut subject.pair.initiator, &input, length, subject.checks)?;
            let other = pseudo_random(&mut subject.pair.acceptor, &input, length, subject.checks)?;
            if let (Some(one), Some(other)) = (one, other) {
                let who = subject.pair.initiator.flavour;
                subject.checks.equal(&one, &other, "prf", who);
            }
        }
    }
    Ok(())
}

fn pseudo_random(side: &mut Side, input: &[u8], length: usize, checks: &mut Checks) -> Result<Option<Vec<u8>>> {
    match side.prf(input, length)? {
        Ok(octets) => {
            checks.equal(&octets.len(), &length, "prf-length", side.flavour);
            Ok(Some(octets))
        }
        Err(refusal) => {
            checks.expect(false, "prf-refused", side.flavour, || format!("{refusal:?}"));
            Ok(None)
        }
    }
}

pub(super) fn session_key(subject: &mut Subject<'_>) -> Result<()> {
    let (initiator, acceptor) = (&mut subject.pair.initiator, &mut subject.pair.acceptor);
    let one = must(initiator.flavour, "session_key", initiator.session_key())?;
    let other = must(acceptor.flavour, "session_key", acceptor.session_key())?;
    let length = match subject.terms.permits {
        Permits::All if subject.terms.implies("mutual") => BEST_KEY_LEN,
        _ => subject.enctype.key_len(),
    };
    subject
        .checks
        .equal(&other.len(), &length, "session-key-length", acceptor.flavour);
    // Not `equal`: keys stay out of reports, even of throw-away realms.
    subject
        .checks
        .expect(one == other, "session-key", initiator.flavour, || {
            format!("{} and {} octets, not the same", one.len(), other.len())
        });
    Ok(())
}

pub(super) fn size_limit(subject: &mut Subject<'_>) -> Result<()> {
    subject.both_ways(|Direction { from, to }, checks| {
        for privacy in [Privacy::Sealed, Privacy::Open] {
            for size in [0, 1, 16, 28, 60, 61, 100, 1000, 4096, 65_536, 70_000] {
                one_limit((from, to), checks, size, privacy)?;
            }
        }
        Ok(())
    })
}

/// A message of the limit's length fits, and one octet more does not (RFC 2743 §2.2.7).
fn one_limit((from, to): (&mut Side, &mut Side), checks: &mut Checks, size: usize, privacy: Privacy) -> Result<()> {
    let limit = must(from.flavour, "wrap_size_limit", from.size_limit(size, privacy))?;
    for (length, fits) in [(limit, limit > 0), (limit + 1, false)] {
        if length == 0 {
            continue;
        }
        let message = message(length);
        let token = must(from.flavour, "wrap", from.wrap(&message, privacy))?;
        checks.expect((token.len() <= size) == fits, "size-limit", from.flavour, || {
            format!(
                "limit {limit} for {size}, {privacy:?}: {length} octets give {}",
                token.len()
            )
        });
        // So that the receiver misses none.
        let unwrapped = must(to.flavour, "a wrap token", to.unwrap(&token))?;
        checks.equal(&unwrapped.message, &message, "message", to.flavour);
    }
    Ok(())
}

/// Whose credential was delegated, or that none was.
pub(super) fn delegated(subject: &mut Subject<'_>) -> Result<()> {
    let acceptor = &mut subject.pair.acceptor;
    let answer = acceptor.delegated()?;
    if !subject.terms.asks("deleg") {
        let none = matches!(&answer, Err(refusal) if refusal.major == "NO_CRED");
        subject
            .checks
            .expect(none, "no-delegation", acceptor.flavour, || format!("{answer:?}"));
        return Ok(());
    }
    let delegated = match answer {
        Ok(delegated) => delegated,
        Err(refusal) => {
            let told = || format!("{}: {}", refusal.major, refusal.message);
            subject.checks.expect(false, "delegation", acceptor.flavour, told);
            return Ok(());
        }
    };
    subject.checks.equal(
        &delegated.name.as_str(),
        &subject.user,
        "delegated-name",
        acceptor.flavour,
    );
    let lives = delegated.lifetime.is_none_or(|seconds| seconds > 60);
    subject
        .checks
        .expect(lives, "delegated-lifetime", acceptor.flavour, || {
            format!("{delegated:?}")
        });
    Ok(())
}

/// Both sides export and import; messages go on where they were.
pub(super) fn export(subject: &mut Subject<'_>) -> Result<()> {
    for side in [&mut subject.pair.initiator, &mut subject.pair.acceptor] {
        let octets = must(side.flavour, "export", side.export())?;
        subject
            .checks
            .expect(octets > 0, "exported", side.flavour, || "an empty token".to_owned());
    }
    subject.both_ways(|Direction { from, to }, checks| {
        let message = message(1000);
        let token = must(from.flavour, "get_mic after import", from.mic(&message))?;
        let sequence = must(to.flavour, "a MIC after import", to.verify(&message, &token))?;
        checks.equal(&sequence.as_str(), &"ok", "sequence-after-import", to.flavour);
        let token = must(from.flavour, "wrap after import", from.wrap(&message, Privacy::Sealed))?;
        let unwrapped = must(to.flavour, "a wrap token after import", to.unwrap(&token))?;
        checks.equal(&unwrapped.message, &message, "message-after-import", to.flavour);
        Ok(())
    })
}

/// In octets, of the best encryption type.
const BEST_KEY_LEN: usize = 32;
