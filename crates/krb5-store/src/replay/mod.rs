//! The replay cache: which authenticators were seen already.
//!
//! [`ReplayCache`] is all that an acceptor needs; a program can bring one of its own. Here are
//! [`FileReplayCache`], MIT's `file2` format on disk, [`MemoryReplayCache`] for one process, and
//! [`NoReplayCache`]; [`ReplayTypes`] finds them by their names.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use crate::proto::KerberosTime;

#[cfg(unix)]
mod file2;
mod memory;
mod resolve;
pub mod table;

#[cfg(unix)]
pub use file2::FileReplayCache;
pub use memory::MemoryReplayCache;
pub use resolve::{NameFault, ReplayTypes};

/// Remembers authenticators, so that each is accepted once.
///
/// An acceptor asks after all other checks have passed and before it releases anything.
pub trait ReplayCache: Debug + Send + Sync {
    /// Remembers an authenticator, if it was not seen before. Look-up and storing are one step: of any
    /// number of callers with one tag, in any threads, exactly one gets `Ok`.
    ///
    /// It is remembered for as long as it could be accepted again, whatever the clock does meanwhile. A cache
    /// that no longer knows whether it has seen an authenticator says so.
    ///
    /// # Errors
    /// [`ReplayError::Replayed`]; anything else means that nothing is known, and that nothing may be
    /// accepted.
    fn store(&self, acceptance: &Acceptance) -> Result<(), ReplayError>;
}

/// An authenticator that is accepted unless it was seen before.
#[derive(Clone, Copy, Debug)]
pub struct Acceptance {
    /// What identifies it.
    pub tag: Tag,
    /// Its time, by its client's clock; within the skew of `now`, on either side.
    pub time: KerberosTime,
    /// When it is accepted.
    pub now: KerberosTime,
    /// How far clocks may differ.
    pub skew: Duration,
}

impl Acceptance {
    /// The last time at which it can be accepted.
    #[must_use]
    pub fn good_until(&self) -> KerberosTime {
        self.time.offset(self.skew_seconds())
    }

    /// The skew, rounded up.
    fn skew_seconds(&self) -> i64 {
        let begun = u64::from(self.skew.subsec_nanos() > 0);
        i64::try_from(self.skew.as_secs().saturating_add(begun)).unwrap_or(i64::MAX)
    }
}

/// A replay cache of the program's own, for the surroundings that a mechanism is given.
///
/// Traits cannot be looked up by their type; this can.
#[derive(Clone, Debug)]
pub struct OwnReplayCache(pub Arc<dyn ReplayCache>);

/// Why an authenticator must not be accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// Others of its time, or later ones, are forgotten already, as too old; then the clock was set back. It may
    /// be one of them.
    #[error("the clock was set back: authenticators of that time are no longer remembered")]
    Forgotten,
    /// The cache holds as many authenticators as it may; the acceptor is overloaded.
    #[error("the replay cache is full: {limit} authenticators within the permitted clock skew")]
    Full {
        /// As many as it may hold.
        limit: usize,
    },
    /// The name leads to no replay cache; whoever configured it is at fault.
    #[error("{0}")]
    Name(NameFault),
    /// It was seen before; whoever sent it is at fault.
    #[error("the authenticator was seen before")]
    Replayed,
    /// The cache cannot be used.
    #[error("the replay cache cannot be used: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ReplayError {
    /// The cache cannot be used, for this reason.
    pub fn unavailable(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(reason.into())
    }
}

/// What the caches remember of an authenticator, as MIT's do: the first 12 octets of the integrity tag at the end of
/// its ciphertext, filled up with zeroes. Whoever saw the authenticator on its way knows it, and it says
/// nothing about its client or service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag([u8; TAG_LEN]);

impl Tag {
    /// Of an integrity tag of any length.
    #[must_use]
    pub fn of(tag: &[u8]) -> Self {
        let mut shortened = [0; TAG_LEN];
        for (to, from) in shortened.iter_mut().zip(tag) {
            *to = *from;
        }
        Self(shortened)
    }

    /// The octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; TAG_LEN] {
        &self.0
    }
}

/// Remembers nothing: whoever sees an authenticator pass can use it again. For services that are safe
/// against replays by other means, and only where it was asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoReplayCache;

impl ReplayCache for NoReplayCache {
    fn store(&self, _acceptance: &Acceptance) -> Result<(), ReplayError> {
        Ok(())
    }
}

const TAG_LEN: usize = 12;
