//! What keeps a KDC from being built or started.

use std::io;
use std::net::SocketAddr;

use krb5_proto::{ParsePrincipalError, Principal, Realm};

/// Why a KDC cannot be built, started or asked for keys. All of it is the fault of whoever set it up: what clients send
/// is answered on the wire.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The port cannot be had.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// The system's answer.
        source: io::Error,
    },
    /// Two entries have the same name.
    #[error("{0} stands in the database already")]
    Duplicate(Box<Principal>),
    /// A principal of another realm.
    #[error("{principal} is not in the realm {realm}")]
    ForeignRealm {
        /// The principal.
        principal: Box<Principal>,
        /// The KDC's realm.
        realm: Realm,
    },
    /// A key cannot be made.
    #[error("cannot make a key for {principal}")]
    Key {
        /// Whose key.
        principal: Box<Principal>,
        /// Why.
        source: krb5_crypto::Error,
    },
    /// A principal, or the whole KDC, without encryption types.
    #[error("no encryption type is given for {0}")]
    NoEnctypes(String),
    /// The realm's name is empty.
    #[error("a realm needs a name")]
    NoRealm,
    /// The address can be reached from other machines.
    #[error("this KDC is for tests and listens on loopback addresses only, not on {0}")]
    NotLoopback(SocketAddr),
    /// The text is no principal name.
    #[error("{text:?} is not a principal name")]
    Principal {
        /// The text.
        text: String,
        /// Why.
        source: ParsePrincipalError,
    },
    /// The system gives no thread to serve with.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
    /// There is no such principal.
    #[error("{0} is not in the database")]
    UnknownPrincipal(Box<Principal>),
}
