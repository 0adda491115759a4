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
}

impl<'s> Scattered<'s> {
    pub(crate) fn sort(segments: &'s mut [Segment<'_>], padding: PaddingRule) -> Result<Self, Error> {
        let (mut header, mut trailer, mut body) = (None, None, Vec::with_capacity(segments.len().saturating_add(1)));
        for segment in segments {
            match segment {
                Segment::Header(octets) => once(&mut header, octets, Layout::Header)?,
                Segment::Trailer(octets) => once(&mut trailer, octets, Layout::Trailer)?,
                Segment::Data(octets) => body.push(Body::Data(octets)),
                Segment::SignOnly(octets) => body.push(Body::SignOnly(octets)),
                Segment::Padding(octets) => {
                    if padding == PaddingRule::MustBeEmpty && !octets.is_empty() {
                        return Err(Error::Layout(Layout::Padding));
                    }
                }
                Segment::Stream(_) => return Err(Error::Layout(Layout::Stream)),
            }
        }
        let header = header.ok_or(Error::Layout(Layout::Header))?;
        Ok(Self { header, body, trailer })
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

fn once<'s>(slot: &mut Option<&'s mut [u8]>, octets: &'s mut [u8], twice: Layout) -> Result<(), Error> {
    if slot.replace(octets).is_some() {
        Err(Error::Layout(twice))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
