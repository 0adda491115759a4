//! Accounts from a file, as the environment or a credential store names it.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test tells what failed by panicking")]

mod world;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gss_core::{
    Accept, Acquire, CredStore, CredUsage, Credential, Environment, Error, ErrorKind, Initiate, Mechanisms, Name,
};
use gss_mech_ntlm::{NTLM, Ntlm, NtlmEnvironment, NtlmError};
use gss_test::{Pair, TestClock};
use world::converse;

/// A directory with a file of accounts in it.
fn accounts(text: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("accounts");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    (directory, path)
}

fn mechanisms(variables: &[(&str, &Path)]) -> Mechanisms {
    let clock = Arc::new(TestClock::at_seconds(1_700_000_000));
    let mut environment = Environment::new(clock).with_variable("NTLM_LOOPBACK", "allow");
    for (name, path) in variables {
        environment = environment.with_variable(*name, path.to_str().unwrap());
    }
    let ntlm = Ntlm::new(NtlmEnvironment::from_environment(&environment));
    Mechanisms::builder().with(ntlm).build().unwrap()
}

fn acquire(mechanisms: &Mechanisms, request: Acquire) -> Result<Credential, Error> {
    let acquired = mechanisms
        .acquire(request, Some(&[NTLM]))
        .map(|flow| flow.done().unwrap());
    acquired.map_err(|error| error.error)
}

/// Who the acceptor says that it is.
fn accepted(mechanisms: &Mechanisms, initiating: Option<Credential>, accepting: Option<Credential>) -> String {
    let mut request = Initiate::new(Name::hostbased_service("HTTP@localhost"));
    request.cred = initiating;
    let initiator = mechanisms.initiate(&request, Some(&NTLM)).unwrap();
    let mut accept = Accept::new();
    accept.cred = accepting;
    let mut contexts = Pair::new().establish(initiator, mechanisms.accept(accept)).unwrap();
    converse(&mut contexts);
    contexts.acceptor.info().source.as_ref().unwrap().to_text()
}

const TWO: &str = "# first\nDOMAIN:alice:open sesame\nOTHER:bob:open barley\n";

#[test]
fn both_sides_take_what_the_variable_names() {
    let (_directory, path) = accounts(TWO);
    let mechanisms = mechanisms(&[("NTLM_USER_FILE", &path)]);
    assert_eq!(
        accepted(&mechanisms, None, None),
        r"DOMAIN\alice",
        "the first of the file"
    );
    let bob = acquire(&mechanisms, Acquire::initiate().named(Name::user(r"OTHER\bob"))).unwrap();
    assert_eq!(accepted(&mechanisms, Some(bob), None), r"OTHER\bob");
    let carol = acquire(&mechanisms, Acquire::initiate().named(Name::user("carol"))).unwrap_err();
    assert!(
        matches!(carol.reason_as(), Some(NtlmError::NoPassword(name)) if name == "carol"),
        "{carol}"
    );
}

#[test]
fn a_store_names_another_file() {
    let (_directory, path) = accounts(TWO);
    let (_other_directory, other) = accounts("THIRD:carol:open wheat\n");
    let mechanisms = mechanisms(&[("NTLM_USER_FILE", &path)]);
    let store = || CredStore::new().with("ntlmssp_keyfile", other.to_str().unwrap());
    let carol = acquire(&mechanisms, Acquire::initiate().from_store(store())).unwrap();
    let accepting = Acquire {
        usage: CredUsage::Accept,
        ..Acquire::accept().from_store(store())
    };
    let accepting = acquire(&mechanisms, accepting).unwrap();
    assert_eq!(
        accepted(&mechanisms, Some(carol.clone()), Some(accepting)),
        r"THIRD\carol"
    );

    let request = Initiate::new(Name::hostbased_service("HTTP@localhost")).with_cred(carol);
    let initiator = mechanisms.initiate(&request, Some(&NTLM)).unwrap();
    let refused = Pair::new().establish(initiator, mechanisms.accept(Accept::new()));
    assert!(refused.is_err(), "the default file does not know carol");
}

#[test]
fn a_file_that_others_can_read_lets_nobody_in_and_is_named() {
    let (_directory, path) = accounts(TWO);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let mechanisms = mechanisms(&[("NTLM_USER_FILE", &path)]);
    let error = acquire(&mechanisms, Acquire::initiate()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failure);
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
}

#[test]
fn without_accounts_there_is_no_credential() {
    let mechanisms = mechanisms(&[]);
    let error = acquire(&mechanisms, Acquire::initiate()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoCred);
    assert!(error.to_string().contains("NTLM_USER_FILE"), "{error}");
    assert_eq!(
        acquire(&mechanisms, Acquire::accept()).unwrap_err().kind(),
        ErrorKind::NoCred
    );
}

#[test]
fn a_password_without_a_name_is_nobodys() {
    let (_directory, path) = accounts(TWO);
    let mechanisms = mechanisms(&[("NTLM_USER_FILE", &path)]);
    let request = Acquire::initiate().with_password(b"open sesame".to_vec().into());
    assert_eq!(acquire(&mechanisms, request).unwrap_err().kind(), ErrorKind::NoCred);
}
