//! The exchanges of RFC 4120 §3, and that of RFC 3244, as state machines without I/O.
//!
//! The KDC exchanges yield a [`KdcRequest`] and a state that awaits its reply; each reply gives a
//! [`Step`]. Time comes in as an argument each time, randomness from the crypto provider.

pub mod ap;
pub mod as_exchange;
pub mod cred;
mod kdc_reply;
pub mod kpasswd;
pub mod krb_error;
pub mod private;
pub mod service;
#[cfg(test)]
pub(crate) mod test_realm;
pub mod tgs;

use std::fmt;

use krb5_crypto::CryptoProvider;

use crate::{Error, Realm};

pub use ap::KeyLookup;
pub use as_exchange::{AsExchange, AsOptions, AsOutcome, AwaitAsRep, EncryptedTimestamp, LongTerm};
pub use kpasswd::{AwaitPasswordReply, PasswordChanged, PasswordExchange, PasswordOptions, Whose};
pub use service::{AwaitServiceTicket, ServiceExchange, ServiceOptions, ServiceOutcome, ServiceRealm};
pub use tgs::{AwaitTgsRep, TgsExchange, TgsOptions, TgsOutcome};

/// A message for a KDC, or for the password service of its realm.
#[derive(Clone, PartialEq, Eq)]
pub struct KdcRequest {
    /// Whose KDC.
    pub realm: Realm,
    /// Which of the realm's services.
    pub service: Service,
    /// The DER encoding of the AS-REQ or TGS-REQ, or a whole message of RFC 3244; the transport adds its own framing.
    pub message: Vec<u8>,
    /// How to send it.
    pub route: Route,
}

impl fmt::Debug for KdcRequest {
    /// The message by its length only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.message.len();
        f.debug_struct("KdcRequest")
            .field("realm", &self.realm)
            .field("service", &self.service)
            .field("message", &format_args!("{length} octets"))
            .field("route", &self.route)
            .finish()
    }
}

/// Which of a realm's services a message is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Service {
    /// The KDC.
    #[default]
    Kdc,
    /// The password service, RFC 3244.
    Kpasswd,
}

/// How a message gets to the KDC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Route {
    /// Any KDC, by UDP or TCP as the size advises.
    #[default]
    Any,
    /// By TCP: the reply did not fit into UDP.
    Tcp,
    /// The primary KDC, where password changes arrive first.
    Primary,
}

/// What comes after a reply.
#[derive(Debug)]
pub enum Step<S, T> {
    /// Another request is due.
    Send {
        /// What to send.
        request: KdcRequest,
        /// Who awaits the reply.
        next: S,
    },
    /// The exchange is complete.
    Done(T),
}

/// Whether a difference between the KDC's clock and ours is made up for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeSync {
    /// The KDC's clock is right; the difference is told in the outcome (`kdc_timesync = 1`).
    #[default]
    FromKdc,
    /// Ours is right: a difference is an error.
    Off,
}

/// What to do with a ticket for another realm's ticket-granting service instead of the server's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Referrals {
    /// It is an error.
    #[default]
    Refuse,
    /// It is taken where it may come: for a request with `CANONICALIZE`, or for another ticket-granting service.
    Take,
}

/// Whether to make a key of our own for the session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Subkey {
    /// Make one, of the session key's encryption type.
    #[default]
    Generate,
    /// None: the ticket's session key is used.
    None,
}

/// A nonce: random, positive in 31 bits, since some KDCs take it for a signed number.
fn nonce(provider: &'static CryptoProvider) -> Result<u32, Error> {
    random(provider, 0x7fff_ffff)
}

/// A first sequence number: random, not zero, and below 2^30, since old peers decode it as a signed number.
///
/// # Errors
/// [`Error::Crypto`] if there is no randomness.
pub fn sequence_number(provider: &'static CryptoProvider) -> Result<u32, Error> {
    random(provider, 0x3fff_ffff)
}

/// Random bits under `mask`, not all of them zero.
fn random(provider: &'static CryptoProvider, mask: u32) -> Result<u32, Error> {
    let mut octets = [0; 4];
    provider.random.fill(&mut octets).map_err(|source| Error::Crypto {
        doing: "making a random number",
        source: source.into(),
    })?;
    Ok((u32::from_ne_bytes(octets) & mask).max(1))
}

/// Requests of one exchange, at most.
const MAX_ROUNDS: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_shows_the_length_of_its_message_and_none_of_its_octets() {
        let request = KdcRequest {
            realm: "R".into(),
            service: Service::Kdc,
            message: vec![211, 212, 213],
            route: Route::Any,
        };
        let shown = format!("{request:?}");
        assert!(shown.contains("message: 3 octets"), "{shown}");
        assert!(!shown.contains("211"), "{shown}");
    }
}
