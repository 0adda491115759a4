//! The handshake itself: who, with which flags, bound to which channel, or refused.

use crate::{
    flavour::Flavour,
    pair::{Handshake, Verdict},
    party::Established,
    realm::Site,
    report::Checks,
    scenario::{Outcome, Scenario, Terms},
};

/// Compares how the handshake went with the scenario's terms.
pub(crate) fn check(handshake: &Handshake, scenario: &Scenario, site: &Site, checks: &mut Checks) {
    let initiator = (scenario.initiator, &handshake.initiator);
    let acceptor = (scenario.acceptor, &handshake.acceptor);
    match scenario.terms.outcome {
        Outcome::Established | Outcome::Bound => {
            for (flavour, verdict) in [initiator, acceptor] {
                match verdict {
                    Some(Ok(established)) => {
                        names(established, flavour, site, checks);
                        flags(established, flavour, scenario.terms, checks);
                    }
                    _ => checks.expect(false, "established", flavour, || told(verdict)),
                }
            }
            if let Some((_, established)) = handshake.established() {
                bound(established, scenario, checks);
            }
        }
        Outcome::Refused(major) => {
            let matching = matches!(acceptor.1, Some(Err(refusal)) if refusal.major == major);
            checks.expect(matching, "refused", acceptor.0, || told(acceptor.1));
            not_established(initiator, checks);
        }
        Outcome::TamperedRequest(_) => {
            refused(acceptor, checks);
            not_established(initiator, checks);
        }
        Outcome::TamperedReply(_) => refused(initiator, checks),
        Outcome::TamperedThird(_) => refused(acceptor, checks),
    }
}

fn names(established: &Established, flavour: Flavour, site: &Site, checks: &mut Checks) {
    checks.equal(&established.mech.as_str(), &KERBEROS, "mechanism", flavour);
    checks.equal(
        &established.initiator.as_deref(),
        &Some(&*site.user),
        "initiator-name",
        flavour,
    );
    checks.equal(
        &established.acceptor.as_deref(),
        &Some(&*site.service),
        "acceptor-name",
        flavour,
    );
    let lives = established
        .lifetime
        .is_none_or(|seconds| (60..=86_400 * 2).contains(&seconds));
    checks.expect(lives, "lifetime", flavour, || format!("{:?} s", established.lifetime));
}

/// Exactly the flags asked for: neither more nor fewer.
fn flags(established: &Established, flavour: Flavour, terms: &Terms, checks: &mut Checks) {
    let granted = |flag: &str| established.flags.iter().any(|granted| granted == flag);
    for flag in ["mutual", "replay", "sequence", "conf", "integ", "deleg", "dce_style"] {
        checks.expect(
            granted(flag) == terms.implies(flag),
            &format!("flag-{flag}"),
            flavour,
            || format!("{:?} granted for {:?}", established.flags, terms.flags),
        );
    }
}

fn bound(established: &Established, scenario: &Scenario, checks: &mut Checks) {
    let reported = established.flags.iter().any(|flag| flag == "channel_bound");
    let wanted = scenario.terms.outcome == Outcome::Bound;
    checks.expect(reported == wanted, "flag-channel-bound", scenario.acceptor, || {
        format!("{:?}", established.flags)
    });
}

fn refused((flavour, verdict): (Flavour, &Option<Verdict>), checks: &mut Checks) {
    checks.expect(matches!(verdict, Some(Err(_))), "refused", flavour, || told(verdict));
}

fn not_established((flavour, verdict): (Flavour, &Option<Verdict>), checks: &mut Checks) {
    checks.expect(!matches!(verdict, Some(Ok(_))), "not-established", flavour, || {
        told(verdict)
    });
}

fn told(verdict: &Option<Verdict>) -> String {
    match verdict {
        None => "no verdict".to_owned(),
        Some(Ok(established)) => format!("{established:?}"),
        Some(Err(refusal)) => format!("{}: {}", refusal.major, refusal.message),
    }
}

/// RFC 1964 §1.
const KERBEROS: &str = "1.2.840.113554.1.2.2";
