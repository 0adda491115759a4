use std::fmt;

use zeroize::Zeroizing;

/// Octets that must not be copied, printed or compared: a key, a password.
///
/// They live on the heap and are overwritten when the value is dropped. There is no `Clone` (share an
/// `Arc<Secret>`), no `==` (see [`ct_eq`](crate::ct_eq)) and `Debug` shows none of the content.
///
/// ```compile_fail
/// # use gss_crypto::Secret;
/// let _ = Secret::from_slice(b"key") == Secret::from_slice(b"key");
/// ```
/// ```compile_fail
/// # use gss_crypto::Secret;
/// let _ = Secret::from_slice(b"key").clone();
/// ```
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes `octets` over. Capacity beyond their length is overwritten at the end too, but what a reallocation left
    /// behind before this call is not.
    #[must_use]
    pub fn new(octets: Vec<u8>) -> Self {
        Self(Zeroizing::new(octets))
    }

    /// Copies `octets`; the original stays the caller's to overwrite.
    #[must_use]
    pub fn from_slice(octets: &[u8]) -> Self {
        Self::new(octets.to_vec())
    }

    /// The octets themselves. Named so that a reader, or a search, finds each place that looks.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The number of octets.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no octets.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl From<Vec<u8>> for Secret {
    fn from(octets: Vec<u8>) -> Self {
        Self::new(octets)
    }
}

impl From<Zeroizing<Vec<u8>>> for Secret {
    fn from(octets: Zeroizing<Vec<u8>>) -> Self {
        Self(octets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_content() {
        assert_eq!(format!("{:?}", Secret::from_slice(b"hunter2")), "Secret(..)");
        assert_eq!(format!("{:#?}", Some(Secret::new(vec![7]))).matches('7').count(), 0);
    }

    #[test]
    fn content_is_what_was_put_in() {
        let secret = Secret::from_slice(b"abc");
        assert_eq!(
            (secret.expose(), secret.len(), secret.is_empty()),
            (&b"abc"[..], 3, false)
        );
        assert!(Secret::new(Vec::new()).is_empty());
    }
}
