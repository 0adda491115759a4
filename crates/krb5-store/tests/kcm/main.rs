//! Caches of credential managers: Heimdal's and sssd's daemons, and one that does what it should not.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod daemons;
mod faults;
mod fixture;
mod scripted;

use std::sync::Arc;

use krb5_store::Error;
use krb5_store::ccache::kcm::{KcmClient, KcmCollection};
use krb5_store::ccache::{CacheCollection, CacheContents, ClockOffset, Resolver};

use crate::daemons::{Daemon, Kind};
use crate::fixture::{contents, credentials, principal, servers};

fn collection(daemon: &Daemon) -> KcmCollection {
    KcmCollection::new(Arc::new(KcmClient::new(daemon.socket())))
}

fn names(collection: &dyn CacheCollection) -> Vec<String> {
    let caches = collection.caches().unwrap();
    caches.iter().map(|cache| cache.name()).collect()
}

/// What a user does with several identities.
fn a_collection_is_kept(daemon: &Daemon) {
    let collection = collection(daemon);
    assert!(names(&collection).is_empty());
    let alice = collection
        .keep(&contents("alice@R", &["krbtgt/R@R", "host/a@R"]))
        .unwrap();
    assert_eq!(names(&collection), [alice.name()]);
    assert_eq!(collection.primary().unwrap().name(), alice.name());
    let bob = collection.keep(&contents("bob@R", &["krbtgt/R@R"])).unwrap();
    assert_ne!(alice.name(), bob.name());
    bob.make_primary().unwrap();
    assert_eq!(names(&collection), [bob.name(), alice.name()]);
    let found = collection.find(&principal("alice@R")).unwrap().unwrap();
    assert_eq!(servers(&*found), ["host/a@R", "krbtgt/R@R"]);
    bob.destroy().unwrap();
    assert!(matches!(bob.read(), Err(Error::NoCache { .. })));
    assert!(matches!(bob.principal(), Err(Error::NoCache { .. })));
    assert_eq!(names(&collection), [alice.name()]);
    alice.destroy().unwrap();
    assert!(names(&collection).is_empty());
}

/// What a program does with one cache. Of entries for the same service, sssd's daemon keeps the last one only.
fn a_cache_is_filled_and_emptied(daemon: &Daemon, twins: usize) {
    let name = format!("KCM:{}", nix::unistd::Uid::effective());
    let cache = Resolver::new().with_kcm_socket(daemon.socket()).cache(&name).unwrap();
    assert!(matches!(cache.read(), Err(Error::NoCache { .. })));
    assert!(matches!(
        cache.store(&credentials("host/a@R", 100)),
        Err(Error::NoCache { .. })
    ));
    let offset = ClockOffset {
        seconds: -17,
        microseconds: 0,
    };
    let wanted = CacheContents {
        clock_offset: Some(offset),
        ..contents("alice@R", &["krbtgt/R@R"])
    };
    cache.replace(&wanted).unwrap();
    for server in ["host/a@R", "host/b@R", "host/a@R"] {
        cache.store(&credentials(server, 100)).unwrap();
    }
    let read = cache.read().unwrap();
    assert_eq!(read.clock_offset, Some(offset));
    assert_eq!(read.principal, principal("alice@R"));
    let (kept, stored) = (read.credentials.last().unwrap(), credentials("host/a@R", 100));
    assert_eq!(kept.key.expose(), stored.key.expose());
    assert_eq!((&kept.ticket, kept.flags), (&stored.ticket, stored.flags));
    let unwanted = principal("host/a@R");
    assert_eq!(cache.remove(&|entry| entry.server == unwanted).unwrap(), twins);
    assert_eq!(servers(&*cache), ["host/b@R", "krbtgt/R@R"]);
    assert_eq!(cache.remove(&|entry| entry.server == unwanted).unwrap(), 0);
    cache.replace(&contents("bob@R", &["krbtgt/R@R"])).unwrap();
    assert_eq!(
        (cache.principal().unwrap(), servers(&*cache)),
        (principal("bob@R"), vec!["krbtgt/R@R".to_owned()])
    );
    for time in ["1", "22", "22"] {
        cache.set_config("refresh_time", None, time.as_bytes()).unwrap();
    }
    let read = cache.read().unwrap();
    assert_eq!(read.config("refresh_time", None), Some(&b"22"[..]));
    assert_eq!(read.credentials.len(), 2, "settings do not pile up");
    cache.initialise(&principal("carol@R")).unwrap();
    assert!(servers(&*cache).is_empty());
    cache.destroy().unwrap();
    assert!(matches!(cache.destroy(), Err(Error::NoCache { .. })));
}

/// Entries that the daemon's patterns do not tell apart are removed one by one all the same.
fn twins_are_told_apart(daemon: &Daemon) {
    let collection = collection(daemon);
    let cache = collection.create(&contents("alice@R", &[])).unwrap();
    for ticket in ["one", "two"] {
        let mut entry = credentials("host/a@R", 100);
        entry.ticket = ticket.as_bytes().to_vec();
        cache.store(&entry).unwrap();
    }
    assert_eq!(cache.remove(&|entry| entry.ticket == b"one").unwrap(), 1);
    let read = cache.read().unwrap();
    let tickets: Vec<_> = read.tickets().map(|entry| entry.ticket.clone()).collect();
    assert_eq!(tickets, [b"two"]);
    cache.destroy().unwrap();
}

/// Whatever the daemon had in the place of an earlier cache.
fn a_new_cache_has_the_clock_that_it_is_given(daemon: &Daemon) {
    let collection = collection(daemon);
    let offset = |seconds| {
        Some(ClockOffset {
            seconds,
            microseconds: 0,
        })
    };
    for clock_offset in [offset(-17), None, offset(1_000_000), None] {
        let wanted = CacheContents {
            clock_offset,
            ..contents("alice@R", &["krbtgt/R@R"])
        };
        let cache = collection.create(&wanted).unwrap();
        assert_eq!(cache.read().unwrap().clock_offset, clock_offset);
        cache.initialise(&principal("alice@R")).unwrap();
        assert_eq!(cache.read().unwrap().clock_offset, None);
        cache.destroy().unwrap();
    }
}

#[test]
fn i66_heimdals_daemon_keeps_caches() {
    let daemon = Daemon::start(Kind::Heimdal);
    a_collection_is_kept(&daemon);
    a_cache_is_filled_and_emptied(&daemon, 2);
    twins_are_told_apart(&daemon);
    a_new_cache_has_the_clock_that_it_is_given(&daemon);
}

#[test]
fn i66_sssds_daemon_keeps_caches() {
    let daemon = Daemon::start(Kind::Sssd);
    a_collection_is_kept(&daemon);
    a_cache_is_filled_and_emptied(&daemon, 1);
    a_new_cache_has_the_clock_that_it_is_given(&daemon);
}

#[test]
fn q27_a_daemon_that_was_restarted_is_connected_to_again() {
    for kind in [Kind::Heimdal, Kind::Sssd] {
        let mut daemon = Daemon::start(kind);
        let collection = collection(&daemon);
        let cache = collection.keep(&contents("alice@R", &["krbtgt/R@R"])).unwrap();
        daemon.restart();
        // sssd's keeps its caches on disk, Heimdal's does not.
        match (kind, cache.read()) {
            (Kind::Heimdal, Err(Error::NoCache { .. })) => {}
            (Kind::Sssd, Ok(read)) => assert_eq!(read.credentials.len(), 1),
            (_, other) => panic!("{kind:?}: {other:?}"),
        }
        collection.keep(&contents("alice@R", &["krbtgt/R@R"])).unwrap();
        daemon.kill();
        let error = collection.caches().unwrap_err();
        assert!(error.to_string().contains("is the daemon running?"), "{error}");
    }
}

#[test]
fn f3_many_threads_share_a_daemon_and_see_whole_caches() {
    let daemon = Daemon::start(Kind::Heimdal);
    let cache = collection(&daemon).keep(&contents("alice@R", &["krbtgt/R@R"])).unwrap();
    let name = cache.name();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let (name, socket) = (&name, daemon.socket());
            scope.spawn(move || {
                let cache = Resolver::new().with_kcm_socket(socket).cache(name).unwrap();
                for round in 0..10 {
                    let servers = [format!("a{writer}-{round}@R"), format!("b{writer}-{round}@R")];
                    let servers: Vec<&str> = servers.iter().map(String::as_str).collect();
                    cache.replace(&contents("alice@R", &servers)).unwrap();
                }
            });
        }
        for _ in 0..4 {
            let (name, socket) = (&name, daemon.socket());
            scope.spawn(move || {
                let cache = Resolver::new().with_kcm_socket(socket).cache(name).unwrap();
                for _ in 0..20 {
                    assert_eq!(cache.principal().unwrap(), principal("alice@R"));
                }
            });
        }
    });
    assert_eq!(servers(&*cache).len(), 2);
}
