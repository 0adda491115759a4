//! What the two encryption types do differently.

use std::fmt;
use std::sync::Arc;

use krb5_crypto::primitives::MacKey;
use krb5_crypto::primitives::legacy::{Des3Key, StreamCipher};
use krb5_crypto::{Enctype, Key, KeyUsage, Mac, UsageKey};

use super::layout::{Head, Sequence};
use crate::segment::Body;
use crate::{Error, Role};

/// Which algorithms the tokens of a context name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// RFC 4757 §7.
    Arcfour,
    /// RFC 1964 §1.2 with the algorithms of RFC 3961 §6.3, as MIT numbers them.
    Des3,
}

impl Algorithm {
    /// `None` for the types whose tokens are those of RFC 4121.
    pub(crate) fn of(enctype: Enctype) -> Option<Self> {
        match enctype {
            Enctype::ArcfourHmac => Some(Self::Arcfour),
            Enctype::Des3CbcSha1 => Some(Self::Des3),
            _ => None,
        }
    }

    /// SGN_ALG, little-endian.
    pub(crate) fn sign(self) -> [u8; 2] {
        match self {
            Self::Arcfour => [0x11, 0],
            Self::Des3 => [4, 0],
        }
    }

    /// SEAL_ALG, little-endian.
    pub(crate) fn seal(self) -> [u8; 2] {
        match self {
            Self::Arcfour => [0x10, 0],
            Self::Des3 => [2, 0],
        }
    }

    /// The length of SGN_CKSUM.
    pub(crate) fn checksum_len(self) -> usize {
        match self {
            Self::Arcfour => 8,
            Self::Des3 => 20,
        }
    }

    /// What the length of the encrypted octets must be a multiple of.
    pub(crate) fn block_len(self) -> usize {
        match self {
            Self::Arcfour => 1,
            Self::Des3 => 8,
        }
    }

    /// How many octets of padding follow a message of this length.
    pub(crate) fn padding_len(self, message: usize) -> usize {
        let block = self.block_len();
        let used = message.checked_rem(block).unwrap_or(0);
        block.saturating_sub(used)
    }
}

/// What a key is used for in the tokens of a context, whichever end sends them.
pub(crate) struct Keys {
    /// For MIC tokens.
    sign: Arc<UsageKey>,
    /// For wrap tokens.
    wrap: Arc<UsageKey>,
    ciphers: Ciphers,
}

enum Ciphers {
    /// RFC 4757 §7.
    ///
    /// ```text
    /// SND_SEQ  RC4(HMAC-MD5(HMAC-MD5(key, 00000000), SGN_CKSUM))
    /// message  RC4(HMAC-MD5(HMAC-MD5(key ^ F0F0…, 00000000), number))
    /// ```
    Arcfour {
        rc4: &'static dyn StreamCipher,
        sequence: Box<dyn MacKey>,
        message: Box<dyn MacKey>,
    },
    /// CBC under the key itself, from SGN_CKSUM for SND_SEQ and from zeros for the message.
    Des3(Box<dyn Des3Key>),
}

/// What SND_SEQ says.
pub(crate) struct Numbered {
    pub(crate) number: u32,
    /// By the direction octets; `None` if they are not those of anybody.
    pub(crate) sender: Option<Role>,
}

impl Keys {
    /// # Errors
    /// [`Error::Enctype`], [`Error::Crypto`].
    pub(crate) fn new(key: &Key) -> Result<Self, Error> {
        let algorithm = Algorithm::of(key.enctype()).ok_or(Error::Enctype(key.enctype()))?;
        let provider = key.provider();
        let (sign, ciphers) = match algorithm {
            Algorithm::Arcfour => {
                let flipped =
                    krb5_crypto::Zeroizing::new(key.expose().iter().map(|octet| octet ^ 0xF0).collect::<Vec<u8>>());
                let derived = |key: &[u8]| {
                    provider
                        .hmac_md5
                        .key(provider.hmac_md5.key(key).sign(&[&[0; 4]]).expose())
                };
                let ciphers = Ciphers::Arcfour {
                    rc4: provider.rc4,
                    sequence: derived(key.expose()),
                    message: derived(&flipped),
                };
                (ARCFOUR_MIC, ciphers)
            }
            Algorithm::Des3 => {
                let cipher = provider.des3_cbc.key(key.expose());
                (SIGN, Ciphers::Des3(cipher.map_err(|_| Error::Enctype(key.enctype()))?))
            }
        };
        Ok(Self {
            sign: key.usage(sign)?,
            wrap: key.usage(SIGN)?,
            ciphers,
        })
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        match self.ciphers {
            Ciphers::Arcfour { .. } => Algorithm::Arcfour,
            Ciphers::Des3(_) => Algorithm::Des3,
        }
    }

    /// SGN_CKSUM of a token without confounder: over its beginning, then the message.
    pub(crate) fn checksum(&self, head: &Head, message: &[&[u8]]) -> Mac {
        let parts = [&[&head[..]], message].concat();
        self.sign.checksum(&parts).truncated(self.algorithm().checksum_len())
    }

    /// SGN_CKSUM of a wrap token: over its beginning, the confounder, then message and padding in the clear.
    pub(crate) fn checksum_wrapped(&self, head: &Head, confounder: &[u8], body: &[Body<'_>]) -> Mac {
        let parts: Vec<&[u8]> = [&head[..], confounder]
            .into_iter()
            .chain(body.iter().map(Body::octets))
            .collect();
        self.wrap.checksum(&parts).truncated(self.algorithm().checksum_len())
    }

    /// SND_SEQ: the number, big-endian for arcfour-hmac as Windows has it and else little-endian, then four octets that
    /// tell the sender; both encrypted.
    ///
    /// # Errors
    /// [`Error::TooLong`], never: the checksum has the right length.
    pub(crate) fn hide_sequence(&self, number: u32, sender: Role, checksum: &[u8]) -> Result<Sequence, Error> {
        let [n0, n1, n2, n3] = match self.algorithm() {
            Algorithm::Arcfour => number.to_be_bytes(),
            Algorithm::Des3 => number.to_le_bytes(),
        };
        let [d0, d1, d2, d3] = direction(sender);
        let mut block = [n0, n1, n2, n3, d0, d1, d2, d3];
        match &self.ciphers {
            Ciphers::Arcfour { rc4, sequence, .. } => apply(*rc4, &**sequence, checksum, &mut block)?,
            Ciphers::Des3(cipher) => cipher.encrypt(&mut initial(checksum)?, std::slice::from_mut(&mut block)),
        }
        Ok(block)
    }

    /// The reverse of [`Keys::hide_sequence`].
    ///
    /// # Errors
    /// As there.
    pub(crate) fn reveal_sequence(&self, sequence: &Sequence, checksum: &[u8]) -> Result<Numbered, Error> {
        let mut block = *sequence;
        match &self.ciphers {
            Ciphers::Arcfour { rc4, sequence, .. } => apply(*rc4, &**sequence, checksum, &mut block)?,
            Ciphers::Des3(cipher) => cipher.decrypt(&mut initial(checksum)?, std::slice::from_mut(&mut block)),
        }
        let [n0, n1, n2, n3, found @ ..] = block;
        let number = [n0, n1, n2, n3];
        Ok(Numbered {
            number: match self.algorithm() {
                Algorithm::Arcfour => u32::from_be_bytes(number),
                Algorithm::Des3 => u32::from_le_bytes(number),
            },
            sender: [Role::Initiator, Role::Acceptor]
                .into_iter()
                .find(|role| direction(*role) == found),
        })
    }

    /// Encrypts confounder, message and padding, which are whole blocks.
    ///
    /// # Errors
    /// [`Error::Crypto`], [`Error::CipherLength`].
    pub(crate) fn encrypt(&self, number: u32, text: &mut [u8]) -> Result<(), Error> {
        match &self.ciphers {
            Ciphers::Arcfour { rc4, message, .. } => apply(*rc4, &**message, &number.to_be_bytes(), text),
            Ciphers::Des3(cipher) => {
                cipher.encrypt(&mut [0; 8], blocks(text)?);
                Ok(())
            }
        }
    }

    /// The reverse of [`Keys::encrypt`].
    ///
    /// # Errors
    /// As there.
    pub(crate) fn decrypt(&self, number: u32, text: &mut [u8]) -> Result<(), Error> {
        match &self.ciphers {
            Ciphers::Arcfour { rc4, message, .. } => apply(*rc4, &**message, &number.to_be_bytes(), text),
            Ciphers::Des3(cipher) => {
                cipher.decrypt(&mut [0; 8], blocks(text)?);
                Ok(())
            }
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}

/// Encrypts or decrypts under the key that `base` makes of `ingredient`.
fn apply(rc4: &dyn StreamCipher, base: &dyn MacKey, ingredient: &[u8], text: &mut [u8]) -> Result<(), Error> {
    let key = base.sign(&[ingredient]);
    let keystream = rc4.keystream(key.expose());
    keystream.map_err(|_| Error::Enctype(Enctype::ArcfourHmac))?.apply(text);
    Ok(())
}

fn initial(checksum: &[u8]) -> Result<[u8; 8], Error> {
    checksum.first_chunk().copied().ok_or(Error::TooLong)
}

fn blocks(text: &mut [u8]) -> Result<&mut [[u8; 8]], Error> {
    let length = text.len();
    match text.as_chunks_mut() {
        (blocks, []) => Ok(blocks),
        _ => Err(Error::CipherLength { length, block: 8 }),
    }
}

fn direction(sender: Role) -> [u8; 4] {
    match sender {
        Role::Initiator => [0; 4],
        Role::Acceptor => [0xFF; 4],
    }
}

/// Of every checksum, RFC 3961 §6.3 and MIT; arcfour-hmac makes 13 of it, RFC 4757 §7.3.
const SIGN: KeyUsage = KeyUsage(23);
/// Of MIC tokens with arcfour-hmac, RFC 4757 §7.2.
const ARCFOUR_MIC: KeyUsage = KeyUsage(15);
