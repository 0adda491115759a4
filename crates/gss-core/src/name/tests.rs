use super::*;
use crate::ErrorKind;

#[test]
fn each_constructor_gives_its_type() {
    let cases = [
        (Name::hostbased_service("HTTP@www"), name_type::HOSTBASED_SERVICE),
        (Name::user("bob"), name_type::USER),
        (Name::krb5_principal("bob@EXAMPLE"), name_type::KRB5_PRINCIPAL),
        (Name::krb5_enterprise("bob@example.com"), name_type::KRB5_ENTERPRISE),
        (Name::anonymous(), name_type::ANONYMOUS),
    ];
    for (name, name_type) in cases {
        assert_eq!(name.name_type(), Some(name_type));
        assert!(name.canonical().is_none());
        assert!(!name.is_exported());
    }
}

#[test]
fn an_exported_name_is_checked_and_knows_its_form() {
    let plain = ExportedName {
        form: Form::Plain,
        mech: oid!("1.2.3"),
        name: b"n",
    };
    let composite = ExportedName {
        form: Form::Composite,
        ..plain
    };
    let name = Name::exported(plain.to_octets().unwrap()).unwrap();
    assert_eq!(name.name_type(), Some(name_type::EXPORTED));
    let name = Name::exported(composite.to_octets().unwrap()).unwrap();
    assert_eq!(name.name_type(), Some(name_type::COMPOSITE_EXPORT));
    assert_eq!(Name::exported(*b"\x04\x01").unwrap_err(), ErrorKind::BadName);
}

#[test]
fn names_that_are_not_utf8_can_be_shown() {
    let name = Name::user(*b"b\xffb");
    assert_eq!(name.as_octets(), b"b\xffb");
    assert_eq!(name.to_string(), "b\u{fffd}b");
    assert!(format!("{name:?}").contains(r"b\\xffb"));
    assert_eq!(Name::anonymous().to_string(), "(anonymous)");
}
