use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::messages::{ApRep, ApReq, KrbPriv};

#[derive(serde::Deserialize)]
struct Vector {
    name: String,
    source: String,
    version: u16,
    authentication: usize,
    #[serde(with = "hex::serde")]
    hex: Vec<u8>,
}

fn vectors() -> Vec<Vector> {
    #[derive(serde::Deserialize)]
    struct File {
        vector: Vec<Vector>,
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/vectors/kpasswd.toml");
    toml::from_str::<File>(&std::fs::read_to_string(path).unwrap())
        .unwrap()
        .vector
}

fn vector(name: &str) -> Vec<u8> {
    vectors().into_iter().find(|vector| vector.name == name).unwrap().hex
}

fn fault(octets: &[u8]) -> PasswordFrameFault {
    match Frame::parse(octets) {
        Err(Error::PasswordFrame(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_known_answers_are_taken_apart_and_put_together_again() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 2);
    for v in vectors {
        assert!(!v.source.is_empty());
        let frame = Frame::parse(&v.hex).unwrap();
        assert_eq!(
            (frame.version, frame.authentication.len()),
            (v.version, v.authentication)
        );
        assert_eq!(frame.to_octets().unwrap(), v.hex, "{}", v.name);
    }
}

#[test]
fn the_parts_of_the_known_answers_are_messages() {
    let octets = vector("request");
    let request = Frame::parse(&octets).unwrap();
    assert_eq!(octets.len(), 890);
    assert_eq!(
        ApReq::from_der(request.authentication)
            .unwrap()
            .ticket
            .sname
            .to_string(),
        "kadmin/changepw"
    );
    assert_eq!(KrbPriv::from_der(request.message).unwrap().enc_part.etype, 18);
    let octets = vector("reply");
    assert_eq!(octets.len(), 236);
    let Reply::Private { ap_rep, krb_priv } = Reply::parse(&octets).unwrap() else {
        panic!("no AP-REP")
    };
    assert_eq!(ApRep::from_der(ap_rep).unwrap().enc_part.etype, 18);
    assert_eq!(KrbPriv::from_der(krb_priv).unwrap().enc_part.etype, 18);
}

#[test]
fn no_truncation_of_a_message_is_one() {
    for v in vectors() {
        for len in 0..v.hex.len() {
            let expected = match len {
                0..6 => PasswordFrameFault::Truncated,
                _ => PasswordFrameFault::Length,
            };
            assert_eq!(fault(&v.hex[..len]), expected, "{len}");
        }
        assert_eq!(fault(&[&v.hex[..], &[0]].concat()), PasswordFrameFault::Length);
    }
}

#[test]
fn the_second_part_must_be_there() {
    assert_eq!(fault(&[0, 8, 0, 1, 0, 2, 0x6f, 0]), PasswordFrameFault::Truncated);
    assert_eq!(fault(&[0, 8, 0, 1, 0xff, 0xff, 0x6f, 0]), PasswordFrameFault::Truncated);
    assert_eq!(fault(&[0, 6, 0, 1, 0, 0]), PasswordFrameFault::Truncated);
}

#[test]
fn a_reply_is_private_or_an_error_framed_or_bare() {
    assert_eq!(
        Reply::parse(&[0, 8, 0, 1, 0, 0, 0x7e, 0]).unwrap(),
        Reply::Error(&[0x7e, 0])
    );
    assert_eq!(Reply::parse(&[0x7e, 0]).unwrap(), Reply::Error(&[0x7e, 0]));
    for version in [[0, 1], [0xff, 0x80]] {
        let octets = [&[0, 9], &version[..], &[0, 2, 0x6f, 0, 0x75]].concat();
        let private = Reply::Private {
            ap_rep: &[0x6f, 0],
            krb_priv: &[0x75],
        };
        assert_eq!(Reply::parse(&octets).unwrap(), private);
    }
    let error = Reply::parse(&[0, 8, 0, 2, 0, 0, 0x7e, 0]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "malformed message of the password service: it has the protocol version 0x0002"
    );
}

#[test]
fn what_does_not_fit_into_sixteen_bits_is_not_sent() {
    let part = vec![0; 40_000];
    let frame = |authentication: usize, message: usize| Frame {
        version: 1,
        authentication: &part[..authentication],
        message: &part[..message],
    };
    assert_eq!(frame(30_000, 35_529).to_octets().unwrap().len(), 65_535);
    for (authentication, message) in [(30_000, 35_530), (40_000, 40_000)] {
        let error = frame(authentication, message).to_octets().unwrap_err();
        assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    }
}

proptest! {
    #[test]
    fn every_message_round_trips(
        version in any::<u16>(), authentication in vec(any::<u8>(), 0..200), message in vec(any::<u8>(), 1..200),
    ) {
        let frame = Frame { version, authentication: &authentication, message: &message };
        let octets = frame.to_octets().unwrap();
        prop_assert_eq!(Frame::parse(&octets).unwrap(), frame);
    }

    #[test]
    fn random_octets_are_a_message_as_they_are_or_none(octets in vec(any::<u8>(), 0..40)) {
        if let Ok(frame) = Frame::parse(&octets) {
            prop_assert_eq!(frame.to_octets().unwrap(), octets.clone());
        }
        let _ = Reply::parse(&octets);
    }
}
