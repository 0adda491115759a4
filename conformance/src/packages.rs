//! Debian's packages: which must be installed, and MIT's, which are unpacked because they exclude Heimdal's.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::process::{run, run_ok, within};

/// Must be installed: compiler, the system's trust anchors, Heimdal's KDC, tools and credential manager, both libraries
/// with their headers, the tool for keyrings, sssd's credential manager, Redis, `setcap`, GNU SASL, Python for what comes
/// from PyPI, and Samba's winbind with the libraries that give it a machine of its own. `PACKAGES` in `check` is the same
/// list.
pub(crate) const INSTALLED: [&str; 20] = [
    "gcc",
    "libc6-dev",
    "pkg-config",
    "ca-certificates",
    "heimdal-kdc",
    "heimdal-clients",
    "heimdal-kcm",
    "heimdal-multidev",
    "keyutils",
    "krb5-multidev",
    "libcap2-bin",
    "libev4",
    "redis-server",
    "sssd-kcm",
    "gsasl",
    "python3-venv",
    "winbind",
    "samba-common-bin",
    "libnss-wrapper",
    "libuid-wrapper",
];

/// Unpacked into a directory: MIT's KDC and tools, with their libraries so that all are of one version, and NTLM for these.
pub(crate) const UNPACKED: [&str; 16] = [
    "gss-ntlmssp",
    "krb5-kdc",
    "krb5-admin-server",
    "krb5-user",
    "libgssapi-krb5-2",
    "libgssrpc4",
    "libk5crypto3",
    "libkadm5clnt-mit12",
    "libkadm5srv-mit12",
    "libkdb5-10",
    "libkrb5-3",
    "libkrb5support0",
    "libunistring2",
    "libverto1",
    "libverto-libev1",
    "libwbclient0",
];

/// From PyPI, with their own dependencies.
const PYTHON: [&str; 1] = ["pyspnego==0.12.4"];

/// `target/peers` of the build that this program belongs to.
pub(crate) fn default_directory() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program
        .ancestors()
        .nth(2)
        .context("this program stands in no target directory")?;
    Ok(target.join("peers"))
}

/// Where MIT's packages are unpacked below `peers`.
pub(crate) fn mit_root(peers: &Path) -> PathBuf {
    peers.join("mit")
}

/// The Python that has what comes from PyPI, below `peers`.
pub(crate) fn python(peers: &Path) -> PathBuf {
    peers.join("python/bin/python3")
}

/// The line by which MIT's library finds gss-ntlmssp.
pub(crate) fn ntlmssp_mechanism(mit_root: &Path) -> String {
    let library = crate::programs::mit_libraries(mit_root).join("gssntlmssp/gssntlmssp.so");
    format!("gssntlmssp_v1 1.3.6.1.4.1.311.2.2.10 {}\n", library.display())
}

/// Refuses to go on without the installed packages.
///
/// # Errors
/// Names every package that is missing.
pub(crate) fn require_installed() -> Result<()> {
    let mut missing = Vec::new();
    for package in INSTALLED {
        let outcome = run(
            Command::new("dpkg-query").args(["-W", "-f=${db:Status-Status}", package]),
            "",
            within(30),
        )
        .context("the peers are Debian's packages")?;
        if outcome.stdout != "installed" {
            missing.push(package);
        }
    }
    if !missing.is_empty() {
        bail!("missing Debian packages: {0} (apt-get install {0})", missing.join(" "));
    }
    Ok(())
}

/// Downloads and unpacks MIT's packages and what comes from PyPI below `peers`, unless that is done already.
///
/// # Errors
/// Names the packages that cannot be had.
pub(crate) fn prepare(peers: &Path) -> Result<()> {
    unpack(peers)?;
    prepare_python(peers)
}

fn prepare_python(peers: &Path) -> Result<()> {
    let (root, list) = (peers.join("python"), PYTHON.join("\n"));
    if fs::read_to_string(root.join("packages")).is_ok_and(|made| made == list) {
        return Ok(());
    }
    // It knows its own path, so that it is made where it stays; the list is written when it is whole.
    run_ok(
        Command::new("/usr/bin/python3")
            .args(["-m", "venv", "--clear"])
            .arg(&root),
        "",
        within(120),
    )?;
    run_ok(
        Command::new(python(peers))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(PYTHON),
        "",
        within(300),
    )
    .context("pip cannot install what is needed from PyPI")?;
    fs::write(root.join("packages"), list)?;
    Ok(())
}

fn unpack(peers: &Path) -> Result<()> {
    let root = mit_root(peers);
    if is_prepared(&root) {
        return Ok(());
    }
    fs::create_dir_all(peers)?;
    let fresh = tempfile::Builder::new().prefix("unpack-").tempdir_in(peers)?;
    let (debs, tree) = (fresh.path().join("debs"), fresh.path().join("tree"));
    fs::create_dir_all(&debs)?;
    fs::create_dir_all(&tree)?;
    download(&debs)?;
    for entry in fs::read_dir(&debs)? {
        run_ok(
            Command::new("dpkg").arg("-x").arg(entry?.path()).arg(&tree),
            "",
            within(60),
        )?;
    }
    fs::write(tree.join("packages"), UNPACKED.join("\n"))?;
    if root.exists() && !is_prepared(&root) {
        // Of an earlier version of the list.
        fs::remove_dir_all(&root)?;
    }
    match fs::rename(&tree, &root) {
        Err(error) if !is_prepared(&root) => Err(error).with_context(|| format!("{} is in the way", root.display())),
        // Either this run's tree stands there, or that of another run at the same time.
        _ => Ok(()),
    }
}

fn download(into: &Path) -> Result<()> {
    let mut command = Command::new("apt-get");
    command.args(["download", "--quiet=2"]).args(UNPACKED).current_dir(into);
    let outcome = run(&mut command, "", within(300))?;
    if !outcome.status.success() {
        bail!(
            "apt-get cannot download MIT's packages ({}), after `apt-get update`? {}",
            UNPACKED.join(" "),
            outcome.said()
        );
    }
    Ok(())
}

fn is_prepared(root: &Path) -> bool {
    fs::read_to_string(root.join("packages")).is_ok_and(|list| list == UNPACKED.join("\n"))
}
