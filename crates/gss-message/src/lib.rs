//! Per-message tokens of RFC 4121 as the two halves of a GSS-API context, for mechanisms that agree on a key and have
//! no tokens of their own.
//!
//! `krb5-message` makes and checks the tokens and knows nothing of GSS; `gss-core` has the traits [`Sealer`] and
//! [`Opener`] and knows no cryptography. [`Sealing`] and [`Opening`] are the one for the other, and [`pseudo_random`] is
//! the function of RFC 4402 over the same key. A mechanism says how its own error wraps one of a token: its minor status
//! is its own.
//!
//! ```
//! use gss_core::{Opener as _, Privacy, Sealer as _, Sequence};
//! use gss_message::{Opening, Sealing};
//! use krb5_message::crypto::{Enctype, Key, primitives::rustcrypto::PROVIDER};
//! use krb5_message::{Detection, NumberWidth, Role, SequenceWindow, Style, Subkey, TokenParameters, TokenState};
//!
//! // What a mechanism has agreed on with its peer: a key, and who is who.
//! let key = Key::generate(&PROVIDER, Enctype::Aes128CtsHmacSha196)?;
//! let halves = |role| {
//!     let state = TokenState {
//!         parameters: TokenParameters { role, subkey: Subkey::Initiator, style: Style::Standard },
//!         next: 0,
//!         window: SequenceWindow::new(0, Detection::ReplayAndSequence, NumberWidth::Bits64),
//!     };
//!     state.halves(&key)
//! };
//! // A mechanism has an error of its own for this.
//! let refused = |_| gss_core::Error::new(gss_core::ErrorKind::BadMic);
//! let mut sealing = Sealing::new(halves(Role::Initiator)?.0, refused);
//! let mut opening = Opening::new(halves(Role::Acceptor)?.1, refused);
//!
//! let (mut token, _) = sealing.wrap(Privacy::Confidential, b"", b"attack at dawn")?;
//! let (message, unwrapped) = opening.unwrap(gss_core::Around::default(), &mut token)?;
//! assert_eq!(token[message], *b"attack at dawn");
//! assert_eq!((unwrapped.privacy, unwrapped.sequence), (Privacy::Confidential, Sequence::Ok));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod halves;
mod prf;

pub use halves::{Opening, Refused, Sealing};
pub use prf::pseudo_random;

#[cfg(doc)]
use gss_core::{Opener, Sealer};
