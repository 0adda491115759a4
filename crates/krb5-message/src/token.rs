use crate::Error;

/// Which end of the context this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// It sent the AP-REQ.
    Initiator,
    /// It received the AP-REQ.
    Acceptor,
}

/// Which key protects the messages of a context, RFC 4121 §2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subkey {
    /// The ticket's session key, or the subkey of the AP-REQ.
    Initiator,
    /// The subkey of the AP-REP; tokens say so by the flag AcceptorSubkey.
    Acceptor,
}

/// What a wrap token does for its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protection {
    /// A checksum; the message is readable on the way.
    Integrity,
    /// Encryption, and integrity with it.
    Confidentiality,
}

/// Whether the context was established with `GSS_C_DCE_STYLE`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Style {
    /// RFC 4121 as written.
    #[default]
    Standard,
    /// As Windows does for DCE RPC: sealed tokens carry one block of filler, and are rotated by EC + RRC.
    Dce,
}

/// The flags octet, RFC 4121 §4.2.2. Unknown bits are kept and ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenFlags(pub u8);

impl TokenFlags {
    /// Sent by the acceptor.
    pub const SENT_BY_ACCEPTOR: u8 = 1;
    /// The message is encrypted.
    pub const SEALED: u8 = 2;
    /// Protected by the acceptor's subkey.
    pub const ACCEPTOR_SUBKEY: u8 = 4;

    pub(crate) fn new(sender: Role, subkey: Subkey, protection: Protection) -> Self {
        let sender = if sender == Role::Acceptor {
            Self::SENT_BY_ACCEPTOR
        } else {
            0
        };
        let sealed = if protection == Protection::Confidentiality {
            Self::SEALED
        } else {
            0
        };
        let subkey = if subkey == Subkey::Acceptor {
            Self::ACCEPTOR_SUBKEY
        } else {
            0
        };
        Self(sender | sealed | subkey)
    }

    /// Who sent the token.
    pub fn sender(self) -> Role {
        if self.0 & Self::SENT_BY_ACCEPTOR != 0 {
            Role::Acceptor
        } else {
            Role::Initiator
        }
    }

    /// What the token claims to do for its message.
    pub fn protection(self) -> Protection {
        if self.0 & Self::SEALED != 0 {
            Protection::Confidentiality
        } else {
            Protection::Integrity
        }
    }

    /// The key it claims to be protected by.
    pub fn subkey(self) -> Subkey {
        if self.0 & Self::ACCEPTOR_SUBKEY != 0 {
            Subkey::Acceptor
        } else {
            Subkey::Initiator
        }
    }
}

/// A MIC token, RFC 4121 §4.2.6.1.
///
/// ```text
/// 0..1   TOK_ID     04 04
/// 2      Flags      RFC 4121 §4.2.2; Sealed is never set
/// 3..7   Filler     FF FF FF FF FF, covered by the checksum
/// 8..15  SND_SEQ    big-endian
/// 16..   SGN_CKSUM  over the message, then octets 0..15
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MicToken<'a> {
    /// Octet 2.
    pub flags: TokenFlags,
    /// SND_SEQ.
    pub sequence: u64,
    /// SGN_CKSUM, of whatever length.
    pub checksum: &'a [u8],
}

impl<'a> MicToken<'a> {
    /// The identifier in the first two octets.
    pub const TOK_ID: [u8; 2] = [4, 4];

    /// Takes `token` apart.
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::TokenId`], [`Error::Filler`], or [`Error::SealedMic`].
    pub fn parse(token: &'a [u8]) -> Result<Self, Error> {
        let (header, checksum) = split_header(token, Self::TOK_ID)?;
        let [_, _, flags, filler @ .., s0, s1, s2, s3, s4, s5, s6, s7] = header;
        if *filler != [0xFF; 5] {
            return Err(Error::Filler);
        }
        let flags = TokenFlags(*flags);
        if flags.protection() == Protection::Confidentiality {
            return Err(Error::SealedMic);
        }
        let sequence = u64::from_be_bytes([*s0, *s1, *s2, *s3, *s4, *s5, *s6, *s7]);
        Ok(Self {
            flags,
            sequence,
            checksum,
        })
    }

    /// Octets 0..15, which the checksum covers after the message.
    pub fn header(flags: TokenFlags, sequence: u64) -> [u8; HEADER_LEN] {
        let [t0, t1] = Self::TOK_ID;
        let [s0, s1, s2, s3, s4, s5, s6, s7] = sequence.to_be_bytes();
        [
            t0, t1, flags.0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, s0, s1, s2, s3, s4, s5, s6, s7,
        ]
    }
}

/// The header of a wrap token, RFC 4121 §4.2.6.2.
///
/// ```text
/// 0..1   TOK_ID   05 04
/// 2      Flags    RFC 4121 §4.2.2
/// 3      Filler   FF
/// 4..5   EC       octets of filler if sealed, of checksum if not; big-endian
/// 6..7   RRC      octets moved from the end to the front of the rest; big-endian
/// 8..15  SND_SEQ  big-endian
/// 16..   sealed:     E(message ‖ filler ‖ header with RRC 0)
///        not sealed: message ‖ checksum(message ‖ header with EC and RRC 0)
///        either of them rotated right by RRC
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrapHeader {
    /// Octet 2.
    pub flags: TokenFlags,
    /// EC.
    pub extra_count: u16,
    /// RRC; any value is legal, also one beyond the length of the token.
    pub rotation: u16,
    /// SND_SEQ.
    pub sequence: u64,
}

impl WrapHeader {
    /// The identifier in the first two octets.
    pub const TOK_ID: [u8; 2] = [5, 4];

    /// Reads the first 16 octets of `token` and returns them with the rest.
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::TokenId`], or [`Error::Filler`].
    pub fn parse(token: &[u8]) -> Result<(Self, &[u8]), Error> {
        let (header, rest) = split_header(token, Self::TOK_ID)?;
        let [_, _, flags, filler, e0, e1, r0, r1, sequence @ ..] = header;
        if *filler != 0xFF {
            return Err(Error::Filler);
        }
        let parsed = Self {
            flags: TokenFlags(*flags),
            extra_count: u16::from_be_bytes([*e0, *e1]),
            rotation: u16::from_be_bytes([*r0, *r1]),
            sequence: u64::from_be_bytes(*sequence),
        };
        Ok((parsed, rest))
    }

    /// The 16 octets.
    pub fn to_octets(self) -> [u8; HEADER_LEN] {
        let [t0, t1] = Self::TOK_ID;
        let [e0, e1] = self.extra_count.to_be_bytes();
        let [r0, r1] = self.rotation.to_be_bytes();
        let [s0, s1, s2, s3, s4, s5, s6, s7] = self.sequence.to_be_bytes();
        [
            t0,
            t1,
            self.flags.0,
            0xFF,
            e0,
            e1,
            r0,
            r1,
            s0,
            s1,
            s2,
            s3,
            s4,
            s5,
            s6,
            s7,
        ]
    }

    /// The header as the checksum of an unsealed token covers it: EC and RRC are zero.
    pub(crate) fn signed_octets(self) -> [u8; HEADER_LEN] {
        Self {
            extra_count: 0,
            rotation: 0,
            ..self
        }
        .to_octets()
    }

    /// The header as it is encrypted at the end of a sealed token: RRC is zero.
    pub(crate) fn sealed_octets(self) -> [u8; HEADER_LEN] {
        Self { rotation: 0, ..self }.to_octets()
    }

    /// RRC of a token with these flags and this EC whose trailer stands in its header, `tag` being the length of the
    /// key's checksum: what follows the message is rotated to its front. `None` beyond 16 bits.
    ///
    /// ```text
    /// not sealed        checksum                         RRC = tag
    /// sealed            filler ‖ header copy ‖ tag       RRC = EC + 16 + tag
    /// sealed, DCE       the same                         RRC = 16 + tag: Windows adds EC, and so do MIT and Heimdal
    /// ```
    pub(crate) fn rotation_into_header(flags: TokenFlags, style: Style, extra_count: u16, tag: usize) -> Option<u16> {
        let tag = u16::try_from(tag).ok()?;
        match (flags.protection(), style) {
            (Protection::Integrity, _) => Some(tag),
            (Protection::Confidentiality, Style::Standard) => tag.checked_add(COPY_LEN)?.checked_add(extra_count),
            (Protection::Confidentiality, Style::Dce) => tag.checked_add(COPY_LEN),
        }
    }

    /// By how many octets the rest of the token was rotated.
    ///
    /// Windows adds EC to the RRC of sealed tokens in DCE style, where they are rotated at all.
    pub(crate) fn total_rotation(self, style: Style) -> usize {
        let filler = match (style, self.flags.protection(), self.rotation) {
            (Style::Dce, Protection::Confidentiality, 1..) => usize::from(self.extra_count),
            _ => 0,
        };
        usize::from(self.rotation).saturating_add(filler)
    }
}

fn split_header(token: &[u8], id: [u8; 2]) -> Result<(&[u8; HEADER_LEN], &[u8]), Error> {
    if token.get(..2).is_some_and(|found| found != id) {
        return Err(Error::TokenId);
    }
    token.split_first_chunk().ok_or(Error::Truncated {
        length: token.len(),
        least: HEADER_LEN,
    })
}

/// Octets in the clear header of every token of RFC 4121.
pub const HEADER_LEN: usize = 16;
/// The same for its copy inside the encryption.
const COPY_LEN: u16 = 16;

#[cfg(test)]
mod tests;
