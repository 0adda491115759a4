//! The checksum of the authenticator, type 0x8003: flags, channel bindings and delegation (RFC 4121 §4.1.1).

use gss_core::{ChannelBindings, Flags};
use krb5_crypto::CryptoProvider;

use crate::error::KerberosError;

#[cfg(test)]
mod tests;

/// The checksum type of RFC 4121 §4.1.1. It is no checksum at all, but a container.
pub(crate) const CHECKSUM_TYPE: i32 = 0x8003;

/// The length of the bindings hash, in octets.
const BINDINGS_LEN: usize = 16;
/// KRB_DELEG: the only defined delegation option.
const DELEGATION_OPTION: u16 = 1;

/// MD5 over the channel bindings, RFC 4121 §4.1.1.2.
pub(crate) type BindingsHash = [u8; BINDINGS_LEN];

/// No bindings.
pub(crate) const NO_BINDINGS: BindingsHash = [0; BINDINGS_LEN];

/// The content of the checksum; integers are little-endian.
///
/// ```text
/// 0..3     Lgth    16
/// 4..19    Bnd     MD5 of the channel bindings, or zeros
/// 20..23   Flags   of the context
/// 24..25   DlgOpt  1                             only with DELEG, as the next two
/// 26..27   Dlgth   length of Deleg
/// 28..     Deleg   KRB-CRED
/// then     Exts    type and length (big-endian), value; unknown ones are ignored
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GssChecksum<'a> {
    pub(crate) bindings: BindingsHash,
    pub(crate) flags: Flags,
    /// A KRB-CRED. Without the flag DELEG there is none; with it there may be none either, as from Windows in DCE style.
    pub(crate) delegated: Option<&'a [u8]>,
}

impl<'a> GssChecksum<'a> {
    /// Reads the checksum of an authenticator.
    ///
    /// # Errors
    /// [`KerberosError::Checksum`] if it is malformed; the peer is at fault.
    pub(crate) fn parse(octets: &'a [u8]) -> Result<Self, KerberosError> {
        Self::read(octets).ok_or(KerberosError::Checksum)
    }

    fn read(octets: &'a [u8]) -> Option<Self> {
        let (length, rest) = octets.split_first_chunk::<4>()?;
        if usize::try_from(u32::from_le_bytes(*length)).ok()? != BINDINGS_LEN {
            return None;
        }
        let (bindings, rest) = rest.split_first_chunk::<BINDINGS_LEN>()?;
        let (flags, rest) = rest.split_first_chunk::<4>()?;
        let flags = Flags::from_bits_retain(u32::from_le_bytes(*flags));
        let delegated = if flags.contains(Flags::DELEG) && !rest.is_empty() {
            Some(read_delegation(rest)?)
        } else {
            None
        };
        Some(Self {
            bindings: *bindings,
            flags,
            delegated,
        })
    }

    /// # Errors
    /// [`KerberosError::DelegationTooLong`] if the KRB-CRED does not fit its 16-bit length.
    pub(crate) fn to_octets(&self) -> Result<Vec<u8>, KerberosError> {
        let mut octets = vec![16, 0, 0, 0];
        octets.extend_from_slice(&self.bindings);
        octets.extend_from_slice(&self.flags.bits().to_le_bytes());
        if let Some(delegated) = self.delegated {
            let too_long = |_| KerberosError::DelegationTooLong(delegated.len());
            let length = u16::try_from(delegated.len()).map_err(too_long)?;
            octets.extend_from_slice(&DELEGATION_OPTION.to_le_bytes());
            octets.extend_from_slice(&length.to_le_bytes());
            octets.extend_from_slice(delegated);
        }
        Ok(octets)
    }
}

fn read_delegation(octets: &[u8]) -> Option<&[u8]> {
    let (option, rest) = octets.split_first_chunk::<2>()?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    if u16::from_le_bytes(*option) != DELEGATION_OPTION {
        return None;
    }
    rest.get(..usize::from(u16::from_le_bytes(*length)))
}

/// The hash of channel bindings, RFC 4121 §4.1.1.2.
pub(crate) fn bindings_hash(provider: &CryptoProvider, bindings: &ChannelBindings) -> BindingsHash {
    let digest = provider.md5.hash(&[&bindings.to_octets()]);
    let mut hash = NO_BINDINGS;
    hash.iter_mut()
        .zip(digest.expose())
        .for_each(|(octet, digested)| *octet = *digested);
    hash
}
