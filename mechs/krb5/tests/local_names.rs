//! Principals as users of this machine, through the mechglue.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;

use gss_core::{ErrorKind, IoReply, IoRequest, LocalLogin, Mechanisms, Name, StepError};
use gss_mech_krb5::{KRB5, KerberosEnvironment, Krb5};
use gss_test::TestClock;
use krb5_store::config::Settings;
use krb5_store::local::{LocalUser, Users};

/// Everybody has a home in this folder, which belongs to whoever runs the test.
#[derive(Debug)]
struct Homes(PathBuf);

impl Users for Homes {
    fn user(&self, name: &str) -> io::Result<Option<LocalUser>> {
        Ok(Some(LocalUser {
            id: fs::metadata(&self.0)?.uid(),
            name: name.to_owned(),
            home: self.0.clone(),
        }))
    }
}

struct Machine {
    home: tempfile::TempDir,
    mechanisms: Mechanisms,
}

impl Machine {
    fn new(realm: &str) -> Self {
        let text = format!("[libdefaults]\ndefault_realm = R\n[realms]\nR = {{\n{realm}\n}}\n");
        let settings = Arc::new(Settings::parse(&text).unwrap());
        let home = tempfile::tempdir().unwrap();
        let mut environment = KerberosEnvironment::new(settings, Arc::new(TestClock::at_seconds(0))).unwrap();
        environment.users = Arc::new(Homes(home.path().to_path_buf()));
        let mechanisms = Mechanisms::builder().with(Krb5::new(environment)).build().unwrap();
        Self { home, mechanisms }
    }

    fn canonical(&self, name: &Name) -> Name {
        self.mechanisms.canonicalize(name, Some(&KRB5)).unwrap().done().unwrap()
    }

    fn local(&self, principal: &str) -> Result<String, ErrorKind> {
        let found = self
            .mechanisms
            .local_name(&Name::krb5_principal(principal), None)
            .map_err(kind)?;
        Ok(String::from_utf8(found.done().unwrap()).unwrap())
    }

    fn may(&self, name: &Name, user: &str) -> Result<LocalLogin, ErrorKind> {
        let asked = self
            .mechanisms
            .authorize_local_name(&self.canonical(name), &Name::user(user));
        asked.and_then(|flow| flow.drive(&mut answer)).map_err(kind)
    }
}

fn answer(request: IoRequest) -> IoReply {
    match request {
        IoRequest::Blocking(call) => IoReply::Value(call()),
        other => panic!("{other:?}"),
    }
}

fn kind(error: StepError) -> ErrorKind {
    error.error.kind()
}

#[test]
fn c18_only_rules_make_users_of_the_principals_of_other_realms() {
    let machine = Machine::new("");
    assert_eq!(machine.local("alice@R"), Ok("alice".to_owned()));
    assert_eq!(machine.local("alice"), Ok("alice".to_owned()), "of the default realm");
    for principal in [
        "alice@OTHER",
        "alice/admin@R",
        "WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS",
    ] {
        assert_eq!(machine.local(principal), Err(ErrorKind::Unauthorized), "{principal}");
    }
    let trusting = Machine::new("auth_to_local = RULE:[1:$1@$0](^.*@OTHER$)s/@.*//");
    assert_eq!(trusting.local("alice@OTHER"), Ok("alice".to_owned()));
    let broken = Machine::new("auth_to_local = RULE:[1:$1](");
    assert_eq!(broken.local("alice@R"), Err(ErrorKind::Failure));
}

#[test]
fn c18_who_may_log_in_is_decided_by_principals_with_their_realms() {
    let machine = Machine::new("");
    let may = |principal: &str| machine.may(&Name::krb5_principal(principal), "alice");
    assert_eq!(may("alice@R"), Ok(LocalLogin::Granted));
    assert_eq!(may("alice@OTHER"), Ok(LocalLogin::Refused));
    assert_eq!(may("bob@R"), Ok(LocalLogin::Refused));
    fs::write(machine.home.path().join(".k5login"), "bob@R\n").unwrap();
    assert_eq!(may("bob@R"), Ok(LocalLogin::Granted));
    assert_eq!(may("bob@OTHER"), Ok(LocalLogin::Refused));
    assert_eq!(may("alice@R"), Ok(LocalLogin::Refused));
    assert_eq!(machine.may(&Name::anonymous(), "alice"), Ok(LocalLogin::Refused));
    let service = Name::hostbased_service("HTTP@www.example.test");
    assert_eq!(machine.may(&service, "HTTP"), Ok(LocalLogin::Refused));
}

#[test]
fn c18_what_cannot_be_read_lets_nobody_in() {
    let machine = Machine::new("");
    fs::create_dir(machine.home.path().join(".k5login")).unwrap();
    assert!(machine.may(&Name::krb5_principal("alice@R"), "alice").is_err());
    for user in ["\0", "../alice", ""] {
        let refused = machine.may(&Name::krb5_principal("alice@R"), user);
        assert_eq!(refused, Ok(LocalLogin::Refused), "{user:?}");
    }
    let octets = Name::user(vec![0xff]);
    let asked = machine
        .mechanisms
        .authorize_local_name(&machine.canonical(&Name::user("alice")), &octets);
    assert_eq!(asked.unwrap().done(), Some(LocalLogin::Refused));
}
