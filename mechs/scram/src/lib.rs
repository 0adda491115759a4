//! SCRAM-SHA-1 and SCRAM-SHA-256 as GSS-API mechanisms (RFC 5802 §8, RFC 7677).
//!
//! The acceptor holds a salted verifier of a password, the initiator the password; each proves to the other that it has
//! its own, and nobody who listens learns either. Both then share a key for messages of RFC 4121.
//!
//! ```text
//! initiator                                            acceptor
//! n=USER,r=NONCE                            ────▶                      client-first-message-bare, framed (RFC 2743 §3.1)
//!                                           ◀────      r=NONCE+,s=SALT,i=ITERATIONS
//! c=CHANNEL BINDINGS,r=NONCE+,p=PROOF       ────▶
//!                                           ◀────      v=SIGNATURE
//! ```
//!
//! ```
//! use gss_core::{Accept, Acquire, Initiate, Mechanism, Name, Step};
//! use gss_mech_scram::{MemoryUsers, Scram, ScramCred, ScramEnvironment, ScramHash};
//! use std::sync::Arc;
//! # use gss_core::{Flowing, IoReply, IoRequest, StepError};
//! # fn drive<T>(flowing: Flowing<T>) -> Result<T, StepError> {
//! #     flowing?.drive(&mut |request| match request {
//! #         IoRequest::Blocking(call) => IoReply::Value(call()),
//! #         _ => unreachable!(),
//! #     })
//! # }
//! let users = MemoryUsers::new(4096)?.with("alice", b"open sesame")?;
//! let acceptor = Scram::new(ScramHash::Sha256, ScramEnvironment::default().with_users(Arc::new(users)));
//!
//! let initiator = Scram::new(ScramHash::Sha256, ScramEnvironment::default());
//! let password = b"open sesame".to_vec().into();
//! let request = Acquire::initiate().named(Name::user("alice")).with_password(password);
//! let cred = gss_core::Credential::single(initiator.oid(), drive(initiator.acquire(request))?);
//! let request = Initiate::new(Name::hostbased_service("imap@mail.example.org")).with_cred(cred);
//!
//! let (mut ours, mut theirs) = (initiator.initiate(&request)?, acceptor.accept(&Accept::new())?);
//! let mut token = None;
//! let (initiated, accepted) = loop {
//!     let made = match drive(ours.step(token.as_deref()))? {
//!         Step::Continue { token, next } => {
//!             ours = next;
//!             token
//!         }
//!         Step::Established { .. } => unreachable!("the acceptor speaks last"),
//!     };
//!     match drive(theirs.step(Some(&made)))? {
//!         Step::Continue { token: made, next } => (token, theirs) = (Some(made), next),
//!         Step::Established { token, context } => match drive(ours.step(token.as_deref()))? {
//!             Step::Established { context: initiated, .. } => break (initiated, context),
//!             Step::Continue { .. } => unreachable!("nothing is left to say"),
//!         },
//!     }
//! };
//! assert_eq!(accepted.info().source.as_ref().map(|name| name.to_text()).as_deref(), Some("alice"));
//! # let _ = initiated;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | does |
//! |---|---|
//! | `mechanism` | the calls of the mechglue |
//! | `name`, `prepare` | names, SASLprep (RFC 4013) |
//! | `cred`, `users` | an initiator's password or keys; an acceptor's users |
//! | [`message`] | the four messages, RFC 5802 §7 |
//! | `initiator`, `acceptor`, `keys`, `hash` | establishing a context, RFC 5802 §3 |
//! | `context`, `export` | an established context, and its octets for another process |
//! | [`gs2`] | the header that SASL puts before the first message, RFC 5801 |

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

mod acceptor;
mod context;
mod cred;
mod environment;
mod error;
mod export;
pub mod gs2;
mod hash;
mod initiator;
mod keys;
mod mechanism;
pub mod message;
mod name;
mod prepare;
mod users;

use std::sync::Arc;

use gss_core::{Environment, Mechanism, Oid, Registration, Result, oid};

pub use cred::ScramCred;
pub use environment::ScramEnvironment;
pub use error::{NameFault, ScramError};
pub use hash::ScramHash;
pub use keys::{InitiatorKeys, UserKeys};
pub use mechanism::Scram;
pub use name::ScramName;
pub use prepare::NotPrepared;
pub use users::{Decoy, FileUsers, MemoryUsers, ScramUsers, UserFileFault, UsersError, VerifierError};

/// SCRAM-SHA-1, RFC 5802 §10.
pub const SCRAM_SHA_1: Oid = oid!("1.3.6.1.5.5.14");
/// SCRAM-SHA-256, RFC 7677 §4.
pub const SCRAM_SHA_256: Oid = oid!("1.3.6.1.5.5.18");

/// Where they stand among linked mechanisms: behind those that need no password, the better hash first.
const PRIORITY_SHA_256: u32 = 30;
const PRIORITY_SHA_1: u32 = 31;

gss_core::inventory::submit! {
    Registration::concrete(SCRAM_SHA_256, PRIORITY_SHA_256, |environment| linked(ScramHash::Sha256, environment))
}

gss_core::inventory::submit! {
    Registration::concrete(SCRAM_SHA_1, PRIORITY_SHA_1, |environment| linked(ScramHash::Sha1, environment))
}

fn linked(hash: ScramHash, environment: &Environment) -> Result<Arc<dyn Mechanism>> {
    Ok(Arc::new(Scram::new(
        hash,
        ScramEnvironment::from_environment(environment)?,
    )))
}

/// The examples in the document compile.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/writing-a-mechanism.md")]
struct WritingAMechanism;
