//! Choices, from the octets of an input.

/// What is left of an input; after its end come zeroes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input<'a>(pub(crate) &'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn octet(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    /// A number of minutes, forward or back, in seconds.
    pub(crate) fn minutes(&mut self) -> i64 {
        i64::from(i16::from_be_bytes(self.array())) * 60
    }

    pub(crate) fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.array())
    }

    /// A length of 16 bits and as many octets, or what there is.
    pub(crate) fn counted(&mut self) -> &'a [u8] {
        let length = usize::from(u16::from_be_bytes(self.array()));
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let (taken, rest) = self.0.split_at(N.min(self.0.len()));
        self.0 = rest;
        let mut array = [0; N];
        array[..taken.len()].copy_from_slice(taken);
        array
    }
}
