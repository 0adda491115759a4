//! arcfour-hmac, RFC 4757.

use gss_crypto::{CryptoProvider, Mac, MacKey, Zeroizing};

use super::CONFOUNDER_LEN;
use crate::error::wrong_key_length;
use crate::{Enctype, Error, KeyUsage};

/// The keys of one usage.
///
/// ```text
/// K1         HMAC-MD5(key, usage)
/// checksum   HMAC-MD5(K1, confounder ‖ message)
/// ciphertext checksum ‖ RC4(HMAC-MD5(K1, checksum), confounder ‖ message)
/// ```
pub(crate) struct UsageCipher {
    provider: &'static CryptoProvider,
    k1: Box<dyn MacKey>,
    signing: Box<dyn MacKey>,
    usage: [u8; 4],
}

impl UsageCipher {
    pub(crate) fn new(provider: &'static CryptoProvider, key: &[u8], usage: KeyUsage) -> Self {
        let usage = translated_usage(usage).0.to_le_bytes();
        let base = provider.hmac_md5.key(key);
        Self {
            provider,
            k1: provider.hmac_md5.key(base.sign(&[&usage]).expose()),
            signing: provider.hmac_md5.key(base.sign(&[SIGNATURE_KEY]).expose()),
            usage,
        }
    }

    pub(crate) fn encrypt(&self, confounder: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Error> {
        let checksum = self.k1.sign(&[confounder, plaintext]);
        let mut text = Zeroizing::new([confounder, plaintext].concat());
        self.apply(checksum.expose(), &mut text)?;
        Ok([checksum.expose(), &text].concat())
    }

    pub(crate) fn decrypt(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let too_short = || Error::CiphertextTooShort {
            enctype: Enctype::ArcfourHmac,
            found: ciphertext.len(),
            minimum: Enctype::ArcfourHmac.overhead(),
        };
        let (checksum, text) = ciphertext.split_at_checked(CHECKSUM_LEN).ok_or_else(too_short)?;
        let mut text = Zeroizing::new(text.to_vec());
        if text.len() < CONFOUNDER_LEN {
            return Err(too_short());
        }
        self.apply(checksum, &mut text)?;
        self.k1.sign(&[&text]).verify(checksum).map_err(|_| Error::Integrity)?;
        text.drain(..CONFOUNDER_LEN);
        Ok(text)
    }

    /// RFC 4757 §4: HMAC-MD5(HMAC-MD5(key, "signaturekey" ‖ 00), MD5(usage ‖ message)). Two messages of one MD5 have
    /// one checksum.
    pub(crate) fn checksum(&self, parts: &[&[u8]]) -> Mac {
        let message: Vec<&[u8]> = std::iter::once(&self.usage[..]).chain(parts.iter().copied()).collect();
        self.signing.sign(&[self.provider.md5.hash(&message).expose()])
    }

    fn apply(&self, checksum: &[u8], text: &mut [u8]) -> Result<(), Error> {
        let key = self.k1.sign(&[checksum]);
        let keystream = self.provider.rc4.keystream(key.expose());
        keystream.map_err(wrong_key_length(Enctype::ArcfourHmac))?.apply(text);
        Ok(())
    }
}

/// The number that arcfour-hmac uses for a usage of RFC 4120, RFC 4757 §3: some are another there, as Windows has it.
///
/// The RFC makes 8 of 9 too, the reply of a TGS under a subkey. Windows does not, nor do MIT and Heimdal since they know.
#[must_use]
pub fn translated_usage(usage: KeyUsage) -> KeyUsage {
    KeyUsage(match usage.0 {
        3 => 8,
        23 => 13,
        number => number,
    })
}

/// RFC 4757 §2: MD4 of the password in UTF-16, without a salt.
pub(crate) fn string_to_key(provider: &CryptoProvider, password: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let password = std::str::from_utf8(password).map_err(|_| Error::Password)?;
    let octets: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let octets = Zeroizing::new(octets);
    Ok(Zeroizing::new(provider.md4.hash(&[&octets]).expose().to_vec()))
}

/// MIT's function, since RFC 4757 has none: HMAC-SHA1.
pub(crate) fn prf(provider: &CryptoProvider, key: &[u8], input: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(provider.hmac_sha1.key(key).sign(input).expose().to_vec())
}

const SIGNATURE_KEY: &[u8] = b"signaturekey\0";
const CHECKSUM_LEN: usize = 16;
