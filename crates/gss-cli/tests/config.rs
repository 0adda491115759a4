//! `gss config`: what counts, where it stands, and what does not count.

#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const CONFIGURATION: &str = "\
[libdefaults]
    default_realm = ONE.TEST
    ticket_lifetime = 10h
    clockskew = 90
    ONE.TEST = {
        forwardable = yes
    }
    spake_preauth_groups = edwards25519
    frobnicate = 1
    proxable = true
[realms]
    ONE.TEST = {
        kdc = one.test
    }
";

struct Site(TempDir);

impl Site {
    fn new(configuration: &str) -> Self {
        let site = Self(TempDir::new().unwrap());
        std::fs::write(site.path("krb5.conf"), configuration).unwrap();
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &Path)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gss"));
        for name in ["KRB5CCNAME", "KRB5_KTNAME", "KRB5_CLIENT_KTNAME", "KRB5RCACHENAME"] {
            command.env_remove(name);
        }
        command.env("KRB5_CONFIG", self.path("krb5.conf"));
        command.envs(variables.iter().copied());
        command.arg("config").args(arguments).stdin(Stdio::null());
        command.output().unwrap()
    }

    fn shown(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments, &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn rows(&self, key: &str, variables: &[(&str, &Path)]) -> Vec<Value> {
        let output = self.run(&[key, "--json"], variables);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        report["settings"].as_array().unwrap().clone()
    }
}

/// The only line of `text` that starts with `key`, its words.
fn line<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    let mut lines = text.lines().filter(|line| line.split_whitespace().next() == Some(key));
    let found = lines.next().unwrap_or_default();
    assert_eq!(lines.next(), None, "{key}");
    found.split_whitespace().collect()
}

#[test]
fn each_setting_is_shown_with_file_and_line_or_as_a_default() {
    let site = Site::new(CONFIGURATION);
    let text = site.shown(&[]);
    let file = site.path("krb5.conf").display().to_string();
    assert_eq!(
        line(&text, "ticket_lifetime"),
        ["ticket_lifetime", "10h", &format!("{file}:3")]
    );
    assert_eq!(line(&text, "clockskew"), ["clockskew", "1m30s", &format!("{file}:4")]);
    assert_eq!(line(&text, "request_timeout"), ["request_timeout", "30s", "default"]);
    assert_eq!(line(&text, "kdc"), ["kdc", "one.test", &format!("{file}:13")]);
    assert!(text.contains("\n[realms] ONE.TEST\n") && text.contains("\n[libdefaults] ONE.TEST\n"));
    assert_eq!(line(&text, "KRB5_CONFIG")[1], file);
}

#[test]
fn what_has_no_effect_says_why_and_what_is_unknown_says_so() {
    let site = Site::new(CONFIGURATION);
    let text = site.shown(&[]);
    assert!(
        line(&text, "spake_preauth_groups")
            .join(" ")
            .ends_with("(without effect: SPAKE (RFC 9588) is not implemented)")
    );
    assert!(line(&text, "frobnicate").join(" ").ends_with("(unknown)"));
    assert!(
        line(&text, "proxable")
            .join(" ")
            .ends_with("(unknown: is proxiable meant?)")
    );
}

#[test]
fn a_variable_counts_before_the_setting_that_says_the_same() {
    let site = Site::new("[libdefaults]\ndefault_ccache_name = FILE:/configured\n");
    let cache = Path::new("FILE:/chosen");
    let rows = site.rows("default_ccache_name", &[("KRB5CCNAME", cache)]);
    assert_eq!(
        (&rows[0]["value"], &rows[0]["from"]["variable"]),
        (&"FILE:/chosen".into(), &"KRB5CCNAME".into())
    );
    let rows = site.rows("default_ccache_name", &[]);
    assert_eq!(
        (&rows[0]["value"], &rows[0]["from"]["file"]["line"]),
        (&"FILE:/configured".into(), &2.into())
    );
}

#[test]
fn one_key_is_shown_alone_and_an_unknown_one_is_an_error() {
    let site = Site::new(CONFIGURATION);
    let text = site.shown(&["forwardable"]);
    assert!(
        text.lines().count() == 5 && text.contains("forwardable  false  default"),
        "{text}"
    );
    for (key, told) in [
        ("kpasswd_server", "is set nowhere"),
        ("zork", "nothing is named \"zork\""),
        ("clock-skew", "is clockskew meant?"),
    ] {
        let output = site.run(&[key], &[]);
        assert_eq!(output.status.code(), Some(1));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(told) && error.contains("hint: "), "{error}");
    }
}

#[test]
fn a_configuration_that_cannot_be_read_is_told_with_its_line() {
    let site = Site::new("[libdefaults]\nforwardable\n");
    let output = site.run(&[], &[]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("krb5.conf:2: neither"), "{error}");
}
