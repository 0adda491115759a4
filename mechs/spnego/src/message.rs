//! The messages of the negotiation, RFC 4178 §4.2 and [MS-SPNG] §2.2.1.
//!
//! ```text
//! NegotiationToken ::= CHOICE {
//!     negTokenInit [0] NegTokenInit,
//!     negTokenResp [1] NegTokenResp
//! }
//! ```
//!
//! They are written in DER. Fields that are not known are passed over when reading (RFC 4178 §6), and lengths need not
//! be in their shortest form.

mod init;
mod resp;

use der::asn1::AnyRef;
use der::{Decode, Encode, Reader, SliceReader, Tag, TagNumber, Tagged};
use gss_core::{Oid, framing};

pub use init::{Hints, MechTypes, NegTokenInit};
pub use resp::{NegState, NegTokenResp};

use crate::SPNEGO;
use crate::relaxed::shortened;

/// A message of either side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NegotiationToken {
    /// The initiator's first message, or the acceptor's where it speaks first.
    Init(NegTokenInit),
    /// Every other message.
    Resp(NegTokenResp),
}

impl NegotiationToken {
    /// The longest message that is read, in octets.
    pub const MAX_LEN: usize = 1 << 20;

    /// Reads a message, framed (RFC 2743 §3.1) or not: old Sun implementations frame all of them.
    ///
    /// # Errors
    /// [`MessageError`] if it is not exactly one message.
    pub fn parse(token: &[u8]) -> Result<Self, MessageError> {
        if !framing::is_framed(token) {
            return Self::from_octets(token);
        }
        match framing::parse(token)? {
            (SPNEGO, inner) => Self::from_octets(inner),
            (other, _) => Err(MessageError::Mechanism(Box::new(other))),
        }
    }

    /// Reads a message without framing.
    ///
    /// # Errors
    /// [`MessageError`] if it is not exactly one message.
    pub fn from_octets(octets: &[u8]) -> Result<Self, MessageError> {
        if octets.len() > Self::MAX_LEN {
            return Err(MessageError::TooLong);
        }
        let der = shortened(octets)?;
        let choice = AnyRef::from_der(&der)?;
        match number(choice.tag()) {
            Some(0) => NegTokenInit::decode(AnyRef::from_der(choice.value())?).map(Self::Init),
            Some(1) => NegTokenResp::decode(choice.value()).map(Self::Resp),
            _ => Err(MessageError::Tag(der.first().copied().unwrap_or_default())),
        }
    }
}

/// Why octets are no message of the negotiation. The peer is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// An element is nested too deep.
    #[error("it is nested too deep")]
    Depth,
    /// It is no DER.
    #[error("it is not DER: {0}")]
    Der(#[from] der::Error),
    /// The fields come twice or in another order.
    #[error("field [{0}] comes twice, or after a later one")]
    Field(u32),
    /// The framing is malformed.
    #[error(transparent)]
    Framing(#[from] framing::FramingError),
    /// A length is indefinite or too long.
    #[error("a length begins with {0:02x}")]
    Length(u8),
    /// The list of mechanisms is empty or missing.
    #[error("it names no mechanism")]
    NoMechanisms,
    /// An object identifier is malformed.
    #[error("an object identifier in it is malformed: {0}")]
    Oid(#[from] gss_core::OidError),
    /// It is framed as a message of another mechanism.
    #[error("it is for the mechanism {0}")]
    Mechanism(Box<Oid>),
    /// The state of the negotiation is none of the four.
    #[error("the state of the negotiation is {0}, and the last that is known is 3")]
    State(u8),
    /// A tag is none of those that may come.
    #[error("the tag {0:02x} is unexpected")]
    Tag(u8),
    /// It is longer than any message is.
    #[error("it is longer than {} octets", NegotiationToken::MAX_LEN)]
    TooLong,
    /// There are more mechanisms than anybody has.
    #[error("it names more than {limit} mechanisms")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// Something follows the message.
    #[error("something follows it")]
    Trailing,
    /// It ends too early.
    #[error("it ends within an element")]
    Truncated,
}

/// The fields of a SEQUENCE with explicit tags, in their order: number and content.
fn fields(content: &[u8]) -> Result<Vec<(u32, AnyRef<'_>)>, MessageError> {
    let mut reader = SliceReader::new(content)?;
    let mut found: Vec<(u32, AnyRef<'_>)> = Vec::new();
    while !reader.is_finished() {
        let field = AnyRef::decode(&mut reader)?;
        let Some(number) = number(field.tag()) else {
            return Err(MessageError::Tag(
                field.tag().to_der()?.first().copied().unwrap_or_default(),
            ));
        };
        if found.last().is_some_and(|(last, _)| number <= *last) {
            return Err(MessageError::Field(number));
        }
        found.push((number, AnyRef::from_der(field.value())?));
    }
    Ok(found)
}

/// The number of a constructed context tag.
fn number(tag: Tag) -> Option<u32> {
    match tag {
        Tag::ContextSpecific {
            constructed: true,
            number,
        } => Some(number.value()),
        _ => None,
    }
}

fn octets(field: AnyRef<'_>) -> Result<Vec<u8>, MessageError> {
    Ok(content_of(field, Tag::OctetString)?.to_vec())
}

fn content_of(field: AnyRef<'_>, tag: Tag) -> Result<&[u8], MessageError> {
    if field.tag() == tag {
        Ok(field.value())
    } else {
        Err(MessageError::Tag(
            field.tag().to_der()?.first().copied().unwrap_or_default(),
        ))
    }
}

/// An element of a kind that is in memory and cannot be too long.
fn element(tag: Tag, content: &[u8]) -> Vec<u8> {
    AnyRef::new(tag, content)
        .and_then(|element| element.to_der())
        .expect("a message in memory is shorter than DER allows")
}

/// Field `number` of a SEQUENCE with explicit tags.
fn field(number: u32, element: &[u8]) -> Vec<u8> {
    self::element(TagNumber(number).context_specific(true), element)
}

/// Field `number`, an OCTET STRING, if there is one.
fn optional(number: u32, octets: Option<&[u8]>) -> Vec<u8> {
    octets.map_or_else(Vec::new, |octets| field(number, &element(Tag::OctetString, octets)))
}

#[cfg(test)]
mod tests;
