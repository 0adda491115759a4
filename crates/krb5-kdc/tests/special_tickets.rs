//! User to user, postdated tickets, and keys that change.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::sync::LazyLock;

use krb5_kdc::{Attribute, Kdc, NewPrincipal, OldKeys, Transport};
use krb5_proto::crypto::KeyUsage;
use krb5_proto::crypto::primitives::rustcrypto::PROVIDER;
use krb5_proto::exchange::{AsOptions, LongTerm, TgsOptions};
use krb5_proto::messages::{EncTicketPart, KdcOptions, Ticket, TicketFlags};
use krb5_proto::{Credentials, ErrorCode, Timestamp};

use support::{
    HOUR, NOW, PASSWORD, Tgs, as_part, as_req, builder, code, further, initial, password_of, principal, tcp, tgs_part,
    tgt, user,
};

static KDC: LazyLock<Kdc> = LazyLock::new(|| {
    let only = NewPrincipal::with_password("desktop", PASSWORD).attribute(Attribute::UserToUserOnly);
    builder().add(only).build().unwrap()
});
static TGT: LazyLock<Credentials> = LazyLock::new(|| tgt(&KDC, KdcOptions::ALLOW_POSTDATE | KdcOptions::RENEWABLE));
/// A ticket-granting ticket of the server.
static DESKTOP: LazyLock<Credentials> = LazyLock::new(|| initial(&KDC, password_of("desktop"), NOW).unwrap());

fn u2u(server: &str, additional: &[&Credentials]) -> Tgs {
    let mut request = Tgs::new(&TGT, principal(server));
    request.body.kdc_options = KdcOptions::ENC_TKT_IN_SKEY;
    let tickets = additional.iter().map(|other| Ticket::from_der(&other.ticket).unwrap());
    request.body.additional_tickets = Some(tickets.collect());
    request
}

#[test]
fn a_user_to_user_ticket_is_in_the_session_key_of_the_servers_tgt() {
    let reply = tcp(&KDC, &u2u("desktop", &[&DESKTOP]).signed(), NOW);
    let key = TGT.key.to_key(&PROVIDER).unwrap();
    let (part, ticket) = tgs_part(&reply, &key, KeyUsage::TGS_REP_SESSION);
    assert_eq!(ticket.enc_part.kvno, None);
    let session_key = DESKTOP.key.to_key(&PROVIDER).unwrap();
    let plaintext = session_key.decrypt(KeyUsage::TICKET, &ticket.enc_part.cipher).unwrap();
    let inside = EncTicketPart::from_der(&plaintext).unwrap();
    assert_eq!(inside.cname, principal("user").name);
    assert_eq!(part.sname, principal("desktop").name);
}

#[test]
fn a_user_to_user_ticket_needs_a_tgt_of_that_server() {
    let service = further(&KDC, TgsOptions::new(TGT.clone(), principal("host/localhost")), NOW).unwrap();
    for (additional, expected) in [
        (vec![], ErrorCode::KDC_ERR_BADOPTION),
        (vec![&*TGT], ErrorCode::KDC_ERR_SERVER_NOMATCH),
        (vec![&service], ErrorCode::KDC_ERR_BADOPTION),
    ] {
        let reply = tcp(&KDC, &u2u("desktop", &additional).signed(), NOW);
        assert_eq!(code(&reply), expected);
    }
    let late = NOW.offset(10 * HOUR);
    let mut request = u2u("desktop", &[&DESKTOP]);
    request.authenticator.ctime = late.time;
    request.body.till = late.time.offset(HOUR);
    let fresh = initial(&KDC, user(), late).unwrap();
    request.ticket = Ticket::from_der(&fresh.ticket).unwrap();
    request.session_key = fresh.key.to_key(&PROVIDER).unwrap();
    let reply = KDC.handle(&request.signed(), late, Transport::Tcp).unwrap();
    assert_eq!(code(&reply), ErrorCode::KRB_AP_ERR_TKT_EXPIRED, "the server's has");
    let mut damaged = u2u("desktop", &[&DESKTOP]);
    damaged.body.additional_tickets.as_mut().unwrap()[0].enc_part.cipher = vec![0; 200].into();
    assert_eq!(
        code(&tcp(&KDC, &damaged.signed(), NOW)),
        ErrorCode::KRB_AP_ERR_BAD_INTEGRITY
    );
}

#[test]
fn some_servers_take_user_to_user_only() {
    let plain = Tgs::new(&TGT, principal("desktop")).signed();
    assert_eq!(code(&tcp(&KDC, &plain, NOW)), ErrorCode::KDC_ERR_MUST_USE_USER2USER);
    let at_once = as_req(|request| request.req_body.sname = Some(principal("desktop").name));
    assert_eq!(code(&tcp(&KDC, &at_once, NOW)), ErrorCode::KDC_ERR_MUST_USE_USER2USER);
}

/// A TGT that starts in an hour.
fn postdated() -> Credentials {
    let reply = tcp(
        &KDC,
        &as_req(|request| {
            request.req_body.kdc_options = KdcOptions::POSTDATED | KdcOptions::ALLOW_POSTDATE;
            request.req_body.from = Some(NOW.time.offset(HOUR));
        }),
        NOW,
    );
    let part = as_part(&reply);
    assert_eq!(
        (part.authtime, part.starttime, part.endtime),
        (NOW.time, Some(NOW.time.offset(HOUR)), NOW.time.offset(10 * HOUR))
    );
    Credentials {
        key: part.key.into(),
        flags: part.flags,
        starttime: part.starttime,
        ticket: krb5_proto::messages::AsRep::from_der(&reply)
            .unwrap()
            .ticket
            .to_der()
            .unwrap(),
        ..TGT.clone()
    }
}

fn with(ticket: &Credentials, server: &str, option: KdcOptions, at: Timestamp) -> Vec<u8> {
    let mut request = Tgs::new(ticket, principal(server));
    request.body.kdc_options = option;
    request.authenticator.ctime = at.time;
    KDC.handle(&request.signed(), at, Transport::Tcp).unwrap()
}

#[test]
fn a_postdated_ticket_is_valid_once_it_is_validated() {
    let ticket = postdated();
    let flags = TicketFlags::INVALID | TicketFlags::POSTDATED | TicketFlags::MAY_POSTDATE;
    assert!(ticket.flags.contains(flags), "{:?}", ticket.flags);
    let krbtgt = "krbtgt/EXAMPLE.TEST";
    let later = NOW.offset(HOUR);
    for (server, option, at, expected) in [
        (krbtgt, KdcOptions::VALIDATE, NOW, ErrorCode::KRB_AP_ERR_TKT_NYV),
        (
            "host/localhost",
            KdcOptions::empty(),
            later,
            ErrorCode::KRB_AP_ERR_TKT_NYV,
        ),
        (
            "host/localhost",
            KdcOptions::VALIDATE,
            later,
            ErrorCode::KDC_ERR_SERVER_NOMATCH,
        ),
        (
            krbtgt,
            KdcOptions::VALIDATE | KdcOptions::RENEW,
            later,
            ErrorCode::KDC_ERR_BADOPTION,
        ),
        (krbtgt, KdcOptions::RENEW, later, ErrorCode::KRB_AP_ERR_TKT_NYV),
    ] {
        assert_eq!(code(&with(&ticket, server, option, at)), expected, "{option:?}");
    }
    let reply = with(&ticket, krbtgt, KdcOptions::VALIDATE, later);
    let key = ticket.key.to_key(&PROVIDER).unwrap();
    let (part, valid) = tgs_part(&reply, &key, KeyUsage::TGS_REP_SESSION);
    assert!(!part.flags.contains(TicketFlags::INVALID));
    assert_eq!(part.starttime, ticket.starttime);
    let valid = Credentials {
        key: part.key.into(),
        ticket: valid.to_der().unwrap(),
        flags: part.flags,
        ..ticket
    };
    assert_eq!(with(&valid, "host/localhost", KdcOptions::empty(), later)[0], 0x6d);
    let again = with(&valid, krbtgt, KdcOptions::VALIDATE, later);
    assert_eq!(code(&again), ErrorCode::KDC_ERR_BADOPTION);
}

#[test]
fn tickets_are_postdated_by_a_ticket_that_may_and_within_bounds() {
    let asked = |ticket: &Credentials, server: &str, from| {
        let mut request = Tgs::new(ticket, principal(server));
        request.body.kdc_options = KdcOptions::POSTDATED;
        request.body.from = Some(NOW.time.offset(from));
        tcp(&KDC, &request.signed(), NOW)
    };
    assert_eq!(asked(&TGT, "host/localhost", HOUR)[0], 0x6d);
    let plain = tgt(&KDC, KdcOptions::empty());
    for (ticket, server, from, expected) in [
        (&plain, "host/localhost", HOUR, ErrorCode::KDC_ERR_CANNOT_POSTDATE),
        (&*TGT, "host/strict", HOUR, ErrorCode::KDC_ERR_CANNOT_POSTDATE),
        (&*TGT, "host/localhost", 10 * HOUR, ErrorCode::KDC_ERR_NEVER_VALID),
        (
            &*TGT,
            "host/localhost",
            8 * 24 * HOUR,
            ErrorCode::KDC_ERR_CANNOT_POSTDATE,
        ),
    ] {
        assert_eq!(code(&asked(ticket, server, from)), expected, "{server} {from}");
    }
}

#[test]
fn q15_old_tickets_work_on_while_the_old_keys_are_kept() {
    let kdc = builder().build().unwrap();
    let old = tgt(&kdc, KdcOptions::empty());
    assert_eq!(kdc.roll_keys("krbtgt/EXAMPLE.TEST", OldKeys::Kept).unwrap(), 2);
    assert_eq!(kdc.roll_keys("host/localhost", OldKeys::Kept).unwrap(), 4);
    let service = further(&kdc, TgsOptions::new(old.clone(), principal("host/localhost")), NOW).unwrap();
    let kvno = |ticket: &[u8]| Ticket::from_der(ticket).unwrap().enc_part.kvno.unwrap().0;
    assert_eq!((kvno(&old.ticket), kvno(&service.ticket)), (1, 4));
    let versions = |name: &str| {
        let keytab = kdc.keytab_for(&[name]).unwrap();
        keytab.entries.iter().map(|entry| entry.kvno).collect::<Vec<_>>()
    };
    assert_eq!(versions("host/localhost"), [4, 4, 3, 3]);

    assert_eq!(kdc.roll_keys("krbtgt/EXAMPLE.TEST", OldKeys::Dropped).unwrap(), 3);
    let refused = further(&kdc, TgsOptions::new(old, principal("host/localhost")), NOW).unwrap_err();
    assert!(refused.to_string().contains("KRB_AP_ERR_BADKEYVER"), "{refused}");
    assert_eq!(kvno(&tgt(&kdc, KdcOptions::empty()).ticket), 3);
}

#[test]
fn an_old_password_proves_nothing_even_where_its_keys_are_kept() {
    let kdc = builder().build().unwrap();
    let with = |password: &str| {
        let secret = krb5_proto::crypto::Secret::from_slice(password.as_bytes());
        let options = AsOptions::new(principal("user"), LongTerm::Password(secret));
        initial(&kdc, options, NOW)
    };
    assert_eq!(kdc.change_password("user", "new", OldKeys::Kept).unwrap(), 4);
    with("new").unwrap();
    assert!(matches!(with(PASSWORD), Err(krb5_proto::Error::WrongPassword { .. })));
    assert!(kdc.change_password("nobody", "new", OldKeys::Kept).is_err());
}
