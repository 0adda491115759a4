//! A winbindd of Samba's with one user in its own database: a machine that is a domain to itself.
//!
//! It runs as Samba's own tests run it: libraries that are loaded before others show it another `/etc/passwd`, and let it
//! believe that it is root.

use std::{
    fs::{self, File},
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

use crate::{
    process::{Guard, run_ok, within},
    programs::isolate,
};

/// A running winbindd; it ends with this value.
pub(super) struct Winbind {
    daemon: Guard,
    /// `ntlm_auth`, which asks it.
    pub(super) helper: PathBuf,
}

impl Winbind {
    /// Starts it in `directory`, which must be there, with `user` of `DOMAIN` and this password.
    pub(super) fn start(directory: &Path, user: &str, password: &str) -> Result<Self> {
        let surroundings = Surroundings::write(directory, user)?;
        let configuration = directory.join("smb.conf");
        run_ok(
            surroundings
                .command("smbpasswd")
                .arg("-c")
                .arg(&configuration)
                .args(["-s", "-a", user]),
            &format!("{password}\n{password}\n"),
            within(30),
        )?;
        let log = directory.join("winbindd.log");
        let daemon = surroundings
            .command("winbindd")
            .args(["--foreground", "--no-process-group", "--debug-stdout", "--configfile"])
            .arg(&configuration)
            .stdin(Stdio::null())
            .stdout(File::create(&log)?)
            .stderr(File::options().append(true).open(&log)?)
            .spawn()?;
        let mut winbind = Self {
            daemon: Guard::new(daemon),
            helper: surroundings.helper(&configuration)?,
        };
        winbind.wait(&directory.join("sockets/pipe"), &log)?;
        Ok(winbind)
    }

    fn wait(&mut self, socket: &Path, log: &Path) -> Result<()> {
        let deadline = within(30);
        while UnixStream::connect(socket).is_err() {
            if self.daemon.ended()?.is_some() || Instant::now() > deadline {
                bail!("winbindd does not listen: {}", fs::read_to_string(log)?);
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Winbind {
    /// Its children end where it is asked to, and not where it is killed.
    fn drop(&mut self) {
        if self.daemon.terminate().is_ok() {
            // Whoever does not end is killed by its guard.
            let _ = self.daemon.wait(within(10));
        }
    }
}

/// What Samba's programs see instead of the machine.
struct Surroundings<'a> {
    directory: &'a Path,
    variables: Vec<(&'static str, String)>,
}

impl<'a> Surroundings<'a> {
    fn write(directory: &'a Path, user: &str) -> Result<Self> {
        let mut configuration = GLOBAL.to_owned();
        for (name, key) in DIRECTORIES {
            let path = directory.join(name);
            fs::create_dir(&path)?;
            // Samba refuses sockets in a directory that others may write to.
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
            configuration += &format!("{key} = {}\n", path.display());
        }
        let (passwd, group) = (directory.join("passwd"), directory.join("group"));
        fs::write(directory.join("smb.conf"), configuration)?;
        fs::write(
            &passwd,
            format!("root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n{user}:x:4242:4242::/:/bin/false\n"),
        )?;
        fs::write(&group, format!("root:x:0:\nnogroup:x:65534:\n{user}:x:4242:\n"))?;
        let text = |path: &Path| path.display().to_string();
        let variables = vec![
            ("LD_PRELOAD", "libnss_wrapper.so:libuid_wrapper.so".to_owned()),
            ("NSS_WRAPPER_PASSWD", text(&passwd)),
            ("NSS_WRAPPER_GROUP", text(&group)),
            ("UID_WRAPPER", "1".to_owned()),
            ("UID_WRAPPER_ROOT", "1".to_owned()),
            ("SELFTEST_WINBINDD_SOCKET_DIR", text(&directory.join("sockets"))),
        ];
        Ok(Self { directory, variables })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        isolate(&mut command, self.directory);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// `ntlm_auth` in these surroundings: our acceptor's helpers have none of their own.
    fn helper(&self, configuration: &Path) -> Result<PathBuf> {
        let mut script = "#!/bin/sh\n".to_owned();
        for (name, value) in &self.variables {
            script += &format!("export {name}='{value}'\n");
        }
        script += &format!("exec ntlm_auth \"$@\" --configfile='{}'\n", configuration.display());
        let (draft, helper) = (self.directory.join("ntlm_auth.draft"), self.directory.join("ntlm_auth"));
        fs::write(&draft, script)?;
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o755))?;
        // By a process of its own: one that another thread starts meanwhile would inherit the open copy, and nothing
        // runs a program that somebody has open for writing.
        run_ok(Command::new("cp").arg(&draft).arg(&helper), "", within(30))?;
        Ok(helper)
    }
}

/// No helper daemons: winbindd knows its own users without them, and they would outlive it.
const GLOBAL: &str = "[global]
netbios name = DOMAIN
workgroup = OTHERS
server role = standalone
passdb backend = tdbsam
rpc start on demand helpers = no
bind interfaces only = yes
interfaces = lo
";

/// Directories of its own, and the keys of `smb.conf` that name them.
const DIRECTORIES: [(&str, &str); 7] = [
    ("private", "private dir"),
    ("lock", "lock directory"),
    ("state", "state directory"),
    ("cache", "cache directory"),
    ("pid", "pid directory"),
    ("ncalrpc", "ncalrpc dir"),
    ("sockets", "winbindd socket directory"),
];
