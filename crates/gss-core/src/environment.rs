//! What a mechanism may know of the process it runs in: given to it, never looked up.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Tells the time.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The time since 1970-01-01T00:00:00Z.
    fn now(&self) -> Duration;
}

/// The surroundings of a set of mechanisms.
///
/// The `gss` crate fills it from the process; tests fill it by hand. In a process with raised privileges (setuid) its
/// variables are empty.
#[derive(Clone)]
pub struct Environment {
    clock: Arc<dyn Clock>,
    variables: BTreeMap<String, String>,
    host: Option<String>,
    user: Option<User>,
    privileges: Privileges,
    extensions: BTreeMap<TypeId, Arc<dyn Any + Send + Sync>>,
}

/// Whether whoever started the process may be trusted with what it is allowed to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Privileges {
    /// The process may do what its starter may.
    #[default]
    Ordinary,
    /// It may do more (setuid): files and variables of its starter do not choose its configuration.
    Raised,
}

/// The user as whom the process runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// The effective user id.
    pub id: u32,
    /// The login name, if there is one.
    pub name: Option<String>,
    /// The home directory, if there is one.
    pub home: Option<String>,
}

impl Environment {
    /// Surroundings of which only the time is known.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            variables: BTreeMap::new(),
            host: None,
            user: None,
            privileges: Privileges::Ordinary,
            extensions: BTreeMap::new(),
        }
    }

    /// The same with an environment variable set.
    #[must_use]
    pub fn with_variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// The same on a host of this name.
    #[must_use]
    pub fn with_host(self, host: impl Into<String>) -> Self {
        Self {
            host: Some(host.into()),
            ..self
        }
    }

    /// The same run by this user.
    #[must_use]
    pub fn with_user(self, user: User) -> Self {
        Self {
            user: Some(user),
            ..self
        }
    }

    /// The same in a process with these privileges.
    #[must_use]
    pub fn with_privileges(self, privileges: Privileges) -> Self {
        Self { privileges, ..self }
    }

    /// The same with an object of the program's own for the mechanisms that look for its type: settings read
    /// elsewhere, a user database, a replay cache. One of each type.
    #[must_use]
    pub fn with_extension<T: Any + Send + Sync>(mut self, extension: Arc<T>) -> Self {
        self.extensions.insert(TypeId::of::<T>(), extension);
        self
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// An environment variable.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// This host's name, if known.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The user, if known.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        self.user.as_ref()
    }

    /// Whether the process has more privileges than its starter.
    #[must_use]
    pub fn privileges(&self) -> Privileges {
        self.privileges
    }

    /// The program's own object of this type.
    #[must_use]
    pub fn extension<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        let found = self.extensions.get(&TypeId::of::<T>())?;
        Arc::clone(found).downcast().ok()
    }
}

impl fmt::Debug for Environment {
    /// Variables by name only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("clock", &self.clock)
            .field("variables", &self.variables.keys())
            .field("host", &self.host)
            .field("user", &self.user)
            .field("privileges", &self.privileges)
            .field("extensions", &self.extensions.len())
            .finish()
    }
}
