//! The process: its variables, clock, user and host. The one place that looks at them.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gss_core::{Clock, Environment, User};

use crate::privilege;

/// The surroundings of this process: the variables that mechanisms know (`KRB5_CONFIG`, `KRB5CCNAME`, `KRB5_KTNAME`,
/// …), the system's clock, host name and user.
///
/// A process with privileges that its starter lacks (set-user-ID, file capabilities) gets no variables: whoever
/// started it must not choose its configuration. Values that are not UTF-8 are left out.
#[must_use]
pub fn environment() -> Environment {
    let environment = surroundings();
    if privilege::elevated() {
        return environment;
    }
    VARIABLES
        .iter()
        .fold(environment, |environment, name| match std::env::var(name) {
            Ok(value) => environment.with_variable(*name, value),
            Err(_) => environment,
        })
}

/// What the system says, not the environment.
fn surroundings() -> Environment {
    let environment = Environment::new(Arc::new(SystemClock)).with_user(user());
    match host() {
        Some(host) => environment.with_host(host),
        None => environment,
    }
}

#[cfg(unix)]
fn user() -> User {
    let id = nix::unistd::geteuid();
    let entry = nix::unistd::User::from_uid(id).ok().flatten();
    let (name, home) = match entry {
        Some(entry) => (Some(entry.name), entry.dir.into_os_string().into_string().ok()),
        None => (None, None),
    };
    User {
        id: id.as_raw(),
        name,
        home,
    }
}

#[cfg(not(unix))]
fn user() -> User {
    User::default()
}

#[cfg(unix)]
fn host() -> Option<String> {
    nix::unistd::gethostname().ok()?.into_string().ok()
}

#[cfg(not(unix))]
fn host() -> Option<String> {
    None
}

/// The configuration of Kerberos: what the program put into `environment` as an extension, or else the files that
/// `KRB5_CONFIG` names (separated by colons), or else `/etc/krb5.conf`, which may be missing.
///
/// # Errors
/// What is wrong with the files, or that none of those in `KRB5_CONFIG` is there.
#[cfg(feature = "net")]
pub(crate) fn krb5_settings(environment: &Environment) -> Result<Arc<krb5_store::config::Settings>, krb5_store::Error> {
    use krb5_store::config::Settings;

    if let Some(settings) = environment.extension::<Settings>() {
        return Ok(settings);
    }
    if let Some(paths) = environment.variable("KRB5_CONFIG") {
        let paths: Vec<&str> = paths.split(':').filter(|path| !path.is_empty()).collect();
        return Settings::load(&paths).map(Arc::new);
    }
    match Settings::load(&["/etc/krb5.conf"]) {
        Err(krb5_store::Error::ConfigMissing { denied, .. }) if denied.is_empty() => Settings::parse("").map(Arc::new),
        loaded => loaded.map(Arc::new),
    }
}

/// The system's time.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}

/// Every variable that a mechanism, a store or a driver looks for.
const VARIABLES: [&str; 8] = [
    "KRB5CCNAME",
    "KRB5RCACHEDIR",
    "KRB5RCACHENAME",
    "KRB5RCACHETYPE",
    "KRB5_CLIENT_KTNAME",
    "KRB5_CONFIG",
    "KRB5_KTNAME",
    "TMPDIR",
];
