//! The two sides of a login, started and coupled.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::{Login, Method};
use crate::{
    flavour::{Flavour, Role},
    pair::{Pair, Verdict},
    party::{Established, Progress, Side},
    pipe::Pipe,
    programs::Programs,
};

/// What a login's checks work with.
pub(crate) struct Lab<'a> {
    pub(crate) login: Login,
    pub(crate) programs: &'a Programs,
    pub(crate) directory: &'a Path,
    /// How long each talk may take, in seconds.
    pub(crate) deadline: u64,
}

/// What the sides are given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given<'a> {
    /// The initiator's.
    pub(super) password: &'static str,
    /// Each side's channel bindings, in hexadecimal.
    pub(super) bindings: [Option<&'static str>; 2],
    /// What our acceptor asks of NTLM's clients.
    pub(super) clients: &'static str,
    /// The program by which our acceptor asks winbind, instead of having the users in a file.
    pub(super) winbind: Option<&'a Path>,
}

/// The strict choice, which is the default, and the other.
pub(super) const NTLM_CLIENTS: (&str, &str) = ("strict", "compatible");

/// An exchange that has come to its end.
pub(super) struct Talk {
    pub(super) pair: Pair,
    /// What the initiator and the acceptor say of it; nothing where one was not asked any more.
    pub(super) verdicts: [Option<Verdict>; 2],
}

impl Default for Given<'_> {
    fn default() -> Self {
        Self {
            password: PASSWORD,
            bindings: [None; 2],
            clients: NTLM_CLIENTS.1,
            winbind: None,
        }
    }
}

impl Lab<'_> {
    /// Both sides with a context.
    pub(super) fn established(&self, given: &Given<'_>) -> Result<(Pair, [Established; 2])> {
        let talk = self.talk(given, |_, token| token)?;
        match talk.verdicts {
            [Some(Ok(initiated)), Some(Ok(accepted))] => Ok((talk.pair, [initiated, accepted])),
            verdicts => bail!("no context: {verdicts:?}"),
        }
    }

    /// Passes tokens, as `change` leaves them, until both sides are done or one refuses.
    pub(super) fn talk(&self, given: &Given<'_>, mut change: impl FnMut(usize, Vec<u8>) -> Vec<u8>) -> Result<Talk> {
        let mut pair = self.start(given)?;
        pair.begin_row(self.deadline);
        let mut verdicts = [None, None];
        let mut turn = Role::Initiator;
        for leg in 0..MOST_LINES {
            let (side, other, verdict) = match turn {
                Role::Initiator => (&mut pair.initiator, &mut pair.acceptor, &mut verdicts[0]),
                Role::Acceptor => (&mut pair.acceptor, &mut pair.initiator, &mut verdicts[1]),
            };
            match side.progress().with_context(|| side.flavour.to_string())? {
                Progress::Token(token) => other.feed(&change(leg, token))?,
                Progress::Established(established) => *verdict = Some(Ok(established)),
                Progress::Refused(refusal) => *verdict = Some(Err(refusal)),
            }
            let over = verdicts.iter().any(|verdict| matches!(verdict, Some(Err(_))));
            if over || verdicts.iter().all(Option::is_some) {
                return Ok(Talk { pair, verdicts });
            }
            turn = match turn {
                Role::Initiator => Role::Acceptor,
                Role::Acceptor => Role::Initiator,
            };
        }
        bail!("there is no end of tokens")
    }

    fn start(&self, given: &Given<'_>) -> Result<Pair> {
        let directory = tempfile::Builder::new().prefix("login-").tempdir_in(self.directory)?;
        let users = Users::write(&directory)?;
        let side = |role: Role, flavour: Flavour| -> Result<Side> {
            let pipe = self.party(role, flavour, given, &users, directory.path())?;
            Ok(Side { flavour, pipe })
        };
        let initiator = side(Role::Initiator, self.login.initiator)?;
        let acceptor = side(Role::Acceptor, self.login.acceptor)?;
        Ok(Pair::of(initiator, acceptor, directory))
    }

    fn party(&self, role: Role, flavour: Flavour, given: &Given<'_>, users: &Users, directory: &Path) -> Result<Pipe> {
        let mut command = self.programs.party(flavour, directory)?;
        command
            .env("KRB5_CONFIG", "/dev/null")
            .env("NTLM_USER_FILE", users.ntlm(given.password, role))
            .env("SCRAM_USER_FILE", &users.scram);
        let mech = match (self.login.method, flavour) {
            (Method::NegotiatedNtlm, _) => "spnego",
            (method, _) => method.name(),
        };
        let (name, stderr) = match role {
            Role::Initiator => ("initiator", "initiator.err"),
            Role::Acceptor => ("acceptor", "acceptor.err"),
        };
        command.args([name, "--mech", mech]);
        let bindings = match (self.login.method, role) {
            // The header of SASL, which its application would pass down.
            (Method::ScramSha1 | Method::ScramSha256, _) => Some("6e2c2c"),
            (_, Role::Initiator) => given.bindings[0],
            (_, Role::Acceptor) => given.bindings[1],
        };
        if let Some(bindings) = bindings {
            command.args(["--bindings", bindings]);
        }
        self.identify(&mut command, role, flavour, given);
        Pipe::spawn(&mut command, &directory.join(stderr))
    }

    /// Who a side is and whom it talks to, as its program wants to hear it.
    fn identify(&self, command: &mut Command, role: Role, flavour: Flavour, given: &Given<'_>) {
        let user = self.login.method.user();
        match (flavour, role) {
            (Flavour::Gss, Role::Initiator) => {
                let password = format!("password={}", given.password);
                command.args(["--target", TARGET, "--principal", user, "--store", &password]);
            }
            (Flavour::Gss, Role::Acceptor) => {
                command.env("NTLM_CLIENTS", given.clients);
                if let Some(helper) = given.winbind {
                    command.env_remove("NTLM_USER_FILE").env("NTLM_WINBIND", helper);
                }
            }
            // It takes its password from the file.
            (Flavour::GssNtlmssp, _) => {
                command.args(["--target", TARGET]);
            }
            (_, Role::Initiator) => {
                command.args(["--target", TARGET, "--user", user, "--password", given.password]);
            }
            (_, Role::Acceptor) => {
                command.args(["--target", TARGET, "--user", user, "--password", PASSWORD]);
            }
        }
        if flavour == Flavour::Gss && self.login.method == Method::NegotiatedNtlm {
            command.args(["--negotiate", "ntlm"]);
        }
    }
}

/// The files of users.
struct Users {
    ntlm: PathBuf,
    wrong: PathBuf,
    scram: PathBuf,
}

impl Users {
    fn write(directory: &TempDir) -> Result<Self> {
        let file = |name: &str, text: &str| -> Result<PathBuf> {
            let path = directory.path().join(name);
            fs::write(&path, text)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
            Ok(path)
        };
        Ok(Self {
            ntlm: file("ntlm", &format!("DOMAIN:user:{PASSWORD}\n"))?,
            wrong: file("wrong", "DOMAIN:user:chalk\n")?,
            scram: file("scram", SCRAM)?,
        })
    }

    /// What initiators of gss-ntlmssp believe their password to be; what acceptors know it is.
    fn ntlm(&self, password: &str, role: Role) -> &Path {
        if role == Role::Acceptor || password == PASSWORD {
            &self.ntlm
        } else {
            &self.wrong
        }
    }
}

pub(super) const PASSWORD: &str = "pencil";
const TARGET: &str = "HTTP@localhost";
const MOST_LINES: usize = 20;

/// The users of RFC 5802 §5 and RFC 7677 §3.
const SCRAM: &str = "\
user:SCRAM-SHA-1$4096:QSXCR+Q6sek8bf92$6dlGYMOdZcOPutkcNY8U2g7vK9Y=:D+CSWLOshSulAsxiupA+qs2/fTE=
user:SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=
";
