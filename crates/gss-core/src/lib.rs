//! GSS-API vocabulary, mechanism traits and the mechglue (RFC 2743, RFC 2744). No input or output, no cryptography.
//!
//! | module or type | what it is | where it is defined |
//! |---|---|---|
//! | [`Oid`], [`oid!`] | object identifiers, checked when compiled | X.690 §8.19 |
//! | [`Name`], [`name_type`], [`exported_name`] | names and their exported form | RFC 2743 §3.2, §4 |
//! | [`Credential`], [`Acquire`], [`CredStore`], [`Store`] | credentials and where they come from | RFC 2743 §2.1, RFC 5588 |
//! | [`Flags`], [`ChannelBindings`] | what is asked of a context, and its channel | RFC 2744 §5.19, §3.11 |
//! | [`Error`], [`ErrorKind`], [`Major`], [`MechError`] | status | RFC 2744 §3.9 |
//! | [`framing`] | what is around an initial token | RFC 2743 §3.1 |
//! | [`flow`]: [`Flow`], [`IoRequest`], [`IoReply`] | calls that need the network, without doing it | |
//! | [`Mechanism`], [`MechName`], [`MechCred`] | what a mechanism implements | RFC 2743 §1 |
//! | [`Handshake`], [`InitiatorContext`], [`AcceptorContext`], [`Step`] | half-open contexts: a step consumes them | RFC 2743 §2.2 |
//! | [`EstablishedContext`], [`Sealer`], [`Opener`] | established contexts and their two halves | RFC 2743 §2.3 |
//! | [`iov`]: [`Iov`] | message buffers borrowed from the caller | |
//! | [`Mechanisms`], [`Registration`] | the mechglue: the ordered registry and the calls through it | RFC 2743 §2 |
//! | [`MechAttrs`], [`AttrSet`] | mechanism attributes | RFC 5587 |
//! | [`Environment`], [`Clock`] | the surroundings, given to the mechanisms | |
//! | [`Rfc1508`] | the old names `sign`, `verify`, `seal`, `unseal` | RFC 1508 |
//!
//! A handshake consumes its context at each step and gives back the next one; only an established context, another
//! type, can protect messages. What may need a KDC returns a [`Flow`], which a driver completes:
//!
//! ```
//! use gss_core::{Flow, Initiate, IoReply, IoRequest, Mechanisms, Name, Step, StepError};
//!
//! fn first_token(
//!     mechs: &Mechanisms,
//!     driver: &mut dyn FnMut(IoRequest) -> IoReply,
//! ) -> Result<Vec<u8>, StepError> {
//!     let request = Initiate::new(Name::hostbased_service("HTTP@www.example.com"));
//!     match mechs.initiate(&request, None)?.step(None)?.drive(driver)? {
//!         Step::Continue { token, .. } => Ok(token),
//!         Step::Established { token, .. } => Ok(token.unwrap_or_default()),
//!     }
//! }
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

#[macro_use]
mod oid;

mod attrs;
mod bindings;
mod context;
mod cred_store;
mod credential;
mod environment;
mod error;
pub mod exported_name;
mod flags;
pub mod flow;
pub mod framing;
mod glue;
pub mod inquiry;
pub mod iov;
mod mechanism;
mod message;
mod name;
mod octets;
mod oid_list;
mod registry;
mod rfc1508;
pub mod serial;
mod status;

pub use inventory;

pub use attrs::{AttrSet, Description, MechAttrs};
pub use bindings::{Address, BindingsPolicy, ChannelBindings};
pub use context::{
    Accept, AcceptorContext, ContextInfo, EstablishedContext, Halves, Handshake, Initiate, InitiatorContext,
    MechListMic, OptionValue, PrfKey, Progress, Role, Step,
};
pub use cred_store::{CredStore, StoreValue};
pub use credential::{
    Acquire, CredInfo, CredSource, CredUsage, Credential, Existing, Rank, Store, Stored, StoredElements, element_for,
};
pub use environment::{Clock, Environment, Privileges, User};
pub use error::{CoreError, Error, ErrorKind, MechError, Result};
pub use flags::Flags;
pub use flow::{Flow, Flowing, IoFailure, IoReply, IoRequest, Pending, StepError};
pub use iov::{Iov, IovError, IovLens, IovShape, TrailerPlace};
pub use mechanism::{AttributeValue, Label, LocalLogin, MechCred, MechName, Mechanism, Origin};
pub use message::{Around, Opener, Privacy, Sealer, Sequence, Unwrapped, Verified, unwrap_stream};
pub use name::{Name, name_type};
pub use octets::Octets;
pub use oid::{Oid, OidError};
pub use oid_list::OidList;
pub use registry::{Builder, Mechanisms, Registration, Snapshot};
pub use rfc1508::Rfc1508;
pub use status::Major;
