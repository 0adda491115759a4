use krb5_crypto::Enctype;

use crate::Error;

/// What a sequence number says about the order of a message, RFC 2743 §1.2.3.
///
/// It accompanies a good message and never replaces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sequence {
    /// As expected, or detection was not asked for.
    Ok,
    /// Seen before: a replay.
    Duplicate,
    /// Too far behind to tell whether it was seen before.
    Old,
    /// Behind messages that were already received.
    Unsequenced,
    /// Ahead of the expected message: some are missing so far.
    Gap,
}

/// Which deviations a context reports: what `GSS_C_REPLAY_FLAG` and `GSS_C_SEQUENCE_FLAG` granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Detection {
    /// Nothing is reported.
    Nothing,
    /// Replays, and messages too old to know.
    Replay,
    /// Every message that is not the next one, but not that it is a replay.
    Sequence,
    /// Both.
    ReplayAndSequence,
}

/// How many bits of the number go over the wire before it starts again at zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumberWidth {
    /// RFC 1964 and RFC 4757 tokens.
    Bits32,
    /// RFC 4121 tokens.
    Bits64,
}

/// The last 64 sequence numbers of one direction.
///
/// Numbers are compared on a circle: up to half of it ahead is the future, the rest is the past.
/// A number is recorded only by [`SequenceWindow::record`], which callers use after the token has
/// proved authentic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequenceWindow {
    /// The number expected next.
    next: u64,
    /// Bit `i` is set if `next - 1 - i` was seen.
    seen: u64,
    detection: Detection,
    width: NumberWidth,
}

impl SequenceWindow {
    /// A window which expects `first` as the first number.
    pub fn new(first: u64, detection: Detection, width: NumberWidth) -> Self {
        Self {
            next: first & width.mask(),
            seen: 0,
            detection,
            width,
        }
    }

    /// The number that would be [`Sequence::Ok`] now.
    pub fn expected(&self) -> u64 {
        self.next
    }

    /// How wide its numbers are.
    pub fn width(&self) -> NumberWidth {
        self.width
    }

    /// What this window reports.
    pub fn detection(&self) -> Detection {
        self.detection
    }

    /// Judges `number` and remembers it. Only for numbers of authentic tokens.
    pub fn record(&mut self, number: u64) -> Sequence {
        if self.detection == Detection::Nothing {
            return Sequence::Ok;
        }
        let ahead = number.wrapping_sub(self.next) & self.width.mask();
        if ahead <= self.width.mask() >> 1 {
            self.advance(ahead)
        } else {
            let behind = self.next.wrapping_sub(number) & self.width.mask();
            self.look_back(behind)
        }
    }

    fn advance(&mut self, ahead: u64) -> Sequence {
        let moved = u32::try_from(ahead.saturating_add(1)).unwrap_or(u32::MAX);
        self.seen = self.seen.checked_shl(moved).unwrap_or(0) | 1;
        self.next = self.next.wrapping_add(ahead).wrapping_add(1) & self.width.mask();
        if ahead > 0 && self.detection.sequence() {
            Sequence::Gap
        } else {
            Sequence::Ok
        }
    }

    fn look_back(&mut self, behind: u64) -> Sequence {
        let bit = u32::try_from(behind.saturating_sub(1))
            .ok()
            .and_then(|shift| 1_u64.checked_shl(shift));
        let Some(bit) = bit else {
            return if self.detection.sequence() {
                Sequence::Unsequenced
            } else {
                Sequence::Old
            };
        };
        let duplicate = self.seen & bit != 0;
        self.seen |= bit;
        match (duplicate && self.detection.replay(), self.detection.sequence()) {
            (true, _) => Sequence::Duplicate,
            (false, true) => Sequence::Unsequenced,
            (false, false) => Sequence::Ok,
        }
    }

    /// The window as 18 octets, to move a context to another process.
    ///
    /// ```text
    /// 0      detection  0 nothing, 1 replay, 2 sequence, 3 both
    /// 1      width      32 or 64
    /// 2..9   next       big-endian
    /// 10..17 seen       big-endian bit map
    /// ```
    pub fn to_octets(&self) -> [u8; Self::OCTETS] {
        let mut out = [0; Self::OCTETS];
        let (head, tail) = out.split_at_mut(2);
        head.copy_from_slice(&[self.detection.octet(), self.width.octet()]);
        let (next, seen) = tail.split_at_mut(8);
        next.copy_from_slice(&self.next.to_be_bytes());
        seen.copy_from_slice(&self.seen.to_be_bytes());
        out
    }

    /// Reads what [`SequenceWindow::to_octets`] wrote.
    ///
    /// # Errors
    /// [`Error::State`] if an octet has no meaning.
    pub fn from_octets(octets: &[u8; Self::OCTETS]) -> Result<Self, Error> {
        let [detection, width, n0, n1, n2, n3, n4, n5, n6, n7, seen @ ..] = octets;
        let width = NumberWidth::from_octet(*width).ok_or(Error::State)?;
        let next = u64::from_be_bytes([*n0, *n1, *n2, *n3, *n4, *n5, *n6, *n7]);
        if next & !width.mask() != 0 {
            return Err(Error::State);
        }
        let detection = Detection::from_octet(*detection).ok_or(Error::State)?;
        Ok(Self {
            next,
            seen: u64::from_be_bytes(*seen),
            detection,
            width,
        })
    }

    /// Length of [`SequenceWindow::to_octets`].
    pub const OCTETS: usize = 18;
}

impl Detection {
    /// Whether replays are reported.
    pub fn replay(self) -> bool {
        matches!(self, Self::Replay | Self::ReplayAndSequence)
    }

    /// Whether the order is reported.
    pub fn sequence(self) -> bool {
        matches!(self, Self::Sequence | Self::ReplayAndSequence)
    }

    fn octet(self) -> u8 {
        match self {
            Self::Nothing => 0,
            Self::Replay => 1,
            Self::Sequence => 2,
            Self::ReplayAndSequence => 3,
        }
    }

    fn from_octet(octet: u8) -> Option<Self> {
        Some(match octet {
            0 => Self::Nothing,
            1 => Self::Replay,
            2 => Self::Sequence,
            3 => Self::ReplayAndSequence,
            _ => return None,
        })
    }
}

impl NumberWidth {
    /// What the tokens have that keys of this type protect.
    pub fn of(enctype: Enctype) -> Self {
        if enctype.is_legacy() {
            Self::Bits32
        } else {
            Self::Bits64
        }
    }

    fn mask(self) -> u64 {
        match self {
            Self::Bits32 => u64::from(u32::MAX),
            Self::Bits64 => u64::MAX,
        }
    }

    fn octet(self) -> u8 {
        match self {
            Self::Bits32 => 32,
            Self::Bits64 => 64,
        }
    }

    fn from_octet(octet: u8) -> Option<Self> {
        match octet {
            32 => Some(Self::Bits32),
            64 => Some(Self::Bits64),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
