//! What the command as a whole promises: exit codes, errors on standard error, help that helps.

#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

fn gss(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gss"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn fed(arguments: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gss"));
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn text(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).unwrap()
}

const COMMANDS: [&str; 12] = [
    "demo", "kinit", "klist", "kdestroy", "kswitch", "kvno", "keytab", "kdc", "config", "pipe", "token", "mechs",
];

#[test]
fn every_command_has_help_and_is_listed() {
    let all = gss(&["--help"]);
    assert!(all.status.success());
    for command in COMMANDS {
        assert!(text(&all.stdout).contains(command), "{command}");
        let help = gss(&[command, "--help"]);
        assert!(
            help.status.success() && text(&help.stdout).contains("Usage:"),
            "{command}"
        );
    }
}

#[test]
fn wrong_usage_is_exit_code_2_and_a_failure_is_1() {
    assert_eq!(gss(&[]).status.code(), Some(2));
    assert_eq!(gss(&["nonsense"]).status.code(), Some(2));
    assert_eq!(gss(&["pipe", "initiator"]).status.code(), Some(2));
    assert_eq!(gss(&["token", "/nonexistent/token"]).status.code(), Some(1));
}

#[test]
fn a_failure_is_told_on_standard_error_with_its_cause_and_a_hint() {
    let output = gss(&["token", "/nonexistent/token"]);
    assert!(output.stdout.is_empty());
    let told = text(&output.stderr);
    assert!(
        told.starts_with("gss: cannot read /nonexistent/token\n     because "),
        "{told}"
    );
    assert!(told.lines().last().unwrap().starts_with("hint: "), "{told}");
}

#[test]
fn a_token_is_explained_up_to_where_it_stops_making_sense() {
    let output = fed(&["token"], b"6007 0605 2b0501 05");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stdout).starts_with("GSS-API token with framing"),
        "{output:?}"
    );
    assert!(text(&output.stderr).contains("at octet "), "{output:?}");

    let mic = fed(&["token", "-"], b"BAQF//////8AAAAAAAAABwABAgMEBQYHCAkKCw==\n");
    assert!(mic.status.success(), "{mic:?}");
    assert!(text(&mic.stdout).contains("sequence number: 7\n"), "{mic:?}");
}

#[test]
fn the_mechanisms_are_listed_as_text_and_as_json() {
    assert!(text(&gss(&["mechs"]).stdout).contains("1.2.840.113554.1.2.2\n"));
    let output = gss(&["mechs", "--json"]);
    let listed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(listed[0]["name"], "krb5");
    assert_eq!(listed[0]["default"], true);
    assert!(
        listed[0]["attributes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|name| name == "mic")
    );
}
