//! Caches of a credential manager: a daemon, asked over a socket.
//!
//! The protocol is Heimdal's KCM 2.0, with the extensions of MIT where the daemon has them: Heimdal's `kcm` and
//! `sssd_kcm` are such daemons.

#[cfg(unix)]
mod cache;
#[cfg(unix)]
mod client;
#[cfg(unix)]
mod collection;
mod protocol;

#[cfg(unix)]
pub use cache::KcmCache;
#[cfg(unix)]
pub use client::KcmClient;
#[cfg(unix)]
pub use collection::KcmCollection;
pub use protocol::{Opcode, Reply};

/// Where the daemons listen if the configuration says nothing else.
pub const DEFAULT_SOCKET: &str = "/var/run/.heim_org.h5l.kcm-socket";
