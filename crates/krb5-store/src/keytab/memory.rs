//! Keytabs in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::format::Keytab;
use super::source::KeySource;
use crate::error::Error;

/// A keytab in memory: a value of its own, or one of those that the process knows by name.
#[derive(Debug)]
pub struct MemoryKeytab {
    name: String,
    keytab: Mutex<Arc<Keytab>>,
}

impl MemoryKeytab {
    /// A keytab that no name leads to; `name` is for messages.
    #[must_use]
    pub fn new(name: &str, keytab: Keytab) -> Self {
        Self {
            name: format!("{SCHEME}{name}"),
            keytab: Mutex::new(Arc::new(keytab)),
        }
    }

    /// The keytab that this process knows as `MEMORY:` and `name`; empty if it is new.
    #[must_use]
    pub fn named(name: &str) -> Arc<Self> {
        let mut registry = lock(&REGISTRY);
        let keytab = registry
            .entry(name.to_owned())
            .or_insert_with(|| Arc::new(Self::new(name, Keytab::default())));
        Arc::clone(keytab)
    }

    /// Puts other keys in the place of what is in it.
    pub fn replace(&self, keytab: Keytab) {
        *lock(&self.keytab) = Arc::new(keytab);
    }
}

impl KeySource for MemoryKeytab {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn read(&self) -> Result<Arc<Keytab>, Error> {
        Ok(Arc::clone(&lock(&self.keytab)))
    }
}

/// A panic elsewhere leaves whole values behind, so a poisoned lock is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const SCHEME: &str = "MEMORY:";
static REGISTRY: Mutex<BTreeMap<String, Arc<MemoryKeytab>>> = Mutex::new(BTreeMap::new());
