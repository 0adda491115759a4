use super::*;

fn user(text: &str) -> Result<NtlmName, NtlmError> {
    NtlmName::import(&Name::user(text))
}

#[test]
fn users_are_read_as_gss_ntlmssp_reads_them() {
    for (text, user_name, domain) in [
        ("user", "user", ""),
        (r"DOM\user", "user", "DOM"),
        ("user@DOM", "user", "DOM"),
        (r"user\@example.com", "user@example.com", ""),
        (r"user\@example.com@DOM", "user@example.com", "DOM"),
        (r"\user@example.com", "user@example.com", ""),
        (r"DOM\user@example.com", "user@example.com", "DOM"),
        (r"DOM@dom\user@example.com", "user@example.com", "DOM@dom"),
    ] {
        let expected = NtlmName::User(AccountName::new(user_name, domain));
        assert_eq!(user(text).unwrap(), expected, "{text}");
        let (shown, name_type) = expected.display().unwrap();
        let again = NtlmName::import(&Name::new(shown, Some(name_type))).unwrap();
        assert_eq!(again, expected, "{text}");
        let exported = Name::exported(expected.export().unwrap()).unwrap();
        let again = NtlmName::import(&exported).unwrap();
        assert!(again.same(&expected).unwrap(), "{text}");
    }
}

#[test]
fn n4_names_with_many_separators_are_refused() {
    for text in [
        "",
        "@",
        "a@",
        "a@b@c",
        r"DOM\a\b",
        r"DOM\",
        r"a@b\@c",
        r"\@c",
        r"a\@b@c@d",
        "a\0b",
        &r"\".repeat(1000),
        &"@".repeat(1000),
    ] {
        assert!(user(text).is_err(), "{text}");
    }
    assert_eq!(
        NtlmName::import(&Name::new(*b"\xff", None)).unwrap_err().to_string(),
        "the name \"\u{fffd}\" cannot be used: it is not text"
    );
}

#[test]
fn names_are_the_same_whatever_their_case() {
    let same = |one: &str, other: &str| user(one).unwrap().same(&user(other).unwrap()).unwrap();
    assert!(same(r"dom\jürgen", "JÜRGEN@DOM"));
    assert!(!same(r"dom\user", r"dom2\user"));
    assert!(!same("user", r"dom\user"));
    assert!(!NtlmName::Anonymous.same(&NtlmName::Anonymous).unwrap());
    assert!(NtlmName::Anonymous.export().is_err());
}

#[test]
fn services_have_principal_names() {
    let import = |text: &str| NtlmName::import(&Name::hostbased_service(text));
    assert_eq!(
        import("HTTP@www.example.com").unwrap().spn().as_deref(),
        Some("HTTP/www.example.com")
    );
    assert_eq!(import("HTTP").unwrap().spn().as_deref(), Some("HTTP"));
    for text in ["", "@host", "a/b@host", "a@b@c"] {
        assert!(import(text).is_err(), "{text}");
    }
    assert_eq!(user("user").unwrap().spn(), None);
    let exported = import("HTTP@www").unwrap().export().unwrap();
    let again = NtlmName::import(&Name::exported(exported).unwrap()).unwrap();
    assert_eq!(again.spn().as_deref(), Some("HTTP/WWW"));
}

#[test]
fn other_types_are_not_for_ntlm() {
    let error = Error::from(NtlmName::import(&Name::krb5_principal("user@REALM")).unwrap_err());
    assert_eq!(error, gss_core::ErrorKind::BadNameType);
}
