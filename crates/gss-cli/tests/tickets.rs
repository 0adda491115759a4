//! The commands for tickets and keys as processes, against `gss kdc` as a process.

#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

#[path = "tickets/initial.rs"]
mod initial;
#[path = "tickets/service.rs"]
mod service;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::Arc;

use krb5_proto::{EncryptionKey, KerberosTime};
use krb5_store::keytab::{FileKeytab, KeySource as _};
use serde_json::Value;
use tempfile::TempDir;

/// `gss kdc` with the user `alice` (password `secret`) and the service `HTTP/localhost`.
struct Realm {
    directory: TempDir,
    kdc: Child,
    stdout: BufReader<ChildStdout>,
    ready: Value,
}

impl Realm {
    fn new(options: &[&str]) -> Self {
        let directory = TempDir::new().unwrap();
        let path = |name| directory.path().join(name);
        let mut kdc = Command::new(env!("CARGO_BIN_EXE_gss"))
            .args(["kdc", "--realm", "CLI.TEST", "--listen", "127.0.0.1:0"])
            .args(["--principal", "alice:secret", "--service", "HTTP/localhost"])
            .args(options)
            .arg("--keytab")
            .arg(path("keytab"))
            .arg("--krb5-conf")
            .arg(path("krb5.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(kdc.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).unwrap();
        Self {
            directory,
            kdc,
            stdout,
            ready,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Runs `gss` with these arguments, in the realm's directory, fed with `input`.
    fn gss(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_gss"))
            .args(arguments)
            .current_dir(self.directory.path())
            .env("KRB5_CONFIG", self.path("krb5.conf"))
            .env("KRB5CCNAME", self.path("ccache"))
            .env("KRB5_KTNAME", self.path("keytab"))
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that fails before it reads closes its end.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// What `gss` prints, which must succeed.
    fn done(&self, arguments: &[&str], input: &str) -> String {
        let output = self.gss(arguments, input);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// What `gss` says on standard error, which must fail with exit code 1.
    fn failed(&self, arguments: &[&str], input: &str) -> String {
        let output = self.gss(arguments, input);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

impl Drop for Realm {
    fn drop(&mut self) {
        let _ = self.kdc.kill();
        let _ = self.kdc.wait();
    }
}

fn send(signal: &str, process: &Child) {
    let status = Command::new("kill").args([signal, &process.id().to_string()]).status();
    assert!(status.unwrap().success());
}

#[test]
fn the_kdc_says_one_line_and_ends_cleanly_on_sigterm_and_sigint() {
    for signal in ["-TERM", "-INT"] {
        let mut realm = Realm::new(&[]);
        let ready = &realm.ready["ready"];
        assert!(ready["address"].as_str().unwrap().starts_with("127.0.0.1:"));
        assert_eq!(
            ready["krb5_conf"].as_str().unwrap(),
            realm.path("krb5.conf").to_str().unwrap()
        );
        send(signal, &realm.kdc);
        assert!(realm.kdc.wait().unwrap().success());
        let mut rest = String::new();
        realm.stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
        let mut stderr = String::new();
        realm.kdc.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert!(stderr.contains("NOT FOR PRODUCTION"));
    }
}

#[test]
fn d4_the_kdc_does_not_run_as_root_unless_told_where() {
    let mut kdc = Command::new(env!("CARGO_BIN_EXE_gss"))
        .arg("kdc")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    if nix::unistd::geteuid().is_root() {
        let output = kdc.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stdout), (Some(1), Vec::new()));
        assert!(String::from_utf8_lossy(&output.stderr).contains("--listen 127.0.0.1:0"));
    } else {
        let mut line = String::new();
        BufReader::new(kdc.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("ready"), "{line}");
        kdc.kill().unwrap();
        kdc.wait().unwrap();
    }
}

#[test]
fn d4_the_kdc_refuses_addresses_that_others_can_reach() {
    let output = Command::new(env!("CARGO_BIN_EXE_gss"))
        .args(["kdc", "--listen", "0.0.0.0:0"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"");
    assert!(String::from_utf8_lossy(&output.stderr).contains("loopback addresses only, not on 0.0.0.0:0"));
}

#[test]
fn a_password_gives_tickets_that_are_listed_renewed_and_destroyed() {
    let realm = Realm::new(&[]);
    assert!(realm.failed(&["klist"], "").contains("no credential cache"));
    realm.failed(&["klist", "-s"], "");
    let told = realm.done(&["kinit", "-f", "-r", "7d", "alice"], "secret\n");
    assert!(told.contains("alice@CLI.TEST for krbtgt/CLI.TEST@CLI.TEST until"));
    assert_eq!(
        realm.done(&["kvno", "HTTP/localhost"], ""),
        "HTTP/localhost@CLI.TEST: kvno = 1\n"
    );
    let listed = realm.done(&["klist", "-ef"], "");
    assert!(listed.contains("Default principal: alice@CLI.TEST"));
    assert!(listed.contains("krbtgt/CLI.TEST@CLI.TEST") && listed.contains("HTTP/localhost@CLI.TEST"));
    assert!(listed.contains("FRIATe") && listed.contains("aes256-cts-hmac-sha384-192"));
    realm.done(&["kinit", "-R"], "");
    let listed: Value = serde_json::from_str(&realm.done(&["klist", "--json"], "")).unwrap();
    let tickets = listed["tickets"].as_array().unwrap();
    assert_eq!(tickets.len(), 1, "the renewed one alone");
    assert_eq!(tickets[0]["client"], "alice@CLI.TEST");
    assert_eq!(tickets[0]["expired"], false);
    assert_eq!(realm.done(&["klist", "-s"], ""), "");
    realm.done(&["kdestroy"], "");
    assert!(!realm.path("ccache").exists());
    assert!(realm.failed(&["kdestroy"], "").contains("no credential cache"));
    assert_eq!(realm.failed(&["kdestroy", "-q"], ""), "");
}

#[test]
fn passwords_come_from_files_too_and_the_cache_says_who_is_meant() {
    let realm = Realm::new(&[]);
    std::fs::write(realm.path("password"), "secret\n").unwrap();
    let report = realm.done(&["kinit", "--password-file", "password", "--json", "alice"], "");
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["client"], "alice@CLI.TEST");
    assert_eq!(report["clock_offset"], Value::Null);
    assert!(realm.done(&["kinit"], "secret\n").contains("Ticket of alice@CLI.TEST"));
}

#[test]
fn keytabs_are_written_listed_and_used() {
    let realm = Realm::new(&["--enctypes", "aes256-sha2,aes128-cts"]);
    let listed = realm.done(&["keytab", "list"], "");
    assert!(listed.contains("aes256-cts-hmac-sha384-192") && listed.contains("HTTP/localhost@CLI.TEST"));
    assert_eq!(
        realm
            .done(&["klist", "-k"], "")
            .matches("HTTP/localhost@CLI.TEST")
            .count(),
        2
    );
    let told = realm.done(&["kinit", "-k", "-t", "keytab", "HTTP/localhost"], "");
    assert!(told.contains("Ticket of HTTP/localhost@CLI.TEST"));
    realm.done(
        &[
            "keytab",
            "add",
            "new",
            "alice",
            "--enctype",
            "aes128-cts,aes256-sha2",
            "--kvno",
            "1",
        ],
        "secret\n",
    );
    assert!(
        realm
            .done(&["kinit", "-k", "-t", "new"], "")
            .contains("Ticket of alice@CLI.TEST")
    );
    realm.done(&["keytab", "add", "FILE:new", "host/x", "--random"], "");
    let removed = realm.done(&["keytab", "remove", "new", "alice", "--enctype", "aes128-cts"], "");
    assert!(removed.starts_with("removed 1 key of alice@CLI.TEST"));
    let listed: Value = serde_json::from_str(&realm.done(&["keytab", "list", "new", "--json"], "")).unwrap();
    let alices = listed["keys"].as_array().unwrap().iter();
    let alices: Vec<_> = alices.filter(|key| key["principal"] == "alice@CLI.TEST").collect();
    assert_eq!(alices.len(), 1);
    assert_eq!(alices[0]["enctype"], "aes256-cts-hmac-sha384-192");
}

#[test]
fn of_the_keys_in_a_keytab_those_written_last_are_used() {
    let realm = Realm::new(&["--enctypes", "aes256-sha2"]);
    let keytab = FileKeytab::new(realm.path("keytab")).read().unwrap();
    let mut new = keytab.entries[0].clone();
    let mut old = new.clone();
    // Where a key version has eight bits, 255 comes before 0.
    (old.kvno, old.timestamp) = (255, KerberosTime(1_000));
    (new.kvno, new.timestamp) = (1, KerberosTime(2_000));
    old.key = Arc::new(EncryptionKey::new(old.key.keytype, vec![7; 32]));
    let wrapped = FileKeytab::new(realm.path("wrapped"));
    wrapped.append(&[old, new]).unwrap();
    let told = realm.done(&["kinit", "-k", "-t", "wrapped"], "");
    assert!(told.contains("Ticket of HTTP/localhost@CLI.TEST"), "{told}");
}

#[test]
fn failures_say_what_and_what_to_try() {
    let realm = Realm::new(&[]);
    let cases: [(&[&str], &str, &[&str]); 9] = [
        (
            &["kinit", "alice"],
            "guess\n",
            &["the password for alice@CLI.TEST is wrong", "hint:"],
        ),
        (&["kinit", "alice"], "", &["standard input", "one line is expected"]),
        (
            &["kinit", "bob"],
            "x\n",
            &["not in the Kerberos database", "bob@CLI.TEST", "hint:"],
        ),
        (
            &["kinit", "alice@OTHER"],
            "x\n",
            &["no KDC is known for the realm OTHER"],
        ),
        (&["kinit", "a@b@c"], "x\n", &["unescaped '@'"]),
        (
            &["kinit", "-k", "-t", "keytab", "alice"],
            "",
            &["no usable key for alice@CLI.TEST", "HTTP/localhost@CLI.TEST"],
        ),
        (&["kinit", "-k", "-t", "absent", "alice"], "", &["no keytab absent"]),
        (&["kvno", "HTTP/localhost"], "", &["no credential cache"]),
        (
            &["keytab", "remove", "keytab", "host/x"],
            "",
            &["no such key of host/x@CLI.TEST"],
        ),
    ];
    for (arguments, input, parts) in cases {
        let told = realm.failed(arguments, input);
        for part in parts {
            assert!(told.contains(part), "{arguments:?}: {told}");
        }
        assert!(!told.contains("guess"), "passwords are not repeated");
    }
    realm.done(&["kinit", "alice"], "secret\n");
    assert!(realm.failed(&["kvno", "HTTP/elsewhere"], "").contains("HTTP/elsewhere"));
    assert!(realm.failed(&["kinit", "-R"], "").contains("not renewable"));
}

#[test]
fn an_unreachable_kdc_is_told_with_its_address() {
    let mut realm = Realm::new(&[]);
    send("-TERM", &realm.kdc);
    realm.kdc.wait().unwrap();
    let told = realm.failed(&["kinit", "alice"], "secret\n");
    let address = realm.ready["ready"]["address"].as_str().unwrap();
    assert!(
        told.contains(&format!("{address} over UDP")) && told.contains(&format!("{address} over TCP")),
        "{told}"
    );
}

#[test]
fn a_clock_that_differs_is_made_up_for_and_remembered() {
    for offset in ["1000", "-1000"] {
        let realm = Realm::new(&["--clock-offset", offset]);
        assert!(
            realm
                .done(&["kinit", "alice"], "secret\n")
                .contains("differs from this one by")
        );
        realm.done(&["kvno", "HTTP/localhost"], "");
        let listed: Value = serde_json::from_str(&realm.done(&["klist", "--json"], "")).unwrap();
        let found = listed["clock_offset"].as_i64().unwrap();
        assert!((found - offset.parse::<i64>().unwrap()).abs() < 60, "{found}");
        let config = std::fs::read_to_string(realm.path("krb5.conf")).unwrap();
        std::fs::write(
            realm.path("krb5.conf"),
            config + "[libdefaults]\nkdc_timesync = false\n",
        )
        .unwrap();
        assert!(realm.failed(&["kinit", "alice"], "secret\n").contains("clock"));
    }
}
