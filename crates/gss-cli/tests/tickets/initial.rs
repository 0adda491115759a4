//! The options of `gss kinit`, each by what the KDC made of it.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant, SystemTime};

use krb5_proto::messages::TicketFlags;
use krb5_proto::{Credentials, KerberosTime};
use krb5_store::ccache::{CredentialCache as _, FileCache};
use serde_json::Value;

use crate::Realm;

const NONE: TicketFlags = TicketFlags::empty();
const F: TicketFlags = TicketFlags::FORWARDABLE;
const P: TicketFlags = TicketFlags::PROXIABLE;

impl Realm {
    /// The only ticket in the cache.
    fn ticket(&self) -> Credentials {
        let contents = FileCache::new(self.path("ccache")).read().unwrap();
        let mut tickets = contents.tickets().cloned();
        let ticket = tickets.next().unwrap();
        assert_eq!(tickets.count(), 0);
        ticket
    }

    /// The ticket that `kinit` with these options gets for alice.
    fn initial(&self, options: &[&str]) -> Credentials {
        let arguments = [&["kinit"], options, &["alice"]].concat();
        self.done(&arguments, "secret\n");
        self.ticket()
    }

    /// The same, and when it was asked for.
    fn asked(&self, options: &[&str]) -> (Credentials, Asked) {
        let before = now();
        let ticket = self.initial(options);
        (ticket, Asked(before..=now()))
    }

    fn configure(&self, text: &str) {
        let path = self.path("krb5.conf");
        let config = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, config + text).unwrap();
    }
}

/// The seconds within which a request was made: `kinit` counts from one of them, and the KDC's own time may be later.
struct Asked(RangeInclusive<i64>);

impl Asked {
    /// Whether `time` is so many seconds after the request.
    fn is(&self, time: KerberosTime, seconds: i64) -> bool {
        self.0.contains(&(time.0 - seconds))
    }
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

#[test]
fn options_decide_the_flags_and_come_before_the_configuration() {
    let realm = Realm::new(&[]);
    let flags = |options: &[&str]| realm.initial(options).flags.intersection(F | P);
    let cases: [(&[&str], TicketFlags, TicketFlags); 9] = [
        (&[], NONE, F | P),
        (&["-f"], F, F | P),
        (&["--forwardable"], F, F | P),
        (&["-F"], NONE, P),
        (&["--noforwardable"], NONE, P),
        (&["-p"], P, F | P),
        (&["-P"], NONE, F),
        (&["--no-proxiable"], NONE, F),
        (&["-f", "-F", "-P", "-p"], P, P),
    ];
    for (options, plain, _) in cases {
        assert_eq!(flags(options), plain, "{options:?}");
    }
    realm.configure("[libdefaults]\n forwardable = true\n proxiable = true\n");
    for (options, _, configured) in cases {
        assert_eq!(flags(options), configured, "{options:?} where both are configured");
    }
}

#[test]
fn lifetimes_are_what_was_asked_for() {
    let realm = Realm::new(&[]);
    let (ticket, asked) = realm.asked(&["-l", "2h", "-r", "3d"]);
    assert!(asked.is(ticket.endtime, 7200));
    assert!(asked.is(ticket.renew_till.unwrap(), 3 * 86_400));
    realm.configure("[libdefaults]\n ticket_lifetime = 3h\n CLI.TEST = {\n renew_lifetime = 2d\n }\n");
    let (ticket, asked) = realm.asked(&[]);
    assert!(asked.is(ticket.endtime, 3 * 3600));
    assert!(asked.is(ticket.renew_till.unwrap(), 2 * 86_400));
}

#[test]
fn heimdals_spellings_are_understood() {
    let realm = Realm::new(&[]);
    let spelled = [
        "--password-file=STDIN",
        "--renewable-life=3d",
        "--lifetime=2h",
        "--no-forwardable",
    ];
    let (ticket, asked) = realm.asked(
        &[
            &spelled[..],
            &["--server=HTTP/localhost", "--start-time=1h", "--no-addresses"],
        ]
        .concat(),
    );
    assert_eq!(ticket.server.to_string(), "HTTP/localhost@CLI.TEST");
    assert!(asked.is(ticket.starttime.unwrap(), 3600));
    assert!(asked.is(ticket.endtime, 3600 + 7200));
    realm.done(
        &[
            "kinit",
            "--use-keytab",
            "--keytab=keytab",
            "--cache=FILE:other",
            "HTTP/localhost",
        ],
        "",
    );
}

#[test]
fn a_postdated_ticket_is_of_use_once_it_is_validated() {
    let realm = Realm::new(&[]);
    let before = now();
    let told = realm.done(&["kinit", "-s", "2h", "-l", "1h", "alice"], "secret\n");
    let asked = Asked(before..=now());
    assert!(told.contains("gss kinit -v"), "{told}");
    let ticket = realm.ticket();
    assert!(ticket.flags.contains(TicketFlags::POSTDATED | TicketFlags::INVALID));
    assert!(asked.is(ticket.starttime.unwrap(), 7200));
    assert!(asked.is(ticket.endtime, 3 * 3600));
    let early = realm.failed(&["kinit", "-v"], "");
    assert!(early.contains("not yet valid"), "{early}");

    // If it has come by the time the KDC is asked, the ticket needs no validation, and a later one is asked for.
    let soon = ["1", "2", "4", "8", "16"].map(|seconds| ["-s", seconds]);
    let not_yet = |start: &[&str; 2]| realm.initial(start).flags.contains(TicketFlags::INVALID);
    assert!(soon.iter().any(not_yet), "16 seconds have passed");
    let deadline = Instant::now() + Duration::from_secs(20);
    while !realm.gss(&["kinit", "-v"], "").status.success() {
        assert!(Instant::now() < deadline, "the start is seconds away");
    }
    assert!(!realm.ticket().flags.contains(TicketFlags::INVALID));
    realm.done(&["kvno", "HTTP/localhost"], "");
}

#[test]
fn only_postdated_tickets_are_validated_and_renewable_ones_renewed() {
    let realm = Realm::new(&[]);
    realm.initial(&[]);
    for (option, told) in [("-v", "gss kinit -s 2h"), ("-R", "gss kinit -r 7d")] {
        let error = realm.failed(&["kinit", option], "");
        assert!(error.contains(told), "{error}");
    }
    let first = realm.initial(&["-r", "7d"]);
    realm.done(&["kinit", "-R"], "");
    let second = realm.ticket();
    assert_ne!(first.ticket, second.ticket);
    assert_eq!(first.renew_till, second.renew_till);
}

#[test]
fn tickets_are_bound_to_addresses_where_that_is_asked_for() {
    let realm = Realm::new(&[]);
    let bound = |options: &[&str]| !realm.initial(options).addresses.is_empty();
    assert!(!bound(&[]));
    assert!(bound(&["-a"]));
    realm.configure("[libdefaults]\n noaddresses = false\n extra_addresses = 192.0.2.7\n");
    assert!(bound(&[]));
    let extra = |address: &(u16, Vec<u8>)| address.1 == [192, 0, 2, 7];
    let addresses = realm.ticket().addresses;
    assert!(
        addresses.iter().any(|address| extra(&(0, address.address.to_vec()))),
        "{addresses:?}"
    );
    assert!(!bound(&["-A"]));
}

#[test]
fn the_service_need_not_be_the_ticket_granting_one() {
    let realm = Realm::new(&[]);
    let ticket = realm.initial(&["-S", "HTTP/localhost"]);
    assert_eq!(ticket.server.to_string(), "HTTP/localhost@CLI.TEST");
    assert!(ticket.flags.contains(TicketFlags::INITIAL));
}

#[test]
fn aliases_and_enterprise_names_become_the_canonical_name_where_that_is_allowed() {
    let realm = Realm::new(&["--alias", "alice=al", "--alias", "alice=alice@mail.test"]);
    let named = |arguments: &[&str]| {
        let told = realm.done(&[&["kinit", "--json"], arguments].concat(), "secret\n");
        let report: Value = serde_json::from_str(&told).unwrap();
        report["client"].as_str().unwrap().to_owned()
    };
    assert_eq!(named(&["-C", "al"]), "alice@CLI.TEST");
    assert_eq!(named(&["-E", "alice@mail.test"]), "alice@CLI.TEST");
    assert_eq!(
        named(&["--enterprise", "--canonicalize", "alice@mail.test"]),
        "alice@CLI.TEST"
    );
}

#[test]
fn keytabs_of_services_and_clients_are_told_apart() {
    let realm = Realm::new(&[]);
    realm.done(&["keytab", "add", "clients", "alice", "--kvno", "1"], "secret\n");
    realm.configure("[libdefaults]\n default_client_keytab_name = FILE:clients\n");
    let services = realm.done(&["kinit", "-k"], "");
    assert!(services.contains("Ticket of HTTP/localhost@CLI.TEST"), "{services}");
    let clients = realm.done(&["kinit", "-k", "-i"], "");
    assert!(clients.contains("Ticket of alice@CLI.TEST"), "{clients}");
    let output = realm.gss(&["kinit", "-k", "-i", "-t", "clients"], "");
    assert_eq!(output.status.code(), Some(2), "one keytab is enough");
}

#[test]
fn verbosely_it_says_what_is_used_and_what_came_of_it() {
    let realm = Realm::new(&[]);
    let output = realm.gss(
        &[
            "kinit",
            "-V",
            "-c",
            "FILE:other",
            "-k",
            "-t",
            "keytab",
            "HTTP/localhost",
        ],
        "",
    );
    let error = String::from_utf8(output.stderr).unwrap();
    for part in [
        "using cache FILE:other",
        "using principal HTTP/localhost@CLI.TEST",
        "using keytab FILE:keytab",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("Its flags: "), "{told}");
}

#[test]
fn a_realm_may_forbid_to_prove_the_password_by_a_timestamp() {
    let realm = Realm::new(&[]);
    let config = std::fs::read_to_string(realm.path("krb5.conf")).unwrap();
    let with = config.replace("kdc =", "disable_encrypted_timestamp = true\n        kdc =");
    assert_ne!(config, with);
    std::fs::write(realm.path("krb5.conf"), with).unwrap();
    let told = realm.failed(&["kinit", "alice"], "secret\n");
    assert!(told.contains("disable_encrypted_timestamp"), "{told}");
}

#[test]
fn what_is_not_there_is_said_to_be_missing() {
    let realm = Realm::new(&[]);
    let cases: [(&[&str], &str); 6] = [
        (&["-n"], "PKINIT"),
        (&["-T", "FILE:armor"], "FAST"),
        (&["-I", "FILE:before"], "FAST"),
        (&["-X", "X509_user_identity=FILE:me.pem"], "PKINIT"),
        (&["--request-pac"], "PAC"),
        (&["--no-request-pac"], "PAC"),
    ];
    for (options, what) in cases {
        let told = realm.failed(&[&["kinit"], options, &["alice"]].concat(), "secret\n");
        assert!(
            told.contains("not implemented") && told.contains(what),
            "{options:?}: {told}"
        );
        assert!(!realm.path("ccache").exists());
    }
    for (text, told) in [("tomorrow", "neither a duration"), ("19990101000000", "in the past")] {
        let output = realm.gss(&["kinit", "-s", text, "alice"], "");
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8(output.stderr).unwrap().contains(told));
    }
}
