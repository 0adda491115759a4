//! CBC with ciphertext stealing, RFC 3962 §5: the variant that always swaps the last two blocks ("CS3").
//!
//! A text of exactly one block is plain CBC, as RFC 3962 §5 says and MIT and Heimdal do; shorter ones do not exist
//! here, since each text starts with a confounder of one block.

use gss_crypto::{BLOCK_LEN, Block, CbcKey, Zeroizing};

use crate::scattered::{Position, Scattered};

/// Encrypts `text` in place and leaves in `iv` the next initial vector.
pub(crate) fn encrypt(cipher: &dyn CbcKey, iv: &mut Block, text: &mut Scattered<'_, '_>) {
    let Some(tail) = Tail::of(text.len()) else {
        text.transform_blocks(Position::default(), 1, &mut |blocks| cipher.encrypt(iv, blocks));
        return;
    };
    let at = text.transform_blocks(Position::default(), tail.before, &mut |blocks| {
        cipher.encrypt(iv, blocks)
    });
    let mut pair = Zeroizing::new([[0; BLOCK_LEN]; 2]);
    text.read(at, tail.of_pair(&mut pair));
    cipher.encrypt(iv, &mut *pair);
    pair.swap(0, 1);
    text.write(at, tail.of_pair(&mut pair));
}

/// Decrypts `text` in place and leaves in `iv` the next initial vector.
pub(crate) fn decrypt(cipher: &dyn CbcKey, iv: &mut Block, text: &mut Scattered<'_, '_>) {
    let Some(tail) = Tail::of(text.len()) else {
        text.transform_blocks(Position::default(), 1, &mut |blocks| cipher.decrypt(iv, blocks));
        return;
    };
    let at = text.transform_blocks(Position::default(), tail.before, &mut |blocks| {
        cipher.decrypt(iv, blocks)
    });
    let mut pair = Zeroizing::new([[0; BLOCK_LEN]; 2]);
    text.read(at, tail.of_pair(&mut pair));
    let [stolen_from, stolen] = &mut *pair;
    let next_iv = *stolen_from;
    // Without chaining, the last block gives its text, xor the block that stood before it, whose end was left out.
    cipher.decrypt(&mut [0; BLOCK_LEN], std::slice::from_mut(stolen_from));
    let kept = tail.last;
    for (index, (inner, outer)) in stolen_from.iter_mut().zip(stolen.iter_mut()).enumerate() {
        if index < kept {
            *inner ^= *outer;
        } else {
            *outer = *inner;
        }
    }
    cipher.decrypt(iv, std::slice::from_mut(stolen));
    pair.swap(0, 1);
    text.write(at, tail.of_pair(&mut pair));
    *iv = next_iv;
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
