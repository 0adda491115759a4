use proptest::prelude::*;

use super::*;

fn field(contents: &str) -> TransitedEncoding {
    TransitedEncoding {
        tr_type: DOMAIN_X500_COMPRESS,
        contents: contents.into(),
    }
}

fn realms(contents: &str, client: &str, server: &str) -> Result<Vec<String>, TransitedFault> {
    let realms = decode(&field(contents), &client.into(), &server.into())?;
    Ok(realms.iter().map(ToString::to_string).collect())
}

#[test]
fn the_examples_of_rfc_4120_are_understood() {
    let names = |contents| realms(contents, "CLIENT", "SERVER").unwrap();
    assert_eq!(
        names("EDU,MIT.,ATHENA.,WASHINGTON.EDU,CS."),
        [
            "EDU",
            "MIT.EDU",
            "ATHENA.MIT.EDU",
            "WASHINGTON.EDU",
            "CS.WASHINGTON.EDU"
        ]
    );
    assert_eq!(
        names("/COM,/HP,/APOLLO, /COM/DEC"),
        ["/COM", "/COM/HP", "/COM/HP/APOLLO", "/COM/DEC"]
    );
    assert_eq!(
        realms(",EDU, /COM,", "ATHENA.MIT.EDU", "/COM/HP/APOLLO").unwrap(),
        ["MIT.EDU", "EDU", "/COM", "/COM/HP"]
    );
}

#[test]
fn a_null_subfield_is_all_between_its_neighbours() {
    let all = |contents| realms(contents, "X.A.COM", "Y.B.COM").unwrap();
    assert_eq!(all(","), ["A.COM", "COM", "B.COM"]);
    assert_eq!(all("COM,"), ["COM", "B.COM"]);
    assert_eq!(all(",COM"), ["A.COM", "COM"]);
    assert_eq!(all("A.COM,,B.COM"), ["A.COM", "COM", "B.COM"]);
    assert_eq!(all(",,,,"), ["A.COM", "COM", "B.COM"]);
    // From the client's realm to itself there is nothing.
    assert_eq!(all(",X.A.COM"), ["X.A.COM"]);
}

#[test]
fn quoted_octets_have_no_meaning() {
    let names = |contents| realms(contents, "CLIENT", "SERVER").unwrap();
    assert_eq!(names(r"A\,B,C\\D,E\.,\ F,\/G"), ["A,B", r"C\D", "E.", " F", "/G"]);
}

#[test]
fn k9_malformed_lists_are_refused() {
    for contents in ["A\\", "EDU.", "A, ", "MIT.,EDU", "A.B,,X.Y", ",/COM"] {
        let found = realms(contents, "CLIENT.ORG", "SERVER.ORG");
        assert_eq!(found, Err(TransitedFault::Malformed), "{contents}");
    }
    let other = TransitedEncoding {
        tr_type: 2,
        contents: "A".into(),
    };
    let found = decode(&other, &"A".into(), &"B".into());
    assert_eq!(found, Err(TransitedFault::Encoding(2)));
    // Without contents the type means nothing: MIT leaves it out.
    let none = TransitedEncoding::default();
    assert_eq!(decode(&none, &"A".into(), &"B".into()), Ok(Vec::new()));
}

#[test]
fn k9_what_a_list_expands_to_is_bounded() {
    let nested = format!("A,{}", "B.,".repeat(10_000));
    let prefixes = format!("{},{}", "A".repeat(900), format!("{}.,", "B".repeat(60)).repeat(20));
    let slashes = format!("/A,{}", format!("/{},", "B".repeat(500)).repeat(5));
    let deep = format!(",{}Z", "A.".repeat(400));
    let commas = ",".repeat(100_000);
    for (contents, expected) in [
        (nested, TransitedFault::TooLong),
        (prefixes, TransitedFault::TooLong),
        (slashes, TransitedFault::TooLong),
        (deep, TransitedFault::TooLong),
        (commas, TransitedFault::TooLong),
    ] {
        let found = realms(&contents, "CLIENT", "SERVER");
        assert_eq!(found, Err(expected), "{:.40}", contents);
    }
    let many: Vec<String> = (0..MAX_PATH).map(|n| format!("R{n}")).collect();
    assert_eq!(realms(&many.join(","), "A", "B").unwrap(), many);
    assert_eq!(
        realms(&format!("{},R", many.join(",")), "A", "B"),
        Err(TransitedFault::TooLong)
    );
}

#[test]
fn what_is_encoded_is_decoded_to_the_same() {
    let odd = ["A.TEST", "B,C", r"D\E", "F.", " G", "/COM/HP", "/COM", "\u{0}x", "é"].map(Realm::from);
    assert_eq!(decode(&encode(&odd), &"X".into(), &"Y".into()).unwrap(), odd);
    assert!(encode(&[]).contents.is_empty());
    assert_eq!(encode(&odd[..2]).contents.as_bytes(), br"A.TEST,B\,C");
}

#[test]
fn k9_a_realm_off_the_path_is_named() {
    let mut paths = CaPaths::default();
    paths.set("A.TEST".into(), "B.TEST".into(), vec!["C.TEST".into()]);
    let checked =
        |contents, client: &str, server: &str| check(&field(contents), &client.into(), &server.into(), &paths);
    assert_eq!(checked("C.TEST", "A.TEST", "B.TEST"), Ok(()));
    assert_eq!(
        checked("C.TEST,EVIL.TEST", "A.TEST", "B.TEST"),
        Err(TransitedFault::Untrusted("EVIL.TEST".into()))
    );
    // The hierarchy counts only where nothing is configured, and a path has a direction.
    assert_eq!(
        checked("TEST", "A.TEST", "B.TEST"),
        Err(TransitedFault::Untrusted("TEST".into()))
    );
    assert_eq!(checked("TEST", "B.TEST", "A.TEST"), Ok(()));
    assert_eq!(
        checked("C.TEST", "B.TEST", "A.TEST"),
        Err(TransitedFault::Untrusted("C.TEST".into()))
    );
    assert_eq!(checked("", "A.TEST", "Q.TEST"), Ok(()));
}

/// A name of few components, so that names often have ancestors in common.
fn any_realm() -> impl Strategy<Value = Realm> {
    let component = prop::sample::select(vec!["A", "B", "C", "EXAMPLE", "x y", "q,", r"w\"]);
    let components = prop::collection::vec(component, 1..5);
    prop_oneof![
        4 => components.clone().prop_map(|parts| Realm::from(parts.join(".").as_str())),
        1 => components.prop_map(|parts| Realm::from(format!("/{}", parts.join("/")).as_str())),
        1 => prop::collection::vec(any::<u8>(), 1..8).prop_map(Realm::new),
    ]
}

/// The octets that mean something, and some that do not.
fn any_contents() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(b",./\\ ABCDEX".to_vec()), 0..60)
}

/// The list as RFC 4120 §3.3.3.2 abbreviates it: a realm below or above the one in front, by what differs.
fn abbreviated(realms: &[Realm]) -> TransitedEncoding {
    let mut contents = Vec::new();
    let mut front: Option<&Realm> = None;
    for realm in realms {
        if front.is_some() {
            contents.push(b',');
        }
        let below = |front: &Realm| {
            realm
                .strip_suffix(front.as_bytes())
                .filter(|rest| rest.len() > 1 && rest.ends_with(b"."))
        };
        match front.and_then(below) {
            Some(rest) => {
                quote(&Realm::from(&rest[..rest.len() - 1]), &mut contents);
                contents.push(b'.');
            }
            None => {
                if front.is_some() && realm.starts_with(b"/") {
                    contents.push(b' ');
                }
                quote(realm, &mut contents);
            }
        }
        front = Some(realm);
    }
    TransitedEncoding {
        tr_type: DOMAIN_X500_COMPRESS,
        contents: contents.into(),
    }
}

fn distinct(mut realms: Vec<Realm>) -> Vec<Realm> {
    let mut seen = Vec::new();
    realms.retain(|realm| {
        !seen.contains(realm) && {
            seen.push(realm.clone());
            true
        }
    });
    realms
}

proptest! {
    #[test]
    fn k9_any_list_is_refused_or_expands_to_few_realms(contents in any_contents(), client in any_realm(), server in any_realm()) {
        let field = TransitedEncoding { tr_type: DOMAIN_X500_COMPRESS, contents: contents.into() };
        if let Ok(realms) = decode(&field, &client, &server) {
            prop_assert!(realms.len() <= MAX_PATH);
            prop_assert_eq!(&distinct(realms.clone()), &realms);
            prop_assert_eq!(decode(&encode(&realms), &client, &server), Ok(realms));
        }
    }

    #[test]
    fn k9_lists_in_full_and_abbreviated_say_the_same(realms in prop::collection::vec(any_realm(), 0..8), client in any_realm(), server in any_realm()) {
        let realms = distinct(realms);
        prop_assert_eq!(decode(&encode(&realms), &client, &server), Ok(realms.clone()));
        prop_assert_eq!(decode(&abbreviated(&realms), &client, &server), Ok(realms));
    }

    #[test]
    fn k9_the_check_takes_any_part_of_the_path_and_no_other_realm(
        (client, server, stranger) in (any_realm(), any_realm(), any_realm()),
        configured in prop::option::of(prop::collection::vec(any_realm(), 0..6)),
        kept in any::<u64>(),
    ) {
        let mut paths = CaPaths::default();
        if let Some(between) = configured {
            paths.set(client.clone(), server.clone(), between);
        }
        let between = distinct(paths.between(&client, &server));
        let part: Vec<Realm> = between.into_iter().enumerate().filter(|(at, _)| kept >> at & 1 == 1).map(|(_, realm)| realm).collect();
        prop_assert_eq!(check(&encode(&part), &client, &server, &paths), Ok(()));
        let listed = distinct([part, vec![stranger.clone()]].concat());
        let expected = if paths.path(&client, &server).contains(&stranger) { Ok(()) } else { Err(TransitedFault::Untrusted(stranger)) };
        prop_assert_eq!(check(&encode(&listed), &client, &server, &paths), expected);
    }

    #[test]
    fn k9_a_path_leads_from_one_to_the_other_and_back_the_same_way(client in any_realm(), server in any_realm()) {
        let paths = CaPaths::default();
        let mut back = paths.path(&server, &client);
        back.reverse();
        prop_assert_eq!(paths.path(&client, &server), back);
        let length = paths.path(&client, &server).len();
        prop_assert!(length <= MAX_PATH + 2);
        prop_assert_eq!(distinct(paths.path(&client, &server)).len(), length);
    }
}
