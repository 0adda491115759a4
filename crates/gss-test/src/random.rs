//! Randomness that repeats.

use std::sync::atomic::{AtomicU64, Ordering};

use gss_crypto::{CryptoProvider, Random, RandomUnavailable, rustcrypto};

/// A sequence of octets that depends on nothing but its seed (SplitMix64). Good for tests, for nothing else.
#[derive(Debug)]
pub struct SeededRandom {
    state: AtomicU64,
}

impl SeededRandom {
    /// The sequence of this seed, from its start.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            state: AtomicU64::new(seed),
        }
    }

    fn next(&self) -> u64 {
        let state = self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Random for SeededRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        for chunk in out.chunks_mut(8) {
            for (octet, random) in chunk.iter_mut().zip(self.next().to_le_bytes()) {
                *octet = random;
            }
        }
        Ok(())
    }
}

/// The default provider with seeded randomness. It is leaked: call it once a test.
#[must_use]
pub fn seeded_provider(seed: u64) -> &'static CryptoProvider {
    let random: &'static SeededRandom = Box::leak(Box::new(SeededRandom::new(seed)));
    Box::leak(Box::new(CryptoProvider {
        name: "seeded",
        random,
        ..rustcrypto::PROVIDER
    }))
}

/// SplitMix64's increment.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_sequence() {
        let (mut one, mut same, mut other) = ([0; 20], [0; 20], [0; 20]);
        seeded_provider(7).random.fill(&mut one).expect("never fails");
        seeded_provider(7).random.fill(&mut same).expect("never fails");
        seeded_provider(8).random.fill(&mut other).expect("never fails");
        assert_eq!(one, same);
        assert_ne!(one, other);
    }

    #[test]
    fn the_sequence_of_seed_0_is_that_of_splitmix64() {
        let mut out = [0; 8];
        SeededRandom::new(0).fill(&mut out).expect("never fails");
        assert_eq!(u64::from_le_bytes(out), 0xe220_a839_7b1d_cdaf);
    }
}
