//! Which services an acceptor may be.

use std::fmt;

use crate::config::Settings;
use crate::proto::Principal;

/// The names that an acceptor answers to. It decides which entries of a keytab are tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServiceName {
    /// Every name in the keytab.
    #[default]
    Any,
    /// A service, in any realm.
    Hostbased {
        /// The first component.
        service: String,
        /// The second component, compared without regard to case; `None` for any host.
        host: Option<String>,
    },
    /// One principal, and only that.
    Principal(Principal),
}

impl ServiceName {
    /// Whether `principal` is one of these. Settings may say that hosts do not matter
    /// (`ignore_acceptor_hostname`).
    #[must_use]
    pub fn matches(&self, principal: &Principal, settings: &Settings) -> bool {
        match self {
            Self::Any => true,
            Self::Principal(wanted) => wanted == principal,
            Self::Hostbased { service, host } => {
                let [first, second] = principal.name.components.as_slice() else {
                    return false;
                };
                let host = host.as_ref().filter(|_| !settings.ignore_acceptor_hostname());
                *first == service.as_str() && host.is_none_or(|host| host.as_bytes().eq_ignore_ascii_case(second))
            }
        }
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any service"),
            Self::Hostbased { service, host: None } => write!(f, "{service} on any host"),
            Self::Hostbased {
                service,
                host: Some(host),
            } => write!(f, "{service}@{host}"),
            Self::Principal(principal) => write!(f, "{principal}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ccache::fixture::principal;

    fn http(host: Option<&str>) -> ServiceName {
        ServiceName::Hostbased {
            service: "http".to_owned(),
            host: host.map(str::to_owned),
        }
    }

    #[test]
    fn i54_each_kind_of_name_matches_what_it_should() {
        let exact = ServiceName::Principal(principal("http/www.example.org@A"));
        let names = [ServiceName::Any, http(None), http(Some("www.example.org")), exact];
        let cases = [
            (
                "http/www.example.org@A",
                [true, true, true, true],
                [true, true, true, true],
            ),
            (
                "http/www.example.org@B",
                [true, true, true, false],
                [true, true, true, false],
            ),
            (
                "http/WWW.example.org@A",
                [true, true, true, false],
                [true, true, true, false],
            ),
            (
                "http/other.example.org@A",
                [true, true, false, false],
                [true, true, true, false],
            ),
            (
                "HTTP/www.example.org@A",
                [true, false, false, false],
                [true, false, false, false],
            ),
            (
                "host/www.example.org@A",
                [true, false, false, false],
                [true, false, false, false],
            ),
            ("http@A", [true, false, false, false], [true, false, false, false]),
            (
                "http/www.example.org/x@A",
                [true, false, false, false],
                [true, false, false, false],
            ),
        ];
        let strict = Settings::default();
        let ignoring = Settings::parse("[libdefaults]\nignore_acceptor_hostname = true\n").unwrap();
        for (name, with_host, without) in cases {
            let name = principal(name);
            for (settings, expected) in [(&strict, with_host), (&ignoring, without)] {
                let matched: Vec<bool> = names.iter().map(|pattern| pattern.matches(&name, settings)).collect();
                assert_eq!(matched, expected, "{name}");
            }
        }
    }
}
