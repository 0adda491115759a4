use std::ops::Range;

use krb5_crypto::Key;
use zeroize::Zeroize;

use super::algorithm::{Algorithm, Keys, Numbered};
use super::framing;
use super::layout::{CONFOUNDER_LEN, Parts, TokenId, data_len, gather, header_len, scatter};
use crate::error::Layout;
use crate::segment::{Body, PaddingRule, Scattered, Stream, zeroize_data};
use crate::window::{Sequence, SequenceWindow};
use crate::{Associated, Error, Opened, Protection, Segment, Style, TokenParameters};

/// Checks the tokens of one direction, RFC 1964 §1.2 and RFC 4757 §7.
///
/// The window moves only after a token has proved authentic.
///
/// The checksum does not cover SND_SEQ. With des3-cbc-sha1 whoever alters it hits the direction octets too. With
/// arcfour-hmac, a stream cipher, one can change the number in a MIC or in a token that is not sealed, and nobody can
/// tell: order and replays are not detected there against an attacker, only against accidents. (A sealed message cannot
/// be read with another number.) It is one of the reasons why these types are off by default.
#[derive(Debug)]
pub struct Rfc1964Opener {
    keys: Keys,
    parameters: TokenParameters,
    window: SequenceWindow,
}

impl Rfc1964Opener {
    /// An opener which checks with `key` what this end receives. `parameters` describe this end; the numbers in
    /// `window` have 32 bits.
    ///
    /// # Errors
    /// As [`Rfc1964Sealer::new`](crate::Rfc1964Sealer::new).
    pub fn new(key: &Key, parameters: TokenParameters, window: SequenceWindow) -> Result<Self, Error> {
        Ok(Self {
            keys: Keys::new(key)?,
            parameters,
            window,
        })
    }

    /// The window, as the messages up to now have left it.
    pub fn window(&self) -> &SequenceWindow {
        &self.window
    }

    /// Checks the MIC token `token` of the concatenation of `message`.
    ///
    /// # Errors
    /// [`Error::Integrity`] if the checksum does not hold; other errors tell what is malformed. The window has not
    /// moved then.
    pub fn verify_mic(&mut self, message: &[&[u8]], token: &[u8]) -> Result<Sequence, Error> {
        let number = self.verify(TokenId::Mic, message, token)?;
        Ok(self.window.record(number.into()))
    }

    /// Checks a token by which the peer ends the context, RFC 1964 §1.2.3. It has the number of a message, but it is
    /// the last one.
    ///
    /// # Errors
    /// As [`Rfc1964Opener::verify_mic`].
    pub fn verify_deletion(&self, token: &[u8]) -> Result<(), Error> {
        self.verify(TokenId::Delete, &[], token).map(|_| ())
    }

    /// The number of a token that consists of header and checksum.
    fn verify(&self, id: TokenId, message: &[&[u8]], token: &[u8]) -> Result<u32, Error> {
        let algorithm = self.algorithm();
        let framing = framing::of_total(token.len())?;
        let inner = token.strip_prefix(&framing[..]).ok_or(Error::Framing)?;
        let mut inner = inner.to_vec();
        let parts = Parts::split(&mut inner, algorithm)?;
        id.check(algorithm, parts.head)?;
        // Heimdal counts TOK_ID twice in the MICs of des3-cbc-sha1: two octets follow that mean nothing.
        let quirk = algorithm == Algorithm::Des3 && parts.rest.len() == 2;
        if !parts.rest.is_empty() && !quirk {
            return Err(Error::ChecksumLength {
                announced: algorithm.checksum_len().saturating_add(parts.rest.len()),
                expected: algorithm.checksum_len(),
            });
        }
        let sum = self.keys.checksum(parts.head, message);
        let numbered = self.keys.reveal_sequence(parts.sequence, parts.checksum)?;
        self.judge(sum.verify(parts.checksum).is_ok(), &numbered)?;
        Ok(numbered.number)
    }

    /// Opens the wrap token `token` in place and returns where in it the message stands.
    ///
    /// On an error the content of `token` is of no use.
    ///
    /// # Errors
    /// [`Error::Integrity`] if it is not authentic, which includes its padding; other errors tell what is malformed.
    /// The window has not moved then.
    pub fn unwrap(&mut self, associated: Associated<'_>, token: &mut [u8]) -> Result<(Range<usize>, Opened), Error> {
        let algorithm = self.algorithm();
        let framing = self.framing_of(token.len())?;
        let at = framing.len().saturating_add(header_len(algorithm));
        let inner = take_framing(token, &framing)?;
        let parts = Parts::split(inner, algorithm)?;
        let protection = TokenId::wrapped(algorithm, parts.head)?;
        let numbered = self.keys.reveal_sequence(parts.sequence, parts.checksum)?;
        self.check_lengths(protection, parts.rest.len())?;
        if protection == Protection::Confidentiality {
            self.keys.decrypt(numbered.number, parts.rest)?;
        }
        let (confounder, text) = parts
            .rest
            .split_at_mut_checked(CONFOUNDER_LEN)
            .ok_or(Error::Integrity)?;
        let padding = match self.parameters.style {
            Style::Standard => padding_of(text),
            Style::Dce => Some(0),
        };
        let length = text.len().saturating_sub(padding.unwrap_or(0));
        let (message, pad) = text.split_at_mut_checked(length).ok_or(Error::Integrity)?;
        let mut body: Vec<Body<'_>> = associated.before.iter().map(|octets| Body::SignOnly(octets)).collect();
        body.push(Body::Data(message));
        body.extend(associated.after.iter().map(|octets| Body::SignOnly(octets)));
        body.push(Body::Data(pad));
        let sum = self.keys.checksum_wrapped(parts.head, confounder, &body);
        let judged = self.judge(sum.verify(parts.checksum).is_ok() & padding.is_some(), &numbered);
        if let Err(error) = judged {
            parts.rest.zeroize();
            return Err(error);
        }
        Ok((
            at..at.saturating_add(length),
            Opened {
                protection,
                sequence: self.window.record(numbered.number.into()),
            },
        ))
    }

    /// Opens a scattered message in place.
    ///
    /// The segments are those that [`Rfc1964Sealer::wrap_iov`](crate::Rfc1964Sealer::wrap_iov) made, of exactly the
    /// token's lengths; with arcfour-hmac the padding may be missing or empty for a peer that does not pad, as WinRM
    /// does not. Or there is one [`Segment::Stream`], as for [`CfxOpener::unwrap_iov`](crate::CfxOpener::unwrap_iov).
    ///
    /// # Errors
    /// As [`Rfc1964Opener::unwrap`], and [`Error::Layout`].
    pub fn unwrap_iov(&mut self, segments: &mut [Segment<'_>]) -> Result<(Option<Range<usize>>, Opened), Error> {
        if segments.iter().any(|segment| matches!(segment, Segment::Stream(_))) {
            let Stream { before, after, token } = Stream::of(segments)?;
            let around = Associated {
                before: &before,
                after: &after,
            };
            let (range, opened) = self.unwrap(around, token)?;
            return Ok((Some(range), opened));
        }
        let algorithm = self.algorithm();
        let mut scattered = Scattered::sort(segments, PaddingRule::InBody)?;
        self.check_padding(&scattered)?;
        let padding = scattered.padding_range();
        let data = data_len(&scattered.body);
        let counted = match self.parameters.style {
            Style::Standard => data,
            Style::Dce => 0,
        };
        let whole = scattered.header.len().checked_add(counted).ok_or(Error::TooLong)?;
        let framing = self.framing_of(whole)?;
        let parts = Parts::split(take_framing(scattered.header, &framing)?, algorithm)?;
        let protection = TokenId::wrapped(algorithm, parts.head)?;
        if parts.rest.len() != CONFOUNDER_LEN {
            return Err(Error::Truncated {
                length: parts.rest.len(),
                least: CONFOUNDER_LEN,
            });
        }
        let numbered = self.keys.reveal_sequence(parts.sequence, parts.checksum)?;
        if protection == Protection::Confidentiality {
            check_blocks(algorithm, data)?;
            let mut text = gather(parts.rest, &scattered.body);
            self.keys.decrypt(numbered.number, &mut text)?;
            scatter(&text, parts.rest, &mut scattered.body);
        }
        let padding = scattered.body.get(padding).unwrap_or_default();
        let padded = padding.iter().all(|padding| pads_itself(padding.octets()));
        let sum = self.keys.checksum_wrapped(parts.head, parts.rest, &scattered.body);
        let judged = self.judge(sum.verify(parts.checksum).is_ok() & padded, &numbered);
        if let Err(error) = judged {
            parts.rest.zeroize();
            zeroize_data(&mut scattered.body);
            return Err(error);
        }
        let opened = Opened {
            protection,
            sequence: self.window.record(numbered.number.into()),
        };
        Ok((None, opened))
    }

    /// Whether there can be a padding segment of that length, and a trailer of its.
    fn check_padding(&self, scattered: &Scattered<'_>) -> Result<(), Error> {
        let trailer = scattered.trailer.as_ref().map_or(0, |trailer| trailer.len());
        if trailer != 0 {
            return Err(Error::SegmentLength {
                needed: 0,
                given: trailer,
            });
        }
        let length = scattered.padding().len();
        let allowed = match (self.parameters.style, self.algorithm()) {
            (Style::Dce, _) => 0..=0,
            (Style::Standard, Algorithm::Arcfour) => 0..=MOST_PADDING,
            (Style::Standard, Algorithm::Des3) => 1..=MOST_PADDING,
        };
        if allowed.contains(&length) {
            Ok(())
        } else {
            Err(Error::Layout(Layout::Padding))
        }
    }

    /// The framing of a token of `total` octets.
    fn framing_of(&self, total: usize) -> Result<Vec<u8>, Error> {
        match self.parameters.style {
            Style::Standard => framing::of_total(total),
            Style::Dce => framing::before(header_len(self.algorithm())),
        }
    }

    /// Whether what follows the checksum has room for the confounder and an octet of padding, and is whole blocks if it
    /// is encrypted.
    fn check_lengths(&self, protection: Protection, length: usize) -> Result<(), Error> {
        let least = match self.parameters.style {
            Style::Standard => CONFOUNDER_LEN.saturating_add(1),
            Style::Dce => CONFOUNDER_LEN,
        };
        if length < least {
            return Err(Error::Truncated { length, least });
        }
        match protection {
            Protection::Integrity => Ok(()),
            Protection::Confidentiality => check_blocks(self.algorithm(), length),
        }
    }

    /// One answer for all that an attacker may have altered; what came back from this end is told apart only if it is
    /// authentic.
    fn judge(&self, authentic: bool, numbered: &Numbered) -> Result<(), Error> {
        if !authentic {
            return Err(Error::Integrity);
        }
        match numbered.sender {
            Some(sender) if sender == self.parameters.role => Err(Error::Direction),
            Some(_) => Ok(()),
            None => Err(Error::Integrity),
        }
    }

    fn algorithm(&self) -> Algorithm {
        self.keys.algorithm()
    }
}

fn take_framing<'t>(token: &'t mut [u8], framing: &[u8]) -> Result<&'t mut [u8], Error> {
    match token.split_at_mut_checked(framing.len()) {
        Some((found, inner)) if found == framing => Ok(inner),
        _ => Err(Error::Framing),
    }
}

/// How many octets of padding end `text`: 1 to 8, each of them that count, RFC 1964 §1.2.2.3. `None` for anything else,
/// which must not be told before the checksum has been looked at.
fn padding_of(text: &[u8]) -> Option<usize> {
    let count = usize::from(*text.last()?);
    let at = text.len().checked_sub(count)?;
    let pad = text.get(at..)?;
    (pads_itself(pad) && (1..=MOST_PADDING).contains(&count)).then_some(count)
}

/// Whether each octet is the count of all.
fn pads_itself(padding: &[u8]) -> bool {
    padding.iter().all(|octet| usize::from(*octet) == padding.len())
}

fn check_blocks(algorithm: Algorithm, length: usize) -> Result<(), Error> {
    let block = algorithm.block_len();
    if length.checked_rem(block) == Some(0) {
        Ok(())
    } else {
        Err(Error::CipherLength { length, block })
    }
}

/// Padding is counted in blocks of eight octets, whatever the cipher.
const MOST_PADDING: usize = 8;
