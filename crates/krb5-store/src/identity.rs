//! `.k5identity`: which client principal is to talk to which service.

#[cfg(unix)]
use std::path::Path;

#[cfg(unix)]
use crate::error::{Error, FileKind};
#[cfg(unix)]
use crate::owner::refuse_foreign;
use crate::pattern;
use crate::proto::{Principal, Realm};
#[cfg(unix)]
use crate::system::{self, Open};

/// The service that a context is to be established with, as far as the rules look at it.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServiceFacts<'a> {
    /// Its realm, if that is known.
    pub realm: Option<&'a Realm>,
    /// The service and its host, if it is one on a host.
    pub on_host: Option<(&'a str, &'a str)>,
}

/// The lines of a file, in their order.
///
/// A line is a client principal and constraints on the service, all separated by blanks:
///
/// ```text
/// # comment
/// alice/admin@EXAMPLE.ORG  service=host  host=*.example.org
/// alice@OTHER.ORG          realm=OTHER.ORG
/// alice@EXAMPLE.ORG
/// ```
///
/// The constraints are `realm`, `service` and `host`, each with a pattern of the shell; all must hold, and a host is
/// compared in lower case. The first line whose constraints hold counts. A line with a constraint that is not known
/// holds for nothing: it may have been written to exclude something.
#[derive(Clone, Debug, Default)]
pub struct Identities {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    client: String,
    /// Names and patterns.
    constraints: Vec<(String, String)>,
}

impl Identities {
    /// Reads the lines; what is no rule is skipped.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self {
            rules: text.lines().filter_map(Rule::parse).collect(),
        }
    }

    /// Reads a file, which must be the user's own, or root's.
    ///
    /// # Errors
    /// What keeps it from being read: also if it is somebody else's, no regular file or longer than 64 KiB.
    #[cfg(unix)]
    pub fn read(path: &Path) -> Result<Self, Error> {
        let open = Open::following(FileKind::Identities, path);
        let file = open.open()?;
        refuse_foreign(&open, &file)?;
        let octets = system::read_open(&open, &file, MAX_FILE)?;
        Ok(Self::parse(&String::from_utf8_lossy(&octets)))
    }

    /// The client that is to talk to `service`; `default_realm` is for principals without one.
    #[must_use]
    pub fn client(&self, service: &ServiceFacts<'_>, default_realm: Option<&Realm>) -> Option<Principal> {
        let holding = self.rules.iter().filter(|rule| rule.holds(service));
        holding
            .filter_map(|rule| Principal::parse(&rule.client, default_realm).ok())
            .next()
    }
}

impl Rule {
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split([' ', '\t', '\r', '\n']).filter(|field| !field.is_empty());
        let client = fields.next().filter(|client| !client.starts_with('#'))?;
        let constraints = fields
            .map(|field| {
                let (name, pattern) = field.split_once('=')?;
                Some((name.to_owned(), pattern.to_owned()))
            })
            .collect::<Option<_>>()?;
        Some(Self {
            client: client.to_owned(),
            constraints,
        })
    }

    fn holds(&self, service: &ServiceFacts<'_>) -> bool {
        self.constraints
            .iter()
            .all(|(name, pattern)| service.satisfies(name, pattern))
    }
}

impl ServiceFacts<'_> {
    fn satisfies(&self, name: &str, wanted: &str) -> bool {
        match (name, self.on_host) {
            // An unknown realm is an empty one, which `*` takes.
            ("realm", _) => pattern::matches(wanted.as_bytes(), self.realm.map_or(&[][..], |realm| realm)),
            ("service", Some((service, _))) => pattern::matches(wanted.as_bytes(), service.as_bytes()),
            ("host", Some((_, host))) => pattern::matches(wanted.as_bytes(), host.to_ascii_lowercase().as_bytes()),
            _ => false,
        }
    }
}

/// Octets in a file.
#[cfg(unix)]
const MAX_FILE: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ccache::fixture::principal;

    fn client(text: &str, realm: Option<&str>, on_host: Option<(&str, &str)>) -> Option<String> {
        let realm = realm.map(Realm::from);
        let service = ServiceFacts {
            realm: realm.as_ref(),
            on_host,
        };
        let found = Identities::parse(text).client(&service, Some(&Realm::from("DEFAULT")));
        found.map(|client| client.to_string())
    }

    const WEB: Option<(&str, &str)> = Some(("HTTP", "WWW.Example.Org"));

    #[test]
    fn i67_the_first_line_that_holds_says_who_the_client_is() {
        let text = "# alice@COMMENT\n\n  alice/admin@A service=host host=*.example.org\r\n\
                    web@A\tservice=HTTP   host=www.example.org\nalice@A realm=A\nbob\n";
        assert_eq!(client(text, Some("A"), WEB).as_deref(), Some("web@A"));
        assert_eq!(
            client(text, None, Some(("host", "x.example.org"))).as_deref(),
            Some("alice/admin@A")
        );
        assert_eq!(client(text, Some("A"), Some(("imap", "x"))).as_deref(), Some("alice@A"));
        assert_eq!(client(text, None, None).as_deref(), Some("bob@DEFAULT"));
    }

    #[test]
    fn i67_every_constraint_must_hold() {
        let line = "x@A realm=A service=HTTP host=www.*";
        assert!(client(line, Some("A"), WEB).is_some());
        assert!(client(line, Some("B"), WEB).is_none());
        assert!(client(line, Some("A"), Some(("HTTP", "mail.example.org"))).is_none());
        assert!(client(line, Some("A"), Some(("http", "www.example.org"))).is_none());
    }

    #[test]
    fn i67_a_service_without_a_host_satisfies_constraints_of_its_realm_only() {
        assert!(client("x@A service=*", Some("A"), None).is_none());
        assert!(client("x@A host=*", Some("A"), None).is_none());
        assert!(
            client("x@A realm=*", None, None).is_some(),
            "an unknown realm is an empty one"
        );
        assert!(client("x@A realm=?*", None, None).is_none());
    }

    #[test]
    fn i67_lines_with_what_is_not_known_hold_for_nothing() {
        for line in [
            "x@A colour=red",
            "x@A realm",
            "x@A realm=A =",
            "x@A Realm=A",
            "#x@A",
            "x@A@B",
        ] {
            let text = format!("{line}\nlast@A");
            assert_eq!(client(&text, Some("A"), WEB).as_deref(), Some("last@A"), "{line}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_read_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".k5identity");
        assert!(Identities::read(&path).is_err());
        std::fs::write(&path, "alice@A\n").unwrap();
        let read = Identities::read(&path).unwrap();
        let found = read.client(&ServiceFacts::default(), None);
        assert_eq!(found, Some(principal("alice@A")));
        std::fs::write(&path, vec![b'x'; (64 << 10) + 1]).unwrap();
        assert!(matches!(Identities::read(&path), Err(Error::TooLarge { .. })));
        assert!(matches!(Identities::read(folder.path()), Err(Error::NotRegular { .. })));
    }
}
