//! Exported contexts and credentials: what the mechglue puts around a mechanism's own octets.
//!
//! ```text
//! 0..3   "GSSx" (context) or "GSSc" (credential)
//! 4      version, 1
//! 5..    entries: a context has one, a credential any number
//!
//! entry:
//! 0      length of the OID's content octets
//! 1..    OID
//! …      length of the mechanism's octets, 4 octets, big-endian
//! …      the mechanism's octets
//! ```

use std::fmt;

use zeroize::Zeroizing;

use crate::{CoreError, Error, ErrorKind, Octets, Oid, Result};

/// What has been exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exported {
    /// A security context.
    Context,
    /// A credential.
    Credential,
}

impl fmt::Display for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Context => "context",
            Self::Credential => "credential",
        })
    }
}

impl Exported {
    fn magic(self) -> [u8; 5] {
        match self {
            Self::Context => *b"GSSx\x01",
            Self::Credential => *b"GSSc\x01",
        }
    }

    fn malformed(self) -> Error {
        Error::core(ErrorKind::DefectiveToken, CoreError::Serialised { what: self })
    }
}

/// A mechanism's OID and octets.
type Entry<'a> = (Oid, &'a [u8]);

/// Writes entries of a mechanism's OID and octets.
pub(crate) fn write(what: Exported, entries: &[(Oid, Octets)]) -> Result<Octets> {
    let total = entries.iter().fold(0usize, |sum, (_, octets)| {
        sum.saturating_add(octets.len()).saturating_add(ENTRY)
    });
    // Reserved at once, so that no copy of a secret stays behind when the vector grows.
    let mut out = Zeroizing::new(Vec::with_capacity(total.saturating_add(what.magic().len())));
    out.extend_from_slice(&what.magic());
    for (oid, octets) in entries {
        let oid_len = u8::try_from(oid.as_octets().len()).map_err(|_| what.malformed())?;
        let len = u32::try_from(octets.len()).map_err(|_| what.malformed())?;
        out.push(oid_len);
        out.extend_from_slice(oid.as_octets());
        out.extend_from_slice(&len.to_be_bytes());
        out.extend_from_slice(octets);
    }
    Ok(out.into())
}

/// Reads what [`write`] has written. Nothing is allocated but one slice an entry, which has five octets at least.
pub(crate) fn read(what: Exported, token: &[u8]) -> Result<Vec<Entry<'_>>> {
    let mut rest = token.strip_prefix(&what.magic()).ok_or_else(|| what.malformed())?;
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let (entry, tail) = read_entry(rest).ok_or_else(|| what.malformed())?;
        entries.push(entry);
        rest = tail;
    }
    Ok(entries)
}

fn read_entry(octets: &[u8]) -> Option<(Entry<'_>, &[u8])> {
    let (oid_len, rest) = octets.split_first()?;
    let (content, rest) = rest.split_at_checked(usize::from(*oid_len))?;
    let oid = Oid::from_der_content(content).ok()?;
    let (len, rest) = rest.split_first_chunk::<4>()?;
    let (body, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*len)).ok()?)?;
    Some(((oid, body), rest))
}

/// The most that an entry adds to the mechanism's octets.
const ENTRY: usize = 1 + Oid::MAX_LEN + 4;

#[cfg(test)]
mod tests;
