//! The TGS exchange: what is granted, and what is refused with which code.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::sync::LazyLock;

use krb5_proto::crypto::KeyUsage;
use krb5_proto::crypto::primitives::rustcrypto::PROVIDER;
use krb5_proto::exchange::{Subkey, TgsOptions};
use krb5_proto::messages::{AuthDataEntry, AuthorizationData, HostAddress, KdcOptions, PaData, TicketFlags, UInt32};
use krb5_proto::{Credentials, ErrorCode, KerberosTime, Octets, Realm, Timestamp};

use support::*;

/// A TGT that may become anything.
static TGT: LazyLock<Credentials> = LazyLock::new(|| {
    tgt(
        &KDC,
        KdcOptions::FORWARDABLE | KdcOptions::PROXIABLE | KdcOptions::RENEWABLE,
    )
});
/// A TGT that may not.
static PLAIN: LazyLock<Credentials> = LazyLock::new(|| tgt(&KDC, KdcOptions::empty()));

fn request(change: impl FnOnce(&mut Tgs)) -> Tgs {
    let mut request = Tgs::new(&TGT, principal("host/localhost"));
    change(&mut request);
    request
}

/// The reply to a correct request with these changes.
fn ask(change: impl FnOnce(&mut Tgs)) -> Vec<u8> {
    tcp(&KDC, &request(change).signed(), NOW)
}

fn part(reply: &[u8]) -> krb5_proto::messages::EncKdcRepPart {
    let key = TGT.key.to_key(&PROVIDER).unwrap();
    tgs_part(reply, &key, KeyUsage::TGS_REP_SESSION).0
}

fn addresses() -> Option<Vec<HostAddress>> {
    Some(vec![HostAddress {
        addr_type: 2,
        address: vec![127, 0, 0, 1].into(),
    }])
}

#[test]
fn a_ticket_granting_ticket_gives_tickets_for_services() {
    for subkey in [Subkey::Generate, Subkey::None] {
        let options = TgsOptions {
            subkey,
            ..TgsOptions::new(TGT.clone(), principal("host/localhost"))
        };
        let later = NOW.offset(HOUR);
        let ticket = further(&KDC, options, later).unwrap();
        assert_eq!(ticket.client, principal("user"));
        assert_eq!((ticket.authtime, ticket.starttime), (NOW.time, Some(later.time)));
        assert_eq!((ticket.endtime, ticket.renew_till), (TGT.endtime, TGT.renew_till));
        let inside = inside(&ticket.ticket, "host/localhost");
        assert_eq!((inside.crealm, inside.cname), (realm(), principal("user").name));
        assert_eq!(inside.flags, ticket.flags);
        assert!(
            inside
                .flags
                .contains(TicketFlags::TRANSITED_POLICY_CHECKED | TicketFlags::PRE_AUTHENT)
        );
        assert!(!inside.flags.contains(TicketFlags::INITIAL));
        assert!(inside.transited.contents.is_empty());
        assert_eq!(inside.key.expose(), ticket.key.expose());
    }
}

#[test]
fn only_services_that_may_be_trusted_with_credentials_are_marked() {
    for (service, expected) in [("host/localhost", false), ("host/trusted", true)] {
        let ticket = further(&KDC, TgsOptions::new(TGT.clone(), principal(service)), NOW).unwrap();
        assert_eq!(
            ticket.flags.contains(TicketFlags::OK_AS_DELEGATE),
            expected,
            "{service}"
        );
    }
}

#[test]
fn a_ticket_is_in_the_services_best_key_and_its_session_key_of_a_common_type() {
    let reply = ask(|request| request.body.etype = vec![17, 18]);
    let key = TGT.key.to_key(&PROVIDER).unwrap();
    let (part, ticket) = tgs_part(&reply, &key, KeyUsage::TGS_REP_SESSION);
    assert_eq!((part.key.keytype, ticket.enc_part.etype), (17, 18));
    assert_eq!(ticket.enc_part.kvno.map(|kvno| kvno.0), Some(3));
    for wanted in [vec![], vec![23], vec![19, 20]] {
        let reply = ask(|request| request.body.etype = wanted.clone());
        assert_eq!(code(&reply), ErrorCode::KDC_ERR_ETYPE_NOSUPP, "{wanted:?}");
    }
}

#[test]
fn the_reply_is_encrypted_in_the_subkey_if_there_is_one() {
    let subkey = random_key();
    let key = subkey.to_key(&PROVIDER).unwrap();
    let reply = ask(|request| request.authenticator.subkey = Some(subkey));
    assert_eq!(tgs_part(&reply, &key, KeyUsage::TGS_REP_SUBKEY).0.nonce, UInt32(42));
    let reply = ask(|request| {
        request.authenticator.subkey = Some(krb5_proto::EncryptionKey::new(23, vec![0; 16]));
    });
    assert_eq!(code(&reply), ErrorCode::KDC_ERR_ETYPE_NOSUPP);
}

#[test]
fn tickets_serve_until_they_end() {
    let later = |seconds: i64| {
        let now = NOW.offset(seconds);
        let request = request(|request| {
            request.authenticator.ctime = now.time;
            request.body.till = KerberosTime(0);
        });
        tcp(&KDC, &request.signed(), now)
    };
    assert_eq!(part(&later(10 * HOUR - 1)).endtime, TGT.endtime);
    assert_eq!(code(&later(10 * HOUR)), ErrorCode::KRB_AP_ERR_TKT_EXPIRED);
    assert_eq!(code(&later(-301)), ErrorCode::KRB_AP_ERR_TKT_NYV);
    assert_eq!(part(&later(-300)).authtime, NOW.time);
}

#[test]
fn a_ticket_never_outlives_the_one_it_comes_from() {
    for till in [KerberosTime(0), KerberosTime::MAX, NOW.time.offset(30 * DAY)] {
        assert_eq!(part(&ask(|request| request.body.till = till)).endtime, TGT.endtime);
    }
    assert_eq!(
        part(&ask(|request| request.body.till = NOW.time.offset(60))).endtime,
        NOW.time.offset(60)
    );
    assert_eq!(
        code(&ask(|request| request.body.till = NOW.time)),
        ErrorCode::KDC_ERR_NEVER_VALID
    );
}

#[test]
fn renewability_is_inherited_and_never_grows() {
    let ask = |options, rtime: Option<i64>| {
        let part = part(&ask(|request| {
            request.body.kdc_options = options;
            request.body.rtime = rtime.map(|seconds| NOW.time.offset(seconds));
        }));
        assert_eq!(part.flags.contains(TicketFlags::RENEWABLE), part.renew_till.is_some());
        part.renew_till.map(|time| time.since(NOW.time))
    };
    assert_eq!(ask(KdcOptions::RENEWABLE, Some(DAY)), Some(DAY));
    assert_eq!(ask(KdcOptions::RENEWABLE, Some(30 * DAY)), Some(3 * DAY));
    assert_eq!(ask(KdcOptions::RENEWABLE, None), Some(3 * DAY));
    assert_eq!(ask(KdcOptions::empty(), Some(DAY)), None);
}

#[test]
fn options_beyond_the_ticket_are_refused() {
    let ask = |tgt: &Credentials, option| {
        let mut request = Tgs::new(tgt, principal("host/localhost"));
        request.body.kdc_options = option;
        tcp(&KDC, &request.signed(), NOW)
    };
    let options = [
        KdcOptions::FORWARDABLE,
        KdcOptions::FORWARDED,
        KdcOptions::PROXIABLE,
        KdcOptions::PROXY,
        KdcOptions::RENEWABLE,
        KdcOptions::RENEW,
    ];
    for option in options {
        assert_eq!(code(&ask(&PLAIN, option)), ErrorCode::KDC_ERR_BADOPTION, "{option:?}");
        if option != KdcOptions::RENEW {
            assert!(ask(&TGT, option).first() == Some(&0x6d), "{option:?}");
        }
    }
    let never = [
        KdcOptions::VALIDATE,
        KdcOptions::ENC_TKT_IN_SKEY,
        KdcOptions::CNAME_IN_ADDL_TKT,
        KdcOptions::REQUEST_ANONYMOUS,
    ];
    for option in never {
        assert_eq!(code(&ask(&TGT, option)), ErrorCode::KDC_ERR_BADOPTION, "{option:?}");
    }
    for option in [KdcOptions::POSTDATED, KdcOptions::ALLOW_POSTDATE] {
        assert_eq!(
            code(&ask(&TGT, option)),
            ErrorCode::KDC_ERR_CANNOT_POSTDATE,
            "{option:?}"
        );
    }
}

/// A TGT that may become anything, for these [`addresses`] only.
fn bound() -> Credentials {
    let reply = tcp(
        &KDC,
        &as_req(|request| {
            request.req_body.kdc_options = KdcOptions::FORWARDABLE | KdcOptions::PROXIABLE | KdcOptions::RENEWABLE;
            request.req_body.addresses = addresses();
        }),
        NOW,
    );
    let part = as_part(&reply);
    assert_eq!(part.caddr, addresses());
    let ticket = krb5_proto::messages::AsRep::from_der(&reply).unwrap().ticket;
    Credentials {
        key: part.key.into(),
        ticket: ticket.to_der().unwrap(),
        ..TGT.clone()
    }
}

#[test]
fn forwarded_tickets_have_the_addresses_asked_for() {
    let bound = bound();
    let ask = |options, addresses| {
        let mut request = Tgs::new(&bound, krbtgt());
        request.body.kdc_options = options;
        request.body.addresses = addresses;
        let key = bound.key.to_key(&PROVIDER).unwrap();
        tgs_part(&tcp(&KDC, &request.signed(), NOW), &key, KeyUsage::TGS_REP_SESSION).0
    };
    let forwarded = ask(KdcOptions::FORWARDED | KdcOptions::FORWARDABLE, None);
    assert_eq!(forwarded.caddr, None);
    assert!(
        forwarded
            .flags
            .contains(TicketFlags::FORWARDED | TicketFlags::FORWARDABLE)
    );
    let same = ask(KdcOptions::empty(), None);
    assert_eq!(same.caddr, addresses(), "without the option the ticket's own");
    assert!(!same.flags.contains(TicketFlags::FORWARDED));
}

#[test]
fn what_comes_from_a_forwarded_ticket_is_marked_as_forwarded() {
    let forwarded = further(&KDC, TgsOptions::forwarded(TGT.clone()).unwrap(), NOW).unwrap();
    assert!(forwarded.flags.contains(TicketFlags::FORWARDED));
    let ticket = further(&KDC, TgsOptions::new(forwarded, principal("host/localhost")), NOW).unwrap();
    assert!(ticket.flags.contains(TicketFlags::FORWARDED | TicketFlags::FORWARDABLE));
    assert_eq!(ticket.authtime, TGT.authtime);
}

#[test]
fn a_proxy_is_for_a_service_and_not_for_the_kdc() {
    let proxy = part(&ask(|request| {
        request.body.kdc_options = KdcOptions::PROXY;
        request.body.addresses = addresses();
    }));
    assert!(proxy.flags.contains(TicketFlags::PROXY));
    assert_eq!(proxy.caddr, addresses());
    let reply = ask(|request| {
        request.body.kdc_options = KdcOptions::PROXY;
        request.body.sname = Some(krbtgt().name);
    });
    assert_eq!(code(&reply), ErrorCode::KDC_ERR_BADOPTION);
}

#[test]
fn a_strict_service_gets_neither_forwardable_nor_proxiable_tickets() {
    let flags = part(&ask(|request| {
        request.body.kdc_options = KdcOptions::FORWARDABLE | KdcOptions::PROXIABLE;
        request.body.sname = Some(principal("host/strict").name);
    }))
    .flags;
    assert_eq!(
        flags.intersection(TicketFlags::FORWARDABLE | TicketFlags::PROXIABLE),
        TicketFlags::empty()
    );
}

fn renew(tgt: &Credentials, server: krb5_proto::Principal, now: Timestamp) -> Vec<u8> {
    let mut request = Tgs::new(tgt, server);
    request.body.kdc_options = KdcOptions::RENEW;
    request.authenticator.ctime = now.time;
    tcp(&KDC, &request.signed(), now)
}

#[test]
fn renewing_extends_a_ticket_by_its_own_length_until_it_cannot_be_renewed() {
    let later = NOW.offset(9 * HOUR);
    let renewed = part(&renew(&TGT, krbtgt(), later));
    assert_eq!((renewed.authtime, renewed.starttime), (NOW.time, Some(later.time)));
    assert_eq!(
        (renewed.endtime, renewed.renew_till),
        (later.time.offset(10 * HOUR), TGT.renew_till)
    );
    assert_eq!(renewed.flags, TGT.flags);
    assert_eq!(
        code(&renew(&TGT, krbtgt(), NOW.offset(10 * HOUR))),
        ErrorCode::KRB_AP_ERR_TKT_EXPIRED
    );
    assert_eq!(
        code(&renew(&TGT, principal("host/localhost"), NOW)),
        ErrorCode::KDC_ERR_SERVER_NOMATCH
    );
}

#[test]
fn renewing_does_not_loosen_a_ticket_from_its_addresses() {
    let bound = bound();
    let ask = |options| {
        let mut request = Tgs::new(&bound, krbtgt());
        request.body.kdc_options = options;
        tcp(&KDC, &request.signed(), NOW)
    };
    let key = bound.key.to_key(&PROVIDER).unwrap();
    let renewed = tgs_part(&ask(KdcOptions::RENEW), &key, KeyUsage::TGS_REP_SESSION).0;
    assert_eq!(renewed.caddr, addresses());
    for elsewhere in [KdcOptions::FORWARDED, KdcOptions::PROXY] {
        let reply = ask(KdcOptions::RENEW | elsewhere);
        assert_eq!(code(&reply), ErrorCode::KDC_ERR_BADOPTION, "{elsewhere:?}");
    }
}

#[test]
fn a_ticket_for_a_service_can_be_renewed_but_gives_no_others() {
    let service = principal("host/localhost");
    let ticket = further(&KDC, TgsOptions::new(TGT.clone(), service.clone()), NOW).unwrap();
    let key = ticket.key.to_key(&PROVIDER).unwrap();
    let renewed = tgs_part(
        &renew(&ticket, service.clone(), NOW.offset(HOUR)),
        &key,
        KeyUsage::TGS_REP_SESSION,
    )
    .0;
    assert_eq!(renewed.endtime, NOW.time.offset(11 * HOUR));
    for server in [krbtgt(), service, principal("host/trusted")] {
        let reply = tcp(&KDC, &Tgs::new(&ticket, server).signed(), NOW);
        assert_eq!(code(&reply), ErrorCode::KRB_AP_ERR_NOT_US);
    }
}

#[test]
fn unknown_and_unusable_services_are_refused() {
    let server = |name: &str| ask(|request| request.body.sname = Some(principal(name).name));
    assert_eq!(code(&server("host/nowhere")), ErrorCode::KDC_ERR_S_PRINCIPAL_UNKNOWN);
    assert_eq!(
        code(&server("krbtgt/OTHER.TEST")),
        ErrorCode::KDC_ERR_S_PRINCIPAL_UNKNOWN
    );
    assert_eq!(code(&server("locked")), ErrorCode::KDC_ERR_SERVICE_REVOKED);
    assert_eq!(code(&server("gone")), ErrorCode::KDC_ERR_SERVICE_EXP);
    let reply = ask(|request| request.body.sname = None);
    assert_eq!(code(&reply), ErrorCode::KDC_ERR_S_PRINCIPAL_UNKNOWN);
    let reply = ask(|request| request.body.realm = Realm::from("OTHER"));
    assert_eq!(code(&reply), ErrorCode::KDC_ERR_S_PRINCIPAL_UNKNOWN);
}

#[test]
fn d3_tickets_in_anothers_name_are_refused() {
    for padata_type in [129, 130] {
        let reply = ask(|request| {
            request.padata.push(PaData {
                padata_type,
                padata_value: Octets::default(),
            })
        });
        assert_eq!(code(&reply), ErrorCode::KDC_ERR_PADATA_TYPE_NOSUPP);
    }
}

#[test]
fn authorization_data_of_the_client_reaches_the_service() {
    let data = AuthorizationData(vec![AuthDataEntry {
        ad_type: 77,
        ad_data: b"restriction".to_vec().into(),
    }]);
    let plaintext = data.to_der().unwrap();
    let received = |change: &dyn Fn(&mut Tgs)| {
        let reply = ask(change);
        let ticket = krb5_proto::messages::TgsRep::from_der(&reply).unwrap().ticket;
        inside(&ticket.to_der().unwrap(), "host/localhost").authorization_data
    };
    let in_session = |request: &mut Tgs| {
        let data = seal(&request.session_key, KeyUsage::TGS_REQ_AUTHDATA_SESSION, &plaintext);
        request.body.enc_authorization_data = Some(data);
    };
    assert_eq!(received(&in_session), Some(data.clone()));
    let in_subkey = |request: &mut Tgs| {
        let subkey = random_key();
        let key = subkey.to_key(&PROVIDER).unwrap();
        request.body.enc_authorization_data = Some(seal(&key, KeyUsage::TGS_REQ_AUTHDATA_SUBKEY, &plaintext));
        request.authenticator.subkey = Some(subkey);
    };
    assert_eq!(received(&in_subkey), Some(data));
    assert_eq!(received(&|_| {}), None);
    let reply = ask(|request| {
        let data = seal(&request.session_key, KeyUsage::TGS_REQ_AUTHDATA_SUBKEY, &plaintext);
        request.body.enc_authorization_data = Some(data);
    });
    assert_eq!(code(&reply), ErrorCode::KRB_AP_ERR_BAD_INTEGRITY, "the wrong usage");
}
