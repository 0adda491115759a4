use krb5_crypto::Part;

use crate::Error;
use crate::error::Layout;
use crate::token::HEADER_LEN;

/// One piece of a scattered message, as in `gss_wrap_iov`. Order matters.
#[derive(Debug)]
pub enum Segment<'a> {
    /// The token's header: `wrap_iov` fills it, `unwrap_iov` reads it.
    Header(&'a mut [u8]),
    /// Part of the message: protected in place.
    Data(&'a mut [u8]),
    /// Part of the message that is covered by the checksum but neither encrypted nor in the token.
    SignOnly(&'a [u8]),
    /// Has no use in RFC 4121 tokens; it stays empty.
    Padding(&'a mut [u8]),
    /// The token's trailer. Without one, its octets are rotated into the header.
    Trailer(&'a mut [u8]),
    /// A whole token in one piece, for `unwrap_iov`: it is opened in place.
    Stream(&'a mut [u8]),
}

/// Data which is signed around the message of a contiguous token, but not in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Associated<'a> {
    /// Signed before the message.
    pub before: &'a [&'a [u8]],
    /// Signed after the message.
    pub after: &'a [&'a [u8]],
}

/// The segments of a scattered token, sorted out.
pub(crate) struct Scattered<'s> {
    pub(crate) header: &'s mut [u8],
    /// Data and sign-only segments in their order.
    pub(crate) body: Vec<Body<'s>>,
    pub(crate) trailer: Option<&'s mut [u8]>,
    /// Where in `body` the padding is, by [`PaddingRule::InBody`].
    #[cfg_attr(
        not(feature = "legacy-crypto"),
        expect(dead_code, reason = "other tokens have no padding")
    )]
    padding: Option<usize>,
}

pub(crate) enum Body<'s> {
    Data(&'s mut [u8]),
    SignOnly(&'s [u8]),
}

/// What is done with padding segments that have octets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum PaddingRule {
    /// On wrap: room that stays unused.
    Unused,
    /// On unwrap: octets that belong to no token.
    MustBeEmpty,
    /// Tokens of RFC 1964: it is protected in its place.
    #[cfg_attr(
        not(feature = "legacy-crypto"),
        expect(dead_code, reason = "other tokens have no padding")
    )]
    InBody,
}

impl<'s> Scattered<'s> {
    pub(crate) fn sort(segments: &'s mut [Segment<'_>], rule: PaddingRule) -> Result<Self, Error> {
        let (mut header, mut trailer, mut padding) = (None, None, None);
        let mut body = Vec::with_capacity(segments.len().saturating_add(1));
        for segment in segments {
            match segment {
                Segment::Header(octets) => once(&mut header, &mut **octets, Layout::Header)?,
                Segment::Trailer(octets) => once(&mut trailer, &mut **octets, Layout::Trailer)?,
                Segment::Data(octets) => body.push(Body::Data(octets)),
                Segment::SignOnly(octets) => body.push(Body::SignOnly(octets)),
                Segment::Padding(octets) => match rule {
                    PaddingRule::Unused => {}
                    PaddingRule::MustBeEmpty if octets.is_empty() => {}
                    PaddingRule::MustBeEmpty => return Err(Error::Layout(Layout::Padding)),
                    PaddingRule::InBody => {
                        once(&mut padding, body.len(), Layout::Padding)?;
                        body.push(Body::Data(octets));
                    }
                },
                Segment::Stream(_) => return Err(Error::Layout(Layout::Stream)),
            }
        }
        let header = header.ok_or(Error::Layout(Layout::Header))?;
        Ok(Self {
            header,
            body,
            trailer,
            padding,
        })
    }
}

impl Scattered<'_> {
    /// How many octets of the token follow the clear header, in all segments together.
    pub(crate) fn rest_len(&mut self) -> usize {
        let lengths = self.rest().map(|octets| octets.len());
        lengths.fold(0, usize::saturating_add)
    }

    /// Rotates what follows the clear header left by `count`, over all segments of the token.
    pub(crate) fn rotate_left(&mut self, count: usize) {
        let mut rest: Vec<u8> = Vec::with_capacity(self.rest_len());
        self.rest().for_each(|octets| rest.extend_from_slice(octets));
        let count = count.checked_rem(rest.len()).unwrap_or(0);
        rest.rotate_left(count);
        let mut octets = rest.into_iter();
        self.rest().flatten().zip(&mut octets).for_each(|(to, from)| *to = from);
    }

    fn rest(&mut self) -> impl Iterator<Item = &mut [u8]> {
        let header = self.header.get_mut(HEADER_LEN..).unwrap_or_default();
        let data = self.body.iter_mut().filter_map(|body| match body {
            Body::Data(octets) => Some(&mut **octets),
            Body::SignOnly(_) => None,
        });
        std::iter::once(header).chain(data).chain(self.trailer.as_deref_mut())
    }
}

#[cfg(feature = "legacy-crypto")]
impl Scattered<'_> {
    /// The octets of the padding, which are in the body.
    pub(crate) fn padding(&self) -> &[u8] {
        self.padding
            .and_then(|at| self.body.get(at))
            .map_or(&[], |padding| padding.octets())
    }

    /// Where in the body the padding is: one place, or none.
    pub(crate) fn padding_range(&self) -> std::ops::Range<usize> {
        self.padding.map_or(0..0, |at| at..at.saturating_add(1))
    }

    /// Cuts the padding to its front of `length` octets and fills that with `octet`.
    ///
    /// # Errors
    /// [`Error::SegmentLength`], or [`Error::Layout`] if there is no padding but should be.
    pub(crate) fn fill_padding(&mut self, length: usize, octet: u8) -> Result<(), Error> {
        let Some(slot) = self.padding.and_then(|at| self.body.get_mut(at)) else {
            return if length == 0 {
                Ok(())
            } else {
                Err(Error::Layout(Layout::Padding))
            };
        };
        if let Body::Data(octets) = std::mem::replace(slot, Body::SignOnly(&[])) {
            let given = octets.len();
            let octets = octets
                .get_mut(..length)
                .ok_or(Error::SegmentLength { needed: length, given })?;
            octets.fill(octet);
            *slot = Body::Data(octets);
        }
        Ok(())
    }
}

/// Overwrites the message.
#[cfg(feature = "legacy-crypto")]
pub(crate) fn zeroize_data(body: &mut [Body<'_>]) {
    for body in body {
        if let Body::Data(octets) = body {
            zeroize::Zeroize::zeroize(*octets);
        }
    }
}

/// A token in one piece among a caller's segments.
pub(crate) struct Stream<'s> {
    /// Signed before the message.
    pub(crate) before: Vec<&'s [u8]>,
    /// Signed after it.
    pub(crate) after: Vec<&'s [u8]>,
    pub(crate) token: &'s mut [u8],
}

impl<'s> Stream<'s> {
    /// The stream, and the sign-only segments around the data segment, or around the stream if there is none.
    pub(crate) fn of(segments: &'s mut [Segment<'_>]) -> Result<Self, Error> {
        let wrong = Error::Layout(Layout::Stream);
        let (mut before, mut after, mut stream) = (Vec::new(), Vec::new(), None);
        let has_data = segments.iter().any(|segment| matches!(segment, Segment::Data(_)));
        let mut behind_message = false;
        for segment in segments {
            match segment {
                Segment::Stream(octets) => {
                    once(&mut stream, &mut **octets, Layout::Stream)?;
                    behind_message |= !has_data;
                }
                Segment::Data(octets) if octets.is_empty() && !behind_message => behind_message = true,
                Segment::SignOnly(octets) if behind_message => after.push(&**octets),
                Segment::SignOnly(octets) => before.push(&**octets),
                Segment::Padding(octets) | Segment::Trailer(octets) if octets.is_empty() => {}
                _ => return Err(wrong),
            }
        }
        Ok(Self {
            before,
            after,
            token: stream.ok_or(wrong)?,
        })
    }
}

impl Associated<'_> {
    pub(crate) fn count(&self) -> usize {
        self.before.len().saturating_add(self.after.len())
    }
}

impl Body<'_> {
    pub(crate) fn octets(&self) -> &[u8] {
        match self {
            Body::Data(octets) => octets,
            Body::SignOnly(octets) => octets,
        }
    }
}

impl<'s> From<Body<'s>> for Part<'s> {
    fn from(body: Body<'s>) -> Self {
        match body {
            Body::Data(octets) => Part::Encrypted(octets),
            Body::SignOnly(octets) => Part::SignOnly(octets),
        }
    }
}

fn once<T>(slot: &mut Option<T>, found: T, twice: Layout) -> Result<(), Error> {
    if slot.replace(found).is_some() {
        Err(Error::Layout(twice))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
