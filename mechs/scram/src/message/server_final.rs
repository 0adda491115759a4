use std::fmt;

use super::MessageError;
use super::attributes::{Attributes, base64};

/// What the acceptor answers at last, `server-final-message` of RFC 5802 §7.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerFinal {
    /// The proof that the acceptor knows what is stored of the password.
    Signature(Vec<u8>),
    /// That it refuses.
    Error(ServerError),
}

/// Why an acceptor refuses, `server-error-value` of RFC 5802 §7.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerError {
    /// `channel-binding-not-supported`.
    ChannelBindingNotSupported,
    /// `channel-bindings-dont-match`.
    ChannelBindingsDontMatch,
    /// `extensions-not-supported`.
    ExtensionsNotSupported,
    /// `invalid-encoding`.
    InvalidEncoding,
    /// `invalid-proof`.
    InvalidProof,
    /// `invalid-username-encoding`.
    InvalidUsernameEncoding,
    /// `no-resources`.
    NoResources,
    /// `other-error`.
    OtherError,
    /// `server-does-support-channel-binding`.
    ServerDoesSupportChannelBinding,
    /// `unknown-user`.
    UnknownUser,
    /// `unsupported-channel-binding-type`.
    UnsupportedChannelBindingType,
    /// Another one, cut to 64 characters, without what controls a terminal.
    Unknown(String),
}

impl ServerFinal {
    /// Reads a message.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn parse(message: &[u8]) -> Result<Self, MessageError> {
        let mut attributes = Attributes::of(message)?;
        let mut ahead = attributes;
        let parsed = match ahead.value('e') {
            Ok(reason) => {
                attributes = ahead;
                Self::Error(ServerError::of(reason))
            }
            Err(_) => Self::Signature(attributes.octets('v')?),
        };
        attributes.extensions()?;
        Ok(parsed)
    }

    /// The message.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Signature(signature) => format!("v={}", base64(signature)),
            Self::Error(reason) => format!("e={}", reason.value()),
        }
    }
}

impl ServerError {
    fn of(value: &str) -> Self {
        let known = KNOWN.iter().find(|known| known.value() == value);
        known.cloned().unwrap_or_else(|| {
            let shown = |character: char| if character.is_control() { '\u{FFFD}' } else { character };
            Self::Unknown(value.chars().take(LONGEST_SHOWN).map(shown).collect())
        })
    }

    /// As it stands in a message.
    #[must_use]
    pub fn value(&self) -> &str {
        match self {
            Self::ChannelBindingNotSupported => "channel-binding-not-supported",
            Self::ChannelBindingsDontMatch => "channel-bindings-dont-match",
            Self::ExtensionsNotSupported => "extensions-not-supported",
            Self::InvalidEncoding => "invalid-encoding",
            Self::InvalidProof => "invalid-proof",
            Self::InvalidUsernameEncoding => "invalid-username-encoding",
            Self::NoResources => "no-resources",
            Self::OtherError => "other-error",
            Self::ServerDoesSupportChannelBinding => "server-does-support-channel-binding",
            Self::UnknownUser => "unknown-user",
            Self::UnsupportedChannelBindingType => "unsupported-channel-binding-type",
            Self::Unknown(value) => value,
        }
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.value())
    }
}

const KNOWN: [ServerError; 11] = [
    ServerError::ChannelBindingNotSupported,
    ServerError::ChannelBindingsDontMatch,
    ServerError::ExtensionsNotSupported,
    ServerError::InvalidEncoding,
    ServerError::InvalidProof,
    ServerError::InvalidUsernameEncoding,
    ServerError::NoResources,
    ServerError::OtherError,
    ServerError::ServerDoesSupportChannelBinding,
    ServerError::UnknownUser,
    ServerError::UnsupportedChannelBindingType,
];

const LONGEST_SHOWN: usize = 64;
