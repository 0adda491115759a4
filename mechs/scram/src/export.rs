//! Contexts as octets, for another process. The format is our own.
//!
//! ```text
//! 0        version  1
//! 1        hash     1 SHA-1, 2 SHA-256
//! 2..31    state    krb5_message::TokenState
//! 32..35   flags    granted
//! 36..51   key      of aes128-cts-hmac-sha1-96
//! 52..     source   the user
//! …        target   0, or 1 and the service, or 2 and the user
//! …        via      0, or 1 and the OID's content octets
//! ```
//!
//! Integers are big-endian; names and OIDs have a length of 4 octets before them. Everything in it is as secret as the
//! key.

use std::sync::Arc;

use gss_core::{ContextInfo, Flags, MechName, Name, Octets, Oid, Role, name_type};
use krb5_message::crypto::{CryptoProvider, Key, Zeroizing};
use krb5_message::{Subkey, TokenState};

use crate::context::{FLAGS, Live, ScramContext};
use crate::error::ScramError;
use crate::hash::ScramHash;
use crate::keys::ENCTYPE;
use crate::name::ScramName;

/// Writes a context.
///
/// # Errors
/// [`ScramError::ExportedContext`] if a name is longer than 4 GiB.
pub(crate) fn export(info: &ContextInfo, live: &Live) -> Result<Octets, ScramError> {
    let hash = ScramHash::of_oid(&info.mech).ok_or(ScramError::ExportedContext)?;
    let display = |name: &Arc<dyn MechName>| name.display().ok();
    let (source, _) = info
        .source
        .as_ref()
        .and_then(display)
        .ok_or(ScramError::ExportedContext)?;
    let target = info.target.as_ref().and_then(display);
    let target = target.as_ref().map(|(octets, of_type)| match *of_type {
        name_type::USER => (USER, octets.as_slice()),
        _ => (SERVICE, octets.as_slice()),
    });
    let state = TokenState::of(live.sealing.inner(), live.opening.inner()).to_octets();
    let parts: [&[u8]; 7] = [
        &[VERSION, number(hash)],
        &state,
        &info.flags.bits().to_be_bytes(),
        live.key.expose(),
        &counted(&source)?,
        &optional(target)?,
        &optional(info.via.as_ref().map(|oid| (1, oid.as_octets())))?,
    ];
    // In one piece, so that no copy of the key stays behind when it grows.
    let length = parts.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
    let mut out = Zeroizing::new(Vec::with_capacity(length));
    parts.iter().for_each(|part| out.extend_from_slice(part));
    Ok(out.into())
}

/// Makes a context of the mechanism of `hash` of what [`export`] has written.
///
/// # Errors
/// [`ScramError::ExportedContext`] if it is of an unknown version or another mechanism, or malformed.
pub(crate) fn import(
    hash: ScramHash,
    provider: &'static CryptoProvider,
    octets: &[u8],
) -> Result<ScramContext, ScramError> {
    let mut input = Reader { rest: octets };
    input.context(hash, provider).ok_or(ScramError::ExportedContext)
}

fn number(hash: ScramHash) -> u8 {
    match hash {
        ScramHash::Sha1 => 1,
        ScramHash::Sha256 => 2,
    }
}

fn counted(octets: &[u8]) -> Result<Vec<u8>, ScramError> {
    let length = u32::try_from(octets.len()).map_err(|_| ScramError::ExportedContext)?;
    Ok([&length.to_be_bytes(), octets].concat())
}

/// 0 for nothing, or what it is and its octets.
fn optional(value: Option<(u8, &[u8])>) -> Result<Vec<u8>, ScramError> {
    value.map_or(Ok(vec![0]), |(kind, octets)| {
        Ok([&[kind][..], &counted(octets)?].concat())
    })
}

/// Takes values off the front; `None` if they are not there or mean nothing.
struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn context(&mut self, hash: ScramHash, provider: &'static CryptoProvider) -> Option<ScramContext> {
        if self.array()? != [VERSION, number(hash)] {
            return None;
        }
        let state = TokenState::from_octets(&self.array::<{ TokenState::OCTETS }>()?).ok()?;
        let flags = Flags::from_bits_retain(u32::from_be_bytes(self.array()?));
        let key = Key::new(provider, ENCTYPE, &*Zeroizing::new(self.array::<16>()?)).ok()?;
        let info = ContextInfo {
            mech: hash.oid(),
            source: Some(name(hash, self.counted()?, name_type::USER)?),
            target: self.target(hash)?,
            via: self.via()?,
            flags,
            expires: None,
            role: match state.parameters.role {
                krb5_message::Role::Initiator => Role::Initiator,
                krb5_message::Role::Acceptor => Role::Acceptor,
            },
        };
        let ours = flags.contains(FLAGS) && FLAGS.union(Flags::CHANNEL_BOUND).contains(flags);
        if !self.rest.is_empty() || !ours || state.parameters.subkey != Subkey::Initiator {
            return None;
        }
        ScramContext::new(hash, info, key, state).ok()
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (front, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*front)
    }

    fn counted(&mut self) -> Option<&[u8]> {
        let length = usize::try_from(u32::from_be_bytes(self.array()?)).ok()?;
        let (front, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(front)
    }

    /// The outer `None` is for what is malformed, here and below.
    fn target(&mut self, hash: ScramHash) -> Option<Option<Arc<dyn MechName>>> {
        let of_type = match self.array()? {
            [0] => return Some(None),
            [SERVICE] => name_type::HOSTBASED_SERVICE,
            [USER] => name_type::USER,
            _ => return None,
        };
        name(hash, self.counted()?, of_type).map(Some)
    }

    fn via(&mut self) -> Option<Option<Oid>> {
        match self.array()? {
            [0] => Some(None),
            [1] => Oid::from_der_content(self.counted()?).ok().map(Some),
            _ => None,
        }
    }
}

/// A name that is as it would be written.
fn name(hash: ScramHash, octets: &[u8], of_type: Oid) -> Option<Arc<dyn MechName>> {
    let name = ScramName::import(hash, &Name::new(octets, Some(of_type))).ok()?;
    let (written, _) = name.display().ok()?;
    if written != octets {
        return None;
    }
    Some(Arc::new(name))
}

const VERSION: u8 = 1;
const SERVICE: u8 = 1;
const USER: u8 = 2;

#[cfg(test)]
mod tests;
