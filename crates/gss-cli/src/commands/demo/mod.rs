//! `gss demo`: an exchange from beginning to end, with nothing but what is in this process.

mod kerberos;
mod party;
mod passwords;
mod script;
mod story;
mod wire;

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, anyhow, ensure};
use clap::ValueEnum;
use gss::{Acceptor, Initiator};
use krb5_crypto::Enctype;

use self::kerberos::Way as By;
use self::party::{Service, User, Way};
use self::passwords::Password;
use self::script::Script;
use self::story::{Event, HOST, SERVICE, Style, Teller, USER};
use self::wire::Wire;

/// Show a whole exchange between two parties, with an embedded KDC
///
/// Starts a KDC on a free port of 127.0.0.1, makes a user and a service, lets them authenticate with each other over a
/// socket, signs and seals messages, and says what was checked. NTLM and SCRAM do with a password that both know. It needs
/// nothing configured, ignores krb5.conf, ticket caches and keytabs, and leaves nothing behind.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// Flip a bit of each message on the way, and show that it is refused
    #[arg(long)]
    tamper: bool,
    /// The encryption type of all Kerberos keys, such as aes256-cts-hmac-sha1-96; the strongest without this option
    #[arg(long, value_name = "NAME", value_parser = enctype)]
    enctype: Option<Enctype>,
    /// Tell it as JSON, an event a line
    #[arg(long)]
    json: bool,
    /// The mechanism
    #[arg(long, value_enum, default_value_t = Mech::Krb5)]
    mech: Mech,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Mech {
    /// Kerberos 5
    Krb5,
    /// Kerberos 5, negotiated by SPNEGO
    Spnego,
    /// NTLM
    Ntlm,
    /// SCRAM-SHA-256
    Scram,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let teller = Teller::new(if args.json { Style::Json } else { Style::Text });
    let way = if args.tamper { Way::Hostile } else { Way::Safe };
    let stage = Stage { teller: &teller, way };
    if !matches!(args.mech, Mech::Krb5 | Mech::Spnego) {
        ensure!(
            args.enctype.is_none(),
            "--enctype is about Kerberos' keys: leave it out"
        );
    }
    match args.mech {
        Mech::Krb5 => kerberos::demonstrate(By::Itself, args.enctype, stage)?,
        Mech::Spnego => kerberos::demonstrate(By::Negotiation, args.enctype, stage)?,
        Mech::Ntlm => passwords::demonstrate(Password::Ntlm, stage)?,
        Mech::Scram => passwords::demonstrate(Password::Scram, stage)?,
    }
    teller.tell(&Event::Ended {
        milliseconds: u64::try_from(begun.elapsed().as_millis())?,
    });
    teller.finish()?;
    Ok(ExitCode::SUCCESS)
}

/// Whom it is told to, and what happens on the way.
#[derive(Clone, Copy)]
struct Stage<'a> {
    teller: &'a Teller,
    way: Way,
}

impl Stage<'_> {
    /// Lets both sides meet over a socket, each in a thread, with what these functions make for them.
    fn meet(
        self,
        script: &'static Script,
        initiator: impl FnOnce() -> anyhow::Result<Initiator>,
        acceptor: impl FnOnce() -> anyhow::Result<Acceptor> + Send,
    ) -> anyhow::Result<()> {
        let Self { teller, way } = self;
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let address = listener.local_addr()?;
        thread::scope(|scope| {
            let serving = scope.spawn(|| {
                let wire = Wire::new(listener.accept()?.0)?;
                Service {
                    wire,
                    teller,
                    way,
                    script,
                }
                .run(acceptor()?)
            });
            let asking = || {
                let wire = Wire::new(TcpStream::connect(address)?)?;
                User {
                    wire,
                    teller,
                    way,
                    script,
                }
                .run(initiator()?)
            };
            let asked = asking();
            let served = serving
                .join()
                .map_err(|_| anyhow!("the service's thread has panicked"))?;
            // Where both failed, the service knows why: the user only sees that it went away.
            served
                .context("the service failed")
                .and(asked.context("the user failed"))
        })
    }
}

/// Nobody is to know it, so it is drawn.
fn fresh_password() -> anyhow::Result<String> {
    let mut octets = [0; 16];
    krb5_crypto::primitives::rustcrypto::PROVIDER.random.fill(&mut octets)?;
    Ok(hex::encode(octets))
}

fn enctype(name: &str) -> Result<Enctype, String> {
    Enctype::from_name(name).ok_or_else(|| {
        let names: Vec<_> = Enctype::ALL.iter().map(|enctype| enctype.name()).collect();
        format!("there is no such encryption type here; there are {}", names.join(", "))
    })
}

const EXAMPLES: &str = "\
Examples:
  gss demo
  gss demo --tamper
  gss demo --enctype aes128-cts-hmac-sha256-128 --json
  gss demo --mech scram --tamper";
