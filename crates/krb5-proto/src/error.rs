//! What can go wrong, and whose fault it is.

/// A failure of decoding or of an exchange.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The peer's octets are not the DER encoding of `what`.
    #[error("malformed {what}: {source}")]
    Malformed {
        /// The message's name in the RFC.
        what: &'static str,
        /// Where and why.
        source: der::Error,
    },
    /// The peer's message is larger than any that is decoded.
    #[error("{what} of {octets} octets is too large")]
    TooLarge {
        /// The message's name in the RFC.
        what: &'static str,
        /// Its size.
        octets: usize,
    },
    /// A value that the caller gave does not fit the encoding.
    #[error("{what} cannot be encoded: {source}")]
    Unencodable {
        /// The message's name in the RFC.
        what: &'static str,
        /// Why.
        source: der::Error,
    },
}
