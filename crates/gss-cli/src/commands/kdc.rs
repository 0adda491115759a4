//! `gss kdc`: the embedded KDC, on loopback.

mod neighbours;

use std::fs::Permissions;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::Context as _;
use krb5_crypto::{Enctype, Secret};
use krb5_kdc::{Attribute, Kdc, NewPrincipal, Running, UnknownPaths};
use krb5_store::keytab::FileKeytab;
use serde::Serialize;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

use self::neighbours::{Alias, Capath, DomainRealm, Trust};
use crate::report::Hint as _;

/// Run the embedded KDC on loopback, for tests: NOT FOR PRODUCTION
///
/// It serves one realm from memory, over UDP and TCP, until SIGTERM or SIGINT. Once it listens it prints one line of
/// JSON: {"ready":{"address":…,"krb5_conf":…}}.
///
/// Passwords on a command line can be read by every user of the machine, and what they protect here is worth nothing.
/// It therefore listens on loopback addresses only, whoever runs it, and root must say on which one: nobody runs it as root by accident.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// The realm to serve
    #[arg(long, default_value = "EXAMPLE.TEST")]
    realm: String,
    /// Where to listen: a loopback address, and port 0 for any free one [default: 127.0.0.1:0, but root must name it]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// A user and the password; repeatable
    #[arg(long = "principal", value_name = "NAME:PASSWORD")]
    principals: Vec<User>,
    /// A service, which gets random keys; repeatable
    #[arg(long = "service", value_name = "NAME")]
    services: Vec<String>,
    /// Another name of a principal or service, with `@` in it an enterprise name; repeatable
    #[arg(long = "alias", value_name = "NAME=ALIAS")]
    aliases: Vec<Alias>,
    /// A service that clients may delegate to: its tickets carry OK-AS-DELEGATE; repeatable
    #[arg(long = "ok-as-delegate", value_name = "NAME")]
    ok_as_delegate: Vec<String>,
    /// Another realm, and the password of the keys shared with it in both directions; repeatable
    #[arg(long = "trust", value_name = "REALM:PASSWORD")]
    trusts: Vec<Trust>,
    /// The realm of a host, of a domain with a leading dot, or of enterprise names, to send clients to; repeatable
    #[arg(long = "domain-realm", value_name = "DOMAIN=REALM")]
    domain_realms: Vec<DomainRealm>,
    /// The realms between a client's and a server's, separated by commas; repeatable
    #[arg(long = "capath", value_name = "CLIENT:SERVER:BETWEEN")]
    capaths: Vec<Capath>,
    /// The file for the services' keys; it is replaced
    #[arg(long, value_name = "FILE")]
    keytab: Option<PathBuf>,
    /// The file for the clients' configuration; it is replaced
    #[arg(long, value_name = "FILE")]
    krb5_conf: Option<PathBuf>,
    /// Encryption types of all keys, best first, separated by commas [default: all]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = enctype)]
    enctypes: Vec<Enctype>,
    /// Add this to the clock, to try clients whose clock is wrong
    #[arg(long, value_name = "SECONDS", default_value_t = 0, allow_negative_numbers = true)]
    clock_offset: i64,
    /// Leave it to the services which realms clients have come through, instead of refusing those off the known paths
    #[arg(long)]
    unchecked_paths: bool,
}

/// A name and a password, on the command line.
#[derive(Clone, Debug)]
struct User {
    name: String,
    password: Arc<Secret>,
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    ready: Ready<'a>,
}

#[derive(Debug, Serialize)]
struct Ready<'a> {
    address: SocketAddr,
    krb5_conf: Option<&'a Path>,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let listen = listen(args.listen)?;
    // Before anything listens, so that no signal comes too early.
    let mut signals = signals().context("cannot wait for signals")?;
    writeln!(io::stderr().lock(), "gss: this KDC is for tests: NOT FOR PRODUCTION")?;
    let kdc = build(&args).context("cannot set up the KDC")?;
    let running = kdc
        .serve(listen)
        .context("cannot start the KDC")
        .hint("give a free port of 127.0.0.1 or [::1], or port 0")?;
    write_files(&args, &kdc, &running)?;
    tell(&args, &running)?;
    signals.read_exact(&mut [0]).context("cannot wait for signals")?;
    running.shutdown();
    Ok(ExitCode::SUCCESS)
}

/// A stream that has an octet to read once a signal asks for the end.
/// The address to listen on. It needs no privilege and is for tests, so that root must say that this is meant.
fn listen(named: Option<SocketAddr>) -> anyhow::Result<SocketAddr> {
    match named {
        Some(address) => Ok(address),
        None if nix::unistd::geteuid().is_root() => {
            let refused =
                anyhow::anyhow!("this KDC is for tests and needs no privilege: root must say where it listens");
            Err(refused).hint("run it as another user, or with --listen 127.0.0.1:0")
        }
        None => Ok(ANY_PORT),
    }
}

fn signals() -> io::Result<UnixStream> {
    let (read, write) = UnixStream::pair()?;
    pipe::register(SIGTERM, write.try_clone()?)?;
    pipe::register(SIGINT, write)?;
    Ok(read)
}

fn build(args: &Args) -> Result<Kdc, krb5_kdc::Error> {
    let mut builder = Kdc::builder(&args.realm).clock_offset(args.clock_offset);
    if args.unchecked_paths {
        builder = builder.unknown_paths(UnknownPaths::Unchecked);
    }
    if !args.enctypes.is_empty() {
        builder = builder.enctypes(&args.enctypes);
    }
    let users = args.principals.iter().map(|user| {
        (
            &user.name,
            NewPrincipal::with_password(&user.name, user.password.expose()),
        )
    });
    let services = args
        .services
        .iter()
        .map(|service| (service, NewPrincipal::with_random_key(service)));
    for (name, principal) in users.chain(services) {
        builder = builder.add(detailed(args, name, principal));
    }
    for trust in &args.trusts {
        builder = builder.trusts(trust.realm.as_str(), trust.password.expose());
    }
    for DomainRealm { domain, realm } in &args.domain_realms {
        builder = builder.domain_realm(domain, realm.as_str());
    }
    for way in &args.capaths {
        let between = way.between.iter().map(String::as_str);
        builder = builder.capath(way.client.as_str(), way.server.as_str(), between);
    }
    builder.build()
}

/// `principal` with its aliases and what sets it apart.
fn detailed(args: &Args, name: &str, mut principal: NewPrincipal) -> NewPrincipal {
    for Alias { alias, .. } in args.aliases.iter().filter(|alias| alias.name == name) {
        principal = if alias.contains('@') {
            principal.enterprise_alias(alias)
        } else {
            principal.alias(alias)
        };
    }
    if args.ok_as_delegate.iter().any(|marked| marked == name) {
        principal = principal.attribute(Attribute::OkAsDelegate);
    }
    principal
}

fn write_files(args: &Args, kdc: &Kdc, running: &Running) -> anyhow::Result<()> {
    if let Some(path) = &args.keytab {
        FileKeytab::new(without_type(path)).replace(&kdc.service_keytab())?;
    }
    if let Some(path) = &args.krb5_conf {
        let text = kdc.client_config(running.address());
        replace(path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Keytabs are often given by type and path.
fn without_type(path: &Path) -> &Path {
    path.to_str()
        .and_then(|path| path.strip_prefix("FILE:"))
        .map_or(path, Path::new)
}

/// Writes a file that everyone may read; who reads it meanwhile sees the old or the new one.
fn replace(path: &Path, octets: &[u8]) -> anyhow::Result<()> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(directory)?;
    file.write_all(octets)?;
    file.persist(path)?;
    Ok(())
}

fn tell(args: &Args, running: &Running) -> anyhow::Result<()> {
    let ready = Ready {
        address: running.address(),
        krb5_conf: args.krb5_conf.as_deref(),
    };
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, &Line { ready })?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

pub(super) fn enctype(name: &str) -> Result<Enctype, String> {
    Enctype::from_name(name.trim()).ok_or_else(|| {
        let known: Vec<_> = Enctype::ALL.iter().map(|etype| etype.name()).collect();
        format!("not a known encryption type; known are {}", known.join(", "))
    })
}

impl FromStr for User {
    type Err = &'static str;

    /// The password is all that follows the first colon.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, password) = text.split_once(':').ok_or("expected NAME:PASSWORD")?;
        if name.is_empty() {
            return Err("the name before the colon is missing");
        }
        let password = Arc::new(Secret::from_slice(password.as_bytes()));
        Ok(Self {
            name: name.to_owned(),
            password,
        })
    }
}

/// Any free port of the loopback address.
const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

const EXAMPLES: &str = "\
Examples:
  A realm for the tests of a service, with MIT's, Heimdal's or this project's tools as clients:
    gss kdc --realm EXAMPLE.TEST --principal alice:secret --service HTTP/localhost \\
        --keytab http.keytab --krb5-conf krb5.conf &
    export KRB5_CONFIG=$PWD/krb5.conf KRB5_KTNAME=$PWD/http.keytab KRB5CCNAME=$PWD/ccache
    echo secret | gss kinit alice
    gss kvno HTTP/localhost
  Two realms that trust each other, the first of which sends clients to the second:
    gss kdc --realm A.TEST --principal alice:secret --trust B.TEST:shared --domain-realm .b.test=B.TEST
    gss kdc --realm B.TEST --service HTTP/www.b.test --trust A.TEST:shared";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_may_contain_colons_and_be_empty() {
        for (text, name, password) in [("a:b", "a", "b"), ("a/b@R:c:d", "a/b@R", "c:d"), ("a:", "a", "")] {
            let user: User = text.parse().unwrap();
            assert_eq!(
                (user.name.as_str(), user.password.expose()),
                (name, password.as_bytes())
            );
        }
        for text in ["", "a", ":b"] {
            assert!(text.parse::<User>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let user: User = "alice:hunter2".parse().unwrap();
        assert!(!format!("{user:?}").contains("hunter2"));
    }

    #[test]
    fn enctypes_have_the_names_of_both_peers() {
        assert_eq!(enctype(" aes256-sha2"), Ok(Enctype::Aes256CtsHmacSha384192));
        assert!(enctype("des-cbc-crc").unwrap_err().contains("aes128-cts-hmac-sha1-96"));
    }

    #[test]
    fn files_are_replaced_with_the_new_content() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("krb5.conf");
        for content in ["first", "second"] {
            replace(&path, content.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
        }
        assert_eq!(without_type(Path::new("FILE:/a/b")), Path::new("/a/b"));
        assert_eq!(without_type(Path::new("/a/b")), Path::new("/a/b"));
    }
}
