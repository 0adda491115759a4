//! RC4 and triple DES of the RustCrypto crates.

use cbc::cipher::array::Array;
use cbc::cipher::common::{InnerIvInit, IvState};
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyInit};

use crate::WrongKeyLength;
use crate::legacy::{Des3Cbc, Des3Key, DesBlock, Keystream, StreamCipher};

#[derive(Debug)]
pub(super) struct Rc4;

struct Running(rc4::Rc4);

impl StreamCipher for Rc4 {
    fn keystream(&self, key: &[u8]) -> Result<Box<dyn Keystream>, WrongKeyLength> {
        match <rc4::Rc4 as KeyInit>::new_from_slice(key) {
            Ok(cipher) => Ok(Box::new(Running(cipher))),
            Err(_) => Err(WrongKeyLength {
                expected: RC4_KEY,
                found: key.len(),
            }),
        }
    }
}

impl Keystream for Running {
    fn apply(&mut self, octets: &mut [u8]) {
        rc4::StreamCipher::apply_keystream(&mut self.0, octets);
    }
}

#[derive(Debug)]
pub(super) struct Des3;

struct Expanded(des::TdesEde3);

impl Des3Cbc for Des3 {
    fn key(&self, key: &[u8]) -> Result<Box<dyn Des3Key>, WrongKeyLength> {
        match des::TdesEde3::new_from_slice(key) {
            Ok(cipher) => Ok(Box::new(Expanded(cipher))),
            Err(_) => Err(WrongKeyLength {
                expected: DES3_KEY,
                found: key.len(),
            }),
        }
    }
}

impl Des3Key for Expanded {
    fn encrypt(&self, iv: &mut DesBlock, blocks: &mut [DesBlock]) {
        let mut mode = cbc::Encryptor::inner_iv_init(&self.0, &Array(*iv));
        mode.encrypt_blocks(Array::cast_slice_from_core_mut(blocks));
        *iv = mode.iv_state().into();
    }

    fn decrypt(&self, iv: &mut DesBlock, blocks: &mut [DesBlock]) {
        let mut mode = cbc::Decryptor::inner_iv_init(&self.0, &Array(*iv));
        mode.decrypt_blocks(Array::cast_slice_from_core_mut(blocks));
        *iv = mode.iv_state().into();
    }
}

/// The usual length of a key, in octets; any from 1 to 256 is taken.
const RC4_KEY: usize = 16;
/// In octets.
const DES3_KEY: usize = 24;
