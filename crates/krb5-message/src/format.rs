//! The two formats of tokens behind one face: RFC 4121 §1 gives the older one to the older encryption types.

use std::ops::Range;

use krb5_crypto::Key;

use crate::{
    Associated, CfxOpener, CfxSealer, Error, Lengths, Opened, Protection, Segment, Sequence, SequenceWindow,
    TokenParameters, Trailer,
};
#[cfg(feature = "legacy-crypto")]
use crate::{Rfc1964Opener, Rfc1964Sealer};

/// Makes the tokens of one direction, of the format that the type of its key has.
#[derive(Debug)]
pub enum Sealer {
    /// RFC 4121.
    Cfx(CfxSealer),
    /// RFC 1964 and RFC 4757.
    #[cfg(feature = "legacy-crypto")]
    Rfc1964(Rfc1964Sealer),
}

/// Checks the tokens of one direction, of the format that the type of its key has.
#[derive(Debug)]
pub enum Opener {
    /// RFC 4121.
    Cfx(CfxOpener),
    /// RFC 1964 and RFC 4757.
    #[cfg(feature = "legacy-crypto")]
    Rfc1964(Rfc1964Opener),
}

/// Does the same with either format.
macro_rules! either {
    ($of:expr, $half:ident => $do:expr) => {
        match $of {
            Self::Cfx($half) => $do,
            #[cfg(feature = "legacy-crypto")]
            Self::Rfc1964($half) => $do,
        }
    };
}

impl Sealer {
    /// A sealer which protects with `key` what this end sends, numbered from `first`.
    ///
    /// # Errors
    /// [`Error::Crypto`] if the per-usage keys cannot be derived; [`Error::State`] if `first` is no number of the
    /// format.
    pub fn new(key: &Key, parameters: TokenParameters, first: u64) -> Result<Self, Error> {
        #[cfg(feature = "legacy-crypto")]
        if key.enctype().is_legacy() {
            let first = u32::try_from(first).map_err(|_| Error::State)?;
            return Rfc1964Sealer::new(key, parameters, first).map(Self::Rfc1964);
        }
        CfxSealer::new(key, parameters, first).map(Self::Cfx)
    }

    /// What this context is like.
    pub fn parameters(&self) -> TokenParameters {
        either!(self, sealer => sealer.parameters())
    }

    /// The number of the next token.
    pub fn next_sequence(&self) -> u64 {
        match self {
            Self::Cfx(sealer) => sealer.next_sequence(),
            #[cfg(feature = "legacy-crypto")]
            Self::Rfc1964(sealer) => sealer.next_sequence().into(),
        }
    }

    /// The length of every MIC token of this context, in octets.
    pub fn mic_len(&self) -> usize {
        either!(self, sealer => sealer.mic_len())
    }

    /// Signs the concatenation of `message`; the token fills the front of `mic`. Returns its length.
    ///
    /// # Errors
    /// [`Error::SegmentLength`] if `mic` is shorter than [`Sealer::mic_len`].
    pub fn get_mic_into(&mut self, message: &[&[u8]], mic: &mut [u8]) -> Result<usize, Error> {
        either!(self, sealer => sealer.get_mic_into(message, mic))
    }

    /// Protects `message` in a new token.
    ///
    /// # Errors
    /// As [`CfxSealer::wrap`], and [`Error::Blocks`] where messages must be whole blocks.
    pub fn wrap(
        &mut self,
        protection: Protection,
        associated: Associated<'_>,
        message: &[u8],
    ) -> Result<Vec<u8>, Error> {
        either!(self, sealer => sealer.wrap(protection, associated, message))
    }

    /// How long header, padding and trailer will be around `message` octets.
    ///
    /// # Errors
    /// [`Error::Blocks`], [`Error::TooLong`]: never for tokens of RFC 4121, whose lengths do not depend on the message.
    pub fn wrap_iov_lengths(&self, protection: Protection, trailer: Trailer, message: usize) -> Result<Lengths, Error> {
        match self {
            Self::Cfx(sealer) => {
                let _ = message;
                Ok(sealer.wrap_iov_lengths(protection, trailer))
            }
            #[cfg(feature = "legacy-crypto")]
            Self::Rfc1964(sealer) => sealer.wrap_iov_lengths(message),
        }
    }

    /// Protects the data segments in place, and fills the front of header, padding and trailer.
    ///
    /// # Errors
    /// [`Error::Layout`], [`Error::SegmentLength`], and as [`Sealer::wrap`].
    pub fn wrap_iov(&mut self, protection: Protection, segments: &mut [Segment<'_>]) -> Result<Lengths, Error> {
        either!(self, sealer => sealer.wrap_iov(protection, segments))
    }

    /// The longest message whose token by [`Sealer::wrap`] has at most `max` octets; 0 if there is none.
    pub fn wrap_size_limit(&self, protection: Protection, max: usize) -> usize {
        match self {
            Self::Cfx(sealer) => sealer.wrap_size_limit(protection, max),
            #[cfg(feature = "legacy-crypto")]
            Self::Rfc1964(sealer) => sealer.wrap_size_limit(max),
        }
    }
}

impl Opener {
    /// An opener which checks with `key` what this end receives. `parameters` describe this end.
    ///
    /// # Errors
    /// [`Error::Crypto`] if the per-usage keys cannot be derived.
    pub fn new(key: &Key, parameters: TokenParameters, window: SequenceWindow) -> Result<Self, Error> {
        #[cfg(feature = "legacy-crypto")]
        if key.enctype().is_legacy() {
            return Rfc1964Opener::new(key, parameters, window).map(Self::Rfc1964);
        }
        CfxOpener::new(key, parameters, window).map(Self::Cfx)
    }

    /// The window, as the messages up to now have left it.
    pub fn window(&self) -> &SequenceWindow {
        either!(self, opener => opener.window())
    }

    /// Whether tokens have padding, which RFC 4121 has not.
    pub fn has_padding(&self) -> bool {
        !matches!(self, Self::Cfx(_))
    }

    /// Checks the MIC token `token` of the concatenation of `message`.
    ///
    /// # Errors
    /// [`Error::Integrity`] if the checksum does not hold; other errors tell what is malformed. The window has not
    /// moved then.
    pub fn verify_mic(&mut self, message: &[&[u8]], token: &[u8]) -> Result<Sequence, Error> {
        either!(self, opener => opener.verify_mic(message, token))
    }

    /// Checks a token by which the peer ends the context. RFC 4121 §4.3 has none.
    ///
    /// # Errors
    /// As [`Opener::verify_mic`].
    pub fn verify_deletion(&self, token: &[u8]) -> Result<(), Error> {
        match self {
            Self::Cfx(_) => {
                let _ = token;
                Err(Error::TokenId)
            }
            #[cfg(feature = "legacy-crypto")]
            Self::Rfc1964(opener) => opener.verify_deletion(token),
        }
    }

    /// Opens the wrap token `token` in place and returns where in it the message stands.
    ///
    /// # Errors
    /// [`Error::Integrity`] if it is not authentic; other errors tell what is malformed. The window has not moved then,
    /// and the content of `token` is of no use.
    pub fn unwrap(&mut self, associated: Associated<'_>, token: &mut [u8]) -> Result<(Range<usize>, Opened), Error> {
        either!(self, opener => opener.unwrap(associated, token))
    }

    /// Opens a scattered message in place: see [`CfxOpener::unwrap_iov`].
    ///
    /// # Errors
    /// As [`Opener::unwrap`], and [`Error::Layout`].
    pub fn unwrap_iov(&mut self, segments: &mut [Segment<'_>]) -> Result<(Option<Range<usize>>, Opened), Error> {
        either!(self, opener => opener.unwrap_iov(segments))
    }
}
