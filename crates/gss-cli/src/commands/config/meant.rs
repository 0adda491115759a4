//! What somebody may have meant who wrote what nobody knows.

use krb5_store::config::{KEYS, Key, Place};

/// A guess at what the unknown `path` should be: a known name that is nearly the same, or the place of the right one.
pub(super) fn guess(path: &[String]) -> Option<String> {
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    match names.as_slice() {
        ["libdefaults", key] => among(key, Key::of_realm, REALMS, |place| place != Place::Realm),
        ["realms", _, key] => among(key, Key::of_libdefaults, LIBDEFAULTS, |place| place == Place::Realm),
        ["libdefaults", _, key] => among(key, Key::of_libdefaults, LIBDEFAULTS, |place| {
            place == Place::LibdefaultsOrRealm
        }),
        [section, ..] if !SECTIONS.contains(section) => {
            nearest(section, SECTIONS.iter().copied()).map(|section| format!("is [{section}] meant?"))
        }
        _ => None,
    }
}

/// A known name that is nearly `name`, for whoever asks for it.
pub(super) fn nearest_key(name: &str) -> Option<&'static str> {
    nearest(name, KEYS.iter().map(|key| key.name))
}

fn among(
    name: &str,
    elsewhere: fn(&str) -> Option<&'static Key>,
    there: &str,
    here: impl Fn(Place) -> bool,
) -> Option<String> {
    if elsewhere(name).is_some() {
        return Some(format!("it counts in {there}"));
    }
    let names = KEYS.iter().filter(|key| here(key.place)).map(|key| key.name);
    nearest(name, names).map(|name| format!("is {name} meant?"))
}

/// The nearest of `names`, if it is near: a third of the letters may be wrong. Dashes are as good as underscores.
fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase().replace('-', "_");
    let tolerance = name.chars().count().checked_div(3)?;
    let distance = |known: &str| strsim::damerau_levenshtein(&name, &known.replace('-', "_"));
    let measured = names.map(|known| (distance(known), known));
    let near = measured.filter(|(distance, _)| *distance <= tolerance);
    near.min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

const LIBDEFAULTS: &str = "[libdefaults]";
const REALMS: &str = "the realm's braces in [realms]";
/// Those that this implementation reads anything of, or that are known from others.
const SECTIONS: &[&str] = &[
    "appdefaults",
    "capaths",
    "dbdefaults",
    "dbmodules",
    "domain_realm",
    "gssapi",
    "kadmin",
    "kcm",
    "kdc",
    "kdcdefaults",
    "libdefaults",
    "logging",
    "password_quality",
    "plugins",
    "realms",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(path: &[&str]) -> Option<String> {
        guess(&path.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn typing_errors_are_recognised_where_they_stand() {
        let cases: [(&[&str], Option<&str>); 11] = [
            (&["libdefaults", "forwardabel"], Some("is forwardable meant?")),
            (&["libdefaults", "Default-Realm"], Some("is default_realm meant?")),
            (&["libdefaults", "clock_skew"], Some("is clockskew meant?")),
            (
                &["libdefaults", "kdc"],
                Some("it counts in the realm's braces in [realms]"),
            ),
            (
                &["libdefaults", "R", "ticket_lifetme"],
                Some("is ticket_lifetime meant?"),
            ),
            (&["realms", "R", "kcd"], Some("is kdc meant?")),
            (&["realms", "R", "clockskew"], Some("it counts in [libdefaults]")),
            (&["libdefault", "forwardable"], Some("is [libdefaults] meant?")),
            (&["realm", "R", "kdc"], Some("is [realms] meant?")),
            (&["libdefaults", "zork"], None),
            (&["my_program", "key"], None),
        ];
        for (path, expected) in cases {
            assert_eq!(guessed(path).as_deref(), expected, "{path:?}");
        }
    }
}
