//! What the password service answers: a code and a text, RFC 3244 §2.

use std::fmt;

use super::policy::PasswordPolicy;
use crate::error::PasswordFrameFault;
use crate::{Error, KerberosString};

/// The kind of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResultCode {
    /// KRB5_KPASSWD_SUCCESS, 0: the password is changed.
    Success,
    /// KRB5_KPASSWD_MALFORMED, 1: the service does not understand the request.
    Malformed,
    /// KRB5_KPASSWD_HARDERROR, 2: the service cannot do it.
    HardError,
    /// KRB5_KPASSWD_AUTHERROR, 3: the request is not authentic.
    AuthError,
    /// KRB5_KPASSWD_SOFTERROR, 4: the password is not good enough.
    SoftError,
    /// KRB5_KPASSWD_ACCESSDENIED, 5: the client may not do this.
    AccessDenied,
    /// KRB5_KPASSWD_BAD_VERSION, 6: the service does not know this version of the protocol.
    BadVersion,
    /// KRB5_KPASSWD_INITIAL_FLAG_NEEDED, 7: the ticket was got with another ticket, not with the password.
    InitialFlagNeeded,
}

/// What comes with the code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResultText {
    /// Nothing.
    #[default]
    None,
    /// Text for a person. As it is shown, it steers no terminal.
    Text(KerberosString),
    /// What Active Directory demands of passwords.
    Policy(PasswordPolicy),
}

/// Whether the password service is known to have said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authenticity {
    /// It is encrypted in the request's subkey.
    Proven,
    /// It stands in a KRB-ERROR, which anybody can make.
    Unproven,
}

impl ResultCode {
    /// All codes, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Success,
        Self::Malformed,
        Self::HardError,
        Self::AuthError,
        Self::SoftError,
        Self::AccessDenied,
        Self::BadVersion,
        Self::InitialFlagNeeded,
    ];

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Success => 0,
            Self::Malformed => 1,
            Self::HardError => 2,
            Self::AuthError => 3,
            Self::SoftError => 4,
            Self::AccessDenied => 5,
            Self::BadVersion => 6,
            Self::InitialFlagNeeded => 7,
        }
    }

    /// The code with that number.
    #[must_use]
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.number() == number)
    }
}

impl fmt::Display for ResultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Success => "it is done",
            Self::Malformed => "the password service does not understand the request",
            Self::HardError => "the password service failed",
            Self::AuthError => "the password service does not take the request for authentic",
            Self::SoftError => "the new password is refused",
            Self::AccessDenied => "this is not allowed",
            Self::BadVersion => "the password service does not know this protocol version",
            Self::InitialFlagNeeded => "the ticket must be got with a password, not with another ticket",
        })
    }
}

impl ResultText {
    /// Reads what follows the code: text, or the policy of Active Directory.
    ///
    /// Heimdal's service ends its text with a NUL.
    #[must_use]
    pub fn from_octets(octets: &[u8]) -> Self {
        if let Some(policy) = PasswordPolicy::from_octets(octets) {
            return Self::Policy(policy);
        }
        let text = octets.strip_suffix(&[0]).unwrap_or(octets).trim_ascii();
        let text = text.get(..LONGEST).unwrap_or(text);
        if text.is_empty() {
            Self::None
        } else {
            Self::Text(text.to_vec().into())
        }
    }

    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::None => true,
            Self::Text(_) => false,
            Self::Policy(policy) => policy.is_empty(),
        }
    }
}

impl fmt::Display for ResultText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Text(text) => text.fmt(f),
            Self::Policy(policy) => policy.fmt(f),
        }
    }
}

/// Reads an answer: the user data of a KRB-PRIV, or the error data of a KRB-ERROR.
///
/// ```text
/// 0..1   result code, big-endian
/// 2..    text, or 30 octets of policy
/// ```
pub(super) fn parse(octets: &[u8]) -> Result<(ResultCode, ResultText), Error> {
    let Some((code, text)) = octets.split_first_chunk::<2>() else {
        return Err(Error::PasswordFrame(PasswordFrameFault::NoResult));
    };
    let number = u16::from_be_bytes(*code);
    let code =
        ResultCode::from_number(number).ok_or(Error::PasswordFrame(PasswordFrameFault::UnknownResult(number)))?;
    Ok((code, ResultText::from_octets(text)))
}

/// The longest text that is kept, in octets.
const LONGEST: usize = 1024;

#[cfg(test)]
mod tests;
