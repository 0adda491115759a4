//! Credential stores: which keys mean what, for which use, and which do not go together.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use std::sync::Arc;

use gss_core::{
    Accept, Acquire, CredStore, CredUsage, Credential, Error, ErrorKind, Existing, Flags, Initiate, Mechanism, Name,
    Octets, OptionValue, Rank, StepError, Store, Stored,
};
use gss_mech_krb5::{
    CRED_NO_CI_FLAGS, KRB5, KerberosEnvironment, KerberosError, Keys, Krb5, SET_ALLOWABLE_ENCTYPES, Tickets,
};
use krb5_crypto::Enctype;
use krb5_proto::{Credentials, Principal};
use krb5_store::ccache::{self, CacheContents, CredentialCache, MemoryCache};
use krb5_store::keytab::{KeySource, Keytab, MemoryKeytab};
use world::{START, World, single};

fn world() -> World {
    World::new(Enctype::Aes256CtsHmacSha196)
}

fn error_of<T>(result: Result<T, StepError>) -> Error {
    result.err().expect("nothing was wrong").error
}

fn minor(error: &Error) -> i32 {
    i32::from_ne_bytes(error.minor().to_ne_bytes())
}

fn acquire(world: &World, usage: CredUsage, name: Option<&str>, store: CredStore) -> Result<Credential, StepError> {
    let request = Acquire {
        name: name.map(Name::user),
        usage,
        ..Acquire::default()
    };
    world.acquire(request.from_store(store))
}

/// Observed with MIT's library 1.20: password goes with neither ccache nor client_keytab nor accepting, verify needs
/// password (`G_BAD_USAGE`), and a key that comes twice is a duplicate element.
#[test]
fn keys_that_contradict_each_other_are_refused_with_mits_statuses() {
    let world = world();
    type Case = (
        CredUsage,
        Option<&'static str>,
        &'static [(&'static str, &'static str)],
        ErrorKind,
        i32,
    );
    let cases: [Case; 9] = [
        (
            CredUsage::Initiate,
            Some("bob"),
            &[("password", "builder"), ("ccache", "MEMORY:a")],
            ErrorKind::Failure,
            -2_045_022_969,
        ),
        (
            CredUsage::Initiate,
            Some("bob"),
            &[("password", "builder"), ("client_keytab", "/k")],
            ErrorKind::Failure,
            -2_045_022_969,
        ),
        (
            CredUsage::Accept,
            Some("bob"),
            &[("password", "builder")],
            ErrorKind::Failure,
            -2_045_022_969,
        ),
        (
            CredUsage::Initiate,
            Some("bob"),
            &[("verify", "")],
            ErrorKind::Failure,
            -2_045_022_969,
        ),
        (
            CredUsage::Initiate,
            None,
            &[("password", "builder")],
            ErrorKind::BadName,
            -1_765_328_250,
        ),
        (
            CredUsage::Initiate,
            Some("bob"),
            &[("password", "builder"), ("verify", "a@b@c")],
            ErrorKind::BadName,
            -1_765_328_250,
        ),
        (
            CredUsage::Initiate,
            Some("bob"),
            &[("ccache", "ABC:x")],
            ErrorKind::NoCred,
            -1_765_328_191,
        ),
        (
            CredUsage::Accept,
            None,
            &[("ccache", "ABC:x")],
            ErrorKind::NoCred,
            -1_765_328_191,
        ),
        (
            CredUsage::Accept,
            None,
            &[("keytab", "FILE:/nonexistent")],
            ErrorKind::NoCred,
            -1_765_328_203,
        ),
    ];
    for (usage, name, entries, kind, code) in cases {
        let store = entries
            .iter()
            .fold(CredStore::new(), |store, (key, value)| store.with(*key, *value));
        let error = error_of(acquire(&world, usage, name, store));
        assert_eq!((error.kind(), minor(&error)), (kind, code), "{entries:?}: {error}");
    }
    for key in ["ccache", "keytab", "client_keytab", "password", "rcache", "verify"] {
        let store = CredStore::new().with(key, "MEMORY:x").with(key, "MEMORY:x");
        let error = error_of(acquire(&world, CredUsage::Both, Some("bob"), store));
        assert_eq!(error, ErrorKind::DuplicateElement);
        assert!(error.to_string().contains(key), "{error}");
    }
}

#[test]
fn keys_that_are_not_known_are_ignored() {
    let store = CredStore::new()
        .with("password", "builder")
        .with("colour", "red")
        .with("colour", "blue");
    assert!(acquire(&world(), CredUsage::Initiate, Some("bob"), store).is_ok());
}

#[test]
fn a_password_makes_a_credential_of_its_own_that_does_both_with_a_keytab() {
    let world = world();
    let store = CredStore::new()
        .with("password", "builder")
        .with("keytab", world.acceptor.environment().keytab.clone());
    let bob = acquire(&world, CredUsage::Initiate, Some("bob"), store.clone()).unwrap();
    assert!(
        world
            .connect(&world.request(Flags::USUAL).with_cred(bob), &Accept::new())
            .is_ok()
    );
    let both = acquire(&world, CredUsage::Both, Some("HTTP/www.example.test"), store);
    assert!(both.is_err(), "the password is bob's");
}

#[test]
fn the_lifetime_that_is_asked_for_is_the_tickets() {
    let world = world();
    let hour = std::time::Duration::from_secs(3600);
    let request = Acquire {
        lifetime: Some(hour),
        ..Acquire::initiate()
            .named(Name::user("bob"))
            .with_password(Octets::new(b"builder".to_vec()))
    };
    let cred = world.acquire(request).unwrap();
    let info = world::done(Arc::clone(cred.element(&KRB5).unwrap()).inspect());
    assert_eq!(info.initiate_until, Some(std::time::Duration::from_secs(START) + hour));
}

fn verifying(world: &World, keytab: Keytab, principal: &str) -> Result<Credential, StepError> {
    let keys = Keys(Arc::new(MemoryKeytab::new("host", keytab)));
    let store = CredStore::new()
        .with("password", "builder")
        .with("verify", principal)
        .with_object("keytab", keys);
    acquire(world, CredUsage::Initiate, Some("bob"), store)
}

#[test]
fn a_password_is_verified_by_a_key_that_only_the_kdc_shares() {
    let world = world();
    let keytab = world.kdc.service_keytab();
    for principal in ["", "host/www.example.test", "HTTP/www.example.test@EXAMPLE.TEST"] {
        assert!(verifying(&world, keytab.clone(), principal).is_ok(), "{principal:?}");
    }
}

#[test]
fn a_password_that_nothing_verifies_is_refused() {
    let (world, impostor) = (world(), world());
    let unverified = |keytab, principal| {
        let error = error_of(verifying(&world, keytab, principal));
        assert_eq!(error, ErrorKind::NoCred);
        assert!(
            matches!(error.reason_as(), Some(KerberosError::Unverified { .. })),
            "{error}"
        );
        std::error::Error::source(&error)
            .map(ToString::to_string)
            .unwrap_or_default()
    };
    let other = unverified(impostor.kdc.service_keytab(), "");
    assert!(other.contains("host/www.example.test"), "{other}");
    assert!(
        unverified(Keytab::default(), "").contains("nobody"),
        "without any key nothing is proved"
    );
    let mut without_host = world.kdc.service_keytab();
    without_host
        .entries
        .retain(|entry| entry.principal.name.components[0] != "host");
    assert!(
        unverified(without_host, "").contains("host"),
        "keys of people prove nothing"
    );
    assert!(unverified(world.kdc.service_keytab(), "imap/x").contains("imap/x"));
}

/// A cache that must not be opened.
#[derive(Debug)]
struct Sentinel;

impl CredentialCache for Sentinel {
    fn name(&self) -> String {
        "SENTINEL:".to_owned()
    }

    fn read(&self) -> Result<Arc<CacheContents>, krb5_store::Error> {
        panic!("the cache was opened")
    }

    fn replace(&self, _contents: &CacheContents) -> Result<(), krb5_store::Error> {
        panic!("the cache was replaced")
    }

    fn store(&self, _credentials: &Credentials) -> Result<(), krb5_store::Error> {
        panic!("the cache was written to")
    }

    fn remove(&self, _unwanted: &dyn Fn(&Credentials) -> bool) -> Result<usize, krb5_store::Error> {
        panic!("the cache was written to")
    }

    fn destroy(&self) -> Result<(), krb5_store::Error> {
        panic!("the cache was destroyed")
    }
}

impl KeySource for Sentinel {
    fn name(&self) -> String {
        "SENTINEL:".to_owned()
    }

    fn read(&self) -> Result<Arc<Keytab>, krb5_store::Error> {
        panic!("the keytab was opened")
    }
}

/// An environment whose defaults lead nowhere: whoever looks for one gets an error.
fn without_defaults(world: &World) -> KerberosEnvironment {
    let mut environment = world.acceptor.environment().clone();
    for name in [
        &mut environment.ccache,
        &mut environment.keytab,
        &mut environment.client_keytab,
    ] {
        "SENTINEL:".clone_into(name);
    }
    environment
}

#[test]
fn c15_explicit_credentials_never_touch_the_defaults() {
    let world = world();
    let krb5 = Krb5::new(without_defaults(&world));
    let keytab = |keep: &str| {
        let mut keytab = world.kdc.service_keytab();
        keytab
            .entries
            .retain(|entry| entry.principal.to_string().starts_with(keep));
        Keys(Arc::new(MemoryKeytab::new(keep, keytab)))
    };
    let filled = Tickets(Arc::new(MemoryCache::new()));
    filled
        .0
        .replace(&CacheContents::new(
            Principal::parse("alice@EXAMPLE.TEST", None).unwrap(),
        ))
        .unwrap();
    let stores = [
        ("a password", CredStore::new().with("password", "builder"), "bob"),
        (
            "client keys",
            CredStore::new().with_object("client_keytab", keytab("alice")),
            "alice",
        ),
        (
            "tickets and client keys",
            CredStore::new()
                .with_object("ccache", filled)
                .with_object("client_keytab", keytab("alice")),
            "alice",
        ),
    ];
    for (what, store, client) in stores {
        let request = Acquire::initiate().named(Name::user(client)).from_store(store);
        let initiating = world
            .drive(krb5.acquire(request))
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        let keys = CredStore::new().with_object("keytab", keytab("HTTP/www"));
        let accepting = world.drive(krb5.acquire(Acquire::accept().from_store(keys))).unwrap();
        let (initiating, accepting) = (single(initiating), single(accepting));
        let request = Initiate::new(Name::hostbased_service("HTTP@www.example.test")).with_cred(initiating);
        let acceptor = krb5.accept(&Accept::new().with_cred(accepting)).unwrap();
        assert!(
            world
                .pair()
                .establish(krb5.initiate(&request).unwrap(), acceptor)
                .is_ok(),
            "{what}"
        );
    }
}

#[test]
fn c15_what_is_not_for_this_use_is_not_opened() {
    let world = world();
    let tickets = Tickets(Arc::new(Sentinel));
    let keys = Keys(Arc::new(Sentinel));
    let store = CredStore::new()
        .with_object("ccache", tickets)
        .with_object("client_keytab", keys.clone())
        .with("keytab", world.acceptor.environment().keytab.clone());
    assert!(acquire(&world, CredUsage::Accept, None, store).is_ok());
    let store = CredStore::new().with("password", "builder").with_object("keytab", keys);
    assert!(acquire(&world, CredUsage::Initiate, Some("bob"), store).is_ok());
}

fn store_into(world: &World, cred: &Credential, name: &str, existing: Existing, rank: Rank) -> Result<Stored, Error> {
    let into = Store {
        usage: CredUsage::Both,
        existing,
        rank,
        store: Some(CredStore::new().with("ccache", name)),
    };
    world
        .drive(cred.element(&KRB5).unwrap().store(&into))
        .map_err(|error| error.error)
}

#[test]
fn a_collection_keeps_a_cache_for_each_client_and_switches_on_request() {
    let world = world();
    let name = format!("DIR:{}", world.folder.path().join("caches").display());
    let collection = world.initiator.environment().caches().collection(&name).unwrap();
    let primary = || collection.primary().unwrap().principal().unwrap().to_string();
    let bob = world.with_password("bob", "builder").unwrap();
    let stored = store_into(&world, &world.alice, &name, Existing::Keep, Rank::Ordinary).unwrap();
    assert_eq!(stored.usage, CredUsage::Initiate);
    store_into(&world, &bob, &name, Existing::Keep, Rank::Ordinary).unwrap();
    assert_eq!(
        (collection.caches().unwrap().len(), primary().as_str()),
        (2, "alice@EXAMPLE.TEST")
    );

    let again = store_into(&world, &bob, &name, Existing::Keep, Rank::Default).unwrap_err();
    assert_eq!(again, ErrorKind::DuplicateElement);
    assert_eq!(primary(), "alice@EXAMPLE.TEST", "nothing has changed");
    store_into(&world, &bob, &name, Existing::Overwrite, Rank::Default).unwrap();
    assert_eq!(
        (collection.caches().unwrap().len(), primary().as_str()),
        (2, "bob@EXAMPLE.TEST")
    );
}

#[test]
fn what_cannot_be_stored_says_why() {
    let world = world();
    let keys = single(world::done(world.acceptor.acquire(Acquire::accept())));
    let name = world.initiator.environment().ccache.clone();
    let error = store_into(&world, &keys, &name, Existing::Keep, Rank::Ordinary).unwrap_err();
    assert_eq!((error.kind(), minor(&error)), (ErrorKind::Failure, -2_045_022_962));
    let only_accepting = Store {
        usage: CredUsage::Accept,
        ..Store::default()
    };
    let error = error_of(world.alice.element(&KRB5).unwrap().store(&only_accepting));
    assert_eq!(minor(&error), -2_045_022_962);
    world::shift(&world.clock, 86_400);
    let error = store_into(&world, &world.alice, &name, Existing::Keep, Rank::Ordinary).unwrap_err();
    assert_eq!(error, ErrorKind::CredentialsExpired);
    assert!(ccache::resolve(&name).unwrap().read().is_err(), "nothing is stored");
}

fn with_option(world: &World, what: gss_core::Oid, value: OptionValue<'_>) -> Credential {
    let element = world.alice.element(&KRB5).unwrap();
    single(world.initiator.set_cred_option(Some(element), what, value).unwrap())
}

#[test]
fn a_credential_can_be_held_to_encryption_types() {
    let world = World::with(krb5_kdc::Kdc::builder(world::REALM), world::CONFIGURATION);
    let enctype_of = |established: &gss_test::Established| {
        let key = established
            .initiator
            .inquire(gss_core::inquiry::SSPI_SESSION_KEY)
            .unwrap();
        key.first().unwrap().len()
    };
    let unrestricted = world.establish(Flags::USUAL);
    assert_eq!(enctype_of(&unrestricted), 32);
    let cred = with_option(
        &world,
        SET_ALLOWABLE_ENCTYPES,
        OptionValue::Octets(&17_i32.to_be_bytes()),
    );
    let request = world.request(Flags::USUAL).with_cred(cred);
    let accept = single(world::done(world.acceptor.acquire(Acquire::accept())));
    let restricted = world.connect(&request, &Accept::new().with_cred(accept)).unwrap();
    let ticket = world.first_token(&request);
    assert!(!ticket.is_empty());
    assert_eq!(
        enctype_of(&restricted),
        16,
        "the cached ticket of another type is not used"
    );
    let keys = single(world::done(world.acceptor.acquire(Acquire::accept())));
    let element = keys.element(&KRB5).unwrap();
    let value = OptionValue::Octets(&[0, 0, 0, 20]);
    let held = single(
        world
            .acceptor
            .set_cred_option(Some(element), SET_ALLOWABLE_ENCTYPES, value)
            .unwrap(),
    );
    assert!(
        world.connect(&request, &Accept::new().with_cred(held)).is_err(),
        "an acceptor is held to them too"
    );
}

#[test]
fn a_credential_can_keep_quiet_about_protection_that_was_not_asked_for() {
    let world = world();
    let cred = with_option(&world, CRED_NO_CI_FLAGS, OptionValue::None);
    for (asked, expected) in [
        (Flags::MUTUAL, Flags::empty()),
        (Flags::MUTUAL | Flags::INTEG, Flags::INTEG),
        (Flags::USUAL, Flags::CONF | Flags::INTEG),
    ] {
        let established = world
            .connect(&world.request(asked).with_cred(cred.clone()), &Accept::new())
            .unwrap();
        for side in [&established.initiator, &established.acceptor] {
            assert_eq!(side.info().flags.intersection(Flags::CONF | Flags::INTEG), expected);
        }
    }
}
