use proptest::prelude::*;

use super::*;

const KNOWN: [(&str, &[u8]); 8] = [
    ("0.0", &[0]),
    ("0.39", &[39]),
    ("1.0", &[40]),
    ("1.2.840.113554.1.2.2", &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2]),
    ("1.3.6.1.5.5.2", &[0x2b, 6, 1, 5, 5, 2]),
    ("1.3.6.1.4.1.311.2.2.10", &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10]),
    // X.690 §8.19.5.
    ("2.100.3", &[0x81, 0x34, 3]),
    // A UUID as arc.
    (
        "2.25.340282366920938463463374607431768211455",
        &[
            0x69, 0x83, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            0xff, 0x7f,
        ],
    ),
];

#[test]
fn known_oids_are_read_and_written() {
    for (dotted, content) in KNOWN {
        let oid = Oid::from_dotted(dotted).unwrap();
        assert_eq!(oid.as_octets(), content, "{dotted}");
        assert_eq!(Oid::from_der_content(content), Ok(oid), "{dotted}");
        assert_eq!(oid.to_string(), dotted);
    }
}

#[test]
fn text_that_is_no_oid_is_refused() {
    let cases = [
        ("", OidError::Text),
        ("1", OidError::Empty),
        ("1.", OidError::Text),
        (".1.2", OidError::Text),
        ("1..2", OidError::Text),
        ("1.2.", OidError::Text),
        ("1.02", OidError::Text),
        ("1.00", OidError::Text),
        ("1.2 ", OidError::Text),
        ("1.-2", OidError::Text),
        ("1.2,3", OidError::Text),
        ("3.1", OidError::Root),
        ("0.40", OidError::Root),
        ("1.40", OidError::Root),
        ("1.2.340282366920938463463374607431768211456", OidError::ArcTooLarge),
        ("2.340282366920938463463374607431768211455", OidError::ArcTooLarge),
    ];
    for (dotted, error) in cases {
        assert_eq!(Oid::from_dotted(dotted), Err(error), "{dotted:?}");
    }
}

#[test]
fn content_that_is_no_oid_is_refused() {
    assert_eq!(Oid::from_der_content(&[]), Err(OidError::Empty));
    assert_eq!(Oid::from_der_content(&[0x80, 1]), Err(OidError::NotMinimal));
    assert_eq!(Oid::from_der_content(&[0x2a, 0x80, 0x80, 1]), Err(OidError::NotMinimal));
    assert_eq!(Oid::from_der_content(&[0x2a, 0x86]), Err(OidError::Truncated));
}

#[test]
fn an_oid_has_at_most_128_octets() {
    let longest = [1; Oid::MAX_LEN];
    assert_eq!(Oid::from_der_content(&longest).unwrap().as_octets(), longest);
    assert_eq!(Oid::from_der_content(&[1; Oid::MAX_LEN + 1]), Err(OidError::TooLong));
    let dotted = format!("0.1{}", ".1".repeat(127));
    assert_eq!(Oid::from_dotted(&dotted).unwrap().as_octets(), longest);
    assert_eq!(Oid::from_dotted(&format!("{dotted}.1")), Err(OidError::TooLong));
}

#[test]
fn arcs_beyond_128_bits_are_displayed_too() {
    // 2^140 and, as the first arc, 2^140 - 80: 140 is 20 septets.
    let mut content = vec![0x81; 1];
    content.extend([0x80; 19]);
    content.push(0);
    let joint = Oid::from_der_content(&content).unwrap();
    assert_eq!(joint.to_string(), "2.1393796574908163946345982392040522594123696");
    let under = Oid::from_der_content(&[&[0x2a], &content[..]].concat()).unwrap();
    assert_eq!(under.to_string(), "1.2.1393796574908163946345982392040522594123776");
}

#[test]
fn der_has_a_long_length_from_128_octets_on() {
    assert_eq!(oid!("1.3.6").to_der(), [6, 2, 0x2b, 6]);
    let longest = Oid::from_der_content(&[1; 128]).unwrap();
    assert_eq!(longest.to_der()[..3], [6, 0x81, 128]);
    assert_eq!(longest.to_der().len(), longest.der_len());
}

#[test]
fn oids_are_ordered_by_their_octets() {
    let mut oids = [oid!("1.3.6.1"), oid!("1.2.840"), oid!("1.3.6"), oid!("0.9")];
    oids.sort();
    assert_eq!(oids.map(|oid| oid.to_string()), ["0.9", "1.2.840", "1.3.6", "1.3.6.1"]);
}

#[test]
fn an_oid_is_a_match_pattern() {
    const NEGOTIATOR: Oid = oid!("1.3.6.1.5.5.2");
    let found = Oid::from_der_content(&[0x2b, 6, 1, 5, 5, 2]).unwrap();
    assert!(matches!(found, NEGOTIATOR));
    assert_eq!(format!("{found:?}"), "Oid(1.3.6.1.5.5.2)");
}

fn dotted() -> impl Strategy<Value = String> {
    let root = prop_oneof![(0u8..2, 0u128..40), (Just(2u8), 0..u128::MAX - 80)];
    let arcs = prop::collection::vec(prop_oneof![0u128..300, any::<u128>()], 0..5);
    (root, arcs).prop_map(|((root, second), arcs)| {
        arcs.iter()
            .fold(format!("{root}.{second}"), |dotted, arc| format!("{dotted}.{arc}"))
    })
}

proptest! {
    #[test]
    fn dotted_text_comes_back_through_octets(text in dotted()) {
        let oid = Oid::from_dotted(&text).unwrap();
        prop_assert_eq!(Oid::from_der_content(oid.as_octets()), Ok(oid));
        prop_assert_eq!(oid.to_string(), text);
    }

    #[test]
    fn a_truncated_oid_is_refused_or_ends_between_arcs(text in dotted()) {
        let oid = Oid::from_dotted(&text).unwrap();
        for length in 0..oid.as_octets().len() {
            let part = &oid.as_octets()[..length];
            let whole_arcs = part.last().is_some_and(|octet| octet & CONTINUATION == 0);
            prop_assert_eq!(Oid::from_der_content(part).is_ok(), whole_arcs);
        }
    }

    #[test]
    fn octets_are_refused_or_kept(content in prop::collection::vec(any::<u8>(), 0..140)) {
        if let Ok(oid) = Oid::from_der_content(&content) {
            prop_assert_eq!(oid.as_octets(), &content);
            prop_assert!(oid.to_string().len() >= 3);
        }
    }

    #[test]
    fn text_is_refused_or_comes_back(text in "[0-9.]{0,40}") {
        if let Ok(oid) = Oid::from_dotted(&text) {
            prop_assert_eq!(oid.to_string(), text);
        }
    }
}
