//! What the NTLM GSS-API mechanism ([MS-NLMP]) is to stand on: accounts, hashes, and the proof of an NTLMv2 response.
//! There is no mechanism to register yet.
//!
//! NTLM is for peers that know nothing better: its cryptography (MD4, MD5, RC4) is broken or nearly so, and a password
//! can be guessed from what is on the wire.
//!
//! | module | does |
//! |---|---|
//! | `password`, `account` | what a user knows, and who the user is |
//! | `flags`, `utf16` | the negotiate flags, and text on the wire |
//! | `level` | which generations of responses are accepted |
//! | `response` | what a client answers to a challenge: NTLMv2 |
//! | [`users`] | whom an acceptor asks about a user |

#![forbid(unsafe_code)]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

mod account;
mod flags;
mod level;
mod password;
mod response;
pub mod users;
mod utf16;

use gss_core::{Oid, oid};

pub use account::AccountName;
pub use flags::NegotiateFlags;
pub use level::{Generation, Level};
pub use password::{NtHash, Password};
pub use users::{Authenticated, Authentication, NtHashes, UserDatabase, UserError};

/// NTLM, [MS-NLMP] §1.9 and [MS-SPNG] §1.9: `iso.org.dod.internet.private.enterprise.Microsoft.security.mechanisms.NTLM`.
pub const NTLM: Oid = oid!("1.3.6.1.4.1.311.2.2.10");
