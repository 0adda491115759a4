//! The socket between the two parties, and who sits on it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, ensure};

/// One end of a connection that carries frames: four octets of length, then as many.
#[derive(Debug)]
pub(super) struct Wire(TcpStream);

impl Wire {
    /// Neither side waits for the other longer than this lasts.
    pub(super) fn new(stream: TcpStream) -> anyhow::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self(stream))
    }

    pub(super) fn send(&mut self, octets: &[u8]) -> anyhow::Result<()> {
        let length = u32::try_from(octets.len())?.to_be_bytes();
        self.0
            .write_all(&[&length, octets].concat())
            .context("the other party cannot be written to")
    }

    pub(super) fn receive(&mut self) -> anyhow::Result<Vec<u8>> {
        let mut length = [0; 4];
        self.0.read_exact(&mut length).context("the other party has gone")?;
        let length = u32::from_be_bytes(length);
        ensure!(length <= LONGEST, "the other party announces {length} octets");
        let mut octets = vec![0; usize::try_from(length)?];
        self.0.read_exact(&mut octets).context("the other party has gone")?;
        Ok(octets)
    }
}

/// Where a bit flips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flip {
    pub(super) octet: usize,
    pub(super) bit: u8,
}

impl Flip {
    /// In the middle of `octets`.
    pub(super) fn within(octets: &[u8]) -> Self {
        Self {
            octet: octets.len() / 2,
            bit: 3,
        }
    }

    pub(super) fn apply(self, octets: &[u8]) -> Vec<u8> {
        let mut altered = octets.to_vec();
        if let Some(octet) = altered.get_mut(self.octet) {
            *octet ^= 1 << self.bit;
        }
        altered
    }
}

const PATIENCE: Duration = Duration::from_secs(20);
const LONGEST: u32 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_bit_flips() {
        for length in 1..50 {
            let octets = vec![0x5a; length];
            let altered = Flip::within(&octets).apply(&octets);
            let flipped: u32 = octets
                .iter()
                .zip(&altered)
                .map(|(before, after)| (before ^ after).count_ones())
                .sum();
            assert_eq!((flipped, altered.len()), (1, length));
        }
    }
}
