//! Credentials that the initiator hands over, and those that it keeps.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use std::sync::Arc;

use gss_core::{Accept, Acquire, Credential, EstablishedContext, Flags, Initiate, MechCred, Mechanisms, Name};
use gss_mech_krb5::KRB5;
use gss_test::Established;
use krb5_crypto::Enctype;
use krb5_kdc::{Attribute, Kdc, NewPrincipal};
use world::{CONFIGURATION, REALM, World, done, single};

fn delegating(world: &World, flags: Flags, service: &str) -> Established {
    let request = Initiate {
        target: Name::hostbased_service(service),
        ..world.request(Flags::USUAL | flags)
    };
    world.connect(&request, &Accept::new()).unwrap()
}

fn taken(established: &mut Established) -> Option<Arc<dyn MechCred>> {
    let flags = |context: &dyn EstablishedContext| context.info().flags;
    let delegated = established.acceptor.take_delegated();
    for context in [&*established.initiator, &*established.acceptor] {
        assert_eq!(
            flags(context).contains(Flags::DELEG),
            delegated.is_some(),
            "the flag tells the truth"
        );
    }
    assert!(established.acceptor.take_delegated().is_none(), "it is handed out once");
    assert!(established.initiator.take_delegated().is_none());
    delegated
}

#[test]
fn a_forwarded_ticket_is_as_good_as_the_initiators_own() {
    for enctype in Enctype::ALL {
        let world = World::new(*enctype);
        let mut established = delegating(&world, Flags::DELEG, "HTTP@www.example.test");
        let delegated = taken(&mut established).expect("it was asked for");
        let info = done(Arc::clone(&delegated).inspect());
        assert_eq!(info.name.unwrap().to_text(), "alice@EXAMPLE.TEST");
        assert!(info.initiate_until.is_some());

        let request = Initiate {
            target: Name::hostbased_service("host@www.example.test"),
            ..world.request(Flags::USUAL)
        };
        let onward = world
            .connect(&request.with_cred(single(delegated)), &Accept::new())
            .unwrap();
        assert_eq!(
            onward.acceptor.info().source.as_ref().unwrap().to_text(),
            "alice@EXAMPLE.TEST"
        );
        assert_eq!(
            onward.acceptor.info().target.as_ref().unwrap().to_text(),
            "host/www.example.test@EXAMPLE.TEST"
        );
    }
}

#[test]
fn c13_nothing_is_delegated_unless_asked_for() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    for service in ["HTTP@www.example.test", "HTTP@trusted.example.test"] {
        let mut established = delegating(&world, Flags::empty(), service);
        assert!(taken(&mut established).is_none());
        let longest = established.sent.iter().map(|(_, token)| token.len()).max().unwrap();
        let delegated = delegating(&world, Flags::DELEG, service);
        let with = delegated.sent.iter().map(|(_, token)| token.len()).max().unwrap();
        assert!(
            longest + 300 < with,
            "the ticket shows in the size of the token: {longest} and {with}"
        );
    }
}

#[test]
fn c13_by_policy_only_what_the_realm_trusts_gets_a_ticket() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    assert!(taken(&mut delegating(&world, Flags::DELEG_POLICY, "HTTP@www.example.test")).is_none());
    assert!(
        taken(&mut delegating(
            &world,
            Flags::DELEG_POLICY,
            "HTTP@trusted.example.test"
        ))
        .is_some()
    );
}

#[test]
fn c14_a_ticket_that_cannot_be_forwarded_costs_the_delegation_only() {
    let bound = NewPrincipal::with_random_key("carol").attribute(Attribute::NotForwardable);
    let kdc = Kdc::builder(REALM).enctypes(&[Enctype::Aes256CtsHmacSha196]).add(bound);
    let world = World::with(kdc, CONFIGURATION);
    let carol: Credential = world.client("carol").unwrap();
    let request = world.request(Flags::USUAL | Flags::DELEG).with_cred(carol);
    let mut established = world.connect(&request, &Accept::new()).unwrap();
    assert!(taken(&mut established).is_none());
}

#[test]
fn a_delegated_credential_does_not_accept_contexts() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let delegated = taken(&mut delegating(&world, Flags::DELEG, "HTTP@www.example.test")).unwrap();
    let accept = Accept::new().with_cred(Credential::single(KRB5, delegated));
    assert!(gss_core::Mechanism::accept(&world.acceptor, &accept).is_err());
    assert!(gss_core::Mechanism::acquire(&world.acceptor, Acquire::accept()).is_ok());
}

#[test]
fn c14_an_exported_context_promises_no_delegated_credential() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let mut established = delegating(&world, Flags::DELEG, "HTTP@www.example.test");
    assert!(established.acceptor.info().flags.contains(Flags::DELEG));
    let octets = Mechanisms::export_context(&mut *established.acceptor).unwrap();
    let mechs = Mechanisms::builder().with(world.acceptor.clone()).build().unwrap();
    let mut imported = mechs.import_context(&octets).unwrap();
    assert!(!imported.info().flags.contains(Flags::DELEG));
    assert!(imported.take_delegated().is_none());
}
