use super::*;

fn settings(realm: &str) -> Settings {
    Settings::parse(&format!(
        "[libdefaults]\ndefault_realm = R\n[realms]\nR = {{\n{realm}\n}}\n"
    ))
    .unwrap()
}

fn mapped(settings: &Settings, principal: &str) -> Result<String, Reason> {
    match local_name(settings, &Principal::parse(principal, None).unwrap()).unwrap() {
        Mapping::User(user) => Ok(user.name),
        Mapping::Nobody(nobody) => Err(nobody.reason),
    }
}

#[test]
fn c18_without_rules_the_users_of_the_default_realm_are_those_of_the_machine() {
    let settings = settings("");
    assert_eq!(mapped(&settings, "alice@R"), Ok("alice".to_owned()));
    for (principal, reason) in [
        ("alice@OTHER", Reason::OtherRealm),
        ("alice@r", Reason::OtherRealm),
        ("alice@R.OTHER", Reason::OtherRealm),
        ("alice/admin@R", Reason::NoRule),
        // MIT makes alice of this one.
        ("alice/R@R", Reason::NoRule),
        ("alice\\@OTHER@R", Reason::NoRule),
        ("a\\/b@R", Reason::NoRule),
        ("alice\\0@R", Reason::NoRule),
        ("alice\\nroot@R", Reason::NoRule),
        ("..@R", Reason::Unusable("..".to_owned())),
        ("@R", Reason::Unusable(String::new())),
        ("WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS", Reason::WellKnown),
        ("WELLKNOWN/ANONYMOUS@R", Reason::WellKnown),
        ("WELLKNOWN@R", Reason::WellKnown),
    ] {
        assert_eq!(mapped(&settings, principal), Err(reason), "{principal}");
    }
    assert_eq!(mapped(&settings, "ALICE@R"), Ok("ALICE".to_owned()), "case is kept");
    let none = mapped(&Settings::default(), "alice@R");
    assert_eq!(none, Err(Reason::NoDefaultRealm));
}

#[test]
fn c18_names_that_are_no_text_are_nobodys() {
    let component = crate::proto::Component::new(vec![b'a', 0xff]);
    let name = crate::proto::PrincipalName::new(NameType::PRINCIPAL, [component]);
    let principal = Principal::new("R", name);
    for settings in [
        settings(""),
        settings("auth_to_local = RULE:[1:$1]"),
        settings("auth_to_local = RULE:"),
    ] {
        let mapping = local_name(&settings, &principal).unwrap();
        assert!(matches!(mapping, Mapping::Nobody(_)), "{mapping:?}");
    }
}

#[test]
fn c18_a_principal_of_another_realm_needs_a_rule_that_can_tell_it() {
    // To MIT the first and the third are rules for every realm.
    let blind = settings("auth_to_local = RULE:\nauth_to_local = DEFAULT\nauth_to_local_names = {\nalice = root\n}\n");
    assert_eq!(mapped(&blind, "alice@OTHER"), Err(Reason::OtherRealm));
    assert_eq!(mapped(&blind, "alice@R"), Ok("root".to_owned()));
    let telling = settings("auth_to_local = RULE:[1:$1@$0](^.*@OTHER$)s/@.*//\nauth_to_local = DEFAULT");
    assert_eq!(mapped(&telling, "alice@OTHER"), Ok("alice".to_owned()));
    assert_eq!(mapped(&telling, "alice@THIRD"), Err(Reason::OtherRealm));
    assert_eq!(mapped(&telling, "bob@R"), Ok("bob".to_owned()));
}

#[test]
fn c18_parts_with_separators_do_not_pass_for_other_principals() {
    let settings =
        settings("auth_to_local = RULE:[1:$1@$0](^root@.*$)s/@.*//\nauth_to_local = RULE:[2:$1/$2](.*/admin)s|/.*||\n");
    let found = |principal: &Principal| local_name(&settings, principal);
    let strange = |realm: &str, component: &str| {
        Principal::new(
            realm,
            crate::proto::PrincipalName::new(NameType::PRINCIPAL, [component]),
        )
    };
    for principal in [
        strange("EVIL", "root@R"),
        strange("R@EVIL", "root"),
        strange("EVIL", "root@\0"),
    ] {
        let mapping = found(&principal).unwrap();
        assert!(matches!(mapping, Mapping::Nobody(_)), "{principal}: {mapping:?}");
    }
    assert!(matches!(found(&strange("X", "root")).unwrap(), Mapping::User(_)));
}

#[test]
fn rules_count_in_their_order_and_suppress_the_default() {
    let combined = settings(
        "auth_to_local = RULE:[1:$1-$0](fred.*)s/-/ /g\nauth_to_local = DEFAULT\nauth_to_local = RULE:[3:$1](z.*z)\n",
    );
    for (principal, expected) in [
        ("fred@X", Some("fred X")),
        ("fred@R", Some("fred R")),
        ("user@R", Some("user")),
        ("zazz/b/c@X", Some("zazz")),
        ("a/b@R", None),
    ] {
        assert_eq!(mapped(&combined, principal).ok().as_deref(), expected, "{principal}");
    }
    let without_default = settings("auth_to_local = RULE:[2:$1]");
    assert_eq!(mapped(&without_default, "user@R"), Err(Reason::NoRule));
    let stopped = settings("auth_to_local = NONE\nauth_to_local = DEFAULT");
    assert_eq!(mapped(&stopped, "user@R"), Err(Reason::NoRule));
    let heimdal = settings("auth_to_local = HEIMDAL_DEFAULT");
    assert_eq!(mapped(&heimdal, "user@R"), Ok("user".to_owned()));
    assert_eq!(mapped(&heimdal, "user/root@R"), Err(Reason::NoRule));
}

#[test]
fn entries_for_names_come_first_and_the_last_of_them_counts() {
    let settings = settings(
        "auth_to_local = NONE\nauth_to_local_names = {\nuser = first\nuser = abcd\nalice/admin = root\nevil = a/b\n}\n",
    );
    assert_eq!(mapped(&settings, "user@R"), Ok("abcd".to_owned()));
    assert_eq!(mapped(&settings, "alice/admin@R"), Ok("root".to_owned()));
    assert_eq!(mapped(&settings, "User@R"), Err(Reason::NoRule));
    assert_eq!(mapped(&settings, "evil@R"), Err(Reason::Unusable("a/b".to_owned())));
}

#[test]
fn the_rules_of_other_realms_do_not_count() {
    let settings = Settings::parse(
        "[libdefaults]\ndefault_realm = R\n[realms]\nX = {\nauth_to_local = RULE:[1:$1]\n\
         auth_to_local_names = {\nuser = abcd\n}\n}\n",
    )
    .unwrap();
    assert_eq!(mapped(&settings, "user@X"), Err(Reason::OtherRealm));
}

#[test]
fn a_rule_that_makes_no_sense_is_an_error_with_its_line_once_it_counts() {
    let settings = settings("auth_to_local = DEFAULT\nauth_to_local = RULE:[2:$1](*)\nauth_to_local = DB:/etc/x\n");
    let found = |principal: &str| local_name(&settings, &Principal::parse(principal, None).unwrap());
    assert!(matches!(found("alice@R"), Ok(Mapping::User(_))));
    let error = found("a/b@R").unwrap_err().to_string();
    assert!(
        error.starts_with("krb5.conf:6: auth_to_local = RULE:[2:$1](*): "),
        "{error}"
    );
    let error = found("a/b/c@R").unwrap_err().to_string();
    assert!(error.starts_with("krb5.conf:7: ") && error.contains("DB:"), "{error}");
    for text in ["RULE", "DEFAULT:x", "default", "RULE ", ""] {
        let settings = self::settings(&format!("auth_to_local = \"{text}\""));
        let found = local_name(&settings, &Principal::parse("alice@R", None).unwrap());
        assert!(
            matches!(
                found,
                Err(Error::LocalRule {
                    fault: RuleFault::Type,
                    ..
                })
            ),
            "{text:?}: {found:?}"
        );
    }
}

#[test]
fn names_that_are_too_long_or_paths_are_refused_not_cut() {
    let longest = "a".repeat(255);
    let settings = settings("");
    assert_eq!(mapped(&settings, &format!("{longest}@R")), Ok(longest.clone()));
    let too_long = mapped(&settings, &format!("{longest}a@R"));
    assert!(matches!(too_long, Err(Reason::Unusable(_))));
    let paths = self::settings("auth_to_local = RULE:[2:$1/$2]");
    assert_eq!(mapped(&paths, "a/b@R"), Err(Reason::Unusable("a/b".to_owned())));
}
