//! Kerberos per-message tokens (RFC 4121 §4.2) and the order window, without GSS. The older tokens of RFC 1964 and
//! RFC 4757 come with the feature `legacy-crypto`; [`Sealer`] and [`Opener`] take the format that a key's type has.
//!
//! A security context is two halves that share nothing but keys: a [`CfxSealer`] makes tokens, a
//! [`CfxOpener`] checks them. Each half holds the keys of its own direction (key usages 22 to 25),
//! derived once, so that a context can be split between threads.
//!
//! ```text
//! MIC token    04 04 │ flags │ FF FF FF FF FF │ SND_SEQ │ checksum(message, header)
//! Wrap token   05 04 │ flags │ FF │ EC │ RRC  │ SND_SEQ │ message, checksum        integrity only
//!                                                       │ E(message, filler, header)   sealed
//! ```
//!
//! ```
//! use krb5_message::crypto::{Enctype, Key, primitives::rustcrypto::PROVIDER};
//! use krb5_message::{
//!     CfxOpener, TokenParameters, CfxSealer, Detection, NumberWidth, Role, Sequence, SequenceWindow, Style, Subkey,
//! };
//!
//! let key = Key::generate(&PROVIDER, Enctype::Aes256CtsHmacSha384192)?;
//! let end = |role| TokenParameters { role, subkey: Subkey::Acceptor, style: Style::Standard };
//! let window = SequenceWindow::new(7, Detection::ReplayAndSequence, NumberWidth::Bits64);
//! let mut sealer = CfxSealer::new(&key, end(Role::Initiator), 7)?;
//! let mut opener = CfxOpener::new(&key, end(Role::Acceptor), window)?;
//!
//! let token = sealer.get_mic(&[b"attack at dawn"])?;
//! assert_eq!(opener.verify_mic(&[b"attack at dawn"], &token)?, Sequence::Ok);
//! assert_eq!(opener.verify_mic(&[b"attack at dawn"], &token)?, Sequence::Duplicate);
//! assert!(opener.verify_mic(&[b"attack at dusk"], &token).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic
)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::panic
    )
)]

mod error;
#[cfg(test)]
mod fixture;
mod format;
mod opener;
#[cfg(feature = "legacy-crypto")]
mod rfc1964;
mod sealer;
mod segment;
mod state;
mod token;
mod window;

pub use error::{Error, Fault, Layout};
pub use format::{Opener, Sealer};
pub use krb5_crypto as crypto;
pub use opener::{CfxOpener, Opened};
#[cfg(feature = "legacy-crypto")]
pub use rfc1964::{Rfc1964Opener, Rfc1964Sealer};
pub use sealer::{CfxSealer, Lengths, Trailer};
pub use segment::{Associated, Segment};
pub use state::{TokenParameters, TokenState};
pub use token::{HEADER_LEN, MicToken, Protection, Role, Style, Subkey, TokenFlags, WrapHeader};
pub use window::{Detection, NumberWidth, Sequence, SequenceWindow};
