//! What `gss klist` and `gss kdestroy` tell: the command as a process, on files that are made here.

#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

use krb5_net::KdcClient;
use krb5_proto::messages::{AuthDataEntry, EncryptedData, HostAddress, Ticket, TicketFlags};
use krb5_proto::{Credentials, EncryptionKey, KerberosTime, Principal};
use krb5_store::ccache::{CacheContents, CredentialCache, Resolver};
use krb5_store::config::Settings;
use krb5_store::keytab::{FileKeytab, Keytab, KeytabEntry};
use serde_json::{Value, json};
use tempfile::TempDir;

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        std::fs::write(
            directory.path().join("krb5.conf"),
            "[libdefaults]\n    default_realm = R\n    dns_lookup_kdc = false\n",
        )
        .unwrap();
        Self(directory)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn collection(&self) -> String {
        format!("DIR:{}", self.path("caches").display())
    }

    /// Puts a cache of the collection there.
    fn put(&self, name: &str, contents: &CacheContents) {
        self.cache(name).replace(contents).unwrap();
    }

    fn cache(&self, name: &str) -> Arc<dyn CredentialCache> {
        let name = format!("DIR::{}", self.path("caches").join(name).display());
        Resolver::new().cache(&name).unwrap()
    }

    fn gss(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_gss"))
            .args(arguments)
            .env("KRB5_CONFIG", self.path("krb5.conf"))
            .env("KRB5CCNAME", self.collection())
            .env("KRB5_KTNAME", self.path("keytab"))
            .env("KRB5_CLIENT_KTNAME", self.path("client.keytab"))
            .env("TZ", "UTC")
            .output()
            .unwrap()
    }

    fn done(&self, arguments: &[&str]) -> String {
        let output = self.gss(arguments);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {told}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.done(&[arguments, &["--json"]].concat())).unwrap()
    }

    fn code(&self, arguments: &[&str]) -> Option<i32> {
        let output = self.gss(arguments);
        assert!(output.stdout.is_empty(), "{arguments:?} says nothing");
        output.status.code()
    }

    /// What it says on standard error, with success.
    fn remark(&self, arguments: &[&str]) -> String {
        let output = self.gss(arguments);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments:?}: {told}");
        told
    }
}

fn principal(text: &str) -> Principal {
    Principal::parse(text, None).unwrap()
}

/// A ticket of `alice@R` that ends in that year.
fn ticket(server: &str, year: i64) -> Credentials {
    let server = principal(server);
    let sealed = Ticket {
        realm: server.realm.clone(),
        sname: server.name.clone(),
        enc_part: EncryptedData {
            etype: 17,
            kvno: None,
            cipher: vec![1; 40].into(),
        },
    };
    Credentials {
        client: principal("alice@R"),
        server,
        key: Arc::new(EncryptionKey::new(18, vec![7; 32])),
        authtime: KerberosTime(1_000_000_000),
        starttime: None,
        endtime: KerberosTime((year - 1970) * 31_556_952),
        renew_till: None,
        is_skey: false,
        flags: TicketFlags::FORWARDABLE,
        addresses: Vec::new(),
        authdata: Vec::new(),
        ticket: sealed.to_der().unwrap(),
        second_ticket: Vec::new(),
    }
}

fn of(owner: &str, tickets: Vec<Credentials>) -> CacheContents {
    CacheContents {
        credentials: tickets,
        ..CacheContents::new(principal(owner))
    }
}

/// The cells of a column: from where its title starts to where the next one does.
fn column<'a>(listed: &'a str, title: &str) -> Vec<&'a str> {
    let mut lines = listed.lines().skip_while(|line| !line.contains(title));
    let header = lines.next().unwrap();
    let start = header.find(title).unwrap();
    let after = &header[start + title.len()..];
    let width = after.find(|c| c != ' ').map(|blanks| title.len() + blanks);
    lines
        .take_while(|line| !line.is_empty() && !line.starts_with("config:"))
        .map(|line| {
            let cell = line.get(start..).unwrap_or_default();
            let cell = width.map_or(cell, |width| cell.get(..width).unwrap_or(cell));
            assert!(
                start == 0 || line.len() < start || line[..start].ends_with("  "),
                "{listed}"
            );
            cell.trim_end()
        })
        .collect()
}

#[test]
fn addresses_are_told_by_name_or_as_numbers() {
    let place = Place::new();
    let mut bound = ticket("krbtgt/R@R", 2090);
    bound.addresses = vec![
        IpAddr::from(Ipv4Addr::LOCALHOST).into(),
        IpAddr::from(Ipv6Addr::LOCALHOST).into(),
        HostAddress {
            addr_type: 20,
            address: b"DESKTOP         "[..].into(),
        },
    ];
    place.put("tkt", &of("alice@R", vec![bound, ticket("host/a@R", 2090)]));
    let listed = place.done(&["klist", "-an"]);
    assert_eq!(column(&listed, "Addresses"), ["127.0.0.1, ::1, DESKTOP", "(none)"]);
    assert_eq!(column(&listed, "Service"), ["krbtgt/R@R", "host/a@R"]);
    let name = |address: &str| {
        let network = KdcClient::new(Arc::new(Settings::parse("").unwrap()));
        let name = network.reverse_name(address);
        name.unwrap_or_else(|_| address.to_owned())
    };
    let named = format!("{}, {}, DESKTOP", name("127.0.0.1"), name("::1"));
    let listed = place.done(&["klist", "-a"]);
    assert_eq!(column(&listed, "Addresses"), [&*named, "(none)"]);
    assert!(!place.done(&["klist"]).contains("Addresses"));
    let tickets = &place.json(&["klist"])["tickets"];
    assert_eq!(tickets[0]["addresses"], json!(["127.0.0.1", "::1", "DESKTOP"]));
    assert_eq!(tickets[1]["addresses"], json!([]));
    assert_eq!(place.gss(&["klist", "-n"]).status.code(), Some(2), "-n is about -a");
}

#[test]
fn types_of_authorization_data_are_told() {
    let place = Place::new();
    let mut asked = ticket("host/a@R", 2090);
    let entry = |ad_type| AuthDataEntry {
        ad_type,
        ad_data: b"data"[..].into(),
    };
    asked.authdata = vec![entry(1), entry(-7)];
    place.put("tkt", &of("alice@R", vec![asked, ticket("host/b@R", 2090)]));
    assert_eq!(column(&place.done(&["klist", "-d"]), "AD types"), ["1, -7", ""]);
    assert_eq!(place.json(&["klist"])["tickets"][0]["ad_types"], json!([1, -7]));
}

#[test]
fn i62_settings_are_told_when_they_are_asked_for() {
    let place = Place::new();
    let mut contents = of("alice@R", vec![ticket("krbtgt/R@R", 2090)]);
    contents.set_config("refresh_time", None, b"1234567890");
    contents.set_config("fast_avail", Some(&principal("krbtgt/R@R")), b"yes");
    contents.set_config("odd", None, b"\x1b[2J\xff");
    place.put("tkt", &contents);
    let listed = place.done(&["klist", "-C"]);
    let settings: Vec<_> = listed.lines().filter(|line| line.starts_with("config:")).collect();
    assert_eq!(
        settings,
        [
            "config: refresh_time = 1234567890",
            "config: fast_avail(krbtgt/R@R) = yes",
            "config: odd = \\x1b[2J\\xff",
        ]
    );
    assert_eq!(column(&listed, "Service"), ["krbtgt/R@R"]);
    assert!(!place.done(&["klist"]).contains("config:"));
    let told = &place.json(&["klist"])["config"];
    assert_eq!(
        told[1],
        json!({ "key": "fast_avail", "principal": "krbtgt/R@R", "value": "yes" })
    );
    assert!(place.done(&["klist", "-AC"]).contains("config: refresh_time"));
}

#[test]
fn a_ticket_by_another_name_than_its_own_is_told_with_both() {
    let place = Place::new();
    let mut referred = ticket("host/a@OTHER", 2090);
    referred.server = principal("host/a@R");
    place.put("tkt", &of("alice@R", vec![ticket("krbtgt/R@R", 2090), referred]));
    let listed = place.done(&["klist"]);
    assert_eq!(column(&listed, "Service"), ["krbtgt/R@R", "host/a@R"]);
    assert_eq!(column(&listed, "Ticket server"), ["", "host/a@OTHER"]);
    let tickets = &place.json(&["klist"])["tickets"];
    assert_eq!(tickets[1]["ticket_server"], "host/a@OTHER");
    assert_eq!(tickets[0].get("ticket_server"), None);
}

#[test]
fn all_columns_stand_below_their_titles() {
    let place = Place::new();
    let mut long = ticket("HTTP/a-rather-long-name.of.a.host.example.test@R", 2090);
    long.renew_till = Some(KerberosTime(4_000_000_000));
    long.client = principal("somebody-else@R");
    let tickets = vec![long, ticket("krbtgt/R@R", 2001), ticket("h@R", 2090)];
    place.put("tkt", &of("alice@R", tickets));
    let listed = place.done(&["klist", "-efdan"]);
    for (title, cells) in [
        ("Valid from", ["2001-09-09 01:46:40"; 3]),
        ("Renew until", ["2096-10-02 07:06:40", "", ""]),
        ("Flags", ["F"; 3]),
        ("Session key", ["aes256-cts-hmac-sha1-96"; 3]),
        ("Ticket", ["aes128-cts-hmac-sha1-96"; 3]),
        ("Addresses", ["(none)"; 3]),
        ("Client", ["somebody-else@R", "alice@R", "alice@R"]),
        (
            "Service",
            ["HTTP/a-rather-long-name.of.a.host.example.test@R", "krbtgt/R@R", "h@R"],
        ),
    ] {
        // The line above the table has the word ticket too.
        let table = listed.split_once("\n\n").unwrap().1;
        assert_eq!(column(table, title), cells, "{title}: {listed}");
    }
    assert_eq!(column(&listed, "Expires")[1], ">>> expired <<<");
}

#[test]
fn scripts_learn_whether_there_is_a_valid_ticket() {
    let place = Place::new();
    assert_eq!(place.code(&["klist", "-s"]), Some(1));
    assert_eq!(place.code(&["klist", "-As"]), Some(1));
    for (tickets, code) in [
        (vec![], 1),
        (vec![ticket("krbtgt/R@R", 2090)], 0),
        (vec![ticket("krbtgt/R@R", 2001)], 1),
        (vec![ticket("krbtgt/R@R", 2001), ticket("host/a@R", 2090)], 1),
        (vec![ticket("host/a@R", 2090)], 0),
        (vec![ticket("host/a@R", 2001)], 1),
    ] {
        place.put("tkt", &of("alice@R", tickets.clone()));
        assert_eq!(place.code(&["klist", "-s"]), Some(code), "{tickets:?}");
    }
    place.put("tktbob", &of("bob@R", vec![ticket("krbtgt/R@R", 2090)]));
    assert_eq!(place.code(&["klist", "-s"]), Some(1), "the primary one is alice's");
    assert_eq!(place.code(&["klist", "-As"]), Some(0));
    assert_eq!(place.gss(&["klist", "-ls"]).status.code(), Some(2));
}

#[test]
fn a_cache_is_named_in_every_way() {
    let place = Place::new();
    place.put("tkt", &of("alice@R", vec![ticket("krbtgt/R@R", 2090)]));
    place.put("tktbob", &of("bob@R", vec![ticket("krbtgt/R@R", 2090)]));
    let bob = place.cache("tktbob").name();
    for arguments in [&["klist", &bob][..], &["klist", "-c", &bob], &["klist", &bob, "-c"]] {
        let listed = place.done(arguments);
        assert!(listed.contains("Default principal: bob@R"), "{arguments:?}");
    }
    for arguments in [&["klist"][..], &["klist", "-c"], &["klist", "-c", "-f"]] {
        let listed = place.done(arguments);
        assert!(listed.contains("Default principal: alice@R"), "{arguments:?}");
    }
    for wrong in [
        &["klist", "-c", &bob, &bob][..],
        &["klist", "-k", "-c"],
        &["klist", "-ka"],
    ] {
        assert_eq!(place.gss(wrong).status.code(), Some(2), "{wrong:?}");
    }
    assert_eq!(
        place.done(&["klist", "-V"]).trim_end(),
        format!("gss {}", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn a_keytab_is_that_of_services_unless_it_is_that_of_clients() {
    let place = Place::new();
    for (file, owner) in [("keytab", "host/a@R"), ("client.keytab", "alice@R")] {
        let entry = KeytabEntry {
            principal: principal(owner),
            timestamp: KerberosTime(1_000_000_000),
            kvno: 3,
            key: Arc::new(EncryptionKey::new(18, vec![7; 32])),
        };
        let keytab = Keytab { entries: vec![entry] };
        FileKeytab::new(place.path(file)).replace(&keytab).unwrap();
    }
    assert_eq!(column(&place.done(&["klist", "-k"]), "Principal"), ["host/a@R"]);
    assert_eq!(column(&place.done(&["klist", "-ki"]), "Principal"), ["alice@R"]);
    let named = place.path("keytab");
    let listed = place.done(&["klist", "-kite", named.to_str().unwrap()]);
    assert_eq!(column(&listed, "Principal"), ["host/a@R"], "a name has the last word");
    assert_eq!(column(&listed, "Written"), ["2001-09-09 01:46:40"]);
    assert_eq!(column(&listed, "Enctype"), ["aes256-cts-hmac-sha1-96"]);
    assert_eq!(place.gss(&["klist", "-i"]).status.code(), Some(2), "-i is about -k");
}

#[test]
fn whoever_destroys_one_cache_of_several_is_told_of_the_others() {
    let place = Place::new();
    for (name, owner) in [
        ("tkt", "alice@R"),
        ("tktbob", "bob@R"),
        ("tktcarol", "carol@R"),
        ("tktdave", "dave@R"),
    ] {
        place.put(name, &of(owner, vec![ticket("krbtgt/R@R", 2090)]));
    }
    let single = place.cache("tktdave").name();
    assert_eq!(place.remark(&["kdestroy", "-c", &single]), "", "it is no collection");
    assert_eq!(
        place.remark(&["kdestroy", "-p", "carol@R"]),
        "",
        "there is no doubt which one was meant"
    );
    let told = place.remark(&["kdestroy"]);
    assert_eq!(
        told,
        format!(
            "another credential cache remains in {}: gss klist -l lists them, gss kdestroy -A destroys all\n",
            place.collection()
        )
    );
    for (name, owner) in [("tkt", "alice@R"), ("tktcarol", "carol@R")] {
        place.put(name, &of(owner, Vec::new()));
    }
    assert!(
        place
            .remark(&["kdestroy"])
            .starts_with("other credential caches remain in DIR:")
    );
    place.put("tkt", &of("alice@R", Vec::new()));
    assert_eq!(place.remark(&["kdestroy", "-q"]), "");
    place.done(&["kdestroy", "-A"]);
    place.put("tkt", &of("alice@R", Vec::new()));
    assert_eq!(place.remark(&["kdestroy"]), "", "it was the last one");
}
