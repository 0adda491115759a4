//! The lists of Debian packages that the peers come from say the same wherever they are written.

use std::collections::BTreeSet;

const CHECK: &str = include_str!("../../check");
const SUITE: &str = include_str!("../../conformance/src/packages.rs");
const README: &str = include_str!("../../conformance/README.md");

/// What stands between `start` and `end`, which both must be there.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).expect("the beginning of a list");
    let (list, _) = rest.split_once(end).expect("the end of the list");
    list
}

/// The names in a list, each once.
fn names(list: &str) -> BTreeSet<&str> {
    let all: Vec<&str> = list
        .split_whitespace()
        .map(|name| name.trim_matches(['"', ',']))
        .collect();
    let set: BTreeSet<&str> = all.iter().copied().collect();
    assert_eq!(set.len(), all.len(), "a name twice in {list}");
    assert!(!set.is_empty() && !set.contains(""), "no names of packages: {list}");
    set
}

fn installed_by_check() -> BTreeSet<&'static str> {
    names(between(CHECK, "PACKAGES=(", ")"))
}

#[test]
fn the_suite_requires_what_check_installs() {
    let (_, list) = between(SUITE, "INSTALLED: [&str;", "];")
        .split_once("= [")
        .expect("a list in Rust");
    assert_eq!(installed_by_check(), names(list));
}

#[test]
fn the_readme_names_what_check_installs() {
    let list = between(README, "Debian packages that must be installed: `", "`");
    assert_eq!(installed_by_check(), names(list));
}
