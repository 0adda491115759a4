//! Clocks and lifetimes, to the second.

use super::*;
use crate::error::ErrorCode;
use crate::exchange::test_realm::principal;
use crate::messages::HostAddress;

fn at(ap_req: &[u8], seconds: i64) -> Result<Accepted, Error> {
    accept(
        &PROVIDER,
        &OneKey(key(2)),
        ap_req,
        &AcceptPolicy::default(),
        NOW.offset(seconds),
    )
}

#[test]
fn i37_clocks_may_differ_by_five_minutes() {
    let (ap_req, _) = initiated(&credentials());
    for seconds in [-300, -299, 0, 299, 300] {
        at(&ap_req, seconds).unwrap();
    }
    for seconds in [-301, 301, 86_400, -86_400] {
        match at(&ap_req, seconds) {
            Err(Error::ClockSkew {
                seconds: found,
                allowed: 300,
            }) => assert_eq!(found, -seconds),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_ticket_is_valid_from_its_start_less_the_skew() {
    let starting = |seconds: i64| {
        let credentials = ticket(|t| t.starttime = Some(NOW.time.offset(seconds)));
        accepted(&initiated(&credentials).0)
    };
    starting(-1000).unwrap();
    starting(300).unwrap();
    let error = starting(301).unwrap_err();
    assert_eq!(error.protocol_code(), ErrorCode::KRB_AP_ERR_TKT_NYV);
    assert_eq!(
        error.to_string(),
        "the ticket for host/cave.example.org@EXAMPLE.ORG is not valid before 2026-01-01T00:05:01Z"
    );
    // Without a start time it is the time of authentication.
    let credentials = ticket(|t| t.authtime = NOW.time.offset(301));
    assert!(matches!(
        accepted(&initiated(&credentials).0),
        Err(Error::TicketNotYetValid { .. })
    ));
}

#[test]
fn i35_a_ticket_is_valid_to_its_end_and_the_skew() {
    let ending = |seconds: i64| {
        let credentials = ticket(|t| {
            t.authtime = NOW.time.offset(-9000);
            t.endtime = NOW.time.offset(seconds);
        });
        accepted(&initiated(&credentials).0)
    };
    ending(0).unwrap();
    ending(-300).unwrap();
    let error = ending(-301).unwrap_err();
    assert_eq!(error.protocol_code(), ErrorCode::KRB_AP_ERR_TKT_EXPIRED);
    assert_eq!(
        error.to_string(),
        "the ticket of alibaba@EXAMPLE.ORG for host/cave.example.org@EXAMPLE.ORG expired at 2025-12-31T23:54:59Z"
    );
}

#[test]
fn an_invalid_ticket_is_refused() {
    let credentials = ticket(|t| t.flags = TicketFlags::INVALID);
    let error = accepted(&initiated(&credentials).0).unwrap_err();
    assert!(matches!(error, Error::TicketInvalid { .. }));
    assert_eq!(error.com_err(), crate::ComErr::TKT_INVALID);
}

#[test]
fn i60_what_is_wrong_first_is_what_is_told() {
    // Everything at once; then one fault after the other is mended.
    let address = |last: u8| HostAddress {
        addr_type: 2,
        address: [192, 0, 2, last][..].into(),
    };
    let policy = AcceptPolicy {
        peer_address: Some(address(1)),
        ..AcceptPolicy::default()
    };
    let told = |mended: usize| {
        let credentials = ticket(|t| {
            if mended < 2 {
                t.cname = principal("other@EXAMPLE.ORG").name;
            }
            t.caddr = Some(vec![address(if mended < 3 { 2 } else { 1 })]);
            if mended < 4 {
                (t.transited.tr_type, t.transited.contents) = (1, b"EVIL.TEST"[..].into());
            }
            (t.authtime, t.endtime) = (
                NOW.time.offset(-9000),
                NOW.time.offset(if mended < 6 { -8000 } else { 8000 }),
            );
            if mended < 7 {
                t.flags = TicketFlags::INVALID;
            }
        });
        let (ap_req, _) = initiated(&credentials);
        let key = key(if mended < 1 { 9 } else { 2 });
        let now = NOW.offset(if mended < 5 { 301 } else { 0 });
        accept(&PROVIDER, &OneKey(key), &ap_req, &policy, now).map(|_| ())
    };
    assert!(matches!(told(0), Err(Error::NoKey(_))));
    assert!(matches!(told(1), Err(Error::BadMatch { .. })));
    assert!(matches!(told(2), Err(Error::BadAddress { .. })));
    assert!(matches!(told(3), Err(Error::TransitedPath { .. })));
    assert!(matches!(told(4), Err(Error::ClockSkew { .. })));
    assert!(matches!(told(5), Err(Error::TicketExpired { .. })));
    assert!(matches!(told(6), Err(Error::TicketInvalid { .. })));
    told(7).unwrap();
}

#[test]
fn k12_times_far_away_do_not_overflow() {
    for end in [
        crate::KerberosTime::MAX,
        crate::KerberosTime(4_124_573_285),
        crate::KerberosTime(4_294_967_296),
    ] {
        let credentials = ticket(|t| t.endtime = end);
        assert_eq!(accepted(&initiated(&credentials).0).unwrap().endtime, end);
    }
    let credentials = ticket(|t| (t.authtime, t.endtime) = (crate::KerberosTime::MIN, crate::KerberosTime::MIN));
    assert!(matches!(
        accepted(&initiated(&credentials).0),
        Err(Error::TicketExpired { .. })
    ));
    let (ap_req, _) = initiated(&self::credentials());
    for now in [i64::MIN, i64::MAX] {
        let far = Timestamp {
            time: crate::KerberosTime(now),
            micros: 0,
        };
        let policy = AcceptPolicy::default();
        assert!(matches!(
            accept(&PROVIDER, &OneKey(key(2)), &ap_req, &policy, far),
            Err(Error::ClockSkew { .. })
        ));
    }
}
