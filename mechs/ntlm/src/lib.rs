//! The NTLM GSS-API mechanism ([MS-NLMP]).
//!
//! NTLM is for peers that know nothing better: its cryptography (MD4, MD5, RC4) is broken or nearly so, and a password
//! can be guessed from what is on the wire. It is registered, but nobody negotiates it unless a caller names it.
//!
//! | module | does |
//! |---|---|
//! | `mechanism`, `environment` | the calls of the mechglue, and what they work with |
//! | `name`, `account`, `password`, `cred`, `acquire` | names and credentials |
//! | [`message`], `flags`, `utf16` | the three messages and what is in them |
//! | `initiator`, `acceptor`, `response`, `level` | establishing a context |
//! | `reflection` | challenges of this process, which its initiators do not answer |
//! | `keys`, `session`, `context`, `export` | an established context |
//! | [`users`] | whom an acceptor asks about a user |

#![forbid(unsafe_code)]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

mod acceptor;
mod account;
mod acquire;
mod context;
mod cred;
mod environment;
mod error;
mod export;
mod flags;
mod initiator;
mod keys;
mod level;
mod mechanism;
pub mod message;
mod name;
mod password;
mod reflection;
mod response;
mod session;
pub mod users;
mod utf16;

use std::sync::Arc;

use gss_core::{Environment, Mechanism, Oid, Registration, oid};

pub use account::AccountName;
pub use acquire::Users;
pub use cred::NtlmCred;
pub use environment::{
    AnonymousPolicy, ClientPolicy, LevelSetting, LoopbackPolicy, MachineNames, NtlmEnvironment, NtlmSettings,
};
pub use error::{NameFault, NtlmError};
pub use flags::NegotiateFlags;
pub use level::{Generation, Level};
pub use mechanism::Ntlm;
pub use name::NtlmName;
pub use password::{NtHash, Password};
pub use users::{Authenticated, Authentication, NtHashes, StoredAccount, UserDatabase, UserError};

/// NTLM, [MS-NLMP] §1.9 and [MS-SPNG] §1.9: `iso.org.dod.internet.private.enterprise.Microsoft.security.mechanisms.NTLM`.
pub const NTLM: Oid = oid!("1.3.6.1.4.1.311.2.2.10");

/// Where NTLM stands among linked mechanisms: after all that is better.
const PRIORITY: u32 = 90;

gss_core::inventory::submit! {
    Registration::concrete(NTLM, PRIORITY, linked)
}

fn linked(environment: &Environment) -> gss_core::Result<Arc<dyn Mechanism>> {
    Ok(Arc::new(Ntlm::new(NtlmEnvironment::from_environment(environment))))
}
