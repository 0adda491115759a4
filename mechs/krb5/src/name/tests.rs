use gss_core::ErrorKind;

use super::*;

fn settings() -> Settings {
    Settings::parse(
        "[libdefaults]\ndefault_realm = HOME.TEST\n[domain_realm]\n.far.test = FAR.TEST\nodd.far.test = ODD.TEST\n",
    )
    .unwrap()
}

fn import(name: &Name) -> Result<KerberosName, KerberosError> {
    KerberosName::import(name, &settings())
}

fn text(name: &Name) -> String {
    let imported = import(name).unwrap();
    String::from_utf8(imported.display().unwrap().0).unwrap()
}

#[test]
fn a_host_based_service_gets_the_realm_of_its_host() {
    let cases = [
        ("HTTP@www.far.test", "HTTP/www.far.test@FAR.TEST"),
        ("HTTP@ODD.far.test.", "HTTP/odd.far.test@ODD.TEST"),
        ("host@elsewhere", "host/elsewhere@HOME.TEST"),
        ("HTTP@", "HTTP"),
        ("HTTP", "HTTP"),
    ];
    for (given, expected) in cases {
        assert_eq!(text(&Name::hostbased_service(given)), expected);
    }
}

#[test]
fn a_service_without_host_cannot_be_a_target() {
    let name = import(&Name::hostbased_service("HTTP")).unwrap();
    let error = name.principal().unwrap_err();
    assert!(matches!(
        &error,
        KerberosError::Name {
            reason: NameFault::NoHost,
            ..
        }
    ));
    assert!(error.to_string().contains("HTTP@www.example.com"), "{error}");
}

#[test]
fn principals_get_the_default_realm_and_survive_export() {
    for (given, expected) in [
        ("user", "user@HOME.TEST"),
        (r"a\/b/c@X", r"a\/b/c@X"),
        ("user@X", "user@X"),
    ] {
        let name = import(&Name::krb5_principal(given)).unwrap();
        assert_eq!(String::from_utf8(name.display().unwrap().0).unwrap(), expected);
        let exported = Name::exported(name.export().unwrap()).unwrap();
        assert_eq!(import(&exported).unwrap(), name);
    }
    assert_eq!(text(&Name::user("user")), "user@HOME.TEST");
    assert_eq!(text(&Name::new("user", None)), "user@HOME.TEST");
    assert_eq!(
        text(&Name::krb5_enterprise("user@example.com")),
        r"user\@example.com@HOME.TEST"
    );
}

fn export_of(name: &[u8]) -> Name {
    let exported = ExportedName {
        form: Form::Plain,
        mech: KRB5,
        name,
    };
    Name::exported(exported.to_octets().unwrap()).unwrap()
}

#[test]
fn exported_names_hold_octets_with_the_escapes_of_mit_only() {
    let cases: [(&[u8], &[u8]); 5] = [
        (b"bell\x07", b"bell\x07@R"),
        (b"\xff\xfe", b"\xff\xfe@R"),
        (b"a/b@c\\d", br"a\/b\@c\\d@R"),
        (b"\n\t\x08\0", br"\n\t\b\0@R"),
        (b"\x7f\x1b[", b"\x7f\x1b[@R"),
    ];
    for (component, octets) in cases {
        let name = PrincipalName::new(NameType::PRINCIPAL, [Component::from(component)]);
        let name = KerberosName::Principal(Principal::new("R", name));
        let exported = Name::exported(name.export().unwrap()).unwrap();
        assert_eq!(exported.as_octets(), export_of(octets).as_octets());
        assert_eq!(import(&exported).unwrap(), name);
    }
}

#[test]
fn c8_an_exported_name_that_would_be_exported_otherwise_is_refused() {
    let bad: [&[u8]; 13] = [
        b"",
        b"a",
        b"a@",
        b"@R",
        b"a/@R",
        b"/a@R",
        b"a//b@R",
        b"a\0b@R",
        b"a@R\0",
        br"\a@R",
        br"a\x07@R",
        b"a\tb@R",
        b"a@R\\",
    ];
    for octets in bad {
        let error = import(&export_of(octets)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadName, "{}", octets.escape_ascii());
    }
    let framed = Name::new(&b"\x04\x01\x00"[..], Some(name_type::EXPORTED));
    assert_eq!(import(&framed).unwrap_err().kind(), ErrorKind::BadName);
}

#[test]
fn a_principal_that_could_not_be_imported_again_is_not_exported() {
    for name in [&[][..], &[""], &["a", ""]] {
        let name = PrincipalName::new(NameType::PRINCIPAL, name.iter().copied());
        let name = KerberosName::Principal(Principal::new("R", name));
        assert_eq!(name.export().unwrap_err().kind(), ErrorKind::BadName);
    }
}

#[test]
fn names_of_other_mechanisms_and_types_are_refused() {
    let foreign = ExportedName {
        form: Form::Plain,
        mech: gss_core::oid!("1.3.6.1.5.5.2"),
        name: b"user@X",
    };
    let foreign = Name::exported(foreign.to_octets().unwrap()).unwrap();
    assert_eq!(import(&foreign).unwrap_err().kind(), ErrorKind::BadName);
    let uid = Name::new("0", Some(name_type::STRING_UID));
    assert_eq!(import(&uid).unwrap_err().kind(), ErrorKind::BadNameType);
    for bad in [
        Name::hostbased_service("@host"),
        Name::krb5_principal("a@b@c"),
        Name::krb5_principal(""),
    ] {
        assert_eq!(import(&bad).unwrap_err().kind(), ErrorKind::BadName, "{bad}");
    }
}

#[test]
fn anonymous_equals_nothing_and_is_not_exported() {
    let anonymous = import(&Name::anonymous()).unwrap();
    assert!(!anonymous.same(&anonymous).unwrap());
    assert_eq!(anonymous.export().unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(anonymous.display().unwrap().1, name_type::ANONYMOUS);
}

#[test]
fn a_service_and_its_principal_are_the_same() {
    let service = import(&Name::hostbased_service("HTTP@www.far.test")).unwrap();
    let principal = import(&Name::krb5_principal("HTTP/www.far.test@FAR.TEST")).unwrap();
    assert!(service.same(&principal).unwrap());
    let other = import(&Name::krb5_principal("HTTP/www.far.test@HOME.TEST")).unwrap();
    assert!(!service.same(&other).unwrap());
}

#[test]
fn without_any_realm_the_error_says_what_to_set() {
    let error = KerberosName::import(&Name::hostbased_service("HTTP@www"), &Settings::default())
        .and_then(|name| name.principal())
        .unwrap_err();
    assert!(error.to_string().contains("default_realm"), "{error}");
}
