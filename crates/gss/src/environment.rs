//! The process: its variables, clock, user and host. The one place that looks at them.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gss_core::{Clock, Environment, Privileges, User};
#[cfg(feature = "net")]
use krb5_store::config::Settings;

use crate::privilege::{self, Privilege};
use crate::variables::VARIABLES;

/// The surroundings of this process: the variables that mechanisms know (`KRB5_CONFIG`, `KRB5CCNAME`, `KRB5_KTNAME`,
/// …), the system's clock, host name and user. `KRB5_CONFIG` is the system's `/etc/krb5.conf` where it is not set and
/// that file is there.
///
/// A process with privileges that its starter lacks (set-user-ID, file capabilities) gets no variables: whoever
/// started it must not choose its configuration. Otherwise `HOME` says where the user's own files are. Values that are
/// not UTF-8 are left out.
#[must_use]
pub fn environment() -> Environment {
    let variable = |name: &str| std::env::var(name).ok();
    let environment = with_variables(surroundings(), privilege::of_process(), variable);
    #[cfg(feature = "replay-redis")]
    let environment = {
        let types = krb5_replay_redis::register(krb5_store::replay::ReplayTypes::default());
        environment.with_extension(Arc::new(types))
    };
    with_config(environment, Path::new(SYSTEM_CONFIG))
}

/// A variable of this process; none in a process with privileges that its starter lacks.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    match privilege::of_process() {
        Privilege::Ordinary => std::env::var(name).ok(),
        Privilege::Elevated => None,
    }
}

/// A variable that a configuration names: of the environment, or else of the process.
#[cfg(feature = "net")]
pub(crate) fn variable_of(environment: &Environment, name: &str) -> Option<String> {
    match (environment.variable(name), environment.privileges()) {
        (Some(value), _) => Some(value.to_owned()),
        (None, Privileges::Raised) => None,
        (None, _) => variable(name),
    }
}

fn with_variables(
    environment: Environment,
    privilege: Privilege,
    variable: impl Fn(&str) -> Option<String>,
) -> Environment {
    if privilege == Privilege::Elevated {
        return environment.with_privileges(Privileges::Raised);
    }
    let environment = with_home(environment, variable("HOME"));
    let names = VARIABLES.iter().map(|(name, _)| *name);
    names.fold(environment, |environment, name| match variable(name) {
        Some(value) => environment.with_variable(name, value),
        None => environment,
    })
}

fn with_home(environment: Environment, home: Option<String>) -> Environment {
    let Some(home) = home.filter(|home| !home.is_empty()) else {
        return environment;
    };
    let user = environment.user().cloned().unwrap_or_default();
    environment.with_user(User {
        home: Some(home),
        ..user
    })
}

fn with_config(environment: Environment, path: &Path) -> Environment {
    match path.to_str() {
        Some(path) if environment.variable(CONFIG).is_none() && Path::new(path).exists() => {
            environment.with_variable(CONFIG, path)
        }
        _ => environment,
    }
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
/// `KRB5_CONFIG` names, separated by colons, or else nothing but defaults.
///
/// # Errors
/// What is wrong with the files, or that none of them is there.
#[cfg(feature = "net")]
pub(crate) fn krb5_settings(environment: &Environment) -> Result<Arc<Settings>, krb5_store::Error> {
    if let Some(settings) = environment.extension::<Settings>() {
        return Ok(settings);
    }
    let Some(paths) = environment.variable(CONFIG) else {
        return Ok(Arc::default());
    };
    let paths: Vec<&str> = paths.split(':').filter(|path| !path.is_empty()).collect();
    Settings::load(&paths).map(Arc::new)
}

/// The system's time.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}

const CONFIG: &str = "KRB5_CONFIG";
const SYSTEM_CONFIG: &str = "/etc/krb5.conf";

#[cfg(test)]
mod tests {
    use super::*;

    fn empty() -> Environment {
        Environment::new(Arc::new(SystemClock))
    }

    fn taken(privilege: Privilege) -> Environment {
        with_variables(empty(), privilege, |name| Some(format!("value of {name}")))
    }

    #[test]
    fn only_the_variables_that_mechanisms_know_are_taken_over() {
        let environment = taken(Privilege::Ordinary);
        assert_eq!(environment.variable("KRB5CCNAME"), Some("value of KRB5CCNAME"));
        assert_eq!(environment.variable("PATH"), None);
    }

    #[test]
    fn f9_a_privileged_process_takes_no_variable_over() {
        let environment = taken(Privilege::Elevated);
        assert!(
            VARIABLES.iter().all(|(name, _)| environment.variable(name).is_none()),
            "{environment:?}"
        );
        assert_eq!(environment.privileges(), Privileges::Raised);
        assert!(environment.user().is_none(), "nor is its home believed");
    }

    #[test]
    fn the_home_of_an_ordinary_process_is_where_it_says() {
        let environment = taken(Privilege::Ordinary);
        assert_eq!(environment.privileges(), Privileges::Ordinary);
        let home = environment.user().and_then(|user| user.home.as_deref());
        assert_eq!(home, Some("value of HOME"));
    }

    #[test]
    fn the_systems_configuration_is_the_default_where_it_is_there() {
        let there = Path::new(env!("CARGO_MANIFEST_DIR"));
        let missing = Path::new("/nonexistent/krb5.conf");
        assert_eq!(with_config(empty(), there).variable(CONFIG), there.to_str());
        assert_eq!(with_config(empty(), missing).variable(CONFIG), None);
        let named = with_config(empty().with_variable(CONFIG, "named"), there);
        assert_eq!(named.variable(CONFIG), Some("named"));
    }

    #[test]
    fn the_process_has_a_clock_and_on_unix_a_user() {
        let environment = environment();
        assert!(environment.clock().now() > Duration::from_secs(1_700_000_000));
        assert!(cfg!(not(unix)) || environment.user().is_some());
    }

    #[cfg(feature = "net")]
    #[test]
    fn settings_of_the_program_come_before_files_and_no_files_mean_the_defaults() {
        let ours = Arc::new(Settings::parse("[libdefaults]\ndefault_realm = OURS\n").unwrap());
        let environment = empty().with_variable(CONFIG, "/nonexistent/krb5.conf");
        assert!(krb5_settings(&environment).is_err());
        let settings = krb5_settings(&environment.with_extension(ours)).unwrap();
        assert_eq!(settings.default_realm(), Some("OURS"));
        assert_eq!(krb5_settings(&empty()).unwrap().default_realm(), None);
    }
}
