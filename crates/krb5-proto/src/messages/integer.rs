//! Integers that peers encode in more than one way.

use der::{DecodeValue, EncodeValue, FixedTag, Header, Length, Reader, Tag, Writer};

/// A UInt32, RFC 4120 §5.2.4, as sequence numbers and nonces use it.
///
/// Old MIT and Heimdal releases encode the 32 bits as a *signed* integer, or with an octet 00 or FF
/// too many: all these forms decode to the value modulo 2^32. Encoding is minimal and unsigned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UInt32(pub u32);

/// A key version number: 32 bits.
///
/// RFC 4120 says UInt32; Windows, MIT and Heimdal encode it as a signed 32-bit integer, which
/// matters for read-only domain controllers, whose number stands in the upper half. Both forms
/// decode, the signed one is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kvno(pub u32);

impl From<u32> for UInt32 {
    fn from(value: u32) -> Self {
        Self(value)
    }
}

impl From<u32> for Kvno {
    fn from(value: u32) -> Self {
        Self(value)
    }
}

impl FixedTag for UInt32 {
    const TAG: Tag = Tag::Integer;
}

impl<'a> DecodeValue<'a> for UInt32 {
    type Error = der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> der::Result<Self> {
        let octets = reader.read_slice(header.length())?;
        modulo_2_32(octets)
            .map(Self)
            .ok_or_else(|| reader.error(Tag::Integer.value_error()))
    }
}

impl EncodeValue for UInt32 {
    fn value_len(&self) -> der::Result<Length> {
        self.0.value_len()
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        self.0.encode_value(writer)
    }
}

impl FixedTag for Kvno {
    const TAG: Tag = Tag::Integer;
}

impl<'a> DecodeValue<'a> for Kvno {
    type Error = der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> der::Result<Self> {
        UInt32::decode_value(reader, header).map(|value| Self(value.0))
    }
}

impl EncodeValue for Kvno {
    fn value_len(&self) -> der::Result<Length> {
        self.0.cast_signed().value_len()
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        self.0.cast_signed().encode_value(writer)
    }
}

/// The low 32 bits of a two's complement integer whose further octets are all 00 or all FF.
fn modulo_2_32(octets: &[u8]) -> Option<u32> {
    let first = *octets.first()?;
    let extra = octets.len().saturating_sub(4);
    let (extension, low) = octets.split_at_checked(extra)?;
    let uniform = extension.iter().all(|octet| *octet == first) && matches!(first, 0 | 0xff);
    if octets.len() > LONGEST || !(extension.is_empty() || uniform) {
        return None;
    }
    let fill = if first & 0x80 == 0 { 0 } else { u32::MAX };
    Some(low.iter().fold(fill, |value, octet| value << 8 | u32::from(*octet)))
}

/// Eight octets and a sign octet: no sender is known to write more.
const LONGEST: usize = 9;

#[cfg(test)]
mod tests;
