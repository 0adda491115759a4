//! Integers and counted octets of cache and keytab files.

use zeroize::Zeroizing;

use crate::error::FormatFault;

/// The order of the octets of an integer. Old formats have that of the machine that wrote them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    Big,
    Little,
}

impl ByteOrder {
    pub(crate) const NATIVE: Self = if cfg!(target_endian = "big") {
        Self::Big
    } else {
        Self::Little
    };

    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Big => Self::Little,
            Self::Little => Self::Big,
        }
    }
}

/// What is left to read. A failed read leaves it where it was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    offset: usize,
    order: ByteOrder,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(octets: &'a [u8], order: ByteOrder) -> Self {
        Self {
            rest: octets,
            offset: 0,
            order,
        }
    }

    /// Where it stands, from the start of the file.
    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], FormatFault> {
        let truncated = FormatFault::Truncated { offset: self.offset };
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(truncated)?;
        self.rest = rest;
        self.offset = self.offset.saturating_add(count);
        Ok(taken)
    }

    /// A reader of the next `count` octets alone.
    pub(crate) fn part(&mut self, count: usize) -> Result<Self, FormatFault> {
        let Self { offset, order, .. } = *self;
        Ok(Self {
            rest: self.take(count)?,
            offset,
            order,
        })
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FormatFault> {
        let truncated = FormatFault::Truncated { offset: self.offset };
        self.take(N)?.try_into().map_err(|_| truncated)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, FormatFault> {
        let [octet] = self.array()?;
        Ok(octet)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, FormatFault> {
        let octets = self.array()?;
        Ok(match self.order {
            ByteOrder::Big => u16::from_be_bytes(octets),
            ByteOrder::Little => u16::from_le_bytes(octets),
        })
    }

    pub(crate) fn i16(&mut self) -> Result<i16, FormatFault> {
        self.u16().map(u16::cast_signed)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, FormatFault> {
        let octets = self.array()?;
        Ok(match self.order {
            ByteOrder::Big => u32::from_be_bytes(octets),
            ByteOrder::Little => u32::from_le_bytes(octets),
        })
    }

    pub(crate) fn i32(&mut self) -> Result<i32, FormatFault> {
        self.u32().map(u32::cast_signed)
    }

    /// A 32-bit length and as many octets.
    pub(crate) fn counted32(&mut self) -> Result<&'a [u8], FormatFault> {
        let mut ahead = *self;
        let truncated = FormatFault::Truncated { offset: self.offset };
        let count = usize::try_from(ahead.u32()?).map_err(|_| truncated)?;
        let octets = ahead.take(count).map_err(|_| truncated)?;
        *self = ahead;
        Ok(octets)
    }

    /// A 16-bit length and as many octets.
    pub(crate) fn counted16(&mut self) -> Result<&'a [u8], FormatFault> {
        let mut ahead = *self;
        let truncated = FormatFault::Truncated { offset: self.offset };
        let count = usize::from(ahead.u16()?);
        let octets = ahead.take(count).map_err(|_| truncated)?;
        *self = ahead;
        Ok(octets)
    }
}

/// Octets under construction; they may hold keys, so they are zeroised.
pub(crate) struct Writer {
    octets: Zeroizing<Vec<u8>>,
    order: ByteOrder,
}

impl Writer {
    pub(crate) fn new(order: ByteOrder) -> Self {
        Self {
            octets: Zeroizing::new(Vec::new()),
            order,
        }
    }

    pub(crate) fn finish(self) -> Zeroizing<Vec<u8>> {
        self.octets
    }

    pub(crate) fn len(&self) -> usize {
        self.octets.len()
    }

    /// Appends. A plain `Vec` would leave unzeroised copies behind when it grows.
    pub(crate) fn put(&mut self, octets: &[u8]) {
        let needed = self.octets.len().saturating_add(octets.len());
        if needed > self.octets.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(needed.saturating_mul(2).max(1024)));
            larger.extend_from_slice(&self.octets);
            self.octets = larger;
        }
        self.octets.extend_from_slice(octets);
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.put(&[value]);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        match self.order {
            ByteOrder::Big => self.put(&value.to_be_bytes()),
            ByteOrder::Little => self.put(&value.to_le_bytes()),
        }
    }

    pub(crate) fn u32(&mut self, value: u32) {
        match self.order {
            ByteOrder::Big => self.put(&value.to_be_bytes()),
            ByteOrder::Little => self.put(&value.to_le_bytes()),
        }
    }

    pub(crate) fn i32(&mut self, value: i32) {
        self.u32(value.cast_unsigned());
    }

    /// A 32-bit count.
    pub(crate) fn count32(&mut self, count: usize, what: &'static str) -> Result<(), FormatFault> {
        let too_many = FormatFault::Limit {
            what,
            limit: MAX_COUNT32,
        };
        self.u32(u32::try_from(count).map_err(|_| too_many)?);
        Ok(())
    }

    pub(crate) fn counted32(&mut self, octets: &[u8]) -> Result<(), FormatFault> {
        self.count32(octets.len(), "octets in one field")?;
        self.put(octets);
        Ok(())
    }

    /// A 16-bit count.
    pub(crate) fn count16(&mut self, count: usize, what: &'static str) -> Result<(), FormatFault> {
        let too_many = FormatFault::Limit {
            what,
            limit: usize::from(u16::MAX),
        };
        self.u16(u16::try_from(count).map_err(|_| too_many)?);
        Ok(())
    }

    pub(crate) fn counted16(&mut self, octets: &[u8]) -> Result<(), FormatFault> {
        self.count16(octets.len(), "octets in one field")?;
        self.put(octets);
        Ok(())
    }

    /// A number that has to fit in 16 signed bits, such as an enctype.
    pub(crate) fn narrow(&mut self, number: i32) -> Result<(), FormatFault> {
        let beyond = FormatFault::Value {
            offset: self.len(),
            found: number.cast_unsigned(),
        };
        self.u16(i16::try_from(number).map_err(|_| beyond)?.cast_unsigned());
        Ok(())
    }
}

const MAX_COUNT32: usize = 0xffff_ffff;
