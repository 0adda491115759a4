//! The linked registry holds exactly the mechanisms of the enabled features.

use std::sync::Arc;

use gss::{Environment, ErrorKind, Gss, Mechanisms, SystemClock};

fn linked() -> Result<Vec<String>, gss::Error> {
    let mechanisms = Mechanisms::linked(&Environment::new(Arc::new(SystemClock)))?;
    Ok(mechanisms.oids().map(|oid| oid.to_string()).collect())
}

#[test]
fn the_registry_holds_the_mechanisms_of_the_features_and_no_others() {
    let mut expected: Vec<&str> = Vec::new();
    if cfg!(feature = "krb5") {
        expected.push("1.2.840.113554.1.2.2");
    }
    if cfg!(feature = "spnego") {
        expected.push("1.3.6.1.5.5.2");
    }
    if expected.is_empty() {
        assert_eq!(linked().unwrap_err(), ErrorKind::Unavailable);
    } else {
        assert_eq!(linked().unwrap(), expected);
    }
}

#[cfg(not(any(feature = "krb5", feature = "spnego")))]
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
