//! Q13: a replica of the KDC that lags behind the primary one.

#![cfg(all(feature = "krb5", feature = "net"))]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::net::SocketAddr;
use std::sync::Arc;

use gss::{Acquire, Credential, Environment, Error, Gss, Name, SystemClock};
use krb5_kdc::{Kdc, Running};
use krb5_store::config::Settings;

fn kdc(user: &str, password: &str) -> Running {
    let kdc = Kdc::builder("REPLICA.TEST").principal(user, password).build().unwrap();
    kdc.serve_loopback().unwrap()
}

/// A credential of `user` with the new password, where these serve the realm.
fn acquire(replica: SocketAddr, primary: SocketAddr) -> Result<Credential, Error> {
    let text = format!(
        "[libdefaults]\ndefault_realm = REPLICA.TEST\ndns_lookup_kdc = false\nrequest_timeout = 5\n\
         [realms]\nREPLICA.TEST = {{\nkdc = {replica}\nprimary_kdc = {primary}\n}}\n"
    );
    let settings = Arc::new(Settings::parse(&text).unwrap());
    let gss = Gss::within(Environment::new(Arc::new(SystemClock)).with_extension(settings)).unwrap();
    let acquire = Acquire::initiate().named(Name::krb5_principal("user"));
    gss.acquire(acquire.with_password(b"new password".to_vec().into()))
}

#[test]
fn q13_a_password_that_a_replica_does_not_know_is_tried_at_the_primary() {
    let (replica, primary) = (kdc("user", "old password"), kdc("user", "new password"));
    assert!(acquire(replica.address(), primary.address()).is_ok());
}

#[test]
fn q13_a_user_that_a_replica_does_not_know_is_sought_at_the_primary() {
    let (replica, primary) = (kdc("other", "x"), kdc("user", "new password"));
    assert!(acquire(replica.address(), primary.address()).is_ok());
}

#[test]
fn q13_where_the_primary_is_down_or_agrees_the_password_is_wrong() {
    let replica = kdc("user", "old password");
    let agrees = kdc("user", "old password");
    let wrong = acquire(replica.address(), agrees.address()).unwrap_err().to_string();
    assert!(wrong.contains("password"), "{wrong}");
    let gone = agrees.address();
    agrees.shutdown();
    assert_eq!(acquire(replica.address(), gone).unwrap_err().to_string(), wrong);
}
