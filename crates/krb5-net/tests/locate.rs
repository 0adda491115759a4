//! Finding servers by a resolver that the test makes up: which names are looked up, and which servers are asked.

#![allow(clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use krb5_net::{Destination, Error, Failure, KdcClient, LookupError, Record, RecordKind, Resolver, Route, Tried};
use krb5_store::config::Settings;

/// A DNS of a few names that writes down what it was asked.
#[derive(Debug, Default)]
struct Dns {
    records: BTreeMap<(String, &'static str), Result<Vec<Record>, LookupError>>,
    asked: Mutex<Vec<String>>,
}

impl Dns {
    fn with(mut self, name: &str, kind: &'static str, answer: Result<Vec<Record>, LookupError>) -> Self {
        self.records.insert((name.to_owned(), kind), answer);
        self
    }

    fn srv(self, name: &str, servers: &[(u16, u16, u16)]) -> Self {
        let record = |(priority, weight, port): &(u16, u16, u16)| Record::Srv {
            priority: *priority,
            weight: *weight,
            port: *port,
            target: "kdc.example".to_owned(),
        };
        self.with(name, "SRV", Ok(servers.iter().map(record).collect()))
    }

    fn uri(self, name: &str, targets: &[&str]) -> Self {
        let record = |(priority, target): (usize, &&str)| Record::Uri {
            priority: u16::try_from(priority).expect("few"),
            weight: 0,
            target: (*target).to_owned(),
        };
        self.with(name, "URI", Ok(targets.iter().enumerate().map(record).collect()))
    }

    fn txt(self, name: &str, text: &str) -> Self {
        self.with(name, "TXT", Ok(vec![Record::Txt(text.to_owned())]))
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

impl Resolver for Dns {
    fn addresses(&self, host: &str, _deadline: Instant) -> io::Result<Vec<IpAddr>> {
        match host {
            "kdc.example" => Ok(vec![Ipv4Addr::LOCALHOST.into()]),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn records(&self, name: &str, kind: RecordKind, _deadline: Instant) -> Result<Vec<Record>, LookupError> {
        self.asked.lock().expect("not poisoned").push(format!("{kind} {name}"));
        let kind = match kind {
            RecordKind::Srv => "SRV",
            RecordKind::Txt => "TXT",
            _ => "URI",
        };
        let known = self.records.get(&(name.to_owned(), kind)).cloned();
        known.unwrap_or(Err(LookupError::NoSuchName))
    }

    fn canonical(&self, host: &str, _deadline: Instant) -> io::Result<String> {
        Ok(format!("{host}.example."))
    }

    fn reverse(&self, address: IpAddr, _deadline: Instant) -> io::Result<String> {
        Ok(format!("of-{address}.example"))
    }
}

/// The exchange of any message with servers that refuse: which were tried, and what the DNS was asked.
fn tried(dns: Dns, config: &str, to: Destination) -> (Vec<String>, Vec<String>) {
    let dns = Arc::new(dns);
    let error = client(&dns, config)
        .exchange(&to, b"request")
        .expect_err("nobody answers");
    let Error::Unreachable { tried, .. } = error else {
        panic!("{error:?}");
    };
    (tried.iter().map(text).collect(), dns.asked())
}

fn text(tried: &Tried) -> String {
    assert!(
        matches!(tried.failure, Failure::Refused | Failure::NoAddress(_)),
        "{tried:?}"
    );
    let port = tried.address.map_or(0, |address| address.port());
    format!("{} {port} {}", tried.server, tried.transport)
}

fn client(dns: &Arc<Dns>, config: &str) -> KdcClient {
    let settings = Settings::parse(config).expect("a good configuration");
    KdcClient::new(Arc::new(settings)).with_resolver(dns.clone())
}

fn kdc() -> Destination {
    Destination::kdc("EXAMPLE.ORG")
}

/// Ports of this machine where nothing listens.
fn closed<const N: usize>() -> [u16; N] {
    [(); N].map(|()| support::closed_port())
}

#[test]
fn i72_the_configuration_comes_before_the_dns() {
    let [port] = closed();
    let config = format!("[realms]\nEXAMPLE.ORG = {{\nkdc = kdc.example:{port}\n}}\n");
    let (tried, asked) = tried(Dns::default(), &config, kdc());
    assert_eq!(
        tried,
        [format!("kdc.example {port} UDP"), format!("kdc.example {port} TCP")]
    );
    assert!(asked.is_empty(), "{asked:?}");
}

#[test]
fn i72_uri_records_come_before_srv_records() {
    let [one, two] = closed();
    let dns = Dns::default()
        .uri(
            "_kerberos.EXAMPLE.ORG",
            &[
                &format!("krb5srv:m:udp:kdc.example:{one}"),
                "nonsense",
                &format!("krb5srv::tcp:kdc.example:{two}"),
            ],
        )
        .srv("_kerberos._udp.EXAMPLE.ORG", &[(0, 0, 1)]);
    let (tried, asked) = tried(dns, "", kdc());
    assert_eq!(
        tried,
        [format!("kdc.example {one} UDP"), format!("kdc.example {two} TCP")]
    );
    assert_eq!(asked, ["URI _kerberos.EXAMPLE.ORG"]);
}

#[test]
fn i72_srv_records_are_taken_in_the_order_of_their_priorities() {
    let [one, two, three] = closed();
    let dns = Dns::default()
        .srv("_kerberos._udp.EXAMPLE.ORG", &[(20, 0, two), (10, 0, one)])
        .srv("_kerberos._tcp.EXAMPLE.ORG", &[(0, 0, three)]);
    let (tried, asked) = tried(dns, "", kdc());
    let expected = [(one, "UDP"), (two, "UDP"), (three, "TCP")].map(|(port, by)| format!("kdc.example {port} {by}"));
    assert_eq!(tried, expected);
    let expected = [
        "URI _kerberos.EXAMPLE.ORG",
        "SRV _kerberos._udp.EXAMPLE.ORG",
        "SRV _kerberos._tcp.EXAMPLE.ORG",
    ];
    assert_eq!(asked, expected);
}

#[test]
fn i72_without_dns_uri_lookup_only_srv_records_are_asked_for() {
    let [port] = closed();
    let dns = Dns::default().srv("_kerberos._udp.EXAMPLE.ORG", &[(0, 0, port)]);
    let (_, asked) = tried(dns, "[libdefaults]\ndns_uri_lookup = false\n", kdc());
    assert_eq!(
        asked,
        ["SRV _kerberos._udp.EXAMPLE.ORG", "SRV _kerberos._tcp.EXAMPLE.ORG"]
    );
}

#[test]
fn i72_without_dns_lookup_kdc_the_dns_is_not_asked() {
    let dns = Arc::new(Dns::default());
    let error = client(&dns, "[libdefaults]\ndns_lookup_kdc = no\n").exchange(&kdc(), b"request");
    assert!(matches!(error, Err(Error::NoKdcKnown { asked, .. }) if asked.is_empty()));
    assert!(dns.asked().is_empty());
}

#[test]
fn i72_a_site_is_asked_for_first() {
    let [port] = closed();
    let config = "[realms]\nEXAMPLE.ORG = {\nsitename = Hill\n}\n[libdefaults]\ndns_uri_lookup = false\n";
    let dns = Dns::default().srv("_kerberos._udp.Hill._sites.EXAMPLE.ORG", &[(0, 0, port)]);
    let (tried, asked) = tried(dns, config, kdc());
    assert_eq!(tried, [format!("kdc.example {port} UDP")]);
    let expected = [
        "SRV _kerberos._udp.Hill._sites.EXAMPLE.ORG",
        "SRV _kerberos._tcp.Hill._sites.EXAMPLE.ORG",
        "SRV _kerberos._tcp.EXAMPLE.ORG",
    ];
    assert_eq!(asked, expected);
}

#[test]
fn i72_primary_servers_have_a_flag_or_a_service_of_their_own() {
    let [one, two] = closed();
    let both = [
        format!("krb5srv::udp:kdc.example:{one}"),
        format!("krb5srv:M:udp:kdc.example:{two}"),
    ];
    let dns = Dns::default().uri("_kerberos.EXAMPLE.ORG", &both.each_ref().map(String::as_str));
    let (primaries, _) = tried(dns, "", kdc().by(Route::Primary));
    assert_eq!(primaries, [format!("kdc.example {two} UDP")]);

    let dns = Dns::default()
        .srv("_kerberos-master._udp.EXAMPLE.ORG", &[(0, 0, two)])
        .srv("_kerberos._udp.EXAMPLE.ORG", &[(0, 0, one)]);
    let (primaries, _) = tried(dns, "", kdc().by(Route::Primary));
    assert_eq!(primaries, [format!("kdc.example {two} UDP")]);
}

#[test]
fn i72_a_realm_with_several_kdcs_and_no_primary_one_has_none() {
    let config = "[realms]\nEXAMPLE.ORG = {\nkdc = a.example\nkdc = b.example\n}\n[libdefaults]\ndns_lookup_kdc = no\n";
    let error = client(&Arc::default(), config).exchange(&kdc().by(Route::Primary), b"request");
    assert!(matches!(error, Err(Error::NoPrimaryKnown { .. })), "{error:?}");
}

#[test]
fn password_servers_are_configured_or_the_administration_servers_or_in_the_dns() {
    let to = || Destination::kpasswd("EXAMPLE.ORG");
    let [port] = closed();
    let config =
        format!("[realms]\nEXAMPLE.ORG = {{\nkpasswd_server = kdc.example:{port}\nadmin_server = a.invalid\n}}\n");
    let (configured, _) = tried(Dns::default(), &config, to());
    assert_eq!(
        configured,
        [format!("kdc.example {port} TCP"), format!("kdc.example {port} UDP")],
        "a stream first: a datagram that is sent again looks like a replay"
    );

    // The machine is taken, not the port of its other service.
    let config = "[realms]\nEXAMPLE.ORG = {\nadmin_server = kdc.invalid:749\n}\n";
    let (machines, _) = tried(Dns::default(), config, to());
    assert_eq!(machines, ["kdc.invalid 0 TCP", "kdc.invalid 0 UDP"]);

    let dns = Dns::default().srv("_kpasswd._udp.EXAMPLE.ORG", &[(0, 0, port)]);
    let (found, asked) = tried(dns, "", to());
    assert_eq!(found, [format!("kdc.example {port} UDP")]);
    let expected = [
        "URI _kpasswd.EXAMPLE.ORG",
        "URI _kerberos-adm.EXAMPLE.ORG",
        "SRV _kpasswd._udp.EXAMPLE.ORG",
        "SRV _kpasswd._tcp.EXAMPLE.ORG",
    ];
    assert_eq!(asked, expected);
}

#[test]
fn q21_names_that_are_not_there_lead_to_the_next_step_and_the_error_tells_all() {
    let dns = Dns::default().srv("_kerberos._udp.EXAMPLE.ORG", &[]).with(
        "_kerberos._tcp.EXAMPLE.ORG",
        "SRV",
        Err(LookupError::Refused("SERVFAIL".to_owned())),
    );
    let error = client(&Arc::new(dns), "")
        .exchange(&kdc(), b"request")
        .expect_err("no KDC");
    assert_eq!(
        error.to_string(),
        "no KDC is known for the realm EXAMPLE.ORG; name one in krb5.conf: [realms] EXAMPLE.ORG = { kdc = HOST }; \
         the DNS was asked for URI _kerberos.EXAMPLE.ORG (no such name), SRV _kerberos._udp.EXAMPLE.ORG (no server), \
         SRV _kerberos._tcp.EXAMPLE.ORG (the name servers answer SERVFAIL)"
    );
}

#[test]
fn q21_after_a_timeout_no_further_names_are_looked_up() {
    let dns = Arc::new(Dns::default().with("_kerberos.EXAMPLE.ORG", "URI", Err(LookupError::TimedOut)));
    let error = client(&dns, "").exchange(&kdc(), b"request");
    assert!(matches!(error, Err(Error::NoKdcKnown { .. })), "{error:?}");
    assert_eq!(dns.asked(), ["URI _kerberos.EXAMPLE.ORG"]);
}

#[test]
fn q21_the_root_as_a_target_means_that_there_is_no_service() {
    let root = Record::Srv {
        priority: 0,
        weight: 0,
        port: 0,
        target: String::new(),
    };
    let dns = Arc::new(Dns::default().with("_kerberos._udp.EXAMPLE.ORG", "SRV", Ok(vec![root])));
    let error = client(&dns, "").exchange(&kdc(), b"request");
    assert!(matches!(error, Err(Error::NoKdcKnown { .. })), "{error:?}");
}

#[test]
fn q21_of_a_thousand_servers_some_are_asked() {
    let [port] = closed();
    let dns = Dns::default().srv("_kerberos._udp.EXAMPLE.ORG", &vec![(0, 0, port); 1000]);
    assert_eq!(tried(dns, "", kdc()).0.len(), 32);
}

#[test]
fn a_realm_that_is_no_domain_is_looked_up_nowhere() {
    let dns = Arc::new(Dns::default());
    let error = client(&dns, "").exchange(&Destination::kdc(""), b"request");
    assert!(matches!(error, Err(Error::NoKdcKnown { .. })), "{error:?}");
}

#[test]
fn the_realm_of_a_host_is_in_the_nearest_text_record() {
    let dns = Arc::new(Dns::default().txt("_kerberos.dept.example.org", " DEPT.EXAMPLE.ORG. "));
    let realm = client(&dns, "")
        .realm_of_host("www.dept.example.org.")
        .expect("a realm");
    assert_eq!(realm, "DEPT.EXAMPLE.ORG");
    assert_eq!(
        dns.asked(),
        ["TXT _kerberos.www.dept.example.org", "TXT _kerberos.dept.example.org"]
    );
    assert!(matches!(
        client(&Arc::default(), "").realm_of_host("www.example.org"),
        Err(LookupError::NoSuchName)
    ));
}

#[test]
fn k7_an_empty_text_record_names_no_realm() {
    for text in ["", " ", "."] {
        let dns = Arc::new(Dns::default().txt("_kerberos.example.org", text));
        assert!(client(&dns, "").realm_of_host("example.org").is_err(), "{text:?}");
    }
}

#[test]
fn names_of_hosts_come_without_a_final_dot() {
    let client = client(&Arc::default(), "");
    assert_eq!(client.canonical_name("www").expect("a name"), "www.example");
    assert_eq!(
        client.reverse_name("kdc.example").expect("a name"),
        "of-127.0.0.1.example"
    );
}
