use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{MAX_LEN, MessageError};

/// Takes attributes off the front of a message.
#[derive(Clone, Copy)]
pub(super) struct Attributes<'a> {
    /// `None` behind the last one.
    rest: Option<&'a str>,
}

impl<'a> Attributes<'a> {
    /// The attributes of a message as it came.
    pub(super) fn of(message: &'a [u8]) -> Result<Self, MessageError> {
        text(message).map(Self::of_text)
    }

    /// The attributes of a text that [`text`] has read.
    pub(super) fn of_text(text: &'a str) -> Self {
        Self { rest: Some(text) }
    }

    /// The value of the attribute that is due.
    pub(super) fn value(&mut self, name: char) -> Result<&'a str, MessageError> {
        let attribute = self.next().ok_or(MessageError::Attribute(name))?;
        match split(attribute) {
            Some((found, value)) if found == name => Ok(value),
            Some((MANDATORY, _)) => Err(MessageError::Extension),
            _ => Err(MessageError::Attribute(name)),
        }
    }

    /// The octets of the attribute that is due.
    pub(super) fn octets(&mut self, name: char) -> Result<Vec<u8>, MessageError> {
        octets(name, self.value(name)?)
    }

    /// The nonce that is due.
    pub(super) fn nonce(&mut self) -> Result<&'a str, MessageError> {
        let nonce = self.value('r')?;
        if nonce.is_empty() || !nonce.bytes().all(|octet| octet.is_ascii_graphic()) {
            return Err(MessageError::Nonce);
        }
        Ok(nonce)
    }

    /// Passes over everything that is left.
    pub(super) fn extensions(self) -> Result<(), MessageError> {
        for attribute in self {
            match split(attribute) {
                Some((MANDATORY, _)) => return Err(MessageError::Extension),
                Some((name, value)) if name.is_ascii_alphabetic() && !value.is_empty() => {}
                _ => return Err(MessageError::Trailing),
            }
        }
        Ok(())
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let (attribute, rest) = match rest.split_once(',') {
            Some((attribute, rest)) => (attribute, Some(rest)),
            None => (rest, None),
        };
        self.rest = rest;
        Some(attribute)
    }
}

/// A message as it came, within its bounds.
pub(super) fn text(message: &[u8]) -> Result<&str, MessageError> {
    if message.len() > MAX_LEN {
        return Err(MessageError::TooLong(message.len()));
    }
    let text = std::str::from_utf8(message).map_err(|_| MessageError::NotText)?;
    if text.contains('\0') {
        return Err(MessageError::NotText);
    }
    Ok(text)
}

/// The octets that the base64 of the attribute `name` stands for.
pub(super) fn octets(name: char, value: &str) -> Result<Vec<u8>, MessageError> {
    STANDARD.decode(value).map_err(|_| MessageError::Base64(name))
}

/// The base64 of `octets`, for a message.
pub(super) fn base64(octets: &[u8]) -> String {
    STANDARD.encode(octets)
}

fn split(attribute: &str) -> Option<(char, &str)> {
    let (name, value) = attribute.split_once('=')?;
    let mut letters = name.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) => Some((letter, value)),
        _ => None,
    }
}

/// Reserved for extensions that must be known, RFC 5802 §5.1.
const MANDATORY: char = 'm';
