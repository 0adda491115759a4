//! des3-cbc-sha1-kd, RFC 3961 §6.3.

use gss_crypto::legacy::{Des3Key, DesBlock};
use gss_crypto::{CryptoProvider, Mac, MacKey, Zeroizing};

use super::CONFOUNDER_LEN;
use crate::derive::n_fold;
use crate::error::wrong_key_length;
use crate::{Enctype, Error, KeyUsage};

/// The derived keys of one usage.
///
/// ```text
/// text       confounder ‖ message ‖ zeros to a multiple of 8
/// ciphertext DES3-CBC(Ke, text) ‖ HMAC-SHA1(Ki, text)
/// ```
pub(crate) struct UsageCipher {
    encryption: Box<dyn Des3Key>,
    integrity: Box<dyn MacKey>,
    checksum: Box<dyn MacKey>,
}

impl UsageCipher {
    pub(crate) fn new(provider: &CryptoProvider, key: &[u8], usage: KeyUsage) -> Result<Self, Error> {
        let [a, b, c, d] = usage.0.to_be_bytes();
        let derive = |purpose| derived_key(provider, key, &[a, b, c, d, purpose]);
        Ok(Self {
            encryption: cipher(provider, &derive(0xAA)?)?,
            integrity: provider.hmac_sha1.key(&derive(0x55)?),
            checksum: provider.hmac_sha1.key(&derive(0x99)?),
        })
    }

    pub(crate) fn encrypt(&self, confounder: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let mut text = Zeroizing::new([confounder, plaintext].concat());
        let padded = text.len().next_multiple_of(BLOCK_LEN);
        text.resize(padded, 0);
        let tag = self.integrity.sign(&[&text]);
        let (blocks, _) = text.as_chunks_mut();
        self.encryption.encrypt(&mut [0; BLOCK_LEN], blocks);
        [&text, tag.expose()].concat()
    }

    /// Nothing tells how long the message is but the message: what Kerberos encrypts is DER, and ends where its first
    /// length says; zeros behind that are the padding.
    pub(crate) fn decrypt(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let too_short = || Error::CiphertextTooShort {
            enctype: Enctype::Des3CbcSha1,
            found: ciphertext.len(),
            minimum: Enctype::Des3CbcSha1.overhead(),
        };
        let length = ciphertext.len().checked_sub(TAG_LEN).ok_or_else(too_short)?;
        let (text, tag) = ciphertext.split_at_checked(length).ok_or_else(too_short)?;
        if text.len() < CONFOUNDER_LEN {
            return Err(too_short());
        }
        let mut text = Zeroizing::new(text.to_vec());
        let (blocks, rest) = text.as_chunks_mut();
        if !rest.is_empty() {
            return Err(Error::Integrity);
        }
        self.encryption.decrypt(&mut [0; BLOCK_LEN], blocks);
        self.integrity
            .sign(&[&text])
            .verify(tag)
            .map_err(|_| Error::Integrity)?;
        text.drain(..CONFOUNDER_LEN);
        if let Some(end) = end_of_der(&text) {
            text.truncate(end);
        }
        Ok(text)
    }

    pub(crate) fn checksum(&self, parts: &[&[u8]]) -> Mac {
        self.checksum.sign(parts)
    }
}

/// Where the first element of `text` ends, if all that follows it is padding.
fn end_of_der(text: &[u8]) -> Option<usize> {
    let (first, rest) = text.get(1..)?.split_first()?;
    let (count, length) = match first.checked_sub(0x80) {
        None => (0, usize::from(*first)),
        Some(count) => {
            let count = usize::from(count);
            let octets = rest.get(..count).filter(|octets| octets.len() <= 4)?;
            let length = octets
                .iter()
                .fold(0u64, |length, octet| (length << 8) | u64::from(*octet));
            (count, usize::try_from(length).ok()?)
        }
    };
    let end = length.checked_add(count)?.checked_add(2)?;
    let padding = text.get(end..)?;
    (padding.len() < BLOCK_LEN && padding.iter().all(|octet| *octet == 0)).then_some(end)
}

/// DK of RFC 3961 §5.1, with blocks of 8 octets.
fn derived_key(provider: &CryptoProvider, key: &[u8], constant: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let base = cipher(provider, key)?;
    let mut block: Zeroizing<DesBlock> = Zeroizing::default();
    n_fold(constant, &mut *block);
    let mut seed = Zeroizing::new(Vec::with_capacity(SEED_LEN.next_multiple_of(BLOCK_LEN)));
    while seed.len() < SEED_LEN {
        base.encrypt(&mut [0; BLOCK_LEN], std::slice::from_mut(&mut *block));
        seed.extend_from_slice(&*block);
    }
    seed.truncate(SEED_LEN);
    Ok(random_to_key(&seed))
}

/// DES3random-to-key of RFC 3961 §6.3.1: seven octets become eight, whose last bits make the parity odd; the bits that
/// these displace are in the eighth.
pub(crate) fn random_to_key(seed: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(KEY_LEN));
    let (groups, _) = seed.as_chunks::<7>();
    for group in groups {
        let displaced = group.iter().rev().fold(0u8, |bits, octet| (bits << 1) | (octet & 1));
        let octets = group.iter().copied().chain([displaced << 1]);
        key.extend(octets.map(|octet| {
            let bits = octet & 0xFE;
            bits | u8::from(bits.count_ones() % 2 == 0)
        }));
    }
    key
}

/// RFC 3961 §6.3.1: password and salt folded to a seed, and the key of that derived.
pub(crate) fn string_to_key(
    provider: &CryptoProvider,
    password: &[u8],
    salt: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let text = Zeroizing::new([password, salt].concat());
    let mut seed = Zeroizing::new([0; SEED_LEN]);
    n_fold(&text, &mut *seed);
    derived_key(provider, &random_to_key(&*seed), b"kerberos")
}

/// RFC 3961 §5.3: SHA-1 cut to whole blocks, encrypted.
pub(crate) fn prf(provider: &CryptoProvider, key: &[u8], input: &[&[u8]]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let cipher = cipher(provider, &derived_key(provider, key, b"prf")?)?;
    let digest = provider.sha1.hash(input);
    let (blocks, _) = digest.expose().as_chunks();
    let mut blocks = Zeroizing::new(blocks.to_vec());
    cipher.encrypt(&mut [0; BLOCK_LEN], &mut blocks);
    Ok(Zeroizing::new(blocks.as_flattened().to_vec()))
}

fn cipher(provider: &CryptoProvider, key: &[u8]) -> Result<Box<dyn Des3Key>, Error> {
    provider
        .des3_cbc
        .key(key)
        .map_err(wrong_key_length(Enctype::Des3CbcSha1))
}

/// How many octets random-to-key takes.
pub(crate) const SEED_LEN: usize = 21;
const KEY_LEN: usize = 24;
const BLOCK_LEN: usize = 8;
const TAG_LEN: usize = 20;
