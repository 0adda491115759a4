//! The options of `gss kvno`.

use krb5_store::ccache::{CredentialCache as _, FileCache};
use serde_json::Value;

use crate::Realm;

const LINE: &str = "HTTP/localhost@CLI.TEST: kvno = 1";

fn logged_in() -> Realm {
    let realm = Realm::new(&["--principal", "bob:other"]);
    realm.done(&["kinit", "alice"], "secret\n");
    realm
}

/// The services of the tickets in a cache.
fn servers(realm: &Realm, cache: &str) -> Vec<String> {
    let contents = FileCache::new(realm.path(cache)).read().unwrap();
    contents.tickets().map(|ticket| ticket.server.to_string()).collect()
}

#[test]
fn a_service_is_named_by_itself_or_by_its_host() {
    let realm = logged_in();
    for arguments in [
        &["HTTP/localhost"][..],
        &["-S", "HTTP", "LOCALHOST."],
        &["-u", "HTTP/localhost"],
    ] {
        let told = realm.done(&[&["kvno"], arguments].concat(), "");
        assert_eq!(told.trim_end(), LINE, "{arguments:?}");
    }
}

#[test]
fn a_keytab_is_checked_with_the_ticket() {
    let realm = logged_in();
    let told = realm.done(&["kvno", "-k", "keytab", "HTTP/localhost"], "");
    assert_eq!(told.trim_end(), format!("{LINE}, keytab entry valid"));
    realm.done(
        &["keytab", "add", "stale", "HTTP/localhost", "--random", "--kvno", "1"],
        "",
    );
    let cases = [("stale", "cannot be decrypted"), ("absent", "absent")];
    for (keytab, part) in cases {
        let output = realm.gss(&["kvno", "-k", keytab, "HTTP/localhost"], "");
        assert_eq!(output.status.code(), Some(1));
        let (told, error) = (
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        );
        assert!(
            told.contains("keytab entry invalid") && error.contains(part),
            "{told}{error}"
        );
    }
}

#[test]
fn the_session_key_is_of_the_type_that_was_asked_for() {
    let realm = logged_in();
    let session = |arguments: &[&str]| {
        let told = realm.done(&[&["kvno", "--json"], arguments, &["HTTP/localhost"]].concat(), "");
        let report: Value = serde_json::from_str(&told).unwrap();
        report["session_enctype"].as_str().unwrap().to_owned()
    };
    assert_eq!(session(&[]), "aes256-cts-hmac-sha384-192");
    assert_eq!(
        session(&["-e", "aes128-cts"]),
        "aes128-cts-hmac-sha1-96",
        "the one in the cache will not do"
    );
    assert_eq!(realm.gss(&["kvno", "-e", "zork", "x"], "").status.code(), Some(2));
}

#[test]
fn quiet_is_quiet_and_one_failure_is_not_the_end() {
    let realm = logged_in();
    assert_eq!(realm.done(&["kvno", "-q", "HTTP/localhost"], ""), "");
    let output = realm.gss(&["kvno", "imap/localhost", "HTTP/localhost"], "");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim_end(), LINE);
    assert!(String::from_utf8(output.stderr).unwrap().contains("imap/localhost"));
}

#[test]
fn tickets_are_kept_where_they_are_wanted() {
    let realm = logged_in();
    let error = realm.failed(&["kvno", "--cached-only", "HTTP/localhost"], "");
    assert!(
        error.contains("holds no ticket for HTTP/localhost") && error.contains("hint: "),
        "{error}"
    );
    realm.done(&["kvno", "--no-store", "HTTP/localhost"], "");
    assert_eq!(servers(&realm, "ccache").len(), 1);
    realm.done(&["kvno", "--out-cache", "FILE:out", "HTTP/localhost"], "");
    assert_eq!(servers(&realm, "ccache").len(), 1);
    assert!(
        servers(&realm, "out")
            .iter()
            .all(|name| name.starts_with("HTTP/localhost@"))
    );
    realm.done(&["kvno", "-c", "FILE:out", "--cached-only", "HTTP/localhost"], "");
    realm.done(&["kvno", "HTTP/localhost"], "");
    realm.done(
        &["kvno", "--cached-only", "--out-cache", "FILE:again", "HTTP/localhost"],
        "",
    );
    assert_eq!(servers(&realm, "again").len(), 1, "what was there is copied");
}

#[test]
fn user_to_user_needs_the_other_users_ticket() {
    let realm = logged_in();
    realm.done(&["kinit", "-c", "FILE:bobs", "bob"], "other\n");
    let told = realm.done(&["kvno", "--u2u", "FILE:bobs", "bob"], "");
    assert!(told.starts_with("bob@CLI.TEST: kvno = "), "{told}");
    let error = realm.failed(&["kvno", "--u2u", "FILE:absent", "bob"], "");
    assert!(error.contains("absent"), "{error}");
}

#[test]
fn services_for_other_users_are_said_to_be_missing() {
    let realm = logged_in();
    for options in [
        &["-U", "bob"][..],
        &["-I", "bob@x"],
        &["-F", "bob.pem"],
        &["-U", "bob", "-P"],
    ] {
        let error = realm.failed(&[&["kvno"], options, &["HTTP/localhost"]].concat(), "");
        assert!(
            error.contains("not implemented") && error.contains("S4U"),
            "{options:?}: {error}"
        );
    }
}
