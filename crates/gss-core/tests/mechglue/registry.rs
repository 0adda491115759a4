use gss_core::{AttrSet, ErrorKind, Mechanisms, Oid, framing, name_type, oid};

use super::fake::{Fake, Negotiator};
use super::{NEGOTIATOR, ONE, THREE, TWO};

fn routed(mechs: &Mechanisms, token: &[u8]) -> Result<Oid, ErrorKind> {
    mechs.route(token).map(|mech| mech.oid()).map_err(|error| error.kind())
}

#[test]
fn mechanisms_stand_in_the_order_of_preference() {
    let mechs = Mechanisms::builder()
        .with(Fake::new(TWO))
        .with(Fake::new(ONE))
        .build()
        .unwrap();
    assert_eq!(mechs.oids().collect::<Vec<_>>(), [TWO, ONE]);
    assert_eq!(mechs.default_mechanism().oid(), TWO);
}

#[test]
fn the_default_is_concrete_and_allowed_to_be_one() {
    let negotiated = |first: Fake, second: Fake| {
        let below = Mechanisms::builder().with(first).with(second);
        below
            .negotiated_by(|snapshot| Negotiator {
                oid: NEGOTIATOR,
                snapshot,
            })
            .build()
            .unwrap()
    };
    let deprecated = || Fake::new(ONE).with_attrs(AttrSet::MECH_CONCRETE | AttrSet::DEPRECATED);
    let not_default = || Fake::new(TWO).with_attrs(AttrSet::MECH_CONCRETE | AttrSet::NOT_DFLT_MECH);
    assert_eq!(negotiated(deprecated(), Fake::new(TWO)).default_mechanism().oid(), TWO);
    assert_eq!(
        negotiated(deprecated(), not_default()).default_mechanism().oid(),
        NEGOTIATOR
    );
    let only = Mechanisms::builder().with(deprecated()).build().unwrap();
    assert_eq!(only.default_mechanism().oid(), ONE);
}

#[test]
fn a_mechanism_is_found_by_its_oid_and_by_its_aliases() {
    let mechs = Mechanisms::builder()
        .with(Fake::new(ONE).with_alias(THREE))
        .with(Fake::new(TWO))
        .build()
        .unwrap();
    assert_eq!(mechs.mechanism(&THREE).unwrap().oid(), ONE);
    assert_eq!(mechs.choose(Some(&TWO)).unwrap().oid(), TWO);
    assert_eq!(mechs.choose(None).unwrap().oid(), ONE);
    let error = mechs.choose(Some(&oid!("1.2.4"))).unwrap_err();
    assert_eq!(error, ErrorKind::BadMech);
    assert_eq!(
        error.to_string(),
        "the mechanism 1.2.4 is not registered; registered are 1.2.3.1, 1.2.3.2"
    );
}

#[test]
fn one_oid_for_two_mechanisms_is_refused() {
    let twice = |second: Fake| {
        let first = Fake::new(ONE).with_alias(THREE);
        Mechanisms::builder().with(first).with(second).build().unwrap_err()
    };
    for second in [
        Fake::new(ONE),
        Fake::new(THREE),
        Fake::new(TWO).with_alias(ONE),
        Fake::new(TWO).with_alias(THREE),
    ] {
        let error = twice(second);
        assert_eq!(error, ErrorKind::DuplicateElement);
        assert!(
            error.to_string().starts_with("two mechanisms are registered as 1.2.3."),
            "{error}"
        );
    }
}

#[test]
fn an_empty_registry_is_an_error_that_says_what_to_do() {
    let error = Mechanisms::builder().build().unwrap_err();
    assert_eq!(error, ErrorKind::Unavailable);
    assert!(error.to_string().contains("enable a mechanism's feature"), "{error}");
}

#[test]
fn a_framed_token_goes_to_its_mechanism_by_oid_or_alias() {
    let mechs = Mechanisms::builder()
        .with(Fake::new(ONE))
        .with(Fake::new(TWO).with_alias(THREE))
        .build()
        .unwrap();
    assert_eq!(routed(&mechs, &framing::wrap(&TWO, b"x")), Ok(TWO));
    assert_eq!(routed(&mechs, &framing::wrap(&THREE, b"")), Ok(TWO));
    assert_eq!(
        routed(&mechs, &framing::wrap(&NEGOTIATOR, b"x")),
        Err(ErrorKind::BadMech)
    );
}

#[test]
fn an_unframed_token_goes_to_the_first_that_claims_it() {
    let mechs = Mechanisms::builder()
        .with(Fake::new(ONE))
        .with(Fake::new(TWO).claiming(b"TWO"))
        .with(Fake::new(THREE).claiming(b"T"))
        .build()
        .unwrap();
    assert_eq!(routed(&mechs, b"TWO\0"), Ok(TWO));
    assert_eq!(routed(&mechs, b"TREE"), Ok(THREE));
    assert_eq!(routed(&mechs, b"ONE"), Err(ErrorKind::DefectiveToken));
    assert_eq!(routed(&mechs, b""), Err(ErrorKind::DefectiveToken));
}

#[test]
fn the_empty_token_can_be_claimed() {
    let mechs = Mechanisms::builder()
        .with(Fake::new(ONE).claiming(b""))
        .build()
        .unwrap();
    assert_eq!(routed(&mechs, b""), Ok(ONE));
}

/// A peer's parser once went on to the unframed form after framing that did not hold. [`Fake::claims_unframed`]
/// panics if it is asked about such a token.
#[test]
fn malformed_framing_never_falls_through_to_the_unframed_form() {
    let mechs = Mechanisms::builder()
        .with(Fake::new(ONE).claiming(b""))
        .build()
        .unwrap();
    let whole = framing::wrap(&ONE, b"hello");
    for length in 1..whole.len() {
        assert_eq!(
            routed(&mechs, &whole[..length]),
            Err(ErrorKind::DefectiveToken),
            "{length}"
        );
    }
    for token in [
        &[0x60][..],
        &[0x60, 0x84],
        &[0x60, 0x40, 6],
        &[0x60, 0x40, 6, 9],
        &[0x60, 0x81, 5, 6, 3, 42, 3, 1],
    ] {
        assert_eq!(routed(&mechs, token), Err(ErrorKind::DefectiveToken), "{token:02x?}");
    }
}

#[test]
fn a_negotiator_sees_what_stood_before_it() {
    let mut seen = Vec::new();
    let hidden = Fake::new(TWO).with_attrs(AttrSet::MECH_CONCRETE | AttrSet::NOT_DFLT_MECH);
    let mechs = Mechanisms::builder()
        .with(Fake::new(ONE))
        .with(hidden)
        .negotiated_by(|snapshot| {
            seen = snapshot.defaults().map(|mech| mech.oid()).collect();
            assert_eq!(
                snapshot.mechanism(&TWO).unwrap().oid(),
                TWO,
                "by name a caller may ask for it"
            );
            assert!(snapshot.mechanism(&THREE).is_none());
            Negotiator {
                oid: NEGOTIATOR,
                snapshot,
            }
        })
        .with(Fake::new(THREE))
        .build()
        .unwrap();
    assert_eq!(seen, [ONE]);
    assert_eq!(mechs.oids().collect::<Vec<_>>(), [ONE, TWO, NEGOTIATOR, THREE]);
}

#[test]
fn a_negotiator_is_not_negotiated() {
    let below = Mechanisms::builder().with(Fake::new(ONE));
    let below = below.negotiated_by(|snapshot| Negotiator { oid: TWO, snapshot });
    let mut seen = None;
    let _ = below.negotiated_by(|snapshot| {
        seen = Some((snapshot.defaults().count(), snapshot.mechanism(&TWO).is_some()));
        Negotiator {
            oid: NEGOTIATOR,
            snapshot,
        }
    });
    assert_eq!(seen, Some((1, false)));
}

#[test]
fn mechanisms_are_indicated_by_their_attributes() {
    let framed = Fake::new(ONE).with_attrs(AttrSet::MECH_CONCRETE | AttrSet::ITOK_FRAMED);
    let below = Mechanisms::builder().with(framed).with(Fake::new(TWO));
    let mechs = below
        .negotiated_by(|snapshot| Negotiator {
            oid: NEGOTIATOR,
            snapshot,
        })
        .build()
        .unwrap();
    let by = |desired, except, critical| mechs.oids_by_attrs(desired, except, critical).collect::<Vec<_>>();
    let none = AttrSet::empty();
    assert_eq!(by(none, none, none), [ONE, TWO, NEGOTIATOR]);
    assert_eq!(by(AttrSet::MECH_CONCRETE, none, none), [ONE, TWO]);
    assert_eq!(by(AttrSet::MECH_CONCRETE, AttrSet::ITOK_FRAMED, none), [TWO]);
    assert_eq!(by(none, none, AttrSet::PFS), [NEGOTIATOR]);
    assert_eq!(mechs.oids_by_name_type(name_type::USER).collect::<Vec<_>>(), [ONE, TWO]);
}
