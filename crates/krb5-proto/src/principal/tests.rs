use std::collections::HashSet;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Principal {
    Principal::parse(text, Some(&Realm::from("DEFAULT.ORG"))).unwrap()
}

fn parts(principal: &Principal) -> (Vec<&[u8]>, &[u8]) {
    (
        principal
            .name
            .components
            .iter()
            .map(|component| component.as_bytes())
            .collect(),
        principal.realm.as_bytes(),
    )
}

/// Text, components, realm.
type Case = (&'static str, &'static [&'static [u8]], &'static [u8]);

#[test]
fn names_are_split_at_unescaped_separators() {
    let cases: &[Case] = &[
        ("alice", &[b"alice"], b"DEFAULT.ORG"),
        ("alice@EXAMPLE.ORG", &[b"alice"], b"EXAMPLE.ORG"),
        (
            "HTTP/www.example.org@EXAMPLE.ORG",
            &[b"HTTP", b"www.example.org"],
            b"EXAMPLE.ORG",
        ),
        ("a/b/c@R", &[b"a", b"b", b"c"], b"R"),
        (r"a\/b\@c\\d@R", &[br"a/b@c\d"], b"R"),
        (r"a\nb\tc\bd\0e@R", &[b"a\nb\tc\x08d\0e"], b"R"),
        (r"user\@dom@REALM", &[b"user@dom"], b"REALM"),
        (r"a\q@R", &[b"aq"], b"R"),
        (r"a@R\@S", &[b"a"], b"R@S"),
        ("@R", &[b""], b"R"),
        ("a/@R", &[b"a", b""], b"R"),
        ("a@", &[b"a"], b""),
        ("käse@R", &[b"k\xc3\xa4se"], b"R"),
        (r"a\x41@R", &[b"ax41"], b"R"),
        (r"a\x1b\xff@R", &[b"a\x1b\xff"], b"R"),
    ];
    for (text, components, realm) in cases {
        assert_eq!(parts(&parse(text)), (components.to_vec(), *realm), "{text}");
    }
}

#[test]
fn malformed_names_are_refused() {
    let none = |text| Principal::parse(text, None).unwrap_err();
    assert_eq!(none(""), ParsePrincipalError::Empty);
    assert_eq!(none("alice"), ParsePrincipalError::NoRealm);
    assert_eq!(none("a@b@c"), ParsePrincipalError::Separator('@'));
    assert_eq!(none("a@b/c"), ParsePrincipalError::Separator('/'));
    assert_eq!(none("a@b\\"), ParsePrincipalError::LoneBackslash);
}

#[test]
fn a13_equality_is_on_counted_octets_and_ignores_the_type() {
    let nul = Principal::new("R", PrincipalName::new(NameType::PRINCIPAL, [&b"a\0b"[..]]));
    let short = Principal::new("R", PrincipalName::new(NameType::PRINCIPAL, [&b"a"[..]]));
    assert_ne!(nul, short);
    assert_ne!(parse("a@R\\0X"), parse("a@R"));
    assert_ne!(parse("a/b@R"), parse(r"a\/b@R"));

    let other_type = Principal::new("R", PrincipalName::new(NameType::SRV_HST, ["a"]));
    assert_eq!(other_type, short);
    assert_eq!(HashSet::from([other_type, short]).len(), 1);
}

#[test]
fn well_known_names_have_their_types() {
    assert_eq!(parse("krbtgt/A@B").name.name_type, NameType::SRV_INST);
    assert_eq!(parse("WELLKNOWN/ANONYMOUS@B").name.name_type, NameType::WELLKNOWN);
    assert_eq!(parse("krbtgt@B").name.name_type, NameType::PRINCIPAL);
    let tgs = Principal::krbtgt(&Realm::from("A"), &Realm::from("B"));
    assert_eq!(tgs.to_string(), "krbtgt/B@A");
    assert!(tgs.is_krbtgt());
    assert_eq!(tgs.name.name_type, NameType::SRV_INST);
    assert!(!parse("krbtgt/a/b@C").is_krbtgt());
    assert_eq!(Principal::enterprise("u@d", Realm::from("R")).to_string(), r"u\@d@R");
    assert_eq!(
        Principal::service("http", "www", Realm::from("R")).to_string(),
        "http/www@R"
    );
}

#[test]
fn the_default_salt_is_realm_and_components() {
    assert_eq!(parse("host/a.b@EXAMPLE.ORG").default_salt(), b"EXAMPLE.ORGhosta.b");
}

#[test]
fn display_never_emits_control_characters() {
    let name = PrincipalName::new(NameType::PRINCIPAL, [&b"\x1b[31m\x7f\xc2\x9b\xff\r"[..]]);
    let shown = Principal::new("R", name).to_string();
    assert_eq!(shown, r"\x1b[31m\x7f\xc2\x9b\xff\x0d@R");
}

proptest! {
    #[test]
    fn a13_display_parses_to_the_same_octets(
        components in vec(vec(any::<u8>(), 0..12), 1..4),
        realm in vec(any::<u8>(), 0..12),
    ) {
        let principal = Principal::new(realm, PrincipalName::new(NameType::PRINCIPAL, components));
        prop_assert_eq!(&Principal::parse(&principal.to_string(), None).unwrap(), &principal);
    }

    #[test]
    fn the_plain_form_of_text_is_the_same_as_the_shown_one(text in "[a-zäß/@\\\\ .]{0,20}@[A-Z]{1,5}") {
        if let Ok(principal) = Principal::parse(&text, None) {
            prop_assert_eq!(principal.to_octets(), principal.to_string().into_bytes());
        }
    }
}
