//! `[capaths]`: the realms that lead from one to another.

use std::collections::BTreeMap;

use super::{MAX_PATH, hierarchy};
use crate::Realm;

/// The ways between realms: as configured, else by the hierarchy of their names.
///
/// Clients walk them, KDCs and acceptors hold tickets to them.
///
/// ```
/// use krb5_proto::realms::CaPaths;
/// use krb5_proto::Realm;
///
/// let [a, b, c] = ["A.TEST", "B.TEST", "C.TEST"].map(Realm::from);
/// let mut paths = CaPaths::default();
/// assert_eq!(paths.between(&a, &b), [Realm::from("TEST")]);
/// paths.set(a.clone(), b.clone(), vec![c.clone()]);
/// assert_eq!(paths.between(&a, &b), [c]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaPaths {
    ways: BTreeMap<(Realm, Realm), Vec<Realm>>,
}

impl CaPaths {
    /// Sets the realms between `client` and `server`, the nearest to the client first; none if they trust each other.
    /// It says nothing of the way back.
    pub fn set(&mut self, client: Realm, server: Realm, between: Vec<Realm>) {
        self.ways.insert((client, server), between);
    }

    /// The realms strictly between `client` and `server`, the nearest to the client first.
    ///
    /// Empty where nothing leads from one to the other but a key that both share.
    #[must_use]
    pub fn between(&self, client: &Realm, server: &Realm) -> Vec<Realm> {
        if client == server {
            return Vec::new();
        }
        let configured = self.ways.get(&(client.clone(), server.clone()));
        match configured {
            Some(way) => way.iter().take(MAX_PATH).cloned().collect(),
            None => hierarchy::between(client, server).unwrap_or_default(),
        }
    }

    /// The whole way from `client` to `server`, both included; one realm if they are the same.
    #[must_use]
    pub fn path(&self, client: &Realm, server: &Realm) -> Vec<Realm> {
        let mut path = vec![client.clone()];
        path.extend(self.between(client, server));
        if client != server {
            path.push(server.clone());
        }
        path
    }

    /// The ways that are configured: client, server, and the realms between them.
    pub fn configured(&self) -> impl Iterator<Item = (&Realm, &Realm, &[Realm])> {
        self.ways
            .iter()
            .map(|((client, server), way)| (client, server, way.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn realm(name: &str) -> Realm {
        name.into()
    }

    #[test]
    fn a_configured_way_comes_before_the_hierarchy_in_its_direction_only() {
        let mut paths = CaPaths::default();
        paths.set(realm("A.TEST"), realm("B.TEST"), Vec::new());
        assert_eq!(paths.path(&realm("A.TEST"), &realm("B.TEST")).len(), 2);
        assert_eq!(paths.between(&realm("B.TEST"), &realm("A.TEST")), [realm("TEST")]);
        assert_eq!(paths.configured().count(), 1);
    }

    #[test]
    fn a_realm_is_its_own_path() {
        assert_eq!(
            CaPaths::default().path(&realm("A.TEST"), &realm("A.TEST")),
            [realm("A.TEST")]
        );
    }

    #[test]
    fn a_configured_way_is_no_longer_than_one_may_be() {
        let mut paths = CaPaths::default();
        paths.set(realm("A"), realm("B"), vec![realm("C"); 1000]);
        assert_eq!(paths.between(&realm("A"), &realm("B")).len(), MAX_PATH);
    }
}
