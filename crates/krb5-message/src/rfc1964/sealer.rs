use krb5_crypto::Key;
use krb5_crypto::primitives::Random;

use super::algorithm::{Algorithm, Keys};
use super::framing;
use super::layout::{Parts, TokenId, data_len, fixed_len, gather, header_len, scatter};
use crate::sealer::front;
use crate::segment::{Body, PaddingRule, Scattered};
use crate::{Associated, Error, Lengths, Protection, Segment, Style, TokenParameters};

/// Makes the tokens of one direction, RFC 1964 §1.2 and RFC 4757 §7.
#[derive(Debug)]
pub struct Rfc1964Sealer {
    keys: Keys,
    random: &'static dyn Random,
    parameters: TokenParameters,
    next: u32,
}

impl Rfc1964Sealer {
    /// A sealer which protects with `key` what this end sends, numbered from `first`.
    ///
    /// # Errors
    /// [`Error::Enctype`] if the tokens of the key's type are those of RFC 4121; [`Error::Crypto`] if keys cannot be
    /// derived from it.
    pub fn new(key: &Key, parameters: TokenParameters, first: u32) -> Result<Self, Error> {
        Ok(Self {
            keys: Keys::new(key)?,
            random: key.provider().random,
            parameters,
            next: first,
        })
    }

    /// What this context is like.
    pub fn parameters(&self) -> TokenParameters {
        self.parameters
    }

    /// The number of the next token.
    pub fn next_sequence(&self) -> u32 {
        self.next
    }

    /// The length of every MIC token of this context, in octets.
    pub fn mic_len(&self) -> usize {
        let inner = fixed_len(self.algorithm());
        framing::before(inner).map_or(inner, |framing| framing.len().saturating_add(inner))
    }

    /// Signs the concatenation of `message`; the token fills the front of `mic`. Returns its length.
    ///
    /// # Errors
    /// [`Error::SegmentLength`] if `mic` is shorter than [`Rfc1964Sealer::mic_len`].
    pub fn get_mic_into(&mut self, message: &[&[u8]], mic: &mut [u8]) -> Result<usize, Error> {
        let needed = self.mic_len();
        let framing = framing::before(fixed_len(self.algorithm()))?;
        let (before, inner) = front(mic, needed)?
            .split_at_mut_checked(framing.len())
            .ok_or(Error::TooLong)?;
        let parts = Parts::split(inner, self.algorithm())?;
        before.copy_from_slice(&framing);
        *parts.head = TokenId::Mic.head(self.algorithm());
        let sum = self.keys.checksum(parts.head, message);
        parts.checksum.copy_from_slice(sum.expose());
        *parts.sequence = self
            .keys
            .hide_sequence(self.next, self.parameters.role, parts.checksum)?;
        self.advance();
        Ok(needed)
    }

    /// Protects `message` in a new token.
    ///
    /// # Errors
    /// [`Error::Blocks`] if in DCE style, where nothing is padded, it is not whole blocks; [`Error::Crypto`] if there
    /// is no randomness; [`Error::TooLong`].
    pub fn wrap(
        &mut self,
        protection: Protection,
        associated: Associated<'_>,
        message: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let lengths = self.wrap_iov_lengths(message.len())?;
        let total = [lengths.header, message.len(), lengths.padding]
            .into_iter()
            .try_fold(0_usize, usize::checked_add)
            .ok_or(Error::TooLong)?;
        let mut token = Vec::with_capacity(total);
        token.resize(lengths.header, 0);
        token.extend_from_slice(message);
        token.resize(total, pad(lengths.padding));
        let (header, rest) = token.split_at_mut_checked(lengths.header).ok_or(Error::TooLong)?;
        let (data, padding) = rest.split_at_mut_checked(message.len()).ok_or(Error::TooLong)?;
        let mut body: Vec<Body<'_>> = associated.before.iter().map(|octets| Body::SignOnly(octets)).collect();
        body.push(Body::Data(data));
        body.extend(associated.after.iter().map(|octets| Body::SignOnly(octets)));
        body.push(Body::Data(padding));
        self.protect(protection, header, &mut body)?;
        self.advance();
        Ok(token)
    }

    /// How long the header and the padding of a token around `message` octets will be; there is no trailer.
    ///
    /// # Errors
    /// As [`Rfc1964Sealer::wrap`].
    pub fn wrap_iov_lengths(&self, message: usize) -> Result<Lengths, Error> {
        let padding = self.padding_len(message)?;
        let framed = self.framed_len(message.checked_add(padding).ok_or(Error::TooLong)?)?;
        let framing = framing::before(framed)?;
        Ok(Lengths {
            header: framing.len().saturating_add(header_len(self.algorithm())),
            padding,
            trailer: 0,
        })
    }

    /// Protects the data segments in place, and fills the front of the header and of the padding, which must be there
    /// but in DCE style. A trailer stays empty.
    ///
    /// # Errors
    /// [`Error::Layout`], [`Error::SegmentLength`], and as [`Rfc1964Sealer::wrap`].
    pub fn wrap_iov(&mut self, protection: Protection, segments: &mut [Segment<'_>]) -> Result<Lengths, Error> {
        let mut scattered = Scattered::sort(segments, PaddingRule::InBody)?;
        if let Some(trailer) = scattered.trailer.as_deref().filter(|trailer| !trailer.is_empty()) {
            let given = trailer.len();
            return Err(Error::SegmentLength { needed: 0, given });
        }
        let message = data_len(&scattered.body).saturating_sub(scattered.padding().len());
        let lengths = self.wrap_iov_lengths(message)?;
        scattered.fill_padding(lengths.padding, pad(lengths.padding))?;
        let header = front(scattered.header, lengths.header)?;
        self.protect(protection, header, &mut scattered.body)?;
        self.advance();
        Ok(lengths)
    }

    /// Fills a header of exactly the right length, and encrypts the data in `body` if `protection` says so.
    fn protect(&self, protection: Protection, header: &mut [u8], body: &mut [Body<'_>]) -> Result<(), Error> {
        let algorithm = self.algorithm();
        let framing = framing::before(self.framed_len(data_len(body))?)?;
        let (before, inner) = header.split_at_mut_checked(framing.len()).ok_or(Error::TooLong)?;
        let parts = Parts::split(inner, algorithm)?;
        self.random.fill(parts.rest).map_err(krb5_crypto::Error::from)?;
        before.copy_from_slice(&framing);
        *parts.head = TokenId::Wrap(protection).head(algorithm);
        let sum = self.keys.checksum_wrapped(parts.head, parts.rest, body);
        parts.checksum.copy_from_slice(sum.expose());
        *parts.sequence = self
            .keys
            .hide_sequence(self.next, self.parameters.role, parts.checksum)?;
        if protection == Protection::Confidentiality {
            let mut text = gather(parts.rest, body);
            self.keys.encrypt(self.next, &mut text)?;
            scatter(&text, parts.rest, body);
        }
        Ok(())
    }

    /// The longest message whose token by [`Rfc1964Sealer::wrap`] has at most `max` octets; 0 if there is none.
    ///
    /// In DCE style messages that are not whole blocks have no token at all.
    pub fn wrap_size_limit(&self, max: usize) -> usize {
        let longest = max.saturating_sub(header_len(self.algorithm()));
        (longest.saturating_sub(MOST_AROUND)..=longest)
            .rev()
            .find(|message| self.token_len(*message).is_some_and(|length| length <= max))
            .unwrap_or(0)
    }

    fn token_len(&self, message: usize) -> Option<usize> {
        let lengths = self.wrap_iov_lengths(message).ok()?;
        lengths.header.checked_add(message)?.checked_add(lengths.padding)
    }

    fn padding_len(&self, message: usize) -> Result<usize, Error> {
        let block = self.algorithm().block_len();
        match self.parameters.style {
            Style::Standard => Ok(self.algorithm().padding_len(message)),
            Style::Dce if message.checked_rem(block) == Some(0) => Ok(0),
            Style::Dce => Err(Error::Blocks { length: message, block }),
        }
    }

    /// What the framing counts of a token with so much data and padding.
    fn framed_len(&self, data: usize) -> Result<usize, Error> {
        let counted = match self.parameters.style {
            Style::Standard => data,
            Style::Dce => 0,
        };
        header_len(self.algorithm()).checked_add(counted).ok_or(Error::TooLong)
    }

    fn algorithm(&self) -> Algorithm {
        self.keys.algorithm()
    }

    fn advance(&mut self) {
        self.next = self.next.wrapping_add(1);
    }
}

/// The octets of a padding are its length.
fn pad(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(u8::MAX)
}

/// More than framing and padding ever are together.
const MOST_AROUND: usize = 32;
