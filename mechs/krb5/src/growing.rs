//! Octets that become more, some of them secret.

use gss_core::Octets;
use krb5_crypto::Zeroizing;

/// Octets that are erased, also where they were before there was too little room.
pub(crate) struct Growing(Zeroizing<Vec<u8>>);

impl Growing {
    /// None yet, with room for so many.
    pub(crate) fn with_room(octets: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(octets)))
    }

    /// Moves to more room by itself if need be: a vector that grows leaves a copy behind.
    pub(crate) fn push(&mut self, octets: &[u8]) {
        let needed = self.0.len().saturating_add(octets.len());
        if needed > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(needed.saturating_mul(2)));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(octets);
    }
}

impl From<Growing> for Octets {
    fn from(octets: Growing) -> Self {
        octets.0.into()
    }
}
