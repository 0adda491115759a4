use std::fs;
use std::path::Path;
use std::thread;
use std::time::Instant;

use gss_crypto::rustcrypto::PROVIDER;
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use serde::Deserialize;
use tempfile::TempDir;

use super::*;
use crate::{AccountName, Level, NegotiateFlags, Password};

/// What a server said to Samba's helper, and what it answered.
#[derive(Deserialize)]
struct Dialogue {
    #[serde(with = "hex::serde")]
    server_challenge: [u8; 8],
    turn: Vec<Turn>,
}

#[derive(Deserialize)]
struct Turn {
    name: String,
    user: String,
    domain: String,
    #[serde(with = "hex::serde")]
    nt_response: Vec<u8>,
    request: String,
    answer: String,
    session_key: Option<String>,
    refused: Option<String>,
}

impl Dialogue {
    fn recorded() -> Self {
        toml::from_str(include_str!("../../../../../testdata/vectors/ntlm_auth_dialogue.toml")).unwrap()
    }

    fn claim(&self, turn: &Turn) -> Authentication {
        Authentication {
            account: AccountName::new(&*turn.user, &*turn.domain),
            workstation: String::new(),
            server_challenge: self.server_challenge,
            nt_response: turn.nt_response.clone(),
            lm_response: vec![0; 24],
            flags: NegotiateFlags::NTLM,
            level: Level::default(),
            provider: &PROVIDER,
        }
    }
}

/// A stand-in for the helper: a script, whose lines may use `$1` for a folder of their own.
fn stand_in(folder: &Path, script: &str) -> Winbind {
    let path = folder.join("script");
    fs::write(&path, script).unwrap();
    Winbind {
        // The shell reads the script: a file that has just been written is not executed, for another test's child may
        // still have it open.
        arguments: vec![path.into(), folder.into()],
        ..Winbind::new("/bin/sh")
    }
    .with_deadline(Duration::from_secs(120))
}

fn claim() -> Authentication {
    let dialogue = Dialogue::recorded();
    dialogue.claim(&dialogue.turn[0])
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn told(answer: Result<Authenticated, UserError>) -> String {
    match answer {
        Ok(authenticated) => hex::encode(authenticated.session_base_key.expose()),
        Err(error) => error.to_string(),
    }
}

/// Writes what it reads to `requests`, and gives the answers `answer.1`, `answer.2` and so on.
const PLAYBACK: &str = r#"
count=0
while read -r line; do
    printf '%s\n' "$line" >> "$1/requests"
    [ "$line" = . ] || continue
    count=$((count + 1))
    cat "$1/answer.$count" || exit 1
done
"#;

/// Says yes to everything, and notes that it was started.
const YES: &str = r#"
echo $$ >> "$1/started"
while read -r line; do
    [ "$line" = . ] || continue
    printf 'Authenticated: Yes\nUser-Session-Key: 54FC66B88A6AF63E717601D061C2BB8F\n.\n'
done
"#;

const KEY: &str = "54fc66b88a6af63e717601d061c2bb8f";

#[test]
fn samba_is_asked_and_understood_as_recorded() {
    let (folder, dialogue) = (folder(), Dialogue::recorded());
    for (number, turn) in (1..).zip(&dialogue.turn) {
        fs::write(folder.path().join(format!("answer.{number}")), &turn.answer).unwrap();
    }
    let winbind = stand_in(folder.path(), PLAYBACK);
    for turn in &dialogue.turn {
        let answer = winbind.authenticate(&dialogue.claim(turn));
        if let Ok(authenticated) = &answer {
            assert_eq!(authenticated.account, AccountName::new(&*turn.user, &*turn.domain));
        }
        let expected = turn.session_key.as_ref().or(turn.refused.as_ref());
        assert_eq!(Some(&told(answer)), expected, "{}", turn.name);
    }
    let requests: String = dialogue.turn.iter().map(|turn| turn.request.as_str()).collect();
    assert_eq!(fs::read_to_string(folder.path().join("requests")).unwrap(), requests);
}

/// What Samba returns as the user session key is what we make of the password.
#[test]
fn the_key_of_samba_is_ours() {
    let hash = Password::new("secret").nt_hash(&PROVIDER);
    assert_eq!(hex::encode(claim().verify(Some(&hash)).unwrap().expose()), KEY);
}

#[test]
fn a_helper_is_used_again() {
    let folder = folder();
    let winbind = stand_in(folder.path(), YES);
    for _ in 0..3 {
        assert_eq!(told(winbind.authenticate(&claim())), KEY);
    }
    let started = fs::read_to_string(folder.path().join("started")).unwrap();
    assert_eq!(started.lines().count(), 1);
}

#[test]
fn many_threads_have_as_many_helpers_and_few_of_them_stay() {
    let folder = folder();
    let winbind = stand_in(folder.path(), YES);
    thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| assert_eq!(told(winbind.authenticate(&claim())), KEY));
        }
    });
    assert!((1..=MAX_IDLE).contains(&winbind.idle().len()));
}

#[test]
fn a_helper_that_has_ended_is_replaced() {
    let folder = folder();
    let once = YES.replace(r"B8F\n.\n'", r"B8F\n.\n'; exit 0");
    let winbind = stand_in(folder.path(), &once);
    for round in 1..=3 {
        assert_eq!(told(winbind.authenticate(&claim())), KEY);
        let started = fs::read_to_string(folder.path().join("started")).unwrap();
        assert_eq!(started.lines().count(), round, "each answers once and ends");
    }
}

#[test]
fn n11_a_helper_that_ends_or_is_not_there_lets_nobody_in() {
    let folder = folder();
    let ending = stand_in(folder.path(), "exit 0");
    let refused = ending.authenticate(&claim()).unwrap_err();
    assert!(matches!(refused, UserError::Unavailable(_)), "{refused}");
    assert!(refused.to_string().contains("is winbindd running?"), "{refused}");
    let missing = Winbind::new(folder.path().join("no-such-program"));
    let refused = missing.authenticate(&claim()).unwrap_err();
    assert!(refused.to_string().contains("no-such-program"), "{refused}");
}

#[test]
fn n11_odd_answers_let_nobody_in() {
    for (answer, told) in [
        (r"OK\n.\n", "no field"),
        (r"Authenticated: Yes\n.\n", "no session key"),
        (r"Authenticated: Yes\nUser-Session-Key: 54FC\n.\n", "malformed"),
        (
            r"Authenticated: Yes\nAuthenticated: Yes\nUser-Session-Key: 54FC66B88A6AF63E717601D061C2BB8F\n.\n",
            "twice",
        ),
        (r"Error: Unknown request Bogus\n.\n", "Unknown request Bogus"),
    ] {
        let folder = folder();
        let script = format!("while read -r line; do [ \"$line\" = . ] && printf '{answer}'; done");
        let winbind = stand_in(folder.path(), &script);
        let refused = winbind.authenticate(&claim()).unwrap_err();
        assert!(matches!(refused, UserError::Unavailable(_)), "{answer}: {refused}");
        assert!(refused.to_string().contains(told), "{answer}: {refused}");
        assert!(winbind.idle().is_empty(), "{answer}: such a helper is not asked again");
    }
}

#[test]
fn an_endless_answer_is_refused() {
    for endless in ["exec cat /dev/zero", "exec yes", "exec yes Key: value"] {
        let folder = folder();
        let refused = stand_in(folder.path(), endless).authenticate(&claim()).unwrap_err();
        assert!(refused.to_string().contains("malformed"), "{endless}: {refused}");
    }
}

#[test]
fn a_helper_that_says_nothing_is_ended_at_the_deadline() {
    let folder = folder();
    let silent = "echo $$ > \"$1/pid.new\"; mv \"$1/pid.new\" \"$1/pid\"; exec sleep 600";
    let winbind = stand_in(folder.path(), silent).with_deadline(Duration::from_secs(2));
    let start = Instant::now();
    let refused = winbind.authenticate(&claim()).unwrap_err();
    assert!(refused.to_string().contains("did not answer in 2 s"), "{refused}");
    assert!(start.elapsed() >= Duration::from_secs(2));
    // Where the machine was too busy to start it in time, it is gone as well.
    if let Ok(pid) = fs::read_to_string(folder.path().join("pid")) {
        let pid = Pid::from_raw(pid.trim().parse().unwrap());
        assert_eq!(kill(pid, None), Err(Errno::ESRCH), "it is reaped");
    }
}

#[test]
fn a_helper_that_reads_nothing_holds_nobody_up() {
    let folder = folder();
    let winbind = stand_in(folder.path(), "exec sleep 600").with_deadline(Duration::from_millis(200));
    let mut large = claim();
    large.nt_response = vec![0; 4 << 20];
    let refused = winbind.authenticate(&large).unwrap_err();
    assert!(refused.to_string().contains("did not answer"), "{refused}");
}

#[test]
fn n5_no_name_adds_a_line() {
    let folder = folder();
    fs::write(folder.path().join("answer.1"), "Authenticated: No\n.\n.\n").unwrap();
    let mut odd = claim();
    odd.account = AccountName::new("alice\n.\nUsername: root", "HERE\r\n.\n");
    assert!(stand_in(folder.path(), PLAYBACK).authenticate(&odd).is_err());
    let requests = fs::read_to_string(folder.path().join("requests")).unwrap();
    assert_eq!(requests.lines().count(), 6, "{requests}");
    assert_eq!(requests.lines().filter(|line| *line == ".").count(), 1);
}

#[test]
fn nobody_and_endless_names_are_not_asked_about() {
    let folder = folder();
    let winbind = stand_in(folder.path(), YES);
    for (user, domain) in [("", "HERE"), (&*"x".repeat(1025), ""), ("alice", &*"x".repeat(1025))] {
        let mut odd = claim();
        odd.account = AccountName::new(user, domain);
        assert!(matches!(winbind.authenticate(&odd), Err(UserError::Refused)));
    }
    assert!(!folder.path().join("started").exists());
}

#[test]
fn n10_the_level_holds_for_winbind_too() {
    let folder = folder();
    let mut old = claim();
    old.nt_response = vec![0; 24];
    let refused = stand_in(folder.path(), YES).authenticate(&old).unwrap_err();
    assert!(matches!(refused, UserError::Generation(_)), "{refused}");
}

#[test]
fn what_is_wrong_with_an_account_is_told_to_the_server() {
    let reason = "The referenced account is currently disabled and cannot be logged on to.";
    assert!(matches!(refusal(reason.to_owned()), UserError::Account(told) if told == reason));
}

#[cfg(feature = "legacy-crypto")]
#[test]
fn ntlm_v1_with_session_security_answers_to_a_digest() {
    let mut old = claim();
    (old.nt_response, old.lm_response) = (vec![0; 24], [&[0xaa; 8][..], &[0; 16]].concat());
    assert_eq!(challenge(&old), old.server_challenge);
    old.flags |= NegotiateFlags::EXTENDED_SESSION_SECURITY;
    // [MS-NLMP] §4.2.3.2.2: of the challenges 0123456789abcdef and aaaaaaaaaaaaaaaa.
    let digest = PROVIDER.md5.hash(&[&old.server_challenge, &[0xaa; 8]]);
    assert_eq!(challenge(&old), digest.expose()[..8]);
}
