//! Names of hosts, as services on them are called (I-55).

use gss_core::flow::{Flow, Flowing, IoReply, IoRequest, Query};
use krb5_store::config::{Settings, Suffix, Switch};

/// A host as a caller names it: in lower case and without a final dot, perhaps with a port, which is part of the
/// service's name and no part of the host's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    name: String,
    /// With its colon.
    port: String,
}

impl Host {
    /// Reads `host`, `host:port`, or an IPv6 address, which has more colons than one.
    pub(crate) fn parse(text: &str) -> Self {
        let (name, port) = match text.split_once(':') {
            Some((_, port)) if port.is_empty() || port.contains(':') => (text, ""),
            Some((name, _)) => (name, text.get(name.len()..).unwrap_or_default()),
            None => (text, ""),
        };
        Self {
            name: plain(name),
            port: port.to_owned(),
        }
    }

    /// Without the port.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// As the name of a service has it: with the port.
    pub(crate) fn instance(&self) -> String {
        format!("{}{}", self.name, self.port)
    }

    /// With the domain of `qualify_shortname`, if its name is a short one. The system's search domain, MIT's default, is
    /// not asked for: whoever runs the network that the machine is in would choose the service.
    pub(crate) fn qualified(self, settings: &Settings) -> Self {
        let short = !self.name.is_empty() && !self.name.contains(['.', ':']);
        match settings.qualify_shortname() {
            Suffix::Domain(domain) if short => Self {
                name: format!("{}.{}", self.name, plain(domain)),
                ..self
            },
            _ => self,
        }
    }

    /// What the DNS calls it, and with `rdns` what the DNS calls its address; itself where the DNS does not know.
    pub(crate) fn canonical(self, settings: &Settings) -> Flowing<Self> {
        let reverse = settings.is_on(Switch::Rdns);
        self.renamed(Query::Canonical)?.then(move |host| match reverse {
            true => host.renamed(Query::Reverse),
            false => Ok(Flow::Done(host)),
        })
    }

    fn renamed(self, query: Query) -> Flowing<Self> {
        names(&self.name, query)?.then(move |names| {
            let name = names.iter().find_map(|name| credible(name));
            Ok(Flow::Done(Self {
                name: name.unwrap_or(self.name),
                port: self.port,
            }))
        })
    }
}

/// The names that the resolver knows, none if it knows nothing.
pub(crate) fn names(host: &str, query: Query) -> Flowing<Vec<String>> {
    let request = IoRequest::Resolve {
        host: host.to_owned(),
        query,
    };
    Flow::io(request, |reply| match reply {
        IoReply::Names(names) => Ok(Flow::Done(names)),
        _ => Ok(Flow::Done(Vec::new())),
    })
}

fn plain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// The name, if it can be one of a host: the DNS may say anything.
fn credible(name: &str) -> Option<String> {
    let name = plain(name);
    let odd = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'));
    (!name.is_empty() && name.len() <= LONGEST && !name.contains(odd)).then_some(name)
}

/// The longest name of a host, in octets.
const LONGEST: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i55_a_port_belongs_to_the_service_and_an_address_is_whole() {
        for (text, name, instance) in [
            ("WWW.Example.ORG.", "www.example.org", "www.example.org"),
            ("Db.example.org:1433", "db.example.org", "db.example.org:1433"),
            ("db.example.org.:1433", "db.example.org", "db.example.org:1433"),
            ("db:", "db:", "db:"),
            ("2001:DB8::1", "2001:db8::1", "2001:db8::1"),
            ("::1", "::1", "::1"),
            ("", "", ""),
        ] {
            let host = Host::parse(text);
            assert_eq!((host.name(), host.instance().as_str()), (name, instance), "{text}");
        }
    }

    #[test]
    fn i55_short_names_are_completed_by_the_configured_domain_alone() {
        let qualified = |line: &str, host: &str| {
            let settings = Settings::parse(&format!("[libdefaults]\n{line}\n")).unwrap();
            Host::parse(host).qualified(&settings).instance()
        };
        let domain = "qualify_shortname = Example.ORG.";
        assert_eq!(qualified(domain, "www"), "www.example.org");
        assert_eq!(qualified(domain, "www:80"), "www.example.org:80");
        for host in ["www.other.org", "::1", "127.0.0.1", ""] {
            assert_eq!(qualified(domain, host), host);
        }
        for line in ["", "qualify_shortname = \"\""] {
            assert_eq!(qualified(line, "www"), "www");
        }
    }

    #[test]
    fn k10_what_is_no_name_of_a_host_is_not_taken_for_one() {
        assert_eq!(credible("WWW.Example.org."), Some("www.example.org".to_owned()));
        let long = "a".repeat(256);
        for name in ["", ".", "a b", "a/b", "a@B.TEST", "a\\b", "a\0", "é", &long] {
            assert_eq!(credible(name), None, "{name}");
        }
    }
}
