//! The four messages, RFC 5802 §5 and §7.
//!
//! ```text
//! ClientFirst   n=saslname,r=nonce[,extensions]             without the GS2 header, which is SASL's
//! ServerFirst   r=nonce,s=base64,i=number[,extensions]
//! ClientFinal   c=base64,r=nonce[,extensions],p=base64
//! ServerFinal   v=base64[,extensions]   or   e=reason[,extensions]
//! ```
//!
//! A message is UTF-8 without NUL, attributes of one letter with commas between them. Extensions are passed over, but
//! `m`, by which a peer says that it must not be.

mod attributes;
mod client_final;
mod client_first;
mod saslname;
mod server_final;
mod server_first;

pub use client_final::ClientFinal;
pub use client_first::ClientFirst;
pub(crate) use saslname::{escaped, unescaped};
pub use server_final::{ServerError, ServerFinal};
pub use server_first::ServerFirst;

/// The longest message that is read, in octets. Channel bindings are the only part that can be long at all.
pub const MAX_LEN: usize = 65536;

/// What is wrong with a message. Who sent it is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// Something stands where an attribute is due.
    #[error("the attribute {0:?} is due, and something else is there")]
    Attribute(char),
    /// A value is not base64, or not in the one form that RFC 4648 §4 allows.
    #[error("the value of {0:?} is not base64")]
    Base64(char),
    /// An extension that must not be passed over.
    #[error("an extension is mandatory that is not known here")]
    Extension,
    /// The iteration count is not a number, or none of 32 bits.
    #[error("the iteration count is not a number from 1 to 4294967295")]
    IterationCount,
    /// The nonce has other characters than those of RFC 5802 §7.
    #[error("the nonce has characters that no nonce may have")]
    Nonce,
    /// The message is not UTF-8, or has a NUL.
    #[error("it is not text")]
    NotText,
    /// The name has an equals sign that escapes nothing.
    #[error("the name has an equals sign that is not =2C or =3D")]
    Saslname,
    /// The message is longer than [`MAX_LEN`].
    #[error("it has {0} octets, and {MAX_LEN} are allowed")]
    TooLong(usize),
    /// Something that is no attribute stands behind the last one that is known.
    #[error("what follows its last attribute is no extension")]
    Trailing,
}

#[cfg(test)]
mod tests;
