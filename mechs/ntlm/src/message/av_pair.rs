//! AV_PAIR, [MS-NLMP] §2.2.2.1: what a server tells of itself, and a client adds to it.

use std::collections::BTreeSet;
use std::fmt;

use crate::message::{Field, MessageError};
use crate::utf16;

/// The kind of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AvId(pub u16);

impl AvId {
    /// The server's NetBIOS name.
    pub const NB_COMPUTER_NAME: Self = Self(1);
    /// The NetBIOS name of the server's domain.
    pub const NB_DOMAIN_NAME: Self = Self(2);
    /// The server's DNS name.
    pub const DNS_COMPUTER_NAME: Self = Self(3);
    /// The DNS name of the server's domain.
    pub const DNS_DOMAIN_NAME: Self = Self(4);
    /// The DNS name of the server's forest.
    pub const DNS_TREE_NAME: Self = Self(5);
    /// [`AvFlags`].
    pub const FLAGS: Self = Self(6);
    /// The server's time, a FILETIME.
    pub const TIMESTAMP: Self = Self(7);
    /// What a machine knows itself by.
    pub const SINGLE_HOST: Self = Self(8);
    /// The SPN that the client means.
    pub const TARGET_NAME: Self = Self(9);
    /// The MD5 of the client's channel bindings.
    pub const CHANNEL_BINDINGS: Self = Self(10);

    fn is_text(self) -> bool {
        matches!(self.0, 1..=5 | 9)
    }

    /// Whether a value of `length` octets can be one.
    fn allows(self, length: usize) -> bool {
        match self {
            Self::FLAGS => length == 4,
            Self::TIMESTAMP => length == 8,
            Self::CHANNEL_BINDINGS => length == 16,
            Self::SINGLE_HOST => length >= 48,
            _ => true,
        }
    }
}

impl fmt::Display for AvId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            1 => "MsvAvNbComputerName",
            2 => "MsvAvNbDomainName",
            3 => "MsvAvDnsComputerName",
            4 => "MsvAvDnsDomainName",
            5 => "MsvAvDnsTreeName",
            6 => "MsvAvFlags",
            7 => "MsvAvTimestamp",
            8 => "MsvAvSingleHost",
            9 => "MsvAvTargetName",
            10 => "MsvAvChannelBindings",
            other => return write!(f, "{other}"),
        })
    }
}

bitflags::bitflags! {
    /// The value of MsvAvFlags.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct AvFlags: u32 {
        /// The account is constrained.
        const CONSTRAINED = 1;
        /// The AUTHENTICATE has a MIC.
        const MIC = 2;
        /// The SPN is from an untrusted source.
        const UNTRUSTED_SPN = 4;

        const _ = !0;
    }
}

/// An attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvPair {
    /// Its kind.
    pub id: AvId,
    /// Its octets.
    pub value: Vec<u8>,
}

/// Attributes in their order, none of them twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetInfo {
    pairs: Vec<AvPair>,
}

impl TargetInfo {
    /// Reads a list up to its end, and returns what follows that: clients add four zeros, some fewer or more.
    ///
    /// ```text
    /// 0..1   AvId, little-endian
    /// 2..3   AvLen, little-endian
    /// 4..    Value
    /// …      and so on, until AvId and AvLen are 0
    /// ```
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn parse(octets: &[u8]) -> Result<(Self, &[u8]), MessageError> {
        let mut pairs = Vec::new();
        let mut seen = BTreeSet::new();
        let mut rest = octets;
        loop {
            let ([i0, i1, l0, l1], tail) = rest.split_first_chunk().ok_or(MessageError::AvTruncated)?;
            let id = AvId(u16::from_le_bytes([*i0, *i1]));
            let length = usize::from(u16::from_le_bytes([*l0, *l1]));
            match (id, length) {
                (END, 0) => return Ok((Self { pairs }, tail)),
                (END, _) => return Err(MessageError::AvEnd),
                _ => {}
            }
            let (value, tail) = tail.split_at_checked(length).ok_or(MessageError::AvTruncated)?;
            if !id.allows(length) {
                return Err(MessageError::AvLength { id, length });
            }
            if id.is_text() && utf16::from_octets(value).is_none() {
                return Err(MessageError::AvText(id));
            }
            if !seen.insert(id) {
                return Err(MessageError::AvDuplicate(id));
            }
            pairs.push(AvPair {
                id,
                value: value.to_vec(),
            });
            rest = tail;
        }
    }

    /// Writes the list and its end.
    ///
    /// # Errors
    /// [`MessageError::TooLong`].
    pub fn to_octets(&self) -> Result<Vec<u8>, MessageError> {
        let mut octets = Vec::new();
        for pair in &self.pairs {
            let length = u16::try_from(pair.value.len()).map_err(|_| MessageError::TooLong(Field::TargetInfo))?;
            octets.extend_from_slice(&pair.id.0.to_le_bytes());
            octets.extend_from_slice(&length.to_le_bytes());
            octets.extend_from_slice(&pair.value);
        }
        octets.extend_from_slice(&[0; 4]);
        Ok(octets)
    }

    /// The attributes in their order.
    #[must_use]
    pub fn pairs(&self) -> &[AvPair] {
        &self.pairs
    }

    /// The octets of an attribute.
    #[must_use]
    pub fn value(&self, id: AvId) -> Option<&[u8]> {
        self.pairs.iter().find(|pair| pair.id == id).map(|pair| &*pair.value)
    }

    /// The same with an attribute in the place of the one of that kind, or behind all others.
    #[must_use]
    pub fn with(mut self, id: AvId, value: impl Into<Vec<u8>>) -> Self {
        let value = value.into();
        match self.pairs.iter_mut().find(|pair| pair.id == id) {
            Some(pair) => pair.value = value,
            None => self.pairs.push(AvPair { id, value }),
        }
        self
    }

    /// The same with an attribute that is text.
    #[must_use]
    pub fn with_text(self, id: AvId, text: &str) -> Self {
        self.with(id, utf16::to_octets(text.encode_utf16()))
    }

    /// An attribute that is text.
    #[must_use]
    pub fn text(&self, id: AvId) -> Option<String> {
        self.value(id).and_then(utf16::from_octets)
    }

    /// MsvAvFlags; none set where there are none.
    #[must_use]
    pub fn flags(&self) -> AvFlags {
        let octets = self.value(AvId::FLAGS).and_then(<[u8]>::first_chunk);
        octets.map_or(AvFlags::empty(), |octets| {
            AvFlags::from_bits_retain(u32::from_le_bytes(*octets))
        })
    }

    /// MsvAvTimestamp, in tenths of microseconds since 1601.
    #[must_use]
    pub fn timestamp(&self) -> Option<u64> {
        let octets = self.value(AvId::TIMESTAMP).and_then(<[u8]>::first_chunk);
        octets.map(|octets| u64::from_le_bytes(*octets))
    }

    /// MsvAvChannelBindings; `None` also for zeros, by which clients say that they bind nothing.
    #[must_use]
    pub fn channel_bindings(&self) -> Option<&[u8]> {
        self.value(AvId::CHANNEL_BINDINGS)
            .filter(|hash| hash.iter().any(|octet| *octet != 0))
    }
}

/// MsvAvEOL.
const END: AvId = AvId(0);
