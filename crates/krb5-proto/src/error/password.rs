//! What the password service, RFC 3244, refuses with, and what it gets wrong.

use std::fmt;

use crate::Principal;
use crate::exchange::kpasswd::{Authenticity, ResultCode, ResultText};

/// A refusal of the password service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordRefusal {
    /// Whose password was to be changed.
    pub target: Principal,
    /// The kind of refusal; never [`ResultCode::Success`].
    pub code: ResultCode,
    /// What the service says about it.
    pub text: ResultText,
    /// Whether the service is known to have said so.
    pub authenticity: Authenticity,
}

/// What is wrong with a message of the password service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PasswordFrameFault {
    /// It ends before its second part.
    Truncated,
    /// It is not as long as it says.
    Length,
    /// A protocol version that is not known.
    Version(u16),
    /// Its result has no code.
    NoResult,
    /// Its result has a code that is not known.
    UnknownResult(u16),
    /// A KRB-ERROR that tells of success.
    SuccessInError,
}

impl fmt::Display for PasswordRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the password of {} was not changed: {}", self.target, self.code)?;
        if !self.text.is_empty() {
            write!(f, ": {}", self.text)?;
        }
        match (self.authenticity, self.code) {
            // MIT's server refuses so, among others, what it takes for a replay.
            (Authenticity::Unproven, ResultCode::AuthError) => f.write_str(
                "; nothing proves that this is the service's word: if it got the request twice, the first one may have \
                 changed the password",
            ),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for PasswordFrameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("it is cut off"),
            Self::Length => f.write_str("it is not as long as it says"),
            Self::Version(version) => write!(f, "it has the protocol version {version:#06x}"),
            Self::NoResult => f.write_str("it has no result code"),
            Self::UnknownResult(code) => write!(f, "its result code is {code}"),
            Self::SuccessInError => f.write_str("its result is success, but it is an error"),
        }
    }
}
