//! The programs under test: our `gss`, and the C peer built against each library.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    flavour::{Flavour, Role},
    packages,
    pipe::Pipe,
    process::{run_ok, within},
    realm::Site,
    scenario::Mech,
};

/// Where the programs stand, and who takes part in this run.
#[derive(Debug)]
pub(crate) struct Programs {
    /// The directory of this run, where the C peers are built.
    directory: PathBuf,
    gss: Option<PathBuf>,
    pub(crate) mit_root: PathBuf,
    /// The Python that has what comes from PyPI.
    python: PathBuf,
}

/// What one side of a context is started with.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    pub(crate) flavour: Flavour,
    pub(crate) role: Role,
    pub(crate) site: &'a Site,
    /// The site's configuration, or one derived from it.
    pub(crate) krb5_conf: &'a Path,
    /// The credential cache; an acceptor keeps what it is given there.
    pub(crate) ccache: &'a Path,
    /// Where this party may leave files.
    pub(crate) directory: &'a Path,
    pub(crate) mech: Mech,
    pub(crate) flags: Option<&'a str>,
    pub(crate) bindings: Option<&'a str>,
}

impl Programs {
    /// Builds what `flavours` need into `directory`; `gss` names our command where it is built already.
    pub(crate) fn build(directory: &Path, peers: &Path, flavours: &[Flavour], gss: Option<PathBuf>) -> Result<Self> {
        let mut programs = Self {
            directory: directory.to_owned(),
            gss,
            mit_root: packages::mit_root(peers),
            python: packages::python(peers),
        };
        for &flavour in flavours {
            match flavour {
                Flavour::Gss if programs.gss.is_none() => programs.gss = Some(build_gss()?),
                Flavour::Gss | Flavour::Pyspnego | Flavour::Gsasl | Flavour::Samba => {}
                _ => compile(flavour, &programs.peer(flavour))?,
            }
        }
        Ok(programs)
    }

    /// Our command, with arguments to come.
    pub(crate) fn gss(&self) -> Result<Command> {
        let program = self.gss.as_ref().context("this run does without the gss command")?;
        let mut command = Command::new(program);
        isolate(&mut command, &self.directory);
        Ok(command)
    }

    /// A program of MIT's unpacked packages, as `bin/kinit`.
    pub(crate) fn mit(&self, name: &str) -> Command {
        let usr = self.mit_root.join("usr");
        let mut command = Command::new(usr.join(name));
        isolate(&mut command, &self.directory);
        command.env("LD_LIBRARY_PATH", mit_libraries(&self.mit_root));
        command
    }

    /// A program of Heimdal's installed packages, by its full name.
    pub(crate) fn heimdal(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        isolate(&mut command, &self.directory);
        command
    }

    /// Starts one side of a context.
    pub(crate) fn start(&self, start: &Start<'_>) -> Result<Pipe> {
        self.start_with(start, |_| ())
    }

    /// Starts one side of a context; `change` adds to its environment and arguments.
    pub(crate) fn start_with(&self, start: &Start<'_>, change: impl FnOnce(&mut Command)) -> Result<Pipe> {
        let mut command = self.party(start.flavour, start.directory)?;
        command
            .env("KRB5_CONFIG", start.krb5_conf)
            .env("KRB5CCNAME", file_name(start.ccache))
            .env("KRB5_KTNAME", file_name(&start.site.keytab));
        let stderr = match start.role {
            Role::Initiator => {
                command.args(["initiator", "--target", &start.site.target]);
                "initiator.err"
            }
            Role::Acceptor => {
                command.arg("acceptor");
                "acceptor.err"
            }
        };
        if let (Some(flags), Role::Initiator) = (start.flags, start.role) {
            command.args(["--flags", flags]);
        }
        command.args(["--mech", start.mech.name()]);
        if let Some(bindings) = start.bindings {
            command.args(["--bindings", bindings]);
        }
        change(&mut command);
        Pipe::spawn(&mut command, &start.directory.join(stderr))
    }

    /// A program that speaks the lines of `gss pipe`, with arguments to come, which may leave files in `directory`.
    pub(crate) fn party(&self, flavour: Flavour, directory: &Path) -> Result<Command> {
        let mut command = match flavour {
            Flavour::Gss => {
                let mut command = self.gss()?;
                command.arg("pipe");
                command
            }
            Flavour::Pyspnego => self.python("pyspnego.py"),
            Flavour::Gsasl => self.python("gsasl.py"),
            Flavour::Samba => self.python("ntlm_auth.py"),
            peer => Command::new(self.peer(peer)),
        };
        isolate(&mut command, directory);
        if flavour == Flavour::GssNtlmssp {
            let mechanisms = directory.join("mech");
            fs::write(&mechanisms, packages::ntlmssp_mechanism(&self.mit_root))?;
            command.env("GSS_MECH_CONFIG", mechanisms);
            command.env("LD_LIBRARY_PATH", mit_libraries(&self.mit_root));
        }
        Ok(command)
    }

    fn python(&self, script: &str) -> Command {
        let mut command = Command::new(&self.python);
        // No compiled copies beside the sources.
        command.arg("-B").arg(Path::new(HERE).join("peer").join(script));
        command
    }

    fn peer(&self, flavour: Flavour) -> PathBuf {
        self.directory.join(format!("peer-{flavour}"))
    }
}

/// `FILE:` and the path, as Kerberos names files.
pub(crate) fn file_name(path: &Path) -> String {
    format!("FILE:{}", path.display())
}

/// The libraries of MIT's packages unpacked at `root`.
pub(crate) fn mit_libraries(root: &Path) -> PathBuf {
    let multiarch = format!("{}-linux-gnu", std::env::consts::ARCH);
    root.join("usr/lib").join(multiarch)
}

/// Nothing of the caller's environment, and no file outside `directory`.
pub(crate) fn isolate(command: &mut Command, directory: &Path) {
    command
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C")
        .env("HOME", directory)
        .env("TMPDIR", directory)
        .env("KRB5RCACHEDIR", directory)
        .current_dir(directory);
}

fn compile(flavour: Flavour, output: &Path) -> Result<()> {
    let (package, defines): (&str, &[&str]) = match flavour {
        Flavour::Heimdal => ("heimdal-gssapi", &["-DPEER_HEIMDAL"]),
        Flavour::BrokenVerifier => ("mit-krb5-gssapi", &["-DBROKEN_VERIFIER"]),
        _ => ("mit-krb5-gssapi", &[]),
    };
    let library = run_ok(
        Command::new("pkg-config").args(["--cflags", "--libs", package]),
        "",
        within(30),
    )?;
    let mut sources = Vec::new();
    for entry in fs::read_dir(Path::new(HERE).join("peer"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "c") {
            sources.push(path);
        }
    }
    sources.sort();
    let mut command = Command::new("cc");
    command
        .args(["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror"])
        .args(defines)
        .args(sources)
        .args(library.split_whitespace())
        .arg("-o")
        .arg(output);
    run_ok(&mut command, "", within(120))?;
    Ok(())
}

/// Builds our command with the profile of this program and returns its path.
fn build_gss() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let profile = program.parent().context("this program stands in no directory")?;
    let target = profile.parent().context("this program stands in no target directory")?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--quiet", "--package", "gss-cli", "--manifest-path"])
        .arg(Path::new(HERE).join("../Cargo.toml"))
        .arg("--target-dir")
        .arg(target);
    if profile.ends_with("release") {
        command.arg("--release");
    }
    run_ok(&mut command, "", within(1800))?;
    Ok(profile.join("gss"))
}

/// This package's directory, with the C peer's source.
const HERE: &str = env!("CARGO_MANIFEST_DIR");
