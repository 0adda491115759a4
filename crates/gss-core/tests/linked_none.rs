//! A program that no mechanism is linked into.

use std::sync::Arc;

use gss_core::{Environment, ErrorKind, Mechanisms};
use gss_test::TestClock;

#[test]
fn a_program_without_mechanisms_is_told_what_to_do() {
    let environment = Environment::new(Arc::new(TestClock::at_seconds(0)));
    let error = Mechanisms::linked(&environment).unwrap_err();
    assert_eq!(error, ErrorKind::Unavailable);
    assert!(error.to_string().contains("use gss_mech_krb5 as _;"), "{error}");
}
