//! Keytabs: the long-term keys of services, and of clients without a person.
//!
//! [`Keytab`] is the file format; a [`KeySource`] is where one is kept: [`FileKeytab`],
//! [`MemoryKeytab`]; [`resolve`] finds the one that a name means. [`Acceptor`] finds the keys for a
//! ticket, on behalf of an acceptor that may be any of the names that a [`ServiceName`] stands for.

mod acceptor;
#[cfg(unix)]
mod file;
mod format;
mod memory;
mod service_name;
mod source;

pub use acceptor::Acceptor;
#[cfg(unix)]
pub use file::FileKeytab;
pub use format::{Keytab, KeytabEntry};
pub use memory::MemoryKeytab;
pub use service_name::ServiceName;
pub use source::{KeySource, resolve};
