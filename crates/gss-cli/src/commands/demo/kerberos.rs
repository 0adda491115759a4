//! Kerberos, by itself or negotiated, with a KDC that is made for it.

use std::sync::Arc;

use anyhow::Context as _;
use gss::kdc::Kdc;
use gss::krb5::{KRB5, KerberosCred, KerberosEnvironment};
use gss::spnego::SPNEGO;
use gss::{Accept, Acceptor, Acquire, Credential, Environment, Gss, Initiate, Initiator, Name, SystemClock};
use krb5_crypto::Enctype;
use krb5_store::config::Settings;
use krb5_store::keytab::{self, MemoryKeytab};
use krb5_store::replay::{MemoryReplayCache, OwnReplayCache};

use super::story::{Event, Teller};
use super::{HOST, SERVICE, Stage, USER, fresh_password, script};

/// How Kerberos comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Itself,
    Negotiation,
}

pub(super) fn demonstrate(way: Way, enctype: Option<Enctype>, stage: Stage<'_>) -> anyhow::Result<()> {
    let enctypes = enctype.map_or_else(|| Enctype::ALL.to_vec(), |enctype| vec![enctype]);
    let password = fresh_password()?;
    let service = format!("{SERVICE}/{HOST}");
    let kdc = Kdc::builder(REALM)
        .principal(USER, &password)
        .service(&service)
        .enctypes(&enctypes)
        .build()?;
    let running = kdc.serve_loopback().context("the embedded KDC cannot be started")?;
    stage.teller.tell(&Event::KdcStarted {
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
    let outcome = stage.meet(
        match way {
            Way::Itself => &script::KERBEROS,
            Way::Negotiation => &script::NEGOTIATED_KERBEROS,
        },
        || initiator(way, &password, &settings, stage.teller),
        || acceptor(&kdc, &settings),
    );
    running.shutdown();
    outcome
}

/// What each party is given instead of the process's environment.
fn surroundings(settings: &Arc<Settings>) -> Environment {
    Environment::new(Arc::new(SystemClock)).with_extension(Arc::clone(settings))
}

fn initiator(way: Way, password: &str, settings: &Arc<Settings>, teller: &Teller) -> anyhow::Result<Initiator> {
    let mut gss = Gss::within(surroundings(settings))?;
    let acquire = Acquire::initiate().named(Name::krb5_principal(format!("{USER}@{REALM}")));
    let cred = gss
        .acquire(acquire.with_password(password.as_bytes().to_vec().into()))
        .context("no ticket from the KDC")?;
    teller.tell(&ticket(&gss, &cred)?);
    if way == Way::Negotiation {
        gss = gss.by(SPNEGO)?;
    }
    let target = Name::hostbased_service(format!("{SERVICE}@{HOST}"));
    Ok(gss.initiate(&Initiate::new(target).with_cred(cred))?)
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

fn acceptor(kdc: &Kdc, settings: &Arc<Settings>) -> anyhow::Result<Acceptor> {
    // Keys of a moment need no memory that outlives them.
    let replay = OwnReplayCache(Arc::new(MemoryReplayCache::new()));
    let surroundings = surroundings(settings).with_extension(Arc::new(replay));
    let kerberos = KerberosEnvironment::from_environment(&surroundings)?;
    let keytab = Arc::new(MemoryKeytab::new("demo", kdc.service_keytab()));
    let keys = keytab::Acceptor::new(keytab, None, settings, kerberos.provider);
    let cred = KerberosCred::from_keys(kerberos, Arc::new(keys), None);
    let gss = Gss::within(surroundings)?;
    Ok(gss.accept(Accept::new().with_cred(Credential::single(KRB5, Arc::new(cred)))))
}

const REALM: &str = "DEMO.TEST";
