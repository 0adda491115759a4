//! What a KDC knows of other realms.

use krb5_proto::messages::TransitedEncoding;
use krb5_proto::realms::CaPaths;
use krb5_proto::realms::transited::{self, TransitedFault};
use krb5_proto::{PrincipalName, Realm};

/// Which realms hosts and people belong to, and which ways lead to them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Neighbours {
    /// Hosts, domains with a leading dot, and the parts of enterprise names behind their `@`; in lower case.
    domains: Vec<(String, Realm)>,
    pub(crate) paths: CaPaths,
}

impl Neighbours {
    pub(crate) fn add_domain(&mut self, domain: &str, realm: Realm) {
        self.domains.push((domain.to_ascii_lowercase(), realm));
    }

    /// The realm of the host of a host-based service.
    pub(crate) fn realm_of_service(&self, name: &PrincipalName) -> Option<Realm> {
        match name.components.as_slice() {
            [_, host] if !name.is_krbtgt() => self.realm_of_domain(host.as_str()?),
            _ => None,
        }
    }

    /// The realm of `domain`: as given by its own name, else by that of the nearest domain above it.
    pub(crate) fn realm_of_domain(&self, domain: &str) -> Option<Realm> {
        let domain = domain.strip_suffix('.').unwrap_or(domain).to_ascii_lowercase();
        let named = |wanted: &str| {
            let found = self.domains.iter().find(|(name, _)| name == wanted);
            found.map(|(_, realm)| realm.clone())
        };
        let above = domain.match_indices('.').filter_map(|(dot, _)| domain.get(dot..));
        named(&domain).or_else(|| above.filter_map(named).next())
    }

    /// The realms that a client of `client` has passed through when it comes with a ticket of `issuer`'s: those that the
    /// ticket lists, and its issuer, which only we can tell (CVE-2017-6594).
    pub(crate) fn transited(
        field: &TransitedEncoding,
        client: &Realm,
        issuer: &Realm,
        own: &Realm,
    ) -> Result<Vec<Realm>, TransitedFault> {
        let mut realms = transited::decode(field, client, issuer)?;
        let between = issuer != client && issuer != own;
        if between && !realms.contains(issuer) {
            realms.push(issuer.clone());
        }
        Ok(realms)
    }

    /// Whether nothing but the way from `client` to `own` was taken.
    pub(crate) fn are_on_path(&self, realms: &[Realm], client: &Realm, own: &Realm) -> bool {
        let path = self.paths.path(client, own);
        realms.iter().all(|realm| path.contains(realm))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_domain_gives_the_realm() {
        let mut neighbours = Neighbours::default();
        neighbours.add_domain(".b.test", "B.TEST".into());
        neighbours.add_domain("odd.b.test", "ODD.TEST".into());
        neighbours.add_domain(".Sub.b.test", "SUB.TEST".into());
        for (host, realm) in [
            ("www.b.test", Some("B.TEST")),
            ("WWW.B.TEST.", Some("B.TEST")),
            ("a.www.b.test", Some("B.TEST")),
            ("odd.b.test", Some("ODD.TEST")),
            ("x.sub.b.test", Some("SUB.TEST")),
            ("b.test", None),
            ("www.c.test", None),
            ("", None),
            (".", None),
        ] {
            assert_eq!(neighbours.realm_of_domain(host), realm.map(Realm::from), "{host}");
        }
    }

    #[test]
    fn k9_the_realm_that_issued_the_ticket_is_on_the_list() {
        let of = |contents: &[&str], issuer: &str| {
            let listed: Vec<Realm> = contents.iter().map(|realm| Realm::from(*realm)).collect();
            let (client, own) = (Realm::from("A"), Realm::from("B"));
            Neighbours::transited(&transited::encode(&listed), &client, &issuer.into(), &own).unwrap()
        };
        assert_eq!(of(&[], "C"), [Realm::from("C")]);
        assert_eq!(of(&["D"], "C"), ["D", "C"].map(Realm::from));
        assert_eq!(of(&["C"], "C"), [Realm::from("C")]);
        assert!(of(&[], "A").is_empty(), "from the client's own realm");
        assert_eq!(of(&["C"], "B"), [Realm::from("C")], "by our own ticket");
    }
}
