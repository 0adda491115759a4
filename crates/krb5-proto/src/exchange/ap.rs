//! The AP exchange, RFC 4120 §3.2: a client proves itself to a server, and the server to it.

mod accept;
mod initiate;
mod uniqueness;

#[cfg(test)]
mod tests;

pub use accept::{AcceptPolicy, Accepted, AcceptorSubkey, TransitedPolicy, accept};
pub use initiate::{ApInitiate, ApInitiated, ApReplied, InitialSequence, initiate};
pub(super) use initiate::{make_subkey, seal};
pub(super) use uniqueness::unique;

pub use crate::KeyLookup;

use std::sync::Arc;

use krb5_crypto::{Key, KeyUsage};

use crate::messages::{ApRep, EncApRepPart, EncryptedData};
use crate::{EncryptionKey, Error, Timestamp};

/// Encrypts an EncAPRepPart under the session key.
fn encrypt_rep(
    session_key: &Key,
    time: Timestamp,
    subkey: Option<&Arc<Key>>,
    sequence: Option<u32>,
) -> Result<Vec<u8>, Error> {
    let part = EncApRepPart {
        ctime: time.time,
        cusec: time.microseconds(),
        subkey: subkey.map(|key| EncryptionKey::from(key.as_ref())),
        seq_number: sequence.map(Into::into),
    };
    let cipher = session_key
        .encrypt(KeyUsage::AP_REP, &part.to_der()?)
        .map_err(|source| Error::Crypto {
            doing: "encrypting the AP-REP",
            source,
        })?;
    let enc_part = EncryptedData {
        etype: session_key.enctype().number(),
        kvno: None,
        cipher: cipher.into(),
    };
    ApRep { enc_part }.to_der()
}

/// Decrypts an AP-REP.
fn decrypt_rep(session_key: &Key, ap_rep: &[u8]) -> Result<EncApRepPart, Error> {
    let rep = ApRep::from_der(ap_rep)?;
    let plaintext = decrypt(session_key, KeyUsage::AP_REP, &rep.enc_part, "AP-REP")?;
    EncApRepPart::from_der(&plaintext)
}

/// Decrypts `data`, which must be of the key's encryption type.
pub(super) fn decrypt(
    key: &Key,
    usage: KeyUsage,
    data: &EncryptedData,
    what: &'static str,
) -> Result<zeroize::Zeroizing<Vec<u8>>, Error> {
    if data.etype != key.enctype().number() {
        return Err(Error::Integrity { what });
    }
    key.decrypt(usage, &data.cipher).map_err(|source| match source {
        krb5_crypto::Error::Integrity | krb5_crypto::Error::CiphertextTooShort { .. } => Error::Integrity { what },
        source => Error::Crypto {
            doing: "decrypting",
            source,
        },
    })
}
