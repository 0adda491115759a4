//! Contexts as octets, for another process. The format is our own.
//!
//! ```text
//! 0        version     1
//! 1        role        1 initiator, 2 acceptor
//! 2        list        1 if the list of mechanisms must be protected
//! 3..6     flags       negotiated
//! 7..10    flags       granted
//! 11..26   key         ExportedSessionKey
//! …        source      0, or 1 and the name as text; of no octets if it is anonymous
//! …        target      the same
//! …        via         0, or 1 and the OID's content octets
//! …        messages    0, or 1 and both directions, the sending one first
//! ```
//!
//! Integers are big-endian; names and OIDs have a length of 4 octets before them. All of it is as secret as the key.

use std::sync::Arc;

use gss_core::{ContextInfo, EstablishedContext, Flags, MechListMic, MechName, Name, Octets, Oid, Result, Role};
use gss_crypto::{CryptoProvider, Secret, Zeroizing};

use crate::context::{Live, Messages, NtlmContext};
use crate::error::NtlmError;
use crate::name::NtlmName;
use crate::session::Session;
use crate::{NTLM, NegotiateFlags};

/// Writes a context.
///
/// # Errors
/// [`NtlmError::Exported`] if a name is longer than its length can tell.
pub(crate) fn export(
    info: &ContextInfo,
    flags: NegotiateFlags,
    mech_list_mic: MechListMic,
    live: &Live,
) -> Result<Octets> {
    let names = [named(info.source.as_deref())?, named(info.target.as_deref())?];
    let length: usize = names.iter().flatten().map(Vec::len).fold(ROOM, usize::saturating_add);
    // Reserved at once, so that no copy of a key stays behind when the vector grows.
    let mut out = Zeroizing::new(Vec::with_capacity(length));
    let role = match info.role {
        Role::Initiator => 1,
        Role::Acceptor => 2,
    };
    out.extend_from_slice(&[VERSION, role, u8::from(mech_list_mic == MechListMic::Required)]);
    out.extend_from_slice(&flags.bits().to_be_bytes());
    out.extend_from_slice(&info.flags.bits().to_be_bytes());
    out.extend_from_slice(live.exported.expose());
    for name in &names {
        push_option(&mut out, name.as_deref())?;
    }
    push_option(&mut out, info.via.as_ref().map(Oid::as_octets))?;
    match &live.messages {
        Messages::Unprotected => out.push(0),
        Messages::Protected(both) => {
            out.push(1);
            both.sealing.session().push_octets(&mut out);
            both.opening.session().push_octets(&mut out);
        }
    }
    Ok(out.into())
}

/// Makes a context of what [`export`] has written.
///
/// # Errors
/// [`NtlmError::Exported`] if it is of an unknown version or malformed.
pub(crate) fn import(
    octets: &[u8],
    provider: &'static CryptoProvider,
) -> Result<Box<dyn EstablishedContext>, NtlmError> {
    let mut input = Reader { rest: octets };
    let context = input.context(provider).ok_or(NtlmError::Exported)?;
    Ok(Box::new(context))
}

/// An anonymous name has no exported form; it is the empty one here.
fn named(name: Option<&dyn MechName>) -> Result<Option<Vec<u8>>> {
    let Some(name) = name else { return Ok(None) };
    match name.downcast_ref::<NtlmName>() {
        None => Err(NtlmError::Exported.into()),
        Some(NtlmName::Anonymous) => Ok(Some(Vec::new())),
        Some(name) => Ok(Some(name.display()?.0)),
    }
}

fn push_option(out: &mut Vec<u8>, octets: Option<&[u8]>) -> Result<(), NtlmError> {
    out.push(u8::from(octets.is_some()));
    if let Some(octets) = octets {
        let length = u32::try_from(octets.len()).map_err(|_| NtlmError::Exported)?;
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(octets);
    }
    Ok(())
}

/// Takes values off the front; `None` if they are not there or mean nothing.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn context(&mut self, provider: &'static CryptoProvider) -> Option<NtlmContext> {
        let [VERSION, role, list] = self.array()? else {
            return None;
        };
        let role = match role {
            1 => Role::Initiator,
            2 => Role::Acceptor,
            _ => return None,
        };
        let mech_list_mic = match list {
            0 => MechListMic::AsNegotiated,
            1 => MechListMic::Required,
            _ => return None,
        };
        let flags = NegotiateFlags::from_bits_retain(u32::from_be_bytes(self.array()?));
        let granted = Flags::from_bits(u32::from_be_bytes(self.array()?))?;
        let exported = Secret::from_slice(&*Zeroizing::new(self.array::<16>()?));
        let info = ContextInfo {
            mech: NTLM,
            via: None,
            source: self.name(Side::User)?,
            target: self.name(Side::Service)?,
            flags: granted,
            expires: None,
            role,
        };
        let via = match self.option()? {
            None => None,
            Some(octets) => Some(Oid::from_der_content(octets).ok()?),
        };
        let messages = match self.array()? {
            [0] => Messages::Unprotected,
            [1] => {
                let send = self.session(flags, provider)?;
                Messages::protected(flags, send, self.session(flags, provider)?)
            }
            _ => return None,
        };
        let live = Live { exported, messages };
        self.rest
            .is_empty()
            .then(|| NtlmContext::with_keys(ContextInfo { via, ..info }, flags, mech_list_mic, live))
    }

    fn session(&mut self, flags: NegotiateFlags, provider: &'static CryptoProvider) -> Option<Session> {
        let (session, rest) = Session::from_octets(flags, self.rest, provider)?;
        self.rest = rest;
        Some(session)
    }

    fn name(&mut self, side: Side) -> Option<Option<Arc<dyn MechName>>> {
        let Some(octets) = self.option()? else {
            return Some(None);
        };
        let name = match side {
            _ if octets.is_empty() => NtlmName::Anonymous,
            Side::User => NtlmName::import(&Name::user(octets)).ok()?,
            Side::Service => NtlmName::import(&Name::hostbased_service(octets)).ok()?,
        };
        Some(Some(Arc::new(name)))
    }

    fn option(&mut self) -> Option<Option<&'a [u8]>> {
        match self.array()? {
            [0] => Some(None),
            [1] => {
                let length = usize::try_from(u32::from_be_bytes(self.array()?)).ok()?;
                let (octets, rest) = self.rest.split_at_checked(length)?;
                self.rest = rest;
                Some(Some(octets))
            }
            _ => None,
        }
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (octets, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*octets)
    }
}

/// Whose name it is.
#[derive(Clone, Copy)]
enum Side {
    User,
    Service,
}

const VERSION: u8 = 1;
/// All that has a fixed length, and an OID.
const ROOM: usize = 2 * Session::MAX_OCTETS + 128;
