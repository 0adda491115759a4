//! Credentials: where they come from, what they say of themselves, where they are stored.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use std::time::Duration;

use gss_core::{
    Accept, Acquire, CredInfo, CredStore, CredUsage, Credential, ErrorKind, Existing, Flags, Initiate, Mechanism, Name,
    Store,
};
use gss_mech_krb5::{KRB5, KerberosCred, KerberosError, Keys, Tickets};
use krb5_crypto::Enctype;
use krb5_store::ccache;
use world::{START, World, done, single};

fn world() -> World {
    World::new(Enctype::Aes256CtsHmacSha196)
}

fn inspected(cred: &Credential) -> CredInfo {
    done(std::sync::Arc::clone(cred.element(&KRB5).unwrap()).inspect())
}

fn into(name: &str, existing: Existing) -> Store {
    Store {
        store: Some(CredStore::new().with("ccache", name)),
        existing,
        ..Store::default()
    }
}

#[test]
fn a_credential_says_whose_it_is_what_for_and_how_long() {
    let world = world();
    let info = inspected(&world.alice);
    assert_eq!(
        (info.usage, info.name.unwrap().to_text()),
        (CredUsage::Initiate, "alice@EXAMPLE.TEST".to_owned())
    );
    let until = info.initiate_until.unwrap();
    assert!(until > Duration::from_secs(START) && until <= Duration::from_secs(START + 86_400));

    let keys = single(done(world.acceptor.acquire(Acquire::accept())));
    let info = inspected(&keys);
    assert_eq!((info.usage, info.initiate_until), (CredUsage::Accept, None));
    assert!(info.name.is_none(), "it is anybody whose key is there");
}

#[test]
fn one_credential_can_do_both() {
    let world = world();
    done(
        world
            .alice
            .element(&KRB5)
            .unwrap()
            .store(&into(&default_cache(&world), Existing::Overwrite)),
    );
    let both = single(done(world.initiator.acquire(Acquire::default())));
    assert_eq!(inspected(&both).usage, CredUsage::Both);
    let request = world.request(Flags::USUAL).with_cred(both.clone());
    assert!(world.connect(&request, &Accept::new().with_cred(both)).is_ok());
}

fn default_cache(world: &World) -> String {
    world.initiator.environment().ccache.clone()
}

#[test]
fn a_stored_credential_is_found_again_and_overwritten_only_on_request() {
    let world = world();
    let (alice, cache) = (
        world.alice.element(&KRB5).unwrap(),
        format!("{}-copy", default_cache(&world)),
    );
    assert_eq!(
        done(alice.store(&into(&cache, Existing::Keep))).usage,
        CredUsage::Initiate
    );
    let again = world
        .drive(alice.store(&into(&cache, Existing::Keep)))
        .unwrap_err()
        .error;
    assert_eq!(again, ErrorKind::DuplicateElement);
    done(alice.store(&into(&cache, Existing::Overwrite)));

    let source = CredStore::new().with("ccache", cache);
    let found = world.acquire(Acquire::initiate().from_store(source)).unwrap();
    assert_eq!(inspected(&found).name.unwrap().to_text(), "alice@EXAMPLE.TEST");
    assert!(
        world
            .connect(&world.request(Flags::USUAL).with_cred(found), &Accept::new())
            .is_ok()
    );
}

#[test]
fn a_cache_of_somebody_else_is_refused_with_both_names() {
    let world = world();
    let cache = default_cache(&world);
    done(
        world
            .alice
            .element(&KRB5)
            .unwrap()
            .store(&into(&cache, Existing::Overwrite)),
    );
    let error = world
        .acquire(Acquire::initiate().named(Name::user("bob")))
        .unwrap_err()
        .error;
    assert_eq!(error, ErrorKind::NoCred);
    for word in ["alice@EXAMPLE.TEST", "bob@EXAMPLE.TEST", cache.as_str()] {
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn caches_and_keytabs_can_be_octets_that_the_program_keeps() {
    let world = world();
    let name = format!("{}-octets", default_cache(&world));
    done(
        world
            .alice
            .element(&KRB5)
            .unwrap()
            .store(&into(&name, Existing::Overwrite)),
    );
    let cache = std::fs::read(name.strip_prefix("FILE:").unwrap()).unwrap();
    let keytab = world.kdc.service_keytab().to_octets().unwrap();
    let tickets = CredStore::new().with_object("ccache", Tickets::from_octets(&cache).unwrap());
    let keys = CredStore::new().with_object("keytab", Keys::from_octets(&keytab).unwrap());
    let alice = world.acquire(Acquire::initiate().from_store(tickets)).unwrap();
    let service = world.acquire(Acquire::accept().from_store(keys)).unwrap();
    let request = world.request(Flags::USUAL).with_cred(alice);
    assert!(world.connect(&request, &Accept::new().with_cred(service)).is_ok());

    for error in [
        Tickets::from_octets(&keytab).err().unwrap(),
        Keys::from_octets(&cache).err().unwrap(),
        Keys::from_octets(b"").err().unwrap(),
    ] {
        assert_eq!(error.kind(), ErrorKind::DefectiveCredential, "{error}");
    }
}

#[test]
fn a_client_keytab_without_the_client_is_told_with_whom_it_has() {
    let world = world();
    let error = world.client("bob").unwrap_err().error;
    assert!(
        matches!(error.reason_as(), Some(KerberosError::NoKeytabEntry { .. })),
        "{error}"
    );
    for word in ["bob@EXAMPLE.TEST", "alice@EXAMPLE.TEST"] {
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn a_cache_without_a_ticket_granting_ticket_still_has_its_service_tickets() {
    let world = world();
    world.first_token(&world.request(Flags::USUAL));
    let name = format!("{}-service-only", default_cache(&world));
    done(
        world
            .alice
            .element(&KRB5)
            .unwrap()
            .store(&into(&name, Existing::Overwrite)),
    );
    let cache = ccache::resolve(&name).unwrap();
    let mut contents = (*cache.read().unwrap()).clone();
    contents.credentials.retain(|ticket| !ticket.server.is_krbtgt());
    cache.replace(&contents).unwrap();

    let cred = single(std::sync::Arc::new(
        KerberosCred::from_cache(world.initiator.environment().clone(), cache).unwrap(),
    ));
    assert!(
        world
            .connect(&world.request(Flags::USUAL).with_cred(cred.clone()), &Accept::new())
            .is_ok()
    );
    let other = Initiate {
        target: Name::hostbased_service("host@www.example.test"),
        ..world.request(Flags::USUAL)
    };
    let error = world
        .drive(world.initiate(&other.with_cred(cred)).step(None))
        .err()
        .unwrap()
        .error;
    assert!(
        matches!(error.reason_as(), Some(KerberosError::NoTgt { .. })),
        "{error}"
    );
}

#[test]
fn c15_a_store_value_that_is_not_text_is_never_the_default() {
    let world = world();
    for key in ["ccache", "keytab", "client_keytab"] {
        let store = CredStore::new().with(key, *b"FILE:/\xe9");
        for request in [Acquire::initiate(), Acquire::accept(), Acquire::default()] {
            let request = request.named(Name::krb5_principal("alice")).from_store(store.clone());
            let error = world.acquire(request).unwrap_err().error;
            assert!(error.to_string().contains(key), "{error}");
        }
    }
    let alice = world.alice.element(&KRB5).unwrap();
    let into = Store {
        store: Some(CredStore::new().with("ccache", *b"FILE:/\xe9")),
        existing: Existing::Overwrite,
        ..Store::default()
    };
    assert_eq!(
        world.drive(alice.store(&into)).unwrap_err().error.kind(),
        ErrorKind::NoCred
    );
}

#[test]
fn k11_an_anonymous_acceptor_is_nobody_instead_of_anybody() {
    let request = Acquire::accept().named(Name::anonymous());
    assert_eq!(world().acquire(request).unwrap_err().error.kind(), ErrorKind::BadName);
}
