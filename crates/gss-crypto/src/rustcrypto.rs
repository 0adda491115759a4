//! The provider made of the RustCrypto crates: pure Rust, hardware instructions detected at run time.

#[cfg(feature = "legacy-crypto")]
mod legacy;

use std::any::type_name;
use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroU32;

use cbc::cipher::array::Array;
use cbc::cipher::common::{InnerIvInit, IvState};
use cbc::cipher::consts::U16;
use cbc::cipher::{
    BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, BlockSizeUser, KeyInit, KeySizeUser,
};
use hmac::digest::OutputSizeUser;
use hmac::{EagerHash, Mac as _};

use crate::{
    Block, CbcCipher, CbcKey, Cmac, CryptoProvider, Digest, Hash, Hmac, Mac, MacInput, MacKey, OsRandom, Pbkdf2,
    WrongKeyLength,
};

/// The RustCrypto primitives with the operating system's randomness.
pub static PROVIDER: CryptoProvider = CryptoProvider {
    name: "rustcrypto",
    random: &OsRandom,
    aes128_cbc: &Cbc::<aes::Aes128>(PhantomData),
    aes256_cbc: &Cbc::<aes::Aes256>(PhantomData),
    camellia128_cbc: &Cbc::<camellia::Camellia128>(PhantomData),
    camellia256_cbc: &Cbc::<camellia::Camellia256>(PhantomData),
    cmac_camellia128: &OverCipher::<camellia::Camellia128>(PhantomData),
    cmac_camellia256: &OverCipher::<camellia::Camellia256>(PhantomData),
    hmac_sha1: &OverHash::<sha1::Sha1>(PhantomData),
    hmac_sha256: &OverHash::<sha2::Sha256>(PhantomData),
    hmac_sha384: &OverHash::<sha2::Sha384>(PhantomData),
    pbkdf2_sha1: &OverHash::<sha1::Sha1>(PhantomData),
    pbkdf2_sha256: &OverHash::<sha2::Sha256>(PhantomData),
    pbkdf2_sha384: &OverHash::<sha2::Sha384>(PhantomData),
    md5: &OverHash::<md5::Md5>(PhantomData),
    sha1: &OverHash::<sha1::Sha1>(PhantomData),
    sha256: &OverHash::<sha2::Sha256>(PhantomData),
    sha384: &OverHash::<sha2::Sha384>(PhantomData),
    #[cfg(any(feature = "legacy-crypto", feature = "ntlm"))]
    md4: &OverHash::<md4::Md4>(PhantomData),
    #[cfg(any(feature = "legacy-crypto", feature = "ntlm"))]
    hmac_md5: &OverHash::<md5::Md5>(PhantomData),
    #[cfg(feature = "legacy-crypto")]
    rc4: &legacy::Rc4,
    #[cfg(feature = "legacy-crypto")]
    des3_cbc: &legacy::Des3,
};

/// CBC mode of the block cipher `C`.
struct Cbc<C>(PhantomData<fn() -> C>);

impl<C> fmt::Debug for Cbc<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(type_name::<Self>())
    }
}

impl<C> CbcCipher for Cbc<C>
where
    C: BlockCipherEncrypt + BlockCipherDecrypt + BlockSizeUser<BlockSize = U16> + KeyInit + Send + Sync + 'static,
{
    fn key_len(&self) -> usize {
        <C as KeySizeUser>::key_size()
    }

    fn key(&self, key: &[u8]) -> Result<Box<dyn CbcKey>, WrongKeyLength> {
        match C::new_from_slice(key) {
            Ok(cipher) => Ok(Box::new(Expanded(cipher))),
            Err(_) => Err(WrongKeyLength {
                expected: self.key_len(),
                found: key.len(),
            }),
        }
    }
}

/// The key schedules of the block cipher `C`, for both directions.
struct Expanded<C>(C);

impl<C> CbcKey for Expanded<C>
where
    C: BlockCipherEncrypt + BlockCipherDecrypt + BlockSizeUser<BlockSize = U16> + Send + Sync,
{
    fn encrypt(&self, iv: &mut Block, blocks: &mut [Block]) {
        let mut mode = cbc::Encryptor::inner_iv_init(&self.0, &Array(*iv));
        mode.encrypt_blocks(Array::cast_slice_from_core_mut(blocks));
        *iv = mode.iv_state().into();
    }

    fn decrypt(&self, iv: &mut Block, blocks: &mut [Block]) {
        let mut mode = cbc::Decryptor::inner_iv_init(&self.0, &Array(*iv));
        mode.decrypt_blocks(Array::cast_slice_from_core_mut(blocks));
        *iv = mode.iv_state().into();
    }
}

/// CMAC with the block cipher `C`.
struct OverCipher<C>(PhantomData<fn() -> C>);

impl<C> fmt::Debug for OverCipher<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(type_name::<Self>())
    }
}

impl<C> Cmac for OverCipher<C>
where
    C: cmac::block_api::CmacCipher + KeySizeUser + 'static,
    cmac::Cmac<C>: KeyInit + Clone + cmac::Mac + Send + Sync,
{
    fn key(&self, key: &[u8]) -> Result<Box<dyn MacKey>, WrongKeyLength> {
        match <cmac::Cmac<C> as KeyInit>::new_from_slice(key) {
            Ok(keyed) => Ok(Box::new(Stated(keyed))),
            Err(_) => Err(WrongKeyLength {
                expected: <C as KeySizeUser>::key_size(),
                found: key.len(),
            }),
        }
    }
}

/// The state of the tag `M` after its key, to be cloned for each message.
struct Stated<M>(M);

impl<M: cmac::Mac + Clone + Send + Sync> MacKey for Stated<M> {
    fn sign_with(&self, message: &mut dyn FnMut(&mut dyn MacInput)) -> Mac {
        let mut running = Midway(self.0.clone());
        message(&mut running);
        Mac::from_slice(&running.0.finalize().into_bytes())
    }
}

/// The state of the tag `M` in the middle of a message.
struct Midway<M>(M);

impl<M: cmac::Mac> MacInput for Midway<M> {
    fn update(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }
}

/// What is built on the hash function `D`: itself, HMAC, PBKDF2.
struct OverHash<D>(PhantomData<fn() -> D>);

impl<D> fmt::Debug for OverHash<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(type_name::<Self>())
    }
}

impl<D: sha2::Digest> Hash for OverHash<D> {
    fn output_len(&self) -> usize {
        <D as sha2::Digest>::output_size()
    }

    fn hash(&self, parts: &[&[u8]]) -> Digest {
        let mut state = D::new();
        parts.iter().for_each(|part| state.update(part));
        Digest::from_slice(&state.finalize())
    }
}

impl<D> Hmac for OverHash<D>
where
    D: EagerHash + sha2::Digest + 'static,
    hmac::Hmac<D>: Send + Sync,
{
    fn output_len(&self) -> usize {
        <D as sha2::Digest>::output_size()
    }

    fn key(&self, key: &[u8]) -> Box<dyn MacKey> {
        let keyed = <hmac::Hmac<D> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
        Box::new(Keyed(keyed))
    }
}

impl<D: EagerHash> Pbkdf2 for OverHash<D> {
    fn derive(&self, password: &[u8], salt: &[u8], iterations: NonZeroU32, out: &mut [u8]) {
        pbkdf2::pbkdf2_hmac::<D>(password, salt, iterations.get(), out);
    }
}

/// HMAC states after the key block, to be cloned for each message.
struct Keyed<D: EagerHash>(hmac::Hmac<D>);

impl<D: EagerHash> MacKey for Keyed<D>
where
    hmac::Hmac<D>: Send + Sync,
{
    fn sign_with(&self, message: &mut dyn FnMut(&mut dyn MacInput)) -> Mac {
        let mut running = Running(self.0.clone());
        message(&mut running);
        Mac::from_slice(&running.0.finalize().into_bytes())
    }
}

/// HMAC states in the middle of a message.
struct Running<D: EagerHash>(hmac::Hmac<D>);

impl<D: EagerHash> MacInput for Running<D> {
    fn update(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }

    fn step(&self) -> usize {
        if self.overlaps_with_a_cipher() { 128 } else { 4096 }
    }
}

impl<D: EagerHash> Running<D> {
    /// SHA-1 and SHA-256 have instructions of their own and leave the processor room for AES; SHA-384 in vector
    /// instructions fills it, and small steps only cost (measured: 6 % less at 128 octets than at 4096).
    fn overlaps_with_a_cipher(&self) -> bool {
        <hmac::Hmac<D> as OutputSizeUser>::output_size() <= 32
    }
}
