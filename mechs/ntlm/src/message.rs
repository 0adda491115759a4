//! The messages, [MS-NLMP] §2.2.1: fixed fields, and a payload that these point into.
//!
//! Reading is strict where it protects: every field must lie inside the payload, text must be text, and the pairs of a
//! list must be whole and different. It is lenient where peers differ: fields may overlap, come in any order, and a
//! field without octets may point anywhere.

mod authenticate;
mod av_pair;
mod challenge;
mod client_challenge;
mod fields;
mod negotiate;
mod version;

pub use authenticate::{AuthenticateMessage, Mic};
pub use av_pair::{AvFlags, AvId, AvPair, TargetInfo};
pub use challenge::ChallengeMessage;
pub use client_challenge::{ClientChallenge, NtlmV2Response};
pub use fields::Field;
pub use negotiate::NegotiateMessage;
pub use version::Version;

use fields::Input;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The client's first.
    Negotiate(NegotiateMessage),
    /// The server's.
    Challenge(ChallengeMessage),
    /// The client's second.
    Authenticate(AuthenticateMessage),
}

impl Message {
    /// Whether `token` begins as every message does.
    #[must_use]
    pub fn has_signature(token: &[u8]) -> bool {
        token.starts_with(&SIGNATURE)
    }

    /// Reads a message of any type.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn parse(token: &[u8]) -> Result<Self, MessageError> {
        match Input::message_type(token)? {
            NegotiateMessage::TYPE => NegotiateMessage::parse(token).map(Self::Negotiate),
            ChallengeMessage::TYPE => ChallengeMessage::parse(token).map(Self::Challenge),
            AuthenticateMessage::TYPE => AuthenticateMessage::parse(token).map(Self::Authenticate),
            other => Err(MessageError::Type(other)),
        }
    }
}

/// What is wrong with a message. Who sent it is at fault, or, where it was to be written, whoever gave the contents.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// A pair comes twice in a list, and somebody could mean either.
    #[error("the attribute {0} comes twice in the list")]
    AvDuplicate(AvId),
    /// The end of a list has a value.
    #[error("the list of attributes ends with a value")]
    AvEnd,
    /// The value of a pair does not have the length that its kind has.
    #[error("the attribute {id} has {length} octets")]
    AvLength {
        /// Which.
        id: AvId,
        /// What it has.
        length: usize,
    },
    /// A value is not UTF-16.
    #[error("the attribute {0} is not text")]
    AvText(AvId),
    /// A list ends in the middle of a pair, or without its end.
    #[error("the list of attributes ends early")]
    AvTruncated,
    /// A field does not lie inside the payload.
    #[error("{field} of {length} octets at {offset} is outside of the payload")]
    Field {
        /// Which.
        field: Field,
        /// Where it is said to begin.
        offset: u32,
        /// How long it is said to be.
        length: u16,
    },
    /// It does not begin with `NTLMSSP` and a zero.
    #[error("it does not begin with NTLMSSP")]
    NotNtlm,
    /// The response is not one of NTLMv2.
    #[error("the response is not one of NTLMv2")]
    Response,
    /// A field is not text in the character set that was negotiated, or has zeros in it.
    #[error("{0} is not text")]
    Text(Field),
    /// A value is longer than its length can tell, or the whole is longer than its fields can be.
    #[error("{0} is too long")]
    TooLong(Field),
    /// It ends before its fixed fields do.
    #[error("it ends early")]
    Truncated,
    /// It is of another type than is due, or of none that there is.
    #[error("it has the type {0}")]
    Type(u32),
}

const SIGNATURE: [u8; 8] = *b"NTLMSSP\0";

#[cfg(test)]
mod tests;
