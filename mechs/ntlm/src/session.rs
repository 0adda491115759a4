//! Session security with extended session security, [MS-NLMP] §3.4: one direction of it.
//!
//! ```text
//! 0..3    Version: 1, little-endian
//! 4..11   Checksum: HMAC-MD5 over SeqNum and message, 8 octets of it, encrypted if keys were exchanged
//! 12..15  SeqNum, little-endian
//! ```
//!
//! Signatures and messages are encrypted by one keystream, which goes on from message to message. A message that is
//! missing or late is therefore lost, and so is what follows it; a forged one is not, since it moves nothing. Datagrams
//! have a keystream each.

mod window;

use gss_core::Sequence;
use gss_crypto::{CryptoProvider, MacKey, Rc4, Secret, Zeroizing};

use crate::NegotiateFlags;
use crate::error::NtlmError;
use crate::keys::{Direction, seal_key, sign_key};
use window::Window;

/// The octets of a signature.
pub(crate) const SIGNATURE_LEN: usize = 16;

/// What protects the messages of one direction.
pub(crate) struct Session {
    flags: NegotiateFlags,
    provider: &'static CryptoProvider,
    sign_key: Secret,
    signing: Box<dyn MacKey>,
    seal_key: Secret,
    stream: Stream,
}

/// Where the direction stands.
enum Stream {
    /// One keystream for all messages, which come in order.
    Connection { cipher: Box<Rc4>, next: u64 },
    /// A keystream for each message. What is sent counts; what is received may come in any order.
    Datagram { next: u64, seen: Window },
}

/// A message in pieces, in the order in which they are signed.
pub(crate) enum Piece<'a> {
    /// It is sealed.
    Data(&'a mut [u8]),
    /// It is signed only.
    SignOnly(&'a [u8]),
}

impl Piece<'_> {
    fn octets(&self) -> &[u8] {
        match self {
            Self::Data(octets) => octets,
            Self::SignOnly(octets) => octets,
        }
    }
}

impl Session {
    /// The messages of one direction, from the first.
    pub(crate) fn new(
        flags: NegotiateFlags,
        exported: &Secret,
        direction: Direction,
        provider: &'static CryptoProvider,
    ) -> Self {
        let seal_key = seal_key(flags, exported, direction, provider);
        let stream = if flags.contains(NegotiateFlags::DATAGRAM) {
            Stream::Datagram {
                next: 0,
                seen: Window::new(),
            }
        } else {
            Stream::Connection {
                cipher: Box::new(Rc4::new(seal_key.expose())),
                next: 0,
            }
        };
        Self::with_stream(
            flags,
            sign_key(exported, direction, provider),
            seal_key,
            stream,
            provider,
        )
    }

    fn with_stream(
        flags: NegotiateFlags,
        sign_key: Secret,
        seal_key: Secret,
        stream: Stream,
        provider: &'static CryptoProvider,
    ) -> Self {
        Self {
            flags,
            provider,
            signing: provider.hmac_md5.key(sign_key.expose()),
            sign_key,
            seal_key,
            stream,
        }
    }

    /// Signs `message` and, where it is data and `sealing`, encrypts it in place.
    ///
    /// # Errors
    /// [`NtlmError::Exhausted`] after 2^32 messages; then nothing has changed.
    pub(crate) fn protect(
        &mut self,
        sealing: Sealing,
        message: &mut [Piece<'_>],
    ) -> Result<[u8; SIGNATURE_LEN], NtlmError> {
        let number = self.next_number()?;
        let checksum = self.checksum(number, message);
        let mut own = self.datagram_cipher(number);
        let cipher = match (&mut own, &mut self.stream) {
            (Some(own), _) => own,
            (None, Stream::Connection { cipher, .. }) => cipher,
            (None, Stream::Datagram { .. }) => return Err(NtlmError::Exhausted),
        };
        if sealing == Sealing::Sealed {
            apply(cipher, message);
        }
        let mut encrypted = *checksum;
        if self.flags.contains(NegotiateFlags::KEY_EXCH) {
            cipher.apply(&mut encrypted);
        }
        match &mut self.stream {
            Stream::Connection { next, .. } | Stream::Datagram { next, .. } => *next = next.saturating_add(1),
        }
        Ok(signature(encrypted, number))
    }

    /// Decrypts the data of `message` in place if it is sealed, and checks `signature` against it. After an error
    /// the data are as before, and so is the direction.
    ///
    /// # Errors
    /// [`NtlmError::Signature`] if it does not hold or does not come in order.
    pub(crate) fn check(
        &mut self,
        sealing: Sealing,
        message: &mut [Piece<'_>],
        signature: &[u8; SIGNATURE_LEN],
    ) -> Result<Sequence, NtlmError> {
        let [1, 0, 0, 0, c0, c1, c2, c3, c4, c5, c6, c7, s0, s1, s2, s3] = *signature else {
            return Err(NtlmError::Signature);
        };
        let mut checksum = [c0, c1, c2, c3, c4, c5, c6, c7];
        let number = u32::from_le_bytes([s0, s1, s2, s3]);
        let mut cipher = match (self.datagram_cipher(number), &self.stream) {
            (Some(own), _) => own,
            (None, Stream::Connection { cipher, next }) if *next == u64::from(number) => cipher.save(),
            (None, _) => return Err(NtlmError::Signature),
        };
        let before = cipher.save();
        if sealing == Sealing::Sealed {
            apply(&mut cipher, message);
        }
        if self.flags.contains(NegotiateFlags::KEY_EXCH) {
            cipher.apply(&mut checksum);
        }
        if self.hmac(number, message).verify(&checksum).is_err() {
            if sealing == Sealing::Sealed {
                apply(&mut before.save(), message);
            }
            return Err(NtlmError::Signature);
        }
        Ok(match &mut self.stream {
            Stream::Connection { cipher: kept, next } => {
                **kept = cipher;
                *next = next.saturating_add(1);
                Sequence::Ok
            }
            Stream::Datagram { seen, .. } => seen.admit(number),
        })
    }

    /// Starts the keystream anew. The numbers go on: so do Windows, gss-ntlmssp and pyspnego.
    pub(crate) fn restart_keystream(&mut self) {
        if let Stream::Connection { cipher, .. } = &mut self.stream {
            **cipher = Rc4::new(self.seal_key.expose());
        }
    }

    fn next_number(&self) -> Result<u32, NtlmError> {
        let (Stream::Connection { next, .. } | Stream::Datagram { next, .. }) = &self.stream;
        u32::try_from(*next).map_err(|_| NtlmError::Exhausted)
    }

    fn hmac(&self, number: u32, message: &[Piece<'_>]) -> gss_crypto::Mac {
        let mac = self.signing.sign_with(&mut |input| {
            input.update(&number.to_le_bytes());
            message.iter().for_each(|piece| input.update(piece.octets()));
        });
        mac.truncated(CHECKSUM_LEN)
    }

    fn checksum(&self, number: u32, message: &[Piece<'_>]) -> Zeroizing<[u8; CHECKSUM_LEN]> {
        let mac = self.hmac(number, message);
        Zeroizing::new(mac.expose().first_chunk().copied().unwrap_or_default())
    }

    /// The keystream of one datagram, §3.4.4: none in a connection.
    fn datagram_cipher(&self, number: u32) -> Option<Rc4> {
        match self.stream {
            Stream::Connection { .. } => None,
            Stream::Datagram { .. } => {
                let key = self.provider.md5.hash(&[self.seal_key.expose(), &number.to_le_bytes()]);
                Some(Rc4::new(key.expose()))
            }
        }
    }

    /// Appends what [`from_octets`](Self::from_octets) reads.
    ///
    /// ```text
    /// 0..15   signing key
    /// 16..31  sealing key
    /// 32..39  number of the next message, little-endian
    /// 40..297 RC4 state, in a connection
    /// 40..55  window, of datagrams
    /// ```
    pub(crate) fn push_octets(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.sign_key.expose());
        out.extend_from_slice(self.seal_key.expose());
        match &self.stream {
            Stream::Connection { cipher, next } => {
                out.extend_from_slice(&next.to_le_bytes());
                out.extend_from_slice(&*Zeroizing::new(cipher.to_octets()));
            }
            Stream::Datagram { next, seen } => {
                out.extend_from_slice(&next.to_le_bytes());
                out.extend_from_slice(&seen.to_octets());
            }
        }
    }

    /// The octets that [`push_octets`](Self::push_octets) appends at most.
    pub(crate) const MAX_OCTETS: usize = 16 + 16 + 8 + Rc4::STATE_LEN;

    /// Reads a direction off the front of `octets`.
    pub(crate) fn from_octets<'a>(
        flags: NegotiateFlags,
        octets: &'a [u8],
        provider: &'static CryptoProvider,
    ) -> Option<(Self, &'a [u8])> {
        let (sign_key, rest) = octets.split_first_chunk::<16>()?;
        let (seal_key, rest) = rest.split_first_chunk::<16>()?;
        let (next, rest) = rest.split_first_chunk()?;
        let next = u64::from_le_bytes(*next);
        let (stream, rest) = if flags.contains(NegotiateFlags::DATAGRAM) {
            let (window, rest) = rest.split_first_chunk()?;
            let seen = Window::from_octets(window);
            (Stream::Datagram { next, seen }, rest)
        } else {
            let (state, rest) = rest.split_at_checked(Rc4::STATE_LEN)?;
            let cipher = Box::new(Rc4::from_octets(state)?);
            (Stream::Connection { cipher, next }, rest)
        };
        let (sign_key, seal_key) = (Secret::from_slice(sign_key), Secret::from_slice(seal_key));
        Some((Self::with_stream(flags, sign_key, seal_key, stream, provider), rest))
    }
}

/// Whether data are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sealing {
    /// They are.
    Sealed,
    /// They are readable by all.
    Open,
}

fn apply(cipher: &mut Rc4, message: &mut [Piece<'_>]) {
    for piece in message {
        if let Piece::Data(octets) = piece {
            cipher.apply(octets);
        }
    }
}

fn signature(checksum: [u8; CHECKSUM_LEN], number: u32) -> [u8; SIGNATURE_LEN] {
    let mut octets = [0; SIGNATURE_LEN];
    let values = VERSION
        .to_le_bytes()
        .into_iter()
        .chain(checksum)
        .chain(number.to_le_bytes());
    octets.iter_mut().zip(values).for_each(|(to, from)| *to = from);
    octets
}

const VERSION: u32 = 1;
const CHECKSUM_LEN: usize = 8;

#[cfg(test)]
mod tests;
