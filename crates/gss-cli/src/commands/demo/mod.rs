//! `gss demo`: an exchange from beginning to end, with an embedded KDC.

mod party;
mod story;
mod wire;

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, anyhow};
use clap::ValueEnum;
use gss::kdc::Kdc;
use gss::krb5::{KRB5, KerberosCred, KerberosEnvironment};
use gss::{Accept, Acquire, Credential, Environment, Gss, Initiate, Name, SystemClock};
use krb5_crypto::Enctype;
use krb5_store::config::Settings;
use krb5_store::keytab::{self, MemoryKeytab};
use krb5_store::replay::{MemoryReplayCache, OwnReplayCache};

use self::party::{Service, User, Way};
use self::story::{Event, HOST, SERVICE, Style, Teller, USER};
use self::wire::Wire;

/// Show a whole exchange between two parties, with an embedded KDC
///
/// Starts a KDC on a free port of 127.0.0.1, makes a user and a service, lets them authenticate with each other over a
/// socket, signs and seals messages, and says what was checked. It needs nothing configured, ignores krb5.conf, ticket
/// caches and keytabs, and leaves nothing behind.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// Flip a bit of each message on the way, and show that it is refused
    #[arg(long)]
    tamper: bool,
    /// The encryption type of all keys, such as aes256-cts-hmac-sha1-96; the strongest without this option
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
    Krb5,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let teller = Teller::new(if args.json { Style::Json } else { Style::Text });
    let way = if args.tamper { Way::Hostile } else { Way::Safe };
    match args.mech {
        Mech::Krb5 => demonstrate(args.enctype, way, &teller)?,
    }
    teller.tell(&Event::Ended {
        milliseconds: u64::try_from(begun.elapsed().as_millis())?,
    });
    teller.finish()?;
    Ok(ExitCode::SUCCESS)
}

fn demonstrate(enctype: Option<Enctype>, way: Way, teller: &Teller) -> anyhow::Result<()> {
    let enctypes = enctype.map_or_else(|| Enctype::ALL.to_vec(), |enctype| vec![enctype]);
    let password = fresh_password()?;
    let service = format!("{SERVICE}/{HOST}");
    let kdc = Kdc::builder(REALM)
        .principal(USER, &password)
        .service(&service)
        .enctypes(&enctypes)
        .build()?;
    let running = kdc.serve_loopback().context("the embedded KDC cannot be started")?;
    teller.tell(&Event::KdcStarted {
        realm: REALM.to_owned(),
        address: running.address(),
        user: format!("{USER}@{REALM}"),
        service: format!("{service}@{REALM}"),
        enctypes: enctypes.iter().map(|enctype| enctype.name()).collect(),
    });
    // The two would agree on a better type than that of their ticket (RFC 4537).
    let permitted: Vec<_> = enctypes.iter().map(|enctype| enctype.name()).collect();
    let only = format!("[libdefaults]\n    permitted_enctypes = {}\n", permitted.join(" "));
    let settings = Arc::new(Settings::parse(&(kdc.client_config(running.address()) + &only))?);
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let address = listener.local_addr()?;
    let outcome = thread::scope(|scope| {
        let serving = scope.spawn(|| serve(&listener, &kdc, &settings, (teller, way)));
        let asked = ask(address, &password, &settings, (teller, way));
        let served = serving
            .join()
            .map_err(|_| anyhow!("the service's thread has panicked"))?;
        // Where both failed, the service knows why: the user only sees that it went away.
        served
            .context("the service failed")
            .and(asked.context("the user failed"))
    });
    running.shutdown();
    outcome
}

/// What each party is given instead of the process's environment.
fn surroundings(settings: &Arc<Settings>) -> Environment {
    Environment::new(Arc::new(SystemClock)).with_extension(Arc::clone(settings))
}

fn ask(
    service: SocketAddr,
    password: &str,
    settings: &Arc<Settings>,
    (teller, way): (&Teller, Way),
) -> anyhow::Result<()> {
    let wire = Wire::new(TcpStream::connect(service)?)?;
    let gss = Gss::within(surroundings(settings))?;
    let acquire = Acquire::initiate().named(Name::krb5_principal(format!("{USER}@{REALM}")));
    let cred = gss
        .acquire(acquire.with_password(password.as_bytes().to_vec().into()))
        .context("no ticket from the KDC")?;
    teller.tell(&ticket(&gss, &cred)?);
    let target = Name::hostbased_service(format!("{SERVICE}@{HOST}"));
    let initiator = gss.initiate(&Initiate::new(target).with_cred(cred))?;
    User { wire, teller, way }.run(initiator)
}

fn ticket(gss: &Gss, cred: &Credential) -> anyhow::Result<Event> {
    let element = cred.element(&KRB5).context("the credential has no Kerberos element")?;
    let info = gss::drive(Arc::clone(element).inspect(), &mut gss.driver())?;
    let left = info
        .initiate_until
        .map(|until| until.saturating_sub(gss.environment().clock().now()).as_secs());
    let holder = info.name.map(|name| name.to_text()).unwrap_or_default();
    Ok(Event::TicketGranted { holder, seconds: left })
}

fn serve(
    listener: &TcpListener,
    kdc: &Kdc,
    settings: &Arc<Settings>,
    (teller, way): (&Teller, Way),
) -> anyhow::Result<()> {
    let (stream, _) = listener.accept()?;
    let wire = Wire::new(stream)?;
    // Keys of a moment need no memory that outlives them.
    let replay = OwnReplayCache(Arc::new(MemoryReplayCache::new()));
    let surroundings = surroundings(settings).with_extension(Arc::new(replay));
    let kerberos = KerberosEnvironment::from_environment(&surroundings)?;
    let keytab = Arc::new(MemoryKeytab::new("demo", kdc.service_keytab()));
    let keys = keytab::Acceptor::new(keytab, None, settings, kerberos.provider);
    let cred = KerberosCred::from_keys(kerberos, Arc::new(keys), None);
    let gss = Gss::within(surroundings)?;
    let acceptor = gss.accept(Accept::new().with_cred(Credential::single(KRB5, Arc::new(cred))));
    Service { wire, teller, way }.run(acceptor)
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

const REALM: &str = "DEMO.TEST";

const EXAMPLES: &str = "\
Examples:
  gss demo
  gss demo --tamper
  gss demo --enctype aes128-cts-hmac-sha256-128 --json";
