//! `gss demo`: the whole way, with nothing configured.

#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// The command in an empty directory, with a configuration and stores that would break it if it looked at them.
fn demo(arguments: &[&str]) -> (Output, TempDir) {
    let directory = TempDir::new().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_gss"))
        .arg("demo")
        .args(arguments)
        .current_dir(directory.path())
        .env_clear()
        .env("HOME", directory.path())
        .env("TMPDIR", directory.path())
        .env("KRB5_CONFIG", directory.path().join("missing.conf"))
        .env("KRB5CCNAME", "NONSENSE:")
        .env("KRB5_KTNAME", "NONSENSE:")
        .output()
        .unwrap();
    (output, directory)
}

fn told(arguments: &[&str]) -> String {
    let (output, directory) = demo(arguments);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert_eq!(
        std::fs::read_dir(directory.path()).unwrap().count(),
        0,
        "something was left behind"
    );
    String::from_utf8(output.stdout).unwrap()
}

fn events(arguments: &[&str]) -> Vec<Value> {
    let lines = told(&[&["--json"], arguments].concat());
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn named<'a>(events: &'a [Value], name: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["event"] == name).collect()
}

#[test]
fn the_story_has_a_beginning_a_middle_and_an_end() {
    let story = told(&[]);
    for part in [
        "A KDC for the realm DEMO.TEST listens on 127.0.0.1:",
        "alice -> demo: ",
        "demo -> alice: ",
        "demo knows that it talks to alice@DEMO.TEST.",
        "alice knows that she talks to demo/localhost@DEMO.TEST.",
        "messages are protected with aes256-cts-hmac-sha384-192.",
        "the MIC belongs to the message",
        "it was encrypted, unaltered",
        "Nothing is left behind.",
    ] {
        assert!(story.contains(part), "{part:?} is not in\n{story}");
    }
    assert!(!story.contains("refuses"), "{story}");
}

#[test]
fn altered_messages_are_refused_as_bad_mic_and_the_originals_accepted() {
    let story = told(&["--tamper"]);
    assert_eq!(
        story.matches("demo refuses it: BAD_MIC (0x00060000").count(),
        2,
        "{story}"
    );

    let events = events(&["--tamper"]);
    assert_eq!(named(&events, "altered").len(), 2);
    let refused = named(&events, "refused");
    assert_eq!(refused.len(), 2);
    assert!(
        refused
            .iter()
            .all(|event| event["major"] == "BAD_MIC" && event["by"] == "acceptor"),
        "{refused:?}"
    );
    assert_eq!(named(&events, "signature_holds").len(), 1);
    assert_eq!(named(&events, "opened").len(), 2);
}

#[test]
fn every_encryption_type_can_be_shown() {
    for enctype in krb5_crypto::Enctype::ALL {
        let events = events(&["--enctype", enctype.name()]);
        assert_eq!(events[0]["enctypes"], serde_json::json!([enctype.name()]));
        let established = named(&events, "established");
        assert_eq!(established.len(), 2);
        assert!(
            established.iter().all(|event| event["enctype"] == enctype.name()),
            "{established:?}"
        );
        assert_eq!(events.last().unwrap()["event"], "ended");
        assert!(named(&events, "sealed").iter().all(|event| event["encrypted"] == true));
    }
}

#[test]
fn an_unknown_encryption_type_is_wrong_usage_and_the_known_ones_are_told() {
    let (output, _) = demo(&["--enctype", "rot13"]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("aes128-cts-hmac-sha1-96"), "{told}");
}

#[test]
fn every_mechanism_can_be_shown_and_says_what_it_does_not_prove() {
    for (mech, user, tokens, mutual) in [
        ("spnego", "alice@DEMO.TEST", 2, true),
        ("ntlm", r"DEMO\alice", 3, false),
        ("scram", "alice", 4, true),
    ] {
        let events = events(&["--mech", mech, "--tamper"]);
        assert_eq!(named(&events, "context_token").len(), tokens, "{mech}");
        let established = named(&events, "established");
        assert!(
            established.iter().all(|event| event["initiator"] == user),
            "{established:?}"
        );
        let flags = &established[0]["flags"];
        let has_mutual = flags.as_array().unwrap().iter().any(|flag| flag == "mutual");
        assert_eq!(has_mutual, mutual, "{mech}: {flags}");
        assert_eq!(named(&events, "refused").len(), 2, "{mech}");
        assert_eq!(named(&events, "opened").len(), 2, "{mech}");
    }
    assert!(told(&["--mech", "ntlm"]).contains("nobody has proved that to her"));
}

#[test]
fn encryption_types_are_kerberos_own() {
    let (output, _) = demo(&["--mech", "scram", "--enctype", "aes128-cts-hmac-sha1-96"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("Kerberos"));
}
