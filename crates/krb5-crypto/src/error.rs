use gss_crypto::{RandomUnavailable, WrongKeyLength};

use crate::Enctype;

/// Why a cryptographic operation of Kerberos failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A buffer of the caller does not have the length that the enctype prescribes.
    #[error("{what} buffer of {found} octets where {expected} are needed")]
    BufferLength {
        /// Which buffer: "confounder", "tag", "token".
        what: &'static str,
        /// The length that is needed, in octets (at least this, for a whole token).
        expected: usize,
        /// The length that was given, in octets.
        found: usize,
    },
    /// The peer's ciphertext cannot even hold a confounder and a tag.
    #[error("ciphertext of {found} octets is too short for {enctype}, whose shortest has {minimum}")]
    CiphertextTooShort {
        /// The encryption type of the key.
        enctype: Enctype,
        /// Octets received.
        found: usize,
        /// Octets of the encryption of an empty message.
        minimum: usize,
    },
    /// The peer's ciphertext or checksum does not hold: altered, or made with another key or for another usage.
    #[error("integrity check failed: altered data, or another key")]
    Integrity,
    /// The iteration count (of a KDC's ETYPE-INFO2, of an administrator) is 0 or beyond
    /// [`MAX_ITERATIONS`](crate::MAX_ITERATIONS).
    #[error("iteration count {0} is out of bounds (1 to {max})", max = crate::MAX_ITERATIONS)]
    IterationCount(u32),
    /// A key does not have the length of its enctype, RFC 3961 §3: a damaged keytab, ticket or reply.
    #[error("key of {found} octets where {enctype} takes {expected}")]
    KeyLength {
        /// The encryption type that the key was said to have.
        enctype: Enctype,
        /// The length that it takes, in octets.
        expected: usize,
        /// The length that was given, in octets.
        found: usize,
    },
    /// The caller asked for more pseudo-random octets than RFC 6113 §5.1 can number.
    #[error("{0} pseudo-random octets asked for, more than 255 outputs of the function")]
    OutputTooLong(usize),
    /// The password is not text in UTF-8, which arcfour-hmac makes keys of.
    #[cfg(feature = "legacy-crypto")]
    #[error("the password is not text in UTF-8")]
    Password,
    /// The operating system gave no random octets.
    #[error("cannot make a key or confounder")]
    Random(#[from] RandomUnavailable),
    /// The string-to-key parameters are not the four octets of RFC 3962 §4.
    #[error("string-to-key parameters of {0} octets where 4 are expected")]
    StringToKeyParameters(usize),
    /// The checksum type number is none of those implemented here.
    #[error("checksum type {0} is not supported")]
    UnsupportedChecksum(i32),
    /// The enctype number is none of those implemented here.
    #[error("encryption type {0} is not supported{hint}", hint = legacy_hint(*.0))]
    UnsupportedEnctype(i32),
}

/// What would make an encryption type of old peers work.
fn legacy_hint(number: i32) -> &'static str {
    match number {
        16 => ": des3-cbc-sha1 needs the feature legacy-crypto, and allow_des3 in krb5.conf",
        23 => ": arcfour-hmac needs the feature legacy-crypto, and allow_rc4 in krb5.conf",
        _ => "",
    }
}

/// For `map_err`: the complaint of a primitive as one about a key of `etype`.
pub(crate) fn wrong_key_length(etype: Enctype) -> impl Fn(WrongKeyLength) -> Error {
    move |WrongKeyLength { expected, found }| Error::KeyLength {
        enctype: etype,
        expected,
        found,
    }
}
