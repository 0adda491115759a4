//! Several identities in one collection of caches: the commands as processes, against the embedded KDC.

#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

mod realm;

use std::io::Write as _;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::realm::Realm;

/// A realm whose users share a directory of caches.
struct Place(Realm);

impl Place {
    fn new() -> Self {
        Self(Realm::new())
    }

    fn name(&self) -> String {
        format!("DIR:{}", self.0.path("tickets").display())
    }

    fn gss(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.0.gss();
        command
            .args(arguments)
            .env("KRB5CCNAME", self.name())
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    fn done(&self, arguments: &[&str]) -> String {
        let output = self.gss(arguments, "password\n");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {told}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn failed(&self, arguments: &[&str]) -> String {
        let output = self.gss(arguments, "");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.done(arguments)).unwrap()
    }
}

#[test]
fn identities_are_kept_beside_each_other_and_listed_in_a_table() {
    let place = Place::new();
    assert!(
        place
            .failed(&["klist", "-l"])
            .contains(&format!("no credential cache {}", place.name()))
    );
    place.done(&["kinit", "user"]);
    place.done(&["kinit", "other"]);
    place.done(&["kinit", "other"]);
    let table = place.done(&["klist", "-l"]);
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(
        lines[1].starts_with("*  other@PIPE.TEST"),
        "the last one is the primary one: {table}"
    );
    assert!(lines[2].starts_with("   user@PIPE.TEST"), "{table}");
    let column = lines[0].find("Expires").unwrap();
    assert!(
        lines[1..].iter().all(|line| line[column - 2..column] == *"  "),
        "aligned: {table}"
    );
    let listed = place.json(&["klist", "-l", "--json"]);
    assert_eq!(
        (&listed[0]["primary"], &listed[1]["primary"]),
        (&true.into(), &false.into())
    );
    assert_eq!(listed[1]["principal"], "user@PIPE.TEST");
    let all = place.done(&["klist", "-A"]);
    assert_eq!(all.matches("Ticket cache: DIR::").count(), 2, "{all}");
    assert_eq!(place.json(&["klist", "-A", "--json"]).as_array().unwrap().len(), 2);
    let primary = place.done(&["klist"]);
    assert!(primary.contains("Default principal: other@PIPE.TEST"), "{primary}");
}

#[test]
fn switching_changes_who_the_commands_speak_for() {
    let place = Place::new();
    for user in ["user", "other"] {
        place.done(&["kinit", user]);
    }
    assert_eq!(place.done(&["kswitch", "-p", "user"]), "");
    assert!(place.done(&["klist"]).contains("Default principal: user@PIPE.TEST"));
    place.done(&["kvno", "demo/localhost"]);
    assert_eq!(place.json(&["klist", "--json"])["tickets"].as_array().unwrap().len(), 2);
    let other = place.json(&["klist", "-l", "--json"])[1]["cache"]
        .as_str()
        .unwrap()
        .to_owned();
    place.done(&["kswitch", "-c", &other]);
    assert!(place.done(&["klist"]).contains("Default principal: other@PIPE.TEST"));
    let nobody = place.failed(&["kswitch", "-p", "nobody"]);
    for part in [
        "no cache of nobody@PIPE.TEST",
        "user@PIPE.TEST",
        "gss kinit nobody@PIPE.TEST",
    ] {
        assert!(nobody.contains(part), "{nobody}");
    }
    let missing = place.failed(&["kswitch", "-c", &format!("{other}x")]);
    assert!(
        missing.contains("no credential cache") && missing.contains("klist -l"),
        "{missing}"
    );
    let single = place.failed(&["kswitch", "-c", place.0.path("ccache").to_str().unwrap()]);
    assert!(single.contains("belongs to no collection"), "{single}");
    assert_eq!(place.gss(&["kswitch"], "").status.code(), Some(2), "-c or -p is needed");
}

#[test]
fn caches_are_destroyed_one_by_one_or_together() {
    let place = Place::new();
    for user in ["user", "other"] {
        place.done(&["kinit", user]);
    }
    place.done(&["kdestroy", "-p", "user"]);
    assert!(place.failed(&["kdestroy", "-p", "user"]).contains("user@PIPE.TEST"));
    assert!(place.done(&["klist", "-l"]).contains("other@PIPE.TEST"));
    place.done(&["kinit", "user"]);
    place.done(&["kdestroy", "-A"]);
    let files = std::fs::read_dir(place.0.path("tickets")).unwrap();
    let left: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["primary"]);
    assert!(place.failed(&["klist", "-A"]).contains("no credential cache"));
    assert!(place.failed(&["kdestroy", "-A"]).contains("no credential cache"));
    assert_eq!(place.gss(&["kdestroy", "-A", "-q"], "").stderr, b"");
    assert_eq!(place.gss(&["klist", "-s"], "").status.code(), Some(1));
}

#[test]
fn one_cache_that_cannot_be_read_does_not_hide_the_others() {
    let place = Place::new();
    place.done(&["kinit", "user"]);
    std::fs::write(place.0.path("tickets").join("tktbad"), "garbage").unwrap();
    let table = place.done(&["klist", "-l"]);
    assert!(
        table.contains("user@PIPE.TEST") && table.contains("(cannot be read)"),
        "{table}"
    );
    let output = place.gss(&["klist", "-A"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("user@PIPE.TEST"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/tktbad"));
}

#[test]
fn a_named_cache_takes_the_ticket_whosever_it_was() {
    let place = Place::new();
    let file = place.0.path("ccache");
    let file = file.to_str().unwrap();
    place.done(&["kinit", "-c", file, "other"]);
    assert!(
        place
            .done(&["klist", "-c", file])
            .contains("Default principal: other@PIPE.TEST")
    );
    assert!(place.failed(&["klist"]).contains("no credential cache"));
}

#[test]
fn keys_are_shown_only_to_those_who_insist() {
    let place = Place::new();
    let plain = place.done(&["klist", "-k", "-te"]);
    let shown = place.done(&["klist", "-k", "-K"]);
    let json = place.json(&["klist", "-k", "-K", "--json"]);
    let key = json["keys"][0]["key"].as_str().unwrap();
    assert!(key.len() >= 32 && key.bytes().all(|octet| octet.is_ascii_hexdigit()));
    assert!(shown.contains(key) && !plain.contains(key));
    assert!(place.json(&["klist", "-k", "--json"])["keys"][0].get("key").is_none());
    assert_eq!(
        place.gss(&["klist", "-K"], "").status.code(),
        Some(2),
        "of a keytab only"
    );
}

#[test]
fn a_context_is_initiated_by_the_primary_cache_of_a_collection() {
    let place = Place::new();
    for user in ["other", "user"] {
        place.done(&["kinit", user]);
    }
    place.done(&["kswitch", "-p", "other"]);
    let output = place.gss(&["pipe", "initiator", "--target", "demo@localhost"], "");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        told.contains("token"),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let tickets = place.json(&["klist", "--json"]);
    assert_eq!(tickets["principal"], "other@PIPE.TEST");
    assert_eq!(tickets["tickets"].as_array().unwrap().len(), 2, "{tickets}");
}
