//! Credentials that travel inside a context's first token, RFC 4121 §4.1.1.1.

use krb5_crypto::Key;
use krb5_proto::exchange::cred;
use krb5_proto::{Credentials, Timestamp};

use crate::error::KerberosError;

/// The KRB-CRED of `forwarded` under the ticket's session key, where every acceptor looks for it.
///
/// # Errors
/// [`KerberosError::DelegationTooLong`] if the checksum's 16-bit length cannot count it;
/// [`KerberosError::Protocol`].
pub(crate) fn krb_cred(forwarded: Credentials, session_key: &Key, now: Timestamp) -> Result<Vec<u8>, KerberosError> {
    let octets = cred::build(&[forwarded], session_key, now)?;
    match u16::try_from(octets.len()) {
        Ok(_) => Ok(octets),
        Err(_) => Err(KerberosError::DelegationTooLong(octets.len())),
    }
}

/// Reads the KRB-CRED of an authenticator's checksum: under the session key, or as old peers make it under the
/// initiator's subkey, or as Heimdal does in the clear, since the authenticator is encrypted.
///
/// # Errors
/// [`KerberosError::Delegated`] if it holds no usable credential; the peer is at fault.
pub(crate) fn receive(
    krb_cred: &[u8],
    session_key: &Key,
    subkey: Option<&Key>,
) -> Result<Vec<Credentials>, KerberosError> {
    let keys: Vec<&Key> = [session_key].into_iter().chain(subkey).collect();
    cred::read_within_authenticator(krb_cred, &keys).map_err(KerberosError::Delegated)
}

#[cfg(test)]
mod tests;
