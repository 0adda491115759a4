//! Messages of every size: signed, sealed, and wrapped without sealing.

use anyhow::Result;

use super::{SIZES, Subject, message, must};
use crate::{pair::Direction, party::Privacy, report::Checks};

pub(super) fn mic(subject: &mut Subject<'_>) -> Result<()> {
    subject.both_ways(|Direction { from, to }, checks| {
        for size in SIZES {
            let message = message(size);
            let token = must(from.flavour, "get_mic", from.mic(&message))?;
            let sequence = must(to.flavour, "a MIC", to.verify(&message, &token))?;
            checks.equal(&sequence.as_str(), &"ok", "sequence", to.flavour);
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

fn wrap(Direction { from, to }: &mut Direction<'_>, checks: &mut Checks, privacy: Privacy) -> Result<()> {
    for size in SIZES {
        let message = message(size);
        let token = must(from.flavour, "wrap", from.wrap(&message, privacy))?;
        let hidden = size < 15 || !token.windows(size).any(|window| window == message);
        checks.expect(
            hidden == (privacy == Privacy::Sealed || size < 15),
            "confidentiality",
            from.flavour,
            || format!("{size} octets, {privacy:?}, the message is readable: {}", !hidden),
        );
        let unwrapped = must(to.flavour, "a wrap token", to.unwrap(&token))?;
        checks.equal(&unwrapped.message, &message, "message", to.flavour);
        checks.equal(&unwrapped.privacy, &privacy, "conf-state", to.flavour);
        checks.equal(&unwrapped.sequence.as_str(), &"ok", "sequence", to.flavour);
    }
    Ok(())
}
