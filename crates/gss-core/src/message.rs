//! Per-message protection, RFC 2743 §1.2.2, §1.2.3 and §2.3.

use std::ops::Range;

use crate::iov::{Iov, IovError, IovLens, IovShape, Kind};
use crate::{Major, Result};

/// Makes MICs and wraps messages: the sending half of an established context.
pub trait Sealer: Send {
    /// The longest MIC that [`get_mic`](Self::get_mic) makes, in octets.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) if the context has no integrity protection.
    fn mic_len(&self) -> Result<usize>;

    /// Makes a MIC over the concatenated `message`, into the first octets of `mic`, and returns how many.
    ///
    /// # Errors
    /// [`Failure`](crate::ErrorKind::Failure) with [`IovError::Length`] if `mic` is too short; then no sequence
    /// number is used up.
    fn get_mic(&mut self, message: &[&[u8]], mic: &mut [u8]) -> Result<usize>;

    /// The buffer lengths that [`wrap_iov`](Self::wrap_iov) needs for a message of this shape.
    ///
    /// # Errors
    /// [`Failure`](crate::ErrorKind::Failure) if such a message cannot be wrapped.
    fn wrap_iov_len(&self, privacy: Privacy, shape: IovShape) -> Result<IovLens>;

    /// Wraps a message in place. Returns what protection it has got: integrity alone where the context has no
    /// confidentiality.
    ///
    /// `iov` is one header, any number of data and sign-only buffers in the order in which they are protected, then
    /// padding and trailer if used; the token is header, data, padding, trailer in this order.
    ///
    /// # Errors
    /// [`Failure`](crate::ErrorKind::Failure) with [`IovError`] if the buffers do not fit; then nothing has changed.
    fn wrap_iov(&mut self, privacy: Privacy, iov: &mut [Iov<'_>]) -> Result<Privacy>;

    /// Wraps `message` into a token. `associated` is protected too, before it, but not carried: the peer needs the same
    /// octets (`gss_wrap_aead`).
    ///
    /// # Errors
    /// Those of [`wrap_iov_len`](Self::wrap_iov_len) and [`wrap_iov`](Self::wrap_iov).
    fn wrap(&mut self, privacy: Privacy, associated: &[u8], message: &[u8]) -> Result<(Vec<u8>, Privacy)> {
        let shape = IovShape {
            sign_only: associated.len(),
            ..IovShape::of_data(message.len())
        };
        let lens = self.wrap_iov_len(privacy, shape)?;
        let mut token = vec_for(
            lens.total(message.len()).ok_or(IovError::TooLong)?,
            lens.header,
            message,
        );
        let (header, rest) = token.split_at_mut_checked(lens.header).ok_or(IovError::TooLong)?;
        let (data, rest) = rest.split_at_mut_checked(message.len()).ok_or(IovError::TooLong)?;
        let (padding, trailer) = rest.split_at_mut_checked(lens.padding).ok_or(IovError::TooLong)?;
        let sign_only = if associated.is_empty() {
            Iov::Empty
        } else {
            Iov::SignOnly(associated)
        };
        let mut iov = [
            Iov::Header(header),
            sign_only,
            Iov::Data(data),
            Iov::Padding(padding),
            Iov::Trailer(trailer),
        ];
        let granted = self.wrap_iov(privacy, &mut iov)?;
        Ok((token, granted))
    }

    /// The longest message whose token is at most `max` octets; 0 if there is none.
    ///
    /// # Errors
    /// Those of [`wrap_iov_len`](Self::wrap_iov_len) for an empty message.
    fn wrap_size_limit(&self, privacy: Privacy, max: usize) -> Result<usize> {
        self.wrap_iov_len(privacy, IovShape::of_data(0))?;
        let fits = |data: usize| {
            let lens = self.wrap_iov_len(privacy, IovShape::of_data(data)).ok();
            lens.and_then(|lens| lens.total(data)).is_some_and(|total| total <= max)
        };
        // The token's length never falls when the message grows: halve the gap between what fits and what does not.
        let (mut fitting, mut open) = (0usize, max);
        while fitting < open {
            let middle = open.saturating_sub(open.saturating_sub(fitting) / 2);
            if fits(middle) {
                fitting = middle;
            } else {
                open = middle.saturating_sub(1);
            }
        }
        Ok(fitting)
    }

    /// Makes a MIC over `message` and returns it.
    ///
    /// # Errors
    /// Those of [`get_mic`](Self::get_mic).
    fn mic_of(&mut self, message: &[u8]) -> Result<Vec<u8>> {
        let mut mic = vec![0; self.mic_len()?];
        let length = self.get_mic(&[message], &mut mic)?;
        mic.truncate(length);
        Ok(mic)
    }
}

/// Verifies MICs and unwraps messages: the receiving half of an established context.
pub trait Opener: Send {
    /// Checks `mic` against the concatenated `message`, and advances the replay window.
    ///
    /// # Errors
    /// [`BadMic`](crate::ErrorKind::BadMic) if it does not hold, [`DefectiveToken`](crate::ErrorKind::DefectiveToken)
    /// if it is none; nothing is advanced then.
    fn verify_mic(&mut self, message: &[&[u8]], mic: &[u8]) -> Result<Verified>;

    /// Unwraps a message in place.
    ///
    /// `iov` is either as in [`Sealer::wrap_iov`], or one [`Iov::Stream`] with the sign-only buffers around it and
    /// one data buffer, which becomes the message within the stream ([`unwrap_stream`] does that).
    ///
    /// # Errors
    /// As [`verify_mic`](Self::verify_mic); the contents of the data buffers are undefined then. And
    /// [`Failure`](crate::ErrorKind::Failure) with [`IovError`] if the buffers do not fit.
    fn unwrap_iov(&mut self, iov: &mut [Iov<'_>]) -> Result<Unwrapped>;

    /// Unwraps a whole token in place and says where in it the message is.
    ///
    /// # Errors
    /// As [`unwrap_iov`](Self::unwrap_iov).
    fn unwrap(&mut self, around: Around<'_>, token: &mut [u8]) -> Result<(Range<usize>, Unwrapped)>;

    /// Unwraps a copy of `token` and returns the message.
    ///
    /// # Errors
    /// As [`unwrap`](Self::unwrap).
    fn unwrapped(&mut self, token: &[u8]) -> Result<(Vec<u8>, Unwrapped)> {
        self.unwrapped_around(Around::default(), token)
    }

    /// Unwraps a copy of `token` that has associated data `around` it, and returns the message: what `gss_unwrap_aead`
    /// does with data that stand before it.
    ///
    /// # Errors
    /// As [`unwrap`](Self::unwrap).
    fn unwrapped_around(&mut self, around: Around<'_>, token: &[u8]) -> Result<(Vec<u8>, Unwrapped)> {
        let mut message = token.to_vec();
        let (range, unwrapped) = self.unwrap(around, &mut message)?;
        message.truncate(range.end);
        message.drain(..range.start.min(range.end));
        Ok((message, unwrapped))
    }
}

/// The associated data around a message, protected but not carried by its token.
#[derive(Clone, Copy, Debug, Default)]
pub struct Around<'a> {
    /// What stands before the message.
    pub before: &'a [&'a [u8]],
    /// What stands after it.
    pub after: &'a [&'a [u8]],
}

/// [`Opener::unwrap_iov`] for buffers with an [`Iov::Stream`], by [`Opener::unwrap`]: the data buffer becomes the part
/// of the stream that is the message, the stream buffer becomes [`Iov::Empty`].
///
/// # Errors
/// Those of [`Opener::unwrap`]; [`IovError`] unless there are one stream, one data buffer, and else only sign-only,
/// mechanism-parameter and empty ones.
pub fn unwrap_stream(opener: &mut (impl Opener + ?Sized), iov: &mut [Iov<'_>]) -> Result<Unwrapped> {
    let (stream_at, data_at) = stream_and_data(iov)?;
    let stream = match iov.get_mut(stream_at).map(std::mem::take) {
        Some(Iov::Stream(stream)) => stream,
        _ => return Err(IovError::Missing(Kind::Stream).into()),
    };
    // Sign-only buffers stand before or after the message, that is: the data buffer.
    let mut before = Vec::new();
    let mut after = Vec::new();
    for (at, buffer) in iov.iter().enumerate() {
        if let Iov::SignOnly(octets) = buffer {
            if at < data_at {
                before.push(*octets)
            } else {
                after.push(*octets)
            }
        }
    }
    let opened = opener.unwrap(
        Around {
            before: &before,
            after: &after,
        },
        stream,
    );
    let (at, buffer, outcome) = match opened {
        Ok((range, unwrapped)) => (
            data_at,
            Iov::Data(stream.get_mut(range).unwrap_or_default()),
            Ok(unwrapped),
        ),
        Err(error) => (stream_at, Iov::Stream(stream), Err(error)),
    };
    if let Some(place) = iov.get_mut(at) {
        *place = buffer;
    }
    outcome
}

/// Where the one stream and the one data buffer are.
fn stream_and_data(iov: &[Iov<'_>]) -> Result<(usize, usize), IovError> {
    let (mut stream, mut data) = (None, None);
    for (at, buffer) in iov.iter().enumerate() {
        let (place, kind) = match buffer {
            Iov::Stream(_) => (&mut stream, Kind::Stream),
            Iov::Data(_) => (&mut data, Kind::Data),
            Iov::Header(_) => return Err(IovError::Misplaced(Kind::Header)),
            Iov::Padding(_) => return Err(IovError::Misplaced(Kind::Padding)),
            Iov::Trailer(_) => return Err(IovError::Misplaced(Kind::Trailer)),
            Iov::SignOnly(_) | Iov::MechParams(_) | Iov::Empty => continue,
        };
        if place.replace(at).is_some() {
            return Err(IovError::Misplaced(kind));
        }
    }
    Ok((
        stream.ok_or(IovError::Missing(Kind::Stream))?,
        data.ok_or(IovError::Missing(Kind::Data))?,
    ))
}

/// Whether a wrapped message is encrypted: RFC 2743's `conf_req_flag` and `conf_state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Privacy {
    /// Readable by all, protected against change.
    Integrity,
    /// Encrypted, and protected against change.
    Confidential,
}

/// What the sequence number of an authentic message says, RFC 2743 §1.2.3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sequence {
    /// It is the next one, or nobody asked for detection.
    #[default]
    Ok,
    /// It was seen before: `GSS_S_DUPLICATE_TOKEN`.
    Duplicate,
    /// It is too old to tell: `GSS_S_OLD_TOKEN`.
    Old,
    /// A later one was seen before: `GSS_S_UNSEQ_TOKEN`.
    Unsequenced,
    /// An earlier one is missing: `GSS_S_GAP_TOKEN`.
    Gap,
}

impl Sequence {
    /// The supplementary bit, [`Major::COMPLETE`] for [`Ok`](Self::Ok).
    #[must_use]
    pub const fn major(self) -> Major {
        match self {
            Self::Ok => Major::COMPLETE,
            Self::Duplicate => Major::DUPLICATE_TOKEN,
            Self::Old => Major::OLD_TOKEN,
            Self::Unsequenced => Major::UNSEQ_TOKEN,
            Self::Gap => Major::GAP_TOKEN,
        }
    }

    /// `ok`, `duplicate`, `old`, `unsequenced` or `gap`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Duplicate => "duplicate",
            Self::Old => "old",
            Self::Unsequenced => "unsequenced",
            Self::Gap => "gap",
        }
    }
}

/// A MIC held. The message is authentic; whether it comes in order is for the caller to act upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an authentic message may still be a replay: look at its sequence information"]
pub struct Verified {
    /// Whether the message came in order.
    pub sequence: Sequence,
}

/// A message was unwrapped. It is authentic; whether it was encrypted and comes in order is for the caller to act upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an authentic message may still be a replay, or not have been encrypted"]
pub struct Unwrapped {
    /// Whether the message was encrypted.
    pub privacy: Privacy,
    /// Whether the message came in order.
    pub sequence: Sequence,
}

fn vec_for(total: usize, header: usize, message: &[u8]) -> Vec<u8> {
    let mut token = Vec::with_capacity(total);
    token.resize(header, 0);
    token.extend_from_slice(message);
    token.resize(total, 0);
    token
}
