//! The header by which SASL says what it binds and as whom it acts, RFC 5801 §4 and RFC 5802 §7.
//!
//! The GSS mechanism has no such header: it is what the layer above, SASL, puts before the first message, and passes
//! down as the beginning of the application data of its channel bindings (RFC 5801 §5.1). That way the exchange protects
//! it: whoever changes the header makes the exchange fail.
//!
//! ```text
//! n,,            the initiator does not bind channels
//! y,,            it would, but believes that the acceptor does not
//! p=TYPE,,       it binds a channel of this type
//! …,a=NAME,      it wants to act as NAME
//! ```
//!
//! ```
//! use gss_mech_scram::ScramHash;
//! use gss_mech_scram::gs2::{Binding, Gs2Header, from_sasl, to_sasl};
//!
//! let header = Gs2Header { binding: Binding::Channel("tls-exporter".to_owned()), authzid: None };
//! let (received, token) = from_sasl(ScramHash::Sha256, b"p=tls-exporter,,n=user,r=rOprNGfwEbeRWgbNEkqO")?;
//! assert_eq!(received, header);
//! assert_eq!(header.bindings(b"what the channel exports").application_data, b"p=tls-exporter,,what the channel exports");
//! assert_eq!(to_sasl(&header, &token)?, b"p=tls-exporter,,n=user,r=rOprNGfwEbeRWgbNEkqO");
//! # Ok::<(), gss_mech_scram::gs2::Gs2Error>(())
//! ```

use std::fmt;

use gss_core::{ChannelBindings, framing};

use crate::hash::ScramHash;
use crate::message::{MAX_LEN, escaped, unescaped};

/// The GS2 header, `gs2-header` of RFC 5802 §7.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gs2Header {
    /// What the initiator says about channel bindings.
    pub binding: Binding,
    /// As whom the initiator wants to act, where that is not as itself.
    pub authzid: Option<String>,
}

/// What an initiator says about channel bindings, `gs2-cbind-flag` of RFC 5802 §7.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binding {
    /// `n`: it does not bind channels.
    No,
    /// `y`: it would, but believes that the acceptor does not.
    NotOffered,
    /// `p`: it binds a channel of this type.
    Channel(String),
}

/// What is wrong with a GS2 header. The peer, or somebody in between, is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Gs2Error {
    /// The initiator believes that we bind no channels, though we said that we do.
    #[error("somebody removed the offer of channel bindings: the initiator believes that there is none")]
    Downgrade,
    /// The first message is not framed for SCRAM, or not text.
    #[error("the first token is not one of SCRAM")]
    Token,
    /// The header is malformed.
    #[error("the GS2 header is malformed")]
    Malformed,
    /// The initiator binds a type of channel that we do not have.
    #[error("the initiator binds a type of channel that is not offered")]
    Type,
}

impl Gs2Header {
    /// A header that binds no channel.
    #[must_use]
    pub fn unbound() -> Self {
        Self {
            binding: Binding::No,
            authzid: None,
        }
    }

    /// Reads the header at the start of a message; what follows it is returned too.
    ///
    /// # Errors
    /// [`Gs2Error::Malformed`].
    pub fn parse(message: &str) -> Result<(Self, &str), Gs2Error> {
        let (flag, rest) = message.split_once(',').ok_or(Gs2Error::Malformed)?;
        let (authzid, rest) = rest.split_once(',').ok_or(Gs2Error::Malformed)?;
        let binding = match (flag, flag.strip_prefix("p=")) {
            ("n", _) => Binding::No,
            ("y", _) => Binding::NotOffered,
            (_, Some(name)) if is_channel_type(name) => Binding::Channel(name.to_owned()),
            _ => return Err(Gs2Error::Malformed),
        };
        let authzid = match (authzid, authzid.strip_prefix("a=")) {
            ("", _) => None,
            (_, Some(name)) => Some(unescaped(name).map_err(|_| Gs2Error::Malformed)?),
            _ => return Err(Gs2Error::Malformed),
        };
        Ok((Self { binding, authzid }, rest))
    }

    /// Whether an acceptor that offers these types of channels may go on, RFC 5802 §6.
    ///
    /// # Errors
    /// [`Gs2Error::Downgrade`], [`Gs2Error::Type`].
    pub fn check(&self, offered: &[&str]) -> Result<(), Gs2Error> {
        match &self.binding {
            Binding::NotOffered if !offered.is_empty() => Err(Gs2Error::Downgrade),
            Binding::Channel(name) if !offered.contains(&name.as_str()) => Err(Gs2Error::Type),
            _ => Ok(()),
        }
    }

    /// The channel bindings that SASL passes down, RFC 5801 §5.1: the header, and what `channel` says where the header
    /// binds it. Acceptors must [require](gss_core::BindingsPolicy::Require) them.
    #[must_use]
    pub fn bindings(&self, channel: &[u8]) -> ChannelBindings {
        let mut data = self.to_string().into_bytes();
        if matches!(self.binding, Binding::Channel(_)) {
            data.extend_from_slice(channel);
        }
        ChannelBindings::application(data)
    }
}

impl fmt::Display for Gs2Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.binding {
            Binding::No => f.write_str("n,")?,
            Binding::NotOffered => f.write_str("y,")?,
            Binding::Channel(name) => write!(f, "p={name},")?,
        }
        match &self.authzid {
            Some(name) => write!(f, "a={},", escaped(name)),
            None => f.write_str(","),
        }
    }
}

/// The first message of SASL, of the header and the mechanism's first token. Later ones are the same in both.
///
/// # Errors
/// [`Gs2Error::Token`] if it is not the first token of a SCRAM mechanism.
pub fn to_sasl(header: &Gs2Header, token: &[u8]) -> Result<Vec<u8>, Gs2Error> {
    let (mech, message) = framing::parse(token).map_err(|_| Gs2Error::Token)?;
    ScramHash::of_oid(&mech).ok_or(Gs2Error::Token)?;
    Ok([header.to_string().as_bytes(), message].concat())
}

/// The header and the mechanism's first token, of the first message of SASL.
///
/// # Errors
/// [`Gs2Error::Token`] if it is too long or not text, [`Gs2Error::Malformed`].
pub fn from_sasl(hash: ScramHash, message: &[u8]) -> Result<(Gs2Header, Vec<u8>), Gs2Error> {
    if message.len() > MAX_LEN {
        return Err(Gs2Error::Token);
    }
    let text = std::str::from_utf8(message).map_err(|_| Gs2Error::Token)?;
    let (header, rest) = Gs2Header::parse(text)?;
    Ok((header, framing::wrap(&hash.oid(), rest.as_bytes())))
}

/// `cb-name` of RFC 5802 §7.
fn is_channel_type(name: &str) -> bool {
    let mut octets = name.bytes();
    !name.is_empty() && octets.all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-'))
}

#[cfg(test)]
mod tests;
