//! Key derivation: RFC 3961 §5.1 (n-fold, DR, DK), RFC 8009 §3 (KDF-HMAC-SHA2), RFC 6803 §3 (KDF-FEEDBACK-CMAC).

use gss_crypto::{BLOCK_LEN, Block, CbcKey, CryptoProvider, MacKey, Zeroizing};

use crate::{Enctype, Error, KeyUsage, enctype::Profile};

/// Stretches or folds `input` to the length of `out`, RFC 3961 §5.1 ("n-fold").
///
/// The input is repeated, each copy rotated right by 13 bits more than the one before, until the whole is a multiple of
/// `out`'s length; the pieces of that length are then added in ones' complement. An empty `input` folds to zeros.
///
/// ```
/// let mut folded = [0; 8];
/// krb5_crypto::n_fold(b"012345", &mut folded);
/// assert_eq!(folded, [0xbe, 0x07, 0x26, 0x31, 0x27, 0x6b, 0x19, 0x55]);
/// ```
pub fn n_fold(input: &[u8], out: &mut [u8]) {
    out.fill(0);
    if input.is_empty() || out.is_empty() {
        return;
    }
    let mut copy = Zeroizing::new(input.to_vec());
    let mut sums = Zeroizing::new(vec![0_u64; out.len()]);
    let mut at: usize = 0;
    loop {
        for octet in copy.iter() {
            if let Some(sum) = sums.get_mut(at) {
                *sum = sum.saturating_add(u64::from(*octet));
            }
            at = at.saturating_add(1);
            if at == out.len() {
                at = 0;
            }
        }
        if at == 0 {
            break;
        }
        rotate_right_13_bits(&mut copy);
    }
    propagate_carries(&mut sums);
    for (octet, sum) in out.iter_mut().zip(sums.iter()) {
        *octet = u8::try_from(*sum).expect("a propagated sum fits an octet");
    }
}

/// The keys that one usage derives from a protocol key.
pub(crate) struct UsageOctets {
    /// Ke: the cipher key.
    pub(crate) encryption: Zeroizing<Vec<u8>>,
    /// Ki: the key of the tag in a ciphertext.
    pub(crate) integrity: Zeroizing<Vec<u8>>,
    /// Kc: the key of a checksum alone.
    pub(crate) checksum: Zeroizing<Vec<u8>>,
}

/// Ke, Ki and Kc of `usage`, RFC 3961 §5.3, RFC 8009 §5 and RFC 6803 §4.
pub(crate) fn usage_octets(
    provider: &CryptoProvider,
    etype: Enctype,
    key: &[u8],
    usage: KeyUsage,
) -> Result<UsageOctets, Error> {
    let constant = |purpose: u8| {
        let [a, b, c, d] = usage.0.to_be_bytes();
        [a, b, c, d, purpose]
    };
    match etype.profile() {
        Profile::Simplified => {
            let base = etype.cipher_key(provider, key)?;
            let derive = |purpose| derived_key(&*base, &constant(purpose), etype.key_len());
            Ok(UsageOctets {
                encryption: derive(0xAA),
                integrity: derive(0x55),
                checksum: derive(0x99),
            })
        }
        Profile::EncryptThenMac => {
            let base = etype.mac_key(provider, key)?;
            let derive = |purpose, len| kdf_hmac_sha2(&*base, &constant(purpose), &[], len);
            Ok(UsageOctets {
                encryption: derive(0xAA, etype.key_len()),
                integrity: derive(0x55, etype.checksum_len()),
                checksum: derive(0x99, etype.checksum_len()),
            })
        }
        Profile::Cmac => {
            let base = etype.mac_key(provider, key)?;
            let derive = |purpose| kdf_feedback_cmac(&*base, &constant(purpose), etype.key_len());
            Ok(UsageOctets {
                encryption: derive(0xAA),
                integrity: derive(0x55),
                checksum: derive(0x99),
            })
        }
        #[cfg(feature = "legacy-crypto")]
        Profile::Legacy(_) => Err(Error::UnsupportedEnctype(etype.number())),
    }
}

/// DK of RFC 3961 §5.1: as many octets as `len` of the chain of encryptions that starts with the folded `constant`.
///
/// For AES random-to-key is the identity, so DK and DR are the same.
pub(crate) fn derived_key(base: &dyn CbcKey, constant: &[u8], len: usize) -> Zeroizing<Vec<u8>> {
    let mut block: Block = [0; BLOCK_LEN];
    if constant.len() == BLOCK_LEN {
        block.copy_from_slice(constant);
    } else {
        n_fold(constant, &mut block);
    }
    let mut block = Zeroizing::new(block);
    let mut out = Zeroizing::new(Vec::with_capacity(len));
    while out.len() < len {
        base.encrypt(&mut [0; BLOCK_LEN], std::slice::from_mut(&mut *block));
        let missing = len.saturating_sub(out.len());
        out.extend(block.iter().take(missing));
    }
    out
}

/// KDF-HMAC-SHA2 of RFC 8009 §3: `len` octets, at most one output of the hash function.
///
/// ```text
/// K1 = HMAC(key, 00 00 00 01 ‖ label ‖ 00 ‖ context ‖ length in bits, 4 octets big-endian)
/// ```
pub(crate) fn kdf_hmac_sha2(base: &dyn MacKey, label: &[u8], context: &[u8], len: usize) -> Zeroizing<Vec<u8>> {
    let bits = u32::try_from(len.saturating_mul(8)).unwrap_or(u32::MAX).to_be_bytes();
    let output = base.sign(&[&[0, 0, 0, 1], label, &[0], context, &bits]).truncated(len);
    Zeroizing::new(output.expose().to_vec())
}

/// KDF-FEEDBACK-CMAC of RFC 6803 §3: `len` octets.
///
/// ```text
/// K0 = zeros
/// Ki = CMAC(key, Ki-1 ‖ i, 4 octets big-endian ‖ constant ‖ 00 ‖ length in bits, 4 octets big-endian)
/// ```
pub(crate) fn kdf_feedback_cmac(base: &dyn MacKey, constant: &[u8], len: usize) -> Zeroizing<Vec<u8>> {
    let bits = u32::try_from(len.saturating_mul(8)).unwrap_or(u32::MAX).to_be_bytes();
    let mut block: Zeroizing<Block> = Zeroizing::default();
    let mut out = Zeroizing::new(Vec::with_capacity(len));
    for counter in 1..=u32::MAX {
        let missing = len.saturating_sub(out.len());
        if missing == 0 {
            break;
        }
        let next = base.sign(&[&*block, &counter.to_be_bytes(), constant, &[0], &bits]);
        block.copy_from_slice(next.expose());
        out.extend(block.iter().take(missing));
    }
    out
}

fn rotate_right_13_bits(octets: &mut [u8]) {
    octets.rotate_right(1);
    let mut before = octets.last().copied().unwrap_or_default();
    for octet in octets {
        let rotated = (before << 3) | (*octet >> 5);
        before = *octet;
        *octet = rotated;
    }
}

/// Brings each sum, the most significant first, below 256; what overflows at the top comes in again at the bottom.
fn propagate_carries(sums: &mut [u64]) {
    let mut carry = 0;
    loop {
        for sum in sums.iter_mut().rev() {
            let total = sum.saturating_add(carry);
            *sum = total & 0xFF;
            carry = total >> 8;
        }
        if carry == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
