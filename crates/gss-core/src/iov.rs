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
    /// The length of a token around `data` octets, or `None` beyond the address space.
    #[must_use]
    pub fn total(&self, data: usize) -> Option<usize> {
        self.header
            .checked_add(data)?
            .checked_add(self.padding)?
            .checked_add(self.trailer)
    }
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

/// The kind of a buffer, for error messages.
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

fn sum(so_far: usize, more: usize) -> Result<usize, IovError> {
    so_far.checked_add(more).ok_or(IovError::TooLong)
}
