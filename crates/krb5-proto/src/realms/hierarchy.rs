//! Realms whose names tell where they stand: RFC 4120 §6.1 and §3.3.1.

use super::MAX_PATH;
use crate::Realm;

/// The realms strictly between two, by way of their nearest common ancestor, which is among them.
///
/// Where they have none, the way leads to the root of one hierarchy and down from that of the other. `None` if the names
/// have too many components to be walked.
pub(super) fn between(from: &Realm, to: &Realm) -> Option<Vec<Realm>> {
    let (up, down) = (lineage(from)?, lineage(to)?);
    let meets = |realm: &Realm| down.iter().position(|other| other == realm);
    let mut path = Vec::new();
    let mut rest = down.len();
    for realm in &up {
        path.push(realm.clone());
        if let Some(at) = meets(realm) {
            rest = at;
            break;
        }
    }
    path.extend(down.iter().take(rest).rev().cloned());
    path.retain(|realm| realm != from && realm != to);
    (path.len() <= MAX_PATH).then_some(path)
}

/// The realm and those above it, the nearest first: `A.B.C`, `B.C`, `C`, or `/C/B/A`, `/C/B`, `/C`.
fn lineage(realm: &Realm) -> Option<Vec<Realm>> {
    let octets = realm.as_bytes();
    let separator = if octets.starts_with(b"/") { b'/' } else { b'.' };
    let places = || octets.iter().enumerate().filter(|(_, octet)| **octet == separator);
    if places().take(MAX_PATH.saturating_add(1)).count() > MAX_PATH {
        return None;
    }
    let mut line = vec![realm.clone()];
    if separator == b'/' {
        let above = places().map(|(at, _)| at).filter(|at| *at > 0).collect::<Vec<_>>();
        line.extend(
            above
                .into_iter()
                .rev()
                .filter_map(|at| octets.get(..at))
                .map(Realm::from),
        );
    } else {
        let above = places().filter_map(|(at, _)| octets.get(at.saturating_add(1)..));
        line.extend(above.filter(|name| !name.is_empty()).map(Realm::from));
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(from: &str, to: &str) -> Vec<String> {
        let path = between(&from.into(), &to.into()).unwrap();
        path.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_way_leads_over_the_nearest_common_ancestor() {
        assert_eq!(way("A.EXAMPLE.COM", "B.EXAMPLE.COM"), ["EXAMPLE.COM"]);
        assert_eq!(way("X.A.COM", "Y.B.COM"), ["A.COM", "COM", "B.COM"]);
        assert_eq!(way("EXAMPLE.COM", "X.Y.EXAMPLE.COM"), ["Y.EXAMPLE.COM"]);
        assert_eq!(way("X.Y.EXAMPLE.COM", "EXAMPLE.COM"), ["Y.EXAMPLE.COM"]);
        assert_eq!(way("/COM/HP/APOLLO", "/COM/DEC"), ["/COM/HP", "/COM"]);
    }

    #[test]
    fn a_common_end_of_a_name_that_is_no_component_is_no_ancestor() {
        assert_eq!(way("ABC.ORG", "BC.ORG"), ["ORG"]);
        assert_eq!(way("ABC", "BC"), [""; 0]);
    }

    #[test]
    fn without_a_common_ancestor_it_leads_over_both_roots() {
        assert_eq!(way("A.B", "X.Y"), ["B", "Y"]);
        assert_eq!(way("A.B", "/C/D"), ["B", "/C"]);
        assert_eq!(way("A", "B"), [""; 0]);
    }

    #[test]
    fn dots_in_odd_places_end_no_loop_and_name_no_empty_realm() {
        assert_eq!(way("A..B.", "B."), [".B."]);
        assert_eq!(way("...", "A"), ["..", "."]);
        assert_eq!(between(&".".repeat(65).as_str().into(), &"A".into()), None);
        let deep: Realm = "A.".repeat(60).as_str().into();
        assert_eq!(between(&deep, &"B.".repeat(60).as_str().into()), None);
    }
}
