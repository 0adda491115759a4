//! In the keyrings of the threads that the tests run in, which nobody else sees.

use super::*;
use crate::ccache::fixture::{credentials, principal};
use crate::ccache::{ClockOffset, Resolver};
use crate::proto::Credentials;

fn collection() -> KeyringCollection {
    KeyringCollection::new(KeyringName::parse("thread:test").unwrap().0)
}

fn of(name: &str) -> CacheContents {
    CacheContents::new(principal(name))
}

/// A ticket that ends in 2033.
fn ticket(server: &str) -> Credentials {
    credentials(server, 2_000_000_000)
}

fn names(collection: &KeyringCollection) -> Vec<String> {
    let caches = collection.caches().unwrap();
    caches.iter().map(|cache| cache.name()).collect()
}

fn servers(cache: &dyn CredentialCache) -> Vec<String> {
    let all = cache.all().unwrap();
    let mut servers: Vec<_> = all.iter().map(|entry| entry.server.to_string()).collect();
    servers.sort();
    servers
}

#[test]
fn i65_a_keyring_is_a_collection() {
    let collection = collection();
    assert!(names(&collection).is_empty());
    let alice = collection.keep(&of("alice@R")).unwrap();
    assert_eq!(alice.name(), "KEYRING:thread:test:test");
    let bob = collection.keep(&of("bob@R")).unwrap();
    assert!(bob.name().starts_with("KEYRING:thread:test:krb_ccache_"));
    bob.make_primary().unwrap();
    assert_eq!(names(&collection), [bob.name(), alice.name()]);
    assert_eq!(collection.primary().unwrap().name(), bob.name());
    let found = collection.find(&principal("alice@R")).unwrap().unwrap();
    assert_eq!(found.name(), alice.name());
    bob.destroy().unwrap();
    assert!(matches!(bob.read(), Err(Error::NoCache { .. })));
    assert!(matches!(bob.destroy(), Err(Error::NoCache { .. })));
    assert_eq!(names(&collection), [alice.name()]);
}

#[test]
fn i65_a_keyring_is_a_cache() {
    let cache = Resolver::new().cache("KEYRING:thread:test").unwrap();
    assert!(matches!(cache.read(), Err(Error::NoCache { .. })));
    assert!(matches!(cache.store(&ticket("host/a@R")), Err(Error::NoCache { .. })));
    let offset = ClockOffset {
        seconds: -5,
        microseconds: 7,
    };
    let contents = CacheContents {
        clock_offset: Some(offset),
        credentials: vec![ticket("host/a@R")],
        ..of("alice@R")
    };
    cache.replace(&contents).unwrap();
    for server in ["host/b@R", "host/a@R", "host/c@R"] {
        cache.store(&ticket(server)).unwrap();
    }
    assert_eq!(servers(&*cache), ["host/a@R", "host/b@R", "host/c@R"]);
    let read = cache.read().unwrap();
    assert_eq!(
        (&read.principal, read.clock_offset),
        (&principal("alice@R"), Some(offset))
    );
    assert_eq!(read.credentials[0].key.expose(), ticket("host/a@R").key.expose());
    assert_eq!(cache.remove(&|entry| entry.server == principal("host/b@R")).unwrap(), 1);
    assert_eq!(servers(&*cache), ["host/a@R", "host/c@R"]);
    for time in ["1", "22"] {
        cache.set_config("refresh_time", None, time.as_bytes()).unwrap();
    }
    let read = cache.read().unwrap();
    assert_eq!(read.config("refresh_time", None), Some(&b"22"[..]));
    assert_eq!(read.credentials.len(), 3, "settings do not pile up");
    cache.replace(&of("bob@R")).unwrap();
    assert!(servers(&*cache).is_empty());
    cache.destroy().unwrap();
}

#[test]
fn l22_a_replacement_that_does_not_fit_leaves_the_old_cache() {
    let cache = Resolver::new().cache("KEYRING:thread:test").unwrap();
    cache.replace(&of("alice@R")).unwrap();
    let mut large = ticket("host/a@R");
    large.ticket = vec![1; (1 << 20) + 1];
    let contents = CacheContents {
        credentials: vec![large.clone()],
        ..of("bob@R")
    };
    let error = cache.replace(&contents).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Keyring {
                fault: KeyringFault::Malformed(_),
                ..
            }
        ),
        "{error}"
    );
    assert!(cache.store(&large).is_err());
    assert_eq!(cache.principal().unwrap(), principal("alice@R"));
    assert!(servers(&*cache).is_empty());
    assert_eq!(
        Ring::of_collection(&collection().name)
            .unwrap()
            .unwrap()
            .members()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn tickets_beyond_a_user_key_need_big_keys_and_the_error_says_so() {
    let cache = Resolver::new().cache("KEYRING:thread:test").unwrap();
    cache.replace(&of("alice@R")).unwrap();
    let mut large = ticket("host/a@R");
    large.ticket = vec![1; 40_000];
    match cache.store(&large) {
        Ok(()) => assert_eq!(cache.read().unwrap().credentials[0].ticket, large.ticket),
        Err(error) => {
            assert!(error.to_string().contains("kernels with big_key hold more"), "{error}");
            assert!(servers(&*cache).is_empty());
        }
    }
}

#[test]
fn tickets_that_have_ended_stay_until_they_are_replaced() {
    let cache = Resolver::new().cache("KEYRING:thread:test").unwrap();
    cache.replace(&of("alice@R")).unwrap();
    cache.set_config("start_realm", None, b"R").unwrap();
    cache.store(&ticket("host/a@R")).unwrap();
    cache.store(&credentials("host/old@R", 1_000_000_000)).unwrap();
    assert_eq!(servers(&*cache), ["host/a@R", "host/old@R"]);
}

#[test]
fn a_damaged_key_is_an_error_that_names_the_cache() {
    let cache = collection().keep(&of("alice@R")).unwrap();
    let ring = Ring::of_collection(&collection().name)
        .unwrap()
        .unwrap()
        .ring("test")
        .unwrap()
        .unwrap();
    let added = ring
        .add_key(super::super::kernel::Kind::User, "host/a@R", b"garbage")
        .unwrap();
    let error = cache.read().unwrap_err().to_string();
    assert!(
        error.starts_with("KEYRING:thread:test:test: a key in it is damaged: "),
        "{error}"
    );
    ring.unlink_key(added).unwrap();
    cache.read().unwrap();
}

#[test]
fn services_whose_names_are_no_text_have_keys_too() {
    let cache = collection().keep(&of("alice@R")).unwrap();
    for octets in [&b"\xff"[..], b"\xfe", b"a\0b"] {
        let mut entry = ticket("host/a@R");
        entry.server.name.components = vec![crate::proto::Component::new(octets.to_vec())];
        cache.store(&entry).unwrap();
    }
    assert_eq!(cache.all().unwrap().len(), 3);
}

#[test]
fn a_cache_of_old_programs_is_found_and_shown_to_them() {
    // A session of the test's own, so that no other test sees what it leaves.
    keyutils_raw::keyctl_join_session_keyring(None).unwrap();
    let cache = Resolver::new().cache("KEYRING:old").unwrap();
    assert_eq!(cache.name(), "KEYRING:legacy:old:old");
    cache.replace(&of("alice@R")).unwrap();
    let shown = Ring::of_session().ring("old").unwrap().unwrap();
    let collection = Ring::of_collection(&KeyringName::parse("old").unwrap().0)
        .unwrap()
        .unwrap();
    assert_eq!(collection.ring("old").unwrap(), Some(shown));
    collection.unlink(shown).unwrap();
    assert_eq!(cache.principal().unwrap(), principal("alice@R"), "found by itself");
    cache.destroy().unwrap();
    assert!(Ring::of_session().ring("old").unwrap().is_none());
}
