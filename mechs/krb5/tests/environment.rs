//! The mechanism as programs get it: from variables, configuration files, caches and keytabs on disk.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use std::path::PathBuf;
use std::sync::Arc;

use gss_core::{Accept, CredStore, Environment, Existing, Flags, Initiate, Mechanism, Mechanisms, Name, Store};
use gss_mech_krb5::{KRB5, KerberosEnvironment, Krb5};
use gss_test::TestClock;
use krb5_crypto::Enctype;
use tempfile::TempDir;
use world::{CONFIGURATION, START, World, done};

struct Files {
    folder: TempDir,
}

impl Files {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn named(&self, name: &str) -> String {
        format!("FILE:{}", self.path(name).display())
    }

    fn environment(&self) -> Environment {
        std::fs::write(self.path("krb5.conf"), CONFIGURATION).unwrap();
        Environment::new(Arc::new(TestClock::at_seconds(START)))
            .with_variable("KRB5_CONFIG", self.path("krb5.conf").display().to_string())
            .with_variable("KRB5CCNAME", self.named("ccache"))
            .with_variable("KRB5_KTNAME", self.named("keytab"))
            .with_variable("KRB5RCACHEDIR", self.folder.path().display().to_string())
    }
}

#[test]
fn the_mechanism_is_linked_in_and_the_default() {
    let files = Files::new();
    let mechs = Mechanisms::linked(&files.environment()).unwrap();
    assert_eq!(mechs.oids().collect::<Vec<_>>(), [KRB5]);
    assert_eq!(mechs.default_mechanism().label().name, "krb5");
}

#[test]
fn default_credentials_come_from_the_files_that_the_variables_name() {
    let (world, files) = (World::new(Enctype::Aes256CtsHmacSha196), Files::new());
    std::fs::write(files.path("keytab"), world.kdc.service_keytab().to_octets().unwrap()).unwrap();
    let into = Store {
        store: Some(CredStore::new().with("ccache", files.named("ccache"))),
        existing: Existing::Overwrite,
        ..Store::default()
    };
    done(world.alice.element(&KRB5).unwrap().store(&into));

    let mechs = Mechanisms::linked(&files.environment()).unwrap();
    for _ in 0..2 {
        let request = Initiate::new(Name::hostbased_service("HTTP@www.example.test"));
        let initiator = mechs.initiate(&request, None).unwrap();
        let established = world.pair().establish(initiator, mechs.accept(Accept::new())).unwrap();
        let info = established.acceptor.info();
        assert_eq!(info.source.as_ref().unwrap().to_text(), "alice@EXAMPLE.TEST");
        assert_eq!(info.flags, Flags::USUAL | Flags::TRANS);
    }
    let requests = world.kdc_requests.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(
        requests, 3,
        "two for the user's ticket, one for the service's, which is stored"
    );
}

#[test]
fn missing_files_are_told_by_name() {
    let files = Files::new();
    let mechs = Mechanisms::linked(&files.environment()).unwrap();
    let request = Initiate::new(Name::hostbased_service("HTTP@www.example.test"));
    let step = mechs.initiate(&request, None).unwrap().step(None).unwrap();
    let error = step.drive(&mut gss_test::answer_blocking).err().unwrap().error;
    assert!(
        error.to_string().contains(&files.path("ccache").display().to_string()),
        "{error}"
    );
    let error = mechs.accept_as(&Accept::new(), &KRB5).err().unwrap();
    assert!(
        error.to_string().contains(&files.path("keytab").display().to_string()),
        "{error}"
    );
}

#[test]
fn a_bad_configuration_is_told_by_file_and_line() {
    let files = Files::new();
    let environment = files.environment();
    std::fs::write(files.path("krb5.conf"), "[libdefaults]\n default_realm\n").unwrap();
    let error = Mechanisms::linked(&environment).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("krb5.conf") && text.contains('2'), "{text}");
}

#[test]
fn a_program_that_brings_an_environment_is_not_asked_for_files() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let ready: KerberosEnvironment = world.acceptor.environment().clone();
    let environment = Environment::new(Arc::new(TestClock::at_seconds(START)))
        .with_variable("KRB5_CONFIG", "/nonexistent/krb5.conf")
        .with_extension(Arc::new(ready));
    let mechs = Mechanisms::linked(&environment).unwrap();
    let initiator = world.initiate(&world.request(Flags::USUAL));
    assert!(world.pair().establish(initiator, mechs.accept(Accept::new())).is_ok());
}

#[test]
fn i57_an_acceptor_sees_a_keytab_that_was_replaced() {
    let (world, newer) = (
        World::new(Enctype::Aes256CtsHmacSha196),
        World::new(Enctype::Aes256CtsHmacSha196),
    );
    let files = Files::new();
    let write = |world: &World| {
        let fresh = files.path("keytab.new");
        std::fs::write(&fresh, world.kdc.service_keytab().to_octets().unwrap()).unwrap();
        std::fs::rename(&fresh, files.path("keytab")).unwrap();
    };
    write(&world);
    let mut environment = world.acceptor.environment().clone();
    environment.keytab = files.named("keytab");
    let acceptor = Krb5::new(environment);
    let cred = world::single(done(acceptor.acquire(gss_core::Acquire::accept())));
    let accepts = |world: &World| {
        let accept = Accept::new().with_cred(cred.clone());
        let token = world.first_token(&world.request(Flags::USUAL));
        world
            .drive(acceptor.accept(&accept).unwrap().step(Some(&token)))
            .is_ok()
    };
    assert!(accepts(&world));
    assert!(!accepts(&newer));
    write(&newer);
    assert!(accepts(&newer), "the credential is the same, the keys are new");
    assert!(!accepts(&world));
}
