//! Framing of initial tokens, exported names, principal names, and which users principals are.

use gss_core::exported_name::ExportedName;
use gss_core::framing;
use krb5_proto::Principal;
use krb5_store::config::Settings;
use krb5_store::local::{K5Login, Mapping, Rule, local_name};

/// RFC 2743 §3.1: what parses is framed again to the same octets.
pub fn gss_framing(token: &[u8]) {
    if let Ok((mech, inner)) = framing::parse(token) {
        assert!(framing::wrap(&mech, inner) == token, "framing is not a fixpoint");
        assert!(
            framing::overhead(&mech, inner.len()) + inner.len() == token.len(),
            "the overhead is wrong"
        );
    }
}

/// RFC 2743 §3.2: what parses is exported again to the same octets.
pub fn exported_name(token: &[u8]) {
    if let Ok(name) = ExportedName::parse(token) {
        assert!(name.to_octets().as_deref() == Ok(token), "exporting is not a fixpoint");
    }
}

/// What parses as a principal is displayed as text that parses to the same principal.
pub fn principal(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    if let Ok(principal) = Principal::parse(text, Some(&"DEFAULT.TEST".into())) {
        let again = Principal::parse(&principal.to_string(), None);
        assert!(again.as_ref() == Ok(&principal), "{principal:?} becomes {again:?}");
    }
}

/// A rule of `auth_to_local`, a line feed, and a principal: whatever the rule makes of it is a name that a user can have,
/// and principals of other realms need a selection that can tell realms.
pub fn auth_to_local(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    let (rule, principal) = text.split_once('\n').unwrap_or((text, "alice@DEFAULT.TEST"));
    let Ok(principal) = Principal::parse(principal, Some(&"DEFAULT.TEST".into())) else {
        return;
    };
    let made = Rule::parse(rule).ok().map(|rule| rule.apply(&principal));
    if let Some(Some(made)) = &made {
        assert!(made.len() <= 1024, "a text grows without bound");
    }
    let quoted = rule.replace('\\', "\\\\").replace('"', "\\\"");
    let conf = format!(
        "[libdefaults]\ndefault_realm = DEFAULT.TEST\n[realms]\nDEFAULT.TEST = {{\nauth_to_local = \"RULE:{quoted}\"\n}}\n"
    );
    let Ok(settings) = Settings::parse(&conf) else { return };
    let Ok(Mapping::User(user)) = local_name(&settings, &principal) else {
        return;
    };
    let name = user.name;
    assert!(!name.is_empty() && name.len() <= 255, "{name:?}");
    assert!(!name.contains(|c: char| c == '/' || c.is_control()), "{name:?}");
    assert!(
        principal.realm == "DEFAULT.TEST" || rule.starts_with('['),
        "{principal} is {name}"
    );
    assert!(made == Some(Some(name)), "the rule alone makes something else");
}

/// What a `.k5login` lists is found in it, and so it is when only that is written.
pub fn k5login(octets: &[u8]) {
    let file = K5Login::parse(octets);
    let lines: Vec<Vec<u8>> = file.principals().iter().map(Principal::to_octets).collect();
    let again = K5Login::parse(&lines.join(&b'\n'));
    for principal in file.principals() {
        assert!(file.lists(principal), "{principal} is not found");
        let blank = |octets: &[u8]| octets.trim_ascii() != octets;
        if !blank(&principal.to_octets()) && principal.to_octets().len() <= 4096 {
            assert!(again.lists(principal), "{principal} is lost");
        }
    }
}
