//! Throw-away realms: a KDC on a free port of 127.0.0.1, a user, and a service for each encryption type.

mod heimdal;
mod mit;
mod ours;

use std::{
    fs,
    net::{TcpListener, TcpStream, UdpSocket},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{
    flavour::{Enctype, Flavour},
    process::{Guard, within},
    programs::Programs,
    tools::Tools,
};

/// The password of every realm's user.
pub(crate) const PASSWORD: &str = "a secret with ä";

/// A realm as its clients and services see it, restricted to one encryption type.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) enctype: Enctype,
    pub(crate) realm: String,
    /// Permits this encryption type alone.
    pub(crate) krb5_conf: PathBuf,
    /// Holds the service's key.
    pub(crate) keytab: PathBuf,
    /// Holds the user's keys.
    pub(crate) user_keytab: PathBuf,
    /// `SERVICE@HOST`, what an initiator asks for.
    pub(crate) target: String,
    /// The service as a principal.
    pub(crate) service: String,
    /// The user as a principal.
    pub(crate) user: String,
    /// A file with the user's password.
    pub(crate) password_file: PathBuf,
    /// The user's ticket-granting ticket, got with the KDC's own tools; to be copied before use.
    pub(crate) ccache: PathBuf,
}

impl Site {
    /// The configuration, but with every encryption type of AES too, the strongest first.
    pub(crate) fn permitting_all(&self) -> Result<String> {
        let mut all = vec![
            Enctype::Aes256Sha2,
            Enctype::Aes256Sha1,
            Enctype::Aes128Sha2,
            Enctype::Aes128Sha1,
        ];
        if !all.contains(&self.enctype) {
            all.push(self.enctype);
        }
        let all: Vec<&str> = all.into_iter().map(Enctype::name).collect();
        let [one, all] = [self.enctype.name().to_owned(), all.join(" ")];
        let configuration = fs::read_to_string(&self.krb5_conf)?;
        let (one, all) = (format!("types = {one}\n"), format!("types = {all}\n"));
        Ok(configuration.replace(&one, &all))
    }
}

/// A realm; it ends with this value.
#[derive(Debug)]
pub(crate) struct Realm {
    kdcs: Vec<Guard>,
    sites: Vec<Site>,
}

impl Realm {
    /// Makes a realm of `kdc`'s in a new directory below `directory`.
    pub(crate) fn start(kdc: Flavour, programs: &Programs, directory: &Path) -> Result<Self> {
        let directory = directory.join(format!("realm-{kdc}"));
        fs::create_dir_all(&directory)?;
        match kdc.implementation() {
            Flavour::Heimdal => heimdal::start(programs, &directory),
            Flavour::Gss => ours::start(programs, &directory),
            _ => mit::start(programs, &directory),
        }
        .with_context(|| format!("the realm of {kdc}'s KDC"))
    }

    /// The realm restricted to `enctype`.
    pub(crate) fn site(&self, enctype: Enctype) -> Result<&Site> {
        self.sites
            .iter()
            .find(|site| site.enctype == enctype)
            .context("no such site")
    }

    /// Asks each KDC to end as its administrator would.
    ///
    /// # Errors
    /// When one does not end, or not with success.
    pub(crate) fn stop(&mut self) -> Result<()> {
        for kdc in &mut self.kdcs {
            kdc.terminate()?;
            let status = kdc.wait(within(10))?;
            if !status.success() {
                bail!("the KDC ended with {status} on SIGTERM");
            }
        }
        Ok(())
    }
}

impl Drop for Realm {
    /// Heimdal's KDC removes its file in /run where it is asked to end, and not where it is killed.
    fn drop(&mut self) {
        for kdc in &mut self.kdcs {
            if kdc.terminate().is_ok() {
                // Whoever does not end is killed by its guard.
                let _ = kdc.wait(within(2));
            }
        }
    }
}

/// What a site's files are called.
struct Names<'a> {
    realm: &'a str,
    directory: &'a Path,
}

impl Names<'_> {
    fn site(&self, enctype: Enctype) -> Site {
        let short = enctype.short();
        let host = format!("{short}.conformance.test");
        Site {
            enctype,
            realm: self.realm.to_owned(),
            krb5_conf: self.directory.join(format!("krb5-{short}.conf")),
            keytab: self.directory.join(format!("{short}.keytab")),
            user_keytab: self.directory.join("user.keytab"),
            target: format!("host@{host}"),
            service: format!("host/{host}@{}", self.realm),
            user: format!("user@{}", self.realm),
            password_file: self.directory.join("password"),
            ccache: self.directory.join(format!("{short}.ccache")),
        }
    }
}

/// A client's configuration that permits `enctype` alone, for any of the implementations.
fn client_configuration(site: &Site, port: u16) -> String {
    let (realm, enctype) = (&site.realm, site.enctype.name());
    format!(
        "[libdefaults]
    default_realm = {realm}
    permitted_enctypes = {enctype}
    default_tkt_enctypes = {enctype}
    default_tgs_enctypes = {enctype}
    default_etypes = {enctype}
{NO_NAME_SERVICE}[realms]
    {realm} = {{
        kdc = 127.0.0.1:{port}
    }}
[domain_realm]
    .conformance.test = {realm}
"
    )
}

/// Writes what the clients of every site need, and gets the user's tickets with `tools`.
fn outfit(sites: &[Site], port: u16, tools: Tools<'_>) -> Result<()> {
    for site in sites {
        fs::write(&site.krb5_conf, client_configuration(site, port))?;
        fs::write(&site.password_file, format!("{PASSWORD}\n"))?;
        tools.kinit_password(site, &site.ccache)?;
    }
    Ok(())
}

/// A port that was free for TCP and UDP a moment ago.
pub(crate) fn free_port() -> Result<u16> {
    for _ in 0..64 {
        let tcp = TcpListener::bind(("127.0.0.1", 0))?;
        let port = tcp.local_addr()?.port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port on 127.0.0.1")
}

/// Waits until `kdc` takes connections.
pub(crate) fn await_listening(kdc: &mut Guard, port: u16, log: &Path) -> Result<()> {
    let deadline = within(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let said = || fs::read_to_string(log).unwrap_or_default();
        if let Some(status) = kdc.ended()? {
            bail!("the KDC ended with {status}: {}", said());
        }
        if Instant::now() > deadline {
            bail!("the KDC does not listen: {}", said());
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Waits for our KDC's line in `out`, `{"ready":{"address":…,"krb5_conf":…}}`.
pub(crate) fn await_ready(kdc: &mut Guard, out: &Path, err: &Path) -> Result<()> {
    let deadline = within(20);
    loop {
        let said = fs::read_to_string(out)?;
        if let Some((line, _)) = said.split_once('\n') {
            let ready: Value = serde_json::from_str(line).with_context(|| format!("not JSON: {line}"))?;
            ready
                .pointer("/ready/address")
                .with_context(|| format!("no address in {line}"))?;
            return Ok(());
        }
        if kdc.ended()?.is_some() || Instant::now() > deadline {
            bail!("the KDC is not ready: {said}{}", fs::read_to_string(err)?);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// The lines of `[libdefaults]` that keep the libraries from asking name servers.
pub(crate) const NO_NAME_SERVICE: &str = "    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    rdns = false
    forwardable = true
";
