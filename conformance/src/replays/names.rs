//! Which replay cache a process uses: what the environment and the configuration name, and what happens without one.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use super::{House, sent, verdict};
use crate::{
    flavour::{Flavour, Role},
    programs::Start,
    report::Checks,
    tickets::Desk,
};

/// A process's surroundings. `{}` is the directory of the row, `{user}` the user's number.
struct Case {
    name: &'static str,
    environment: &'static [(&'static str, &'static str)],
    /// `default_rcache_name`.
    configured: Option<&'static str>,
    outcome: Outcome,
}

enum Outcome {
    /// It is accepted once, and this file is left.
    Remembered(&'static str),
    /// It is accepted each time, and no file is left.
    Forgotten,
    Refused,
}

/// Both find the same cache in the same surroundings.
pub(super) fn check(desk: &Desk<'_>, checks: &mut Checks) -> Result<()> {
    let directory = desk.file("replay-names");
    fs::create_dir(&directory)?;
    for case in CASES {
        for flavour in [desk.errand.actor, desk.errand.reader] {
            let place = directory.join(format!("{}-{flavour}", case.name));
            fs::create_dir(&place)?;
            let house = House {
                site: desk.site,
                programs: desk.programs,
                directory: &place,
            };
            let told = case.run(&house, flavour)?;
            checks.expect(told.is_none(), case.name, flavour, || told.unwrap_or_default());
        }
    }
    Ok(())
}

impl Case {
    /// What is not as it should be.
    fn run(&self, house: &House<'_>, flavour: Flavour) -> Result<Option<String>> {
        let krb5_conf = self.configuration(house)?;
        let token = house.token(flavour)?;
        let mut verdicts = Vec::new();
        for _ in 0..2 {
            verdicts.push(self.accept(house, flavour, &krb5_conf, &token)?);
        }
        let accepted: Vec<bool> = verdicts.iter().map(Option::is_none).collect();
        let (expected, files) = match self.outcome {
            Outcome::Remembered(file) => ([true, false], vec![self.filled(file, house)?]),
            Outcome::Forgotten => ([true, true], vec![]),
            Outcome::Refused => ([false, false], vec![]),
        };
        let found = caches(house.directory)?;
        let right = accepted == expected && found == files;
        Ok((!right).then(|| format!("{verdicts:?}, files {found:?}")))
    }

    fn accept(&self, house: &House<'_>, flavour: Flavour, krb5_conf: &Path, token: &[u8]) -> Result<Option<String>> {
        let environment: Vec<(&str, String)> = self
            .environment
            .iter()
            .map(|(name, value)| Ok((*name, self.filled(value, house)?.display().to_string())))
            .collect::<Result<_>>()?;
        let ccache = house.directory.join("none");
        let start = Start {
            krb5_conf,
            ..house.order(flavour, Role::Acceptor, &ccache)
        };
        let pipe = house.programs.start_with(&start, |command| {
            command.env_remove("KRB5RCACHEDIR").envs(environment);
        })?;
        verdict(&mut sent(crate::party::Side { flavour, pipe }, token)?)
    }

    fn configuration(&self, house: &House<'_>) -> Result<PathBuf> {
        let Some(name) = self.configured else {
            return Ok(house.site.krb5_conf.clone());
        };
        let ours = format!(
            "[libdefaults]\n default_rcache_name = {}",
            self.filled(name, house)?.display()
        );
        let path = house.directory.join("krb5.conf");
        let whole = fs::read_to_string(&house.site.krb5_conf)?;
        fs::write(&path, whole.replacen("[libdefaults]", &ours, 1))?;
        Ok(path)
    }

    fn filled(&self, text: &str, house: &House<'_>) -> Result<PathBuf> {
        let directory = house.directory.to_str().context("a directory that is no text")?;
        let user = nix::unistd::Uid::effective().to_string();
        Ok(text.replace("{}", directory).replace("{user}", &user).into())
    }
}

/// Files that may be replay caches: all but those that the row itself leaves.
fn caches(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let ours = ["ccache", "krb5.conf", "acceptor.err", "initiator.err"];
        let known = path
            .file_name()
            .is_some_and(|name| ours.iter().any(|ours| name == *ours));
        if !known {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

const CASES: &[Case] = &[
    Case {
        name: "name-before-type-before-configuration",
        environment: &[("KRB5RCACHENAME", "file2:{}/named"), ("KRB5RCACHETYPE", "none")],
        configured: Some("file2:{}/configured"),
        outcome: Outcome::Remembered("{}/named"),
    },
    Case {
        name: "type-alone",
        environment: &[("KRB5RCACHETYPE", "none")],
        configured: Some("file2:{}/configured"),
        outcome: Outcome::Forgotten,
    },
    Case {
        name: "default-type",
        environment: &[("KRB5RCACHETYPE", "dfl"), ("KRB5RCACHEDIR", "{}")],
        configured: None,
        outcome: Outcome::Remembered("{}/krb5_{user}.rcache2"),
    },
    Case {
        name: "none-by-name",
        environment: &[("KRB5RCACHENAME", "none:")],
        configured: None,
        outcome: Outcome::Forgotten,
    },
    Case {
        name: "configured",
        environment: &[],
        configured: Some("file2:{}/of-%{uid}"),
        outcome: Outcome::Remembered("{}/of-{user}"),
    },
    Case {
        name: "own-directory-before-the-temporary-one",
        environment: &[("KRB5RCACHEDIR", "{}"), ("TMPDIR", "/nonexistent")],
        configured: None,
        outcome: Outcome::Remembered("{}/krb5_{user}.rcache2"),
    },
    Case {
        name: "temporary-directory",
        environment: &[("TMPDIR", "{}")],
        configured: None,
        outcome: Outcome::Remembered("{}/krb5_{user}.rcache2"),
    },
    Case {
        name: "missing-directory",
        environment: &[("KRB5RCACHEDIR", "{}/missing")],
        configured: None,
        outcome: Outcome::Refused,
    },
    Case {
        name: "unknown-type",
        environment: &[("KRB5RCACHENAME", "nosuch:{}/named")],
        configured: None,
        outcome: Outcome::Refused,
    },
    Case {
        name: "no-type",
        environment: &[("KRB5RCACHENAME", "{}/named")],
        configured: None,
        outcome: Outcome::Refused,
    },
    Case {
        name: "configured-wrongly",
        environment: &[],
        configured: Some("nosuch:"),
        outcome: Outcome::Refused,
    },
];
