//! Contexts as octets, for another process. The format is our own.
//!
//! ```text
//! 0        version  1
//! 1..30    state    krb5_message::TokenState
//! 31..34   flags    granted
//! 35..     expires  0, or 1 and seconds since 1970 (8 octets)
//! …        first    enctype (4 octets, signed), key
//! …        acceptor 0, or 1 and as first
//! …        source   0, or 1 and the principal as text
//! …        target   the same
//! …        via      0, or 1 and the OID's content octets
//! ```
//!
//! Integers are big-endian; keys, texts and OIDs have a length of 2 octets before them. Everything in it is as secret
//! as the keys.

use std::sync::Arc;
use std::time::Duration;

use gss_core::{ContextInfo, EstablishedContext, Flags, MechName, Octets, Oid};
use krb5_crypto::{CryptoProvider, Enctype, Key};
use krb5_message::TokenState;
use krb5_proto::Principal;

use crate::KRB5;
use crate::context::{ContextKeys, KerberosContext, Live, role_of};
use crate::error::KerberosError;
use crate::growing::Growing;
use crate::name::KerberosName;

/// Writes a context.
///
/// # Errors
/// [`KerberosError::Name`] if a name of the context has no printable form.
pub(crate) fn export(info: &ContextInfo, live: &Live) -> Result<Octets, KerberosError> {
    let mut out = Writer(Growing::with_room(ROOM));
    out.0.push(&[VERSION]);
    out.0
        .push(&TokenState::of(live.sealing.inner(), live.opening.inner()).to_octets());
    // The delegated credential stays behind, and so does the flag that promises it.
    out.0.push(&info.flags.difference(Flags::DELEG).bits().to_be_bytes());
    out.option(info.expires.as_ref(), Writer::seconds)?;
    out.key(&live.keys.first)?;
    out.option(live.keys.acceptor.as_deref(), Writer::key)?;
    out.option(info.source.as_deref(), Writer::name)?;
    out.option(info.target.as_deref(), Writer::name)?;
    out.option(info.via.as_ref(), |out, oid| out.counted(oid.as_octets()))?;
    Ok(out.0.into())
}

/// Makes a context of what [`export`] has written.
///
/// # Errors
/// [`KerberosError::ExportedContext`] if it is of an unknown version or malformed.
pub(crate) fn import(
    octets: &[u8],
    provider: &'static CryptoProvider,
) -> Result<Box<dyn EstablishedContext>, KerberosError> {
    let mut input = Reader { rest: octets, provider };
    let context = input.context().ok_or(KerberosError::ExportedContext)?;
    Ok(Box::new(context))
}

struct Writer(Growing);

impl Writer {
    fn counted(&mut self, octets: &[u8]) -> Result<(), KerberosError> {
        let length = u16::try_from(octets.len()).map_err(|_| KerberosError::ExportedContext)?;
        self.0.push(&length.to_be_bytes());
        self.0.push(octets);
        Ok(())
    }

    fn seconds(&mut self, time: &Duration) -> Result<(), KerberosError> {
        self.0.push(&time.as_secs().to_be_bytes());
        Ok(())
    }

    fn key(&mut self, key: &Key) -> Result<(), KerberosError> {
        self.0.push(&key.enctype().number().to_be_bytes());
        self.counted(key.expose())
    }

    fn name(&mut self, name: &dyn MechName) -> Result<(), KerberosError> {
        let name = name
            .downcast_ref::<KerberosName>()
            .ok_or(KerberosError::ExportedContext)?;
        self.counted(name.principal()?.to_string().as_bytes())
    }

    fn option<T: ?Sized>(
        &mut self,
        value: Option<&T>,
        write: impl FnOnce(&mut Self, &T) -> Result<(), KerberosError>,
    ) -> Result<(), KerberosError> {
        self.0.push(&[u8::from(value.is_some())]);
        value.map_or(Ok(()), |value| write(self, value))
    }
}

/// Takes values off the front; `None` if they are not there or mean nothing.
struct Reader<'a> {
    rest: &'a [u8],
    provider: &'static CryptoProvider,
}

impl Reader<'_> {
    fn context(&mut self) -> Option<KerberosContext> {
        if self.array::<1>()? != [VERSION] {
            return None;
        }
        let state = TokenState::from_octets(&self.array::<{ TokenState::OCTETS }>()?).ok()?;
        let flags = Some(Flags::from_bits_retain(u32::from_be_bytes(self.array()?)))
            .filter(|flags| !flags.contains(Flags::DELEG))?;
        let seconds = self.option(|input| input.array().map(u64::from_be_bytes))?;
        let keys = ContextKeys {
            first: self.key()?,
            acceptor: self.option(Self::key)?,
        };
        let info = ContextInfo {
            mech: KRB5,
            source: self.option(Self::name)?,
            target: self.option(Self::name)?,
            via: self.option(|input| Oid::from_der_content(input.counted()?).ok())?,
            flags,
            expires: seconds.map(Duration::from_secs),
            role: role_of(state.parameters.role),
        };
        if !self.rest.is_empty() || state.parameters.subkey != keys.subkey() {
            return None;
        }
        KerberosContext::new(info, keys, state).ok()
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (front, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*front)
    }

    fn counted(&mut self) -> Option<&[u8]> {
        let length = usize::from(u16::from_be_bytes(self.array()?));
        let (front, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(front)
    }

    fn key(&mut self) -> Option<Arc<Key>> {
        let enctype = Enctype::from_number(i32::from_be_bytes(self.array()?))?;
        let provider = self.provider;
        Key::new(provider, enctype, self.counted()?).ok().map(Arc::new)
    }

    fn name(&mut self) -> Option<Arc<dyn MechName>> {
        let text = std::str::from_utf8(self.counted()?).ok()?;
        let principal = Principal::parse(text, None).ok()?;
        (principal.to_string() == text).then(|| KerberosName::of(principal))
    }

    /// The outer `None` is for what is malformed.
    fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.array()? {
            [0] => Some(None),
            [1] => read(self).map(Some),
            _ => None,
        }
    }
}

const VERSION: u8 = 1;
/// Enough for contexts with names of usual length.
const ROOM: usize = 512;

#[cfg(test)]
mod tests;
