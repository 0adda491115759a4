use std::fmt::Debug;
use std::num::NonZeroU32;

use crate::{Digest, Mac, Random};

/// The block length of the ciphers behind [`CbcCipher`], in octets.
pub const BLOCK_LEN: usize = 16;

/// One cipher block.
pub type Block = [u8; BLOCK_LEN];

/// Primitives and randomness, as one replaceable value.
///
/// Providers are statics (see [`rustcrypto::PROVIDER`](crate::rustcrypto::PROVIDER)); another one can be made from
/// them by functional update, `CryptoProvider { name: "seeded", random: &SEEDED, ..PROVIDER }`.
#[derive(Clone, Copy, Debug)]
pub struct CryptoProvider {
    /// What to call it in diagnostics.
    pub name: &'static str,
    /// Where keys, confounders and nonces come from.
    pub random: &'static dyn Random,
    /// AES-128 in CBC mode, FIPS 197 and SP 800-38A §6.2.
    pub aes128_cbc: &'static dyn CbcCipher,
    /// AES-256 in CBC mode, FIPS 197 and SP 800-38A §6.2.
    pub aes256_cbc: &'static dyn CbcCipher,
    /// Camellia-128 (RFC 3713) in CBC mode.
    pub camellia128_cbc: &'static dyn CbcCipher,
    /// Camellia-256 (RFC 3713) in CBC mode.
    pub camellia256_cbc: &'static dyn CbcCipher,
    /// CMAC (SP 800-38B) with Camellia-128.
    pub cmac_camellia128: &'static dyn Cmac,
    /// CMAC (SP 800-38B) with Camellia-256.
    pub cmac_camellia256: &'static dyn Cmac,
    /// HMAC (RFC 2104) with SHA-1.
    pub hmac_sha1: &'static dyn Hmac,
    /// HMAC (RFC 2104) with SHA-256.
    pub hmac_sha256: &'static dyn Hmac,
    /// HMAC (RFC 2104) with SHA-384.
    pub hmac_sha384: &'static dyn Hmac,
    /// PBKDF2 (RFC 8018 §5.2) with HMAC-SHA-1.
    pub pbkdf2_sha1: &'static dyn Pbkdf2,
    /// PBKDF2 (RFC 8018 §5.2) with HMAC-SHA-256.
    pub pbkdf2_sha256: &'static dyn Pbkdf2,
    /// PBKDF2 (RFC 8018 §5.2) with HMAC-SHA-384.
    pub pbkdf2_sha384: &'static dyn Pbkdf2,
    /// MD5, RFC 1321: for checksums that a protocol fixes (channel bindings, RFC 4121 §4.1.1.2), not for security.
    pub md5: &'static dyn Hash,
    /// SHA-1, FIPS 180-4.
    pub sha1: &'static dyn Hash,
    /// SHA-256, FIPS 180-4.
    pub sha256: &'static dyn Hash,
    /// SHA-384, FIPS 180-4.
    pub sha384: &'static dyn Hash,
    /// MD4, RFC 1320.
    #[cfg(any(feature = "legacy-crypto", feature = "ntlm"))]
    pub md4: &'static dyn Hash,
    /// HMAC (RFC 2104) with MD5.
    #[cfg(any(feature = "legacy-crypto", feature = "ntlm"))]
    pub hmac_md5: &'static dyn Hmac,
    /// RC4.
    #[cfg(feature = "legacy-crypto")]
    pub rc4: &'static dyn crate::legacy::StreamCipher,
    /// DES with three keys, encrypt-decrypt-encrypt (SP 800-67), in CBC mode.
    #[cfg(feature = "legacy-crypto")]
    pub des3_cbc: &'static dyn crate::legacy::Des3Cbc,
}

/// An unkeyed hash function.
pub trait Hash: Debug + Send + Sync {
    /// The length of the digest in octets, at most [`MAX_OUTPUT_LEN`](crate::MAX_OUTPUT_LEN).
    fn output_len(&self) -> usize;

    /// The digest of the concatenation of `parts`.
    fn hash(&self, parts: &[&[u8]]) -> Digest;
}

/// HMAC over one hash function, RFC 2104.
pub trait Hmac: Debug + Send + Sync {
    /// The length of the whole tag in octets, at most [`MAX_OUTPUT_LEN`](crate::MAX_OUTPUT_LEN).
    fn output_len(&self) -> usize;

    /// Prepares `key` (any length): inner and outer hash states are computed here, once.
    fn key(&self, key: &[u8]) -> Box<dyn MacKey>;
}

/// CMAC over one block cipher, SP 800-38B.
pub trait Cmac: Debug + Send + Sync {
    /// Expands `key` and derives its subkeys, once for any number of messages.
    ///
    /// # Errors
    /// [`WrongKeyLength`] if it is none of the cipher's.
    fn key(&self, key: &[u8]) -> Result<Box<dyn MacKey>, WrongKeyLength>;
}

/// A prepared key of HMAC or CMAC, reused for any number of messages. Its state is overwritten on drop.
pub trait MacKey: Send + Sync {
    /// The tag of everything that `message` writes; it is called exactly once.
    ///
    /// A callback rather than a returned state, so that no message costs an allocation and a cipher can feed the tag
    /// while it works (see [`CbcKey::encrypt_feeding`]).
    fn sign_with(&self, message: &mut dyn FnMut(&mut dyn MacInput)) -> Mac;

    /// The tag of the concatenation of `parts`.
    fn sign(&self, parts: &[&[u8]]) -> Mac {
        self.sign_with(&mut |input| parts.iter().for_each(|part| input.update(part)))
    }
}

/// Where a message goes, piece by piece, to be authenticated.
pub trait MacInput {
    /// Appends `octets` to the message.
    fn update(&mut self, octets: &[u8]);

    /// How many octets at a time it likes to get while a cipher works on the same message, at least one block.
    ///
    /// The default is enough to hide the call and little enough for the processor to look ahead over.
    fn step(&self) -> usize {
        128
    }
}

/// A block cipher in CBC mode over whole blocks; padding and ciphertext stealing are the caller's.
pub trait CbcCipher: Debug + Send + Sync {
    /// The length of a key in octets.
    fn key_len(&self) -> usize;

    /// Expands `key`, once for any number of messages.
    ///
    /// # Errors
    /// [`WrongKeyLength`] if it does not have [`key_len`](CbcCipher::key_len) octets.
    fn key(&self, key: &[u8]) -> Result<Box<dyn CbcKey>, WrongKeyLength>;
}

/// An expanded cipher key. It is overwritten on drop.
pub trait CbcKey: Send + Sync {
    /// Encrypts `blocks` in place and leaves in `iv` what continues the chain: the last ciphertext block.
    fn encrypt(&self, iv: &mut Block, blocks: &mut [Block]);

    /// Decrypts `blocks` in place and leaves in `iv` what continues the chain: the last ciphertext block.
    fn decrypt(&self, iv: &mut Block, blocks: &mut [Block]);

    /// Encrypts like [`encrypt`](CbcKey::encrypt) and writes to `mac` what `over` says, in one pass.
    ///
    /// CBC encryption and a hash are two serial chains that do not depend on each other: fed in small steps (see
    /// [`MacInput::step`]), the processor overlaps them. A provider that has the two as one primitive may do better.
    fn encrypt_feeding(&self, iv: &mut Block, blocks: &mut [Block], mac: &mut dyn MacInput, over: MacOver) {
        let blocks_per_step = (mac.step() / BLOCK_LEN).max(1);
        for step in blocks.chunks_mut(blocks_per_step) {
            match over {
                MacOver::Plaintext => {
                    mac.update(step.as_flattened());
                    self.encrypt(iv, step);
                }
                MacOver::Ciphertext => {
                    self.encrypt(iv, step);
                    mac.update(step.as_flattened());
                }
            }
        }
    }
}

/// What an authenticated encryption authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MacOver {
    /// The octets before encryption, as RFC 3961 §5.3 does.
    Plaintext,
    /// The octets after encryption, as RFC 8009 §5 does.
    Ciphertext,
}

/// Password-based key derivation, RFC 8018 §5.2, with one pseudo-random function.
pub trait Pbkdf2: Debug + Send + Sync {
    /// Fills `out`, of any length, from `password` and `salt` by `iterations` rounds a block.
    fn derive(&self, password: &[u8], salt: &[u8], iterations: NonZeroU32, out: &mut [u8]);
}

/// A key does not have the length that its cipher takes: the caller's mistake, or a damaged key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("key of {found} octets where the cipher takes {expected}")]
pub struct WrongKeyLength {
    /// The length that the cipher takes, in octets.
    pub expected: usize,
    /// The length that was given, in octets.
    pub found: usize,
}
