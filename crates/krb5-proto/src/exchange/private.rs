//! KRB-PRIV: a message that only the peer of an AP exchange can read and make, RFC 4120 §3.5.

use std::time::Duration;

use krb5_crypto::{Key, KeyUsage};

use crate::messages::{EncKrbPrivPart, EncryptedData, HostAddress, KrbPriv, SecretOctets};
use crate::{Error, KerberosTime};

/// What a KRB-PRIV must be like to be taken.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The sequence number that the sender has announced for it. Without one, the message must have a time.
    pub sequence: Option<u32>,
    /// The addresses that it may be for, if it says for which one; none means any.
    pub own: &'a [HostAddress],
    /// The sender's time, as far as it is known.
    pub now: KerberosTime,
    /// How far the time in the message may be from that.
    pub clock_skew: Duration,
}

/// Makes a KRB-PRIV of `user_data` under `key`, with the sequence number that its sender has announced.
///
/// # Errors
/// [`Error::Crypto`], [`Error::Unencodable`].
pub fn seal(key: &Key, user_data: SecretOctets, sequence: u32, sender: HostAddress) -> Result<Vec<u8>, Error> {
    let part = EncKrbPrivPart {
        user_data,
        timestamp: None,
        usec: None,
        seq_number: Some(sequence.into()),
        s_address: sender,
        r_address: None,
    };
    let cipher = key
        .encrypt(KeyUsage::KRB_PRIV, &part.to_der()?)
        .map_err(|source| Error::Crypto {
            doing: "encrypting the KRB-PRIV",
            source,
        })?;
    let enc_part = EncryptedData {
        etype: key.enctype().number(),
        kvno: None,
        cipher: cipher.into(),
    };
    KrbPriv { enc_part }.to_der()
}

/// Reads a KRB-PRIV under `key`, and checks its order, time and address.
///
/// The sender's address is not looked at: translation of addresses changes it on the way.
///
/// # Errors
/// [`Error::Integrity`], [`Error::PrivateOrder`], [`Error::ClockSkew`], [`Error::PrivateAddress`], [`Error::Malformed`].
pub fn open(krb_priv: &[u8], key: &Key, expected: &Expected<'_>) -> Result<SecretOctets, Error> {
    let data = KrbPriv::from_der(krb_priv)?.enc_part;
    let part = EncKrbPrivPart::from_der(&super::ap::decrypt(key, KeyUsage::KRB_PRIV, &data, "the KRB-PRIV")?)?;
    expected.check(&part)?;
    Ok(part.user_data)
}

/// An address that says only which side sends, for senders that do not know their own.
///
/// MIT's name for these is *directional*: type 3, and 0 for the initiator or 1 for the acceptor.
#[must_use]
pub fn directional(side: Side) -> HostAddress {
    let octets: [u8; 4] = match side {
        Side::Initiator => [0, 0, 0, 0],
        Side::Acceptor => [0, 0, 0, 1],
    };
    HostAddress {
        addr_type: ADDRTYPE_DIRECTIONAL,
        address: octets[..].into(),
    }
}

/// A side of an AP exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Who sent the AP-REQ.
    Initiator,
    /// Who answered it.
    Acceptor,
}

impl Expected<'_> {
    fn check(&self, part: &EncKrbPrivPart) -> Result<(), Error> {
        let received = part.seq_number.map(|number| number.0);
        let in_order = match self.sequence {
            Some(_) => received == self.sequence,
            None => received.is_none() && part.timestamp.is_some(),
        };
        if !in_order {
            return Err(Error::PrivateOrder {
                received,
                expected: self.sequence,
            });
        }
        if let Some(time) = part.timestamp {
            let seconds = time.since(self.now);
            let allowed = self.clock_skew.as_secs();
            if seconds.unsigned_abs() > allowed {
                return Err(Error::ClockSkew { seconds, allowed });
            }
        }
        match &part.r_address {
            Some(address) if !self.own.is_empty() && !self.own.contains(address) => Err(Error::PrivateAddress),
            _ => Ok(()),
        }
    }
}

const ADDRTYPE_DIRECTIONAL: i32 = 3;

#[cfg(test)]
mod tests;
