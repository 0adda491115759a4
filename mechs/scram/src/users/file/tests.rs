use std::io::Write as _;

use krb5_message::crypto::primitives::rustcrypto::PROVIDER;
use tempfile::NamedTempFile;

use super::*;

const ALICE: &str = "SCRAM-SHA-1$4096:QSXCR+Q6sek8bf92$6dlGYMOdZcOPutkcNY8U2g7vK9Y=:D+CSWLOshSulAsxiupA+qs2/fTE=";

fn users(text: &str) -> (FileUsers, NamedTempFile) {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    (FileUsers::new(&PROVIDER, file.path()).unwrap(), file)
}

#[test]
fn a_user_is_found_by_name_and_mechanism() {
    let (users, _file) = users(&format!("# users\n\n  alice:{ALICE}  \nI\u{AD}X:{ALICE}\n"));
    for name in ["alice", "IX"] {
        let keys = users.find(name, ScramHash::Sha1).unwrap().unwrap();
        assert_eq!(keys.to_text(), ALICE);
        assert!(users.find(name, ScramHash::Sha256).unwrap().is_none());
    }
    assert!(users.find("bob", ScramHash::Sha1).unwrap().is_none());
}

#[test]
fn a_change_of_the_file_counts_at_once() {
    let (users, mut file) = users("");
    assert!(users.find("alice", ScramHash::Sha1).unwrap().is_none());
    writeln!(file, "alice:{ALICE}").unwrap();
    assert!(users.find("alice", ScramHash::Sha1).unwrap().is_some());
}

#[test]
fn nobody_answers_for_unknown_users_and_is_no_user() {
    let (one, _file) = users(&format!("alice:{ALICE}\n*:{}\n", ALICE.replace("4096", "5000")));
    let (other, _other) = users(&format!("*:{}\n", ALICE.replace("4096", "5000")));
    let keys = |users: &FileUsers| {
        users
            .decoy(ScramHash::Sha1)
            .unwrap()
            .keys(&PROVIDER, ScramHash::Sha1, "bob")
    };
    assert_eq!(keys(&one).to_text(), keys(&other).to_text(), "processes agree");
    assert_eq!((keys(&one).salt.len(), keys(&one).iterations.get()), (12, 5000));
    assert!(one.find("*", ScramHash::Sha1).unwrap().is_none());
}

#[test]
fn without_a_line_for_nobody_unknown_users_look_like_the_first() {
    let (users, _file) = users(&format!("alice:{}\n", ALICE.replace("4096", "7000")));
    let keys = |name| {
        users
            .decoy(ScramHash::Sha1)
            .unwrap()
            .keys(&PROVIDER, ScramHash::Sha1, name)
    };
    assert_eq!((keys("bob").salt.len(), keys("bob").iterations.get()), (12, 7000));
    assert_eq!(keys("bob").salt, keys("bob").salt);
    assert_eq!(
        users
            .decoy(ScramHash::Sha256)
            .unwrap()
            .keys(&PROVIDER, ScramHash::Sha256, "bob")
            .salt
            .len(),
        16
    );
}

#[test]
fn a_malformed_line_is_told_wherever_it_is() {
    let cases = [
        ("alice", UserFileFault::Form),
        (":x", UserFileFault::Name(NotPrepared::Empty)),
        ("bob:x", UserFileFault::Verifier(VerifierError::Form)),
    ];
    for (bad, expected) in cases {
        let (users, _file) = users(&format!("alice:{ALICE}\n{bad}\n"));
        match users.find("alice", ScramHash::Sha1) {
            Err(UsersError::Syntax { line: 2, fault, .. }) => assert_eq!(fault, expected),
            other => panic!("{bad}: {other:?}"),
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_and_not_an_empty_one() {
    let missing = FileUsers::new(&PROVIDER, "/nonexistent/users").unwrap();
    let error = missing.find("alice", ScramHash::Sha1).unwrap_err();
    assert!(error.to_string().contains("/nonexistent/users"), "{error}");
    let (binary, mut file) = users("");
    file.write_all(b"\xff").unwrap();
    assert!(matches!(
        binary.find("alice", ScramHash::Sha1),
        Err(UsersError::Read { .. })
    ));
}

#[test]
fn a1_a_file_without_end_is_not_read_to_it() {
    let (users, file) = users("");
    file.as_file().set_len(LONGEST + 1).unwrap();
    assert!(users.find("alice", ScramHash::Sha1).is_err());
}
