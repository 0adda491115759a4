//! Settings: defaults, spellings and errors.

use super::*;
use crate::config::{HostCanonicalization, Transport};

fn settings(text: &str) -> Settings {
    Settings::parse(text).unwrap()
}

fn libdefaults(line: &str) -> Result<Settings, Error> {
    Settings::parse(&format!("[libdefaults]\n{line}\n"))
}

fn tokens() -> PathTokens {
    PathTokens {
        uid: 1,
        euid: 2,
        username: "bob".to_owned(),
        temp: "/t".to_owned(),
    }
}

#[test]
fn an_empty_configuration_means_the_defaults() {
    for settings in [Settings::default(), settings("")] {
        assert_eq!(settings.default_realm(), None);
        assert_eq!(settings.clockskew().as_secs(), 300);
        assert_eq!(settings.request_timeout().as_secs(), 30);
        assert_eq!(settings.udp_preference_limit(), 1465);
        assert_eq!(settings.dns_canonicalize_hostname(), HostCanonicalization::Never);
        assert_eq!(settings.permitted_enctypes(), Enctype::ALL);
        assert_eq!(settings.default_tkt_enctypes(), Enctype::ALL);
        assert_eq!(settings.default_tgs_enctypes(), Enctype::ALL);
        assert_eq!(
            (
                settings.kdc_timesync(),
                settings.rdns(),
                settings.ignore_acceptor_hostname()
            ),
            (true, false, false)
        );
        assert_eq!(settings.ccache_version(), 4);
        assert_eq!(
            settings.default_keytab_name(&tokens()).unwrap(),
            "FILE:/etc/krb5.keytab"
        );
        assert_eq!(settings.default_ccache_name(&tokens()).unwrap(), "FILE:/tmp/krb5cc_1");
        assert_eq!(
            settings.default_client_keytab_name(&tokens()).unwrap(),
            "FILE:/etc/krb5/user/2/client.keytab"
        );
        assert!(settings.kdcs("ANY").unwrap().is_empty());
    }
}

#[test]
fn what_the_configuration_says_counts() {
    let settings = settings(
        "[libdefaults]\ndefault_realm = R\nclockskew = 2m\nticket_lifetime = 10h 30m\nrenew_lifetime = 7d\n\
         request_timeout = 5s\nudp_preference_limit = 1\ndns_canonicalize_hostname = fallback\nforwardable = yes\n\
         permitted_enctypes = aes256-cts-hmac-sha1-96\ndefault_ccache_name = FILE:%{TEMP}/%{username}\n\
         default_keytab_name = FILE:/k%{euid}\ndefault_client_keytab_name = /c%{uid}\nunknown_key = whatever\n\
         kdc_timesync = 0\n",
    );
    assert_eq!(settings.default_realm(), Some("R"));
    assert_eq!(settings.clockskew().as_secs(), 120);
    let tickets = settings.ticket_defaults("R");
    assert_eq!(tickets.lifetime.as_secs(), 37_800);
    assert_eq!(tickets.renew_life.unwrap().as_secs(), 604_800);
    assert_eq!(settings.request_timeout().as_secs(), 5);
    assert_eq!(settings.udp_preference_limit(), 1);
    assert_eq!(settings.dns_canonicalize_hostname(), HostCanonicalization::Fallback);
    assert!(!settings.kdc_timesync());
    assert!(
        tickets
            .kdc_options
            .contains(crate::proto::messages::KdcOptions::FORWARDABLE)
    );
    assert_eq!(settings.permitted_enctypes(), [Enctype::Aes256CtsHmacSha196]);
    assert_eq!(settings.default_ccache_name(&tokens()).unwrap(), "FILE:/t/bob");
    assert_eq!(settings.default_keytab_name(&tokens()).unwrap(), "FILE:/k2");
    assert_eq!(settings.default_client_keytab_name(&tokens()).unwrap(), "/c1");
}

#[test]
fn values_that_cannot_be_understood_are_errors_with_their_line() {
    for line in [
        "clockskew = soon",
        "ticket_lifetime = -1",
        "renew_lifetime = 1d 1x",
        "request_timeout = 1:2:3:4",
        "udp_preference_limit = many",
        "dns_canonicalize_hostname = perhaps",
        "forwardable = 2",
        "permitted_enctypes = des-cbc-crc",
        "ccache_type = 5",
    ] {
        let error = libdefaults(line).unwrap_err();
        assert!(matches!(error, Error::ConfigValue { .. }), "{line}");
        assert!(error.to_string().starts_with("krb5.conf:2: "), "{error}");
    }
}

#[test]
fn limits_on_limits_hold() {
    let limit = |text: &str| {
        libdefaults(&format!("udp_preference_limit = {text}"))
            .unwrap()
            .udp_preference_limit()
    };
    assert_eq!(
        [
            limit("0"),
            limit("-1"),
            limit("32700"),
            limit("32701"),
            limit("9999999999")
        ],
        [0, 1465, 32_700, 32_700, 32_700]
    );
    assert_eq!(
        libdefaults("request_timeout = 0").unwrap().request_timeout().as_secs(),
        30
    );
}

#[test]
fn kdcs_come_in_their_order_with_the_primary_marked() {
    let settings = settings(
        "[realms]\nR = {\nkdc = a\nkdc = tcp/b:750\nkdc = /run/kdc.sock\nkdc = [::1]:88\nprimary_kdc = a\nprimary_kdc = p\nmaster_kdc = old\n}\n\
         OLD = {\nmaster_kdc = m\n}\nBAD = {\nkdc = x:y\n}\n",
    );
    let kdc = |host: &str, port, transport, primary| KdcAddress {
        host: host.to_owned(),
        port,
        transport,
        primary,
    };
    let expected = [
        kdc("a", None, Transport::Any, true),
        kdc("b", Some(750), Transport::Tcp, false),
        kdc("::1", Some(88), Transport::Any, false),
        kdc("p", None, Transport::Any, true),
    ];
    assert_eq!(settings.kdcs("R").unwrap(), expected);
    assert_eq!(settings.kdcs("OLD").unwrap(), [kdc("m", None, Transport::Any, true)]);
    assert!(settings.kdcs("r").unwrap().is_empty());
    let error = settings.kdcs("BAD").unwrap_err().to_string();
    assert!(
        error.starts_with("krb5.conf:15: kdc is \"x:y\", but must be host, "),
        "{error}"
    );
}

#[test]
fn hosts_belong_to_the_realm_of_the_closest_domain() {
    let settings = settings(
        "[domain_realm]\nwww.example.com = WEB\n.example.com = SUB\nexample.com = TOP\n.org = ORG\nlocalhost = LOCAL\n",
    );
    let cases = [
        ("www.example.com", Some("WEB")),
        ("WWW.Example.COM.", Some("WEB")),
        ("mail.example.com", Some("SUB")),
        ("a.b.example.com", Some("SUB")),
        ("example.com", Some("TOP")),
        ("gnu.org", Some("ORG")),
        ("localhost", Some("LOCAL")),
        ("example.net", None),
        ("127.0.0.1", None),
        ("::1", None),
        ("", None),
        (".", None),
        ("..", None),
    ];
    for (host, realm) in cases {
        assert_eq!(settings.realm_of_host(host), realm, "{host:?}");
    }
}

#[test]
fn a_domain_without_leading_dot_counts_for_its_hosts_too() {
    let settings = settings("[domain_realm]\nexample.com = TOP\n");
    assert_eq!(settings.realm_of_host("host.example.com"), Some("TOP"));
}

#[test]
fn names_with_unknown_tokens_are_errors_only_when_used() {
    let settings = libdefaults("default_ccache_name = FILE:%{nonsense}").unwrap();
    assert!(matches!(
        settings.default_ccache_name(&tokens()),
        Err(Error::UnknownToken { .. })
    ));
}
