//! Primitives of encryption types that are kept for old peers, and for nothing else (feature `legacy-crypto`).

use std::fmt::Debug;

use crate::WrongKeyLength;

/// One block of DES.
pub type DesBlock = [u8; 8];

/// A stream cipher.
pub trait StreamCipher: Debug + Send + Sync {
    /// The keystream of `key`, from its beginning.
    ///
    /// # Errors
    /// [`WrongKeyLength`] if the cipher takes no such key.
    fn keystream(&self, key: &[u8]) -> Result<Box<dyn Keystream>, WrongKeyLength>;
}

/// A place in a keystream. It is overwritten on drop.
pub trait Keystream: Send {
    /// Encrypts or decrypts `octets` in place, and moves on by as many.
    fn apply(&mut self, octets: &mut [u8]);
}

/// DES with three keys in CBC mode over whole blocks.
pub trait Des3Cbc: Debug + Send + Sync {
    /// Expands `key`, 24 octets with parity bits that are not looked at.
    ///
    /// # Errors
    /// [`WrongKeyLength`].
    fn key(&self, key: &[u8]) -> Result<Box<dyn Des3Key>, WrongKeyLength>;
}

/// An expanded key of [`Des3Cbc`]. It is overwritten on drop.
pub trait Des3Key: Send + Sync {
    /// Encrypts `blocks` in place and leaves in `iv` the last ciphertext block.
    fn encrypt(&self, iv: &mut DesBlock, blocks: &mut [DesBlock]);

    /// Decrypts `blocks` in place and leaves in `iv` the last ciphertext block.
    fn decrypt(&self, iv: &mut DesBlock, blocks: &mut [DesBlock]);
}
