//! Message buffers borrowed from the caller, for protection in place: `gss_wrap_iov` and its relatives.

use std::fmt;

/// One of the buffers of a message. The kinds are those of `GSS_IOV_BUFFER_TYPE_…`.
#[derive(Default)]
pub enum Iov<'a> {
    /// What goes before the data: as long as [`IovLens::header`] says. Exactly one, first.
    Header(&'a mut [u8]),
    /// Message octets, encrypted or decrypted in place.
    Data(&'a mut [u8]),
    /// Octets that are protected against change but not carried by the token.
    SignOnly(&'a [u8]),
    /// As long as [`IovLens::padding`] says. At most one, after the data.
    Padding(&'a mut [u8]),
    /// As long as [`IovLens::trailer`] says. At most one, last; without it the header takes its place.
    Trailer(&'a mut [u8]),
    /// A whole token to be unwrapped in place; the [`Data`](Self::Data) buffer beside it then becomes the part of it
    /// that is the message. At most one, and no header, padding or trailer beside it.
    Stream(&'a mut [u8]),
    /// Parameters for the mechanism.
    MechParams(&'a [u8]),
    /// Not used.
    #[default]
    Empty,
}

impl fmt::Debug for Iov<'_> {
    /// Kind and length only: data may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, length) = match self {
            Self::Header(octets) => ("Header", octets.len()),
            Self::Data(octets) => ("Data", octets.len()),
            Self::SignOnly(octets) => ("SignOnly", octets.len()),
            Self::Padding(octets) => ("Padding", octets.len()),
            Self::Trailer(octets) => ("Trailer", octets.len()),
            Self::Stream(octets) => ("Stream", octets.len()),
            Self::MechParams(octets) => ("MechParams", octets.len()),
            Self::Empty => ("Empty", 0),
        };
        write!(f, "{kind}({length} octets)")
    }
}

/// The lengths of a message that is to be wrapped, for [`Sealer::wrap_iov_len`](crate::Sealer::wrap_iov_len).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IovShape {
    /// Octets in all data buffers together.
    pub data: usize,
    /// Octets in all sign-only buffers together.
    pub sign_only: usize,
    /// Whether there is a trailer buffer.
    pub trailer: TrailerPlace,
}

/// Where the part of a token that follows the data goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrailerPlace {
    /// Into a trailer buffer.
    #[default]
    Separate,
    /// Into the header buffer, which is then longer: what SSPI's callers expect.
    InHeader,
}

impl IovShape {
    /// A message of `data` octets with a separate trailer.
    #[must_use]
    pub fn of_data(data: usize) -> Self {
        Self {
            data,
            ..Self::default()
        }
    }

    /// The shape of `iov`: the sums of its data and sign-only buffers, and whether it has a trailer.
    ///
    /// # Errors
    /// [`IovError::TooLong`] if a sum is beyond the address space.
    pub fn of(iov: &[Iov<'_>]) -> Result<Self, IovError> {
        let mut shape = Self {
            trailer: TrailerPlace::InHeader,
            ..Self::default()
        };
        for buffer in iov {
            match buffer {
                Iov::Data(octets) => shape.data = sum(shape.data, octets.len())?,
                Iov::SignOnly(octets) => shape.sign_only = sum(shape.sign_only, octets.len())?,
                Iov::Trailer(_) => shape.trailer = TrailerPlace::Separate,
                Iov::Header(_) | Iov::Padding(_) | Iov::Stream(_) | Iov::MechParams(_) | Iov::Empty => {}
            }
        }
        Ok(shape)
    }

    /// The shape of buffers of which kinds and lengths are known, but which need not be there yet: what
    /// `gss_wrap_iov_length` is asked for. The lengths of header, padding and trailer do not count; [`IovLens::of`] has
    /// the answers.
    ///
    /// # Errors
    /// [`IovError::Missing`] without a header, [`IovError::Misplaced`] for a second header, padding or trailer, and for
    /// streams and MICs; [`IovError::TooLong`] if a sum is beyond the address space.
    pub fn of_lengths(buffers: impl IntoIterator<Item = (Kind, usize)>) -> Result<Self, IovError> {
        let mut shape = Self {
            trailer: TrailerPlace::InHeader,
            ..Self::default()
        };
        let (mut header, mut padding, mut trailer) = (None, None, None);
        for (kind, length) in buffers {
            match kind {
                Kind::Data => shape.data = sum(shape.data, length)?,
                Kind::SignOnly => shape.sign_only = sum(shape.sign_only, length)?,
                Kind::Header => only(&mut header, kind)?,
                Kind::Padding => only(&mut padding, kind)?,
                Kind::Trailer => only(&mut trailer, kind)?,
                Kind::Stream | Kind::Mic => return Err(IovError::Misplaced(kind)),
            }
        }
        if trailer.is_some() {
            shape.trailer = TrailerPlace::Separate;
        }
        header.map(|_| shape).ok_or(IovError::Missing(Kind::Header))
    }
}

/// The buffer lengths that wrapping a message of a given shape needs, in octets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IovLens {
    /// Of the header.
    pub header: usize,
    /// Of the padding.
    pub padding: usize,
    /// Of the trailer; 0 where the header takes its place.
    pub trailer: usize,
}

impl IovLens {
    /// The length of the buffer of this kind; `None` for those whose length is the caller's.
    #[must_use]
    pub fn of(&self, kind: Kind) -> Option<usize> {
        match kind {
            Kind::Header => Some(self.header),
            Kind::Padding => Some(self.padding),
            Kind::Trailer => Some(self.trailer),
            Kind::Data | Kind::SignOnly | Kind::Stream | Kind::Mic => None,
        }
    }

    /// Checks that header, padding and trailer have these lengths: octets to spare would end up inside the token, which
    /// nobody could unwrap.
    ///
    /// # Errors
    /// [`IovError::Length`].
    pub fn check(&self, iov: &[Iov<'_>]) -> Result<(), IovError> {
        iov.iter().try_for_each(|buffer| match buffer {
            Iov::Header(octets) => exactly(Kind::Header, self.header, octets),
            Iov::Padding(octets) => exactly(Kind::Padding, self.padding, octets),
            Iov::Trailer(octets) => exactly(Kind::Trailer, self.trailer, octets),
            _ => Ok(()),
        })
    }

    /// The length of a token around `data` octets, or `None` beyond the address space.
    #[must_use]
    pub fn total(&self, data: usize) -> Option<usize> {
        self.header
            .checked_add(data)?
            .checked_add(self.padding)?
            .checked_add(self.trailer)
    }
}

/// Checks that there are one header, at most one trailer, at most one padding with octets, and no stream.
///
/// # Errors
/// [`IovError::Missing`], [`IovError::Misplaced`].
pub fn check_layout(iov: &[Iov<'_>]) -> Result<(), IovError> {
    let (mut header, mut padding, mut trailer) = (None, None, None);
    for buffer in iov {
        match buffer {
            Iov::Header(_) => only(&mut header, Kind::Header)?,
            Iov::Trailer(_) => only(&mut trailer, Kind::Trailer)?,
            Iov::Padding(octets) if !octets.is_empty() => only(&mut padding, Kind::Padding)?,
            Iov::Stream(_) => return Err(IovError::Misplaced(Kind::Stream)),
            _ => {}
        }
    }
    header.map(|_| ()).ok_or(IovError::Missing(Kind::Header))
}

/// What is wrong with the buffers of a call. The caller is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IovError {
    /// A buffer of this kind must not be there, or only once, or elsewhere.
    #[error("a {0} buffer is not allowed there")]
    Misplaced(Kind),
    /// A buffer of this kind is required.
    #[error("a {0} buffer is missing")]
    Missing(Kind),
    /// A buffer does not have the length that it needs.
    #[error("the {kind} buffer needs {needed} octets and has {present}")]
    Length {
        /// Which buffer.
        kind: Kind,
        /// The length it must have.
        needed: usize,
        /// The length it has.
        present: usize,
    },
    /// The buffers together are longer than the address space or the mechanism allows.
    #[error("the message is too long")]
    TooLong,
}

/// The kind of a buffer, for error messages and [`IovShape::of_lengths`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// [`Iov::Header`]
    Header,
    /// [`Iov::Data`]
    Data,
    /// [`Iov::SignOnly`]
    SignOnly,
    /// [`Iov::Padding`]
    Padding,
    /// [`Iov::Trailer`]
    Trailer,
    /// [`Iov::Stream`]
    Stream,
    /// The memory for a MIC.
    Mic,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Data => "data",
            Self::SignOnly => "sign-only",
            Self::Padding => "padding",
            Self::Trailer => "trailer",
            Self::Stream => "stream",
            Self::Mic => "MIC",
        })
    }
}

impl From<IovError> for crate::Error {
    fn from(error: IovError) -> Self {
        Self::core(crate::ErrorKind::Failure, crate::CoreError::Buffers(error))
    }
}

fn exactly(kind: Kind, needed: usize, octets: &[u8]) -> Result<(), IovError> {
    match octets.len() {
        present if present == needed => Ok(()),
        present => Err(IovError::Length { kind, needed, present }),
    }
}

fn only(slot: &mut Option<Kind>, kind: Kind) -> Result<(), IovError> {
    match slot.replace(kind) {
        None => Ok(()),
        Some(_) => Err(IovError::Misplaced(kind)),
    }
}

fn sum(so_far: usize, more: usize) -> Result<usize, IovError> {
    so_far.checked_add(more).ok_or(IovError::TooLong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_told_by_kinds_and_lengths_before_there_are_buffers() {
        let asked = [
            (Kind::Header, 0),
            (Kind::SignOnly, 24),
            (Kind::Data, 100),
            (Kind::SignOnly, 8),
            (Kind::Data, 3),
            (Kind::Padding, 999),
        ];
        let shape = IovShape::of_lengths(asked).unwrap();
        let expected = IovShape {
            data: 103,
            sign_only: 32,
            trailer: TrailerPlace::InHeader,
        };
        assert_eq!(shape, expected);
        let with_trailer = IovShape::of_lengths(asked.into_iter().chain([(Kind::Trailer, 0)])).unwrap();
        assert_eq!(with_trailer.trailer, TrailerPlace::Separate);
        let lens = IovLens {
            header: 60,
            padding: 0,
            trailer: 28,
        };
        let answers =
            [Kind::Header, Kind::Data, Kind::Padding, Kind::Trailer, Kind::SignOnly].map(|kind| lens.of(kind));
        assert_eq!(answers, [Some(60), None, Some(0), Some(28), None]);
    }

    #[test]
    fn lists_that_make_no_token_are_refused() {
        let header = (Kind::Header, 0);
        for (buffers, error) in [
            (vec![], IovError::Missing(Kind::Header)),
            (vec![(Kind::Data, 1)], IovError::Missing(Kind::Header)),
            (vec![header, header], IovError::Misplaced(Kind::Header)),
            (
                vec![header, (Kind::Trailer, 0), (Kind::Trailer, 0)],
                IovError::Misplaced(Kind::Trailer),
            ),
            (
                vec![header, (Kind::Padding, 0), (Kind::Padding, 0)],
                IovError::Misplaced(Kind::Padding),
            ),
            (vec![header, (Kind::Stream, 9)], IovError::Misplaced(Kind::Stream)),
            (vec![header, (Kind::Mic, 9)], IovError::Misplaced(Kind::Mic)),
            (
                vec![header, (Kind::Data, usize::MAX), (Kind::Data, 1)],
                IovError::TooLong,
            ),
        ] {
            assert_eq!(IovShape::of_lengths(buffers), Err(error));
        }
    }
}
