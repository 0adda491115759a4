//! Credential caches: a client principal and its tickets.
//!
//! [`CacheContents`] is the file format, as MIT, Heimdal and Java read it; [`CredentialCache`] is what
//! can be done with a cache, wherever it is kept: [`FileCache`], [`DirectoryCache`], [`MemoryCache`],
//! [`KcmCache`](kcm::KcmCache), and with the feature `keyring` in the kernel's keyrings.
//! [`CacheCollection`] is several of them, of which one is the primary one. [`Resolver`] finds the cache
//! or the collection that a name means; [`resolve`] does where nothing is configured.

mod cache;
mod collection;
mod config_entry;
mod contents;
mod credential;
#[cfg(unix)]
mod directory;
#[cfg(unix)]
mod file;
#[cfg(test)]
pub(crate) mod fixture;
#[cfg(all(feature = "fuzzing", unix))]
#[doc(hidden)]
pub mod fuzzing;
pub mod kcm;
#[cfg(all(feature = "keyring", target_os = "linux"))]
pub mod keyring;
mod memory;
mod resolve;
mod search;
mod trace;

pub use cache::CredentialCache;
pub use collection::CacheCollection;
pub use config_entry::ConfigEntry;
pub use contents::{CacheContents, ClockOffset, FormatVersion};
#[cfg(unix)]
pub use directory::{DirectoryCache, DirectoryCollection};
#[cfg(unix)]
pub use file::FileCache;
pub use memory::{MemoryCache, MemoryCollection};
pub use resolve::{Resolver, resolve};
pub use search::gained;
