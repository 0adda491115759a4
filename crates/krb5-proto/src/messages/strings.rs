//! Counted octets: KerberosString, Realm and OCTET STRING.

use std::fmt;

use der::{DecodeValue, EncodeValue, FixedTag, Header, Length, Reader, Tag, Writer};

/// A string type on counted octets with its DER tag.
macro_rules! octets {
    ($(#[$doc:meta])* $type:ident, $tag:expr) => {
        $(#[$doc])*
        #[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(Vec<u8>);

        impl $type {
            /// Takes the octets as they are.
            pub fn new(octets: impl Into<Vec<u8>>) -> Self {
                Self(octets.into())
            }

            /// The octets.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }

            /// The octets, by value.
            #[must_use]
            pub fn into_bytes(self) -> Vec<u8> {
                self.0
            }

            /// The text, if the octets are UTF-8.
            #[must_use]
            pub fn as_str(&self) -> Option<&str> {
                std::str::from_utf8(&self.0).ok()
            }
        }

        impl std::ops::Deref for $type {
            type Target = [u8];

            fn deref(&self) -> &[u8] {
                &self.0
            }
        }

        impl AsRef<[u8]> for $type {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        impl From<Vec<u8>> for $type {
            fn from(octets: Vec<u8>) -> Self {
                Self(octets)
            }
        }

        impl From<&[u8]> for $type {
            fn from(octets: &[u8]) -> Self {
                Self(octets.to_vec())
            }
        }

        impl From<&str> for $type {
            fn from(text: &str) -> Self {
                Self(text.as_bytes().to_vec())
            }
        }

        impl From<String> for $type {
            fn from(text: String) -> Self {
                Self(text.into_bytes())
            }
        }

        impl PartialEq<str> for $type {
            fn eq(&self, other: &str) -> bool {
                self.0 == other.as_bytes()
            }
        }

        impl PartialEq<&str> for $type {
            fn eq(&self, other: &&str) -> bool {
                self.0 == other.as_bytes()
            }
        }

        impl FixedTag for $type {
            const TAG: Tag = $tag;
        }

        impl<'a> DecodeValue<'a> for $type {
            type Error = der::Error;

            fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> der::Result<Self> {
                reader.read_slice(header.length()).map(|octets| Self(octets.to_vec()))
            }
        }

        impl EncodeValue for $type {
            fn value_len(&self) -> der::Result<Length> {
                Length::try_from(self.0.len())
            }

            fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
                writer.write(&self.0)
            }
        }
    };
}

octets! {
    /// A KerberosString, RFC 4120 §5.2.1: a GeneralString whose octets are not interpreted.
    ///
    /// Comparison and hashing are on the counted octets; embedded NULs are ordinary octets.
    KerberosString, Tag::GeneralString
}

octets! {
    /// A realm name, RFC 4120 §5.2.2 and §6.1, on counted octets.
    Realm, Tag::GeneralString
}

octets! {
    /// An OCTET STRING.
    Octets, Tag::OctetString
}

/// One component of a principal name.
pub type Component = KerberosString;

/// Shows octets for a person: UTF-8 as it is, controls and stray octets as `\xHH`.
pub(crate) fn show(octets: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for chunk in octets.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() {
                show_raw(c.encode_utf8(&mut [0; 4]).as_bytes(), f)?;
            } else {
                write!(f, "{c}")?;
            }
        }
        show_raw(chunk.invalid(), f)?;
    }
    Ok(())
}

fn show_raw(octets: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    octets.iter().try_for_each(|octet| write!(f, "\\x{octet:02x}"))
}

impl fmt::Display for KerberosString {
    /// For a person; not reversible, see [`crate::Principal`] for that.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(&self.0, f)
    }
}

impl fmt::Display for Realm {
    /// For a person; not reversible, see [`crate::Principal`] for that.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(&self.0, f)
    }
}

impl fmt::Debug for KerberosString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

impl fmt::Debug for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Octets({})", self.0.len())
    }
}
