use std::fmt;

use der::{DecodeValue, EncodeValue, FixedTag, Header, Length, Reader, Tag, Writer};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// An OCTET STRING that may hold a key: erased on drop, and shown by its length only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretOctets(Zeroizing<Vec<u8>>);

impl SecretOctets {
    /// The octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::ops::Deref for SecretOctets {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for SecretOctets {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for SecretOctets {
    fn from(octets: Vec<u8>) -> Self {
        Self(Zeroizing::new(octets))
    }
}

impl From<Zeroizing<Vec<u8>>> for SecretOctets {
    fn from(octets: Zeroizing<Vec<u8>>) -> Self {
        Self(octets)
    }
}

/// By its only field.
impl ZeroizeOnDrop for SecretOctets {}

impl fmt::Debug for SecretOctets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretOctets({})", self.0.len())
    }
}

impl FixedTag for SecretOctets {
    const TAG: Tag = Tag::OctetString;
}

impl<'a> DecodeValue<'a> for SecretOctets {
    type Error = der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> der::Result<Self> {
        reader.read_slice(header.length()).map(|octets| octets.to_vec().into())
    }
}

impl EncodeValue for SecretOctets {
    fn value_len(&self) -> der::Result<Length> {
        Length::try_from(self.0.len())
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        writer.write(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::{Checksum, EncryptedData};

    fn erased_on_drop(_: &impl ZeroizeOnDrop) {}

    #[test]
    fn what_may_hold_a_key_in_the_clear_is_erased_on_drop_and_not_shown() {
        let checksum = Checksum {
            cksumtype: 0x8003,
            checksum: vec![211, 212].into(),
        };
        let data = EncryptedData {
            etype: 0,
            kvno: None,
            cipher: vec![211, 212].into(),
        };
        erased_on_drop(&checksum.checksum);
        erased_on_drop(&data.cipher);
        assert!(!format!("{checksum:?} {data:?}").contains("211"));
    }
}
