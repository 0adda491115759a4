//! The tokens of older encryption types: RFC 1964 §1.2 for des3-cbc-sha1, and RFC 4757 §7 for arcfour-hmac.
//!
//! ```text
//! framing      RFC 2743 §3.1, over all that follows; in DCE style over the header only
//!  0..1   TOK_ID      01 01 MIC, 02 01 wrap, 01 02 deletion of the context
//!  2..3   SGN_ALG     11 00 arcfour-hmac, 04 00 des3-cbc-sha1
//!  4..5   SEAL_ALG    10 00 arcfour-hmac, 02 00 des3-cbc-sha1; FF FF not sealed, and in MIC tokens
//!  6..7   Filler      FF FF
//!  8..15  SND_SEQ     number and direction, encrypted with SGN_CKSUM as an ingredient
//! 16..    SGN_CKSUM   8 or 20 octets, over octets 0..7 and the rest
//! wrap:   Confounder  8 octets, also where nothing is encrypted
//!         message
//!         padding     1 octet for arcfour-hmac, 1 to 8 for des3-cbc-sha1, each of them the count; none in DCE style
//! ```
//!
//! Both directions use one key, so that the direction octets are all that keeps a token from being sent back. The
//! checksum does not cover SND_SEQ: what follows for arcfour-hmac is told at [`Rfc1964Opener`].

mod algorithm;
mod framing;
mod layout;
mod opener;
mod sealer;

pub use opener::Rfc1964Opener;
pub use sealer::Rfc1964Sealer;

#[cfg(test)]
mod tests;
