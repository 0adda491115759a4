//! The names that RFC 1508 gave the per-message calls.

use std::ops::Range;

use crate::{Around, EstablishedContext, Privacy, Result, Unwrapped, Verified};

/// `sign`, `verify`, `seal` and `unseal`, for every established context.
pub trait Rfc1508: EstablishedContext {
    /// RFC 1508's name of [`Sealer::mic_of`](crate::Sealer::mic_of).
    ///
    /// # Errors
    /// As there.
    #[deprecated(note = "RFC 2743 calls it get_mic: use Sealer::get_mic or Sealer::mic_of")]
    fn sign(&mut self, message: &[u8]) -> Result<Vec<u8>> {
        self.mic_of(message)
    }

    /// RFC 1508's name of [`Opener::verify_mic`](crate::Opener::verify_mic).
    ///
    /// # Errors
    /// As there.
    #[deprecated(note = "RFC 2743 calls it verify_mic: use Opener::verify_mic")]
    fn verify(&mut self, message: &[u8], token: &[u8]) -> Result<Verified> {
        self.verify_mic(&[message], token)
    }

    /// RFC 1508's name of [`Sealer::wrap`](crate::Sealer::wrap).
    ///
    /// # Errors
    /// As there.
    #[deprecated(note = "RFC 2743 calls it wrap: use Sealer::wrap")]
    fn seal(&mut self, privacy: Privacy, message: &[u8]) -> Result<(Vec<u8>, Privacy)> {
        self.wrap(privacy, &[], message)
    }

    /// RFC 1508's name of [`Opener::unwrap`](crate::Opener::unwrap).
    ///
    /// # Errors
    /// As there.
    #[deprecated(note = "RFC 2743 calls it unwrap: use Opener::unwrap or Opener::unwrapped")]
    fn unseal(&mut self, token: &mut [u8]) -> Result<(Range<usize>, Unwrapped)> {
        self.unwrap(Around::default(), token)
    }
}

impl<C: EstablishedContext + ?Sized> Rfc1508 for C {}
