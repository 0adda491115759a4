//! Several realms: referrals, paths, and what tickets say of them.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use std::sync::LazyLock;

use krb5_kdc::{Attribute, Kdc, KdcBuilder, NewPrincipal, Transport, UnknownPaths};
use krb5_proto::crypto::primitives::rustcrypto::PROVIDER;
use krb5_proto::crypto::{Enctype, KeyUsage};
use krb5_proto::messages::{EncTicketPart, KdcOptions, TgsRep, Ticket, TicketFlags};
use krb5_proto::realms::transited;
use krb5_proto::{Credentials, ErrorCode, NameType, Principal, PrincipalName, Realm};

use support::{ETYPE, NOW, PASSWORD, Tgs, as_req, code, refusal, tgs_part};

const SHARED: &str = "shared secret";

fn realm(name: &str) -> KdcBuilder {
    Kdc::builder(name).enctypes(&[ETYPE, Enctype::Aes128CtsHmacSha196])
}

/// A: EXAMPLE.TEST, where `user` is. It knows B, and C beyond B, and the way to nowhere.
static A: LazyLock<Kdc> = LazyLock::new(|| {
    support::builder()
        .trusts("B.TEST", SHARED)
        .domain_realm(".b.test", "B.TEST")
        .domain_realm(".c.test", "C.TEST")
        .domain_realm(".lost.test", "LOST")
        .capath("EXAMPLE.TEST", "C.TEST", ["B.TEST"])
        .build()
        .unwrap()
});

static B: LazyLock<Kdc> = LazyLock::new(|| {
    realm("B.TEST")
        .trusts("EXAMPLE.TEST", SHARED)
        .trusts("C.TEST", SHARED)
        .add(NewPrincipal::with_password("host/www.b.test", PASSWORD).alias("host/b"))
        .add(NewPrincipal::with_password("host/trusted.b.test", PASSWORD).attribute(Attribute::OkAsDelegate))
        .domain_realm(".c.test", "C.TEST")
        .build()
        .unwrap()
});

fn c(paths: impl FnOnce(KdcBuilder) -> KdcBuilder) -> Kdc {
    paths(
        realm("C.TEST")
            .trusts("B.TEST", SHARED)
            .add(NewPrincipal::with_password("host/www.c.test", PASSWORD)),
    )
    .build()
    .unwrap()
}

fn through_b(builder: KdcBuilder) -> KdcBuilder {
    builder.capath("EXAMPLE.TEST", "C.TEST", ["B.TEST"])
}

static TGT: LazyLock<Credentials> = LazyLock::new(|| support::tgt(&A, KdcOptions::FORWARDABLE | KdcOptions::PROXIABLE));

/// Asks `kdc` with `tgt` for `name` in `realm`.
fn ask(kdc: &Kdc, tgt: &Credentials, name: &str, options: KdcOptions) -> Vec<u8> {
    let mut request = request(kdc, tgt, name);
    request.body.kdc_options = options;
    kdc.handle(&request.signed(), NOW, Transport::Tcp).unwrap()
}

fn request(kdc: &Kdc, tgt: &Credentials, name: &str) -> Tgs {
    Tgs::new(tgt, Principal::parse(name, Some(kdc.realm())).unwrap())
}

/// What a granted reply is worth.
fn granted(tgt: &Credentials, reply: &[u8]) -> Credentials {
    let rep = match TgsRep::from_der(reply) {
        Ok(rep) => rep,
        Err(_) => panic!("{:?}", refusal(reply)),
    };
    let key = tgt.key.to_key(&PROVIDER).unwrap();
    let (part, ticket) = tgs_part(reply, &key, KeyUsage::TGS_REP_SESSION);
    Credentials {
        client: Principal::new(rep.crealm, rep.cname),
        server: Principal::new(part.srealm, part.sname),
        key: part.key.into(),
        flags: part.flags,
        endtime: part.endtime,
        ticket: ticket.to_der().unwrap(),
        ..tgt.clone()
    }
}

fn hop(kdc: &Kdc, tgt: &Credentials, name: &str) -> Credentials {
    granted(tgt, &ask(kdc, tgt, name, KdcOptions::CANONICALIZE))
}

fn opened(credentials: &Credentials, salt: &str) -> EncTicketPart {
    let ticket = Ticket::from_der(&credentials.ticket).unwrap();
    let name = Principal::parse(salt, None).unwrap();
    let etype = Enctype::from_number(ticket.enc_part.etype).unwrap();
    let key = krb5_proto::crypto::string_to_key(&PROVIDER, etype, PASSWORD.as_bytes(), &name.default_salt(), None);
    let plaintext = key.unwrap().decrypt(KeyUsage::TICKET, &ticket.enc_part.cipher).unwrap();
    EncTicketPart::from_der(&plaintext).unwrap()
}

fn listed(part: &EncTicketPart) -> Vec<Realm> {
    transited::decode(&part.transited, &part.crealm, &"SERVER".into()).unwrap()
}

#[test]
fn a_host_of_another_realm_gets_a_referral_if_canonical_names_are_wanted() {
    let referral = hop(&A, &TGT, "host/www.b.test");
    assert_eq!(referral.server.to_string(), "krbtgt/B.TEST@EXAMPLE.TEST");
    let plain = ask(&A, &TGT, "host/www.b.test", KdcOptions::empty());
    assert_eq!(code(&plain), ErrorCode::KDC_ERR_S_PRINCIPAL_UNKNOWN);
    for name in [
        "host/www.lost.test",
        "host/www.elsewhere.test",
        "www.b.test",
        "a/www.b.test/c",
    ] {
        let reply = ask(&A, &TGT, name, KdcOptions::CANONICALIZE);
        assert_eq!(code(&reply), ErrorCode::KDC_ERR_S_PRINCIPAL_UNKNOWN, "{name}");
    }
}

#[test]
fn a_client_goes_through_to_the_other_realm() {
    let service = hop(&B, &hop(&A, &TGT, "krbtgt/B.TEST"), "host/www.b.test");
    let part = opened(&service, "host/www.b.test@B.TEST");
    assert_eq!(Principal::new(part.crealm.clone(), part.cname.clone()), TGT.client);
    assert!(listed(&part).is_empty());
    assert!(part.flags.contains(TicketFlags::TRANSITED_POLICY_CHECKED));
    assert_eq!(part.endtime, TGT.endtime);
}

#[test]
fn the_nearest_realm_on_the_way_is_offered_instead_of_one_that_is_not_known() {
    let near = granted(&TGT, &ask(&A, &TGT, "krbtgt/C.TEST", KdcOptions::empty()));
    assert_eq!(near.server.to_string(), "krbtgt/B.TEST@EXAMPLE.TEST");
    let referral = hop(&A, &TGT, "host/www.c.test");
    assert_eq!(referral.server, near.server);
    let next = hop(&B, &referral, "host/www.c.test");
    assert_eq!(next.server.to_string(), "krbtgt/C.TEST@B.TEST");
}

#[test]
fn k9_the_realm_between_is_on_the_list_and_the_path_is_checked() {
    let to_c = hop(&B, &hop(&A, &TGT, "krbtgt/B.TEST"), "krbtgt/C.TEST");
    let part = |kdc: &Kdc, options| {
        let service = granted(&to_c, &ask(kdc, &to_c, "host/www.c.test", options));
        opened(&service, "host/www.c.test@C.TEST")
    };
    let checked = TicketFlags::TRANSITED_POLICY_CHECKED;
    let good = part(&c(through_b), KdcOptions::empty());
    assert_eq!(listed(&good), [Realm::from("B.TEST")]);
    assert!(good.flags.contains(checked));

    // By the hierarchy of their names, C is reached through TEST only.
    let reply = ask(&c(|builder| builder), &to_c, "host/www.c.test", KdcOptions::empty());
    assert_eq!(code(&reply), ErrorCode::KDC_ERR_PATH_NOT_ACCEPTED);
    let lenient = c(|builder| builder.unknown_paths(UnknownPaths::Unchecked));
    let unchecked = part(&lenient, KdcOptions::empty());
    assert_eq!(listed(&unchecked), [Realm::from("B.TEST")]);
    assert!(!unchecked.flags.contains(checked));
    assert!(
        !part(&c(through_b), KdcOptions::DISABLE_TRANSITED_CHECK)
            .flags
            .contains(checked)
    );
}

#[test]
fn c11_another_realm_does_not_vouch_for_our_own_clients() {
    // Only B has this key besides A; it makes a ticket for A's user.
    let evil = realm("B.TEST").trusts("EXAMPLE.TEST", SHARED).build().unwrap();
    let back = hop(&evil, &hop(&A, &TGT, "krbtgt/B.TEST"), "krbtgt/EXAMPLE.TEST");
    assert_eq!(back.client, TGT.client);
    let reply = ask(&A, &back, "host/localhost", KdcOptions::empty());
    assert_eq!(code(&reply), ErrorCode::KDC_ERR_POLICY);
}

#[test]
fn a_ticket_of_a_realm_that_shares_no_key_is_not_ours() {
    let to_b = hop(&A, &TGT, "krbtgt/B.TEST");
    let reply = ask(&c(through_b), &to_b, "host/www.c.test", KdcOptions::empty());
    assert_eq!(code(&reply), ErrorCode::KRB_AP_ERR_NOT_US);
    let stranger = realm("B.TEST")
        .trusts("EXAMPLE.TEST", "another secret")
        .build()
        .unwrap();
    let reply = ask(&stranger, &to_b, "krbtgt/B.TEST", KdcOptions::empty());
    assert_eq!(code(&reply), ErrorCode::KRB_AP_ERR_BAD_INTEGRITY);
}

#[test]
fn i42_a_ticket_of_another_realm_needs_no_key_version() {
    let mut to_b = hop(&A, &TGT, "krbtgt/B.TEST");
    for kvno in [None, Some(0_u32)] {
        let mut ticket = Ticket::from_der(&to_b.ticket).unwrap();
        ticket.enc_part.kvno = kvno.map(Into::into);
        to_b.ticket = ticket.to_der().unwrap();
        hop(&B, &to_b, "host/www.b.test");
    }
}

#[test]
fn c13_only_tickets_to_marked_services_and_realms_say_ok_as_delegate() {
    let to_b = hop(&A, &TGT, "krbtgt/B.TEST");
    assert!(!to_b.flags.contains(TicketFlags::OK_AS_DELEGATE));
    assert!(
        hop(&B, &to_b, "host/trusted.b.test")
            .flags
            .contains(TicketFlags::OK_AS_DELEGATE)
    );
    assert!(
        !hop(&B, &to_b, "host/www.b.test")
            .flags
            .contains(TicketFlags::OK_AS_DELEGATE)
    );
    let to = NewPrincipal::with_password("krbtgt/B.TEST", SHARED).attribute(Attribute::OkAsDelegate);
    let marked = support::builder().add(to).build().unwrap();
    let tgt = support::tgt(&marked, KdcOptions::empty());
    assert!(
        hop(&marked, &tgt, "krbtgt/B.TEST")
            .flags
            .contains(TicketFlags::OK_AS_DELEGATE)
    );
}

#[test]
fn tickets_are_forwarded_and_made_proxies_in_the_other_realm() {
    let to_b = granted(
        &TGT,
        &ask(
            &A,
            &TGT,
            "krbtgt/B.TEST",
            KdcOptions::FORWARDABLE | KdcOptions::PROXIABLE | KdcOptions::FORWARDED,
        ),
    );
    assert!(to_b.flags.contains(TicketFlags::FORWARDED | TicketFlags::FORWARDABLE));
    let proxy = granted(&to_b, &ask(&B, &to_b, "host/www.b.test", KdcOptions::PROXY));
    assert!(proxy.flags.contains(TicketFlags::PROXY | TicketFlags::FORWARDED));
    let local = granted(&to_b, &ask(&B, &to_b, "krbtgt/B.TEST", KdcOptions::FORWARDED));
    assert_eq!(local.server.to_string(), "krbtgt/B.TEST@B.TEST");
    hop(&B, &local, "host/www.b.test");
}

#[test]
fn a_servers_alias_is_replaced_only_for_whoever_asks_for_canonical_names() {
    let to_b = hop(&A, &TGT, "krbtgt/B.TEST");
    let named = |options| granted(&to_b, &ask(&B, &to_b, "host/b", options)).server.to_string();
    assert_eq!(named(KdcOptions::empty()), "host/b@B.TEST");
    assert_eq!(named(KdcOptions::CANONICALIZE), "host/www.b.test@B.TEST");
}

/// An AS-REQ for `name`, which is an enterprise name if it has an `@`.
fn initial(kdc: &Kdc, name: &str, options: KdcOptions) -> Vec<u8> {
    let kind = if name.contains('@') {
        NameType::ENTERPRISE
    } else {
        NameType::PRINCIPAL
    };
    let request = as_req(|request| {
        request.req_body.cname = Some(PrincipalName::new(kind, [name]));
        request.req_body.kdc_options = options;
    });
    kdc.handle(&request, NOW, Transport::Tcp).unwrap()
}

static NAMES: LazyLock<Kdc> = LazyLock::new(|| {
    realm(support::REALM)
        .add(
            NewPrincipal::with_password("user", PASSWORD)
                .alias("nickname")
                .enterprise_alias("u.ser@corp.test"),
        )
        .trusts("OTHER.TEST", SHARED)
        .domain_realm("corp.test", support::REALM)
        .domain_realm("mail.test", "MAIL.TEST")
        .build()
        .unwrap()
});

#[test]
fn a_clients_other_names_are_replaced_by_the_canonical_one() {
    let found = |name: &str, options| {
        let reply = initial(&NAMES, name, options);
        let rep = krb5_proto::messages::AsRep::from_der(&reply);
        rep.map(|rep| rep.cname == support::principal("user").name)
    };
    // An enterprise name says by itself that another one is expected: MIT's clients send no more.
    for name in [
        "u.ser@corp.test",
        "user@corp.test",
        "user@example.test",
        "nickname@example.test",
    ] {
        for options in [KdcOptions::CANONICALIZE, KdcOptions::empty()] {
            assert!(found(name, options).expect(name), "{name}");
        }
    }
    for name in ["user", "nickname"] {
        assert!(found(name, KdcOptions::CANONICALIZE).expect(name), "{name}");
    }
    let plain = initial(&NAMES, "nickname", KdcOptions::empty());
    assert_eq!(code(&plain), ErrorCode::KDC_ERR_C_PRINCIPAL_UNKNOWN);
}

#[test]
fn a_client_of_another_realm_is_told_which() {
    for (name, realm) in [("who@mail.test", "MAIL.TEST"), ("who@other.test", "OTHER.TEST")] {
        let error = refusal(&initial(&NAMES, name, KdcOptions::CANONICALIZE));
        assert_eq!(ErrorCode(error.error_code), ErrorCode::KDC_ERR_WRONG_REALM);
        assert_eq!(error.crealm, Some(realm.into()));
        assert!(error.cname.is_some(), "MIT's client looks at both");
    }
    for name in ["who@elsewhere.test", "who@corp.test", "who", "@", "user@"] {
        let reply = initial(&NAMES, name, KdcOptions::CANONICALIZE);
        assert_eq!(code(&reply), ErrorCode::KDC_ERR_C_PRINCIPAL_UNKNOWN, "{name}");
    }
}

#[test]
fn the_configuration_of_several_realms_has_all_of_them_and_the_ways() {
    let address = |port| std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let text = Kdc::client_config_of(&[(&A, address(1)), (&B, address(2))]);
    for line in [
        "    default_realm = EXAMPLE.TEST\n",
        "    EXAMPLE.TEST = {\n        kdc = 127.0.0.1:1\n",
        "    B.TEST = {\n        kdc = 127.0.0.1:2\n",
        "[capaths]\n    EXAMPLE.TEST = {\n        C.TEST = B.TEST\n    }\n",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
}
