//! A memory-safe GSS-API (RFC 2743, RFC 2744): mechanisms by feature flag, and the short path for users.
//!
//! [`Gss`] is where to begin: it holds the mechanisms that are built in, configured as the process is, and makes an
//! [`Initiator`] or an [`Acceptor`]. Each of their steps takes the peer's token and gives one to send, until there is a
//! [`Context`], which signs, seals and checks messages.
//!
//! Everything else is in [`gss_core`], which is re-exported here: names, credentials, flags, channel bindings, the
//! registry of mechanisms, and the traits that mechanisms implement.
//!
//! | feature | what it brings | default |
//! |---|---|---|
//! | `krb5` | Kerberos 5, RFC 4121 | yes |
//! | `net` | talking to KDCs | yes |
//! | `kdc` | an embedded KDC for quick starts and tests, as `gss::kdc` | |

#![forbid(unsafe_code)]

mod context;
mod driver;
mod environment;
mod handshake;
mod privilege;

pub use gss_core::{
    self, Accept, Acquire, ChannelBindings, Credential, Environment, Error, ErrorKind, Flags, Initiate, Mechanisms,
    Name, Oid, Privacy, Sequence, StepError, Unwrapped, Verified,
};

// A crate that nobody names is dropped by the linker, and its mechanism with it.
#[cfg(feature = "krb5")]
pub use gss_mech_krb5 as krb5;
#[cfg(feature = "kdc")]
pub use krb5_kdc as kdc;

pub use context::Context;
pub use driver::{BlockingDriver, DriverError, IoDriver, drive};
pub use environment::{SystemClock, environment};
pub use handshake::{Acceptor, Gss, Initiator, Step};
