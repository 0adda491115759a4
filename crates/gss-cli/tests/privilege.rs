//! F9: who starts a program with more privileges than their own does not choose its configuration.
//!
//! The command runs as what it would be: set-user-ID, set-group-ID, with a file capability; started by somebody else.
//! Only the superuser can set that up; for others, what remains here is that an ordinary process heeds its variables.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Every variable that says where something is.
const VARIABLES: [&str; 18] = [
    "KRB5CCNAME",
    "KRB5RCACHEDIR",
    "KRB5RCACHENAME",
    "KRB5RCACHETYPE",
    "KRB5_CLIENT_KTNAME",
    "KRB5_CONFIG",
    "KRB5_KTNAME",
    "KRB5_TRACE",
    "LM_COMPAT_LEVEL",
    "NETBIOS_COMPUTER_NAME",
    "NETBIOS_DOMAIN_NAME",
    "NTLM_ANONYMOUS",
    "NTLM_CLIENTS",
    "NTLM_LOOPBACK",
    "NTLM_USER_FILE",
    "NTLM_WINBIND",
    "SCRAM_USER_FILE",
    "TMPDIR",
];

/// Nobody, who owns nothing.
const STARTER: u32 = 65_534;

/// A directory that everybody may enter, with a configuration and a copy of the command.
struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o777)).unwrap();
        let place = Self { directory };
        fs::write(
            place.path("krb5.conf"),
            "[libdefaults]\ndefault_realm = OF.THE.STARTER\n",
        )
        .unwrap();
        // By a process of its own: one that another thread starts meanwhile would inherit the open copy, and nothing
        // runs a program that somebody has open for writing.
        let copied = Command::new("cp")
            .arg(env!("CARGO_BIN_EXE_gss"))
            .arg(place.program())
            .status();
        assert!(copied.unwrap().success());
        place.with_mode(0o755);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn program(&self) -> PathBuf {
        self.path("gss")
    }

    fn with_mode(&self, mode: u32) {
        fs::set_permissions(self.program(), Permissions::from_mode(mode)).unwrap();
    }

    /// `gss config --json` with every variable set.
    fn config(&self) -> Command {
        let mut command = Command::new(self.program());
        for name in VARIABLES {
            command.env(name, self.path("chosen"));
        }
        command.env("KRB5_CONFIG", self.path("krb5.conf"));
        command.args(["config", "--json"]).stdin(Stdio::null());
        command
    }

    fn by_the_starter(&self) -> Value {
        let mut command = self.config();
        command.uid(STARTER).gid(STARTER);
        shown(&mut command)
    }
}

fn shown(command: &mut Command) -> Value {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn states(shown: &Value) -> Vec<(&str, &str)> {
    let rows = shown["environment"].as_array().unwrap().iter();
    rows.map(|row| (row["name"].as_str().unwrap(), row["state"].as_str().unwrap()))
        .collect()
}

fn is_superuser() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// No variable counts, and none was followed.
fn assert_ignored(place: &Place, how: &str) {
    let shown = place.by_the_starter();
    for (name, state) in states(&shown) {
        // TMPDIR is taken away before the program starts, by the C library.
        let expected = if name == "TMPDIR" {
            ["ignored", "not set"]
        } else {
            ["ignored"; 2]
        };
        assert!(expected.contains(&state), "{how}: {name} is {state}");
    }
    let text = shown.to_string();
    assert!(
        !text.contains("OF.THE.STARTER") && !text.contains("chosen"),
        "{how}: {text}"
    );
    assert!(
        !place.path("chosen").exists(),
        "{how}: nothing is written where the starter says"
    );
}

#[test]
fn f9_an_ordinary_process_heeds_its_variables() {
    let place = Place::new();
    let shown = shown(&mut place.config());
    assert_eq!(states(&shown), VARIABLES.map(|name| (name, "effective")));
    assert!(shown.to_string().contains("OF.THE.STARTER"));
}

#[test]
fn f9_a_set_user_id_program_ignores_every_variable() {
    if !is_superuser() {
        return;
    }
    let place = Place::new();
    place.with_mode(0o4755);
    assert_ignored(&place, "set-user-ID");
}

#[test]
fn f9_a_set_group_id_program_ignores_every_variable() {
    if !is_superuser() {
        return;
    }
    let place = Place::new();
    place.with_mode(0o2755);
    assert_ignored(&place, "set-group-ID");
}

/// All ids are the starter's: the kernel alone says that the process is privileged, as `AT_SECURE`.
#[test]
fn f9_a_program_with_a_file_capability_ignores_every_variable() {
    if !is_superuser() {
        return;
    }
    let place = Place::new();
    let setcap = Path::new("/sbin/setcap");
    let status = Command::new(setcap)
        .arg("cap_net_bind_service=ep")
        .arg(place.program())
        .status()
        .expect("the Debian package libcap2-bin is installed");
    assert!(status.success());
    assert_ignored(&place, "file capability");
}
