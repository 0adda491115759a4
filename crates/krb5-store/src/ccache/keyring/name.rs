//! The names of collections and caches.

use std::fmt;

/// The name of a collection in a keyring: `ANCHOR:COLLECTION`, or `COLLECTION` alone, which old programs use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyringName {
    /// The keyring that it is in.
    pub anchor: Anchor,
    /// What follows; in the persistent keyring the number of its user, or nothing for the user of this process.
    pub collection: String,
}

/// The keyring that a collection is in, and so how long it lives and who shares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The session's; a cache is there also by itself, where programs find it that know no collections.
    Legacy,
    /// The user's, for some days after the last use.
    Persistent,
    /// The process's.
    Process,
    /// The session's.
    Session,
    /// The thread's.
    Thread,
    /// The user's, as long as he has processes.
    User,
}

impl KeyringName {
    /// Reads what follows `KEYRING:`, and the name of a cache in the collection if there is one.
    #[must_use]
    pub fn parse(text: &str) -> Option<(Self, Option<&str>)> {
        let Some((anchor, rest)) = text.split_once(':') else {
            let legacy = Self::valid(Anchor::Legacy, text)?;
            return Some((legacy, None));
        };
        let anchor = Anchor::ALL.into_iter().find(|known| known.word() == anchor)?;
        let (collection, cache) = match rest.split_once(':') {
            Some((collection, cache)) => (collection, Some(cache)),
            None => (rest, None),
        };
        if cache.is_some_and(|cache| cache.is_empty() || cache.contains('\0')) {
            return None;
        }
        Some((Self::valid(anchor, collection)?, cache))
    }

    fn valid(anchor: Anchor, collection: &str) -> Option<Self> {
        let is_number = |text: &str| text.parse::<u32>().is_ok();
        let is_valid = match anchor {
            Anchor::Persistent => collection.is_empty() || is_number(collection),
            _ => !collection.contains('\0'),
        };
        is_valid.then(|| Self {
            anchor,
            collection: collection.to_owned(),
        })
    }

    /// The name of the primary cache as long as none was switched to.
    pub(super) fn first_cache(&self) -> &str {
        if self.collection.is_empty() {
            return "tkt";
        }
        &self.collection
    }

    /// The description of its keyring.
    pub(super) fn description(&self) -> String {
        match self.anchor {
            Anchor::Persistent => "_krb".to_owned(),
            _ => format!("_krb_{}", self.collection),
        }
    }

    /// Whether the cache of that name is also linked from the session's keyring.
    pub(super) fn shows_to_old_programs(&self, cache: &str) -> bool {
        self.anchor == Anchor::Legacy && self.collection == cache
    }
}

/// As `KEYRING:session:name`, whatever it was read from.
impl fmt::Display for KeyringName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KEYRING:{}:{}", self.anchor.word(), self.collection)
    }
}

impl Anchor {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Legacy,
        Self::Persistent,
        Self::Process,
        Self::Session,
        Self::Thread,
        Self::User,
    ];

    /// How it is written in names.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Persistent => "persistent",
            Self::Process => "process",
            Self::Session => "session",
            Self::Thread => "thread",
            Self::User => "user",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<String> {
        let (name, cache) = KeyringName::parse(text)?;
        Some(format!("{name} {}", cache.unwrap_or("-")))
    }

    #[test]
    fn names_are_read_in_their_three_forms() {
        let cases = [
            ("mine", "KEYRING:legacy:mine -"),
            ("", "KEYRING:legacy: -"),
            ("session:mine", "KEYRING:session:mine -"),
            ("session:mine:tkt", "KEYRING:session:mine tkt"),
            ("session:mine:a:b", "KEYRING:session:mine a:b"),
            ("legacy:mine:mine", "KEYRING:legacy:mine mine"),
            ("persistent:1000", "KEYRING:persistent:1000 -"),
            ("persistent:", "KEYRING:persistent: -"),
            ("user::tkt", "KEYRING:user: tkt"),
        ];
        for (text, expected) in cases {
            assert_eq!(parsed(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "other:mine",
            "persistent:alice",
            "session:mine:",
            "session:\0",
            "\0",
            "session:a:\0",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }

    #[test]
    fn the_first_cache_has_the_name_of_its_collection() {
        let first = |text: &str| KeyringName::parse(text).unwrap().0.first_cache().to_owned();
        assert_eq!(
            (first("session:mine"), first("persistent:")),
            ("mine".into(), "tkt".into())
        );
        let shown = |text: &str| {
            let (name, cache) = KeyringName::parse(text).unwrap();
            name.shows_to_old_programs(cache.unwrap())
        };
        assert!(shown("legacy:mine:mine") && !shown("legacy:mine:other") && !shown("session:mine:mine"));
    }
}
