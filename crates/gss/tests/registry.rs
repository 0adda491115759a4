//! The linked registry holds exactly the mechanisms of the enabled features.

use std::sync::Arc;

use gss::{Environment, ErrorKind, Gss, Mechanisms, SystemClock};

fn linked() -> Result<Vec<String>, gss::Error> {
    let mechanisms = Mechanisms::linked(&Environment::new(Arc::new(SystemClock)))?;
    Ok(mechanisms.oids().map(|oid| oid.to_string()).collect())
}

/// Each feature with what it registers, in the order of the registry.
const MECHANISMS: [(bool, &[&str]); 4] = [
    (cfg!(feature = "krb5"), &["1.2.840.113554.1.2.2"]),
    (cfg!(feature = "scram"), &["1.3.6.1.5.5.18", "1.3.6.1.5.5.14"]),
    (cfg!(feature = "ntlm"), &["1.3.6.1.4.1.311.2.2.10"]),
    (cfg!(feature = "spnego"), &["1.3.6.1.5.5.2"]),
];

#[test]
fn the_registry_holds_the_mechanisms_of_the_features_and_no_others() {
    let enabled = MECHANISMS.iter().filter(|(enabled, _)| *enabled);
    let expected: Vec<&str> = enabled.flat_map(|(_, oids)| *oids).copied().collect();
    if expected.is_empty() {
        assert_eq!(linked().unwrap_err(), ErrorKind::Unavailable);
    } else {
        assert_eq!(linked().unwrap(), expected);
    }
}

/// A feature alone gives nobody's password to a stranger.
#[cfg(any(feature = "krb5", feature = "ntlm", feature = "scram", feature = "spnego"))]
#[test]
fn what_is_asked_for_by_name_only_is_no_default() {
    let gss = Gss::within(Environment::new(Arc::new(SystemClock))).unwrap();
    if cfg!(any(feature = "krb5", feature = "spnego")) {
        let default = gss.mechanisms().default_mechanism();
        assert!(["krb5", "spnego"].contains(&default.label().name));
    }
    let acquire = gss::Acquire::initiate().named(gss::Name::user("alice"));
    let acquired = gss.acquire(acquire.with_password(b"open sesame".to_vec().into()));
    let elements = acquired.map(|cred| cred.elements.into_iter().map(|(mech, _)| mech.to_string()).collect());
    let elements: Vec<String> = elements.unwrap_or_default();
    for mech in ["1.3.6.1.5.5.18", "1.3.6.1.5.5.14", "1.3.6.1.4.1.311.2.2.10"] {
        assert!(!elements.iter().any(|element| element == mech), "{mech} was offered");
    }
}

#[cfg(not(any(feature = "krb5", feature = "ntlm", feature = "scram", feature = "spnego")))]
#[test]
fn an_empty_registry_says_what_to_do() {
    let error = Gss::within(Environment::new(Arc::new(SystemClock))).unwrap_err();
    assert!(error.to_string().contains("feature"), "{error}");
}

#[cfg(feature = "krb5")]
#[test]
fn kerberos_is_the_default_and_answers_to_its_alias() {
    let gss = Gss::within(Environment::new(Arc::new(SystemClock))).unwrap();
    let kerberos = gss.mechanisms().default_mechanism().oid();
    assert_eq!(kerberos, gss::krb5::KRB5);
    let alias = gss_core::oid!("1.2.840.48018.1.2.2");
    assert_eq!(
        gss.mechanisms().mechanism(&alias).map(|mechanism| mechanism.oid()),
        Some(kerberos)
    );
}
