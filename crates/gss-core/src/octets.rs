//! Octets that may be secret.

use std::fmt;
use std::ops::Deref;

use zeroize::Zeroizing;

/// Octets that may hold a secret (a password, a session key, an exported context): wiped when dropped, never printed.
pub struct Octets(Zeroizing<Vec<u8>>);

impl Octets {
    /// Takes the octets over.
    #[must_use]
    pub fn new(octets: Vec<u8>) -> Self {
        Self(Zeroizing::new(octets))
    }
}

impl Deref for Octets {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Octets {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Octets {
    fn from(octets: Vec<u8>) -> Self {
        Self::new(octets)
    }
}

impl From<Zeroizing<Vec<u8>>> for Octets {
    fn from(octets: Zeroizing<Vec<u8>>) -> Self {
        Self(octets)
    }
}

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Octets({} octets)", self.0.len())
    }
}
