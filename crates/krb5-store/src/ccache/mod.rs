//! Credential caches: a client principal and its tickets.
//!
//! [`CacheContents`] is the file format, as MIT, Heimdal and Java read it; [`CredentialCache`] is what
//! can be done with a cache, wherever it is kept: [`FileCache`], [`MemoryCache`]. [`resolve`] finds the
//! one that a name means.

mod cache;
mod config_entry;
mod contents;
mod credential;
#[cfg(unix)]
mod file;
#[cfg(test)]
pub(crate) mod fixture;
mod memory;
mod resolve;

pub use cache::CredentialCache;
pub use config_entry::ConfigEntry;
pub use contents::{CacheContents, ClockOffset, FormatVersion};
#[cfg(unix)]
pub use file::FileCache;
pub use memory::MemoryCache;
pub use resolve::resolve;
