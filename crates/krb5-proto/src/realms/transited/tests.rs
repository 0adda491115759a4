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

#[test]
fn no_octets_panic() {
    let mut state = 1_u32;
    for _ in 0..20_000 {
        let mut contents = Vec::new();
        for _ in 0..12 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            contents.push(b",./\\ AB"[(state >> 24) as usize % 7]);
        }
        let field = TransitedEncoding {
            tr_type: 1,
            contents: contents.into(),
        };
        if let Ok(realms) = decode(&field, &"A.B".into(), &"/B/A".into()) {
            assert_eq!(decode(&encode(&realms), &"A.B".into(), &"/B/A".into()), Ok(realms));
        }
    }
}
