//! Which keys are tried for a ticket, and what is said when there are none.

use super::*;
use crate::ccache::fixture::principal;
use crate::keytab::MemoryKeytab;
use crate::proto::crypto::primitives::rustcrypto::PROVIDER;
use crate::proto::{EncryptionKey, KerberosTime};

const AES256: i32 = 18;
const AES128: i32 = 17;
const EXPORT_RC4: i32 = 24;

fn entry(name: &str, kvno: u32, etype: i32) -> KeytabEntry {
    let len = if etype == AES256 { 32 } else { 16 };
    let mark = u8::try_from(kvno & 0xff).unwrap();
    KeytabEntry {
        principal: principal(name),
        timestamp: KerberosTime(i64::from(kvno)),
        kvno,
        key: Arc::new(EncryptionKey::new(etype, vec![mark; len])),
    }
}

fn acceptor(name: Option<ServiceName>, entries: Vec<KeytabEntry>) -> Acceptor {
    let source = Arc::new(MemoryKeytab::new("test", Keytab { entries }));
    Acceptor::new(source, name, &Settings::default(), &PROVIDER)
}

fn http(host: Option<&str>) -> Option<ServiceName> {
    Some(ServiceName::Hostbased {
        service: "http".to_owned(),
        host: host.map(str::to_owned),
    })
}

fn exact(name: &str) -> Option<ServiceName> {
    Some(ServiceName::Principal(principal(name)))
}

/// The principals of the keys in their order, and the octet that each key is made of.
fn found(acceptor: &Acceptor, server: &str, kvno: Option<u32>, etype: i32) -> Vec<(String, u8)> {
    let keys = acceptor.named_keys(&principal(server), kvno, etype).unwrap();
    keys.iter()
        .map(|(principal, key)| (principal.to_string(), key.expose()[0]))
        .collect()
}

fn told(acceptor: &Acceptor, server: &str, kvno: Option<u32>, etype: i32) -> String {
    acceptor.keys(&principal(server), kvno, etype).unwrap_err().to_string()
}

fn keytab() -> Vec<KeytabEntry> {
    vec![
        entry("http/a@R", 1, AES256),
        entry("http/a@R", 2, AES256),
        entry("http/a@R", 2, AES128),
        entry("http/b@R", 3, AES256),
        entry("host/a@R", 4, AES256),
        entry("http/a@R", 2, EXPORT_RC4),
    ]
}

#[test]
fn i56_an_acceptor_of_any_name_tries_every_key_of_the_enctype_best_first() {
    let any = acceptor(None, keytab());
    let key = |name: &str, mark| (name.to_owned(), mark);
    let all = [
        key("http/a@R", 1),
        key("http/a@R", 2),
        key("host/a@R", 4),
        key("http/b@R", 3),
    ];
    assert_eq!(found(&any, "http/a@R", Some(1), AES256), all);
    let newest_first = [
        key("http/a@R", 2),
        key("http/a@R", 1),
        key("host/a@R", 4),
        key("http/b@R", 3),
    ];
    assert_eq!(found(&any, "http/a@R", None, AES256), newest_first);
    assert_eq!(found(&any, "alias@R", Some(9), AES256).len(), 4);
    assert_eq!(found(&any, "http/a@R", Some(2), AES128), [key("http/a@R", 2)]);
}

#[test]
fn i54_a_service_tries_its_own_keys_on_every_host_and_with_a_host_on_that_one() {
    let names = |name| -> Vec<String> {
        found(&acceptor(name, keytab()), "http/a@R", Some(2), AES256)
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    };
    assert_eq!(names(http(None)), ["http/a@R", "http/a@R", "http/b@R"]);
    assert_eq!(names(http(Some("a"))), ["http/a@R", "http/a@R"]);
    assert_eq!(names(http(Some("b"))), ["http/b@R"]);
}

#[test]
fn i54_the_setting_that_ignores_hosts_is_obeyed() {
    let settings = Settings::parse("[libdefaults]\nignore_acceptor_hostname = yes\n").unwrap();
    let source = Arc::new(MemoryKeytab::new("test", Keytab { entries: keytab() }));
    let acceptor = Acceptor::new(source, http(Some("a")), &settings, &PROVIDER);
    assert_eq!(found(&acceptor, "http/b@R", Some(3), AES256).len(), 3);
}

#[test]
fn i56_an_exact_principal_tries_its_version_only() {
    let one = acceptor(exact("http/a@R"), keytab());
    assert_eq!(found(&one, "http/a@R", Some(2), AES256), [("http/a@R".to_owned(), 2)]);
    assert_eq!(found(&one, "http/a@R", None, AES256).len(), 2);
    assert_eq!(found(&one, "alias/a@R", Some(1), AES256), [("http/a@R".to_owned(), 1)]);
}

#[test]
fn i56_versions_that_lost_their_high_octets_are_tried_after_exact_ones() {
    let one = acceptor(
        exact("a@R"),
        vec![
            entry("a@R", 5, AES256),
            entry("a@R", 0x105, AES256),
            entry("a@R", 6, AES256),
        ],
    );
    let key = ("a@R".to_owned(), 5);
    assert_eq!(found(&one, "a@R", Some(0x105), AES256), [key.clone(), key.clone()]);
    assert_eq!(found(&one, "a@R", Some(5), AES256), [key]);
    let exact_first = one.named_keys(&principal("a@R"), Some(0x105), AES256).unwrap();
    let keytab = one.source.read().unwrap();
    let wanted = one.key(&keytab, &keytab.entries[1]).unwrap();
    assert!(Arc::ptr_eq(&exact_first[0].1, &wanted));
}

#[test]
fn i56_failures_say_what_was_wanted_and_what_there_is() {
    let one = acceptor(exact("http/a@R"), keytab());
    let on_c = acceptor(http(Some("c")), keytab());
    let cases = [
        (
            told(&one, "http/a@R", Some(7), AES256),
            ["no key of that version for http/a@R", "kvno 7", "http/a@R kvno 1"],
        ),
        (
            told(&one, "http/a@R", Some(1), AES128),
            [
                "no key of that encryption type for http/a@R",
                "kvno 1",
                "http/a@R kvno 2",
            ],
        ),
        (
            told(&on_c, "http/a@R", Some(1), AES256),
            [
                "is for http/a@R, which this acceptor is not",
                "kvno 1",
                "http/b@R kvno 3",
            ],
        ),
        (
            told(&on_c, "http/c@R", Some(1), AES256),
            ["MEMORY:test has no key for http/c@R", "kvno 1", "host/a@R kvno 4"],
        ),
        (
            told(&acceptor(None, Vec::new()), "a@R", None, AES256),
            ["MEMORY:test holds no keys", "wanted: ", "found: none"],
        ),
    ];
    for (text, parts) in cases {
        for part in parts {
            assert!(text.contains(part), "{part:?} in {text:?}");
        }
    }
}

#[test]
fn i56_failures_have_the_kinds_of_mits_ladder() {
    let failure = |acceptor: &Acceptor, server: &str, kvno: u32, etype: i32| {
        format!(
            "{:?}",
            acceptor
                .keys(&principal(server), Some(kvno), etype)
                .unwrap_err()
                .failure
        )
    };
    let any = acceptor(None, vec![entry("http/a@R", 1, AES256), entry("http/b@R", 2, AES256)]);
    assert_eq!(failure(&any, "http/a@R", 9, AES128), "Version");
    assert_eq!(failure(&any, "http/a@R", 1, AES128), "Etype");
    assert_eq!(failure(&any, "http/z@R", 1, AES128), "Principal");
    let one = acceptor(exact("http/z@R"), keytab());
    assert_eq!(failure(&one, "http/z@R", 1, AES256), "Principal");
    assert_eq!(failure(&one, "http/a@R", 1, AES256), "NotUs");
    assert_eq!(failure(&acceptor(None, Vec::new()), "a@R", 1, AES256), "Empty");
}

#[test]
fn i56_when_nothing_decrypts_the_ticket_the_reason_is_the_closest_one() {
    let reason = |server: &str, kvno: u32, etype: i32| {
        let any = acceptor(None, keytab());
        let error = any.undecipherable(&principal(server), Some(kvno), etype);
        (format!("{:?}", error.failure), error.found.len())
    };
    assert_eq!(reason("http/a@R", 7, AES256), ("Version".to_owned(), 4));
    assert_eq!(reason("http/b@R", 3, AES128), ("Etype".to_owned(), 1));
    assert_eq!(reason("http/b@R", 3, AES256), ("Undecipherable".to_owned(), 1));
    assert_eq!(reason("http/z@R", 3, AES256), ("Principal".to_owned(), 6));
}

#[test]
fn keys_of_types_that_are_not_supported_are_no_keys() {
    let any = acceptor(None, vec![entry("a@R", 1, EXPORT_RC4)]);
    assert!(any.keys(&principal("a@R"), Some(1), EXPORT_RC4).is_err());
    let mut short = entry("a@R", 1, AES256);
    short.key = Arc::new(EncryptionKey::new(AES256, vec![0; 5]));
    assert!(
        acceptor(None, vec![short])
            .keys(&principal("a@R"), Some(1), AES256)
            .is_err()
    );
}

#[test]
fn an_unreadable_keytab_is_told_with_its_name() {
    let source = crate::keytab::resolve("FILE:/nonexistent/keytab").unwrap();
    let acceptor = Acceptor::new(source, None, &Settings::default(), &PROVIDER);
    let text = told(&acceptor, "a@R", Some(1), AES256);
    assert!(
        text.starts_with("cannot read FILE:/nonexistent/keytab: no keytab /nonexistent/keytab"),
        "{text}"
    );
}

#[test]
fn a_key_is_made_once_until_the_keytab_changes() {
    let source = Arc::new(MemoryKeytab::new("test", Keytab { entries: keytab() }));
    let acceptor = Acceptor::new(
        Arc::clone(&source) as Arc<dyn KeySource>,
        None,
        &Settings::default(),
        &PROVIDER,
    );
    let key = || {
        acceptor
            .keys(&principal("http/b@R"), Some(3), AES256)
            .unwrap()
            .swap_remove(0)
    };
    let first = key();
    assert!(Arc::ptr_eq(&first, &key()));
    source.replace(Keytab {
        entries: vec![entry("http/b@R", 7, AES256)],
    });
    assert_eq!(key().expose()[0], 7);
}

#[test]
fn the_newest_keys_of_a_client_are_those_written_last() {
    let mut entries = vec![
        entry("c@R", 255, AES256),
        entry("c@R", 1, AES256),
        entry("c@R", 1, AES128),
        entry("c@R", 1, EXPORT_RC4),
    ];
    for (entry, timestamp) in entries.iter_mut().zip([100, 200, 200, 200]) {
        entry.timestamp = KerberosTime(timestamp);
    }
    let keytab = Keytab { entries };
    let keys = keytab.newest_keys(&principal("c@R"), &PROVIDER);
    let marks: Vec<(i32, u8)> = keys
        .iter()
        .map(|key| (key.enctype().number(), key.expose()[0]))
        .collect();
    assert_eq!(marks, [(AES256, 1), (AES128, 1)]);
    assert!(keytab.newest_keys(&principal("d@R"), &PROVIDER).is_empty());
}
