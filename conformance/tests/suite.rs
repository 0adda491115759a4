//! The suite itself: that it can fail, that it passes where it should, and what it says where a peer is missing.
//!
//! The first two need the peers; without them they fail and name the packages, as the suite does.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::{Command, Output},
};

/// Rows in which a verifier has to refuse.
const FORGERIES: &str = "heimdal/aes256-sha1/mutual/*/tamper-mic";

fn suite(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gss-conformance"))
        .args(arguments)
        .output()
        .expect("the program that this package builds can be started")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn last_line(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .last()
        .unwrap_or_default()
        .to_owned()
}

/// A program of so many words, and its path.
fn script(directory: &tempfile::TempDir, name: &str, body: &str) -> String {
    let draft = directory.path().join(format!("{name}.draft"));
    fs::write(&draft, format!("#!/bin/sh\n{body}\n")).expect("a temporary directory can be written");
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).expect("its files are ours");
    // By a process of its own: one that another test starts meanwhile would inherit the open copy, and nothing runs a
    // program that somebody has open for writing.
    let path = directory.path().join(name);
    let copied = Command::new("cp").arg(&draft).arg(&path).status();
    assert!(copied.is_ok_and(|status| status.success()), "cp {}", draft.display());
    path.display().to_string()
}

#[test]
fn a_verifier_that_accepts_every_mic_is_noticed() {
    let output = suite(&["--subject", "broken-verifier", "--peer", "heimdal", "--only", FORGERIES]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_eq!(last_line(&output), "0 passed, 2 failed", "{}", said(&output));
    let said = said(&output);
    assert!(said.contains("refuses-flipped-mic@broken-verifier"), "{said}");
    assert!(said.contains("refuses-other-message@broken-verifier"), "{said}");
}

#[test]
fn the_same_library_unbroken_passes_the_same_rows() {
    let output = suite(&["--subject", "mit", "--peer", "heimdal", "--only", FORGERIES]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(last_line(&output), "2 passed, 0 failed", "{}", said(&output));
}

#[test]
fn a_pattern_that_no_row_has_is_an_error() {
    let output = suite(&["--subject", "mit", "--peer", "heimdal", "--only", "heimdal/des/*"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("heimdal/des/*"), "{}", said(&output));
}

#[test]
fn a_party_that_does_not_answer_fails_its_row_at_the_deadline() {
    let directory = tempfile::tempdir().unwrap();
    let gss = script(&directory, "gss", "exec sleep 600");
    let row = "heimdal/aes256-sha1/mutual/gss-to-heimdal/establish";
    let output = suite(&["--gss", &gss, "--peer", "heimdal", "--only", row, "--deadline", "1"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_eq!(last_line(&output), "0 passed, 1 failed", "{}", said(&output));
    assert!(
        said(&output).contains("did not answer before the deadline"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_party_that_dies_fails_its_row_with_what_it_said() {
    let directory = tempfile::tempdir().unwrap();
    let gss = script(&directory, "gss", "echo no ticket to be had >&2; exit 3");
    let row = "heimdal/aes256-sha1/mutual/gss-to-heimdal/establish";
    let output = suite(&["--gss", &gss, "--peer", "heimdal", "--only", row]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_eq!(last_line(&output), "0 passed, 1 failed", "{}", said(&output));
    assert!(said(&output).contains("no ticket to be had"), "{}", said(&output));
}

#[test]
fn missing_packages_are_an_error_that_names_them() {
    let directory = tempfile::tempdir().unwrap();
    script(&directory, "dpkg-query", "exit 1");
    for arguments in [&[][..], &["prepare"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_gss-conformance"))
            .args(arguments)
            .env("PATH", directory.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        for package in ["heimdal-kdc", "heimdal-multidev", "krb5-multidev", "gcc"] {
            assert!(said(&output).contains(package), "{}", said(&output));
        }
    }
}
