//! The pseudo-random function, RFC 3961 §5.3, RFC 8009 §5 and RFC 6803 §6, and what RFC 6113 §5.1 builds on it.

use gss_crypto::{BLOCK_LEN, Block, Zeroizing};

use crate::{
    Enctype, Error, Key,
    derive::{derived_key, kdf_feedback_cmac, kdf_hmac_sha2},
    enctype::Profile,
};

impl Key {
    /// The pseudo-random function of the enctype: [`prf_len`](Enctype::prf_len) octets.
    ///
    /// # Errors
    /// None for a key that [`Key::new`] made; the signature leaves room for providers that can refuse.
    pub fn prf(&self, input: &[u8]) -> Result<Vec<u8>, Error> {
        self.prf_parts(&[input]).map(|mut output| std::mem::take(&mut *output))
    }

    /// PRF+ of RFC 6113 §5.1: `prf(1 ‖ input) ‖ prf(2 ‖ input) ‖ …`, cut to `len` octets.
    ///
    /// # Errors
    /// [`Error::OutputTooLong`] for more than 255 outputs of [`Key::prf`].
    pub fn prf_plus(&self, input: &[u8], len: usize) -> Result<Vec<u8>, Error> {
        let mut out = Zeroizing::new(Vec::new());
        if len > self.enctype().prf_len().saturating_mul(usize::from(u8::MAX)) {
            return Err(Error::OutputTooLong(len));
        }
        out.reserve_exact(len);
        for counter in 1..=u8::MAX {
            let missing = len.saturating_sub(out.len());
            if missing == 0 {
                break;
            }
            let output = self.prf_parts(&[&[counter], input])?;
            out.extend(output.iter().take(missing));
        }
        Ok(std::mem::take(&mut *out))
    }

    fn prf_parts(&self, input: &[&[u8]]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let (etype, provider) = (self.enctype(), self.provider());
        match etype.profile() {
            Profile::Simplified => {
                // RFC 3961 §5.3: the hash is cut to whole blocks; for AES and SHA-1 that is one.
                let base = etype.cipher_key(provider, self.expose())?;
                let key = derived_key(&*base, LABEL, etype.key_len());
                let mut block: Zeroizing<Block> = Zeroizing::default();
                let digest = provider.sha1.hash(input);
                block.iter_mut().zip(digest.expose()).for_each(|(to, from)| *to = *from);
                let cipher = etype.cipher_key(provider, &key)?;
                cipher.encrypt(&mut [0; BLOCK_LEN], std::slice::from_mut(&mut *block));
                Ok(Zeroizing::new(block.to_vec()))
            }
            Profile::EncryptThenMac => {
                let context = Zeroizing::new(input.concat());
                let base = etype.mac_key(provider, self.expose())?;
                Ok(kdf_hmac_sha2(&*base, LABEL, &context, etype.prf_len()))
            }
            Profile::Cmac => {
                let base = etype.mac_key(provider, self.expose())?;
                let key = kdf_feedback_cmac(&*base, LABEL, etype.key_len());
                let output = etype.mac_key(provider, &key)?.sign(input);
                Ok(Zeroizing::new(output.expose().to_vec()))
            }
            #[cfg(feature = "legacy-crypto")]
            Profile::Legacy(which) => which.prf(provider, self.expose(), input),
        }
    }
}

/// KRB-FX-CF2 of RFC 6113 §5.1: one key from two, each with its pepper. The result has the enctype of `first`.
///
/// # Errors
/// None for keys that [`Key::new`] made; the signature leaves room for providers that can refuse.
pub fn fx_cf2(first: (&Key, &[u8]), second: (&Key, &[u8])) -> Result<Key, Error> {
    let etype: Enctype = first.0.enctype();
    let mut octets = Zeroizing::new(first.0.prf_plus(first.1, etype.seed_len())?);
    let other = Zeroizing::new(second.0.prf_plus(second.1, etype.seed_len())?);
    octets
        .iter_mut()
        .zip(other.iter())
        .for_each(|(octet, mask)| *octet ^= mask);
    Key::from_seed(first.0.provider(), etype, &octets)
}

/// The constant of RFC 3961 §5.3, RFC 8009 §5 and RFC 6803 §6.
const LABEL: &[u8] = b"prf";

#[cfg(test)]
mod tests;
