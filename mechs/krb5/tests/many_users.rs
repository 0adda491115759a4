//! A program that holds the credentials of a thousand users at once.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use std::sync::Arc;

use gss_core::Accept;
use gss_core::{
    AcceptorContext, Acquire, CredStore, Credential, EstablishedContext, Initiate, InitiatorContext, Mechanism, Name,
    Step,
};
use gss_mech_krb5::{KRB5, Keys, Krb5, Tickets};
use krb5_crypto::Enctype;
use krb5_kdc::Kdc;
use krb5_store::ccache::{CacheContents, CredentialCache, FormatVersion, MemoryCache};
use krb5_store::keytab::{Keytab, MemoryKeytab};
use world::{CONFIGURATION, REALM, World, single};

const USERS: usize = 1000;

fn user(number: usize) -> String {
    format!("user{number}@{REALM}")
}

/// All users, none of whom the environment knows: no variable, no file, and defaults that lead nowhere.
fn crowd() -> (World, Krb5) {
    let everybody = (0..USERS).fold(
        Kdc::builder(REALM).enctypes(&[Enctype::Aes256CtsHmacSha196]),
        |kdc, number| kdc.service(format!("user{number}")),
    );
    let world = World::with(everybody, CONFIGURATION);
    let mut environment = world.initiator.environment().clone();
    for name in [
        &mut environment.ccache,
        &mut environment.keytab,
        &mut environment.client_keytab,
    ] {
        "SENTINEL:".clone_into(name);
    }
    (world, Krb5::new(environment))
}

/// The octets of a keytab for each user.
fn keytabs(world: &World) -> Vec<Vec<u8>> {
    let all = world.kdc.service_keytab();
    let of = |number| {
        let entries = all
            .entries
            .iter()
            .filter(|entry| entry.principal.to_string() == user(number))
            .cloned()
            .collect();
        let own = Keytab { entries };
        own.to_octets().unwrap().to_vec()
    };
    (0..USERS).map(of).collect()
}

fn by_keytab(world: &World, krb5: &Krb5, octets: &[u8]) -> Credential {
    let keys = MemoryKeytab::new("a user", Keytab::from_octets(octets).unwrap());
    let store = CredStore::new().with_object("client_keytab", Keys(Arc::new(keys)));
    single(
        world
            .drive(krb5.acquire(Acquire::initiate().from_store(store)))
            .unwrap(),
    )
}

fn by_cache(world: &World, krb5: &Krb5, octets: &[u8]) -> Credential {
    let cache = MemoryCache::new();
    cache.replace(&CacheContents::from_octets(octets).unwrap()).unwrap();
    let store = CredStore::new().with_object("ccache", Tickets(Arc::new(cache)));
    single(
        world
            .drive(krb5.acquire(Acquire::initiate().from_store(store)))
            .unwrap(),
    )
}

/// The octets of a cache with the user's tickets, in each of the file's versions in turn.
fn cache_of(world: &World, cred: &Credential, number: usize) -> Vec<u8> {
    let cache = Arc::new(MemoryCache::new());
    let into = gss_core::Store {
        store: Some(CredStore::new().with_object("ccache", Tickets(cache.clone()))),
        ..gss_core::Store::default()
    };
    world.drive(cred.element(&KRB5).unwrap().store(&into)).unwrap();
    let version = FormatVersion::ALL[number % 4];
    let contents = CacheContents {
        version,
        ..CacheContents::clone(&cache.read().unwrap())
    };
    contents.to_octets().unwrap().to_vec()
}

struct Half {
    token: Vec<u8>,
    next: Box<dyn InitiatorContext>,
}

/// The initiator's and the acceptor's context.
type Both = (Box<dyn EstablishedContext>, Box<dyn EstablishedContext>);

/// All contexts begin before the first one is answered, in another order, and all of them are used in a third one.
fn interleaved(world: &World, krb5: &Krb5, creds: &[Credential]) {
    let begin = |cred: &Credential| {
        let request = Initiate::new(Name::hostbased_service("HTTP@www.example.test")).with_cred(cred.clone());
        match world.drive(krb5.initiate(&request).unwrap().step(None)).unwrap() {
            Step::Continue { token, next } => Half { token, next },
            Step::Established { .. } => panic!("the acceptor is to prove itself"),
        }
    };
    let mut halves: Vec<Option<Half>> = creds.iter().map(begin).map(Some).collect();
    let mut contexts: Vec<Option<Both>> = Vec::new();
    contexts.resize_with(creds.len(), || None);
    for place in shuffled(creds.len(), 7) {
        let half = halves[place].take().unwrap();
        let acceptor: Box<dyn AcceptorContext> = world.accept(&Accept::new());
        let Step::Established { token, context } = world.drive(acceptor.step(Some(&half.token))).unwrap() else {
            panic!("an acceptor needs one token")
        };
        let answered = world.drive(half.next.step(token.as_deref())).unwrap();
        let Step::Established { context: ours, .. } = answered else {
            panic!("one answer is enough")
        };
        contexts[place] = Some((ours, context));
    }
    for place in shuffled(creds.len(), 13) {
        let (ours, theirs) = contexts[place].as_mut().unwrap();
        assert_eq!(theirs.info().source.as_ref().unwrap().to_text(), user(place));
        assert_eq!(ours.info().source.as_ref().unwrap().to_text(), user(place));
        let message = format!("from user {place}");
        let mic = ours.mic_of(message.as_bytes()).unwrap();
        let _ = theirs.verify_mic(&[message.as_bytes()], &mic).unwrap();
    }
}

/// Every place once; `step` has no factor in common with the count.
fn shuffled(count: usize, step: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |number| number * step % count)
}

#[test]
fn a_thousand_users_by_keytabs_and_by_caches_are_never_mixed_up() {
    let (world, krb5) = crowd();
    let by_keys: Vec<Credential> = keytabs(&world)
        .iter()
        .map(|octets| by_keytab(&world, &krb5, octets))
        .collect();
    interleaved(&world, &krb5, &by_keys);
    let caches: Vec<Vec<u8>> = by_keys
        .iter()
        .enumerate()
        .map(|(number, cred)| cache_of(&world, cred, number))
        .collect();
    let by_caches: Vec<Credential> = caches.iter().map(|octets| by_cache(&world, &krb5, octets)).collect();
    interleaved(&world, &krb5, &by_caches);
}

#[test]
fn l10_many_threads_use_shared_credentials_each_in_contexts_of_its_own() {
    let (world, krb5) = crowd();
    let octets = keytabs(&world);
    let creds: Vec<Credential> = octets[..8]
        .iter()
        .map(|octets| by_keytab(&world, &krb5, octets))
        .collect();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (world, krb5, creds) = (&world, &krb5, &creds);
            scope.spawn(move || {
                for round in 0..25 {
                    let place = (thread + round) % creds.len();
                    let request =
                        Initiate::new(Name::hostbased_service("HTTP@www.example.test")).with_cred(creds[place].clone());
                    let initiator = krb5.initiate(&request).unwrap();
                    let established = world.pair().establish(initiator, world.accept(&Accept::new())).unwrap();
                    let source = established.acceptor.info().source.as_ref().unwrap().to_text();
                    assert_eq!(source, user(place));
                }
            });
        }
    });
}
