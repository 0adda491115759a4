use super::attributes::Attributes;
use super::{MessageError, escaped, unescaped};

/// What the initiator says first, `client-first-message-bare` of RFC 5802 §7.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientFirst {
    /// The user's name, without escapes, as it came: not yet prepared.
    pub user: String,
    /// The initiator's nonce.
    pub nonce: String,
}

impl ClientFirst {
    /// Reads a message.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn parse(message: &[u8]) -> Result<Self, MessageError> {
        let mut attributes = Attributes::of(message)?;
        let parsed = Self {
            user: unescaped(attributes.value('n')?)?,
            nonce: attributes.nonce()?.to_owned(),
        };
        attributes.extensions()?;
        Ok(parsed)
    }

    /// The message.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("n={},r={}", escaped(&self.user), self.nonce)
    }
}
