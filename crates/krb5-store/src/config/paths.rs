//! `[capaths]`: which realms lead from one to another.

use super::settings::Settings;
use crate::proto::Realm;
use crate::proto::realms::CaPaths;

impl Settings {
    /// The ways between realms. `CLIENT = { SERVER = BETWEEN }` in `[capaths]` lists the realms on one, the nearest to
    /// the client first; `.` stands for none.
    #[must_use]
    pub fn capaths(&self) -> CaPaths {
        let mut paths = CaPaths::default();
        for client in self.profile().subsections(&["capaths"]) {
            let mut relations = self.profile().relations(&["capaths", client]);
            relations.sort_by_key(|(server, _)| *server);
            for way in relations.chunk_by(|(one, _), (other, _)| one == other) {
                let Some((server, _)) = way.first() else { continue };
                let between = way.iter().map(|(_, value)| value.text).filter(|realm| *realm != ".");
                let between = between
                    .flat_map(|text| text.split([' ', '\t', ',']))
                    .filter(|realm| !realm.is_empty());
                paths.set(client.into(), (*server).into(), between.map(Realm::from).collect());
            }
        }
        paths
    }

    /// Whether `[capaths]` says anything of the way from `client` to `server`.
    #[must_use]
    pub fn has_capath(&self, client: &str, server: &str) -> bool {
        self.profile().value(&["capaths", client, server]).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_read_in_their_order_and_a_dot_is_none() {
        let settings = Settings::parse("[capaths]\nA = {\n B = X\n C = .\n B = Y\n}\nD.TEST = {\n A = X\n}\n").unwrap();
        let paths = settings.capaths();
        let between = |client: &str, server: &str| paths.between(&client.into(), &server.into());
        assert_eq!(between("A", "B"), [Realm::from("X"), Realm::from("Y")]);
        assert!(between("A", "C").is_empty());
        assert_eq!(between("D.TEST", "A"), [Realm::from("X")]);
        assert_eq!(paths.configured().count(), 3);
        assert!(settings.has_capath("A", "C") && !settings.has_capath("C", "A"));
    }

    #[test]
    fn nothing_is_configured_where_nothing_is_said() {
        assert_eq!(Settings::default().capaths(), CaPaths::default());
    }
}
