//! Bad input gives a person a clear error: the command as a process, against the embedded KDC.
//!
//! Each test asserts the exit code and what the text must name: the principal, the file, the address, what to try.

#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

#[path = "errors/files.rs"]
mod files;
mod realm;
#[path = "errors/tokens.rs"]
mod tokens;

use std::io::Write as _;
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};

use gss::kdc::Kdc;
use krb5_proto::KerberosTime;
use krb5_store::ccache::{CredentialCache as _, FileCache};
use krb5_store::keytab::FileKeytab;
use serde_json::Value;

use crate::realm::Realm;

/// How a run ended, and what it said.
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

fn run(command: &mut Command, arguments: &[&str], input: &[u8]) -> Ended {
    command.args(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that fails at once does not read it.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// What a command says on standard error as it fails; it says nothing else.
fn failure(command: &mut Command, arguments: &[&str], input: &[u8]) -> String {
    let ended = run(command, arguments, input);
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""), "{}", ended.err);
    assert!(ended.err.starts_with("gss: "), "{}", ended.err);
    ended.err
}

/// What `gss pipe` says last as it fails; it says nothing on standard error.
fn pipe_failure(command: &mut Command, arguments: &[&str], input: &[u8]) -> Value {
    let ended = run(command.arg("pipe"), arguments, input);
    assert_eq!((ended.code, ended.err.as_str()), (Some(1), ""), "{}", ended.out);
    let last: Value = serde_json::from_str(ended.out.lines().last().unwrap()).unwrap();
    last["error"].clone()
}

/// Each of `parts` is in `text`, which says nothing twice in a row.
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    let said: Vec<&str> = text.lines().flat_map(|line| line.split(": ")).map(str::trim).collect();
    assert!(
        said.windows(2).all(|pair| pair[0].is_empty() || pair[0] != pair[1]),
        "{text}"
    );
}

fn pipe_says(error: &Value, major: &str, parts: &[&str]) {
    assert_eq!(error["major"], major, "{error}");
    says(error["message"].as_str().unwrap(), parts);
}

const INITIATOR: [&str; 3] = ["initiator", "--target", "demo@localhost"];

/// The initiator's first token, as the line that the acceptor reads.
fn first_token(command: &mut Command) -> String {
    let ended = run(command.arg("pipe"), &INITIATOR, b"");
    let line = ended.out.lines().next().unwrap().to_owned();
    assert!(line.starts_with(r#"{"token":"#), "{line}");
    line + "\n"
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The number before ` seconds`.
fn seconds(text: &str) -> i64 {
    let (before, _) = text.split_once(" seconds").unwrap();
    before.rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
fn a_wrong_password_names_whose_it_is_not() {
    let realm = Realm::new();
    let told = failure(&mut realm.gss(), &["kinit", "user"], b"no\n");
    says(&told, &["the password for user@PIPE.TEST is wrong", "hint: "]);
}

#[test]
fn unknown_principals_are_named_with_their_realm() {
    let realm = Realm::new();
    let told = failure(&mut realm.gss(), &["kinit", "nobody"], b"password\n");
    says(
        &told,
        &[
            "the KDC of PIPE.TEST",
            "not in the Kerberos database",
            ": nobody@PIPE.TEST",
            "hint: ",
        ],
    );

    let told = failure(&mut realm.gss(), &["kvno", "imap/localhost"], b"");
    says(
        &told,
        &["not in the Kerberos database", ": imap/localhost@PIPE.TEST", "hint: "],
    );
    let error = pipe_failure(&mut realm.gss(), &["initiator", "--target", "imap@localhost"], b"");
    pipe_says(
        &error,
        "BAD_NAME",
        &["the KDC of PIPE.TEST", ": imap/localhost@PIPE.TEST"],
    );
}

#[test]
fn no_password_and_no_realm_are_told() {
    let realm = Realm::new();
    let told = failure(&mut realm.gss(), &["kinit", "user"], b"");
    says(&told, &["password from standard input", "one line is expected"]);
    let told = failure(
        &mut realm.gss(),
        &["kinit", "user", "--password-file", "/nonexistent/p"],
        b"",
    );
    says(&told, &["/nonexistent/p", "No such file"]);

    std::fs::write(realm.path("bare.conf"), "[libdefaults]\n").unwrap();
    let told = failure(
        realm.gss().env("KRB5_CONFIG", realm.path("bare.conf")),
        &["kinit", "user"],
        b"x\n",
    );
    says(&told, &["\"user\"", "hint: ", "default_realm"]);
}

#[test]
fn an_expired_ticket_says_whose_it_is_and_when_it_ended() {
    let realm = Realm::new();
    let cache = FileCache::new(realm.path("ccache"));
    let mut contents = cache.read().unwrap().as_ref().clone();
    for ticket in &mut contents.credentials {
        ticket.authtime = KerberosTime(999_990_000);
        ticket.starttime = None;
        ticket.endtime = KerberosTime(1_000_000_000);
    }
    cache.replace(&contents).unwrap();
    let expired = "user@PIPE.TEST";
    let ended = "expired at 2001-09-09T01:46:40Z";
    let told = failure(&mut realm.gss(), &["kvno", "demo/localhost"], b"");
    says(&told, &[expired, ended, "hint: ", "gss kinit"]);
    let error = pipe_failure(&mut realm.gss(), &INITIATOR, b"");
    pipe_says(
        &error,
        "CREDENTIALS_EXPIRED",
        &[expired, ended, text(&realm.path("ccache")), "kinit"],
    );
    assert_eq!(run(&mut realm.gss(), &["klist", "-s"], b"").code, Some(1));
    assert!(run(&mut realm.gss(), &["klist"], b"").out.contains(">>> expired <<<"));
}

#[test]
fn another_principals_cache_is_told_with_both_names() {
    let realm = Realm::new();
    let arguments = [&INITIATOR[..], &["--principal", "other"]].concat();
    let error = pipe_failure(&mut realm.gss(), &arguments, b"");
    pipe_says(
        &error,
        "NO_CRED",
        &["user@PIPE.TEST", "other@PIPE.TEST", text(&realm.path("ccache"))],
    );
}

#[test]
fn a_kdc_that_is_not_there_is_told_with_every_address_and_why() {
    let realm = Realm::new();
    // Nothing listens on the first (no port below 1024 is given out); the second takes everything and answers nothing.
    let gone = "127.0.0.1:1";
    let stream = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = stream.local_addr().unwrap();
    let datagrams = UdpSocket::bind(silent);
    let config = format!(
        "[libdefaults]\n default_realm = PIPE.TEST\n request_timeout = 3\n\
         [realms]\n PIPE.TEST = {{\n kdc = {gone}\n kdc = {silent}\n }}\n"
    );
    std::fs::write(realm.path("away.conf"), config).unwrap();
    let parts = [
        "no KDC of the realm PIPE.TEST answered",
        &format!("{gone} over UDP (connection refused)"),
        &format!("{gone} over TCP (connection refused)"),
        &format!("{silent} over TCP (no answer)"),
    ];
    let away = || {
        let mut command = realm.gss();
        command.env("KRB5_CONFIG", realm.path("away.conf"));
        command
    };
    let told = failure(&mut away(), &["kinit", "user"], b"password\n");
    says(&told, &parts);
    says(&told, &["for user@PIPE.TEST", "hint: ", "krb5.conf"]);
    if datagrams.is_ok() {
        says(&told, &[&format!("{silent} over UDP (no answer)")]);
    }
    let error = pipe_failure(&mut away(), &["initiator", "--target", "imap@localhost"], b"");
    pipe_says(&error, "FAILURE", &parts);
}

#[test]
fn a_realm_without_a_kdc_is_named_and_what_to_write() {
    let realm = Realm::new();
    let what = [
        "no KDC is known for the realm ELSE.TEST",
        "krb5.conf",
        "[realms] ELSE.TEST = { kdc = ",
    ];
    let told = failure(&mut realm.gss(), &["kinit", "user@ELSE.TEST"], b"password\n");
    says(&told, &what);
    says(&told, &["hint: ", "KRB5_CONFIG"]);
    let none = "[libdefaults]\n default_realm = PIPE.TEST\n dns_lookup_kdc = false\n";
    std::fs::write(realm.path("none.conf"), none).unwrap();
    let mut command = realm.gss();
    command.env("KRB5_CONFIG", realm.path("none.conf"));
    let error = pipe_failure(&mut command, &["initiator", "--target", "imap@localhost"], b"");
    pipe_says(
        &error,
        "FAILURE",
        &["no KDC is known for the realm PIPE.TEST", "krb5.conf"],
    );
}

#[test]
fn clocks_that_differ_are_told_with_by_how_much() {
    let realm = Realm::new();
    let kdc = Kdc::builder("AHEAD.TEST")
        .principal("user", "password")
        .service("demo/localhost")
        .clock_offset(5000);
    let kdc = kdc.build().unwrap();
    let running = kdc.serve_loopback().unwrap();
    let config = kdc.client_config(running.address());
    std::fs::write(realm.path("ahead.conf"), &config).unwrap();
    std::fs::write(
        realm.path("strict.conf"),
        config + "[libdefaults]\n    kdc_timesync = false\n",
    )
    .unwrap();
    FileKeytab::new(realm.path("ahead.keytab"))
        .replace(&kdc.service_keytab())
        .unwrap();
    let ahead = |config: &str| {
        let mut command = realm.gss();
        command.env("KRB5_CONFIG", realm.path(config));
        command.env("KRB5CCNAME", realm.path("ahead.ccache"));
        command.env("KRB5_KTNAME", realm.path("ahead.keytab"));
        command
    };
    let told = failure(&mut ahead("strict.conf"), &["kinit", "user"], b"password\n");
    says(
        &told,
        &[
            "the clock of the KDC is ",
            " seconds ahead of ours",
            "hint: set the clock",
        ],
    );
    assert!((4900..5100).contains(&seconds(&told)), "{told}");

    let ended = run(&mut ahead("ahead.conf"), &["kinit", "user"], b"password\n");
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!((4900..5100).contains(&seconds(&ended.out)), "{}", ended.out);
    let token = first_token(&mut ahead("ahead.conf"));
    let error = pipe_failure(&mut ahead("ahead.conf"), &["acceptor"], token.as_bytes());
    pipe_says(
        &error,
        "FAILURE",
        &["the clock of the peer is ", " seconds ahead of ours; 300 are allowed"],
    );
    assert!(
        (4900..5100).contains(&seconds(error["message"].as_str().unwrap())),
        "{error}"
    );
}
