use std::ops::Range;
use std::sync::Arc;

use krb5_crypto::{Key, Part, UsageKey};
use zeroize::Zeroize;

use crate::sealer::{Usages, newer, with_header};
use crate::segment::{Body, PaddingRule, Scattered, Stream};
use crate::token::{HEADER_LEN, MicToken, Protection, TokenFlags, WrapHeader};
use crate::window::{Sequence, SequenceWindow};
use crate::{Associated, Error, Role, Segment, TokenParameters};

/// Checks the tokens of one direction, RFC 4121 §4.2.
///
/// The window moves only after a token has proved authentic.
#[derive(Debug)]
pub struct CfxOpener {
    seal: Arc<UsageKey>,
    sign: Arc<UsageKey>,
    parameters: TokenParameters,
    window: SequenceWindow,
}

/// What is known about a message that was opened.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// How the message was protected, whatever the receiver may have expected.
    pub protection: Protection,
    /// Whether it came in order.
    pub sequence: Sequence,
}

impl CfxOpener {
    /// An opener which checks with `key` what this end receives. `parameters` describe this end.
    ///
    /// # Errors
    /// As [`CfxSealer::new`](crate::CfxSealer::new).
    pub fn new(key: &Key, parameters: TokenParameters, window: SequenceWindow) -> Result<Self, Error> {
        newer(key)?;
        let Usages { seal, sign } = Usages::of(peer(parameters.role));
        Ok(Self {
            seal: key.usage(seal)?,
            sign: key.usage(sign)?,
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
    /// [`Error::Integrity`] if the checksum does not hold; other errors tell what is malformed. The window
    /// has not moved then.
    pub fn verify_mic(&mut self, message: &[&[u8]], token: &[u8]) -> Result<Sequence, Error> {
        let mic = MicToken::parse(token)?;
        self.check_flags(mic.flags)?;
        let expected = self.sign.enctype().checksum_len();
        if mic.checksum.len() != expected {
            return Err(Error::ChecksumLength {
                announced: mic.checksum.len(),
                expected,
            });
        }
        let header = MicToken::header(mic.flags, mic.sequence);
        with_header(message, &header, |parts| self.sign.verify_checksum(parts, mic.checksum))?;
        Ok(self.window.record(mic.sequence))
    }

    /// Opens the wrap token `token` in place and returns where in it the message stands.
    ///
    /// Any rotation and any amount of filler is taken. On an error the content of `token` is of no use.
    ///
    /// # Errors
    /// [`Error::Integrity`] if it is not authentic; other errors tell what is malformed. The window has
    /// not moved then.
    pub fn unwrap(&mut self, associated: Associated<'_>, token: &mut [u8]) -> Result<(Range<usize>, Opened), Error> {
        let (header, _) = WrapHeader::parse(token)?;
        self.check_flags(header.flags)?;
        let (_, rest) = token.split_at_mut_checked(HEADER_LEN).ok_or(Error::TokenId)?;
        let protection = header.flags.protection();
        if let Some(by) = header.total_rotation(self.parameters.style).checked_rem(rest.len()) {
            rest.rotate_left(by);
        }
        let found = match protection {
            Protection::Integrity => self.open_signed(header, associated, rest)?,
            Protection::Confidentiality => self.open_sealed(header, associated, rest)?,
        };
        let range = found.start.saturating_add(HEADER_LEN)..found.end.saturating_add(HEADER_LEN);
        Ok((
            range,
            Opened {
                protection,
                sequence: self.window.record(header.sequence),
            },
        ))
    }

    fn open_signed(&self, header: WrapHeader, around: Associated<'_>, rest: &[u8]) -> Result<Range<usize>, Error> {
        self.check_checksum_len(header)?;
        let length = rest
            .len()
            .checked_sub(self.tag_len())
            .ok_or_else(|| self.too_short(header, rest.len()))?;
        let (message, checksum) = rest.split_at_checked(length).ok_or(Error::HeaderCopy)?;
        let signed = header.signed_octets();
        if around.count() == 0 {
            self.seal.verify_checksum(&[message, &signed], checksum)?;
        } else {
            let parts = [around.before, &[message], around.after, &[&signed]].concat();
            self.seal.verify_checksum(&parts, checksum)?;
        }
        Ok(0..length)
    }

    fn open_sealed(&self, header: WrapHeader, around: Associated<'_>, rest: &mut [u8]) -> Result<Range<usize>, Error> {
        let plain = if around.count() == 0 {
            self.seal.decrypt_in_place(rest)?
        } else {
            self.open_sealed_around(header, around, rest)?
        };
        let opened = rest.get(plain.clone()).ok_or(Error::HeaderCopy)?;
        let length = self.check_copy(header, opened).inspect_err(|_| rest.zeroize())?;
        Ok(plain.start..plain.start.saturating_add(length))
    }

    /// Data after the message stands between it and the filler, so that EC decides where to split: a wrong one
    /// changes what is signed.
    fn open_sealed_around(
        &self,
        header: WrapHeader,
        around: Associated<'_>,
        rest: &mut [u8],
    ) -> Result<Range<usize>, Error> {
        let length = rest.len();
        let confounder_len = self.seal.enctype().confounder_len();
        let tail_len = usize::from(header.extra_count).saturating_add(HEADER_LEN);
        let tag_at = length
            .checked_sub(self.tag_len())
            .ok_or_else(|| self.too_short(header, length))?;
        let (body, tag) = rest.split_at_mut_checked(tag_at).ok_or(Error::HeaderCopy)?;
        let (confounder, body) = body
            .split_at_mut_checked(confounder_len)
            .ok_or_else(|| self.too_short(header, length))?;
        let data_len = body
            .len()
            .checked_sub(tail_len)
            .ok_or_else(|| self.too_short(header, length))?;
        let (data, tail) = body.split_at_mut_checked(data_len).ok_or(Error::HeaderCopy)?;
        let mut parts: Vec<Part<'_>> = around.before.iter().map(|octets| Part::SignOnly(octets)).collect();
        parts.push(Part::Encrypted(data));
        parts.extend(around.after.iter().map(|octets| Part::SignOnly(octets)));
        parts.push(Part::Encrypted(tail));
        self.seal.decrypt_parts(confounder, &mut parts, tag)?;
        Ok(confounder_len..tag_at)
    }

    /// Opens a scattered message in place.
    ///
    /// The segments are those that [`CfxSealer::wrap_iov`](crate::CfxSealer::wrap_iov) made, of exactly the token's
    /// lengths; any rotation and any amount of filler is taken. Or there is one [`Segment::Stream`] instead of header,
    /// data and trailer, with any sign-only segments around an empty [`Segment::Data`], or around the stream itself;
    /// then the range of the message in the stream is returned too.
    ///
    /// # Errors
    /// As [`CfxOpener::unwrap`], and [`Error::Layout`].
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
        let mut scattered = Scattered::sort(segments, PaddingRule::MustBeEmpty)?;
        let (header, _) = WrapHeader::parse(scattered.header)?;
        self.check_flags(header.flags)?;
        self.straighten(header, &mut scattered)?;
        let outer = self.outer_segments(header, scattered.header, scattered.trailer)?;
        match header.flags.protection() {
            Protection::Integrity => {
                let parts: Vec<&[u8]> = scattered.body.iter().map(Body::octets).collect();
                with_header(&parts, &header.signed_octets(), |parts| {
                    self.seal.verify_checksum(parts, outer.tag)
                })?;
            }
            Protection::Confidentiality => {
                let mut parts: Vec<Part<'_>> = scattered.body.into_iter().map(Part::from).collect();
                parts.push(Part::Encrypted(outer.tail));
                self.seal.decrypt_parts(outer.confounder, &mut parts, outer.tag)?;
                self.check_scattered_copy(header, &mut parts)?;
            }
        }
        let opened = Opened {
            protection: header.flags.protection(),
            sequence: self.window.record(header.sequence),
        };
        Ok((None, opened))
    }

    /// Rotates a token so that its data stand in the data segments.
    ///
    /// That is where [`CfxSealer::wrap_iov`](crate::CfxSealer::wrap_iov) puts them, and there is nothing to do. But
    /// Heimdal's plain tokens are rotated and MIT's are not, and either may come in pieces.
    fn straighten(&self, header: WrapHeader, scattered: &mut Scattered<'_>) -> Result<(), Error> {
        let tail_len = self.tail_len(header)?;
        let wanted = if scattered.trailer.is_some() { 0 } else { tail_len };
        let found = header.total_rotation(self.parameters.style);
        if found == wanted {
            return Ok(());
        }
        let whole = scattered.rest_len();
        if let (Some(found), Some(wanted)) = (found.checked_rem(whole), wanted.checked_rem(whole)) {
            scattered.rotate_left(found.saturating_add(whole.saturating_sub(wanted)));
        }
        Ok(())
    }

    /// Finds confounder, tail and tag in the header and trailer segments, which must have exactly their lengths.
    fn outer_segments<'s>(
        &self,
        header: WrapHeader,
        head: &'s mut [u8],
        trailer: Option<&'s mut [u8]>,
    ) -> Result<Outer<'s>, Error> {
        let tail_len = self.tail_len(header)?;
        let in_header_len = if trailer.is_some() { 0 } else { tail_len };
        let confounder_len = match header.flags.protection() {
            Protection::Integrity => 0,
            Protection::Confidentiality => self.seal.enctype().confounder_len(),
        };
        let (_, rest) = head.split_at_mut_checked(HEADER_LEN).ok_or(Error::TokenId)?;
        exact(rest, in_header_len.saturating_add(confounder_len))?;
        let (in_header, confounder) = rest.split_at_mut_checked(in_header_len).ok_or(Error::HeaderCopy)?;
        let trailer = trailer.unwrap_or(in_header);
        exact(trailer, tail_len)?;
        let (tail, tag) = trailer
            .split_at_mut_checked(tail_len.saturating_sub(self.tag_len()))
            .ok_or(Error::HeaderCopy)?;
        Ok(Outer { confounder, tail, tag })
    }

    /// As [`CfxOpener::check_copy`] for a scattered message, whose last part is filler and header copy. If they are
    /// not as they should be, the message is erased.
    fn check_scattered_copy(&self, header: WrapHeader, parts: &mut [Part<'_>]) -> Result<(), Error> {
        let checked = match parts.last() {
            Some(Part::Encrypted(tail)) => self.check_copy(header, tail).map(|_| ()),
            _ => Err(Error::HeaderCopy),
        };
        if checked.is_err() {
            for part in parts {
                if let Part::Encrypted(octets) = part {
                    octets.zeroize();
                }
            }
        }
        checked
    }

    fn check_flags(&self, flags: TokenFlags) -> Result<(), Error> {
        if flags.sender() == self.parameters.role {
            return Err(Error::Direction);
        }
        if flags.subkey() != self.parameters.subkey {
            return Err(Error::Subkey);
        }
        Ok(())
    }

    fn check_checksum_len(&self, header: WrapHeader) -> Result<(), Error> {
        let (announced, expected) = (usize::from(header.extra_count), self.tag_len());
        if announced == expected {
            Ok(())
        } else {
            Err(Error::ChecksumLength { announced, expected })
        }
    }

    /// The length of what follows the message in the token before rotation.
    fn tail_len(&self, header: WrapHeader) -> Result<usize, Error> {
        match header.flags.protection() {
            Protection::Integrity => self.check_checksum_len(header).map(|()| self.tag_len()),
            Protection::Confidentiality => Ok(usize::from(header.extra_count)
                .saturating_add(HEADER_LEN)
                .saturating_add(self.tag_len())),
        }
    }

    /// Compares the header inside the encryption, at the end of `opened`, with the one outside; what is left is
    /// the message and its filler, of which the length of the message is returned.
    ///
    /// EC in the clear decides where the message ends, so it must be the one that was encrypted. RRC is not
    /// protected and not compared.
    fn check_copy(&self, header: WrapHeader, opened: &[u8]) -> Result<usize, Error> {
        let (rest, inner) = opened.split_last_chunk::<HEADER_LEN>().ok_or(Error::HeaderCopy)?;
        let (inner, _) = WrapHeader::parse(inner).map_err(|_| Error::HeaderCopy)?;
        if (WrapHeader {
            rotation: header.rotation,
            ..inner
        }) != header
        {
            return Err(Error::HeaderCopy);
        }
        rest.len()
            .checked_sub(usize::from(header.extra_count))
            .ok_or(Error::HeaderCopy)
    }

    fn too_short(&self, header: WrapHeader, length: usize) -> Error {
        let least = match header.flags.protection() {
            Protection::Integrity => self.tag_len(),
            Protection::Confidentiality => self.seal.enctype().confounder_len().saturating_add(self.tag_len()),
        };
        Error::Truncated {
            length: length.saturating_add(HEADER_LEN),
            least: least.saturating_add(HEADER_LEN),
        }
    }

    fn tag_len(&self) -> usize {
        self.seal.enctype().checksum_len()
    }
}

/// What surrounds the message of a scattered token.
struct Outer<'s> {
    confounder: &'s mut [u8],
    /// Filler and the encrypted copy of the header; empty if the token is not sealed.
    tail: &'s mut [u8],
    tag: &'s [u8],
}

fn peer(role: Role) -> Role {
    match role {
        Role::Initiator => Role::Acceptor,
        Role::Acceptor => Role::Initiator,
    }
}

/// Segments of a received token must be exactly as long as its header says.
fn exact(segment: &[u8], needed: usize) -> Result<(), Error> {
    if segment.len() == needed {
        return Ok(());
    }
    Err(Error::Truncated {
        length: segment.len(),
        least: needed,
    })
}

#[cfg(test)]
mod tests;
