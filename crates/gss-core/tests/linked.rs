//! Mechanisms that are found because they are linked.

#![forbid(unsafe_code)]
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failure of the fixture is a failure of the test"
)]

#[path = "mechglue/fake.rs"]
#[allow(dead_code, reason = "shared with the other tests")]
mod fake;
#[path = "mechglue/fake_context.rs"]
mod fake_context;

use std::sync::Arc;

use gss_core::{Environment, Mechanism, Mechanisms, Oid, Registration, Result, Snapshot, inventory, oid};
use gss_test::TestClock;

const FIRST: Oid = oid!("1.2.3.8");
const SECOND: Oid = oid!("1.2.3.1");
const THIRD: Oid = oid!("1.2.3.2");
const NEGOTIATOR: Oid = oid!("1.2.3.0");

// Not in the order that is expected: priority first, then OID, then the negotiators.
inventory::submit! { Registration::negotiator(NEGOTIATOR, 0, negotiator) }
inventory::submit! { Registration::concrete(THIRD, 20, |_| concrete(THIRD)) }
inventory::submit! { Registration::concrete(SECOND, 20, |_| concrete(SECOND)) }
inventory::submit! { Registration::concrete(FIRST, 10, first) }

fn concrete(oid: Oid) -> Result<Arc<dyn Mechanism>> {
    Ok(Arc::new(fake::Fake::new(oid)))
}

fn first(environment: &Environment) -> Result<Arc<dyn Mechanism>> {
    let alias: Option<Oid> = environment.variable("ALIAS").and_then(|alias| alias.parse().ok());
    let mut fake = fake::Fake::new(FIRST);
    fake.aliases.extend(alias);
    Ok(Arc::new(fake))
}

fn negotiator(snapshot: Snapshot) -> Result<Arc<dyn Mechanism>> {
    assert_eq!(
        snapshot.defaults().map(|mech| mech.oid()).collect::<Vec<_>>(),
        [FIRST, SECOND, THIRD]
    );
    Ok(Arc::new(fake::Negotiator {
        oid: NEGOTIATOR,
        snapshot,
    }))
}

fn environment() -> Environment {
    Environment::new(Arc::new(TestClock::at_seconds(0)))
}

#[test]
fn linked_mechanisms_stand_by_priority_and_oid_and_negotiators_last() {
    let mechs = Mechanisms::linked(&environment()).unwrap();
    assert_eq!(mechs.oids().collect::<Vec<_>>(), [FIRST, SECOND, THIRD, NEGOTIATOR]);
}

#[test]
fn constructors_see_the_environment() {
    let mechs = Mechanisms::linked(&environment().with_variable("ALIAS", "1.2.4")).unwrap();
    assert_eq!(mechs.mechanism(&oid!("1.2.4")).unwrap().oid(), FIRST);
    let twice = Mechanisms::linked(&environment().with_variable("ALIAS", "1.2.3.1")).unwrap_err();
    assert_eq!(twice.to_string(), "two mechanisms are registered as 1.2.3.1");
}
