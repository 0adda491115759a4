//! Keys, proofs and signatures, RFC 5802 §3.

use std::fmt;
use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use krb5_message::crypto::primitives::{CryptoProvider, RandomUnavailable, TagMismatch, ct_eq};
use krb5_message::crypto::{Enctype, Error as CryptoError, Key, Mac, Secret, Zeroizing};

use crate::hash::ScramHash;

/// What the password, a salt and an iteration count make: all that an initiator needs, and so as good as the password
/// with the acceptor that has this salt.
pub struct InitiatorKeys {
    hash: ScramHash,
    salt: Vec<u8>,
    iterations: NonZeroU32,
    client_key: Secret,
    server_key: Secret,
}

impl InitiatorKeys {
    /// Keys that were derived earlier, by [`client_key`](Self::client_key) and [`server_key`](Self::server_key);
    /// `None` unless they have the length of the hash.
    #[must_use]
    pub fn new(
        hash: ScramHash,
        salt: &[u8],
        iterations: NonZeroU32,
        client_key: Secret,
        server_key: Secret,
    ) -> Option<Self> {
        (client_key.len() == hash.output_len() && server_key.len() == hash.output_len()).then(|| Self {
            hash,
            salt: salt.to_vec(),
            iterations,
            client_key,
            server_key,
        })
    }

    /// Derives the keys from a prepared password. Takes as long as `iterations` say.
    pub(crate) fn derive(
        provider: &CryptoProvider,
        hash: ScramHash,
        password: &Secret,
        salt: &[u8],
        iterations: NonZeroU32,
    ) -> Self {
        let mut salted = Zeroizing::new(vec![0; hash.output_len()]);
        hash.pbkdf2(provider)
            .derive(password.expose(), salt, iterations, &mut salted);
        let salted = hash.hmac(provider).key(&salted);
        let named = |name: &[u8]| Secret::from_slice(salted.sign(&[name]).expose());
        Self {
            hash,
            salt: salt.to_vec(),
            iterations,
            client_key: named(b"Client Key"),
            server_key: named(b"Server Key"),
        }
    }

    /// What an acceptor stores.
    pub(crate) fn verifier(&self, provider: &CryptoProvider) -> UserKeys {
        UserKeys {
            hash: self.hash,
            salt: self.salt.clone(),
            iterations: self.iterations,
            stored_key: self.stored_key(provider),
            server_key: Secret::from_slice(self.server_key.expose()),
        }
    }

    /// Whether these are the keys for that salt and iteration count.
    pub(crate) fn are_for(&self, salt: &[u8], iterations: NonZeroU32) -> bool {
        self.salt == salt && self.iterations == iterations
    }

    pub(crate) fn hash(&self) -> ScramHash {
        self.hash
    }

    /// ClientKey.
    #[must_use]
    pub fn client_key(&self) -> &Secret {
        &self.client_key
    }

    /// ServerKey.
    #[must_use]
    pub fn server_key(&self) -> &Secret {
        &self.server_key
    }

    fn stored_key(&self, provider: &CryptoProvider) -> Secret {
        stored_key(provider, self.hash, self.client_key.expose())
    }

    /// ClientProof.
    pub(crate) fn proof(&self, provider: &CryptoProvider, exchange: &AuthMessage<'_>) -> Vec<u8> {
        let signature = exchange.signed(provider, self.hash, &self.stored_key(provider));
        xor(self.client_key.expose(), signature.expose())
    }

    /// ServerSignature, which the acceptor must send.
    pub(crate) fn expected(&self, provider: &CryptoProvider, exchange: &AuthMessage<'_>) -> Mac {
        exchange.signed(provider, self.hash, &self.server_key)
    }

    /// The key of the messages.
    ///
    /// # Errors
    /// What the provider returns.
    pub(crate) fn session_key(
        &self,
        provider: &'static CryptoProvider,
        exchange: &AuthMessage<'_>,
    ) -> Result<Key, CryptoError> {
        let stored_key = self.stored_key(provider);
        session_key(provider, self.hash, &stored_key, self.client_key.expose(), exchange)
    }
}

impl fmt::Debug for InitiatorKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InitiatorKeys")
            .field("hash", &self.hash)
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}

/// What an acceptor stores of a user: enough to check a proof, not enough to make one.
pub struct UserKeys {
    /// Of which mechanism.
    pub(crate) hash: ScramHash,
    pub(crate) salt: Vec<u8>,
    pub(crate) iterations: NonZeroU32,
    pub(crate) stored_key: Secret,
    pub(crate) server_key: Secret,
}

impl UserKeys {
    /// Keys from a store; `None` unless they have the length of the hash, and a salt.
    #[must_use]
    pub fn new(
        hash: ScramHash,
        salt: &[u8],
        iterations: NonZeroU32,
        stored_key: Secret,
        server_key: Secret,
    ) -> Option<Self> {
        let fits = stored_key.len() == hash.output_len() && server_key.len() == hash.output_len() && !salt.is_empty();
        fits.then(|| Self {
            hash,
            salt: salt.to_vec(),
            iterations,
            stored_key,
            server_key,
        })
    }

    /// The same keys once more: a store keeps its own.
    pub(crate) fn copied(&self) -> Self {
        let copy = |key: &Secret| Secret::from_slice(key.expose());
        Self {
            hash: self.hash,
            salt: self.salt.clone(),
            iterations: self.iterations,
            stored_key: copy(&self.stored_key),
            server_key: copy(&self.server_key),
        }
    }

    /// ClientKey, if `proof` proves that the initiator has it. In constant time.
    ///
    /// # Errors
    /// [`TagMismatch`] if it does not.
    pub(crate) fn proven(
        &self,
        provider: &CryptoProvider,
        exchange: &AuthMessage<'_>,
        proof: &[u8],
    ) -> Result<Secret, TagMismatch> {
        let signature = exchange.signed(provider, self.hash, &self.stored_key);
        let client_key = Secret::new(xor(proof, signature.expose()));
        let stored_key = stored_key(provider, self.hash, client_key.expose());
        ct_eq(stored_key.expose(), self.stored_key.expose())?;
        // A longer proof would leave the excess out of the XOR.
        ct_eq(&proof.len().to_be_bytes(), &self.hash.output_len().to_be_bytes())?;
        Ok(client_key)
    }

    /// ServerSignature.
    pub(crate) fn signature(&self, provider: &CryptoProvider, exchange: &AuthMessage<'_>) -> Mac {
        exchange.signed(provider, self.hash, &self.server_key)
    }

    /// The key of the messages.
    ///
    /// # Errors
    /// What the provider returns.
    pub(crate) fn session_key(
        &self,
        provider: &'static CryptoProvider,
        client_key: &Secret,
        exchange: &AuthMessage<'_>,
    ) -> Result<Key, CryptoError> {
        session_key(provider, self.hash, &self.stored_key, client_key.expose(), exchange)
    }
}

impl fmt::Debug for UserKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserKeys")
            .field("hash", &self.hash)
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}

/// AuthMessage: the three messages before the last, as they were on the wire, the third without its proof.
#[derive(Clone, Copy)]
pub(crate) struct AuthMessage<'a> {
    pub(crate) client_first_bare: &'a str,
    pub(crate) server_first: &'a str,
    pub(crate) client_final_without_proof: &'a str,
}

impl AuthMessage<'_> {
    fn parts(&self) -> [&[u8]; 5] {
        [
            self.client_first_bare.as_bytes(),
            b",",
            self.server_first.as_bytes(),
            b",",
            self.client_final_without_proof.as_bytes(),
        ]
    }

    fn signed(&self, provider: &CryptoProvider, hash: ScramHash, key: &Secret) -> Mac {
        hash.hmac(provider).key(key.expose()).sign(&self.parts())
    }
}

/// StoredKey, the hash of ClientKey.
fn stored_key(provider: &CryptoProvider, hash: ScramHash, client_key: &[u8]) -> Secret {
    Secret::from_slice(hash.digest(provider).hash(&[client_key]).expose())
}

/// The protocol key of RFC 5802 §8.2: the last 128 bits of HMAC(StoredKey, "GSS-API session key" ‖ ClientKey ‖
/// AuthMessage).
fn session_key(
    provider: &'static CryptoProvider,
    hash: ScramHash,
    stored_key: &Secret,
    client_key: &[u8],
    exchange: &AuthMessage<'_>,
) -> Result<Key, CryptoError> {
    let [first, comma, second, other_comma, third] = exchange.parts();
    let parts = [
        b"GSS-API session key",
        client_key,
        first,
        comma,
        second,
        other_comma,
        third,
    ];
    let mac = hash.hmac(provider).key(stored_key.expose()).sign(&parts);
    let octets = mac.expose().last_chunk::<SESSION_KEY_LEN>();
    Key::new(provider, ENCTYPE, octets.map_or(&[][..], |octets| octets))
}

/// A nonce: 24 random octets as base64, which has no comma.
///
/// # Errors
/// [`RandomUnavailable`].
pub(crate) fn nonce(provider: &CryptoProvider) -> Result<String, RandomUnavailable> {
    let mut octets = [0; NONCE_LEN];
    provider.random.fill(&mut octets)?;
    Ok(STANDARD.encode(octets))
}

fn xor(one: &[u8], other: &[u8]) -> Vec<u8> {
    one.iter().zip(other).map(|(one, other)| one ^ other).collect()
}

/// RFC 5802 §8.2.
pub(crate) const ENCTYPE: Enctype = Enctype::Aes128CtsHmacSha196;
const SESSION_KEY_LEN: usize = 16;
const NONCE_LEN: usize = 24;

#[cfg(test)]
mod tests;
