//! Which replay cache an acceptor uses, and what it does without one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use std::path::PathBuf;
use std::sync::Arc;

use gss_core::{Accept, Acquire, CredStore, Environment, Error, ErrorKind, Flags, Mechanism, Mechanisms};
use gss_mech_krb5::{KerberosError, Krb5};
use krb5_crypto::Enctype;
use krb5_store::replay::{FileReplayCache, MemoryReplayCache, OwnReplayCache, ReplayCache, ReplayError, ReplayTypes};
use tempfile::TempDir;
use world::{World, done, shift};

/// A service whose processes come and go, and the tokens it is sent.
struct Site {
    world: World,
    folder: TempDir,
}

impl Site {
    fn new() -> Self {
        Self {
            world: World::new(Enctype::Aes256CtsHmacSha196),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn named(&self, name: &str) -> String {
        format!("file2:{}", self.path(name).display())
    }

    fn token(&self) -> Vec<u8> {
        self.world.first_token(&self.world.request(Flags::USUAL))
    }

    /// What a process is given that has no variables set.
    fn environment(&self) -> Environment {
        Environment::new(Arc::new(self.world.acceptor_clock.clone()))
            .with_extension(Arc::clone(&self.world.acceptor.environment().settings))
            .with_variable("KRB5_KTNAME", self.world.acceptor.environment().keytab.clone())
            .with_variable("TMPDIR", self.folder.path().display().to_string())
    }

    fn with(&self, name: &str, value: &str) -> Environment {
        self.environment().with_variable(name, value)
    }

    /// A cache that lists the files it has made.
    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut files: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        files
    }
}

/// What a new process with these surroundings makes of a token.
fn accept(environment: &Environment, token: &[u8]) -> Result<(), Error> {
    let mechs = Mechanisms::linked(environment).unwrap();
    let step = mechs.accept(Accept::new()).step(Some(token));
    let step = step.and_then(|flow| flow.drive(&mut gss_test::answer_blocking));
    step.map(drop).map_err(|error| error.error)
}

fn assert_replayed(result: Result<(), Error>) {
    let error = result.unwrap_err();
    assert!(
        matches!(error.reason_as(), Some(KerberosError::Replay { .. })),
        "{error}"
    );
}

/// The message of a failure for want of a replay cache.
fn refused(result: Result<(), Error>) -> String {
    let error = result.unwrap_err();
    assert!(
        matches!(error.reason_as(), Some(KerberosError::ReplayCache(_))),
        "{error}"
    );
    error.to_string()
}

fn users_file() -> String {
    FileReplayCache::of_user("").path().display().to_string()
}

#[test]
fn q25_an_authenticator_is_a_replay_to_the_next_process_of_the_same_user() {
    let site = Site::new();
    let token = site.token();
    accept(&site.environment(), &token).unwrap();
    assert_replayed(accept(&site.environment(), &token));
    assert_eq!(site.files(), [users_file()]);
}

#[test]
fn the_order_of_what_names_the_cache_is_mits() {
    let site = Site::new();
    let settings =
        |text: &str| Arc::new(krb5_store::config::Settings::parse(&format!("{}{text}", world::CONFIGURATION)).unwrap());
    let configured = settings(&format!(
        "[libdefaults]\n default_rcache_name = {}%{{null}}\n",
        site.named("configured")
    ));
    let all = site
        .environment()
        .with_extension(configured)
        .with_variable("KRB5RCACHENAME", site.named("named"))
        .with_variable("KRB5RCACHETYPE", "none");
    accept(&all, &site.token()).unwrap();
    assert_eq!(site.files(), ["named"]);

    let without_name = all.clone().with_variable("KRB5RCACHENAME", "");
    let token = site.token();
    accept(&without_name, &token).unwrap();
    accept(&without_name, &token).unwrap();
    assert_eq!(site.files(), ["named"], "a type alone is a name: none:");

    let configuration_only = without_name.with_variable("KRB5RCACHETYPE", "");
    accept(&configuration_only, &site.token()).unwrap();
    assert_eq!(site.files(), ["configured", "named"]);

    let directory = site.path("directory");
    std::fs::create_dir(&directory).unwrap();
    accept(&site.with("KRB5RCACHEDIR", directory.to_str().unwrap()), &site.token()).unwrap();
    assert!(
        directory.join(users_file()).exists(),
        "KRB5RCACHEDIR comes before TMPDIR"
    );
}

#[test]
fn nothing_is_accepted_under_a_name_that_leads_nowhere() {
    let site = Site::new();
    for (name, told) in [
        ("/var/tmp/rcache", "file2:/var/tmp/rcache"),
        ("FILE:/var/tmp/rcache", "\"FILE\""),
        ("redis://user:secret@host/", "\"redis\""),
        ("file2:", "lacks the file"),
    ] {
        let message = refused(accept(&site.with("KRB5RCACHENAME", name), &site.token()));
        assert!(message.contains(told) && !message.contains("secret"), "{message}");
    }
}

#[test]
fn l22_nothing_is_accepted_while_the_file_cannot_be_used_and_the_message_names_it() {
    let site = Site::new();
    std::fs::create_dir(site.path("rcache")).unwrap();
    let environment = site.with("KRB5RCACHENAME", &site.named("rcache"));
    let token = site.token();
    let message = refused(accept(&environment, &token));
    assert!(message.contains(site.path("rcache").to_str().unwrap()), "{message}");
    std::fs::remove_dir(site.path("rcache")).unwrap();
    accept(&environment, &token).unwrap();
    assert_replayed(accept(&environment, &token));
}

#[test]
fn q16_clocks_that_are_set_back_let_no_authenticator_pass_twice() {
    let site = Site::new();
    let early = site.token();
    accept(&site.environment(), &early).unwrap();
    shift(&site.world.clock, 250);
    shift(&site.world.acceptor_clock, 250);
    let late = site.token();
    accept(&site.environment(), &late).unwrap();
    for _ in 0..2 {
        shift(&site.world.acceptor_clock, -250);
        assert_replayed(accept(&site.environment(), &early));
        assert_replayed(accept(&site.environment(), &late));
        shift(&site.world.acceptor_clock, 250);
    }
}

#[test]
fn q16_a_clock_that_was_far_ahead_for_a_while_lets_no_authenticator_pass_twice() {
    let site = Site::new();
    let own = OwnReplayCache(Arc::new(MemoryReplayCache::new()));
    for environment in [site.environment(), site.environment().with_extension(Arc::new(own))] {
        let seen = site.token();
        accept(&environment, &seen).unwrap();
        for clock in [&site.world.clock, &site.world.acceptor_clock] {
            shift(clock, 3600);
        }
        accept(&environment, &site.token()).unwrap();
        for clock in [&site.world.clock, &site.world.acceptor_clock] {
            shift(clock, -3600);
        }
        let error = accept(&environment, &seen).unwrap_err();
        let refused = matches!(
            error.reason_as(),
            Some(KerberosError::Replay { .. } | KerberosError::ReplayCache(ReplayError::Forgotten))
        );
        assert!(refused, "{error}");
        shift(&site.world.clock, 1);
        accept(&environment, &site.token()).unwrap();
    }
}

#[test]
fn a_program_can_bring_a_cache_of_its_own() {
    let site = Site::new();
    let own = OwnReplayCache(Arc::new(MemoryReplayCache::new()));
    let environment = site.with("KRB5RCACHENAME", "none:").with_extension(Arc::new(own));
    let token = site.token();
    accept(&environment, &token).unwrap();
    assert_replayed(accept(&environment, &token));
    assert!(site.files().is_empty());
}

#[test]
fn a_program_can_bring_types_of_names() {
    let site = Site::new();
    let shared = Arc::new(MemoryReplayCache::new());
    let types = ReplayTypes::default().with("shared", move |_| {
        let cache: Arc<dyn ReplayCache> = shared.clone();
        Ok(cache)
    });
    let environment = site.with("KRB5RCACHENAME", "shared:x").with_extension(Arc::new(types));
    let token = site.token();
    accept(&environment, &token).unwrap();
    assert_replayed(accept(&environment, &token));
}

/// A service that accepts with a credential from a store of this replay cache.
fn accept_with(site: &Site, rcache: &str, token: &[u8]) -> Result<(), Error> {
    let acceptor = Krb5::new(site.world.acceptor.environment().clone());
    let store = CredStore::new().with("rcache", rcache);
    let cred = world::single(done(acceptor.acquire(Acquire::accept().from_store(store))));
    let context = acceptor.accept(&Accept::new().with_cred(cred)).unwrap();
    let step = site.world.drive(context.step(Some(token)));
    step.map(drop).map_err(|error| error.error)
}

#[test]
fn a_credential_store_names_the_replay_cache_of_its_credential() {
    let site = Site::new();
    let token = site.token();
    accept_with(&site, &site.named("first"), &token).unwrap();
    assert_replayed(accept_with(&site, &site.named("first"), &token));
    accept_with(&site, &site.named("second"), &token).unwrap();
    assert_eq!(site.files(), ["first", "second"]);
    for _ in 0..2 {
        accept_with(&site, "none:", &token).unwrap();
    }
}

#[test]
fn a_replay_cache_that_is_asked_for_is_not_silently_another_one() {
    let site = Site::new();
    for name in ["FILE:/var/tmp/rcache", "rcache"] {
        let request = Acquire::accept().from_store(CredStore::new().with("rcache", name));
        let error = site.world.acquire(request).unwrap_err().error;
        assert_eq!(error.kind(), ErrorKind::Failure);
        let Some(KerberosError::ReplayCache(ReplayError::Name(_))) = error.reason_as() else {
            panic!("{error}");
        };
    }
}
