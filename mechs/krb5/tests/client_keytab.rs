//! Tickets that a client keytab gets: when, how often, and what happens meanwhile (I-58).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use gss_core::{
    Acquire, CredStore, Credential, Error, ErrorKind, Flags, Flow, Initiate, IoReply, IoRequest, Mechanism, Name, Step,
    StepError,
};
use gss_mech_krb5::{KRB5, KerberosError, Krb5};
use krb5_crypto::Enctype;
use krb5_kdc::OldKeys;
use krb5_proto::{KerberosTime, Principal};
use krb5_store::ccache::{self, CacheContents, CredentialCache};
use krb5_store::keytab::MemoryKeytab;
use world::{START, World, shift};

/// A world in which alice's key is in the default client keytab and nothing in the default cache.
struct Daemon {
    world: World,
    krb5: Krb5,
}

const LIFE: i64 = 86_400;

impl Daemon {
    fn new() -> Self {
        Self::with_cache(&|world| world.initiator.environment().ccache.clone())
    }

    fn with_cache(ccache: &dyn Fn(&World) -> String) -> Self {
        let world = World::new(Enctype::Aes256CtsHmacSha196);
        let mut keytab = world.kdc.service_keytab();
        keytab.entries.retain(|entry| entry.principal == alice());
        assert!(!keytab.entries.is_empty());
        let path = world.folder.path().join("client.keytab");
        std::fs::write(&path, keytab.to_octets().unwrap()).unwrap();
        let mut environment = world.initiator.environment().clone();
        environment.client_keytab = format!("FILE:{}", path.display());
        environment.ccache = ccache(&world);
        let krb5 = Krb5::new(environment);
        Self { world, krb5 }
    }

    /// Another process: nothing is shared but the files.
    fn another(&self) -> Krb5 {
        let ours = self.krb5.environment();
        let fresh = gss_mech_krb5::KerberosEnvironment::new(Arc::clone(&ours.settings), Arc::clone(&ours.clock));
        let mut environment = fresh.unwrap();
        environment.client_keytab.clone_from(&ours.client_keytab);
        environment.ccache.clone_from(&ours.ccache);
        Krb5::new(environment)
    }

    fn cache(&self) -> Arc<dyn CredentialCache> {
        ccache::resolve(&self.krb5.environment().ccache).unwrap()
    }

    fn contents(&self) -> Arc<CacheContents> {
        self.cache().read().unwrap()
    }

    fn acquire(&self) -> Result<Credential, StepError> {
        self.world
            .drive(self.krb5.acquire(Acquire::initiate().named(Name::user("alice"))))
            .map(world::single)
    }

    fn request(&self) -> Initiate {
        Initiate {
            cred: None,
            ..self.world.request(Flags::USUAL)
        }
    }

    /// The first step of a context with `request`.
    fn start(&self, request: &Initiate) -> Result<(), Error> {
        let step = self.krb5.initiate(request).unwrap().step(None);
        self.world.drive(step).map(drop).map_err(|error| error.error)
    }

    /// How often the KDC was asked for a ticket-granting ticket since the last time.
    fn initial_tickets(&self, asked: impl FnOnce()) -> usize {
        let before = self.world.initial_tickets.load(Ordering::Relaxed);
        asked();
        self.world.initial_tickets.load(Ordering::Relaxed) - before
    }

    fn refresh_time(&self) -> Option<i64> {
        let contents = self.contents();
        let text = std::str::from_utf8(contents.config("refresh_time", None)?).unwrap();
        Some(text.parse().unwrap())
    }
}

fn alice() -> Principal {
    Principal::parse("alice@EXAMPLE.TEST", None).unwrap()
}

fn start() -> i64 {
    i64::try_from(START).unwrap()
}

#[test]
fn i58_a_context_without_a_cache_gets_tickets_and_keeps_them() {
    let daemon = Daemon::new();
    assert_eq!(daemon.initial_tickets(|| daemon.start(&daemon.request()).unwrap()), 1);
    assert_eq!(daemon.contents().principal, alice());
    assert_eq!(daemon.refresh_time(), Some(start() + LIFE / 2));
    assert_eq!(daemon.initial_tickets(|| daemon.start(&daemon.request()).unwrap()), 0);
}

#[test]
fn i58_tickets_are_got_anew_at_half_their_life_and_when_they_have_expired() {
    let daemon = Daemon::new();
    daemon.acquire().unwrap();
    let mut now = 0;
    for (seconds, expected) in [
        (LIFE / 2 - 1, 0),
        (LIFE / 2, 1),
        (LIFE / 2 + 1, 0),
        (LIFE * 4, 1),
        (LIFE * 4 + 1, 0),
    ] {
        shift(&daemon.world.clock, seconds - now);
        now = seconds;
        let asked = daemon.initial_tickets(|| drop(daemon.acquire().unwrap()));
        assert_eq!(asked, expected, "after {seconds} seconds");
    }
}

/// Tickets in the cache without the setting that says when those of a keytab are got anew, as after a person's kinit.
fn acquire_as_a_person(daemon: &Daemon) -> CacheContents {
    daemon.acquire().unwrap();
    let mut contents = CacheContents::clone(&daemon.contents());
    contents
        .credentials
        .retain(|entry| !ccache::ConfigEntry::is_config(entry));
    daemon.cache().replace(&contents).unwrap();
    contents
}

#[test]
fn i58_tickets_of_a_person_are_left_alone_until_they_have_expired() {
    let daemon = Daemon::new();
    acquire_as_a_person(&daemon);
    shift(&daemon.world.clock, LIFE - 1);
    assert_eq!(daemon.initial_tickets(|| drop(daemon.acquire().unwrap())), 0);
    shift(&daemon.world.clock, 1);
    assert_eq!(daemon.initial_tickets(|| drop(daemon.acquire().unwrap())), 1);
}

#[test]
fn f8_ten_thousand_credentials_do_not_make_the_cache_grow() {
    let daemon = Daemon::new();
    daemon.acquire().unwrap();
    let path = daemon.world.folder.path().join("ccache");
    let size = || std::fs::metadata(&path).unwrap().len();
    let before = size();
    for _ in 0..10_000 {
        daemon.acquire().unwrap();
    }
    assert_eq!(size(), before);
}

#[test]
fn f8_a_kdc_that_does_not_answer_when_it_is_time_costs_nothing_and_no_growth() {
    let daemon = Daemon::new();
    daemon.acquire().unwrap();
    shift(&daemon.world.clock, LIFE / 2);
    let path = daemon.world.folder.path().join("ccache");
    let (requests, mut sizes) = (AtomicUsize::new(0), Vec::new());
    for _ in 0..100 {
        let flow = daemon
            .krb5
            .acquire(Acquire::initiate().named(Name::user("alice")))
            .unwrap();
        flow.drive(&mut |request| unreachable(request, &requests)).unwrap();
        sizes.push(std::fs::metadata(&path).unwrap().len());
        shift(&daemon.world.clock, 10);
    }
    assert_eq!(requests.into_inner(), 34, "once in 30 seconds");
    sizes.dedup();
    assert_eq!(sizes.len(), 1, "{sizes:?}");
}

fn unreachable(request: IoRequest, count: &AtomicUsize) -> IoReply {
    match request {
        IoRequest::Kdc { .. } => {
            count.fetch_add(1, Ordering::Relaxed);
            IoReply::Unreachable(Arc::new(std::io::Error::other("no KDC answers")))
        }
        other => gss_test::answer_blocking(other),
    }
}

/// The KDC starts again with other keys of its own, and has not kept the old ones.
fn change_the_kdcs_keys(daemon: &Daemon) {
    let kdc = &daemon.world.kdc;
    kdc.roll_keys("krbtgt/EXAMPLE.TEST", OldKeys::Dropped).unwrap();
}

#[test]
fn q14_where_the_kdc_has_other_keys_a_client_keytab_gets_another_ticket_once() {
    let daemon = Daemon::new();
    let request = daemon.request().with_cred(daemon.acquire().unwrap());
    change_the_kdcs_keys(&daemon);
    shift(&daemon.world.clock, 60);
    assert_eq!(daemon.initial_tickets(|| daemon.start(&request).unwrap()), 1);
    assert_eq!(daemon.contents().principal, alice());
    assert_eq!(daemon.refresh_time(), Some(start() + 60 + LIFE / 2));
    assert_eq!(daemon.initial_tickets(|| daemon.start(&request).unwrap()), 0);
}

#[test]
fn q14_another_process_that_has_got_new_tickets_is_asked_for_nothing() {
    let (daemon, target) = (Daemon::new(), Name::hostbased_service("HTTP@www.example.test"));
    daemon.acquire().unwrap();
    let request = Initiate::new(target);
    let stopped = stopped_at_the_kdc(daemon.krb5.initiate(&request).unwrap().step(None).unwrap());
    change_the_kdcs_keys(&daemon);
    shift(&daemon.world.clock, 60);
    let asked = daemon.initial_tickets(|| {
        let step = daemon.another().initiate(&request).unwrap().step(None);
        daemon.world.drive(step).unwrap();
        stopped.drive(&mut daemon.world.driver()).unwrap();
    });
    assert_eq!(asked, 1);
}

#[test]
fn q14_a_refusal_within_half_a_minute_costs_no_ticket() {
    let daemon = Daemon::new();
    let request = daemon.request().with_cred(daemon.acquire().unwrap());
    change_the_kdcs_keys(&daemon);
    shift(&daemon.world.clock, 29);
    let asked = daemon.initial_tickets(|| drop(daemon.start(&request).unwrap_err()));
    assert_eq!(asked, 0, "whoever forges refusals would have a ticket made for each");
}

#[test]
fn q14_tickets_of_a_person_are_not_replaced_and_the_refusal_says_what_to_do() {
    let daemon = Daemon::new();
    let tickets = acquire_as_a_person(&daemon);
    change_the_kdcs_keys(&daemon);
    shift(&daemon.world.clock, 60);
    let error = daemon.start(&daemon.request()).unwrap_err();
    assert_eq!(error, ErrorKind::DefectiveCredential);
    for word in ["alice@EXAMPLE.TEST", "ccache", "KRB_AP_ERR_BADKEYVER", "kinit"] {
        assert!(error.to_string().contains(word), "{error}");
    }
    assert_eq!(daemon.contents().credentials.len(), tickets.credentials.len());
}

#[test]
fn q14_a_kdc_that_only_starts_again_is_not_noticed() {
    let daemon = Daemon::new();
    let request = daemon.request().with_cred(daemon.acquire().unwrap());
    daemon
        .world
        .kdc
        .roll_keys("krbtgt/EXAMPLE.TEST", OldKeys::Kept)
        .unwrap();
    shift(&daemon.world.clock, 60);
    assert_eq!(daemon.initial_tickets(|| daemon.start(&request).unwrap()), 0);
}

#[test]
fn q23_a_context_begins_from_valid_tickets_while_no_kdc_answers() {
    let daemon = Daemon::new();
    daemon.start(&daemon.request()).unwrap();
    let count = AtomicUsize::new(0);
    for seconds in [0, LIFE / 2, LIFE / 2 - 1] {
        shift(&daemon.world.clock, seconds);
        let flow = daemon.krb5.initiate(&daemon.request()).unwrap().step(None).unwrap();
        let step = flow.drive(&mut |request| unreachable(request, &count)).unwrap();
        assert!(matches!(step, Step::Continue { .. }));
    }
}

#[test]
fn q24_a_cache_that_vanished_or_expired_is_refreshed_once() {
    let daemon = Daemon::new();
    let request = daemon.request().with_cred(daemon.acquire().unwrap());
    daemon.cache().destroy().unwrap();
    assert_eq!(daemon.initial_tickets(|| daemon.start(&request).unwrap()), 1);
    shift(&daemon.world.clock, LIFE);
    assert_eq!(daemon.initial_tickets(|| daemon.start(&request).unwrap()), 1);
    assert_eq!(daemon.initial_tickets(|| daemon.start(&request).unwrap()), 0);
}

#[test]
fn q24_without_a_client_keytab_what_became_of_the_cache_is_told() {
    let daemon = Daemon::new();
    daemon.acquire().unwrap();
    let store = CredStore::new()
        .with("ccache", daemon.cache().name())
        .with("client_keytab", "FILE:/nonexistent/keytab");
    let cred = daemon.krb5.acquire(Acquire::initiate().from_store(store));
    let request = daemon
        .request()
        .with_cred(world::single(daemon.world.drive(cred).unwrap()));
    daemon.start(&request).unwrap();

    shift(&daemon.world.clock, LIFE);
    let error = daemon.start(&request).unwrap_err();
    assert_eq!(error, ErrorKind::CredentialsExpired);
    daemon
        .cache()
        .initialise(&Principal::parse("mallory@EXAMPLE.TEST", None).unwrap())
        .unwrap();
    let error = daemon.start(&request).unwrap_err();
    assert_eq!(error, ErrorKind::NoCred);
    for word in ["mallory@EXAMPLE.TEST", "alice@EXAMPLE.TEST", "ccache"] {
        assert!(error.to_string().contains(word), "{error}");
    }
    daemon.cache().destroy().unwrap();
    assert_eq!(daemon.start(&request).unwrap_err(), ErrorKind::NoCred);
}

#[test]
fn q24_tickets_of_somebody_else_are_not_overwritten_with_ours() {
    let daemon = Daemon::new();
    let request = daemon.request().with_cred(daemon.acquire().unwrap());
    let mallory = Principal::parse("mallory@EXAMPLE.TEST", None).unwrap();
    daemon.cache().initialise(&mallory).unwrap();
    let error = daemon.start(&request).unwrap_err();
    assert!(
        matches!(error.reason_as(), Some(KerberosError::CachePrincipal { .. })),
        "{error}"
    );
    assert_eq!(daemon.contents().principal, mallory);
}

/// The leader is stopped at the KDC until all others wait for it.
#[test]
fn q24_of_many_threads_one_asks_the_kdc() {
    const FOLLOWERS: usize = 15;
    let daemon = Daemon::new();
    let begin = || daemon.krb5.initiate(&daemon.request()).unwrap().step(None).unwrap();
    let (waiting, held) = (Barrier::new(FOLLOWERS + 1), stopped_at_the_kdc(begin()));
    let asked = daemon.initial_tickets(|| {
        std::thread::scope(|scope| {
            for _ in 0..FOLLOWERS {
                scope.spawn(|| {
                    let (mut driver, mut blocking) = (daemon.world.driver(), 0);
                    let started = begin().drive(&mut |request| {
                        blocking += usize::from(matches!(request, IoRequest::Blocking(_)));
                        if blocking == 2 {
                            // The first was a look at the cache; this waits for the leader.
                            blocking += 1;
                            waiting.wait();
                        }
                        driver(request)
                    });
                    assert!(matches!(started.unwrap(), Step::Continue { .. }));
                });
            }
            waiting.wait();
            held.drive(&mut daemon.world.driver()).unwrap();
        });
    });
    assert_eq!(asked, 1);
}

/// Answers what is local, and stops where the KDC is to be asked.
fn stopped_at_the_kdc<T>(flow: Flow<T>) -> Flow<T> {
    let mut flow = flow;
    loop {
        flow = match flow {
            Flow::Io { request, next } if matches!(request, IoRequest::Kdc { .. }) => {
                return Flow::Io { request, next };
            }
            Flow::Io { request, next } => next.resume(gss_test::answer_blocking(request)).unwrap(),
            Flow::Done(_) => panic!("the KDC was not asked"),
        };
    }
}

#[test]
fn q24_whoever_waits_gets_the_leaders_error_or_goes_on_where_it_gave_up() {
    let daemon = Daemon::new();
    let begin = || daemon.krb5.initiate(&daemon.request()).unwrap().step(None).unwrap();
    for gives_up in [true, false] {
        let (leader, waiting) = (stopped_at_the_kdc(begin()), Barrier::new(2));
        std::thread::scope(|scope| {
            let follower = scope.spawn(|| {
                let (mut driver, mut blocking) = (daemon.world.driver(), 0);
                begin().drive(&mut |request| {
                    blocking += usize::from(matches!(request, IoRequest::Blocking(_)));
                    if blocking == 2 {
                        blocking += 1;
                        waiting.wait();
                    }
                    driver(request)
                })
            });
            waiting.wait();
            if gives_up {
                drop(leader);
                assert!(follower.join().unwrap().is_ok());
                daemon.cache().destroy().unwrap();
            } else {
                let failed = leader.drive(&mut |request| unreachable(request, &AtomicUsize::new(0)));
                let (leaders, followers) = (
                    failed.err().unwrap().error,
                    follower.join().unwrap().err().unwrap().error,
                );
                assert_eq!(leaders.minor(), followers.minor());
            }
        });
    }
}

#[test]
fn f7_two_processes_that_refresh_at_once_leave_a_whole_cache_at_every_moment() {
    let daemon = Daemon::new();
    daemon.acquire().unwrap();
    let rounds = 50;
    let (one, other) = (daemon.another(), daemon.another());
    let done = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for krb5 in [&one, &other] {
            let (daemon, done) = (&daemon, &done);
            scope.spawn(move || {
                for _ in 0..rounds {
                    let mut contents = CacheContents::clone(&daemon.contents());
                    contents.set_config("refresh_time", None, b"1");
                    daemon.cache().replace(&contents).unwrap();
                    let cred = krb5.acquire(Acquire::initiate().named(Name::user("alice")));
                    daemon.world.drive(cred).unwrap();
                }
                done.fetch_add(1, Ordering::Relaxed);
            });
        }
        let krbtgt = Principal::krbtgt(&alice().realm, &alice().realm);
        let mut reads = 0_usize;
        while done.load(Ordering::Relaxed) < 2 {
            let contents = daemon.contents();
            assert!(
                contents.find(&krbtgt, KerberosTime(start())).is_some(),
                "an empty cache was seen"
            );
            reads += 1;
        }
        assert!(reads > 0);
    });
    assert_eq!(daemon.contents().tickets().count(), 1);
}

#[test]
fn a_client_keytab_fills_a_new_cache_of_a_collection() {
    let daemon = Daemon::with_cache(&|world| format!("DIR:{}", world.folder.path().join("caches").display()));
    let environment = daemon.krb5.environment();
    let collection = environment.caches().collection(&environment.ccache).unwrap();
    let bob = Principal::parse("bob@EXAMPLE.TEST", None).unwrap();
    collection.keep(&CacheContents::new(bob.clone())).unwrap();
    daemon.acquire().unwrap();
    assert_eq!(collection.caches().unwrap().len(), 2);
    assert_eq!(
        collection.primary().unwrap().principal().unwrap(),
        bob,
        "the primary one remains"
    );
    assert_eq!(
        daemon.initial_tickets(|| drop(daemon.acquire().unwrap())),
        0,
        "alice's is found again"
    );
}

#[test]
fn a_cache_alone_is_not_taken_from_somebody_else() {
    let daemon = Daemon::new();
    let bob = Principal::parse("bob@EXAMPLE.TEST", None).unwrap();
    daemon.cache().initialise(&bob).unwrap();
    let error = daemon.acquire().unwrap_err().error;
    assert!(
        matches!(error.reason_as(), Some(KerberosError::CachePrincipal { .. })),
        "{error}"
    );
    assert_eq!(daemon.contents().principal, bob);
}

#[test]
fn keys_and_caches_that_are_values_need_no_name_at_all() {
    let daemon = Daemon::new();
    let mut keytab = daemon.world.kdc.service_keytab();
    keytab.entries.retain(|entry| entry.principal == alice());
    let keys = gss_mech_krb5::Keys(Arc::new(MemoryKeytab::new("alice", keytab)));
    let store = CredStore::new().with_object("client_keytab", keys);
    let cred = daemon.world.acquire(Acquire::initiate().from_store(store)).unwrap();
    let info = world::done(Arc::clone(cred.element(&KRB5).unwrap()).inspect());
    assert_eq!(
        info.name.unwrap().to_text(),
        "alice@EXAMPLE.TEST",
        "the first in the keytab"
    );
    assert!(daemon.cache().read().is_err(), "the default cache is not touched");
    let request = daemon.request().with_cred(cred);
    daemon.start(&request).unwrap();
    shift(&daemon.world.clock, LIFE / 2);
    assert_eq!(daemon.initial_tickets(|| daemon.start(&request).unwrap()), 1);
}
