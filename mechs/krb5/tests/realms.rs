//! Services in other realms, under other names, and what may be delegated to them.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod world;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use gss_core::flow::{IoFailure, Query, Server};
use gss_core::{Accept, Flags, Initiate, IoReply, IoRequest, Mechanism, Name};
use gss_mech_krb5::{KerberosEnvironment, Krb5};
use gss_test::{Established, Failure, Pair};
use krb5_kdc::{Attribute, Kdc, NewPrincipal, Transport};
use krb5_store::config::Settings;
use krb5_store::keytab::MemoryKeytab;

use world::{REALM, World, time};

const SHARED: &str = "shared secret";

/// EXAMPLE.TEST, where alice is; B.TEST, which it trusts; C.TEST, which B trusts.
struct Realms {
    world: World,
    b: Kdc,
    c: Kdc,
    /// What the resolver says, whatever it is asked.
    resolver: fn(&str, Query) -> Option<Vec<String>>,
    /// What was asked: `REALM` of KDCs, `?HOST` of the resolver.
    asked: Arc<Mutex<Vec<String>>>,
    keytab: String,
}

impl Realms {
    fn new(configuration: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let home = Kdc::builder(REALM)
            .add(NewPrincipal::with_password("krbtgt/B.TEST", SHARED))
            .add(NewPrincipal::with_password("krbtgt/MARKED.TEST", SHARED).attribute(Attribute::OkAsDelegate))
            .domain_realm(".b.test", "B.TEST")
            .domain_realm(".c.test", "C.TEST")
            .capath(REALM, "C.TEST", ["B.TEST"]);
        let b = Kdc::builder("B.TEST")
            .trusts(REALM, SHARED)
            .trusts("C.TEST", SHARED)
            .service("HTTP/www.b.test")
            .add(NewPrincipal::with_random_key("HTTP/trusted.b.test").attribute(Attribute::OkAsDelegate))
            .domain_realm(".c.test", "C.TEST")
            .build()
            .unwrap();
        let c = Kdc::builder("C.TEST")
            .trusts("B.TEST", SHARED)
            .service("HTTP/www.c.test")
            .capath(REALM, "C.TEST", ["B.TEST"])
            .build()
            .unwrap();
        let keytab = format!("realms-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let mut keys = b.service_keytab();
        keys.entries.extend(c.service_keytab().entries);
        let world = World::with(home, configuration);
        keys.entries.extend(world.kdc.service_keytab().entries);
        MemoryKeytab::named(&keytab).replace(keys);
        Self {
            world,
            b,
            c,
            resolver: |_, _| None,
            asked: Arc::default(),
            keytab,
        }
    }

    fn driver(&self) -> impl FnMut(IoRequest) -> IoReply + 'static {
        let kdcs = [&self.world.kdc, &self.b, &self.c].map(Clone::clone);
        let (clock, resolver, asked) = (self.world.clock.clone(), self.resolver, Arc::clone(&self.asked));
        let nobody = || -> IoFailure { Arc::new(std::fmt::Error) };
        move |request| match request {
            IoRequest::Kdc { realm, message, .. } => {
                asked.lock().unwrap().push(realm.clone());
                let Some(kdc) = kdcs.iter().find(|kdc| *kdc.realm() == realm.as_str()) else {
                    return IoReply::NoServer(nobody());
                };
                IoReply::Message {
                    octets: kdc.handle(&message, time(&clock), Transport::Tcp).unwrap(),
                    server: Server::Any,
                }
            }
            IoRequest::Resolve { host, query } => {
                asked.lock().unwrap().push(format!("?{host}"));
                match resolver(&host, query) {
                    Some(names) => IoReply::Names(names),
                    None => IoReply::Unreachable(nobody()),
                }
            }
            other => gss_test::answer_blocking(other),
        }
    }

    /// What was asked since the last time.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn acceptor(&self, configuration: &str) -> Krb5 {
        let settings = Arc::new(Settings::parse(configuration).unwrap());
        let mut environment = KerberosEnvironment::new(settings, Arc::new(self.world.clock.clone())).unwrap();
        environment.keytab = format!("MEMORY:{}", self.keytab);
        Krb5::new(environment)
    }

    fn request(&self, target: Name, flags: Flags) -> Initiate {
        Initiate::new(target)
            .with_cred(self.world.alice.clone())
            .with_flags(flags)
    }

    fn connect(&self, target: Name, flags: Flags) -> Result<Established, Box<Failure>> {
        let initiator = self.world.initiator.initiate(&self.request(target, flags)).unwrap();
        let acceptor = self.acceptor("[libdefaults]\n").accept(&Accept::new()).unwrap();
        Pair::new().with_driver(self.driver()).establish(initiator, acceptor)
    }

    /// Whom the context is with.
    fn target(&self, target: &str) -> String {
        let established = self.connect(Name::hostbased_service(target), Flags::MUTUAL).unwrap();
        let (name, _) = established.initiator.info().target.as_ref().unwrap().display().unwrap();
        String::from_utf8(name).unwrap()
    }

    /// Why there is no context.
    fn failure(&self, target: &str) -> String {
        let request = self.request(Name::hostbased_service(target), Flags::MUTUAL);
        let flow = self.world.initiator.initiate(&request).unwrap().step(None);
        let error = flow.and_then(|flow| flow.drive(&mut self.driver()));
        error.map(|_| ()).unwrap_err().error.to_string()
    }
}

/// Nothing is known of the other realms' hosts.
const UNMAPPED: &str = "[libdefaults]\n default_realm = EXAMPLE.TEST\n forwardable = true\n\
    [domain_realm]\n .example.test = EXAMPLE.TEST\n";

fn with(line: &str) -> String {
    UNMAPPED.replacen("[libdefaults]\n", &format!("[libdefaults]\n {line}\n"), 1)
}

#[test]
fn a_service_of_another_realm_is_reached_by_referral() {
    let realms = Realms::new(UNMAPPED);
    assert_eq!(realms.target("HTTP@www.b.test"), "HTTP/www.b.test@B.TEST");
    assert_eq!(realms.asked(), [REALM, "B.TEST"]);
    assert_eq!(realms.target("HTTP@www.c.test"), "HTTP/www.c.test@C.TEST");
    assert_eq!(realms.asked(), [REALM, "B.TEST", "C.TEST"]);
    // The second time the cache has it.
    assert_eq!(realms.target("HTTP@www.c.test"), "HTTP/www.c.test@C.TEST");
    assert!(realms.asked().is_empty());
}

#[test]
fn a_service_of_a_configured_realm_is_reached_by_the_configured_way() {
    let configuration = format!(
        "{UNMAPPED} .b.test = B.TEST\n .c.test = C.TEST\n[capaths]\n EXAMPLE.TEST = {{\n C.TEST = B.TEST\n }}\n"
    );
    let realms = Realms::new(&configuration);
    assert_eq!(realms.target("HTTP@www.c.test"), "HTTP/www.c.test@C.TEST");
    assert_eq!(realms.asked(), [REALM, "B.TEST", "C.TEST"]);
    // The ticket-granting tickets on the way are kept.
    assert_eq!(realms.target("HTTP@www.b.test"), "HTTP/www.b.test@B.TEST");
    assert_eq!(realms.asked(), ["B.TEST"]);
}

#[test]
fn a_service_that_nobody_knows_is_guessed_and_then_told() {
    let realms = Realms::new(UNMAPPED);
    let told = realms.failure("HTTP@www.nowhere.org");
    assert!(told.contains("KDC_ERR_S_PRINCIPAL_UNKNOWN"), "{told}");
    // By referral, then on the way to the realm that the host's name suggests; and then no more.
    assert_eq!(realms.asked(), [REALM; 5]);
}

#[test]
fn the_acceptor_holds_tickets_to_the_paths_that_it_knows() {
    // C's KDC vouches for nothing; the acceptor's own configuration decides.
    let mut realms = Realms::new(UNMAPPED);
    realms.c = Kdc::builder("C.TEST")
        .trusts("B.TEST", SHARED)
        .service("HTTP/www.c.test")
        .unknown_paths(krb5_kdc::UnknownPaths::Unchecked)
        .build()
        .unwrap();
    MemoryKeytab::named(&realms.keytab).replace(realms.c.service_keytab());
    let accepted = |configuration: &str| {
        let request = realms.request(Name::hostbased_service("HTTP@www.c.test"), Flags::MUTUAL);
        let initiator = realms.world.initiator.initiate(&request).unwrap();
        let acceptor = realms.acceptor(configuration).accept(&Accept::new()).unwrap();
        Pair::new().with_driver(realms.driver()).establish(initiator, acceptor)
    };
    let refused = accepted("[libdefaults]\n").map(|_| ()).unwrap_err();
    let told = format!("{refused:?}");
    assert!(told.contains("TransitedPath") && told.contains("B.TEST"), "{told}");
    accepted("[capaths]\n EXAMPLE.TEST = {\n C.TEST = B.TEST\n }\n").unwrap();
}

#[test]
fn k10_hostile_name_servers_do_not_choose_the_service() {
    let mut realms = Realms::new(UNMAPPED);
    realms.resolver = |_, _| Some(vec!["trusted.example.test".to_owned()]);
    assert_eq!(
        realms.target("HTTP@www.example.test"),
        "HTTP/www.example.test@EXAMPLE.TEST"
    );
    assert!(
        realms.asked().iter().all(|asked| !asked.starts_with('?')),
        "nobody asks them"
    );
}

#[test]
fn k10_a_fallback_asks_name_servers_only_for_what_the_kdc_does_not_know() {
    let mut realms = Realms::new(&with("dns_canonicalize_hostname = fallback"));
    realms.resolver = |host, query| match (host, query) {
        ("alias.example.test", Query::Canonical) => Some(vec!["WWW.Example.Test.".to_owned()]),
        _ => Some(vec!["trusted.example.test".to_owned()]),
    };
    assert_eq!(
        realms.target("HTTP@www.example.test"),
        "HTTP/www.example.test@EXAMPLE.TEST"
    );
    assert!(!realms.asked().iter().any(|asked| asked.starts_with('?')));
    assert_eq!(
        realms.target("HTTP@alias.example.test"),
        "HTTP/www.example.test@EXAMPLE.TEST"
    );
    assert!(realms.asked().contains(&"?alias.example.test".to_owned()));
}

#[test]
fn i55_always_is_what_the_dns_says_with_reverse_names_if_wanted() {
    let resolver: fn(&str, Query) -> Option<Vec<String>> = |_, query| match query {
        Query::Canonical => Some(vec!["evil/../name".to_owned(), "www.example.test".to_owned()]),
        Query::Reverse => Some(vec!["trusted.example.test".to_owned()]),
        _ => None,
    };
    let mut realms = Realms::new(&with("dns_canonicalize_hostname = true"));
    realms.resolver = resolver;
    assert_eq!(realms.target("HTTP@short"), "HTTP/www.example.test@EXAMPLE.TEST");
    realms.resolver = |_, _| None;
    assert_eq!(
        realms.target("HTTP@trusted.example.test"),
        "HTTP/trusted.example.test@EXAMPLE.TEST"
    );
    let mut realms = Realms::new(&with("dns_canonicalize_hostname = true\n rdns = true"));
    realms.resolver = resolver;
    assert_eq!(realms.target("HTTP@short"), "HTTP/trusted.example.test@EXAMPLE.TEST");
}

#[test]
fn the_dns_names_realms_only_where_it_is_asked_to() {
    let txt: fn(&str, Query) -> Option<Vec<String>> =
        |_, query| (query == Query::Realm).then(|| vec!["B.TEST".to_owned()]);
    // A host that the home KDC does not refer to.
    let host = "HTTP@www.elsewhere.org";
    let mut realms = Realms::new(&with("dns_lookup_realm = true"));
    realms.resolver = txt;
    let _ = realms.failure(host);
    let asked = realms.asked();
    assert!(
        asked.contains(&"?www.elsewhere.org".to_owned()) && asked.contains(&"B.TEST".to_owned()),
        "{asked:?}"
    );
    let mut realms = Realms::new(UNMAPPED);
    realms.resolver = txt;
    let _ = realms.failure(host);
    assert!(!realms.asked().iter().any(|asked| asked.starts_with('?')));
}

#[test]
fn i55_short_names_are_completed_as_configured() {
    let realms = Realms::new(&with("qualify_shortname = example.test"));
    assert_eq!(realms.target("HTTP@WWW"), "HTTP/www.example.test@EXAMPLE.TEST");
}

fn delegates(realms: &Realms, target: &str, flags: Flags) -> bool {
    let target = Name::hostbased_service(target);
    let established = realms.connect(target, flags | Flags::MUTUAL).unwrap();
    established.acceptor.info().flags.contains(Flags::DELEG)
}

#[test]
fn c13_by_policy_credentials_go_to_marked_services_alone() {
    let realms = Realms::new(UNMAPPED);
    for (target, flags, expected) in [
        ("HTTP@www.example.test", Flags::empty(), false),
        ("HTTP@trusted.example.test", Flags::empty(), false),
        ("HTTP@www.example.test", Flags::DELEG_POLICY, false),
        ("HTTP@trusted.example.test", Flags::DELEG_POLICY, true),
        ("HTTP@www.example.test", Flags::DELEG, true),
        ("HTTP@www.example.test", Flags::DELEG | Flags::DELEG_POLICY, true),
        // B says that it may be trusted; but nobody says that of B.
        ("HTTP@trusted.b.test", Flags::DELEG_POLICY, false),
        ("HTTP@trusted.b.test", Flags::DELEG, true),
    ] {
        assert_eq!(delegates(&realms, target, flags), expected, "{target} {flags:?}");
    }
}

#[test]
fn c13_enforce_ok_as_delegate_makes_every_delegation_one_by_policy() {
    let realms = Realms::new(&with("enforce_ok_as_delegate = true"));
    assert!(!delegates(&realms, "HTTP@www.example.test", Flags::DELEG));
    assert!(delegates(&realms, "HTTP@trusted.example.test", Flags::DELEG));
    assert!(!delegates(&realms, "HTTP@trusted.b.test", Flags::DELEG));
}

#[test]
fn a_principal_is_meant_in_the_realm_that_it_names() {
    let realms = Realms::new(UNMAPPED);
    let name = Name::new(
        b"HTTP/www.b.test@B.TEST".to_vec(),
        Some(gss_core::name_type::KRB5_PRINCIPAL),
    );
    realms.connect(name, Flags::MUTUAL).unwrap();
    assert_eq!(realms.asked(), [REALM, "B.TEST"]);
}
