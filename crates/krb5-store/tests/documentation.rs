//! `docs/configuration.md` says of each key what the table of keys does.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic, and so may what it is made of"
)]

use krb5_store::config::{Effect, KEYS, Key, Place};

const PAGE: &str = "../../docs/configuration.md";

/// The rows of a table of the page, by its mark.
fn rows(mark: &str) -> Vec<String> {
    let keys = |place: fn(Place) -> bool| KEYS.iter().filter(move |key| place(key.place));
    let general: fn(Place) -> bool = |place| place != Place::Realm;
    let realm: fn(Place) -> bool = |place| place == Place::Realm;
    match mark {
        "libdefaults" => keys(general).filter_map(|key| effective(key, true)).collect(),
        "realms" => keys(realm).filter_map(|key| effective(key, false)).collect(),
        "libdefaults without effect" => keys(general).filter_map(without).collect(),
        "realms without effect" => keys(realm).filter_map(without).collect(),
        other => panic!("no table is marked {other:?}"),
    }
}

fn effective(key: &Key, with_default: bool) -> Option<String> {
    if key.effect != Effect::Effective {
        return None;
    }
    let also = key.also.map(|name| format!(", `{name}`")).unwrap_or_default();
    let by_realm = match key.place {
        Place::LibdefaultsOrRealm => " †",
        _ => "",
    };
    let name = format!("`{}`{also}{by_realm}", key.name);
    Some(match (with_default, key.default) {
        (false, _) => format!("| {name} | {} |", key.meaning),
        (true, "") => format!("| {name} | | {} |", key.meaning),
        (true, default) => format!("| {name} | {default} | {} |", key.meaning),
    })
}

fn without(key: &Key) -> Option<String> {
    match key.effect {
        Effect::Without(reason) => Some(format!("| `{}` | {} | {reason} |", key.name, key.meaning)),
        _ => None,
    }
}

/// The rows behind `<!-- keys: MARK -->` and the two lines of the heading.
fn written<'a>(page: &'a str, mark: &str) -> Vec<&'a str> {
    let (_, after) = page
        .split_once(&format!("<!-- keys: {mark} -->\n"))
        .unwrap_or_else(|| panic!("{PAGE} has no table {mark:?}"));
    after.lines().skip(2).take_while(|line| line.starts_with('|')).collect()
}

#[test]
fn each_key_is_described_as_it_is_in_the_table_of_keys() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = std::fs::read_to_string(path).unwrap();
    for mark in [
        "libdefaults",
        "realms",
        "libdefaults without effect",
        "realms without effect",
    ] {
        let expected = rows(mark);
        assert!(expected.len() > 5, "{mark}");
        assert_eq!(
            written(&page, mark),
            expected,
            "the table should be:\n{}",
            expected.join("\n")
        );
    }
}
