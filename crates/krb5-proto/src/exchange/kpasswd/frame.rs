//! How the password service frames its messages, RFC 3244 §2.

use crate::Error;
use crate::error::PasswordFrameFault;
use crate::exchange::krb_error::is_krb_error;

/// What a request wants, and its protocol version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// To change the client's own password: version 1.
    Change,
    /// To set a password that may be another's: version 0xff80.
    Set,
}

/// A request or a reply in its parts.
///
/// ```text
/// 0..1   length, big-endian: of the whole
/// 2..3   protocol version, big-endian
/// 4..5   length of the AP-REQ or AP-REP, big-endian; 0 in a reply that has a KRB-ERROR
/// 6..    AP-REQ or AP-REP, then KRB-PRIV (or KRB-ERROR)
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The protocol version; of replies always 1, but for Windows, which may repeat the request's.
    pub version: u16,
    /// The AP-REQ or AP-REP, not yet decoded; empty in a reply that has a KRB-ERROR.
    pub authentication: &'a [u8],
    /// The KRB-PRIV or KRB-ERROR, not yet decoded.
    pub message: &'a [u8],
}

/// A reply in its parts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reply<'a> {
    /// From who has read the request.
    Private {
        /// The AP-REP.
        ap_rep: &'a [u8],
        /// The KRB-PRIV.
        krb_priv: &'a [u8],
    },
    /// A KRB-ERROR: from whoever could not read the request, or from anybody.
    Error(&'a [u8]),
}

impl Version {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Change => 1,
            Self::Set => 0xff80,
        }
    }

    /// The version with that number.
    #[must_use]
    pub fn from_number(number: u16) -> Option<Self> {
        [Self::Change, Self::Set]
            .into_iter()
            .find(|version| version.number() == number)
    }
}

impl<'a> Frame<'a> {
    /// Takes a message apart. Its version may be any.
    ///
    /// # Errors
    /// [`Error::PasswordFrame`] if a length in it does not hold.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Error> {
        let fault = |fault| Err(Error::PasswordFrame(fault));
        let Some(([length_1, length_2, version_1, version_2, inner_1, inner_2], rest)) =
            octets.split_first_chunk::<6>()
        else {
            return fault(PasswordFrameFault::Truncated);
        };
        if usize::from(u16::from_be_bytes([*length_1, *length_2])) != octets.len() {
            return fault(PasswordFrameFault::Length);
        }
        let inner = usize::from(u16::from_be_bytes([*inner_1, *inner_2]));
        match rest.split_at_checked(inner) {
            Some((authentication, message)) if !message.is_empty() => Ok(Self {
                version: u16::from_be_bytes([*version_1, *version_2]),
                authentication,
                message,
            }),
            _ => fault(PasswordFrameFault::Truncated),
        }
    }

    /// Puts a message together.
    ///
    /// # Errors
    /// [`Error::TooLarge`] if it does not fit into 16 bits of length.
    pub fn to_octets(&self) -> Result<Vec<u8>, Error> {
        let length = HEADER_LEN
            .saturating_add(self.authentication.len())
            .saturating_add(self.message.len());
        let too_large = |_| Error::TooLarge {
            what: "message of the password service",
            octets: length,
        };
        let whole = u16::try_from(length).map_err(too_large)?;
        let inner = u16::try_from(self.authentication.len()).map_err(too_large)?;
        Ok([
            &whole.to_be_bytes(),
            &self.version.to_be_bytes(),
            &inner.to_be_bytes(),
            self.authentication,
            self.message,
        ]
        .concat())
    }
}

impl<'a> Reply<'a> {
    /// Takes a reply apart. A KRB-ERROR may come framed or, as RFC 3244 has it, as it is.
    ///
    /// # Errors
    /// [`Error::PasswordFrame`].
    pub fn parse(octets: &'a [u8]) -> Result<Self, Error> {
        if is_krb_error(octets) {
            return Ok(Self::Error(octets));
        }
        let frame = Frame::parse(octets)?;
        if Version::from_number(frame.version).is_none() {
            return Err(Error::PasswordFrame(PasswordFrameFault::Version(frame.version)));
        }
        Ok(match frame.authentication {
            [] => Self::Error(frame.message),
            ap_rep => Self::Private {
                ap_rep,
                krb_priv: frame.message,
            },
        })
    }
}

impl std::fmt::Debug for Frame<'_> {
    /// The parts by their lengths only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Frame")
            .field("version", &self.version)
            .field("authentication", &self.authentication.len())
            .field("message", &self.message.len())
            .finish()
    }
}

impl std::fmt::Debug for Reply<'_> {
    /// The parts by their lengths only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Private { ap_rep, krb_priv } => f
                .debug_tuple("Private")
                .field(&ap_rep.len())
                .field(&krb_priv.len())
                .finish(),
            Self::Error(error) => f.debug_tuple("Error").field(&error.len()).finish(),
        }
    }
}

const HEADER_LEN: usize = 6;

#[cfg(test)]
mod tests;
