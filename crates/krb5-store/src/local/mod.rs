//! Principals as users of this machine: which local name a principal has, and who may log in as a local user.
//!
//! [`local_name`] asks `krb5.conf` (`auth_to_local_names`, `auth_to_local`), [`may_log_in`] the user's `.k5login` first.
//! Where in doubt, nobody is anybody: a principal of another realm has a local name only by an explicit rule, an
//! anonymous one never has any, and what cannot be read or understood allows nothing.

mod ere;
mod k5login;
#[cfg(unix)]
mod log_in;
mod mapping;
mod rule;
#[cfg(unix)]
mod users;

pub use ere::EreFault;
pub use k5login::K5Login;
#[cfg(unix)]
pub use log_in::{Grant, LogIn, Refusal, may_log_in};
pub use mapping::{LocalName, Mapping, NoLocalName, Reason, local_name};
pub use rule::{Rule, RuleFault};
#[cfg(unix)]
pub use users::{LocalUser, SystemUsers, Users};
