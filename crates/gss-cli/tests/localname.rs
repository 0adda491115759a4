//! `gss localname`: principals as users of this machine.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

use std::fs;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

struct Site(TempDir);

impl Site {
    fn new() -> Self {
        let site = Self(TempDir::new().unwrap());
        let logins = site.0.path().join("logins");
        fs::create_dir(&logins).unwrap();
        fs::write(logins.join("root"), "alice/admin@R.TEST\n").unwrap();
        let text = format!(
            "[libdefaults]\n default_realm = R.TEST\n k5login_directory = {}\n[realms]\n R.TEST = {{\n\
             auth_to_local = RULE:[1:$1@$0](^.*@OTHER\\.TEST$)s/@.*/-other/\n auth_to_local = DEFAULT\n\
             auth_to_local = RULE:[3:$1](*)\n }}\n",
            logins.display()
        );
        fs::write(site.0.path().join("krb5.conf"), text).unwrap();
        site
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gss"));
        command.env("KRB5_CONFIG", self.0.path().join("krb5.conf"));
        command.arg("localname").args(arguments).stdin(Stdio::null());
        command.output().unwrap()
    }
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_local_name_of_a_principal_is_told() {
    let site = Site::new();
    for (principal, name) in [
        ("alice", "alice\n"),
        ("alice@R.TEST", "alice\n"),
        ("bob@OTHER.TEST", "bob-other\n"),
    ] {
        let output = site.run(&[principal]);
        assert!(output.status.success());
        assert_eq!(told(&output), name, "{principal}");
    }
}

#[test]
fn who_is_nobody_is_told_why() {
    let site = Site::new();
    let output = site.run(&["carol@THIRD.TEST"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(told(&output), "");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        error.starts_with("gss: carol@THIRD.TEST is no user here: it is not of the default realm"),
        "{error}"
    );
    let error = site.run(&["a/b/c@R.TEST"]).stderr;
    let error = String::from_utf8_lossy(&error);
    assert!(error.contains("krb5.conf:8: auth_to_local = RULE:[3:$1](*)"), "{error}");
}

#[test]
fn whether_a_principal_may_log_in_is_told_with_the_reason() {
    let site = Site::new();
    let output = site.run(&["alice/admin", "--userok", "root"]);
    assert!(output.status.success());
    assert!(
        told(&output).starts_with("alice/admin@R.TEST may log in as root: "),
        "{}",
        told(&output)
    );
    assert!(told(&output).ends_with("logins/root lists it\n"), "{}", told(&output));
    let output = site.run(&["alice/admin@OTHER.TEST", "--userok", "root"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        told(&output).ends_with("logins/root does not list it\n"),
        "{}",
        told(&output)
    );
    let output = site.run(&["--json", "x/y/z@R.TEST", "--userok", "nobody-of-this-name"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["userok"]["may"], false);
    assert_eq!(report["userok"]["why"], "there is no such user");
    assert_eq!(report["local_name"], Value::Null);
}

#[test]
fn scripts_learn_the_rule_too() {
    let site = Site::new();
    let report: Value = serde_json::from_slice(&site.run(&["--json", "bob@OTHER.TEST"]).stdout).unwrap();
    assert_eq!(report["principal"], "bob@OTHER.TEST");
    assert_eq!(report["local_name"], "bob-other");
    assert!(report["rule"].as_str().unwrap().ends_with("krb5.conf:6"), "{report}");
    assert_eq!(report["userok"], Value::Null);
}
