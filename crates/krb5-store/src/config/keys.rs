//! The keys that are known, and what becomes of them.

mod table;

pub use table::KEYS;

use super::profile::{Profile, Value};

/// A key of `krb5.conf` that means something to this implementation, or to MIT's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// Heimdal's name for it, which counts where the name above is not there.
    pub also: Option<&'static str>,
    /// Where it stands.
    pub place: Place,
    /// What it means, in a few words.
    pub meaning: &'static str,
    /// What counts where it is not there; empty for nothing.
    pub default: &'static str,
    /// What becomes of it.
    pub effect: Effect,
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// In `[libdefaults]`.
    Libdefaults,
    /// In `[libdefaults]`, or there in the braces of the client's realm, which come first.
    LibdefaultsOrRealm,
    /// In the braces of a realm in `[realms]`.
    Realm,
}

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// It counts.
    Effective,
    /// It is recognised and has no effect, for this reason.
    Without(&'static str),
}

impl Key {
    /// The key of this name, or of this name of Heimdal's, in `[libdefaults]`.
    #[must_use]
    pub fn of_libdefaults(name: &str) -> Option<&'static Self> {
        let mut keys = KEYS.iter();
        keys.find(|key| key.place != Place::Realm && key.is_named(name))
    }

    /// The key of this name in the braces of a realm in `[libdefaults]`.
    #[must_use]
    pub fn of_libdefaults_realm(name: &str) -> Option<&'static Self> {
        let mut keys = KEYS.iter();
        keys.find(|key| key.place == Place::LibdefaultsOrRealm && key.is_named(name))
    }

    /// The key of this name in a realm of `[realms]`.
    #[must_use]
    pub fn of_realm(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.place == Place::Realm && key.name == name)
    }

    fn is_named(&self, name: &str) -> bool {
        self.name == name || self.also == Some(name)
    }
}

/// The value of a key in `[libdefaults]`, under whichever of its names it stands.
pub(super) fn libdefault<'p>(profile: &'p Profile, key: &str) -> Option<Value<'p>> {
    named(profile, &["libdefaults"], key)
}

/// The same in the braces of a realm there.
pub(super) fn libdefault_of_realm<'p>(profile: &'p Profile, realm: &str, key: &str) -> Option<Value<'p>> {
    named(profile, &["libdefaults", realm], key)
}

fn named<'p>(profile: &'p Profile, section: &[&str], key: &str) -> Option<Value<'p>> {
    let value = |name| profile.value(&[section, &[name]].concat());
    value(key).or_else(|| value(Key::of_libdefaults(key)?.also?))
}

#[cfg(test)]
mod tests;
