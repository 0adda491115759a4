//! The mechanism-independent exported name object, RFC 2743 §3.2, and its composite form, RFC 6680 §8.
//!
//! ```text
//! 0..1   04 01 (04 02 where composite)
//! 2..3   length of what follows up to NAME_LEN, big-endian
//! 4..    06 len OBJECT IDENTIFIER of the mechanism, DER
//! …      NAME_LEN, 4 octets, big-endian
//! …      the name, as the mechanism exports it: exactly NAME_LEN octets, and nothing after them
//! ```

use crate::oid::{self, Oid};
use crate::{CoreError, Error, ErrorKind, framing};

/// An exported name taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportedName<'a> {
    /// With attributes or without.
    pub form: Form,
    /// The mechanism that exported the name.
    pub mech: Oid,
    /// The name as that mechanism exports it.
    pub name: &'a [u8],
}

/// Which of the two token ids an exported name has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// 04 01: `GSS_C_NT_EXPORT_NAME`, the name alone.
    #[default]
    Plain,
    /// 04 02: `GSS_C_NT_COMPOSITE_EXPORT`, the name with its attributes.
    Composite,
}

impl<'a> ExportedName<'a> {
    /// Reads an exported name object.
    ///
    /// # Errors
    /// [`ExportedNameError`] unless `token` is exactly one such object.
    pub fn parse(token: &'a [u8]) -> Result<Self, ExportedNameError> {
        let (id, rest) = token.split_first_chunk::<2>().ok_or(ExportedNameError::Truncated)?;
        let form = match id {
            [4, 1] => Form::Plain,
            [4, 2] => Form::Composite,
            _ => return Err(ExportedNameError::TokenId(u16::from_be_bytes(*id))),
        };
        let (oid_len, rest) = rest.split_first_chunk::<2>().ok_or(ExportedNameError::Truncated)?;
        let (encoded, rest) = rest
            .split_at_checked(usize::from(u16::from_be_bytes(*oid_len)))
            .ok_or(ExportedNameError::Truncated)?;
        let mech = parse_oid(encoded)?;
        let (name_len, name) = rest.split_first_chunk::<4>().ok_or(ExportedNameError::Truncated)?;
        match usize::try_from(u32::from_be_bytes(*name_len)) {
            Ok(announced) if announced == name.len() => Ok(Self { form, mech, name }),
            Ok(announced) if announced < name.len() => Err(ExportedNameError::Trailing),
            _ => Err(ExportedNameError::Truncated),
        }
    }

    /// Writes the exported name object.
    ///
    /// # Errors
    /// [`ExportedNameError::TooLong`] if the name has 2^32 octets or more.
    pub fn to_octets(&self) -> Result<Vec<u8>, ExportedNameError> {
        let name_len = u32::try_from(self.name.len()).map_err(|_| ExportedNameError::TooLong)?;
        let oid = self.mech.to_der();
        let oid_len = u16::try_from(oid.len()).map_err(|_| ExportedNameError::TooLong)?;
        let id = match self.form {
            Form::Plain => [4, 1],
            Form::Composite => [4, 2],
        };
        Ok([
            &id[..],
            &oid_len.to_be_bytes(),
            &oid,
            &name_len.to_be_bytes(),
            self.name,
        ]
        .concat())
    }
}

/// What is wrong with an exported name. Who stored or sent it is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportedNameError {
    /// The mechanism's OID is not exactly one DER object identifier.
    #[error("its mechanism OID is malformed")]
    Oid,
    /// It does not start with 04 01 or 04 02.
    #[error("it starts with {0:04x}")]
    TokenId(u16),
    /// The name has 2^32 octets or more.
    #[error("the name is too long")]
    TooLong,
    /// Octets follow the name.
    #[error("octets follow the name")]
    Trailing,
    /// It ends early.
    #[error("it ends early")]
    Truncated,
}

impl From<ExportedNameError> for Error {
    fn from(error: ExportedNameError) -> Self {
        Self::core(ErrorKind::BadName, CoreError::ExportedName(error))
    }
}

fn parse_oid(encoded: &[u8]) -> Result<Oid, ExportedNameError> {
    let Some((&oid::TAG, rest)) = encoded.split_first() else {
        return Err(ExportedNameError::Oid);
    };
    let (len, content) = framing::parse_length(rest).map_err(|_| ExportedNameError::Oid)?;
    if len != content.len() {
        return Err(ExportedNameError::Oid);
    }
    Oid::from_der_content(content).map_err(|_| ExportedNameError::Oid)
}

#[cfg(test)]
mod tests;
