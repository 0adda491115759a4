use std::num::NonZeroU32;

use super::MessageError;
use super::attributes::{Attributes, base64};

/// What the acceptor answers first, `server-first-message` of RFC 5802 §7.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFirst {
    /// The initiator's nonce, and the acceptor's behind it.
    pub nonce: String,
    /// The salt of the user's password.
    pub salt: Vec<u8>,
    /// How often the password is hashed.
    pub iterations: NonZeroU32,
}

impl ServerFirst {
    /// Reads a message.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn parse(message: &[u8]) -> Result<Self, MessageError> {
        let mut attributes = Attributes::of(message)?;
        let parsed = Self {
            nonce: attributes.nonce()?.to_owned(),
            salt: attributes.octets('s')?,
            iterations: iterations(attributes.value('i')?)?,
        };
        attributes.extensions()?;
        Ok(parsed)
    }

    /// The message.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("r={},s={},i={}", self.nonce, base64(&self.salt), self.iterations)
    }
}

/// `posit-number`: digits, the first of them not 0.
fn iterations(text: &str) -> Result<NonZeroU32, MessageError> {
    if text.starts_with('0') || !text.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(MessageError::IterationCount);
    }
    text.parse().map_err(|_| MessageError::IterationCount)
}
