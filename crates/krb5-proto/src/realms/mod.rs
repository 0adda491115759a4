//! The realms between two others: which there are, and which a ticket has passed through.
//!
//! * [`CaPaths`] says which realms lead from one to another, by configuration or by their names' hierarchy;
//! * [`transited`] reads and writes the field of a ticket that lists the realms on its way, RFC 4120 §3.3.3.2.

mod capaths;
mod hierarchy;
pub mod transited;

pub use capaths::CaPaths;

/// Realms on one path, at most: more than any federation has, and few enough to be walked.
pub const MAX_PATH: usize = 64;
