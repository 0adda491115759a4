//! EncryptionKey, EncryptedData and Checksum, RFC 4120 §5.2.9.

use std::fmt;

use der::{DecodeValue, EncodeValue, FixedTag, Header, Length, Reader, Sequence, Tag, Writer};
use krb5_crypto::{CryptoProvider, Enctype, Key};
use zeroize::Zeroizing;

use super::integer::Kvno;
use super::strings::Octets;
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
    keyvalue: KeyOctets,
}

/// The octets of a key.
struct KeyOctets(Zeroizing<Vec<u8>>);

impl EncryptionKey {
    /// Takes the key's octets.
    #[must_use]
    pub fn new(keytype: i32, octets: Vec<u8>) -> Self {
        Self {
            keytype,
            keyvalue: KeyOctets(Zeroizing::new(octets)),
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
        &self.keyvalue.0
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

impl FixedTag for KeyOctets {
    const TAG: Tag = Tag::OctetString;
}

impl<'a> DecodeValue<'a> for KeyOctets {
    type Error = der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> der::Result<Self> {
        let octets = reader.read_slice(header.length())?;
        Ok(Self(Zeroizing::new(octets.to_vec())))
    }
}

impl EncodeValue for KeyOctets {
    fn value_len(&self) -> der::Result<Length> {
        Length::try_from(self.0.len())
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        writer.write(&self.0)
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
    /// Confounder, ciphertext and integrity tag as the encryption type lays them out.
    #[asn1(context_specific = "2")]
    pub cipher: Octets,
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
    /// Its octets.
    #[asn1(context_specific = "1")]
    pub checksum: Octets,
}

plain!(Checksum, "Checksum");
