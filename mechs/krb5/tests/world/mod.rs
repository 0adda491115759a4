//! A realm, its KDC, a user and services, and the mechanism on both ends, all in memory and at one time.

#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(unreachable_pub, reason = "a module of each test program")]

pub mod by_hand;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gss_core::{
    Accept, AcceptorContext, Acquire, ChannelBindings, CredStore, Credential, Flags, Flowing, Initiate,
    InitiatorContext, IoReply, IoRequest, MechCred, Mechanism, Name, Octets, StepError, flow::Server,
};
use gss_mech_krb5::{KRB5, KerberosEnvironment, Keys, Krb5, Tickets};
use gss_test::{Established, Failure, Pair, TestClock};
use krb5_crypto::Enctype;
use krb5_kdc::{Attribute, Kdc, KdcBuilder, NewPrincipal, Transport};
use krb5_proto::{KerberosTime, Timestamp};
use krb5_store::ccache::MemoryCache;
use krb5_store::config::Settings;
use krb5_store::keytab::{Keytab, MemoryKeytab};
use tempfile::TempDir;

/// What everything takes place in.
pub struct World {
    pub kdc: Kdc,
    /// What initiators and the KDC go by.
    pub clock: TestClock,
    /// What acceptors go by.
    pub acceptor_clock: TestClock,
    pub initiator: Krb5,
    pub acceptor: Krb5,
    /// The user's credential.
    pub alice: Credential,
    pub kdc_requests: Arc<AtomicUsize>,
    /// Tickets that the KDC has given for a key or password.
    pub initial_tickets: Arc<AtomicUsize>,
    /// For files that only this world uses.
    pub folder: TempDir,
    name: String,
}

impl World {
    /// A realm in which every key is of `enctype`, and may be of no other.
    pub fn new(enctype: Enctype) -> Self {
        Self::permitting(enctype, &[enctype])
    }

    /// A realm in which every key of the KDC is of `enctype`, and those of contexts may be of the `permitted`.
    pub fn permitting(enctype: Enctype, permitted: &[Enctype]) -> Self {
        let names: Vec<&str> = permitted.iter().map(|etype| etype.name()).collect();
        let permitted = format!("[libdefaults]\n permitted_enctypes = {}\n", names.join(" "));
        let configuration = CONFIGURATION.replacen("[libdefaults]\n", &permitted, 1);
        Self::with(Kdc::builder(REALM).enctypes(&[enctype]), &configuration)
    }

    /// A realm with more principals than the usual ones, and its `krb5.conf`.
    pub fn with(builder: KdcBuilder, configuration: &str) -> Self {
        let trusted = NewPrincipal::with_random_key("HTTP/trusted.example.test").attribute(Attribute::OkAsDelegate);
        let kdc = builder
            .service("alice")
            .principal("bob", "builder")
            .service("HTTP/www.example.test")
            .service("host/www.example.test")
            .add(trusted)
            .build()
            .unwrap();
        let name = format!("world-{}", WORLDS.fetch_add(1, Ordering::Relaxed));
        MemoryKeytab::named(&name).replace(kdc.service_keytab());
        let clock = TestClock::at_seconds(START);
        let acceptor_clock = TestClock::at_seconds(START);
        let settings = Arc::new(Settings::parse(configuration).unwrap());
        // Caches in memory would be one collection for all tests of the process.
        let folder = tempfile::tempdir().unwrap();
        let end = |clock: &TestClock| {
            let mut environment = KerberosEnvironment::new(Arc::clone(&settings), Arc::new(clock.clone())).unwrap();
            environment.ccache = format!("FILE:{}", folder.path().join("ccache").display());
            environment.keytab = format!("MEMORY:{name}");
            Krb5::new(environment)
        };
        let mut world = Self {
            initiator: end(&clock),
            acceptor: end(&acceptor_clock),
            kdc,
            clock,
            acceptor_clock,
            alice: Credential::default(),
            kdc_requests: Arc::default(),
            initial_tickets: Arc::default(),
            folder,
            name,
        };
        world.alice = world.client("alice").unwrap();
        world
    }

    /// A credential with a ticket-granting ticket, by the client's key, which is not kept.
    pub fn client(&self, name: &str) -> Result<Credential, StepError> {
        let keys = Keys(MemoryKeytab::named(&self.name));
        let tickets = Tickets(Arc::new(MemoryCache::new()));
        let store = CredStore::new().with_object("ccache", tickets.clone());
        let with_keys = store.clone().with_object("client_keytab", keys);
        self.acquire(Acquire::initiate().named(Name::user(name)).from_store(with_keys))?;
        self.acquire(Acquire::initiate().from_store(store))
    }

    pub fn with_password(&self, name: &str, password: &str) -> Result<Credential, StepError> {
        let password = Octets::new(password.as_bytes().to_vec());
        self.acquire(Acquire::initiate().named(Name::user(name)).with_password(password))
    }

    pub fn acquire(&self, request: Acquire) -> Result<Credential, StepError> {
        self.drive(self.initiator.acquire(request)).map(single)
    }

    /// Changes the keys that acceptors have.
    pub fn replace_keytab(&self, keytab: Keytab) {
        MemoryKeytab::named(&self.name).replace(keytab);
    }

    pub fn drive<T>(&self, flowing: Flowing<T>) -> Result<T, StepError> {
        flowing?.drive(&mut self.driver())
    }

    /// Answers what mechanisms ask for, KDC requests by the KDC.
    pub fn driver(&self) -> impl FnMut(IoRequest) -> IoReply + 'static {
        let (kdc, clock, count) = (self.kdc.clone(), self.clock.clone(), Arc::clone(&self.kdc_requests));
        let initial_tickets = Arc::clone(&self.initial_tickets);
        move |request| match request {
            IoRequest::Kdc { message, .. } => {
                count.fetch_add(1, Ordering::Relaxed);
                let octets = kdc
                    .handle(&message, time(&clock), Transport::Tcp)
                    .expect("a KDC answers requests");
                if octets.first() == Some(&AS_REP) {
                    initial_tickets.fetch_add(1, Ordering::Relaxed);
                }
                IoReply::Message {
                    octets,
                    server: Server::Any,
                }
            }
            other => gss_test::answer_blocking(other),
        }
    }

    /// Alice to the usual service.
    pub fn request(&self, flags: Flags) -> Initiate {
        Initiate::new(Name::hostbased_service("HTTP@www.example.test"))
            .with_cred(self.alice.clone())
            .with_flags(flags)
    }

    pub fn initiate(&self, request: &Initiate) -> Box<dyn InitiatorContext> {
        self.initiator.initiate(request).unwrap()
    }

    pub fn accept(&self, request: &Accept) -> Box<dyn AcceptorContext> {
        self.acceptor.accept(request).unwrap()
    }

    pub fn pair(&self) -> Pair<'static> {
        Pair::new().with_driver(self.driver())
    }

    /// A context between both, with `flags`.
    pub fn establish(&self, flags: Flags) -> Established {
        self.connect(&self.request(flags), &Accept::new()).unwrap()
    }

    pub fn connect(&self, initiate: &Initiate, accept: &Accept) -> Result<Established, Box<Failure>> {
        self.pair().establish(self.initiate(initiate), self.accept(accept))
    }

    /// Alice's first token, without a context that would wait for an answer.
    pub fn first_token(&self, request: &Initiate) -> Vec<u8> {
        self.start(request).0
    }

    /// Alice's first token, and her context if it waits for an answer.
    pub fn start(&self, request: &Initiate) -> (Vec<u8>, Option<Box<dyn InitiatorContext>>) {
        match self.drive(self.initiate(request).step(None)).unwrap() {
            gss_core::Step::Continue { token, next } => (token, Some(next)),
            gss_core::Step::Established { token, .. } => (token.unwrap(), None),
        }
    }

    /// What a new acceptor makes of `token`.
    pub fn answer(&self, token: &[u8], request: &Accept) -> Result<Answered, StepError> {
        match self.drive(self.accept(request).step(Some(token)))? {
            gss_core::Step::Continue { .. } => panic!("an acceptor needs one token"),
            gss_core::Step::Established { token, context } => Ok(Answered { token, context }),
        }
    }
}

/// An acceptor after its one step.
pub struct Answered {
    pub token: Option<Vec<u8>>,
    pub context: Box<dyn gss_core::EstablishedContext>,
}

pub fn single(cred: Arc<dyn MechCred>) -> Credential {
    Credential::single(KRB5, cred)
}

pub fn bindings(data: &str) -> ChannelBindings {
    ChannelBindings::application(data)
}

/// The time of a clock as Kerberos has it.
pub fn time(clock: &TestClock) -> Timestamp {
    let now = gss_core::Clock::now(clock);
    Timestamp {
        time: KerberosTime(i64::try_from(now.as_secs()).unwrap()),
        micros: now.subsec_micros(),
    }
}

/// The result of a flow that asks for nothing but local stores.
pub fn done<T>(flowing: Flowing<T>) -> T {
    match flowing.and_then(|flow| flow.drive(&mut gss_test::answer_blocking)) {
        Ok(value) => value,
        Err(error) => panic!("{}", error.error),
    }
}

/// Later by so many seconds, or earlier.
pub fn shift(clock: &TestClock, seconds: i64) {
    let now = gss_core::Clock::now(clock);
    let by = Duration::from_secs(seconds.unsigned_abs());
    clock.set(if seconds < 0 { now - by } else { now + by });
}

pub const REALM: &str = "EXAMPLE.TEST";
pub const CONFIGURATION: &str = "[libdefaults]\n default_realm = EXAMPLE.TEST\n forwardable = true\n\
    [domain_realm]\n .example.test = EXAMPLE.TEST\n";
/// The first octet of an AS-REP.
const AS_REP: u8 = 0x6b;
/// When all worlds begin.
pub const START: u64 = 1_800_000_000;
static WORLDS: AtomicUsize = AtomicUsize::new(0);
