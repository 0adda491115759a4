//! Whole-message encoding: size limits, APPLICATION tags and the constants behind them.

use der::asn1::{ApplicationRef, ContextSpecific, ContextSpecificRef};
use der::{
    Decode, DecodeValue, Encode, EncodeValue, FixedTag, Header, Length, Reader, SliceReader, Tag, TagMode, TagNumber,
    Writer,
};

use crate::Error;

/// The largest encoding that is decoded, in octets (1 MiB).
pub const MAX_MESSAGE: usize = 1 << 20;

/// A message that stands under an APPLICATION tag.
///
/// `DecodeValue` and `EncodeValue` of the implementing type cover the SEQUENCE's fields that follow
/// the constants.
pub(crate) trait Message: for<'a> DecodeValue<'a, Error = der::Error> + EncodeValue {
    /// The name in the RFC, for errors.
    const NAME: &'static str;
    /// The APPLICATION tag number.
    const APPLICATION: u32;
    /// `(context tag, value)` of the fields that never vary: `pvno` and `msg-type`.
    const CONSTANTS: &'static [(u32, i32)];
}

/// Decodes a message under the tag that its type states.
pub(crate) fn decode_message<T: Message>(octets: &[u8]) -> Result<T, Error> {
    decode_tagged(octets, &[T::APPLICATION])
}

/// Decodes a message under any of `tags`.
pub(crate) fn decode_tagged<T: Message>(octets: &[u8], tags: &[u32]) -> Result<T, Error> {
    decode_with(T::NAME, octets, |reader| {
        let header = application_header(reader, tags)?;
        reader.read_nested(header.length(), |reader| reader.sequence(decode_fields::<T, _>))
    })
}

/// Decodes a value that has no APPLICATION tag of its own.
pub(crate) fn decode_plain<'a, T: Decode<'a, Error = der::Error>>(
    what: &'static str,
    octets: &'a [u8],
) -> Result<T, Error> {
    decode_with(what, octets, T::decode)
}

/// Encodes a message under the tag that its type states.
pub(crate) fn encode_message<T: Message>(message: &T) -> Result<Vec<u8>, Error> {
    encode_tagged(message, T::APPLICATION)
}

/// Encodes a message under the APPLICATION tag `tag`.
pub(crate) fn encode_tagged<T: Message>(message: &T, tag: u32) -> Result<Vec<u8>, Error> {
    let envelope = ApplicationRef {
        tag_number: TagNumber(tag),
        tag_mode: TagMode::Explicit,
        value: &Fields(message),
    };
    encode_plain(T::NAME, &envelope)
}

/// Encodes a value that has no APPLICATION tag of its own.
pub(crate) fn encode_plain<T: Encode>(what: &'static str, value: &T) -> Result<Vec<u8>, Error> {
    value.to_der().map_err(|source| Error::Unencodable { what, source })
}

/// The octets within the field `[number]` of a message under any of `tags`.
pub(crate) fn raw_field<'a>(
    what: &'static str,
    message: &'a [u8],
    tags: &[u32],
    number: u32,
) -> Result<&'a [u8], Error> {
    decode_with(what, message, |reader| {
        let header = application_header(reader, tags)?;
        reader.read_nested(header.length(), |reader| {
            reader.sequence(|reader| find_field(reader, number))
        })
    })
}

/// Reads a SEQUENCE's fields to its end, and keeps one.
fn find_field<'a>(reader: &mut SliceReader<'a>, number: u32) -> der::Result<&'a [u8]> {
    let mut found = None;
    while !reader.is_finished() {
        let header = Header::decode(reader)?;
        let content = reader.read_slice(header.length())?;
        if header.tag().number() == TagNumber(number) {
            found = Some(content);
        }
    }
    found.ok_or_else(|| Tag::Sequence.value_error().into())
}

/// Reads the header of an APPLICATION tag, one of `tags`.
fn application_header<'a>(reader: &mut SliceReader<'a>, tags: &[u32]) -> der::Result<Header> {
    let header = Header::decode(reader)?;
    match header.tag() {
        Tag::Application {
            constructed: true,
            number,
        } if tags.contains(&number.value()) => Ok(header),
        other => Err(other.value_error().into()),
    }
}

fn decode_with<'a, T>(
    what: &'static str,
    octets: &'a [u8],
    decode: impl FnOnce(&mut SliceReader<'a>) -> der::Result<T>,
) -> Result<T, Error> {
    if octets.len() > MAX_MESSAGE {
        return Err(Error::TooLarge {
            what,
            octets: octets.len(),
        });
    }
    SliceReader::new(octets)
        .and_then(|mut reader| {
            let value = decode(&mut reader)?;
            reader.finish()?;
            Ok(value)
        })
        .map_err(|source| Error::Malformed { what, source })
}

fn decode_fields<'a, T: Message, R: Reader<'a>>(reader: &mut R) -> der::Result<T> {
    for (number, expected) in T::CONSTANTS {
        let number = TagNumber(*number);
        let field = ContextSpecific::<i32>::decode_explicit(reader, number)?;
        if field.map(|field| field.value) != Some(*expected) {
            return Err(Tag::ContextSpecific {
                constructed: true,
                number,
            }
            .value_error()
            .into());
        }
    }
    let header = Header::new(Tag::Sequence, reader.remaining_len());
    T::decode_value(reader, header)
}

/// The SEQUENCE of a message: its constants, then its fields.
struct Fields<'a, T>(&'a T);

impl<T: Message> Fields<'_, T> {
    fn constants() -> impl Iterator<Item = ContextSpecificRef<'static, i32>> {
        T::CONSTANTS.iter().map(|(number, value)| ContextSpecificRef {
            tag_number: TagNumber(*number),
            tag_mode: TagMode::Explicit,
            value,
        })
    }
}

impl<T: Message> FixedTag for Fields<'_, T> {
    const TAG: Tag = Tag::Sequence;
}

impl<T: Message> EncodeValue for Fields<'_, T> {
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "adding lengths is checked, and returns a Result"
    )]
    fn value_len(&self) -> der::Result<Length> {
        Self::constants().try_fold(self.0.value_len()?, |len, field| len + field.encoded_len()?)
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        for field in Self::constants() {
            field.encode(writer)?;
        }
        self.0.encode_value(writer)
    }
}

/// Gives a type under an APPLICATION tag its `from_der` and `to_der`.
macro_rules! message {
    ($type:ident, $name:literal, application $tag:literal, [$($constant:expr),*]) => {
        impl $crate::messages::codec::Message for $type {
            const NAME: &'static str = $name;
            const APPLICATION: u32 = $tag;
            const CONSTANTS: &'static [(u32, i32)] = &[$($constant),*];
        }

        impl $type {
            #[doc = concat!("Decodes the DER encoding of a whole ", $name, ".")]
            ///
            /// # Errors
            /// [`Error::Malformed`](crate::Error::Malformed) or
            /// [`Error::TooLarge`](crate::Error::TooLarge).
            pub fn from_der(octets: &[u8]) -> Result<Self, $crate::Error> {
                $crate::messages::codec::decode_message(octets)
            }

            #[doc = concat!("The DER encoding of this ", $name, ".")]
            ///
            /// # Errors
            /// [`Error::Unencodable`](crate::Error::Unencodable) if a value is out of its range.
            pub fn to_der(&self) -> Result<Vec<u8>, $crate::Error> {
                $crate::messages::codec::encode_message(self)
            }
        }
    };
}

/// Like `message!`, for contents that hold keys: the encoding is erased on drop.
macro_rules! secret_message {
    ($type:ident, $name:literal, application $tag:literal, [$($constant:expr),*]) => {
        impl $crate::messages::codec::Message for $type {
            const NAME: &'static str = $name;
            const APPLICATION: u32 = $tag;
            const CONSTANTS: &'static [(u32, i32)] = &[$($constant),*];
        }

        impl $type {
            #[doc = concat!("Decodes the DER encoding of a whole ", $name, ".")]
            ///
            /// # Errors
            /// [`Error::Malformed`](crate::Error::Malformed) or
            /// [`Error::TooLarge`](crate::Error::TooLarge).
            pub fn from_der(octets: &[u8]) -> Result<Self, $crate::Error> {
                $crate::messages::codec::decode_message(octets)
            }

            #[doc = concat!("The DER encoding of this ", $name, ", erased on drop: it holds a key.")]
            ///
            /// # Errors
            /// [`Error::Unencodable`](crate::Error::Unencodable) if a value is out of its range.
            pub fn to_der(&self) -> Result<zeroize::Zeroizing<Vec<u8>>, $crate::Error> {
                $crate::messages::codec::encode_message(self).map(zeroize::Zeroizing::new)
            }
        }
    };
}

/// Like `plain!`, for contents that hold keys: the encoding is erased on drop.
macro_rules! secret_plain {
    ($type:ident, $name:literal) => {
        impl $type {
            #[doc = concat!("Decodes the DER encoding of a whole ", $name, ".")]
            ///
            /// # Errors
            /// [`Error::Malformed`](crate::Error::Malformed) or
            /// [`Error::TooLarge`](crate::Error::TooLarge).
            pub fn from_der(octets: &[u8]) -> Result<Self, $crate::Error> {
                $crate::messages::codec::decode_plain($name, octets)
            }

            #[doc = concat!("The DER encoding of this ", $name, ", erased on drop: it holds a key.")]
            ///
            /// # Errors
            /// [`Error::Unencodable`](crate::Error::Unencodable) if a value is out of its range.
            pub fn to_der(&self) -> Result<zeroize::Zeroizing<Vec<u8>>, $crate::Error> {
                $crate::messages::codec::encode_plain($name, self).map(zeroize::Zeroizing::new)
            }
        }
    };
}

/// Gives a plain SEQUENCE its `from_der` and `to_der`.
macro_rules! plain {
    ($type:ident, $name:literal) => {
        impl $type {
            #[doc = concat!("Decodes the DER encoding of a whole ", $name, ".")]
            ///
            /// # Errors
            /// [`Error::Malformed`](crate::Error::Malformed) or
            /// [`Error::TooLarge`](crate::Error::TooLarge).
            pub fn from_der(octets: &[u8]) -> Result<Self, $crate::Error> {
                $crate::messages::codec::decode_plain($name, octets)
            }

            #[doc = concat!("The DER encoding of this ", $name, ".")]
            ///
            /// # Errors
            /// [`Error::Unencodable`](crate::Error::Unencodable) if a value is out of its range.
            pub fn to_der(&self) -> Result<Vec<u8>, $crate::Error> {
                $crate::messages::codec::encode_plain($name, self)
            }
        }
    };
}

/// A SEQUENCE OF as a type of its own, which dereferences to its `Vec`.
macro_rules! sequence_of {
    ($(#[$doc:meta])* $type:ident, $item:ty, $name:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $type(pub Vec<$item>);

        impl der::FixedTag for $type {
            const TAG: der::Tag = der::Tag::Sequence;
        }

        impl<'a> der::DecodeValue<'a> for $type {
            type Error = der::Error;

            fn decode_value<R: der::Reader<'a>>(reader: &mut R, header: der::Header) -> der::Result<Self> {
                Vec::decode_value(reader, header).map(Self)
            }
        }

        impl der::EncodeValue for $type {
            fn value_len(&self) -> der::Result<der::Length> {
                self.0.value_len()
            }

            fn encode_value(&self, writer: &mut impl der::Writer) -> der::Result<()> {
                self.0.encode_value(writer)
            }
        }

        impl std::ops::Deref for $type {
            type Target = Vec<$item>;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        impl std::ops::DerefMut for $type {
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.0
            }
        }

        impl From<Vec<$item>> for $type {
            fn from(items: Vec<$item>) -> Self {
                Self(items)
            }
        }

        plain!($type, $name);
    };
}
