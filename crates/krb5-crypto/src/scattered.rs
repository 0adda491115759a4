use std::fmt;

use gss_crypto::{BLOCK_LEN, Block, MacInput, Zeroize, Zeroizing};

/// A part of a scattered message, in the order of the message.
pub enum Part<'a> {
    /// Encrypted in place and covered by the tag.
    Encrypted(&'a mut [u8]),
    /// Covered by the tag at this place in the order, not encrypted and not part of the ciphertext.
    SignOnly(&'a [u8]),
}

impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encrypted(octets) => write!(f, "Encrypted({} octets)", octets.len()),
            Self::SignOnly(octets) => write!(f, "SignOnly({} octets)", octets.len()),
        }
    }
}

/// A confounder and the parts of a message as one text: segment 0 is the confounder.
pub(crate) struct Scattered<'s, 'p> {
    pub(crate) confounder: &'s mut [u8],
    pub(crate) parts: &'s mut [Part<'p>],
}

/// A place among the encrypted octets of a [`Scattered`] text.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Position {
    segment: usize,
    offset: usize,
}

impl Scattered<'_, '_> {
    /// How many octets are encrypted, the confounder included.
    pub(crate) fn len(&self) -> usize {
        let encrypted = self.parts.iter().map(|part| match part {
            Part::Encrypted(octets) => octets.len(),
            Part::SignOnly(_) => 0,
        });
        encrypted.fold(self.confounder.len(), usize::saturating_add)
    }

    /// Writes all that the tag covers: the confounder and both kinds of parts.
    pub(crate) fn feed(&self, mac: &mut dyn MacInput) {
        mac.update(self.confounder);
        for part in self.parts.iter() {
            match part {
                Part::Encrypted(octets) => mac.update(octets),
                Part::SignOnly(octets) => mac.update(octets),
            }
        }
    }

    /// Overwrites confounder and message.
    pub(crate) fn zeroize(&mut self) {
        self.confounder.zeroize();
        for part in self.parts.iter_mut() {
            if let Part::Encrypted(octets) = part {
                octets.zeroize();
            }
        }
    }

    /// Lets `transform` work on `count` blocks from `at`: in place where a segment holds whole blocks, on a copy where
    /// one block lies in several segments. Returns the place behind them.
    pub(crate) fn transform_blocks(
        &mut self,
        mut at: Position,
        mut count: usize,
        transform: &mut dyn FnMut(&mut [Block]),
    ) -> Position {
        while count > 0 {
            let Some(rest) = self.rest_mut(at) else { break };
            let straddles = !rest.is_empty();
            let (blocks, _) = rest.as_chunks_mut();
            let run = count.min(blocks.len());
            if let Some(blocks) = blocks.get_mut(..run).filter(|blocks| !blocks.is_empty()) {
                transform(blocks);
                at.offset = at.offset.saturating_add(blocks.as_flattened().len());
                count = count.saturating_sub(run);
            } else if straddles {
                let mut block = Zeroizing::new([0; BLOCK_LEN]);
                self.read(at, &mut *block);
                transform(std::slice::from_mut(&mut *block));
                at = self.write(at, &*block);
                count = count.saturating_sub(1);
            } else {
                at = at.next_segment();
            }
        }
        at
    }

    /// Copies octets from `at` on into `out`, as many as there are. Returns the place behind them.
    pub(crate) fn read(&mut self, at: Position, out: &mut [u8]) -> Position {
        self.exchange(at, out.iter_mut(), |text, out| *out = *text)
    }

    /// Copies `from` to `at`. Returns the place behind it.
    pub(crate) fn write(&mut self, at: Position, from: &[u8]) -> Position {
        self.exchange(at, from.iter(), |text, from| *text = *from)
    }

    fn exchange<T>(
        &mut self,
        mut at: Position,
        others: impl ExactSizeIterator<Item = T>,
        exchange: impl Fn(&mut u8, T),
    ) -> Position {
        let mut others = others;
        while others.len() > 0 {
            let Some(rest) = self.rest_mut(at) else { break };
            if rest.is_empty() {
                at = at.next_segment();
                continue;
            }
            let run = rest.len().min(others.len());
            rest.iter_mut()
                .zip(others.by_ref().take(run))
                .for_each(|(text, other)| exchange(text, other));
            at.offset = at.offset.saturating_add(run);
        }
        at
    }

    /// The encrypted octets from `at` to the end of its segment; `None` behind the last segment.
    fn rest_mut(&mut self, at: Position) -> Option<&mut [u8]> {
        let segment = match at.segment.checked_sub(1) {
            None => &mut *self.confounder,
            Some(index) => match self.parts.get_mut(index)? {
                Part::Encrypted(octets) => &mut **octets,
                Part::SignOnly(_) => &mut [],
            },
        };
        Some(segment.get_mut(at.offset..).unwrap_or_default())
    }
}

impl Position {
    fn next_segment(self) -> Self {
        Self {
            segment: self.segment.saturating_add(1),
            offset: 0,
        }
    }
}
