//! What a program hears that installs a subscriber of its own.

#![cfg(all(feature = "krb5", feature = "net"))]
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic, and so may what it is made of"
)]

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gss::krb5::{KRB5, KerberosCred, KerberosEnvironment};
use gss::{Accept, Acquire, Context, Credential, Environment, Flags, Gss, Initiate, Name, Step, SystemClock};
use krb5_kdc::{Kdc, Running};
use krb5_store::config::Settings;
use krb5_store::keytab::{Acceptor, MemoryKeytab};
use krb5_store::replay::{MemoryReplayCache, OwnReplayCache};
use tracing::Level;

/// What was heard.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<u8>>>);

impl Write for Heard {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is told at `level` while `run` runs in this thread.
fn heard(level: Level, run: impl FnOnce()) -> String {
    let heard = Heard::default();
    let out = heard.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(Mutex::new(out));
    tracing::subscriber::with_default(subscriber.finish(), run);
    let octets = heard.0.lock().unwrap().clone();
    String::from_utf8(octets).unwrap()
}

struct Realm {
    gss: Gss,
    service: Credential,
    _kdc: Running,
    _alone: MutexGuard<'static, ()>,
}

/// A place in the code asks once, for all threads, whether anybody listens: while subscribers come and go in one
/// thread, another one that has none may hear for it that nobody does.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

impl Realm {
    fn new() -> Self {
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let kdc = Kdc::builder("TRACE.TEST")
            .principal("user", PASSWORD)
            .service("demo/localhost")
            .build()
            .unwrap();
        let running = kdc.serve_loopback().unwrap();
        let config = kdc.client_config(running.address()) + "[libdefaults]\n forwardable = true\n";
        let settings = Arc::new(Settings::parse(&config).unwrap());
        let replay = OwnReplayCache(Arc::new(MemoryReplayCache::new()));
        let environment = Environment::new(Arc::new(SystemClock))
            .with_extension(Arc::clone(&settings))
            .with_extension(Arc::new(replay));
        let kerberos = KerberosEnvironment::from_environment(&environment).unwrap();
        let keytab = Arc::new(MemoryKeytab::new("test", kdc.service_keytab()));
        let keys = Acceptor::new(keytab, None, &settings, kerberos.provider);
        let service = Credential::single(KRB5, Arc::new(KerberosCred::from_keys(kerberos, Arc::new(keys), None)));
        Self {
            gss: Gss::within(environment).unwrap(),
            service,
            _kdc: running,
            _alone: alone,
        }
    }

    /// A context by which the user delegates; with an altered token none.
    fn establish(&self, altered: bool) -> Option<(Context, Context)> {
        let acquire = Acquire::initiate().named(Name::krb5_principal("user"));
        let user = self
            .gss
            .acquire(acquire.with_password(PASSWORD.as_bytes().to_vec().into()));
        let request = Initiate::new(Name::hostbased_service("demo@localhost"))
            .with_cred(user.unwrap())
            .with_flags(Flags::USUAL | Flags::DELEG);
        let Step::Continue { mut token, next } = self.gss.initiate(&request).unwrap().step(None).unwrap() else {
            panic!("one token is not enough")
        };
        if altered {
            *token.last_mut().unwrap() ^= 1;
        }
        let acceptor = self.gss.accept(Accept::new().with_cred(self.service.clone()));
        let Step::Established { token, context } = acceptor.step(&token).ok()? else {
            panic!("two tokens are not enough")
        };
        match next.step(token.as_deref()).unwrap() {
            Step::Established { context: initiated, .. } => Some((initiated, context)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn outcomes_are_told_at_info_and_steps_at_debug_within_their_context() {
    let realm = Realm::new();
    let info = heard(Level::INFO, || drop(realm.establish(false)));
    for part in [
        "acquire{usage=Initiate}",
        "getting an initial ticket",
        "initiate{context=",
        "target=demo@localhost}",
        "accept{context=",
    ] {
        assert!(info.contains(part), "{part}: {info}");
    }
    assert_eq!(info.matches("the context is established").count(), 2);
    assert!(!info.contains("asking a server"), "{info}");
    let debug = heard(Level::DEBUG, || drop(realm.establish(false)));
    for part in [
        "asking a server",
        "presenting a ticket",
        "the client delegates",
        "was not seen before",
    ] {
        assert!(debug.contains(part), "{part}: {debug}");
    }
}

#[test]
fn what_fails_is_told_with_the_reason() {
    let realm = Realm::new();
    let info = heard(Level::INFO, || assert!(realm.establish(true).is_none()));
    assert!(info.contains("no context") && info.contains("error="), "{info}");
}

#[test]
fn an_established_context_is_silent() {
    let realm = Realm::new();
    let (mut user, mut service) = realm.establish(false).unwrap();
    let all = heard(Level::TRACE, || {
        for _ in 0..10 {
            let token = user.wrap(b"hello").unwrap();
            assert_eq!(service.open(&token).unwrap(), b"hello");
            service.open(&token).unwrap_err();
        }
    });
    assert_eq!(all, "");
}

#[test]
fn without_a_subscriber_contexts_are_the_same() {
    let realm = Realm::new();
    let (untraced, _) = realm.establish(false).unwrap();
    let mut traced = None;
    let told = heard(Level::TRACE, || traced = realm.establish(false));
    let (traced, _) = traced.unwrap();
    assert_eq!(untraced.info().flags, traced.info().flags);
    assert_eq!(untraced.acceptor(), traced.acceptor());
    assert!(!told.contains(PASSWORD), "nor is the password told");
}

const PASSWORD: &str = "eine Kiste Orangen";
