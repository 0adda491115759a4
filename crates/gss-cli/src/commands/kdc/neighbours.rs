//! What is said of other realms and other names on the command line.

use std::str::FromStr;
use std::sync::Arc;

use krb5_crypto::Secret;

/// A principal's other name.
#[derive(Clone, Debug)]
pub(super) struct Alias {
    pub(super) name: String,
    pub(super) alias: String,
}

/// A realm that keys are shared with.
#[derive(Clone, Debug)]
pub(super) struct Trust {
    pub(super) realm: String,
    pub(super) password: Arc<Secret>,
}

/// Where a domain's hosts and people are.
#[derive(Clone, Debug)]
pub(super) struct DomainRealm {
    pub(super) domain: String,
    pub(super) realm: String,
}

/// The realms between two.
#[derive(Clone, Debug)]
pub(super) struct Capath {
    pub(super) client: String,
    pub(super) server: String,
    pub(super) between: Vec<String>,
}

impl FromStr for Alias {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, alias) = pair(text, '=').ok_or("expected NAME=ALIAS")?;
        Ok(Self { name, alias })
    }
}

impl FromStr for Trust {
    type Err = &'static str;

    /// The password is all that follows the first colon.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (realm, password) = pair(text, ':').ok_or("expected REALM:PASSWORD")?;
        let password = Arc::new(Secret::from_slice(password.as_bytes()));
        Ok(Self { realm, password })
    }
}

impl FromStr for DomainRealm {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (domain, realm) = pair(text, '=').ok_or("expected DOMAIN=REALM")?;
        Ok(Self { domain, realm })
    }
}

impl FromStr for Capath {
    type Err = &'static str;

    /// Without realms between them the two trust each other.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "expected CLIENT:SERVER:BETWEEN, such as A.TEST:B.TEST:C.TEST,D.TEST";
        let parts: Vec<&str> = text.split(':').collect();
        match parts.as_slice() {
            [client, server, between] if !client.is_empty() && !server.is_empty() => Ok(Self {
                client: (*client).to_owned(),
                server: (*server).to_owned(),
                between: between
                    .split(',')
                    .filter(|realm| !realm.is_empty())
                    .map(str::to_owned)
                    .collect(),
            }),
            _ => Err(expected),
        }
    }
}

fn pair(text: &str, separator: char) -> Option<(String, String)> {
    let (one, other) = text.split_once(separator)?;
    let both = !one.is_empty() && !other.is_empty();
    both.then(|| (one.to_owned(), other.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_relation_has_its_parts() {
        let trust: Trust = "B.TEST:a:b".parse().unwrap();
        assert_eq!((trust.realm.as_str(), trust.password.expose()), ("B.TEST", &b"a:b"[..]));
        assert!(!format!("{trust:?}").contains("a:b"));
        let way: Capath = "A:B:C,D".parse().unwrap();
        assert_eq!(way.between, ["C", "D"]);
        assert!("A:B:".parse::<Capath>().unwrap().between.is_empty());
        let alias: Alias = "alice=a.lice@corp.test".parse().unwrap();
        assert_eq!(
            (alias.name.as_str(), alias.alias.as_str()),
            ("alice", "a.lice@corp.test")
        );
    }

    #[test]
    fn what_lacks_a_part_is_refused() {
        for text in ["", "A", "A:", ":A"] {
            assert!(text.parse::<Trust>().is_err(), "{text}");
        }
        for text in ["", "a", "a=", "=a"] {
            assert!(
                text.parse::<DomainRealm>().is_err() && text.parse::<Alias>().is_err(),
                "{text}"
            );
        }
        for text in ["", "A:B", ":B:C", "A::C", "A:B:C:D"] {
            assert!(text.parse::<Capath>().is_err(), "{text}");
        }
    }
}
