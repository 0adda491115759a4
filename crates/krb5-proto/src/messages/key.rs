//! EncryptionKey, EncryptedData and Checksum, RFC 4120 §5.2.9.

use std::fmt;

use der::Sequence;
use krb5_crypto::{CryptoProvider, Enctype, Key};

use super::integer::Kvno;
use super::secret::SecretOctets;
use crate::Error;

/// A key on the wire or in a file, of any encryption type, known or not.
///
/// ```text
/// EncryptionKey ::= SEQUENCE {
///     keytype  [0] Int32,
///     keyvalue [1] OCTET STRING
/// }
/// ```
///
/// The octets are erased on drop and never shown. There is no `Clone`: share it in an `Arc`.
#[derive(Sequence)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct EncryptionKey {
    /// The encryption type's number; negative for private ones.
    #[asn1(context_specific = "0")]
    pub keytype: i32,
    #[asn1(context_specific = "1")]
    keyvalue: SecretOctets,
}

impl EncryptionKey {
    /// Takes the key's octets.
    #[must_use]
    pub fn new(keytype: i32, octets: Vec<u8>) -> Self {
        Self {
            keytype,
            keyvalue: octets.into(),
        }
    }

    /// The key as one that encrypts.
    ///
    /// # Errors
    /// [`Error::Crypto`] if the type is not supported or the length is not that of the type.
    pub fn to_key(&self, provider: &'static CryptoProvider) -> Result<Key, Error> {
        Enctype::from_number(self.keytype)
            .ok_or(krb5_crypto::Error::UnsupportedEnctype(self.keytype))
            .and_then(|etype| Key::new(provider, etype, self.expose()))
            .map_err(|source| Error::Crypto {
                doing: "using a key",
                source,
            })
    }

    /// The key's octets.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.keyvalue
    }
}

secret_plain!(EncryptionKey, "EncryptionKey");

impl From<&Key> for EncryptionKey {
    fn from(key: &Key) -> Self {
        Self::new(key.enctype().number(), key.expose().to_vec())
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptionKey")
            .field("keytype", &self.keytype)
            .finish_non_exhaustive()
    }
}

/// ```text
/// EncryptedData ::= SEQUENCE {
///     etype  [0] Int32,
///     kvno   [1] UInt32 OPTIONAL,
///     cipher [2] OCTET STRING
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct EncryptedData {
    /// The encryption type's number.
    #[asn1(context_specific = "0")]
    pub etype: i32,
    /// The version of the long-term key, where one was used.
    #[asn1(context_specific = "1", optional = "true")]
    pub kvno: Option<Kvno>,
    /// Confounder, ciphertext and integrity tag as the encryption type lays them out; of type 0, the plaintext.
    #[asn1(context_specific = "2")]
    pub cipher: SecretOctets,
}

plain!(EncryptedData, "EncryptedData");

/// ```text
/// Checksum ::= SEQUENCE {
///     cksumtype [0] Int32,
///     checksum  [1] OCTET STRING
/// }
/// ```
///
/// As it stands in a message. It is not compared with `==`: verify it under a key.
#[derive(Clone, Debug, Sequence)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct Checksum {
    /// The checksum type's number; 0x8003 is the one of RFC 4121 §4.1.1.
    #[asn1(context_specific = "0")]
    pub cksumtype: i32,
    /// Its octets; of type 0x8003, perhaps with a KRB-CRED in the clear.
    #[asn1(context_specific = "1")]
    pub checksum: SecretOctets,
}

plain!(Checksum, "Checksum");
