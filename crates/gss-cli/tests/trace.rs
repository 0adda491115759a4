//! `KRB5_TRACE` and `--trace`: what they tell, and what they never tell.

#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

mod realm;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use krb5_crypto::Enctype;
use krb5_crypto::primitives::rustcrypto::PROVIDER;
use krb5_store::ccache::{CredentialCache as _, FileCache};
use krb5_store::keytab::{FileKeytab, KeySource as _};
use serde_json::Value;

use crate::realm::Realm;

/// The command in this realm, traced to this file.
fn traced(realm: &Realm, trace: &Path, arguments: &[&str]) -> Command {
    let mut command = realm.gss();
    command.env("KRB5_TRACE", trace).args(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(mut command: Command, input: &str) -> Output {
    let mut child = command.spawn().unwrap();
    // A command that fails at once does not read it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// What a run of the command has written to the trace.
fn trace_of(realm: &Realm, arguments: &[&str], input: &str) -> String {
    let path = realm.path("trace");
    let output = run(traced(realm, &path, arguments), input);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_login_is_told_step_by_step_with_process_and_time() {
    let realm = Realm::new();
    let text = trace_of(&realm, &["kinit", "user"], "password\n");
    let mut rest = text.as_str();
    for step in [
        "read a configuration: file=",
        "getting an initial ticket: client=user@PIPE.TEST, server=krbtgt/PIPE.TEST@PIPE.TEST",
        "asking a server: address=127.0.0.1:",
        "KDC_ERR_PREAUTH_REQUIRED",
        "sending an encrypted timestamp: enctype=aes256-cts-hmac-sha384-192",
        "got a ticket: client=user@PIPE.TEST",
        "writing a credential cache: cache=FILE:",
    ] {
        let (_, after) = rest
            .split_once(step)
            .unwrap_or_else(|| panic!("{step} is not in: {rest}"));
        rest = after;
    }
    let mut times = Vec::new();
    for line in text.lines() {
        let (process, rest) = line.strip_prefix('[').unwrap().split_once("] ").unwrap();
        assert!(process.parse::<u32>().is_ok(), "{line}");
        let (time, _) = rest.split_once(": ").unwrap();
        let (seconds, micros) = time.split_once('.').unwrap();
        times.push((seconds.parse::<u64>().unwrap(), micros.parse::<u32>().unwrap()));
    }
    assert!(times.is_sorted());
    let mode = std::fs::metadata(realm.path("trace")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn the_option_counts_before_the_variable_and_runs_append() {
    let realm = Realm::new();
    let (chosen, named) = (realm.path("chosen"), realm.path("named"));
    let option = format!("--trace={}", chosen.display());
    for runs in 1..=2 {
        run(traced(&realm, &named, &["klist", &option]), "");
        let text = std::fs::read_to_string(&chosen).unwrap();
        assert_eq!(text.matches("read a credential cache").count(), runs);
    }
    assert!(!named.exists());
    let output = run(traced(&realm, &named, &["klist", "--trace"]), "");
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("read a credential cache")
    );
    assert!(
        !String::from_utf8(output.stdout)
            .unwrap()
            .contains("read a credential cache")
    );
}

#[test]
fn a_place_that_cannot_be_written_to_is_told_and_the_variable_costs_nothing() {
    let realm = Realm::new();
    let nowhere = realm.path("absent").join("trace");
    let output = run(traced(&realm, &nowhere, &["klist"]), "");
    assert!(output.status.success());
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("cannot trace as KRB5_TRACE says")
    );
    let option = format!("--trace={}", nowhere.display());
    let output = run(traced(&realm, &nowhere, &["klist", &option]), "");
    assert_eq!(output.status.code(), Some(1));
}

/// Everything that must stay secret, under a name.
#[derive(Default)]
struct Secrets(Vec<(String, Vec<u8>)>);

impl Secrets {
    fn add(&mut self, name: impl Into<String>, octets: &[u8]) {
        assert!(octets.len() >= 8, "what is short is anywhere");
        self.0.push((name.into(), octets.to_vec()));
    }

    /// A password, and the keys that it makes.
    fn password(&mut self, password: &str, salt: &str) {
        self.add(password, password.as_bytes());
        for enctype in Enctype::ALL {
            let key = krb5_crypto::string_to_key(&PROVIDER, *enctype, password.as_bytes(), salt.as_bytes(), None);
            self.add(format!("{password} in {}", enctype.name()), key.unwrap().expose());
        }
    }

    fn cache(&mut self, path: PathBuf) {
        let contents = FileCache::new(path).read().unwrap();
        let before = self.0.len();
        for ticket in contents.tickets() {
            self.add(format!("the session key for {}", ticket.server), ticket.key.expose());
        }
        assert!(self.0.len() > before);
    }

    fn keytab(&mut self, path: PathBuf) {
        for entry in &FileKeytab::new(path).read().unwrap().entries {
            self.add(format!("a key of {}", entry.principal), entry.key.expose());
        }
    }

    /// Which of them are in `text`: as they are, in hexadecimal, in base64 at any offset, or as a list of numbers.
    fn found_in(&self, text: &[u8]) -> BTreeSet<&str> {
        let lower = text.to_ascii_lowercase();
        let is_in = |text: &[u8], part: &[u8]| text.windows(part.len()).any(|window| window == part);
        let found = |octets: &[u8]| {
            let numbers: Vec<String> = octets.iter().map(u8::to_string).collect();
            is_in(text, octets)
                || is_in(&lower, hex::encode(octets).as_bytes())
                || is_in(text, numbers.join(", ").as_bytes())
                || in_base64(octets).iter().any(|part| is_in(text, part.as_bytes()))
        };
        let found = self.0.iter().filter(|(_, octets)| found(octets));
        found.map(|(name, _)| name.as_str()).collect()
    }
}

/// What of `octets` is in any base64 that contains them: whole groups of three, from each of three offsets.
fn in_base64(octets: &[u8]) -> [String; 3] {
    [0, 1, 2].map(|skipped| {
        let octets = &octets[skipped..];
        STANDARD_NO_PAD.encode(&octets[..octets.len() / 3 * 3])
    })
}

#[test]
fn the_search_for_secrets_finds_them_in_every_spelling() {
    let mut secrets = Secrets::default();
    let secret = b"Vogelfutter 4711";
    secrets.add("it", secret);
    let spellings = [
        secret.to_vec(),
        hex::encode_upper(secret).into_bytes(),
        format!("{:?}", secret.to_vec()).into_bytes(),
        STANDARD_NO_PAD.encode(secret).into_bytes(),
        STANDARD_NO_PAD.encode([b"xy", &secret[..], b"z"].concat()).into_bytes(),
    ];
    for spelling in spellings {
        let text = [b"before ", &spelling[..], b" after"].concat();
        assert_eq!(secrets.found_in(&text).len(), 1, "{}", text.escape_ascii());
    }
    assert!(secrets.found_in(b"nothing").is_empty());
}

/// A pair of `gss pipe` that establishes a context by which the user delegates, and what the acceptor has stored.
fn delegate(realm: &Realm, trace: &Path) {
    let start = |arguments: &[&str]| traced(realm, trace, arguments).spawn().unwrap();
    let initiator = &[
        "pipe",
        "initiator",
        "--target",
        "demo@localhost",
        "--flags",
        "mutual,deleg",
    ];
    let mut initiator = Wire::of(start(initiator));
    let mut acceptor = Wire::of(start(&["pipe", "acceptor"]));
    acceptor.say(&initiator.hear());
    initiator.say(&acceptor.hear());
    initiator.hear();
    acceptor.hear();
    let store = format!(r#"{{"store_delegated":"FILE:{}"}}"#, realm.path("delegated").display());
    acceptor.say(&store);
    let stored = acceptor.hear();
    assert!(stored.contains("stored"), "{stored}");
    for wire in [initiator, acceptor] {
        let Wire { child, output } = wire;
        drop(output);
        assert!(child.wait_with_output().unwrap().status.code().is_some());
    }
}

struct Wire {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Wire {
    fn of(mut child: Child) -> Self {
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output }
    }

    fn say(&mut self, line: &str) {
        let input = self.child.stdin.as_mut().unwrap();
        writeln!(input, "{}", line.trim_end()).unwrap();
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line
    }
}

#[test]
fn p_no_secret_is_in_a_trace() {
    let realm = Realm::new();
    let trace = realm.path("trace");
    let with = |arguments: &[&str], input: &str| run(traced(&realm, &trace, arguments), input);
    let mut secrets = Secrets::default();
    secrets.password("password", "PIPE.TESTuser");
    secrets.password("a wrong password", "PIPE.TESTuser");
    secrets.password("with spaces and ümlauts", "PIPE.TESTclient");
    secrets.add("what the demo seals", b"The safe opens with 4711.");

    assert!(with(&["demo"], "").status.success());
    assert!(
        with(&["kinit", "-f", "-r", "7d", "user"], "password\n")
            .status
            .success()
    );
    assert!(!with(&["kinit", "user"], "a wrong password\n").status.success());
    assert!(
        with(
            &["kvno", "-k", realm.path("keytab").to_str().unwrap(), "demo/localhost"],
            ""
        )
        .status
        .success()
    );
    let clients = realm.path("clients");
    let keytab = clients.to_str().unwrap();
    assert!(
        with(
            &["keytab", "add", keytab, "client", "--kvno", "1"],
            "with spaces and ümlauts\n"
        )
        .status
        .success()
    );
    assert!(
        !with(&["kinit", "-k", "-t", keytab], "").status.success(),
        "nobody knows this client"
    );
    assert!(with(&["klist", "-k", "-t", keytab], "").status.success());
    delegate(&realm, &trace);
    secrets.cache(realm.path("ccache"));
    assert!(with(&["kinit", "-R"], "").status.success());
    secrets.cache(realm.path("ccache"));
    secrets.cache(realm.path("delegated"));
    secrets.keytab(realm.path("keytab"));
    secrets.keytab(clients);
    assert!(with(&["kinit", "-k", "demo/localhost"], "").status.success());
    secrets.cache(realm.path("ccache"));

    let text = std::fs::read(&trace).unwrap();
    assert!(text.len() > 10_000 && secrets.0.len() > 20);
    for what in [
        "got a ticket",
        "the client delegates",
        "looked for the ticket's keys",
        "the context is established",
    ] {
        assert!(String::from_utf8_lossy(&text).contains(what), "{what}");
    }
    assert_eq!(secrets.found_in(&text), BTreeSet::new());
}

#[test]
fn a_pipe_traces_nothing_for_messages() {
    let realm = Realm::new();
    let trace = realm.path("trace");
    let lines = || std::fs::read_to_string(&trace).unwrap().lines().count();
    let mut initiator = Wire::of(
        traced(&realm, &trace, &["pipe", "initiator", "--target", "demo@localhost"])
            .spawn()
            .unwrap(),
    );
    let mut acceptor = Wire::of(traced(&realm, &trace, &["pipe", "acceptor"]).spawn().unwrap());
    acceptor.say(&initiator.hear());
    initiator.say(&acceptor.hear());
    let established: Value = serde_json::from_str(&initiator.hear()).unwrap();
    acceptor.hear();
    assert!(established.to_string().contains("established"), "{established}");
    let before = lines();
    for _ in 0..10 {
        initiator.say(r#"{"wrap":{"message":"aGVsbG8=","conf":true}}"#);
        let wrapped: Value = serde_json::from_str(&initiator.hear()).unwrap();
        let token = wrapped["token"].as_str().unwrap();
        acceptor.say(&format!(r#"{{"unwrap":"{token}"}}"#));
        assert!(acceptor.hear().contains("aGVsbG8="));
    }
    assert_eq!(lines(), before);
    for wire in [&mut initiator, &mut acceptor] {
        drop(wire.child.stdin.take());
        wire.child.wait().unwrap();
    }
}
