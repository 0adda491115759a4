//! What an [`Environment`] gives to a mechanism.

use std::sync::Arc;

use gss_core::{Environment, User};
use gss_test::TestClock;

#[test]
fn an_environment_has_what_it_was_given_and_nothing_else() {
    let clock = TestClock::at_seconds(7);
    let empty = Environment::new(Arc::new(clock.clone()));
    assert_eq!(
        (empty.variable("KRB5_CONFIG"), empty.host(), empty.user()),
        (None, None, None)
    );
    let user = User {
        id: 7,
        name: Some("bob".into()),
        home: None,
    };
    let full = empty
        .with_variable("KRB5_CONFIG", "/k")
        .with_host("www")
        .with_user(user.clone());
    assert_eq!(
        (full.variable("KRB5_CONFIG"), full.host(), full.user()),
        (Some("/k"), Some("www"), Some(&user))
    );
    clock.set(std::time::Duration::from_secs(9));
    assert_eq!(full.clock().now().as_secs(), 9);
}

#[test]
fn an_extension_is_found_by_its_type() {
    let environment = Environment::new(Arc::new(TestClock::at_seconds(0))).with_extension(Arc::new(42u16));
    assert_eq!(environment.extension::<u16>().as_deref(), Some(&42));
    assert_eq!(environment.extension::<u32>(), None);
}

#[test]
fn the_values_of_variables_are_not_printed() {
    let environment = Environment::new(Arc::new(TestClock::at_seconds(0))).with_variable("SECRET", "pq7z");
    let printed = format!("{environment:?}");
    assert!(printed.contains("SECRET") && !printed.contains("pq7z"), "{printed}");
}
