use std::fmt;

use gss_crypto::{BLOCK_LEN, Block, MacInput, Zeroize};

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

/// What comes next in a [`Scattered`] text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Run {
    /// So many blocks within one segment, see [`Scattered::blocks_mut`].
    InPlace(usize),
    /// One block in several segments.
    Straddling,
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
        self.feed_rest(Position::default(), mac);
    }

    /// Writes what the tag covers from `from` on.
    pub(crate) fn feed_rest(&self, from: Position, mac: &mut dyn MacInput) {
        self.feed_between(from, Position::END, mac);
    }

    /// Writes what the tag covers from `from` to `to`, sign-only parts between them included. Returns `to`.
    pub(crate) fn feed_between(&self, mut from: Position, to: Position, mac: &mut dyn MacInput) -> Position {
        while let Some(segment) = self.covered(from.segment) {
            let end = if from.segment == to.segment {
                to.offset
            } else {
                segment.len()
            };
            mac.update(segment.get(from.offset..end).unwrap_or_default());
            if from.segment == to.segment {
                break;
            }
            from = from.next_segment();
        }
        to
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

    /// What comes next of at most `most` blocks at `at`, which is moved over the ends of segments; `None` if nothing.
    pub(crate) fn run(&mut self, at: &mut Position, most: usize) -> Option<Run> {
        if most == 0 {
            return None;
        }
        while self.rest_mut(*at)?.is_empty() {
            *at = at.next_segment();
        }
        match most.min(self.rest_mut(*at)?.len() / BLOCK_LEN) {
            0 => Some(Run::Straddling),
            blocks => Some(Run::InPlace(blocks)),
        }
    }

    /// At most `most` blocks from `at` to the end of its segment.
    pub(crate) fn blocks_mut(&mut self, at: Position, most: usize) -> &mut [Block] {
        let (blocks, _) = self.rest_mut(at).unwrap_or_default().as_chunks_mut();
        let len = blocks.len().min(most);
        blocks.get_mut(..len).unwrap_or_default()
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
            at = at.plus(run);
        }
        at
    }

    /// The octets of a segment that the tag covers; `None` behind the last segment.
    fn covered(&self, segment: usize) -> Option<&[u8]> {
        let Some(index) = segment.checked_sub(1) else {
            return Some(self.confounder);
        };
        self.parts.get(index).map(|part| match part {
            Part::Encrypted(octets) => &**octets,
            Part::SignOnly(octets) => octets,
        })
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
    /// Behind everything.
    const END: Self = Self {
        segment: usize::MAX,
        offset: 0,
    };

    /// The place `blocks` further within the segment.
    pub(crate) fn plus_blocks(self, blocks: usize) -> Self {
        self.plus(blocks.saturating_mul(BLOCK_LEN))
    }

    fn plus(self, octets: usize) -> Self {
        Self {
            segment: self.segment,
            offset: self.offset.saturating_add(octets),
        }
    }

    fn next_segment(self) -> Self {
        Self {
            segment: self.segment.saturating_add(1),
            offset: 0,
        }
    }
}
