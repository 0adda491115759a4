use std::net::IpAddr;

use super::*;
use crate::Microseconds;
use crate::exchange::test_realm::{NOW, encrypt, key};

fn here() -> HostAddress {
    HostAddress::from(IpAddr::from([192, 0, 2, 1]))
}

fn elsewhere() -> HostAddress {
    HostAddress::from(IpAddr::from([192, 0, 2, 2]))
}

const EXPECTED: Expected<'static> = Expected {
    sequence: Some(7),
    own: &[],
    now: NOW.time,
    clock_skew: Duration::from_secs(300),
};

fn sealed() -> Vec<u8> {
    seal(&key(3), b"forty thieves".to_vec().into(), 7, here()).unwrap()
}

/// A KRB-PRIV that is as `change` makes it.
fn changed(change: impl FnOnce(&mut EncKrbPrivPart)) -> Vec<u8> {
    let mut part = EncKrbPrivPart {
        user_data: b"forty thieves".to_vec().into(),
        timestamp: None,
        usec: None,
        seq_number: Some(7.into()),
        s_address: here(),
        r_address: None,
    };
    change(&mut part);
    let enc_part = encrypt(&key(3), KeyUsage::KRB_PRIV, &part.to_der().unwrap());
    KrbPriv { enc_part }.to_der().unwrap()
}

fn read(octets: &[u8], expected: &Expected<'_>) -> Result<Vec<u8>, Error> {
    open(octets, &key(3), expected).map(|data| data.to_vec())
}

#[test]
fn what_is_sealed_is_opened() {
    assert_eq!(read(&sealed(), &EXPECTED).unwrap(), b"forty thieves");
    let other_key = open(&sealed(), &key(4), &EXPECTED);
    assert!(matches!(other_key, Err(Error::Integrity { what: "the KRB-PRIV" })));
}

#[test]
fn the_sequence_number_must_be_the_announced_one() {
    for (received, expected) in [(Some(8), Some(7)), (None, Some(7)), (Some(7), None), (None, None)] {
        let octets = changed(|part| part.seq_number = received.map(Into::into));
        let error = read(
            &octets,
            &Expected {
                sequence: expected,
                ..EXPECTED
            },
        )
        .unwrap_err();
        assert!(
            matches!(error, Error::PrivateOrder { .. }),
            "{received:?} for {expected:?}: {error}"
        );
    }
    let error = read(&changed(|part| part.seq_number = Some(8.into())), &EXPECTED).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the KRB-PRIV has the sequence number 8, and 7 was expected"
    );
}

#[test]
fn a_time_stands_in_for_a_number_that_was_not_announced() {
    let expected = Expected {
        sequence: None,
        ..EXPECTED
    };
    let octets = changed(|part| {
        part.seq_number = None;
        part.timestamp = Some(NOW.time);
        part.usec = Microseconds::new(5);
    });
    assert!(read(&octets, &expected).is_ok());
}

#[test]
fn a_time_must_be_now_also_beside_a_number() {
    for (offset, allowed) in [
        (0, true),
        (300, true),
        (-300, true),
        (301, false),
        (-301, false),
        (i64::MAX, false),
    ] {
        let octets = changed(|part| part.timestamp = Some(NOW.time.offset(offset)));
        let outcome = read(&octets, &EXPECTED);
        assert_eq!(outcome.is_ok(), allowed, "{offset}");
        assert!(allowed || matches!(outcome, Err(Error::ClockSkew { .. })), "{offset}");
    }
}

#[test]
fn a_message_for_another_address_is_refused_where_ours_are_known() {
    let for_another = changed(|part| part.r_address = Some(elsewhere()));
    assert!(read(&for_another, &EXPECTED).is_ok(), "ours are not known");
    let own = [here()];
    let expected = Expected { own: &own, ..EXPECTED };
    assert!(matches!(read(&for_another, &expected), Err(Error::PrivateAddress)));
    assert!(read(&changed(|part| part.r_address = Some(here())), &expected).is_ok());
    assert!(read(&sealed(), &expected).is_ok(), "it does not say for whom it is");
}

#[test]
fn the_directions_are_addresses_that_differ() {
    let [initiator, acceptor] = [Side::Initiator, Side::Acceptor].map(directional);
    assert_eq!(
        (initiator.addr_type, initiator.address.as_bytes()),
        (3, &[0, 0, 0, 0][..])
    );
    assert_eq!(
        (acceptor.addr_type, acceptor.address.as_bytes()),
        (3, &[0, 0, 0, 1][..])
    );
}

#[test]
fn no_truncation_or_flipped_bit_is_taken() {
    let octets = sealed();
    for len in 0..octets.len() {
        assert!(read(&octets[..len], &EXPECTED).is_err(), "{len}");
    }
    for bit in 0..octets.len() * 8 {
        let mut changed = octets.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(read(&changed, &EXPECTED).is_err(), "{bit}");
    }
}
