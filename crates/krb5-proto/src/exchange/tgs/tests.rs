use std::time::Duration;

use krb5_crypto::primitives::rustcrypto::PROVIDER;

use super::*;
use crate::error::ReplyField;
use crate::exchange::Subkey;
use crate::exchange::test_realm::{Draft, ETYPE, NOW, TestRealm, client, key, principal, service, tgs};
use crate::messages::TicketFlags;

fn tgt() -> Credentials {
    TestRealm::new().credentials(&tgs(), TicketFlags::INITIAL | TicketFlags::FORWARDABLE)
}

fn options() -> TgsOptions {
    TgsOptions::new(tgt(), service())
}

fn start(options: TgsOptions) -> (KdcRequest, AwaitTgsRep) {
    TgsExchange::start(&PROVIDER, options, NOW).unwrap()
}

fn done(step: Step<AwaitTgsRep, TgsOutcome>) -> TgsOutcome {
    match step {
        Step::Done(outcome) => outcome,
        Step::Send { .. } => panic!("another request is due"),
    }
}

fn sent(step: Step<AwaitTgsRep, TgsOutcome>) -> (KdcRequest, AwaitTgsRep) {
    match step {
        Step::Send { request, next } => (request, next),
        Step::Done(_) => panic!("the exchange is complete"),
    }
}

fn answered(options: TgsOptions, change: impl FnOnce(&mut Draft)) -> Result<TgsOutcome, Error> {
    let (request, state) = start(options);
    state
        .reply(&TestRealm::new().tgs_rep(&request.message, change), NOW)
        .map(done)
}

#[test]
fn a_ticket_for_the_service_is_obtained() {
    let outcome = answered(options(), |_| ()).unwrap();
    assert_eq!(
        (&outcome.credentials.client, &outcome.credentials.server),
        (&client(), &service())
    );
    assert_eq!(outcome.credentials.key.expose(), key(3).expose());
    assert_eq!(outcome.clock_offset, None);
}

#[test]
fn the_request_proves_possession_of_the_session_key_over_the_whole_body() {
    let (request, _) = start(options());
    assert_eq!(
        (request.realm.as_bytes(), request.route),
        (&b"EXAMPLE.ORG"[..], Route::Any)
    );
    // The test KDC checks authenticator and checksum.
    let (authenticator, _) = TestRealm::new().open_tgs_req(&request.message);
    assert_eq!(authenticator.cname, client().name);
    assert_eq!(authenticator.ctime, NOW.time);
    assert!(authenticator.subkey.is_some());
    let TgsReq { padata, req_body } = TgsReq::from_der(&request.message).unwrap();
    assert_eq!(padata.unwrap()[0].padata_type, PA_TGS_REQ);
    assert_eq!((req_body.cname, req_body.from), (None, None));
    assert_eq!(req_body.sname, Some(service().name));
    assert_eq!(req_body.till, tgt().endtime);
    assert!((1..1 << 31).contains(&req_body.nonce.0));
    assert!(req_body.kdc_options.contains(KdcOptions::FORWARDABLE));
}

#[test]
fn i41_the_reply_may_be_in_the_subkey_or_the_session_key() {
    let session: fn(&mut Draft) = |d| (d.key, d.usage) = (key(3), KeyUsage::TGS_REP_SESSION);
    answered(options(), |_| ()).unwrap();
    answered(options(), session).unwrap();
    let without = || TgsOptions {
        subkey: Subkey::None,
        ..options()
    };
    answered(without(), |_| ()).unwrap();
}

#[test]
fn i41_each_key_is_tried_with_its_own_usage_only() {
    let refused = |options, change: fn(&mut Draft)| match answered(options, change) {
        Err(Error::Integrity { .. }) => {}
        other => panic!("{other:?}"),
    };
    refused(options(), |d| d.usage = KeyUsage::TGS_REP_SESSION);
    refused(options(), |d| (d.key, d.usage) = (key(3), KeyUsage::TGS_REP_SUBKEY));
    refused(options(), |d| d.key = key(4));
    let without = TgsOptions {
        subkey: Subkey::None,
        ..options()
    };
    refused(without, |d| d.usage = KeyUsage::TGS_REP_SUBKEY);
}

#[test]
fn k1_k2_each_mutant_is_refused_by_its_own_check() {
    type Mutant = fn(&mut Draft);
    let mutants: &[(ReplyField, Mutant)] = &[
        (ReplyField::ClientRealm, |d| d.crealm = "EVIL.ORG".into()),
        (ReplyField::ClientName, |d| {
            d.cname = principal("admin@EXAMPLE.ORG").name
        }),
        (ReplyField::TicketRealm, |d| d.ticket.realm = "EVIL.ORG".into()),
        (ReplyField::TicketName, |d| {
            d.ticket.sname = principal("host/evil@EXAMPLE.ORG").name
        }),
        (ReplyField::ServerRealm, |d| {
            d.part.srealm = "EVIL.ORG".into();
            d.ticket.realm = "EVIL.ORG".into();
        }),
        (ReplyField::ServerName, |d| {
            d.part.sname = principal("host/evil@EXAMPLE.ORG").name;
            d.ticket.sname = d.part.sname.clone();
        }),
        (ReplyField::Nonce, |d| d.part.nonce.0 ^= 0x4000_0000),
        (ReplyField::EndTime, |d| d.part.endtime = d.part.endtime.offset(1)),
        (ReplyField::Lifetime, |d| d.part.endtime = NOW.time),
        (ReplyField::Flags, |d| d.part.flags.insert(TicketFlags::INVALID)),
        (ReplyField::SessionKeyType, |d| {
            d.part.key = EncryptionKey::new(23, vec![0; 16])
        }),
    ];
    for (i, (field, mutant)) in mutants.iter().enumerate() {
        match answered(options(), mutant) {
            Err(Error::KdcReplyModified(found)) => assert_eq!(found, *field, "mutant {i}"),
            other => panic!("mutant {i}: {other:?}"),
        }
    }
}

#[test]
fn k4_another_encryption_type_is_refused() {
    for etype in [17, 19, 20, 23, 0] {
        assert!(matches!(
            answered(options(), |d| d.etype = etype),
            Err(Error::EtypeNotRequested { .. })
        ));
    }
}

#[test]
fn k2_a_ticket_that_starts_at_another_time_is_refused() {
    let starting = |seconds| answered(options(), |d| d.part.starttime = Some(NOW.time.offset(seconds)));
    starting(300).unwrap();
    starting(-300).unwrap();
    assert!(matches!(
        starting(301),
        Err(Error::KdcReplySkew {
            seconds: 301,
            allowed: 300
        })
    ));
    assert!(matches!(starting(-301), Err(Error::KdcReplySkew { seconds: -301, .. })));
    // Its absence says nothing: the time of authentication may be hours ago.
    answered(options(), |d| {
        (d.part.starttime, d.part.authtime) = (None, NOW.time.offset(-9999))
    })
    .unwrap();
}

#[test]
fn k8_a_referral_names_the_other_realm_and_is_not_followed() {
    let error = answered(options(), |d| {
        d.part.sname = principal("krbtgt/OTHER.ORG@EXAMPLE.ORG").name;
        d.ticket.sname = d.part.sname.clone();
    })
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "host/cave.example.org@EXAMPLE.ORG is in the realm OTHER.ORG, to which referrals are not followed"
    );
}

#[test]
fn a_renewable_ticket_is_asked_for_no_longer_than_the_tgt_is() {
    let mut tgt = tgt();
    tgt.flags.insert(TicketFlags::RENEWABLE);
    tgt.renew_till = Some(NOW.time.offset(80_000));
    let renewable = || TgsOptions::new(tgt.clone(), service());
    let (request, _) = start(renewable());
    let body = TgsReq::from_der(&request.message).unwrap().req_body;
    assert_eq!(body.rtime, tgt.renew_till);
    answered(renewable(), |_| ()).unwrap();
    let longer = answered(renewable(), |d| d.part.renew_till = Some(NOW.time.offset(80_001)));
    assert!(matches!(longer, Err(Error::KdcReplyModified(ReplyField::RenewTill))));
    let brief = TgsOptions {
        lifetime: Some(Duration::from_secs(60)),
        ..renewable()
    };
    let (request, _) = start(brief);
    assert_eq!(
        TgsReq::from_der(&request.message).unwrap().req_body.till,
        NOW.time.offset(60)
    );
}

#[test]
fn a_forwarded_ticket_is_asked_for_and_insisted_on() {
    let forwarded = || TgsOptions::forwarded(tgt()).unwrap();
    let (request, _) = start(forwarded());
    let body = TgsReq::from_der(&request.message).unwrap().req_body;
    assert!(
        body.kdc_options
            .contains(KdcOptions::FORWARDED | KdcOptions::FORWARDABLE)
    );
    assert_eq!(body.sname, Some(tgs().name));
    let outcome = answered(forwarded(), |_| ()).unwrap();
    assert!(outcome.credentials.flags.contains(TicketFlags::FORWARDED));
    assert!(outcome.credentials.server.is_krbtgt());
    let plain = answered(forwarded(), |d| d.part.flags.remove(TicketFlags::FORWARDED));
    assert!(matches!(plain, Err(Error::KdcReplyModified(ReplyField::Flags))));
}

#[test]
fn a_ticket_that_may_not_be_forwarded_is_not() {
    let mut tgt = tgt();
    tgt.flags.remove(TicketFlags::FORWARDABLE);
    let error = TgsOptions::forwarded(tgt).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the ticket-granting ticket of alibaba@EXAMPLE.ORG is not forwardable"
    );
}

#[test]
fn a_renewed_ticket_may_outlive_the_old_one() {
    let mut tgt = tgt();
    tgt.flags.insert(TicketFlags::RENEWABLE);
    tgt.renew_till = Some(NOW.time.offset(80_000));
    let renewed = || TgsOptions::renewed(tgt.clone()).unwrap();
    let (request, _) = start(renewed());
    let body = TgsReq::from_der(&request.message).unwrap().req_body;
    assert!(body.kdc_options.contains(KdcOptions::RENEW | KdcOptions::RENEWABLE));
    assert_eq!((body.till, body.rtime), (NOW.time.offset(80_000), None));
    let longer = |seconds| {
        answered(renewed(), |d| {
            (d.part.endtime, d.part.renew_till) = (NOW.time.offset(seconds), tgt.renew_till)
        })
    };
    assert_eq!(longer(40_000).unwrap().credentials.endtime, NOW.time.offset(40_000));
    assert!(matches!(
        longer(80_001),
        Err(Error::KdcReplyModified(ReplyField::EndTime))
    ));
}

#[test]
fn a_services_ticket_is_renewed_by_its_own_realm() {
    let mut ticket = TestRealm::new().credentials(&service(), TicketFlags::RENEWABLE);
    ticket.renew_till = Some(NOW.time.offset(80_000));
    let (request, _) = start(TgsOptions::renewed(ticket).unwrap());
    assert_eq!(request.realm.as_bytes(), b"EXAMPLE.ORG");
}

#[test]
fn a_ticket_that_may_not_be_renewed_is_not() {
    let error = TgsOptions::renewed(tgt()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the ticket for krbtgt/EXAMPLE.ORG@EXAMPLE.ORG is not renewable"
    );
}

#[test]
fn an_expired_tgt_is_not_used() {
    let at = |seconds| TgsExchange::start(&PROVIDER, options(), NOW.offset(seconds)).map(|_| ());
    at(35_999).unwrap();
    assert_eq!(
        at(36_000).unwrap_err().to_string(),
        "the ticket of alibaba@EXAMPLE.ORG for krbtgt/EXAMPLE.ORG@EXAMPLE.ORG expired at 2026-01-01T10:00:00Z"
    );
    // By the KDC's clock.
    let ahead = TgsOptions {
        clock_offset: 36_000,
        ..options()
    };
    assert!(matches!(
        TgsExchange::start(&PROVIDER, ahead, NOW),
        Err(Error::TicketExpired { .. })
    ));
}

#[test]
fn unusable_tickets_are_an_error() {
    let mut garbage = options();
    garbage.tgt.ticket = b"X-CACHECONF: is not a ticket".to_vec();
    assert!(matches!(
        TgsExchange::start(&PROVIDER, garbage, NOW),
        Err(Error::Malformed { what: "Ticket", .. })
    ));
    let mut rc4 = options();
    rc4.tgt.key = Arc::new(EncryptionKey::new(23, vec![0; 16]));
    assert!(matches!(
        TgsExchange::start(&PROVIDER, rc4, NOW),
        Err(Error::Crypto { .. } | Error::EtypeNotPermitted(_))
    ));
    let none = TgsOptions {
        etypes: Vec::new(),
        ..options()
    };
    assert!(matches!(TgsExchange::start(&PROVIDER, none, NOW), Err(Error::NoEtypes)));
}

#[test]
fn clock_skew_is_made_up_for_once_and_told() {
    let mut realm = TestRealm::new();
    realm.now = NOW.time.offset(-3000);
    let skew = realm.error(ErrorCode::KRB_AP_ERR_SKEW);
    let (_, state) = start(options());
    let (request, state) = sent(state.reply(&skew, NOW).unwrap());
    assert_eq!(realm.open_tgs_req(&request.message).0.ctime, realm.now);
    let outcome = done(state.reply(&realm.tgs_rep(&request.message, |_| ()), NOW).unwrap());
    assert_eq!(outcome.clock_offset, Some(-3000));

    let (_, state) = start(options());
    let (_, state) = sent(state.reply(&skew, NOW).unwrap());
    assert!(matches!(
        state.reply(&skew, NOW),
        Err(Error::KdcClockSkew { seconds: -3000 })
    ));
}

#[test]
fn a_reply_too_big_for_udp_is_fetched_by_tcp_once() {
    let too_big = TestRealm::new().error(ErrorCode::KRB_ERR_RESPONSE_TOO_BIG);
    let (request, state) = start(options());
    let (again, state) = sent(state.reply(&too_big, NOW).unwrap());
    assert_eq!((again.route, again.message), (Route::Tcp, request.message));
    assert!(matches!(state.reply(&too_big, NOW), Err(Error::Kdc(_))));
}

#[test]
fn refusals_name_the_service() {
    let (_, state) = start(options());
    let error = crate::exchange::krb_error::build(ErrorCode::KDC_ERR_S_PRINCIPAL_UNKNOWN, &service(), None, NOW);
    let error = state.reply(&error.unwrap().to_der().unwrap(), NOW).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the KDC of EXAMPLE.ORG refuses: the server is not in the Kerberos database \
         (KDC_ERR_S_PRINCIPAL_UNKNOWN): host/cave.example.org@EXAMPLE.ORG"
    );
    let (_, state) = start(options());
    let as_rep = [0x6b, 0x03, 0x30, 0x01, 0x00];
    assert!(matches!(
        state.reply(&as_rep, NOW),
        Err(Error::UnexpectedMessage { .. })
    ));
}

#[test]
fn a_cross_realm_tgt_is_sent_to_the_other_realms_kdc() {
    let mut options = options();
    options.tgt.server = principal("krbtgt/OTHER.ORG@EXAMPLE.ORG");
    options.server = principal("host/there@OTHER.ORG");
    let (request, _) = start(options);
    assert_eq!(request.realm.as_bytes(), b"OTHER.ORG");
    assert_eq!(
        TgsReq::from_der(&request.message).unwrap().req_body.realm.as_bytes(),
        b"OTHER.ORG"
    );
}

#[test]
fn no_truncation_or_flipped_bit_of_a_reply_yields_another_ticket() {
    let (request, _) = start(options());
    let len = TestRealm::new().tgs_rep(&request.message, |_| ()).len();
    for flip in (0..len * 8).step_by(23) {
        let (request, state) = start(options());
        let mut reply = TestRealm::new().tgs_rep(&request.message, |_| ());
        reply[flip / 8] ^= 1 << (flip % 8);
        if let Ok(step) = state.reply(&reply, NOW) {
            let credentials = done(step).credentials;
            assert_eq!(
                (credentials.client, credentials.server),
                (client(), service()),
                "bit {flip}"
            );
            assert_eq!(credentials.key.keytype, ETYPE.number());
        }
    }
}

#[test]
fn a_ticket_is_validated_when_its_time_has_come() {
    let mut ticket = TestRealm::new().credentials(&tgs(), TicketFlags::INVALID | TicketFlags::POSTDATED);
    ticket.starttime = Some(NOW.time.offset(-3600));
    let validated = || TgsOptions::validated(ticket.clone()).unwrap();
    let (request, _) = start(validated());
    let body = TgsReq::from_der(&request.message).unwrap().req_body;
    assert_eq!((body.kdc_options, body.till), (KdcOptions::VALIDATE, ticket.endtime));
    // It may have started long ago.
    answered(validated(), |d| d.part.starttime = ticket.starttime).unwrap();
    let still = answered(validated(), |d| d.part.flags.insert(TicketFlags::INVALID));
    assert!(matches!(still, Err(Error::KdcReplyModified(ReplyField::Flags))));
    let error = TgsOptions::validated(tgt()).unwrap_err();
    assert!(error.to_string().contains("cannot be validated"), "{error}");
}

#[test]
fn a_postdated_ticket_starts_when_it_was_asked_to() {
    let postdated = || TgsOptions {
        postdate: Some(Duration::from_secs(7200)),
        ..options()
    };
    let (request, _) = start(postdated());
    let body = TgsReq::from_der(&request.message).unwrap().req_body;
    assert!(body.kdc_options.contains(KdcOptions::POSTDATED));
    assert_eq!(body.from, Some(NOW.time.offset(7200)));
    let starting = |seconds| {
        answered(postdated(), |d| {
            d.part.starttime = Some(NOW.time.offset(seconds));
            d.part.flags.insert(TicketFlags::INVALID);
        })
    };
    starting(7200).unwrap();
    assert!(matches!(starting(7201), Err(Error::KdcReplySkew { .. })));
}
