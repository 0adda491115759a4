use krb5_crypto::{Enctype, Error as CryptoError};

/// Why a token could not be made or was refused.
///
/// Nothing has changed in the half that returned it: no sequence number is used up, no window moved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The peer: the token names other algorithms than those of the context's key.
    #[error("the token names other algorithms than those of the context's key")]
    Algorithms,
    /// The caller: in DCE style, where nothing is padded, the message is not whole blocks.
    #[error("in DCE style the message must be whole blocks of {block} octets; it has {length}")]
    Blocks {
        /// What was given.
        length: usize,
        /// What it must be a multiple of.
        block: usize,
    },
    /// The peer: the checksum length announced is not that of the key's checksum.
    #[error("the token announces a checksum of {announced} octets; this key makes {expected}")]
    ChecksumLength {
        /// EC, or the octets that follow the header of a MIC token.
        announced: usize,
        /// What the key's checksum type makes.
        expected: usize,
    },
    /// The peer: what is encrypted is not whole blocks.
    #[error("{length} encrypted octets are not whole blocks of {block}")]
    CipherLength {
        /// What there is.
        length: usize,
        /// What it must be a multiple of.
        block: usize,
    },
    /// Ours: a cryptographic operation could not be done.
    #[error("the cryptographic operation failed")]
    Crypto(#[source] CryptoError),
    /// The peer or someone on the way: the token was sent by this end, and came back.
    #[error("the token was made by this end of the context: it was sent back")]
    Direction,
    /// The caller: the key is for tokens of another format.
    #[error("tokens of this format cannot be protected by keys of type {0}")]
    Enctype(Enctype),
    /// The peer: a filler octet is not FF.
    #[error("a filler octet of the token header is not FF")]
    Filler,
    /// The peer: no framing for Kerberos, or not one of the token's length.
    #[error("the token is not framed for Kerberos, or not as long as its framing says")]
    Framing,
    /// The peer: the header inside the encryption differs from the one outside, or there is no room for it.
    #[error("the encrypted copy of the token header does not match the header")]
    HeaderCopy,
    /// The peer or someone on the way: the checksum does not hold.
    #[error("the checksum does not hold: the message, the token or the key is another one")]
    Integrity,
    /// The caller: more than one segment of a kind of which there can be one, or a required one is missing.
    #[error("the segments do not form a message: {0}")]
    Layout(Layout),
    /// The peer: a MIC token with the flag Sealed.
    #[error("a MIC token cannot be sealed")]
    SealedMic,
    /// The caller: a segment does not have the length that the token needs.
    #[error("a segment of {given} octets was given where the token needs {needed}")]
    SegmentLength {
        /// What is needed.
        needed: usize,
        /// What was given.
        given: usize,
    },
    /// The caller: octets that are not an exported state, or of another version.
    #[error("the exported token state cannot be understood")]
    State,
    /// The peer: protected by the initiator's key where the acceptor's subkey is in use, or the reverse.
    #[error("the token is protected by another subkey than this context uses")]
    Subkey,
    /// The peer: other octets than those of the token that was expected.
    #[error("this is not a token of the expected kind")]
    TokenId,
    /// The caller: the token would be longer than an address can count.
    #[error("the message is too long")]
    TooLong,
    /// The peer: the token ends early.
    #[error("the token has {length} octets; the shortest possible has {least}")]
    Truncated {
        /// What there is.
        length: usize,
        /// What is needed at least.
        least: usize,
    },
}

/// What is wrong with a list of segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Layout {
    /// Padding where the token has none, or not as much as it has.
    #[error("the padding must be as long as the token's, and empty where it has none")]
    Padding,
    /// No header, or two.
    #[error("exactly one header is needed")]
    Header,
    /// A stream among other things than one data segment and associated data, or where none can be.
    #[error("a stream stands for the header, the data and the trailer, and is only for unwrapping")]
    Stream,
    /// Two trailers.
    #[error("there can be one trailer")]
    Trailer,
}

/// Whose fault an [`Error`] is, as far as the major status needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The caller of this library.
    Caller,
    /// The token is authentic to nobody: `GSS_S_BAD_SIG`.
    Forged,
    /// This end's resources.
    Local,
    /// The token is malformed: `GSS_S_DEFECTIVE_TOKEN`.
    Token,
}

impl Error {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Direction | Self::Integrity => Fault::Forged,
            Self::Crypto(_) => Fault::Local,
            Self::Blocks { .. }
            | Self::Enctype(_)
            | Self::Layout(_)
            | Self::SegmentLength { .. }
            | Self::State
            | Self::TooLong => Fault::Caller,
            Self::Algorithms
            | Self::ChecksumLength { .. }
            | Self::CipherLength { .. }
            | Self::Filler
            | Self::Framing
            | Self::HeaderCopy
            | Self::SealedMic
            | Self::Subkey
            | Self::TokenId
            | Self::Truncated { .. } => Fault::Token,
        }
    }
}

impl From<CryptoError> for Error {
    fn from(error: CryptoError) -> Self {
        match error {
            CryptoError::Integrity => Self::Integrity,
            CryptoError::CiphertextTooShort { found, minimum, .. } => Self::Truncated {
                length: found,
                least: minimum,
            },
            other => Self::Crypto(other),
        }
    }
}
