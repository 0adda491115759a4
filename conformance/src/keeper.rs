//! Who keeps caches outside of files: Heimdal's and sssd's credential managers, and the kernel. Each has namespaces of its
//! own, for the paths and the keyrings of the machine belong to others.

use std::{
    fs::{self, File},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use nix::unistd::Uid;

use crate::{
    process::{Guard, run, within},
    realm::Site,
};

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `kcm` of the package heimdal-kcm.
    Kcm,
    /// `sssd_kcm` of the package sssd-kcm.
    Sssd,
    /// The collection of this name in the kernel's keyrings.
    Keyring(&'static str),
}

/// A keeper at work. It ends with this value.
#[derive(Debug)]
pub(crate) struct Keeper {
    kind: Kind,
    process: Guard,
    pid: u32,
    krb5_conf: PathBuf,
}

impl Keeper {
    /// Starts one that keeps what it has in `directory`, for clients of `site`.
    pub(crate) fn start(kind: Kind, site: &Site, directory: &Path) -> Result<Self> {
        fs::create_dir_all(directory)?;
        let krb5_conf = directory.join("krb5.conf");
        let configuration = fs::read_to_string(&site.krb5_conf)?;
        fs::write(&krb5_conf, configuration.replacen('\n', &kind.defaults(), 1))?;
        let output = directory.join("output");
        let log = File::create(&output)?;
        let mut command = Command::new("unshare");
        command
            .args(kind.namespaces().iter().filter(|name| **name != KEEP_CREDENTIALS))
            .args(kind.namespaces().contains(&"--user").then_some("--map-root-user"))
            .args(kind.program())
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let child = command.spawn()?;
        let mut keeper = Self {
            kind,
            pid: child.id(),
            process: Guard::new(child),
            krb5_conf,
        };
        keeper.await_ready(directory, &output)?;
        Ok(keeper)
    }

    /// The command among this keeper's clients, who have their caches there by default.
    pub(crate) fn client(&self, command: &Command) -> Command {
        let mut client = Command::new("nsenter");
        client
            .args(["--target", &self.pid.to_string()])
            .args(self.kind.namespaces())
            .args(self.kind.session())
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear();
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => client.env(name, value),
                None => client.env_remove(name),
            };
        }
        client.env("KRB5_CONFIG", &self.krb5_conf);
        client
    }

    fn await_ready(&mut self, directory: &Path, output: &Path) -> Result<()> {
        let deadline = within(30);
        while !self.is_ready(directory)? {
            let said = || fs::read_to_string(output).unwrap_or_default();
            if let Some(status) = self.process.ended()? {
                bail!("{:?} ended with {status}: {}", self.kind, said());
            }
            if Instant::now() > deadline {
                bail!("{:?} is not ready: {}", self.kind, said());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn is_ready(&self, directory: &Path) -> Result<bool> {
        if let Kind::Keyring(_) = self.kind {
            // Whoever joins a session before it is open to others gets a new one.
            let session = run(
                &mut self.client(Command::new("keyctl").args(["rdescribe", "@s"])),
                "",
                within(30),
            )?;
            return Ok(session.stdout.contains(OPEN_TO_THE_USER));
        }
        Ok(UnixStream::connect(directory.join("run/.heim_org.h5l.kcm-socket")).is_ok())
    }
}

impl Kind {
    /// Lines that make its caches the default ones: Heimdal takes the type alone, and asks the daemon for the name.
    fn defaults(self) -> String {
        match self {
            Self::Kcm | Self::Sssd => "\n    default_ccache_name = KCM:\n    default_cc_type = KCM\n".to_owned(),
            Self::Keyring(name) => format!("\n    default_ccache_name = KEYRING:{name}\n"),
        }
    }

    /// Options of nsenter. Whoever is not root is so only among users of his own.
    fn namespaces(self) -> &'static [&'static str] {
        match self {
            Self::Keyring(_) => &["--user", KEEP_CREDENTIALS],
            Self::Kcm | Self::Sssd if Uid::effective().is_root() => &["--mount"],
            Self::Kcm | Self::Sssd => &["--mount", "--user", KEEP_CREDENTIALS],
        }
    }

    fn program(self) -> Vec<&'static str> {
        let daemon = |name| vec!["sh", "-c", include_str!("../kcm/daemon.sh"), "daemon.sh", name];
        match self {
            Self::Kcm => daemon("heimdal"),
            Self::Sssd => daemon("sssd"),
            // It keeps the session's keyring by being in it.
            Self::Keyring(_) => vec![
                "keyctl",
                "session",
                SESSION,
                "sh",
                "-c",
                "keyctl setperm @s $0; exec sleep 3600",
                "0x3f3f0000",
            ],
        }
    }

    /// What a client is run by.
    fn session(self) -> &'static [&'static str] {
        match self {
            Self::Kcm | Self::Sssd => &[],
            Self::Keyring(_) => &["keyctl", "session", SESSION],
        }
    }
}

const KEEP_CREDENTIALS: &str = "--preserve-credentials";
/// The name of the session's keyring. Who else has one of this name is in another namespace.
const SESSION: &str = "gss-conformance";
/// The permissions of a session's keyring that others of its user may join.
const OPEN_TO_THE_USER: &str = ";3f3f0000;";
