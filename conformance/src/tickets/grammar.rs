//! `krb5.conf` as MIT's library reads it: what `kinit` takes for the default realm tells how files, sections, finals and
//! includes were understood.

use std::{fs, path::Path};

use anyhow::Result;

use super::{Check, Desk};
use crate::{
    process::{run, within},
    report::Checks,
    tools::at,
};

pub(super) const CHECKS_WITH_MIT: &[Check] = &[("configuration", configuration)];

/// A name, files below a directory `@`, and what `KRB5_CONFIG` says.
type Case = (&'static str, &'static [(&'static str, &'static str)], &'static str);

const CASES: &[Case] = &[
    ("plain", &[("a", "[libdefaults]\n default_realm = A\n")], "@/a"),
    ("no-blanks", &[("a", "[libdefaults]\ndefault_realm=A\n")], "@/a"),
    (
        "blanks",
        &[("a", "[libdefaults]  \n\t default_realm\t=   A  \t \n")],
        "@/a",
    ),
    ("quotes", &[("a", "[libdefaults]\n default_realm = \"A\"\n")], "@/a"),
    (
        "quotes-and-rest",
        &[("a", "[libdefaults]\n default_realm = \"A\" B\n")],
        "@/a",
    ),
    ("blank-within", &[("a", "[libdefaults]\n default_realm = A B\n")], "@/a"),
    ("no-newline", &[("a", "[libdefaults]\n default_realm = A")], "@/a"),
    (
        "carriage-return",
        &[("a", "[libdefaults]\r\n default_realm = A\r\n")],
        "@/a",
    ),
    (
        "comments",
        &[(
            "a",
            "# x\n;[x]\n[libdefaults]\n#default_realm = X\n ; y\n default_realm = A\n",
        )],
        "@/a",
    ),
    (
        "comment-behind",
        &[("a", "[libdefaults]\n default_realm = A # x\n")],
        "@/a",
    ),
    (
        "before-any-section",
        &[("a", "default_realm = X\n}{\n[libdefaults]\n default_realm = A\n")],
        "@/a",
    ),
    (
        "first-of-two",
        &[("a", "[libdefaults]\n default_realm = A\n default_realm = B\n")],
        "@/a",
    ),
    (
        "section-twice",
        &[(
            "a",
            "[libdefaults]\n rdns = no\n[realms]\n[libdefaults]\n default_realm = A\n",
        )],
        "@/a",
    ),
    (
        "final-value",
        &[("a", "[libdefaults]\n default_realm* = A\n default_realm = B\n")],
        "@/a",
    ),
    (
        "final-section",
        &[("a", "[libdefaults]*\n rdns = no\n[libdefaults]\n default_realm = A\n")],
        "@/a",
    ),
    (
        "final-subsection",
        &[("a", "[realms]\n X = {\n }*\n[libdefaults]\n default_realm = A\n")],
        "@/a",
    ),
    (
        "two-files",
        &[
            ("a", "[libdefaults]\n rdns = no\n"),
            ("b", "[libdefaults]\n default_realm = B\n"),
        ],
        "@/a:@/b",
    ),
    (
        "first-file",
        &[
            ("a", "[libdefaults]\n default_realm = A\n"),
            ("b", "[libdefaults]\n default_realm = B\n"),
        ],
        "@/a:@/b",
    ),
    (
        "final-in-first",
        &[
            ("a", "[libdefaults]*\n rdns = no\n"),
            ("b", "[libdefaults]\n default_realm = B\n"),
        ],
        "@/a:@/b",
    ),
    (
        "missing-first",
        &[("b", "[libdefaults]\n default_realm = B\n")],
        "@/a:@/b",
    ),
    ("all-missing", &[], "@/a:@/b"),
    (
        "include",
        &[("a", "include @/b\n"), ("b", "[libdefaults]\n default_realm = B\n")],
        "@/a",
    ),
    (
        "include-within",
        &[
            ("a", "[libdefaults]\ninclude @/b\n default_realm = A\n"),
            ("b", "[realms]\n X = {\n kdc = x\n }\n"),
        ],
        "@/a",
    ),
    (
        "include-bare",
        &[("a", "[libdefaults]\ninclude @/b\n"), ("b", "default_realm = B\n")],
        "@/a",
    ),
    (
        "include-missing",
        &[("a", "include @/b\n[libdefaults]\n default_realm = A\n")],
        "@/a",
    ),
    (
        "includedir",
        &[
            ("a", "includedir @/d\n"),
            ("d/.first.conf", "[libdefaults]\n default_realm = HIDDEN\n"),
            ("d/a~", "[libdefaults]\n default_realm = BACKUP\n"),
            ("d/b.conf", "[libdefaults]\n default_realm = B\n"),
            ("d/c", "[libdefaults]\n default_realm = C\n"),
        ],
        "@/a",
    ),
    (
        "directory",
        &[
            ("d/b", "[libdefaults]\n default_realm = B\n"),
            ("d/a.conf", "[libdefaults]\n default_realm = A\n"),
        ],
        "@/d",
    ),
    ("open-section", &[("a", "[libdefaults\n default_realm = A\n")], "@/a"),
    ("extra-brace", &[("a", "[libdefaults]\n default_realm = A\n}\n")], "@/a"),
    (
        "no-relation",
        &[("a", "[libdefaults]\n default_realm = A\n nonsense\n")],
        "@/a",
    ),
    (
        "brace-below",
        &[(
            "a",
            "[realms]\n X =\n {\n kdc = x\n }\n[libdefaults]\n default_realm = A\n",
        )],
        "@/a",
    ),
    (
        "brace-open",
        &[("a", "[libdefaults]\n default_realm = A\n[realms]\n X = {\n kdc = x\n")],
        "@/a",
    ),
    (
        "section-in-braces",
        &[("a", "[realms]\n X = {\n[libdefaults]\n default_realm = A\n")],
        "@/a",
    ),
    ("empty", &[("a", "")], "@/a"),
];

fn configuration(desk: &Desk<'_>, checks: &mut Checks) -> Result<()> {
    for (name, files, config) in CASES {
        let directory = desk.file(name);
        let here = directory.display().to_string();
        for (file, text) in *files {
            let path = directory.join(file);
            fs::create_dir_all(path.parent().unwrap_or(&directory))?;
            fs::write(path, text.replace('@', &here))?;
        }
        let config = config.replace('@', &here);
        let ours = realm(desk, &config, Kinit::Ours)?;
        let theirs = realm(desk, &config, Kinit::Mit)?;
        checks.equal(&ours, &theirs, name, desk.errand.actor);
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Kinit {
    Ours,
    Mit,
}

/// The realm that `kinit -V` puts behind a name without one; nothing where it does not come so far.
fn realm(desk: &Desk<'_>, config: &str, kinit: Kinit) -> Result<Option<String>> {
    let mut command = match kinit {
        Kinit::Ours => {
            let mut command = desk.programs.gss()?;
            command.arg("kinit");
            command
        }
        Kinit::Mit => desk.programs.mit("bin/kinit"),
    };
    let command = at(
        command.args(["-V", "somebody"]),
        desk.site,
        Path::new("/nonexistent/ccache"),
    );
    let outcome = run(command.env("KRB5_CONFIG", config), "x\n", within(30))?;
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    let (_, rest) = match said
        .split_once("rincipal: somebody@")
        .or(said.split_once("principal somebody@"))
    {
        Some(found) => found,
        None => return Ok(None),
    };
    Ok(rest.lines().next().map(str::to_owned))
}
