//! Credentials: what they are made of, and what they are good for.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use std::io::Write as _;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gss_core::{
    Accept, Acquire, CredStore, CredUsage, Credential, Environment, ErrorKind, Initiate, Mechanism, Mechanisms, Name,
};
use gss_mech_scram::{
    Decoy, InitiatorKeys, MemoryUsers, SCRAM_SHA_1, SCRAM_SHA_256, Scram, ScramCred, ScramEnvironment, ScramError,
    ScramHash, ScramUsers, UserKeys, UsersError,
};
use gss_test::TestClock;
use krb5_message::crypto::Secret;
use world::{PASSWORD, World, acquired, done, from_store, reason};

const HASH: ScramHash = ScramHash::Sha256;

fn alice() -> Acquire {
    Acquire::initiate().named(Name::user("alice"))
}

fn single(cred: Arc<dyn gss_core::MechCred>) -> Credential {
    Credential::single(HASH.oid(), cred)
}

#[test]
fn a_password_comes_from_the_call_or_from_a_store() {
    let world = World::new(HASH);
    let stored = from_store(&world.initiator, alice(), CredStore::new().with("password", PASSWORD)).unwrap();
    let info = done(Arc::clone(&stored).inspect()).unwrap();
    assert_eq!(
        (info.name.unwrap().to_text().as_str(), info.usage),
        ("alice", CredUsage::Initiate)
    );
    let request = world.request().with_cred(single(stored));
    assert!(world.between(&request, &Accept::new()).is_ok());
    let made = ScramCred::with_password(HASH, "alice", PASSWORD).unwrap();
    let request = world.request().with_cred(single(Arc::new(made)));
    assert!(world.between(&request, &Accept::new()).is_ok());
}

#[test]
fn an_initiator_needs_a_users_name_and_what_proves_it() {
    let world = World::new(HASH);
    let password = || PASSWORD.to_vec().into();
    let kind = |request| acquired(&world.initiator, request).unwrap_err().kind();
    assert_eq!(kind(Acquire::initiate()), ErrorKind::NoCred);
    assert_eq!(kind(alice()), ErrorKind::NoCred);
    assert_eq!(kind(Acquire::initiate().with_password(password())), ErrorKind::NoCred);
    let service = Acquire::initiate().named(Name::hostbased_service("imap@mail"));
    assert_eq!(kind(service.with_password(password())), ErrorKind::BadName);
    assert_eq!(
        kind(alice().with_password(b"\x07".to_vec().into())),
        ErrorKind::DefectiveCredential
    );
    let twice = CredStore::new().with("password", "a").with("password", "b");
    assert_eq!(kind(alice().from_store(twice)), ErrorKind::NoCred);
}

#[test]
fn keys_authenticate_without_the_password_where_they_belong() {
    let keys = |client: &str, server: &str| {
        let octets = |hex: &str| Secret::new(hex_of(hex));
        let salt = b"\x5b\x6d\x99\x68\x9d\x12\x35\x8e\xec\xa0\x4b\x14\x12\x36\xfa\x81";
        let count = NonZeroU32::new(4096).unwrap();
        Arc::new(InitiatorKeys::new(HASH, salt, count, octets(client), octets(server)).unwrap())
    };
    // RFC 7677 §3: user "user", password "pencil", by Python's hashlib and hmac.
    let keys = keys(CLIENT_KEY, SERVER_KEY);
    let verifier: UserKeys = RFC7677.parse().unwrap();
    let users = MemoryUsers::new(4096).unwrap().with_keys("user", verifier).unwrap();
    let world = World::with_users(HASH, users);
    let made = single(Arc::new(ScramCred::with_keys("user", Arc::clone(&keys)).unwrap()));
    assert!(world.between(&world.request().with_cred(made), &Accept::new()).is_ok());
    let store = CredStore::new().with_object("keys", Arc::clone(&keys));
    let stored = from_store(&world.initiator, Acquire::initiate().named(Name::user("user")), store).unwrap();
    let request = world.request().with_cred(single(stored));
    assert!(world.between(&request, &Accept::new()).is_ok());

    let elsewhere = World::with_users(HASH, MemoryUsers::new(4096).unwrap().with("user", b"pencil").unwrap());
    let failure = elsewhere.between(&request, &Accept::new()).unwrap_err();
    assert!(
        matches!(reason(&failure), ScramError::KeysForAnother { .. }),
        "another salt"
    );
    let store = CredStore::new().with_object("keys", keys);
    let sha1 = Scram::new(ScramHash::Sha1, ScramEnvironment::default());
    assert!(from_store(&sha1, alice(), store).is_err(), "another mechanism");
}

const RFC7677: &str = "{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,\
                       wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
const CLIENT_KEY: &str = "a60fc923d67e8644a92d16b96eda5ef4656b0c725c484374be25535576996e8b";
const SERVER_KEY: &str = "c1f3cbc1c13a9d35a14c0990eed97629ea225863e566a4314ab99f3f00e5d9d5";

fn hex_of(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// Counts the look-ups.
#[derive(Debug)]
struct Counting(MemoryUsers, AtomicUsize);

impl ScramUsers for Counting {
    fn find(&self, user: &str, hash: ScramHash) -> Result<Option<UserKeys>, UsersError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.find(user, hash)
    }

    fn decoy(&self, hash: ScramHash) -> Result<Decoy, UsersError> {
        self.0.decoy(hash)
    }
}

#[test]
fn an_acceptors_credential_comes_before_the_users_of_the_environment() {
    let world = World::with_users(HASH, MemoryUsers::new(4096).unwrap());
    assert!(world.between(&world.request(), &Accept::new()).is_err());
    let users = MemoryUsers::new(4096).unwrap().with("alice", PASSWORD).unwrap();
    let users: Arc<Counting> = Arc::new(Counting(users, AtomicUsize::new(0)));
    let shared: Arc<dyn ScramUsers> = users.clone();
    let store = CredStore::new().with_object("users", shared);
    let cred = from_store(&world.acceptor, Acquire::accept(), store).unwrap();
    let accept = Accept::new().with_cred(single(cred));
    assert!(world.between(&world.request(), &accept).is_ok());
    assert_eq!(users.1.load(Ordering::Relaxed), 1);
}

#[test]
fn a_file_of_users_serves_by_the_environment_or_by_a_store() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "user:{RFC7677}").unwrap();
    let path = file.path().to_str().unwrap();
    let environment = Environment::new(Arc::new(TestClock::at_seconds(0))).with_variable("SCRAM_USER_FILE", path);
    let mechs = Mechanisms::linked(&environment).unwrap();
    assert_eq!(mechs.oids().collect::<Vec<_>>(), [SCRAM_SHA_256, SCRAM_SHA_1]);
    let world = World::new(HASH);
    let cred = world::user(&world.initiator, "user", b"pencil");
    let request = Initiate::new(Name::hostbased_service("imap@mail")).with_cred(cred);
    let initiator = world.initiator.initiate(&request).unwrap();
    let contexts = gss_test::Pair::new()
        .establish(initiator, mechs.accept(Accept::new()))
        .unwrap();
    assert_eq!(contexts.acceptor.info().source.as_ref().unwrap().to_text(), "user");

    let store = CredStore::new().with("user_file", path);
    let cred = from_store(&world.initiator, Acquire::accept(), store).unwrap();
    assert_eq!(done(Arc::clone(&cred).inspect()).unwrap().usage, CredUsage::Accept);
    assert!(world.between(&request, &Accept::new().with_cred(single(cred))).is_ok());
}

#[test]
fn a_program_gives_its_users_by_an_extension_of_the_environment() {
    let users = MemoryUsers::new(4096).unwrap().with("alice", PASSWORD).unwrap();
    let ready = ScramEnvironment::default().with_users(Arc::new(users));
    let environment = Environment::new(Arc::new(TestClock::at_seconds(0))).with_extension(Arc::new(ready));
    let mechs = Mechanisms::linked(&environment).unwrap();
    let world = World::new(HASH);
    let initiator = world.initiator.initiate(&world.request()).unwrap();
    assert!(
        gss_test::Pair::new()
            .establish(initiator, mechs.accept(Accept::new()))
            .is_ok()
    );
}

#[test]
fn one_credential_serves_many_contexts_at_once() {
    let world = World::new(HASH);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..4 {
                    world.establish();
                }
            });
        }
    });
}
