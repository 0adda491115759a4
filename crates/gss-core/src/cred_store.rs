//! Credential stores: what `gss_acquire_cred_from` and `gss_store_cred_into` are given.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::{CoreError, Error, ErrorKind, Octets};

/// A credential store, as keys and values that the mechanisms define: `ccache`, `keytab`, `client_keytab`, `rcache`,
/// `password`, … A mechanism ignores keys that it does not know. Values may be secret and are not printed.
///
/// A value is text or other octets; programs in Rust can also pass a value of a mechanism's own type, such as keys that
/// no file holds.
#[derive(Clone, Default)]
pub struct CredStore {
    entries: Vec<(String, StoreValue)>,
}

/// A value in a [`CredStore`].
#[derive(Clone)]
#[non_exhaustive]
pub enum StoreValue {
    /// Octets, as they come from C.
    Octets(Arc<Octets>),
    /// A value of a type that the mechanism knows.
    Object(Arc<dyn Any + Send + Sync>),
}

impl CredStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more entry.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        let octets = Arc::new(Octets::new(value.into()));
        self.entries.push((key.into(), StoreValue::Octets(octets)));
        self
    }

    /// The same with one more entry, of a type that the mechanism defines for this key.
    #[must_use]
    pub fn with_object<T: Any + Send + Sync>(mut self, key: impl Into<String>, object: T) -> Self {
        self.entries.push((key.into(), StoreValue::Object(Arc::new(object))));
        self
    }

    /// The value of `key`, if there is one.
    ///
    /// # Errors
    /// [`ErrorKind::DuplicateElement`] if there are two: nobody can tell which one was meant.
    pub fn value(&self, key: &str) -> Result<Option<&StoreValue>, Error> {
        let mut found = self.entries.iter().filter(|(known, _)| known == key);
        let value = found.next().map(|(_, value)| value);
        if found.next().is_some() {
            return Err(Error::core(
                ErrorKind::DuplicateElement,
                CoreError::StoreDuplicate { key: key.to_owned() },
            ));
        }
        Ok(value)
    }

    /// The value of `key`, which must be octets.
    ///
    /// # Errors
    /// As [`CredStore::value`]; [`ErrorKind::NoCred`] if it is something else: a value that cannot be used is not the
    /// same as none.
    pub fn octets(&self, key: &str) -> Result<Option<&Arc<Octets>>, Error> {
        match self.value(key)? {
            None => Ok(None),
            Some(StoreValue::Octets(octets)) => Ok(Some(octets)),
            Some(StoreValue::Object(_)) => Err(unusable(key)),
        }
    }

    /// The value of `key`, which must be text in UTF-8.
    ///
    /// # Errors
    /// As [`CredStore::octets`].
    pub fn text(&self, key: &str) -> Result<Option<&str>, Error> {
        let Some(octets) = self.octets(key)? else {
            return Ok(None);
        };
        std::str::from_utf8(octets).map(Some).map_err(|_| unusable(key))
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(key, _)| key.as_str())
    }
}

impl fmt::Debug for CredStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.keys()).finish()
    }
}

impl StoreValue {
    /// The value as a mechanism's own type, if it is that.
    #[must_use]
    pub fn object<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        match self {
            Self::Object(object) => Arc::clone(object).downcast().ok(),
            Self::Octets(_) => None,
        }
    }
}

impl fmt::Debug for StoreValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Octets(octets) => octets.fmt(f),
            Self::Object(_) => f.write_str("Object"),
        }
    }
}

fn unusable(key: &str) -> Error {
    Error::core(ErrorKind::NoCred, CoreError::StoreText { key: key.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_gives_values_and_prints_none() {
        let store = CredStore::new().with("keytab", "FILE:/k").with("password", "pq7z");
        assert_eq!(store.text("keytab").unwrap(), Some("FILE:/k"));
        assert_eq!(&***store.octets("password").unwrap().unwrap(), b"pq7z");
        assert!(store.value("ccache").unwrap().is_none());
        let shown = format!("{store:?} {:?}", store.value("password"));
        assert!(shown.contains("password") && !shown.contains("pq7z"), "{shown}");
    }

    #[test]
    fn a_key_that_comes_twice_is_an_error_as_in_mits_library() {
        let store = CredStore::new().with("keytab", "FILE:/k").with("keytab", "FILE:/k");
        for error in [store.value("keytab").unwrap_err(), store.text("keytab").unwrap_err()] {
            assert_eq!(error, ErrorKind::DuplicateElement);
            assert!(error.to_string().contains("keytab"), "{error}");
        }
        assert!(store.value("ccache").unwrap().is_none(), "other keys are not affected");
    }

    #[test]
    fn a_value_of_another_kind_is_not_the_same_as_none() {
        let store = CredStore::new().with_object("keytab", 7_u32).with("ccache", *b"\xff");
        assert_eq!(store.text("keytab").unwrap_err(), ErrorKind::NoCred);
        assert_eq!(store.text("ccache").unwrap_err(), ErrorKind::NoCred);
        let value = store.value("keytab").unwrap().unwrap();
        assert_eq!(value.object::<u32>().as_deref(), Some(&7));
        assert!(value.object::<u64>().is_none());
        assert!(store.value("ccache").unwrap().unwrap().object::<u32>().is_none());
    }
}
