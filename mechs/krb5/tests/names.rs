//! Names as programs pass them, print them, store them and compare them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use gss_core::{ErrorKind, Mechanism, Mechanisms, Name, name_type};
use gss_mech_krb5::KRB5;
use krb5_crypto::Enctype;
use proptest::prelude::*;
use world::{World, done};

fn world() -> World {
    World::new(Enctype::Aes128CtsHmacSha196)
}

fn imported(world: &World, name: &Name) -> std::sync::Arc<dyn gss_core::MechName> {
    done(world.initiator.import_name(name))
}

#[test]
fn every_type_of_name_is_shown_as_the_principal_that_it_means() {
    let world = world();
    let cases = [
        (Name::user("alice"), "alice@EXAMPLE.TEST"),
        (Name::user("alice@OTHER.TEST"), "alice@OTHER.TEST"),
        (Name::krb5_principal("alice/admin"), "alice/admin@EXAMPLE.TEST"),
        (Name::krb5_principal(r"we\/ird\@name@R"), r"we\/ird\@name@R"),
        (
            Name::krb5_enterprise("alice@corp.example"),
            r"alice\@corp.example@EXAMPLE.TEST",
        ),
        (
            Name::hostbased_service("HTTP@www.example.test"),
            "HTTP/www.example.test@EXAMPLE.TEST",
        ),
        (
            Name::hostbased_service("HTTP@WWW.Example.Test."),
            "HTTP/www.example.test@EXAMPLE.TEST",
        ),
        (Name::anonymous(), "WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS"),
    ];
    for (name, shown) in cases {
        assert_eq!(imported(&world, &name).to_text(), shown, "{name}");
    }
}

#[test]
fn anonymous_is_shown_as_such_and_equals_nobody() {
    let world = world();
    let anonymous = imported(&world, &Name::anonymous());
    assert_eq!(anonymous.display().unwrap().1, name_type::ANONYMOUS);
    assert!(!anonymous.same(&*anonymous).unwrap());
    let told = imported(&world, &Name::krb5_principal("WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS"));
    assert!(!told.same(&*anonymous).unwrap());
}

#[test]
fn a_service_and_its_principal_are_one_name() {
    let world = world();
    let service = imported(&world, &Name::hostbased_service("host@www.example.test"));
    let principal = imported(&world, &Name::krb5_principal("host/www.example.test@EXAMPLE.TEST"));
    let other = imported(&world, &Name::krb5_principal("host/www.example.test@OTHER.TEST"));
    assert!(service.same(&*principal).unwrap() && principal.same(&*service).unwrap());
    assert!(!service.same(&*other).unwrap());
}

#[test]
fn canonical_names_go_through_the_mechglue_and_back() {
    let world = world();
    let mechs = Mechanisms::builder().with(world.initiator.clone()).build().unwrap();
    for name in [Name::user("alice"), Name::hostbased_service("HTTP@www.example.test")] {
        let canonical = done(mechs.canonicalize(&name, None));
        let (mech, own) = canonical.canonical().unwrap();
        assert_eq!(*own.export().unwrap().first_chunk::<2>().unwrap(), [4, 1], "{mech}");
        let again = Name::exported(own.export().unwrap()).unwrap();
        let again = done(mechs.canonicalize(&again, None));
        assert!(mechs.same_name(&canonical, &again).unwrap());
    }
}

fn exported(world: &World) -> Vec<u8> {
    imported(world, &Name::krb5_principal("alice/admin@EXAMPLE.TEST"))
        .export()
        .unwrap()
}

#[test]
fn c8_no_damaged_exported_name_is_taken() {
    let world = world();
    let good = exported(&world);
    let refused = |octets: Vec<u8>| match Name::exported(octets) {
        Err(error) => error.kind(),
        Ok(name) => world
            .initiator
            .import_name(&name)
            .err()
            .map_or(ErrorKind::BadStatus, |error| error.error.kind()),
    };
    for length in 0..good.len() {
        assert_eq!(refused(good[..length].to_vec()), ErrorKind::BadName, "{length}");
    }
    assert_eq!(refused([&good[..], b"x"].concat()), ErrorKind::BadName);
    let name_at = good.len() - "alice/admin@EXAMPLE.TEST".len();
    for at in 0..name_at {
        for value in [0, 0x7F, 0x80, 0xFF, good[at].wrapping_add(1), good[at].wrapping_sub(1)] {
            let mut bad = good.clone();
            bad[at] = value;
            // The second octet tells names with attributes, which are imported without them.
            if bad != good && (at, value) != (1, 2) {
                let kind = refused(bad);
                assert!(
                    [ErrorKind::BadName, ErrorKind::BadMech].contains(&kind),
                    "octet {at} = {value:#x}: {kind:?}"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn i59_shown_and_exported_names_are_imported_as_what_they_were(parts in prop::collection::vec("[ -~\n\t\0é]{1,12}", 1..4), realm in "[A-Z@/\\\\ ]{1,10}") {
        let world = world();
        let escape = |part: &String| part.replace('\\', r"\\").replace('/', r"\/").replace('@', r"\@");
        let text = format!("{}@{}", parts.iter().map(escape).collect::<Vec<_>>().join("/"), escape(&realm));
        let name = imported(&world, &Name::krb5_principal(text));
        let (shown, kind) = name.display().unwrap();
        prop_assert_eq!(kind, name_type::KRB5_PRINCIPAL);
        let again = imported(&world, &Name::krb5_principal(shown));
        prop_assert!(name.same(&*again).unwrap());
        let exported = name.export().unwrap();
        let once_more = imported(&world, &Name::exported(exported.clone()).unwrap());
        prop_assert!(name.same(&*once_more).unwrap());
        prop_assert_eq!(once_more.export().unwrap(), exported);
        prop_assert!(Name::of_mech(KRB5, name).unwrap().mech_name(&KRB5).is_some());
    }

    #[test]
    fn any_octets_are_a_name_or_refused(octets in prop::collection::vec(any::<u8>(), 0..60)) {
        let world = world();
        for name_type in world.initiator.name_types() {
            match world.initiator.import_name(&Name::new(octets.clone(), Some(*name_type))) {
                Ok(_) => {}
                Err(error) => prop_assert!([ErrorKind::BadName, ErrorKind::BadNameType].contains(&error.error.kind())),
            }
        }
    }
}
