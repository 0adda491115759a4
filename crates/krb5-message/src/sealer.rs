use std::sync::Arc;

use krb5_crypto::{Key, KeyUsage, Part, UsageKey};

use crate::segment::{Body, PaddingRule, Scattered};
use crate::token::{HEADER_LEN, MicToken, Role, Style, TokenFlags, WrapHeader};
use crate::{Associated, Error, Protection, Segment, TokenParameters};

/// Makes the tokens of one direction, RFC 4121 §4.2.
#[derive(Debug)]
pub struct CfxSealer {
    seal: Arc<UsageKey>,
    sign: Arc<UsageKey>,
    parameters: TokenParameters,
    next: u64,
}

/// How long the outer segments of a scattered token are, in octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// Header.
    pub header: usize,
    /// Padding; 0 where there is none, as in RFC 4121.
    pub padding: usize,
    /// Trailer; 0 where there is none.
    pub trailer: usize,
}

/// Whether a scattered message has a segment for the trailer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trailer {
    /// It has.
    Separate,
    /// The trailer's octets go into the header, by the right rotation count.
    InHeader,
}

impl CfxSealer {
    /// A sealer which protects with `key` what this end sends, numbered from `first`.
    ///
    /// # Errors
    /// [`Error::Enctype`] if the tokens of the key's type are those of RFC 1964; [`Error::Crypto`] if the per-usage keys
    /// cannot be derived.
    pub fn new(key: &Key, parameters: TokenParameters, first: u64) -> Result<Self, Error> {
        newer(key)?;
        let Usages { seal, sign } = Usages::of(parameters.role);
        Ok(Self {
            seal: key.usage(seal)?,
            sign: key.usage(sign)?,
            parameters,
            next: first,
        })
    }

    /// What this context is like.
    pub fn parameters(&self) -> TokenParameters {
        self.parameters
    }

    /// The number of the next token.
    pub fn next_sequence(&self) -> u64 {
        self.next
    }

    /// The length of every MIC token of this context, in octets.
    pub fn mic_len(&self) -> usize {
        HEADER_LEN.saturating_add(self.checksum_len())
    }

    /// Signs the concatenation of `message` into a new token.
    ///
    /// # Errors
    /// As [`CfxSealer::get_mic_into`].
    pub fn get_mic(&mut self, message: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let mut token = vec![0; self.mic_len()];
        self.get_mic_into(message, &mut token)?;
        Ok(token)
    }

    /// Signs the concatenation of `message`; the token fills the front of `mic`. Returns its length.
    ///
    /// # Errors
    /// [`Error::SegmentLength`] if `mic` is shorter than [`CfxSealer::mic_len`].
    pub fn get_mic_into(&mut self, message: &[&[u8]], mic: &mut [u8]) -> Result<usize, Error> {
        let needed = self.mic_len();
        let (head, checksum) = front(mic, needed)?.split_first_chunk_mut().ok_or(Error::TooLong)?;
        let header = MicToken::header(self.flags(Protection::Integrity), self.next);
        let tag = with_header(message, &header, |parts| self.sign.checksum(parts));
        copy(checksum, tag.expose())?;
        *head = header;
        self.advance();
        Ok(needed)
    }

    /// Protects `message` in a new token, which is never rotated.
    ///
    /// # Errors
    /// [`Error::Crypto`] if there is no randomness; [`Error::TooLong`].
    pub fn wrap(
        &mut self,
        protection: Protection,
        associated: Associated<'_>,
        message: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let token = match protection {
            Protection::Integrity => self.wrap_signed(associated, message),
            Protection::Confidentiality => self.wrap_sealed(associated, message),
        }?;
        self.advance();
        Ok(token)
    }

    fn wrap_signed(&self, associated: Associated<'_>, message: &[u8]) -> Result<Vec<u8>, Error> {
        let header = self.wrap_header(Protection::Integrity, Style::Standard, Trailer::Separate)?;
        let signed = header.signed_octets();
        let tag = if associated.count() == 0 {
            self.seal.checksum(&[message, &signed])
        } else {
            let parts = [associated.before, &[message], associated.after, &[&signed]].concat();
            self.seal.checksum(&parts)
        };
        Ok([&header.to_octets()[..], message, tag.expose()].concat())
    }

    fn wrap_sealed(&self, associated: Associated<'_>, message: &[u8]) -> Result<Vec<u8>, Error> {
        let header = self.wrap_header(Protection::Confidentiality, Style::Standard, Trailer::Separate)?;
        let enctype = self.seal.enctype();
        let (confounder_len, tag_len) = (enctype.confounder_len(), enctype.checksum_len());
        let overhead = self.overhead(Protection::Confidentiality);
        let length = message.len().checked_add(overhead).ok_or(Error::TooLong)?;
        let mut token = Vec::with_capacity(length);
        token.extend_from_slice(&header.to_octets());
        token.resize(HEADER_LEN.saturating_add(confounder_len), 0);
        token.extend_from_slice(message);
        token.extend_from_slice(&header.sealed_octets());
        token.resize(length, 0);
        let (_, body) = token.split_at_mut_checked(HEADER_LEN).ok_or(Error::TooLong)?;
        if associated.count() == 0 {
            self.seal.encrypt_in_place(body)?;
            return Ok(token);
        }
        let (confounder, rest) = body.split_at_mut_checked(confounder_len).ok_or(Error::TooLong)?;
        let (data, rest) = rest.split_at_mut_checked(message.len()).ok_or(Error::TooLong)?;
        let (copy, tag) = rest
            .split_at_mut_checked(rest.len().saturating_sub(tag_len))
            .ok_or(Error::TooLong)?;
        let mut parts: Vec<Part<'_>> = associated.before.iter().map(|octets| Part::SignOnly(octets)).collect();
        parts.push(Part::Encrypted(data));
        parts.extend(associated.after.iter().map(|octets| Part::SignOnly(octets)));
        parts.push(Part::Encrypted(copy));
        self.seal.encrypt_parts(confounder, &mut parts, tag)?;
        Ok(token)
    }

    /// How long the header and the trailer of a scattered token will be.
    pub fn wrap_iov_lengths(&self, protection: Protection, trailer: Trailer) -> Lengths {
        let enctype = self.seal.enctype();
        let (head, tail) = match protection {
            Protection::Integrity => (HEADER_LEN, enctype.checksum_len()),
            Protection::Confidentiality => (
                HEADER_LEN.saturating_add(enctype.confounder_len()),
                self.filler()
                    .saturating_add(HEADER_LEN)
                    .saturating_add(enctype.checksum_len()),
            ),
        };
        match trailer {
            Trailer::Separate => Lengths {
                header: head,
                padding: 0,
                trailer: tail,
            },
            Trailer::InHeader => Lengths {
                header: head.saturating_add(tail),
                padding: 0,
                trailer: 0,
            },
        }
    }

    /// Protects the data segments in place, and fills the front of the header and of the trailer.
    ///
    /// Without a trailer segment the token is rotated so that the trailer stands in the header.
    ///
    /// # Errors
    /// [`Error::Layout`], [`Error::SegmentLength`], [`Error::Crypto`].
    pub fn wrap_iov(&mut self, protection: Protection, segments: &mut [Segment<'_>]) -> Result<Lengths, Error> {
        let mut scattered = Scattered::sort(segments, PaddingRule::Unused)?;
        let trailer = if scattered.trailer.is_some() {
            Trailer::Separate
        } else {
            Trailer::InHeader
        };
        let lengths = self.wrap_iov_lengths(protection, trailer);
        let header = self.wrap_header(protection, self.parameters.style, trailer)?;
        let room = front(scattered.header, lengths.header)?;
        let (head, rest) = room.split_first_chunk_mut::<HEADER_LEN>().ok_or(Error::TooLong)?;
        let separate = scattered
            .trailer
            .as_deref_mut()
            .map(|octets| front(octets, lengths.trailer))
            .transpose()?;
        match protection {
            Protection::Integrity => {
                let parts: Vec<&[u8]> = scattered.body.iter().map(Body::octets).collect();
                let tag = with_header(&parts, &header.signed_octets(), |parts| self.seal.checksum(parts));
                copy(separate.unwrap_or(rest), tag.expose())?;
            }
            Protection::Confidentiality => self.seal_scattered(header, rest, separate, scattered.body)?,
        }
        *head = header.to_octets();
        self.advance();
        Ok(lengths)
    }

    /// `rest` is the confounder, preceded by the trailer where that is not `separate`.
    fn seal_scattered(
        &self,
        header: WrapHeader,
        rest: &mut [u8],
        separate: Option<&mut [u8]>,
        body: Vec<Body<'_>>,
    ) -> Result<(), Error> {
        let enctype = self.seal.enctype();
        let trailer_len = rest.len().saturating_sub(enctype.confounder_len());
        let (in_header, confounder) = rest.split_at_mut_checked(trailer_len).ok_or(Error::TooLong)?;
        let trailer = separate.unwrap_or(in_header);
        let tag_at = trailer.len().saturating_sub(enctype.checksum_len());
        let (tail, tag) = trailer.split_at_mut_checked(tag_at).ok_or(Error::TooLong)?;
        let (filler, inner) = tail.split_last_chunk_mut::<HEADER_LEN>().ok_or(Error::TooLong)?;
        filler.fill(0xFF);
        *inner = header.sealed_octets();
        let mut parts: Vec<Part<'_>> = body.into_iter().map(Part::from).collect();
        parts.push(Part::Encrypted(tail));
        Ok(self.seal.encrypt_parts(confounder, &mut parts, tag)?)
    }

    /// The longest message whose token by [`CfxSealer::wrap`] has at most `max` octets; 0 if there is none.
    pub fn wrap_size_limit(&self, protection: Protection, max: usize) -> usize {
        max.saturating_sub(self.overhead(protection))
    }

    /// What [`CfxSealer::wrap`] adds to a message.
    fn overhead(&self, protection: Protection) -> usize {
        let enctype = self.seal.enctype();
        let around = HEADER_LEN.saturating_add(enctype.checksum_len());
        match protection {
            Protection::Integrity => around,
            Protection::Confidentiality => around
                .saturating_add(enctype.confounder_len())
                .saturating_add(HEADER_LEN),
        }
    }

    fn wrap_header(&self, protection: Protection, style: Style, trailer: Trailer) -> Result<WrapHeader, Error> {
        let flags = self.flags(protection);
        let extra_count = match (protection, style) {
            (Protection::Integrity, _) => u16::try_from(self.checksum_len()).map_err(|_| Error::TooLong)?,
            (Protection::Confidentiality, Style::Standard) => 0,
            (Protection::Confidentiality, Style::Dce) => DCE_FILLER,
        };
        let rotation = match trailer {
            Trailer::Separate => Some(0),
            Trailer::InHeader => WrapHeader::rotation_into_header(flags, style, extra_count, self.checksum_len()),
        };
        Ok(WrapHeader {
            flags,
            extra_count,
            rotation: rotation.ok_or(Error::TooLong)?,
            sequence: self.next,
        })
    }

    fn filler(&self) -> usize {
        if self.parameters.style == Style::Dce {
            usize::from(DCE_FILLER)
        } else {
            0
        }
    }

    fn checksum_len(&self) -> usize {
        self.sign.enctype().checksum_len()
    }

    fn flags(&self, protection: Protection) -> TokenFlags {
        TokenFlags::new(self.parameters.role, self.parameters.subkey, protection)
    }

    fn advance(&mut self) {
        self.next = self.next.wrapping_add(1);
    }
}

/// Whether the tokens of a key are those of RFC 4121, §1.
pub(crate) fn newer(key: &Key) -> Result<(), Error> {
    match key.enctype() {
        older if older.is_legacy() => Err(Error::Enctype(older)),
        _ => Ok(()),
    }
}

/// The key usages of one direction, RFC 4121 §2.
pub(crate) struct Usages {
    pub(crate) seal: KeyUsage,
    pub(crate) sign: KeyUsage,
}

impl Usages {
    pub(crate) fn of(sender: Role) -> Self {
        match sender {
            Role::Acceptor => Self {
                seal: KeyUsage::ACCEPTOR_SEAL,
                sign: KeyUsage::ACCEPTOR_SIGN,
            },
            Role::Initiator => Self {
                seal: KeyUsage::INITIATOR_SEAL,
                sign: KeyUsage::INITIATOR_SIGN,
            },
        }
    }
}

/// Calls `f` with `parts` and, behind them, `header`; without allocating for up to seven parts.
pub(crate) fn with_header<R>(parts: &[&[u8]], header: &[u8], f: impl FnOnce(&[&[u8]]) -> R) -> R {
    let mut few: [&[u8]; 8] = [&[]; 8];
    if let Some((filled, [last, ..])) = few.split_at_mut_checked(parts.len()) {
        filled.copy_from_slice(parts);
        *last = header;
        return f(few.get(..=parts.len()).unwrap_or_default());
    }
    let mut many = parts.to_vec();
    many.push(header);
    f(&many)
}

/// The first `needed` octets of a caller's segment.
pub(crate) fn front(segment: &mut [u8], needed: usize) -> Result<&mut [u8], Error> {
    let given = segment.len();
    segment.get_mut(..needed).ok_or(Error::SegmentLength { needed, given })
}

fn copy(to: &mut [u8], from: &[u8]) -> Result<(), Error> {
    if to.len() != from.len() {
        return Err(Error::SegmentLength {
            needed: from.len(),
            given: to.len(),
        });
    }
    to.copy_from_slice(from);
    Ok(())
}

/// Filler in sealed tokens of DCE style: one cipher block, which Windows insists on.
const DCE_FILLER: u16 = 16;

#[cfg(test)]
mod tests;
