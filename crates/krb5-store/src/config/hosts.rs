//! How names of hosts become names of services and realms.

use super::boolean::parse_boolean;
use super::keys;
use super::profile::Profile;
use super::settings::Settings;
use crate::error::Error;

/// `dns_canonicalize_hostname`: whether host names are replaced by what the DNS calls them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostCanonicalization {
    /// Only if the name as given is not known to the KDC.
    Fallback,
    /// Never. The default here, unlike MIT's: whoever can forge DNS answers would choose the service.
    #[default]
    Never,
    /// Always.
    Always,
}

/// `qualify_shortname`: what comes after a host's name that has one label only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Suffix<'a> {
    /// The first search domain of the system.
    OfTheSystem,
    /// This domain.
    Domain(&'a str),
    /// Nothing: the key is there and empty.
    None,
}

impl Settings {
    /// The realm that `[domain_realm]` gives a host: by its own name, else by the longest of its
    /// parent domains, where an entry with a leading dot comes before one without. Host names are
    /// compared in lower case; a final dot does not count.
    #[must_use]
    pub fn realm_of_host(&self, host: &str) -> Option<&str> {
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        if host.parse::<std::net::IpAddr>().is_ok() {
            return None;
        }
        let mut rest = host.as_str();
        while !rest.is_empty() {
            if let Some(realm) = self.profile().value(&["domain_realm", rest]) {
                return Some(realm.text);
            }
            rest = match rest.strip_prefix('.') {
                Some(domain) => domain,
                None => rest.find('.').and_then(|dot| rest.get(dot..)).unwrap_or_default(),
            };
        }
        None
    }

    /// Whether and when host names are canonicalized by DNS; never by default.
    #[must_use]
    pub fn dns_canonicalize_hostname(&self) -> HostCanonicalization {
        self.hostnames.canonicalization
    }

    /// `qualify_shortname`: what is put after a host's name of one label, where the DNS does not say it; by default
    /// the first search domain of the system.
    #[must_use]
    pub fn qualify_shortname(&self) -> Suffix<'_> {
        match self.libdefault("qualify_shortname") {
            None => Suffix::OfTheSystem,
            Some("") => Suffix::None,
            Some(domain) => Suffix::Domain(domain),
        }
    }

    /// `realm_try_domains`: how many parent domains of a host are tried as its realm besides its own domain; `None`,
    /// the default, is not even that.
    #[must_use]
    pub fn realm_try_domains(&self) -> Option<u32> {
        self.hostnames.try_domains
    }
}

/// What `[libdefaults]` says of the names of hosts, besides texts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HostNames {
    canonicalization: HostCanonicalization,
    try_domains: Option<u32>,
}

impl HostNames {
    pub(super) fn read(profile: &Profile) -> Result<Self, Error> {
        Ok(Self {
            canonicalization: canonicalization(profile)?,
            try_domains: try_domains(profile)?,
        })
    }
}

fn canonicalization(profile: &Profile) -> Result<HostCanonicalization, Error> {
    let key = "dns_canonicalize_hostname";
    let Some(value) = keys::libdefault(profile, key) else {
        return Ok(HostCanonicalization::default());
    };
    if value.text.eq_ignore_ascii_case("fallback") {
        return Ok(HostCanonicalization::Fallback);
    }
    match parse_boolean(value.text) {
        Some(true) => Ok(HostCanonicalization::Always),
        Some(false) => Ok(HostCanonicalization::Never),
        None => Err(value.bad(key, "true, false or fallback")),
    }
}

/// A negative number is MIT's way to write "no".
fn try_domains(profile: &Profile) -> Result<Option<u32>, Error> {
    let key = "realm_try_domains";
    let Some(value) = keys::libdefault(profile, key) else {
        return Ok(None);
    };
    let number: i32 = value
        .text
        .parse()
        .map_err(|_| value.bad(key, "a number of domains, or -1"))?;
    Ok(u32::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(line: &str) -> Settings {
        Settings::parse(&format!("[libdefaults]\n{line}\n")).unwrap()
    }

    #[test]
    fn short_names_are_completed_by_the_system_a_domain_or_not_at_all() {
        assert_eq!(settings("").qualify_shortname(), Suffix::OfTheSystem);
        assert_eq!(settings("qualify_shortname = \"\"").qualify_shortname(), Suffix::None);
        let named = settings("qualify_shortname = example.org");
        assert_eq!(named.qualify_shortname(), Suffix::Domain("example.org"));
    }

    #[test]
    fn parent_domains_are_tried_as_far_as_configured() {
        for (line, tried) in [
            ("", None),
            ("realm_try_domains = -1", None),
            ("realm_try_domains = 0", Some(0)),
            ("realm_try_domains = 2", Some(2)),
        ] {
            assert_eq!(settings(line).realm_try_domains(), tried, "{line}");
        }
        let error = Settings::parse("[libdefaults]\nrealm_try_domains = all\n").unwrap_err();
        assert!(
            error.to_string().starts_with("krb5.conf:2: realm_try_domains"),
            "{error}"
        );
    }
}
