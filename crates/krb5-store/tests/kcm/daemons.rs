//! The daemons of Debian, each with a directory of its own.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A running daemon. It is killed with this value.
pub(crate) struct Daemon {
    kind: Kind,
    directory: TempDir,
    child: Child,
}

/// Which daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `kcm` of the package heimdal-kcm.
    Heimdal,
    /// `sssd_kcm` of the package sssd-kcm.
    Sssd,
}

impl Daemon {
    pub(crate) fn start(kind: Kind) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let child = kind.spawn(directory.path());
        let mut daemon = Self { kind, directory, child };
        daemon.wait();
        daemon
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.path().join("run/.heim_org.h5l.kcm-socket")
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again, with what it keeps on disk.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let _ = fs::remove_file(self.socket());
        self.child = self.kind.spawn(self.directory.path());
        self.wait();
    }

    fn wait(&mut self) {
        let limit = Instant::now() + Duration::from_secs(30);
        while UnixStream::connect(self.socket()).is_err() {
            let ended = self.child.try_wait().unwrap();
            let output = fs::read_to_string(self.directory.path().join("output")).unwrap_or_default();
            assert!(ended.is_none(), "{:?} ended ({ended:?}): {output}", self.kind);
            assert!(Instant::now() < limit, "{:?} does not listen: {output}", self.kind);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Kind {
    /// Both daemons use fixed paths, so each gets a view of the file system where its own directories stand there.
    fn spawn(self, directory: &Path) -> Child {
        let program = match self {
            Self::Heimdal => "/usr/sbin/kcm",
            Self::Sssd => "/usr/libexec/sssd/sssd_kcm",
        };
        assert!(
            Path::new(program).exists(),
            "{program} is missing: install the packages heimdal-kcm and sssd-kcm"
        );
        let output = fs::File::create(directory.join("output")).unwrap();
        let mut command = Command::new("unshare");
        if nix::unistd::Uid::effective().is_root() {
            command.arg("--mount");
        } else {
            command.args(["--mount", "--map-root-user"]);
        }
        command
            .args(["sh", "-c", SCRIPT, "daemon.sh", self.name()])
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .expect("unshare of the package util-linux")
    }

    fn name(self) -> &'static str {
        match self {
            Self::Heimdal => "heimdal",
            Self::Sssd => "sssd",
        }
    }
}

/// Shared with the conformance suite.
const SCRIPT: &str = include_str!("../../../../conformance/kcm/daemon.sh");
