//! `gss pipe`, both roles as processes, against the embedded KDC.

#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

mod realm;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::realm::Realm;

/// One side, as a process.
struct Party {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Party {
    fn start(realm: &Realm, arguments: &[&str]) -> Self {
        let mut command = realm.gss();
        command.arg("pipe").args(arguments);
        Self::of(command)
    }

    fn of(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output }
    }

    fn say_text(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        writeln!(input, "{line}").unwrap();
        input.flush().unwrap();
    }

    fn hear(&mut self) -> Value {
        let mut line = String::new();
        assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "the party has ended");
        serde_json::from_str(&line).unwrap()
    }

    fn ask(&mut self, command: &Value) -> Value {
        self.say_text(&command.to_string());
        self.hear()
    }

    /// Closes its input and waits for its end.
    fn end(mut self) -> ExitStatus {
        drop(self.input.take());
        self.child.wait().unwrap()
    }
}

impl Drop for Party {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Both sides, and what they said when the context was established.
struct Pair {
    initiator: Party,
    acceptor: Party,
    initiated: Value,
    accepted: Value,
}

fn start(realm: &Realm, initiator: &[&str], acceptor: &[&str]) -> (Party, Party) {
    let initiator = [&["initiator", "--target", "demo@localhost"], initiator].concat();
    (
        Party::start(realm, &initiator),
        Party::start(realm, &[&["acceptor"], acceptor].concat()),
    )
}

fn establish(realm: &Realm, initiator: &[&str], acceptor: &[&str]) -> Pair {
    let (initiator, acceptor) = start(realm, initiator, acceptor);
    Pair::of(initiator, acceptor)
}

impl Pair {
    /// Passes tokens until both sides are established.
    fn of(initiator: Party, acceptor: Party) -> Self {
        let mut sides = [initiator, acceptor];
        let mut established = [Value::Null, Value::Null];
        let mut turn = 0;
        while established.contains(&Value::Null) {
            let line = sides[turn].hear();
            if line.get("token").is_some() {
                sides[1 - turn].say_text(&line.to_string());
            } else {
                assert!(line.get("established").is_some(), "{line}");
                established[turn] = line["established"].clone();
            }
            turn = 1 - turn;
        }
        let ([initiator, acceptor], [initiated, accepted]) = (sides, established);
        Self {
            initiator,
            acceptor,
            initiated,
            accepted,
        }
    }
}

fn base64(octets: &[u8]) -> String {
    STANDARD.encode(octets)
}

fn octets(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
}

fn flags(established: &Value) -> Vec<&str> {
    established["flags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|flag| flag.as_str().unwrap())
        .collect()
}

#[test]
fn both_sides_tell_the_same_context() {
    let realm = Realm::new();
    let pair = establish(&realm, &[], &[]);
    for side in [&pair.initiated, &pair.accepted] {
        assert_eq!(side["mech"], "1.2.840.113554.1.2.2");
        assert_eq!(side["initiator"], "user@PIPE.TEST");
        assert_eq!(side["acceptor"], "demo/localhost@PIPE.TEST");
        assert!(side["lifetime"].as_u64().unwrap() > 1000);
        for flag in ["mutual", "replay", "sequence", "conf", "integ"] {
            assert!(flags(side).contains(&flag), "{side}");
        }
        assert!(
            !flags(side).contains(&"channel_bound") && !flags(side).contains(&"deleg"),
            "{side}"
        );
    }
    assert_eq!(pair.initiator.end().code(), Some(0));
    assert_eq!(pair.acceptor.end().code(), Some(0));
}

#[test]
fn messages_go_both_ways_in_every_form() {
    let realm = Realm::new();
    let mut pair = establish(&realm, &[], &[]);
    for message in [&b""[..], b"hello", &[7; 70_000]] {
        exchange(&mut pair.initiator, &mut pair.acceptor, message);
        exchange(&mut pair.acceptor, &mut pair.initiator, message);
    }
}

fn exchange(sender: &mut Party, receiver: &mut Party, message: &[u8]) {
    let text = base64(message);
    let mic = sender.ask(&json!({"get_mic": text}));
    let verified = receiver.ask(&json!({"verify_mic": {"message": text, "token": mic["token"]}}));
    assert_eq!(verified, json!({"verified": {"sequence": "ok"}}));
    for conf in [true, false] {
        let expected = json!({"message": text, "conf": conf, "sequence": "ok"});
        let wrapped = sender.ask(&json!({"wrap": {"message": text, "conf": conf}}));
        assert_eq!(receiver.ask(&json!({"unwrap": wrapped["token"]})), expected);
        for layout in ["trailer", "header"] {
            for associated in ["", "AAEC"] {
                let wrap = json!({"message": text, "conf": conf, "associated": associated, "layout": layout});
                let wrapped = sender.ask(&json!({"wrap_iov": wrap}));
                let unwrap = json!({"token": wrapped["token"], "associated": associated});
                assert_eq!(
                    receiver.ask(&json!({"unwrap_iov": unwrap})),
                    expected,
                    "{layout} {associated}"
                );
            }
            let signed =
                json!({"associated": "AAEC", "between": "Aw==", "after": "BAU=", "layout": layout, "conf": conf});
            let mut wrap = signed.clone();
            wrap["message"] = json!(text);
            let wrapped = sender.ask(&json!({"wrap_iov": wrap}));
            let mut unwrap = signed;
            unwrap["token"] = wrapped["token"].clone();
            assert_eq!(receiver.ask(&json!({"unwrap_iov": unwrap})), expected, "{layout}");
        }
        let associated = base64(b"associated");
        let wrap = json!({"message": text, "conf": conf, "associated": associated});
        let wrapped = sender.ask(&json!({"wrap_aead": wrap}));
        let unwrap = json!({"token": wrapped["token"], "associated": associated});
        assert_eq!(receiver.ask(&json!({"unwrap_aead": unwrap})), expected);
        let other = json!({"token": wrapped["token"], "associated": ""});
        assert_eq!(
            receiver.ask(&json!({"unwrap_aead": other}))["error"]["major"],
            "BAD_MIC"
        );
    }
}

#[test]
fn a_stream_with_something_between_its_data_is_told_what_it_needs() {
    let realm = Realm::new();
    let mut pair = establish(&realm, &[], &[]);
    let wrapped = pair.initiator.ask(&json!({"wrap": {"message": "", "conf": true}}));
    let unwrap = json!({"token": wrapped["token"], "between": "AA=="});
    let error = pair.acceptor.ask(&json!({"unwrap_iov": unwrap}))["error"].clone();
    assert_eq!(error["major"], "CALL_BAD_STRUCTURE");
    assert!(error["message"].as_str().unwrap().contains("layout"), "{error}");
}

#[test]
fn a_context_in_dce_style_takes_three_tokens_and_protects_messages() {
    let realm = Realm::new();
    let (mut initiator, mut acceptor) = start(&realm, &["--flags", "dce_style"], &[]);
    let second = acceptor.ask(&initiator.hear());
    let third = initiator.ask(&second);
    let accepted = acceptor.ask(&third)["established"].clone();
    let initiated = initiator.hear()["established"].clone();
    for token in [&second, &third] {
        assert_eq!(octets(&token["token"])[0], 0x6F, "an AP-REP without framing");
    }
    for side in [&initiated, &accepted] {
        assert!(
            flags(side).contains(&"dce_style") && flags(side).contains(&"mutual"),
            "{side}"
        );
    }
    for message in [&b""[..], b"hello", &[7; 70_000]] {
        exchange(&mut initiator, &mut acceptor, message);
        exchange(&mut acceptor, &mut initiator, message);
    }
}

#[test]
fn a_failed_command_tells_why_and_leaves_the_context_usable() {
    let realm = Realm::new();
    let mut pair = establish(&realm, &[], &[]);
    let text = base64(b"hello");
    let mic = pair.initiator.ask(&json!({"get_mic": text}));
    let other = json!({"verify_mic": {"message": base64(b"hullo"), "token": mic["token"]}});
    let error = pair.acceptor.ask(&other)["error"].clone();
    assert_eq!(
        (&error["major"], &error["code"]),
        (&json!("BAD_MIC"), &json!("0x00060000"))
    );
    assert!(
        error["minor"].as_u64().unwrap() > 0 && !error["message"].as_str().unwrap().is_empty(),
        "{error}"
    );

    let wrapped = pair.initiator.ask(&json!({"wrap": {"message": text, "conf": true}}));
    let mut token = octets(&wrapped["token"]);
    *token.last_mut().unwrap() ^= 1;
    assert_eq!(
        pair.acceptor.ask(&json!({"unwrap": base64(&token)}))["error"]["major"],
        "BAD_MIC"
    );
    assert_eq!(
        pair.acceptor.ask(&json!({"unwrap": "AAAA"}))["error"]["major"],
        "DEFECTIVE_TOKEN"
    );
    for nonsense in ["hello", "{}", r#"{"get_mic":"a"}"#, r#"{"export":false}"#] {
        pair.acceptor.say_text(nonsense);
        let error = pair.acceptor.hear()["error"].clone();
        assert_eq!(
            (&error["major"], &error["code"]),
            (&json!("CALL_BAD_STRUCTURE"), &json!("0x03000000")),
            "{error}"
        );
    }
    let verify = json!({"verify_mic": {"message": text, "token": mic["token"]}});
    assert_eq!(pair.acceptor.ask(&verify), json!({"verified": {"sequence": "ok"}}));
    assert_eq!(pair.acceptor.end().code(), Some(0));
}

#[test]
fn a_line_beyond_the_limit_is_an_error_and_the_next_one_is_read() {
    let realm = Realm::new();
    let mut pair = establish(&realm, &[], &[]);
    let long = "A".repeat(16 * 1024 * 1024 - 14);
    pair.initiator
        .say_text(&format!(r#"{{"get_mic":"{}"}}"#, &long[..long.len() / 4 * 4]));
    assert!(pair.initiator.hear()["token"].is_string());
    pair.initiator.say_text(&format!(r#"{{"get_mic":"{long}AAAA"}}"#));
    assert_eq!(pair.initiator.hear()["error"]["major"], "CALL_BAD_STRUCTURE");
    assert!(pair.initiator.ask(&json!({"get_mic": ""}))["token"].is_string());
}

#[test]
fn messages_out_of_sequence_come_with_their_content() {
    let realm = Realm::new();
    let mut pair = establish(&realm, &[], &[]);
    let mut wrapped = |text: &str| {
        let wrap = json!({"wrap": {"message": base64(text.as_bytes()), "conf": true}});
        pair.initiator.ask(&wrap)["token"].clone()
    };
    let tokens = [wrapped("one"), wrapped("two"), wrapped("three")];
    let expected = [
        (0, "one", "ok"),
        (2, "three", "gap"),
        (1, "two", "unsequenced"),
        (1, "two", "duplicate"),
    ];
    for (token, text, sequence) in expected {
        let unwrapped = pair.acceptor.ask(&json!({"unwrap": tokens[token]}));
        assert_eq!(
            unwrapped,
            json!({"message": base64(text.as_bytes()), "conf": true, "sequence": sequence})
        );
    }
}

#[test]
fn contexts_are_exported_and_imported_in_place() {
    let realm = Realm::new();
    let mut pair = establish(&realm, &[], &[]);
    exchange(&mut pair.initiator, &mut pair.acceptor, b"before");
    for side in [&mut pair.initiator, &mut pair.acceptor] {
        assert!(side.ask(&json!({"export": true}))["exported"].as_u64().unwrap() > 50);
    }
    exchange(&mut pair.initiator, &mut pair.acceptor, b"after");
    exchange(&mut pair.acceptor, &mut pair.initiator, b"after");
}

#[test]
fn both_sides_derive_the_same_octets_and_keys() {
    let realm = Realm::new();
    let mut pair = establish(&realm, &[], &[]);
    for length in [0, 1, 16, 100, 4000] {
        let command = json!({"prf": {"input": base64(b"input"), "length": length}});
        let answer = pair.initiator.ask(&command);
        assert_eq!(octets(&answer["octets"]).len(), length);
        assert_eq!(pair.acceptor.ask(&command), answer);
    }
    let key = pair.initiator.ask(&json!({"session_key": true}));
    assert_eq!(octets(&key["octets"]).len(), 32);
    assert_eq!(pair.acceptor.ask(&json!({"session_key": true})), key);
    let beyond = json!({"prf": {"input": "", "length": 1_u64 << 40}});
    assert_eq!(pair.initiator.ask(&beyond)["error"]["major"], "CALL_BAD_STRUCTURE");
}

#[test]
fn the_size_limit_is_what_a_wrapped_message_needs() {
    let realm = Realm::new();
    let mut pair = establish(&realm, &[], &[]);
    for conf in [true, false] {
        for size in [0, 50, 100, 1000, 65_536] {
            let answer = pair
                .initiator
                .ask(&json!({"wrap_size_limit": {"size": size, "conf": conf}}));
            let limit = usize::try_from(answer["limit"].as_u64().unwrap()).unwrap();
            let wrap = json!({"wrap": {"message": base64(&vec![7; limit]), "conf": conf}});
            let length = octets(&pair.initiator.ask(&wrap)["token"]).len();
            assert!(length <= size || limit == 0, "{length} of {size}");
        }
    }
}

#[test]
fn a_delegated_credential_is_told_with_its_name_and_lifetime() {
    let realm = Realm::new();
    let flags = "mutual,replay,sequence,conf,integ,deleg";
    let mut pair = establish(&realm, &["--flags", flags], &[]);
    assert!(self::flags(&pair.accepted).contains(&"deleg"), "{}", pair.accepted);
    for _ in 0..2 {
        let delegated = pair.acceptor.ask(&json!({"delegated": true}));
        assert_eq!(delegated["name"], "user@PIPE.TEST", "{delegated}");
        assert!(delegated["lifetime"].as_u64().unwrap() > 1000);
    }
    assert_eq!(
        pair.initiator.ask(&json!({"delegated": true}))["error"]["major"],
        "NO_CRED"
    );
}

#[test]
fn channel_bindings_are_compared() {
    let realm = Realm::new();
    let bound = establish(&realm, &["--bindings", "0102"], &["--bindings", "0102"]);
    assert!(flags(&bound.accepted).contains(&"channel_bound"), "{}", bound.accepted);
    let free = establish(&realm, &["--bindings", "0102"], &[]);
    assert!(!flags(&free.accepted).contains(&"channel_bound"));

    let (mut initiator, mut acceptor) = start(&realm, &["--bindings", "0102"], &["--bindings", "0103"]);
    let mut answer = acceptor.ask(&initiator.hear());
    if answer.get("token").is_some() {
        answer = acceptor.hear();
    }
    assert_eq!(answer["error"]["major"], "BAD_BINDINGS", "{answer}");
    assert_eq!(acceptor.end().code(), Some(1));
}

#[test]
fn without_mutual_authentication_one_token_is_enough() {
    let realm = Realm::new();
    let mut pair = establish(&realm, &["--flags", "conf,integ"], &[]);
    assert!(!flags(&pair.initiated).contains(&"mutual"));
    exchange(&mut pair.initiator, &mut pair.acceptor, b"hello");
    let none = establish(&realm, &["--flags", "none"], &[]);
    assert!(!flags(&none.initiated).contains(&"mutual"), "{}", none.initiated);
}

#[test]
fn what_is_owed_to_the_peer_comes_before_the_error() {
    let realm = Realm::new();
    let (mut initiator, mut acceptor) = start(&realm, &[], &[]);
    let mut token = octets(&initiator.hear()["token"]);
    *token.last_mut().unwrap() ^= 1;
    let owed = acceptor.ask(&json!({"token": base64(&token)}));
    assert!(octets(&owed["token"]).starts_with(&[0x60]), "{owed}");
    let error = acceptor.hear();
    assert!(error["error"]["major"].is_string(), "{error}");
    assert_eq!(acceptor.end().code(), Some(1));

    let told = initiator.ask(&owed);
    assert!(told["error"]["message"].as_str().unwrap().len() > 10, "{told}");
    assert_eq!(initiator.end().code(), Some(1));
}

#[test]
fn q25_an_authenticator_that_one_acceptor_process_took_is_a_replay_to_the_next() {
    let realm = Realm::new();
    let (mut initiator, mut acceptor) = start(&realm, &[], &[]);
    let first = initiator.hear();
    let mut next = Party::start(&realm, &["acceptor"]);
    assert!(acceptor.ask(&first)["token"].is_string());
    assert!(next.ask(&first)["token"].is_string(), "a KRB-ERROR");
    let error = next.hear()["error"].clone();
    assert!(error["message"].as_str().unwrap().contains("replay"), "{error}");
    assert_eq!(next.end().code(), Some(1));
}

#[test]
fn l22_without_a_replay_cache_the_acceptor_refuses_and_names_the_file() {
    let realm = Realm::new();
    std::os::unix::fs::symlink("/dev/null", realm.path("rcache")).unwrap();
    let (mut initiator, mut acceptor) = start(&realm, &[], &[]);
    let first = initiator.hear();
    assert!(acceptor.ask(&first)["token"].is_string(), "a KRB-ERROR");
    let error = acceptor.hear()["error"].clone();
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(realm.path("rcache").to_str().unwrap()), "{error}");
    assert_eq!(acceptor.end().code(), Some(1));
}

#[test]
fn without_its_redis_server_the_acceptor_refuses_and_names_it() {
    let realm = Realm::new();
    let mut initiator = Party::start(&realm, &["initiator", "--target", "demo@localhost"]);
    let mut command = realm.gss();
    command.args(["pipe", "acceptor"]);
    command.env("KRB5RCACHENAME", "redis://user:secret@127.0.0.1:1/");
    let mut acceptor = Party::of(command);
    assert!(acceptor.ask(&initiator.hear())["token"].is_string(), "a KRB-ERROR");
    let error = acceptor.hear()["error"].clone();
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("Redis at 127.0.0.1:1: "), "{error}");
    assert!(!message.contains("secret"), "{error}");
    assert_eq!(acceptor.end().code(), Some(1));
}

#[test]
fn the_end_of_input_before_the_context_stands_is_a_failure() {
    let realm = Realm::new();
    let (mut initiator, acceptor) = start(&realm, &[], &[]);
    assert!(initiator.hear()["token"].is_string());
    assert_eq!(initiator.end().code(), Some(1));
    assert_eq!(acceptor.end().code(), Some(1));
}

#[test]
fn a_credential_of_another_principal_is_refused_by_name() {
    let realm = Realm::new();
    let (mut initiator, mut acceptor) = start(&realm, &["--principal", "other"], &["--principal", "demo/elsewhere"]);
    let error = initiator.hear()["error"].clone();
    assert!(error["message"].as_str().unwrap().contains("user@PIPE.TEST"), "{error}");
    assert_eq!(initiator.end().code(), Some(1));
    let error = acceptor.hear()["error"].clone();
    assert!(
        error["message"].as_str().unwrap().contains("demo/localhost@PIPE.TEST"),
        "{error}"
    );

    let principals = (["--principal", "user"], ["--principal", "demo/localhost"]);
    let pair = establish(&realm, &principals.0, &principals.1);
    assert_eq!(pair.accepted["initiator"], "user@PIPE.TEST");
}

#[test]
fn a_configuration_that_cannot_be_read_is_told_in_the_protocol() {
    let realm = Realm::new();
    let mut command = realm.gss();
    command
        .args(["pipe", "acceptor"])
        .env("KRB5_CONFIG", realm.path("missing"));
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        answer["error"]["message"].as_str().unwrap().contains("missing"),
        "{answer}"
    );
}

#[test]
fn a_kdc_that_does_not_answer_is_told_with_its_address() {
    let realm = Realm::new();
    let config = std::fs::read_to_string(realm.path("krb5.conf")).unwrap();
    let deafened = |line: &str| match line.trim_start().starts_with("kdc = ") {
        true => "kdc = 127.0.0.1:1\n".to_owned(),
        false => format!("{line}\n"),
    };
    let deaf: String = config.lines().map(deafened).collect();
    std::fs::write(realm.path("krb5.conf"), deaf).unwrap();
    let mut initiator = Party::start(&realm, &["initiator", "--target", "demo@localhost"]);
    let error = initiator.hear()["error"].clone();
    assert!(error["message"].as_str().unwrap().contains("127.0.0.1:1 "), "{error}");
    assert_eq!(initiator.end().code(), Some(1));
}

/// Users of NTLM and SCRAM in files of this test, whose password is `pencil`.
struct Users {
    directory: tempfile::TempDir,
}

impl Users {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).unwrap();
            let owner_only = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            std::fs::set_permissions(&path, owner_only).unwrap();
        };
        file("ntlm", "DOMAIN:user:pencil\n");
        // RFC 7677 §3 and RFC 5802 §5.
        file(
            "scram",
            "user:SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:\
             wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=\n\
             user:SCRAM-SHA-1$4096:QSXCR+Q6sek8bf92$6dlGYMOdZcOPutkcNY8U2g7vK9Y=:D+CSWLOshSulAsxiupA+qs2/fTE=\n",
        );
        Self { directory }
    }

    fn party(&self, arguments: &[&str]) -> Party {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gss"));
        command.arg("pipe").args(arguments);
        for (variable, file) in [("NTLM_USER_FILE", "ntlm"), ("SCRAM_USER_FILE", "scram")] {
            command.env(variable, self.directory.path().join(file));
        }
        command.env("KRB5_CONFIG", "/dev/null");
        Party::of(command)
    }

    fn initiator(&self, mech: &[&str], user: &str, password: &str) -> Party {
        let password = format!("password={password}");
        let who = ["--target", "HTTP@localhost", "--principal", user, "--store", &password];
        self.party(&[&["initiator"][..], &who, mech].concat())
    }

    fn acceptor(&self, mech: &[&str]) -> Party {
        self.party(&[&["acceptor"], mech].concat())
    }
}

const NTLM: &str = "1.3.6.1.4.1.311.2.2.10";

#[test]
fn passwords_establish_contexts_by_each_mechanism_alone_and_negotiated() {
    let users = Users::new();
    for (mech, oid, user) in [
        (&["--mech", "ntlm"][..], NTLM, r"DOMAIN\user"),
        (&["--mech", "scram"], "1.3.6.1.5.5.18", "user"),
        (&["--mech", "scram-sha1"], "1.3.6.1.5.5.14", "user"),
        (&["--mech", "spnego", "--negotiate", "ntlm"], NTLM, r"DOMAIN\user"),
        (
            &["--mech", "spnego", "--negotiate", "scram,scram-sha1"],
            "1.3.6.1.5.5.18",
            "user",
        ),
    ] {
        let mut pair = Pair::of(users.initiator(mech, user, "pencil"), users.acceptor(mech));
        assert_eq!(pair.initiated["mech"], oid);
        assert_eq!(pair.accepted["mech"], oid);
        assert_eq!(pair.accepted["initiator"], user);
        let text = base64(b"attack at dawn");
        for conf in [true, false] {
            let wrapped = pair.initiator.ask(&json!({"wrap": {"message": text, "conf": conf}}));
            let opened = pair.acceptor.ask(&json!({"unwrap": wrapped["token"]}));
            // Where NTLM has negotiated sealing, everything is sealed.
            let sealed = conf || oid == NTLM;
            assert_eq!(
                opened,
                json!({"message": text, "conf": sealed, "sequence": "ok"}),
                "{mech:?}"
            );
        }
        let mic = pair.acceptor.ask(&json!({"get_mic": text}));
        let verified = json!({"verify_mic": {"message": text, "token": mic["token"]}});
        assert_eq!(pair.initiator.ask(&verified), json!({"verified": {"sequence": "ok"}}));
        let key = json!({"session_key": true});
        assert_eq!(pair.initiator.ask(&key), pair.acceptor.ask(&key));
    }
}

#[test]
fn a_wrong_password_is_told_by_the_acceptor() {
    let users = Users::new();
    for (mech, user) in [("ntlm", r"DOMAIN\user"), ("scram", "user")] {
        let mech = ["--mech", mech];
        let (mut initiator, mut acceptor) = (users.initiator(&mech, user, "chalk"), users.acceptor(&mech));
        acceptor.say_text(&initiator.hear().to_string());
        initiator.say_text(&acceptor.hear().to_string());
        let answer = acceptor.ask(&initiator.hear());
        let error = if answer.get("token").is_some() {
            acceptor.hear()
        } else {
            answer
        };
        let message = error["error"]["message"].as_str().unwrap();
        assert!(message.contains("user"), "{message}");
        assert_eq!(acceptor.end().code(), Some(1));
    }
}

#[test]
fn passwords_are_negotiated_only_where_both_name_the_mechanism() {
    let users = Users::new();
    let named = ["--mech", "spnego", "--negotiate", "ntlm"];
    let mut initiator = users.initiator(&named, r"DOMAIN\user", "pencil");
    let mut acceptor = users.acceptor(&["--mech", "spnego"]);
    let answer = acceptor.ask(&initiator.hear());
    let error = if answer.get("token").is_some() {
        acceptor.hear()
    } else {
        answer
    };
    assert!(error.get("error").is_some(), "{error}");
}
