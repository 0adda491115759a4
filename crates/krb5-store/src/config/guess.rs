//! Realms of hosts that the configuration does not name.

use super::settings::Settings;

impl Settings {
    /// The realms to try for a service on `host` if `[domain_realm]` does not name it and the client's KDC knows no better,
    /// best first:
    ///
    /// 1. with `realm_try_domains`, the host's name and those of the domains above it, if KDCs are configured for a realm
    ///    of that name (what the DNS says of KDCs is not asked);
    /// 2. the host's domain, unless that is a top-level one;
    /// 3. `default_realm`.
    ///
    /// All of them in capitals, as realms are by custom.
    #[must_use]
    pub fn guessed_realms(&self, host: &str) -> Vec<String> {
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_uppercase();
        let mut realms = Vec::new();
        if host.parse::<std::net::IpAddr>().is_err() {
            let above = host.match_indices('.').filter_map(|(dot, _)| host.get(dot..)?.get(1..));
            let domains: Vec<&str> = std::iter::once(host.as_str()).chain(above).collect();
            if let Some(limit) = self.realm_try_domains() {
                let tried = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
                let tried = domains.iter().take(tried).filter(|domain| domain.contains('.'));
                let known = |domain: &&&str| self.kdcs(domain).is_ok_and(|kdcs| !kdcs.is_empty());
                realms.extend(tried.filter(known).map(|domain| (*domain).to_owned()));
            }
            let domain = domains.get(1).filter(|domain| domain.contains('.'));
            realms.extend(domain.map(|domain| (*domain).to_owned()));
        }
        realms.extend(self.default_realm().map(str::to_owned));
        let mut seen = std::collections::BTreeSet::new();
        realms.retain(|realm| seen.insert(realm.clone()));
        realms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(lines: &str, host: &str) -> Vec<String> {
        let text = format!("[libdefaults]\n{lines}\n[realms]\nEXAMPLE.ORG = {{\n kdc = kdc.example.org\n}}\n");
        Settings::parse(&text).unwrap().guessed_realms(host)
    }

    #[test]
    fn the_domain_comes_before_the_default_realm() {
        assert_eq!(
            guessed("default_realm = HOME", "www.sub.example.org."),
            ["SUB.EXAMPLE.ORG", "HOME"]
        );
        assert_eq!(guessed("default_realm = HOME", "www.org"), ["HOME"]);
        assert_eq!(guessed("default_realm = HOME", "www"), ["HOME"]);
        assert_eq!(
            guessed("default_realm = EXAMPLE.ORG", "www.example.org"),
            ["EXAMPLE.ORG"]
        );
        assert_eq!(guessed("", "www"), [""; 0]);
    }

    #[test]
    fn domains_above_are_tried_as_far_as_configured_if_they_have_kdcs() {
        let host = "www.a.b.example.org";
        let tried = |number| guessed(&format!("realm_try_domains = {number}"), host);
        assert_eq!(tried(-1), ["A.B.EXAMPLE.ORG"]);
        assert_eq!(tried(2), ["A.B.EXAMPLE.ORG"]);
        assert_eq!(tried(3), ["EXAMPLE.ORG", "A.B.EXAMPLE.ORG"]);
        assert_eq!(tried(100), ["EXAMPLE.ORG", "A.B.EXAMPLE.ORG"]);
    }

    #[test]
    fn addresses_are_in_no_domain() {
        for address in ["192.0.2.1", "2001:db8::1"] {
            assert_eq!(
                guessed("default_realm = HOME\nrealm_try_domains = 5", address),
                ["HOME"]
            );
        }
    }
}
