//! The Kerberos 5 GSS-API mechanism (RFC 4121, RFC 1964).
//!
//! [`Krb5`] is the mechanism; what it works with (settings, clock, caches, randomness) is a [`KerberosEnvironment`].
//! It does no I/O beyond local stores: KDCs are asked by the driver of its [`Flow`](gss_core::Flow)s.
//!
//! | module | does |
//! |---|---|
//! | `mechanism` | the calls of the mechglue |
//! | `name`, `host`, `cred`, `acquire`, `verify` | names and credentials |
//! | `initiator`, `acceptor`, `token`, `checksum`, `delegation` | establishing a context |
//! | `context`, `export`, `growing` | an established context, and its octets for another process |
//! | `kdc` | KDC exchanges as flows |

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
mod acquire;
mod checksum;
mod context;
mod cred;
mod delegation;
mod environment;
mod error;
mod export;
mod growing;
mod host;
mod initiator;
mod kdc;
mod local;
mod mechanism;
mod name;
mod token;
mod trace;
mod verify;

use gss_core::{Environment, Mechanism, Oid, Registration, oid};

pub use acquire::{Keys, Tickets};
pub use cred::{CRED_NO_CI_FLAGS, KerberosCred, SET_ALLOWABLE_ENCTYPES};
pub use environment::KerberosEnvironment;
pub use error::{KerberosError, NameFault};
pub use mechanism::Krb5;
pub use name::{KerberosName, Service};

/// Kerberos 5, RFC 1964 §1.
pub const KRB5: Oid = oid!("1.2.840.113554.1.2.2");

/// Kerberos 5 as Windows 2000 misspelled it: an arc cut to 16 bits. Accepted, never offered.
pub const KRB5_MICROSOFT: Oid = oid!("1.2.840.48018.1.2.2");

/// Where Kerberos stands among linked mechanisms: first.
const PRIORITY: u32 = 10;

gss_core::inventory::submit! {
    Registration::concrete(KRB5, PRIORITY, linked)
}

fn linked(environment: &Environment) -> gss_core::Result<std::sync::Arc<dyn Mechanism>> {
    Ok(std::sync::Arc::new(Krb5::new(KerberosEnvironment::from_environment(
        environment,
    )?)))
}
