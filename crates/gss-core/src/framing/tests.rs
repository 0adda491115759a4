use proptest::prelude::*;

use super::*;

const KRB5: Oid = oid!("1.2.840.113554.1.2.2");

#[test]
fn a_kerberos_token_is_framed_as_rfc2743_has_it() {
    let token = wrap(&KRB5, &[1, 0, 0x6e]);
    assert_eq!(
        token,
        [0x60, 14, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2, 1, 0, 0x6e]
    );
    assert_eq!(parse(&token), Ok((KRB5, &[1, 0, 0x6e][..])));
}

#[test]
fn lengths_are_in_their_shortest_form() {
    for (inner, head) in [
        (116usize, &[0x60u8, 127, 6][..]),
        (117, &[0x60, 0x81, 128, 6]),
        (244, &[0x60, 0x81, 255, 6]),
        (245, &[0x60, 0x82, 1, 0, 6]),
        (65_524, &[0x60, 0x82, 255, 255, 6]),
        (65_525, &[0x60, 0x83, 1, 0, 0, 6]),
    ] {
        let token = wrap(&KRB5, &vec![7; inner]);
        assert_eq!(&token[..head.len()], head, "{inner}");
        assert_eq!(token.len(), inner + overhead(&KRB5, inner), "{inner}");
        assert_eq!(parse(&token), Ok((KRB5, &vec![7; inner][..])), "{inner}");
    }
}

/// Ticket 8620 of MIT krb5: framing that ends early was read beyond its end.
#[test]
fn truncated_framing_is_refused() {
    for token in [
        &[0x60][..],
        &[0x60, 0x84],
        &[0x60, 0x40, 6],
        &[0x60, 0x40, 6, 9],
        &[0x60, 0],
        &[0x60, 2, 6, 0],
    ] {
        assert!(parse(token).is_err(), "{token:02x?}");
        assert_ne!(parse(token), Err(FramingError::NotFramed), "{token:02x?}");
    }
    assert_eq!(parse(&[]), Err(FramingError::NotFramed));
    assert_eq!(parse(b"NTLMSSP\0"), Err(FramingError::NotFramed));
}

#[test]
fn w4_a_length_that_is_off_by_one_is_refused() {
    for wrong in [13, 15] {
        let mut token = wrap(&KRB5, &[1, 0, 0x6e]);
        token[1] = wrong;
        assert_eq!(
            parse(&token),
            Err(FramingError::Length {
                announced: wrong.into(),
                present: 14
            })
        );
    }
    let mut token = wrap(&KRB5, &[]);
    token[3] = 10;
    assert_eq!(
        parse(&token),
        Err(FramingError::Length {
            announced: 10,
            present: 9
        })
    );
}

#[test]
fn w4_lengths_that_are_not_der_are_refused() {
    let body = [6, 3, 0x2b, 6, 1];
    for length in [
        &[0x81, 5][..],
        &[0x82, 0, 5],
        &[0x84, 0, 0, 0, 5],
        &[0x85, 0, 0, 0, 0, 5],
        &[0x85, 1, 0, 0, 0, 5],
        &[0x80],
        &[0xff, 5],
    ] {
        let token = [&[0x60], length, &body].concat();
        assert_eq!(parse(&token), Err(FramingError::BadLength), "{length:02x?}");
    }
    let inner_length = [0x60, 6, 6, 0x81, 3, 0x2b, 6, 1];
    assert_eq!(parse(&inner_length), Err(FramingError::BadLength));
}

#[test]
fn framing_without_a_good_oid_is_refused() {
    assert_eq!(parse(&[0x60, 0]), Err(FramingError::NoMechanism));
    assert_eq!(parse(&[0x60, 2, 4, 0]), Err(FramingError::NoMechanism));
    assert_eq!(parse(&[0x60, 2, 6, 0]), Err(FramingError::Oid(OidError::Empty)));
    assert_eq!(
        parse(&[0x60, 3, 6, 1, 0x80]),
        Err(FramingError::Oid(OidError::NotMinimal))
    );
}

#[test]
fn w7_short_tokens_are_refused_or_exactly_one_frame() {
    let mut framed = 0;
    for length in 0..=12usize {
        for first in 0..=255 {
            for second in 0..=255 {
                let mut token = vec![0x60, first, second, 1, 0x2a, 6, 1, 0x2b, 0, 1, 2, 3];
                token.truncate(length);
                if let Ok((mech, inner)) = parse(&token) {
                    assert_eq!(wrap(&mech, inner), token);
                    framed += 1;
                }
            }
        }
    }
    assert!(framed > 0);
}

#[test]
fn framing_errors_are_defective_tokens() {
    let error = Error::from(parse(&[0x60]).unwrap_err());
    assert_eq!(error, ErrorKind::DefectiveToken);
    assert_eq!(
        error.to_string(),
        "the token is malformed: a length in the token's framing is not DER"
    );
}

fn framed() -> impl Strategy<Value = (Oid, Vec<u8>)> {
    let oid = prop_oneof![
        Just(KRB5),
        Just(oid!("1.3.6.1.5.5.2")),
        Just(Oid::from_der_content(&[1; 128]).unwrap())
    ];
    (oid, prop::collection::vec(any::<u8>(), 0..300))
}

proptest! {
    #[test]
    fn what_is_wrapped_is_parsed((mech, inner) in framed()) {
        let token = wrap(&mech, &inner);
        prop_assert_eq!(parse(&token), Ok((mech, &inner[..])));
    }

    #[test]
    fn every_truncation_and_every_addition_is_refused((mech, inner) in framed(), more in any::<u8>()) {
        let mut token = wrap(&mech, &inner);
        for length in 0..token.len() {
            prop_assert!(parse(&token[..length]).is_err());
        }
        token.push(more);
        prop_assert!(parse(&token).is_err());
    }

    #[test]
    fn a_flipped_bit_is_refused_or_still_one_frame((mech, inner) in framed(), at in any::<prop::sample::Index>(), bit in 0u32..8) {
        let mut token = wrap(&mech, &inner);
        let at = at.index(token.len());
        token[at] ^= 1u8 << bit;
        if let Ok((mech, inner)) = parse(&token) {
            prop_assert_eq!(wrap(&mech, inner), token);
        }
    }

    #[test]
    fn any_octets_are_refused_or_one_frame(token in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok((mech, inner)) = parse(&token) {
            prop_assert_eq!(wrap(&mech, inner), token);
        }
    }
}
