//! CBC with ciphertext stealing, RFC 3962 §5: the variant that always swaps the last two blocks ("CS3").
//!
//! A text of exactly one block is plain CBC, as RFC 3962 §5 says and MIT and Heimdal do; shorter ones do not exist
//! here, since each text starts with a confounder of one block.

use gss_crypto::{BLOCK_LEN, Block, CbcKey, MacInput, MacOver, Zeroizing};

use crate::scattered::{Position, Run, Scattered};

/// Encrypts `text` in place, writes to `mac` in the same pass what the tag covers, and leaves in `iv` the next initial
/// vector.
pub(crate) fn encrypt(
    cipher: &dyn CbcKey,
    iv: &mut Block,
    text: &mut Scattered<'_, '_>,
    mac: &mut dyn MacInput,
    over: MacOver,
) {
    let tail = Tail::of(text.len());
    let mut missing = tail.as_ref().map_or(1, |tail| tail.before);
    let (mut at, mut fed) = (Position::default(), Position::default());
    while let Some(run) = text.run(&mut at, missing) {
        match run {
            Run::InPlace(blocks) => {
                text.feed_between(fed, at, mac);
                cipher.encrypt_feeding(iv, text.blocks_mut(at, blocks), mac, over);
                at = at.plus_blocks(blocks);
                fed = at;
                missing = missing.saturating_sub(blocks);
            }
            Run::Straddling => {
                let mut block = Zeroizing::new([0; BLOCK_LEN]);
                let end = text.read(at, &mut *block);
                if over == MacOver::Plaintext {
                    fed = text.feed_between(fed, end, mac);
                }
                cipher.encrypt(iv, std::slice::from_mut(&mut *block));
                at = text.write(at, &*block);
                missing = missing.saturating_sub(1);
            }
        }
    }
    if over == MacOver::Plaintext {
        text.feed_rest(fed, mac);
    }
    if let Some(tail) = tail {
        encrypt_tail(cipher, iv, text, (at, &tail));
    }
    if over == MacOver::Ciphertext {
        text.feed_rest(fed, mac);
    }
}

/// Decrypts `text` in place and leaves in `iv` the next initial vector.
pub(crate) fn decrypt(cipher: &dyn CbcKey, iv: &mut Block, text: &mut Scattered<'_, '_>) {
    let tail = Tail::of(text.len());
    let at = decrypt_blocks(cipher, iv, text, tail.as_ref().map_or(1, |tail| tail.before));
    if let Some(tail) = tail {
        decrypt_tail(cipher, iv, text, (at, &tail));
    }
}

fn encrypt_tail(cipher: &dyn CbcKey, iv: &mut Block, text: &mut Scattered<'_, '_>, (at, tail): (Position, &Tail)) {
    let mut pair = Zeroizing::new([[0; BLOCK_LEN]; 2]);
    text.read(at, tail.of_pair(&mut pair));
    cipher.encrypt(iv, &mut *pair);
    pair.swap(0, 1);
    text.write(at, tail.of_pair(&mut pair));
}

fn decrypt_tail(cipher: &dyn CbcKey, iv: &mut Block, text: &mut Scattered<'_, '_>, (at, tail): (Position, &Tail)) {
    let mut pair = Zeroizing::new([[0; BLOCK_LEN]; 2]);
    text.read(at, tail.of_pair(&mut pair));
    let [swapped, stolen_from] = &mut *pair;
    let next_iv = *swapped;
    // Without chaining, the block that was swapped gives the last text xor the block before it; beyond the last text's
    // end that is the part of the block before it which was left out.
    cipher.decrypt(&mut [0; BLOCK_LEN], std::slice::from_mut(swapped));
    for (index, (last, before)) in swapped.iter_mut().zip(stolen_from.iter_mut()).enumerate() {
        if index < tail.last {
            *last ^= *before;
        } else {
            *before = *last;
        }
    }
    cipher.decrypt(iv, std::slice::from_mut(stolen_from));
    pair.swap(0, 1);
    text.write(at, tail.of_pair(&mut pair));
    *iv = next_iv;
}

fn decrypt_blocks(cipher: &dyn CbcKey, iv: &mut Block, text: &mut Scattered<'_, '_>, mut missing: usize) -> Position {
    let mut at = Position::default();
    while let Some(run) = text.run(&mut at, missing) {
        match run {
            Run::InPlace(blocks) => {
                cipher.decrypt(iv, text.blocks_mut(at, blocks));
                at = at.plus_blocks(blocks);
                missing = missing.saturating_sub(blocks);
            }
            Run::Straddling => {
                let mut block = Zeroizing::new([0; BLOCK_LEN]);
                text.read(at, &mut *block);
                cipher.decrypt(iv, std::slice::from_mut(&mut *block));
                at = text.write(at, &*block);
                missing = missing.saturating_sub(1);
            }
        }
    }
    at
}

/// Where the last two blocks of a text of several are.
struct Tail {
    /// Whole blocks before the last two.
    before: usize,
    /// Octets in the last block, 1 to [`BLOCK_LEN`].
    last: usize,
}

impl Tail {
    /// `None` for a text of one block.
    fn of(len: usize) -> Option<Self> {
        let before = len.div_ceil(BLOCK_LEN).checked_sub(2)?;
        let whole = before.saturating_add(1).saturating_mul(BLOCK_LEN);
        Some(Self {
            before,
            last: len.saturating_sub(whole),
        })
    }

    /// The octets of `pair` that are text, without the padding of the last block.
    fn of_pair<'a>(&self, pair: &'a mut [Block; 2]) -> &'a mut [u8] {
        let len = BLOCK_LEN.saturating_add(self.last);
        pair.as_flattened_mut().get_mut(..len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
