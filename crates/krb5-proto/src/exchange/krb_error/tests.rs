use super::*;
use crate::exchange::test_realm::{NOW, service};

#[test]
fn i36_skew_comes_with_the_offer_to_recover() {
    let skew = Error::ClockSkew {
        seconds: 4000,
        allowed: 300,
    };
    let der = for_client(&skew, &service(), NOW).unwrap();
    assert!(is_krb_error(&der));
    let error = KrbError::from_der(&der).unwrap();
    assert_eq!(error.error_code, 37);
    assert_eq!((error.stime, error.susec.get()), (NOW.time, NOW.micros));
    assert_eq!(
        error.e_data.unwrap().as_bytes(),
        [0x30, 0x05, 0xa1, 0x03, 0x02, 0x01, 0x02]
    );
    assert_eq!((error.realm, error.sname), (service().realm, service().name));
}

#[test]
fn the_peer_learns_the_code_and_no_more() {
    let cases = [
        (
            Error::BadMatch {
                ticket: Box::new(service()),
            },
            36,
        ),
        (
            Error::Integrity {
                what: "the authenticator",
            },
            31,
        ),
        (
            Error::TicketExpired {
                client: Box::new(service()),
                server: Box::new(service()),
                ended: NOW.time,
            },
            32,
        ),
        (
            Error::TicketNotYetValid {
                server: Box::new(service()),
                starts: NOW.time,
            },
            33,
        ),
        (
            Error::TicketInvalid {
                server: Box::new(service()),
            },
            33,
        ),
        (
            Error::TooLarge {
                what: "AP-REQ",
                octets: 1 << 21,
            },
            40,
        ),
        (Error::EtypeNotPermitted(crate::error::EtypeNumbers(vec![23])), 60),
        (Error::MutualFailed, 60),
    ];
    for (error, code) in cases {
        let message = KrbError::from_der(&for_client(&error, &service(), NOW).unwrap()).unwrap();
        assert_eq!(message.error_code, code, "{error}");
        assert_eq!((message.e_text, message.e_data, message.cname), (None, None, None));
    }
}

#[test]
fn an_acceptors_skew_is_measured_against_what_was_sent() {
    let der = for_client(
        &Error::ClockSkew {
            seconds: 1,
            allowed: 300,
        },
        &service(),
        NOW.offset(-500),
    )
    .unwrap();
    let error = from_acceptor(KrbError::from_der(&der).unwrap(), NOW);
    assert!(matches!(
        error,
        Error::ClockSkew {
            seconds: -500,
            allowed: 0
        }
    ));
}

#[test]
fn texts_of_a_peer_cannot_steer_a_terminal() {
    let text = KerberosString::from("no\x1b[2Jway\u{9b}");
    let error = build(ErrorCode::KRB_ERR_GENERIC, &service(), Some(text), NOW).unwrap();
    let shown = from_acceptor(error, NOW).to_string();
    assert_eq!(
        shown,
        r"the acceptor refuses: a generic error (KRB_ERR_GENERIC): no\x1b[2Jway\xc2\x9b"
    );
}
