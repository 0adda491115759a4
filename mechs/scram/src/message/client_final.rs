use super::MessageError;
use super::attributes::{Attributes, base64, octets, text};

/// What the initiator says at last, `client-final-message` of RFC 5802 §7.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientFinal {
    /// What the initiator binds: the application data of its channel bindings. In SASL these begin with the GS2
    /// header.
    pub bindings: Vec<u8>,
    /// Both nonces.
    pub nonce: String,
    /// The proof.
    pub proof: Vec<u8>,
    /// The message up to the proof, which the proof is over.
    pub without_proof: String,
}

impl ClientFinal {
    /// Reads a message.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn parse(message: &[u8]) -> Result<Self, MessageError> {
        let text = text(message)?;
        let (without_proof, proof) = text.rsplit_once(",p=").ok_or(MessageError::Attribute('p'))?;
        let mut attributes = Attributes::of_text(without_proof);
        let bindings = attributes.octets('c')?;
        let nonce = attributes.nonce()?.to_owned();
        attributes.extensions()?;
        let proof = octets('p', proof)?;
        Ok(Self {
            bindings,
            nonce,
            proof,
            without_proof: without_proof.to_owned(),
        })
    }

    /// The message that proves nothing yet, `client-final-message-without-proof`.
    #[must_use]
    pub fn without_proof(bindings: &[u8], nonce: &str) -> String {
        format!("c={},r={nonce}", base64(bindings))
    }

    /// The message with this proof.
    #[must_use]
    pub fn with_proof(without_proof: &str, proof: &[u8]) -> String {
        format!("{without_proof},p={}", base64(proof))
    }

    /// The message.
    #[must_use]
    pub fn to_text(&self) -> String {
        Self::with_proof(&self.without_proof, &self.proof)
    }
}
