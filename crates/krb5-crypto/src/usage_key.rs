use std::fmt;
use std::ops::Range;

use gss_crypto::{BLOCK_LEN, Block, CbcKey, CryptoProvider, Mac, MacKey, MacOver, Zeroizing};

use crate::{Enctype, Error, Key, KeyUsage, Part, cts, derive::usage_octets, enctype::Profile, scattered::Scattered};

/// The derived keys of one usage, expanded: Ke as a cipher schedule, Ki and Kc as states of HMAC or CMAC.
///
/// Every operation exists once, in place over scattered parts ([`encrypt_parts`](UsageKey::encrypt_parts)); the others
/// are that one with fewer parts. A ciphertext is `confounder ‖ message ‖ tag`, with
///
/// ```text
/// RFC 3961 §5.3  tag = HMAC(Ki, confounder ‖ message), then both are encrypted
/// RFC 6803 §4    tag = CMAC(Ki, confounder ‖ message), then both are encrypted
/// RFC 8009 §5    tag = HMAC(Ki, IV ‖ ciphertext)
/// ```
///
/// The types of RFC 4757 and RFC 3961 §6.3 (feature `legacy-crypto`) have whole messages only, and say
/// [`Error::UnsupportedEnctype`] to what is scattered or in place.
pub struct UsageKey {
    provider: &'static CryptoProvider,
    etype: Enctype,
    keys: Keys,
}

enum Keys {
    Derived(Derived),
    #[cfg(feature = "legacy-crypto")]
    Legacy(crate::legacy::UsageCipher),
}

struct Derived {
    encryption: Box<dyn CbcKey>,
    integrity: Box<dyn MacKey>,
    checksum: Box<dyn MacKey>,
}

impl UsageKey {
    pub(crate) fn derive(key: &Key, usage: KeyUsage) -> Result<Self, Error> {
        let (provider, etype) = (key.provider(), key.enctype());
        Ok(Self {
            provider,
            etype,
            keys: Keys::derive(key, usage)?,
        })
    }

    /// The encryption type.
    #[must_use]
    pub fn enctype(&self) -> Enctype {
        self.etype
    }

    /// How many octets a ciphertext has more than its message: confounder and tag.
    #[must_use]
    pub fn overhead(&self) -> usize {
        self.etype.overhead()
    }

    /// Encrypts `plaintext` under a random confounder.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn encrypt(&self, plaintext: &[u8]) -> Result<Vec<u8>, Error> {
        #[cfg(feature = "legacy-crypto")]
        if let Keys::Legacy(cipher) = &self.keys {
            return cipher.encrypt(self.provider, plaintext);
        }
        let mut token = Zeroizing::new(vec![0; plaintext.len().saturating_add(self.overhead())]);
        let message = token.get_mut(self.etype.confounder_len()..).unwrap_or_default();
        message.iter_mut().zip(plaintext).for_each(|(to, from)| *to = *from);
        self.encrypt_in_place(&mut token)?;
        Ok(std::mem::take(&mut *token))
    }

    /// Encrypts the message within `token`, which has room for the confounder before it and for the tag behind it.
    ///
    /// # Errors
    /// [`Error::BufferLength`] if `token` is shorter than [`overhead`](UsageKey::overhead); [`Error::Random`].
    pub fn encrypt_in_place(&self, token: &mut [u8]) -> Result<(), Error> {
        let (expected, found) = (self.overhead(), token.len());
        let Some((confounder, message, tag)) = self.split(token) else {
            return Err(Error::BufferLength {
                what: "token",
                expected,
                found,
            });
        };
        self.encrypt_parts(confounder, &mut [Part::Encrypted(message)], tag)
    }

    /// Encrypts the concatenation of the [`Part::Encrypted`] in place, giving the same octets as if they were
    /// contiguous. `confounder` (filled at random here, then encrypted) and `tag` are written.
    ///
    /// # Errors
    /// [`Error::BufferLength`] if `confounder` or `tag` does not have exactly the enctype's length; [`Error::Random`].
    /// The parts are untouched then.
    pub fn encrypt_parts(&self, confounder: &mut [u8], parts: &mut [Part<'_>], tag: &mut [u8]) -> Result<(), Error> {
        self.check_lengths(confounder, tag)?;
        let derived = self.derived()?;
        self.provider.random.fill(confounder)?;
        let mac = self.seal(derived, &mut Scattered { confounder, parts });
        tag.copy_from_slice(mac.expose());
        Ok(())
    }

    /// Decrypts `ciphertext` into a message of its own, overwritten when dropped.
    ///
    /// # Errors
    /// [`Error::CiphertextTooShort`], [`Error::Integrity`].
    pub fn decrypt(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        #[cfg(feature = "legacy-crypto")]
        if let Keys::Legacy(cipher) = &self.keys {
            return cipher.decrypt(ciphertext);
        }
        let mut token = Zeroizing::new(ciphertext.to_vec());
        let Range { start, end } = self.decrypt_in_place(&mut token)?;
        token.truncate(end);
        token.drain(..start);
        Ok(token)
    }

    /// Decrypts `token` in place and returns where in it the message is.
    ///
    /// # Errors
    /// [`Error::CiphertextTooShort`], and `token` is untouched; [`Error::Integrity`], and `token` up to its tag is
    /// overwritten with zeros.
    pub fn decrypt_in_place(&self, token: &mut [u8]) -> Result<Range<usize>, Error> {
        let (minimum, found) = (self.overhead(), token.len());
        let Some((confounder, message, tag)) = self.split(token) else {
            return Err(Error::CiphertextTooShort {
                enctype: self.etype,
                found,
                minimum,
            });
        };
        let range = confounder.len()..confounder.len().saturating_add(message.len());
        self.decrypt_parts(confounder, &mut [Part::Encrypted(message)], tag)?;
        Ok(range)
    }

    /// Decrypts the concatenation of the [`Part::Encrypted`] in place and checks the tag over all parts.
    ///
    /// # Errors
    /// [`Error::BufferLength`] if `confounder` or `tag` does not have exactly the enctype's length, and nothing is
    /// changed; [`Error::Integrity`], and `confounder` and the [`Part::Encrypted`] are overwritten with zeros.
    pub fn decrypt_parts(&self, confounder: &mut [u8], parts: &mut [Part<'_>], tag: &[u8]) -> Result<(), Error> {
        self.check_lengths(confounder, tag)?;
        self.open(self.derived()?, &mut Scattered { confounder, parts }, tag)
    }

    /// The checksum of the concatenation of `parts`, RFC 3961 §5.4, RFC 8009 §6 and RFC 6803 §5.
    #[must_use]
    pub fn checksum(&self, parts: &[&[u8]]) -> Mac {
        match &self.keys {
            Keys::Derived(derived) => derived.checksum.sign(parts).truncated(self.etype.checksum_len()),
            #[cfg(feature = "legacy-crypto")]
            Keys::Legacy(cipher) => cipher.checksum(parts),
        }
    }

    /// Checks the `received` checksum of the concatenation of `parts`, in constant time.
    ///
    /// # Errors
    /// [`Error::Integrity`], also if `received` does not have the enctype's [`checksum_len`](Enctype::checksum_len).
    pub fn verify_checksum(&self, parts: &[&[u8]], received: &[u8]) -> Result<(), Error> {
        self.checksum(parts).verify(received).map_err(|_| Error::Integrity)
    }

    /// Encrypts `text`, whose confounder is chosen already, and returns the tag.
    fn seal(&self, keys: &Derived, text: &mut Scattered<'_, '_>) -> Mac {
        let mac = keys.integrity.sign_with(&mut |mac| {
            let mut iv = INITIAL_STATE;
            let over = match self.etype.profile() {
                Profile::EncryptThenMac => {
                    mac.update(&iv);
                    MacOver::Ciphertext
                }
                _ => MacOver::Plaintext,
            };
            cts::encrypt(&*keys.encryption, &mut iv, text, mac, over);
        });
        mac.truncated(self.etype.checksum_len())
    }

    /// Decrypts `text` if `tag` holds, and else overwrites it.
    fn open(&self, keys: &Derived, text: &mut Scattered<'_, '_>, tag: &[u8]) -> Result<(), Error> {
        let mut iv = INITIAL_STATE;
        let verified = match self.etype.profile() {
            Profile::EncryptThenMac => {
                let verified = self.tag(keys, &INITIAL_STATE, text).verify(tag);
                if verified.is_ok() {
                    cts::decrypt(&*keys.encryption, &mut iv, text);
                }
                verified
            }
            _ => {
                cts::decrypt(&*keys.encryption, &mut iv, text);
                self.tag(keys, &[], text).verify(tag)
            }
        };
        verified.map_err(|_| {
            text.zeroize();
            Error::Integrity
        })
    }

    fn tag(&self, keys: &Derived, state: &[u8], text: &Scattered<'_, '_>) -> Mac {
        let mac = keys.integrity.sign_with(&mut |input| {
            input.update(state);
            text.feed(input);
        });
        mac.truncated(self.etype.checksum_len())
    }

    /// # Errors
    /// [`Error::UnsupportedEnctype`] for a type that has whole messages only.
    fn derived(&self) -> Result<&Derived, Error> {
        match &self.keys {
            Keys::Derived(derived) => Ok(derived),
            #[cfg(feature = "legacy-crypto")]
            Keys::Legacy(_) => Err(Error::UnsupportedEnctype(self.etype.number())),
        }
    }

    /// `token` as confounder, message and tag; `None` if it is too short for the first and the last.
    fn split<'a>(&self, token: &'a mut [u8]) -> Option<(&'a mut [u8], &'a mut [u8], &'a mut [u8])> {
        let (confounder, rest) = token.split_at_mut_checked(self.etype.confounder_len())?;
        let (message, tag) = rest.split_at_mut_checked(rest.len().checked_sub(self.etype.checksum_len())?)?;
        Some((confounder, message, tag))
    }

    fn check_lengths(&self, confounder: &[u8], tag: &[u8]) -> Result<(), Error> {
        let buffers = [
            ("confounder", self.etype.confounder_len(), confounder.len()),
            ("tag", self.etype.checksum_len(), tag.len()),
        ];
        match buffers.into_iter().find(|(_, expected, found)| expected != found) {
            Some((what, expected, found)) => Err(Error::BufferLength { what, expected, found }),
            None => Ok(()),
        }
    }
}

impl Keys {
    fn derive(key: &Key, usage: KeyUsage) -> Result<Self, Error> {
        let (provider, etype) = (key.provider(), key.enctype());
        #[cfg(feature = "legacy-crypto")]
        if let Profile::Legacy(which) = etype.profile() {
            return which.cipher(provider, key.expose(), usage).map(Self::Legacy);
        }
        let octets = usage_octets(provider, etype, key.expose(), usage)?;
        Ok(Self::Derived(Derived {
            encryption: etype.cipher_key(provider, &octets.encryption)?,
            integrity: etype.mac_key(provider, &octets.integrity)?,
            checksum: etype.mac_key(provider, &octets.checksum)?,
        }))
    }
}

impl fmt::Debug for UsageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UsageKey")
            .field("enctype", &self.etype)
            .finish_non_exhaustive()
    }
}

/// The initial cipher state of RFC 3961 §3: Kerberos messages are never chained.
const INITIAL_STATE: Block = [0; BLOCK_LEN];

#[cfg(test)]
mod tests;
