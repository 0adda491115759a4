//! Why there is no key for a ticket.

use std::fmt;
use std::sync::Arc;

use super::{ComErr, ErrorCode, EtypeNumbers};
use crate::Principal;

/// No key was found that a ticket could be decrypted with: what was looked for, and what is there.
#[derive(Clone, Debug, thiserror::Error)]
pub struct KeyLookupError {
    /// What failed.
    pub failure: LookupFailure,
    /// Where the keys are, for a person: a keytab's name.
    pub place: String,
    /// The server that the ticket names.
    pub server: Principal,
    /// The key version that the ticket names.
    pub kvno: Option<u32>,
    /// The ticket's encryption type.
    pub etype: i32,
    /// The keys that are there for this server, or, where it has none, the servers that have some.
    pub found: Vec<FoundKey>,
}

/// A key that is there but does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundKey {
    /// Whose it is.
    pub principal: Principal,
    /// Its version.
    pub kvno: u32,
    /// Its encryption type.
    pub etype: i32,
}

/// How a look-up fails.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LookupFailure {
    /// The keys could not be read.
    Unreadable(Arc<dyn std::error::Error + Send + Sync>),
    /// There are no keys at all.
    Empty,
    /// There are keys, but none for this server.
    Principal,
    /// The server that is wanted is not the one that this acceptor may be.
    NotUs,
    /// The server has keys, but not of this version.
    Version,
    /// The server has keys of this version, but not of this encryption type.
    Etype,
    /// The keys fit, but none of them decrypts the ticket.
    Undecipherable,
}

impl KeyLookupError {
    /// MIT's com_err number, with its distinctions.
    #[must_use]
    pub fn com_err(&self) -> ComErr {
        match self.failure {
            LookupFailure::Unreadable(_) | LookupFailure::Empty => ErrorCode::KRB_AP_ERR_NOKEY.com_err(),
            LookupFailure::Principal | LookupFailure::NotUs => ErrorCode::KRB_AP_ERR_NOT_US.com_err(),
            LookupFailure::Version | LookupFailure::Etype => ErrorCode::KRB_AP_ERR_BADKEYVER.com_err(),
            LookupFailure::Undecipherable => ErrorCode::KRB_AP_ERR_BAD_INTEGRITY.com_err(),
        }
    }
}

impl fmt::Display for KeyLookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, server, .. } = self;
        match &self.failure {
            LookupFailure::Unreadable(cause) => write!(f, "cannot read {place}: {cause}")?,
            LookupFailure::Empty => write!(f, "{place} holds no keys")?,
            LookupFailure::Principal => write!(f, "{place} has no key for {server}")?,
            LookupFailure::NotUs => write!(f, "the ticket is for {server}, which this acceptor is not")?,
            LookupFailure::Version => write!(f, "{place} has no key of that version for {server}")?,
            LookupFailure::Etype => write!(f, "{place} has no key of that encryption type for {server}")?,
            LookupFailure::Undecipherable => write!(f, "the key for {server} in {place} does not decrypt the ticket")?,
        }
        write!(f, " (wanted: ")?;
        if let Some(kvno) = self.kvno {
            write!(f, "kvno {kvno}, ")?;
        }
        write!(f, "{}; found: ", EtypeNumbers(vec![self.etype]))?;
        self.show_found(f)
    }
}

impl KeyLookupError {
    fn show_found(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.found.is_empty() {
            f.write_str("none")?;
        }
        for (i, key) in self.found.iter().take(SHOWN).enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            let etype = EtypeNumbers(vec![key.etype]);
            write!(f, "{comma}{} kvno {} {etype}", key.principal, key.kvno)?;
        }
        if let Some(more @ 1..) = self.found.len().checked_sub(SHOWN) {
            write!(f, " and {more} more")?;
        }
        f.write_str(")")
    }
}

/// How many keys the text names.
const SHOWN: usize = 8;
