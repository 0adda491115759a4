//! The AS exchange: what is granted, and what is refused with which code.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::time::Duration;

use krb5_kdc::{Kdc, NewPrincipal, Transport};
use krb5_proto::crypto::{Enctype, KeyUsage};
use krb5_proto::exchange::AsOptions;
use krb5_proto::messages::preauth::{self, PA_ENC_TIMESTAMP, PA_ETYPE_INFO2, PA_REQ_ENC_PA_REP};
use krb5_proto::messages::{
    AsReq, Checksum, EtypeInfo2, HostAddress, KdcOptions, KrbError, MethodData, PaData, TicketFlags,
};
use krb5_proto::{Error, ErrorCode, KerberosTime, Octets, PrincipalName, Realm};

use support::*;

fn ask(change: impl FnOnce(&mut AsReq)) -> Vec<u8> {
    tcp(&KDC, &as_req(change), NOW)
}

#[test]
fn a_password_gives_a_ticket_granting_ticket() {
    let tgt = initial(&KDC, password_of("user"), NOW).unwrap();
    assert_eq!((tgt.client.clone(), tgt.server.clone()), (principal("user"), krbtgt()));
    assert_eq!((tgt.authtime, tgt.starttime), (NOW.time, Some(NOW.time)));
    assert_eq!(tgt.endtime, NOW.time.offset(10 * HOUR));
    let flags = TicketFlags::INITIAL
        | TicketFlags::PRE_AUTHENT
        | TicketFlags::ENC_PA_REP
        | TicketFlags::TRANSITED_POLICY_CHECKED;
    assert_eq!(tgt.flags, flags);
}

#[test]
fn a_wrong_password_is_told_apart() {
    let mut options = password_of("user");
    options.credential = krb5_proto::exchange::LongTerm::Password(b"guess".to_vec().into());
    assert!(matches!(initial(&KDC, options, NOW), Err(Error::WrongPassword { .. })));
}

#[test]
fn salt_and_iterations_of_a_principal_reach_its_client() {
    let odd = NewPrincipal::with_password("odd", PASSWORD)
        .salt("Na Cl")
        .iterations(5000)
        .enctypes(&[ETYPE]);
    let kdc = Kdc::builder(REALM).enctypes(&[ETYPE]).add(odd).build().unwrap();
    assert!(initial(&kdc, password_of("odd"), NOW).is_ok());
}

#[test]
fn every_enctype_serves_for_all_keys() {
    for etype in Enctype::ALL.iter().copied() {
        let kdc = Kdc::builder(REALM)
            .enctypes(&[etype])
            .principal("user", PASSWORD)
            .build()
            .unwrap();
        let tgt = initial(&kdc, password_of("user"), NOW).unwrap();
        assert_eq!(tgt.key.keytype, etype.number());
    }
}

#[test]
fn without_a_proof_the_client_learns_how_to_make_one() {
    let reply = ask(|request| request.padata = None);
    assert_eq!(code(&reply), ErrorCode::KDC_ERR_PREAUTH_REQUIRED);
    let methods = MethodData::from_der(&refusal(&reply).e_data.unwrap()).unwrap();
    assert_eq!(methods.find(PA_ENC_TIMESTAMP), Some(&[][..]));
    let info = EtypeInfo2::from_der(methods.find(PA_ETYPE_INFO2).unwrap()).unwrap();
    let types: Vec<_> = info.iter().map(|entry| entry.etype).collect();
    assert_eq!(
        types,
        [18, 17],
        "those of the client that the KDC has, in the client's order"
    );
    assert!(
        info.iter()
            .all(|entry| entry.salt.as_ref().unwrap() == "EXAMPLE.TESTuser")
    );
}

#[test]
fn d2_no_proof_no_ticket() {
    let other = krb5_proto::crypto::Key::new(USER_KEY.provider(), ETYPE, &[7; 32]).unwrap();
    let cases: [(&str, Vec<PaData>); 6] = [
        (
            "empty",
            vec![PaData {
                padata_type: PA_ENC_TIMESTAMP,
                padata_value: Octets::default(),
            }],
        ),
        (
            "garbage",
            vec![PaData {
                padata_type: PA_ENC_TIMESTAMP,
                padata_value: vec![1, 2, 3].into(),
            }],
        ),
        ("another key", vec![timestamp(&other, NOW)]),
        ("another usage", {
            let data = seal(&USER_KEY, KeyUsage::AS_REP, b"20300101000000Z").to_der().unwrap();
            vec![PaData {
                padata_type: PA_ENC_TIMESTAMP,
                padata_value: data.into(),
            }]
        }),
        ("no time inside", {
            let data = seal(&USER_KEY, KeyUsage::AS_REQ_PA_ENC_TIMESTAMP, b"")
                .to_der()
                .unwrap();
            vec![PaData {
                padata_type: PA_ENC_TIMESTAMP,
                padata_value: data.into(),
            }]
        }),
        (
            "a good one behind a bad one",
            vec![timestamp(&other, NOW), timestamp(&USER_KEY, NOW)],
        ),
    ];
    for (name, padata) in cases {
        let reply = ask(|request| request.padata = Some(padata));
        assert_eq!(code(&reply), ErrorCode::KDC_ERR_PREAUTH_FAILED, "{name}");
        assert!(MethodData::from_der(&refusal(&reply).e_data.unwrap()).is_ok(), "{name}");
    }
}

#[test]
fn d2_a_principal_without_preauthentication_gets_a_ticket_that_says_so() {
    let tgt = initial(&KDC, password_of("open"), NOW).unwrap();
    assert!(!tgt.flags.contains(TicketFlags::PRE_AUTHENT));
    let bad = PaData {
        padata_type: PA_ENC_TIMESTAMP,
        padata_value: Octets::default(),
    };
    let reply = ask(|request| {
        request.req_body.cname = Some(principal("open").name);
        request.padata = Some(vec![bad]);
    });
    assert_eq!(
        code(&reply),
        ErrorCode::KDC_ERR_PREAUTH_FAILED,
        "a wrong proof is worse than none"
    );
}

#[test]
fn a_clock_may_be_wrong_by_the_skew_and_no_more() {
    for (seconds, granted) in [(-301, false), (-300, true), (0, true), (300, true), (301, false)] {
        let proof = timestamp(&USER_KEY, NOW.offset(seconds));
        let reply = ask(|request| request.padata = Some(vec![proof]));
        if granted {
            assert!(as_part(&reply).flags.contains(TicketFlags::PRE_AUTHENT), "{seconds}");
        } else {
            assert_eq!(code(&reply), ErrorCode::KRB_AP_ERR_SKEW, "{seconds}");
            let error = refusal(&reply);
            assert_eq!((error.stime, error.susec), (NOW.time, NOW.microseconds()), "{seconds}");
        }
    }
}

#[test]
fn unknown_and_unusable_principals_are_refused() {
    type Change = fn(&mut AsReq);
    let name = |name: &str| Some(principal(name).name);
    let client = |client: &str| {
        let client = name(client);
        code(&ask(|request| request.req_body.cname = client))
    };
    let server = |server: &str| {
        let server = name(server);
        code(&ask(|request| request.req_body.sname = server))
    };
    assert_eq!(client("nobody"), ErrorCode::KDC_ERR_C_PRINCIPAL_UNKNOWN);
    assert_eq!(client("locked"), ErrorCode::KDC_ERR_CLIENT_REVOKED);
    assert_eq!(client("stale"), ErrorCode::KDC_ERR_KEY_EXPIRED);
    assert_eq!(client("gone"), ErrorCode::KDC_ERR_NAME_EXP);
    assert_eq!(server("host/nowhere"), ErrorCode::KDC_ERR_S_PRINCIPAL_UNKNOWN);
    assert_eq!(server("krbtgt/OTHER.TEST"), ErrorCode::KDC_ERR_S_PRINCIPAL_UNKNOWN);
    assert_eq!(server("locked"), ErrorCode::KDC_ERR_SERVICE_REVOKED);
    assert_eq!(server("gone"), ErrorCode::KDC_ERR_SERVICE_EXP);
    let cases: [(&str, Change, ErrorCode); 4] = [
        (
            "no client",
            |r| r.req_body.cname = None,
            ErrorCode::KDC_ERR_C_PRINCIPAL_UNKNOWN,
        ),
        (
            "no server",
            |r| r.req_body.sname = None,
            ErrorCode::KDC_ERR_S_PRINCIPAL_UNKNOWN,
        ),
        (
            "an empty name",
            |r| r.req_body.cname = Some(PrincipalName::default()),
            ErrorCode::KDC_ERR_C_PRINCIPAL_UNKNOWN,
        ),
        (
            "another realm",
            |r| r.req_body.realm = Realm::from("OTHER"),
            ErrorCode::KDC_ERR_C_PRINCIPAL_UNKNOWN,
        ),
    ];
    for (name, change, expected) in cases {
        assert_eq!(code(&ask(change)), expected, "{name}");
    }
}

#[test]
fn refusals_repeat_who_and_what_was_asked_for() {
    let reply = ask(|request| request.req_body.sname = Some(principal("host/nowhere").name));
    let KrbError {
        crealm,
        cname,
        realm,
        sname,
        ..
    } = refusal(&reply);
    assert_eq!((crealm, cname), (Some(support::realm()), Some(principal("user").name)));
    assert_eq!((realm, sname), (support::realm(), principal("host/nowhere").name));
}

#[test]
fn encryption_types_are_the_clients_first_that_will_do() {
    for (wanted, reply_type) in [(vec![17, 18], 17), (vec![18, 17], 18), (vec![23, -128, 17], 17)] {
        let reply = ask(|request| {
            request.req_body.etype = wanted.clone();
            request.req_body.cname = Some(principal("user").name);
        });
        let rep = krb5_proto::messages::AsRep::from_der(&reply).unwrap();
        assert_eq!(rep.enc_part.etype, reply_type, "{wanted:?}");
        assert_eq!(
            rep.ticket.enc_part.etype, 18,
            "the server's best, whatever the client knows"
        );
    }
    for wanted in [vec![], vec![23, 16, 1], vec![20]] {
        let reply = ask(|request| request.req_body.etype = wanted.clone());
        assert_eq!(code(&reply), ErrorCode::KDC_ERR_ETYPE_NOSUPP, "{wanted:?}");
    }
}

#[test]
fn the_session_key_is_of_a_type_that_the_server_has() {
    let options = AsOptions {
        server: Some(principal("host/small")),
        ..user()
    };
    let options = AsOptions {
        etypes: vec![ETYPE, Enctype::Aes128CtsHmacSha196],
        ..options
    };
    // The client has a key of one type only, and asks for that type alone.
    assert!(initial(&KDC, options, NOW).is_err());
    let reply = ask(|request| request.req_body.sname = Some(principal("host/small").name));
    assert_eq!(as_part(&reply).key.keytype, 17);
}

#[test]
fn tickets_end_when_asked_and_at_most_after_a_day() {
    let end_for = |till: KerberosTime| {
        let reply = ask(|request| request.req_body.till = till);
        as_part(&reply).endtime.since(NOW.time)
    };
    assert_eq!(end_for(NOW.time.offset(60)), 60);
    assert_eq!(end_for(NOW.time.offset(2 * DAY)), DAY);
    assert_eq!(
        end_for(KerberosTime(0)),
        DAY,
        "the epoch stands for as long as possible"
    );
    assert_eq!(end_for(KerberosTime::MAX), DAY);
    for till in [NOW.time, NOW.time.offset(-1), KerberosTime(1), KerberosTime::MIN] {
        let reply = ask(|request| request.req_body.till = till);
        assert_eq!(code(&reply), ErrorCode::KDC_ERR_NEVER_VALID, "{till}");
    }
}

#[test]
fn renewable_tickets_are_renewable_for_a_week_at_most() {
    let ask = |options: KdcOptions, till: i64, rtime: Option<KerberosTime>| {
        let part = as_part(&ask(|request| {
            request.req_body.kdc_options = options;
            request.req_body.till = NOW.time.offset(till);
            request.req_body.rtime = rtime;
        }));
        assert_eq!(part.flags.contains(TicketFlags::RENEWABLE), part.renew_till.is_some());
        part.renew_till.map(|renew_till| renew_till.since(NOW.time))
    };
    let later = |seconds| Some(NOW.time.offset(seconds));
    let (none, renewable, ok) = (KdcOptions::empty(), KdcOptions::RENEWABLE, KdcOptions::RENEWABLE_OK);
    assert_eq!(ask(none, HOUR, later(DAY)), None);
    assert_eq!(ask(renewable, HOUR, later(DAY)), Some(DAY));
    assert_eq!(ask(renewable, HOUR, later(30 * DAY)), Some(7 * DAY));
    assert_eq!(ask(renewable, HOUR, None), Some(7 * DAY));
    assert_eq!(ask(renewable, HOUR, Some(KerberosTime(0))), Some(7 * DAY));
    assert_eq!(ask(renewable, HOUR, later(60)), None, "renewing it would not extend it");
    assert_eq!(ask(ok, HOUR, None), None, "it lasts as long as asked");
    assert_eq!(ask(ok, 3 * DAY, None), Some(3 * DAY));
}

#[test]
fn what_a_principal_may_not_have_is_left_out() {
    let options = KdcOptions::FORWARDABLE | KdcOptions::PROXIABLE;
    let renew_life = Some(Duration::from_secs(3 * 86_400));
    let all = TicketFlags::FORWARDABLE | TicketFlags::PROXIABLE | TicketFlags::RENEWABLE;
    for (name, expected) in [("user", all), ("homebody", TicketFlags::PROXIABLE)] {
        let options = AsOptions {
            kdc_options: options,
            renew_life,
            ..password_of(name)
        };
        let tgt = initial(&KDC, options, NOW).unwrap();
        assert_eq!(tgt.flags.intersection(all), expected, "{name}");
    }
    let reply = ask(|request| {
        request.req_body.kdc_options = options;
        request.req_body.sname = Some(principal("host/strict").name);
    });
    assert_eq!(as_part(&reply).flags.intersection(all), TicketFlags::empty());
}

#[test]
fn postdating_unasked_for_and_options_of_the_other_exchange_are_refused() {
    for option in [KdcOptions::POSTDATED, KdcOptions::ALLOW_POSTDATE] {
        let reply = ask(|request| {
            request.req_body.kdc_options = option;
            request.req_body.sname = Some(principal("host/strict").name);
        });
        assert_eq!(code(&reply), ErrorCode::KDC_ERR_CANNOT_POSTDATE, "{option:?}");
    }
    let reply = ask(|request| request.req_body.from = Some(NOW.time.offset(301)));
    assert_eq!(code(&reply), ErrorCode::KDC_ERR_CANNOT_POSTDATE);
    for from in [-DAY, 0, 300] {
        let reply = ask(|request| request.req_body.from = Some(NOW.time.offset(from)));
        assert_eq!(as_part(&reply).starttime, Some(NOW.time), "a start by now is now");
    }
    for option in [
        KdcOptions::FORWARDED,
        KdcOptions::PROXY,
        KdcOptions::RENEW,
        KdcOptions::VALIDATE,
        KdcOptions::ENC_TKT_IN_SKEY,
        KdcOptions::CNAME_IN_ADDL_TKT,
        KdcOptions::REQUEST_ANONYMOUS,
    ] {
        let reply = ask(|request| request.req_body.kdc_options = option);
        assert_eq!(code(&reply), ErrorCode::KDC_ERR_BADOPTION, "{option:?}");
    }
}

#[test]
fn addresses_are_those_asked_for() {
    let addresses = Some(vec![HostAddress {
        addr_type: 2,
        address: vec![127, 0, 0, 1].into(),
    }]);
    let part = as_part(&ask(|request| request.req_body.addresses = addresses.clone()));
    assert_eq!(part.caddr, addresses);
    assert_eq!(as_part(&ask(|_| {})).caddr, None);
}

#[test]
fn the_checksum_of_the_request_is_returned_to_who_asks_for_it() {
    let octets = as_req(|request| {
        let ask = PaData {
            padata_type: PA_REQ_ENC_PA_REP,
            padata_value: Octets::default(),
        };
        request.padata.as_mut().unwrap().push(ask);
    });
    let part = as_part(&tcp(&KDC, &octets, NOW));
    let padata = part.encrypted_pa_data.unwrap();
    let checksum = Checksum::from_der(preauth::find(&padata, PA_REQ_ENC_PA_REP).unwrap()).unwrap();
    USER_KEY
        .verify_checksum(KeyUsage::AS_REQ, &[&octets], &checksum.checksum)
        .unwrap();
    assert!(as_part(&ask(|_| {})).encrypted_pa_data.is_none());
}

#[test]
fn k6_nothing_but_a_request_is_answered() {
    let error = ask(|request| request.padata = None);
    let reply = ask(|_| {});
    for silent in [&[][..], &error, &reply, b"GET / HTTP/1.0", &[0x6e, 0], &[0xff; 100]] {
        for transport in [Transport::Udp, Transport::Tcp] {
            assert_eq!(KDC.handle(silent, NOW, transport), None);
        }
    }
}

#[test]
fn replies_too_long_for_a_datagram_are_sent_to_tcp() {
    let request = as_req(|_| {});
    let length = tcp(&KDC, &request, NOW).len();
    for (limit, fits) in [(length, true), (length - 1, false), (0, false)] {
        let kdc = builder().udp_reply_limit(limit).build().unwrap();
        let reply = kdc.handle(&request, NOW, Transport::Udp).unwrap();
        assert_eq!(reply.first() == Some(&0x6b), fits);
        if !fits {
            assert_eq!(code(&reply), ErrorCode::KRB_ERR_RESPONSE_TOO_BIG);
        }
        assert!(krb5_proto::messages::AsRep::from_der(&tcp(&kdc, &request, NOW)).is_ok());
    }
}

#[test]
fn too_long_requests_are_refused_unread() {
    let request = vec![0x6a; (1 << 16) + 1];
    assert_eq!(code(&tcp(&KDC, &request, NOW)), ErrorCode::KRB_ERR_FIELD_TOOLONG);
}
