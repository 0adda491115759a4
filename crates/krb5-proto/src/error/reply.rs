//! What a KRB-ERROR says, and what a KDC's reply got wrong.

use std::fmt;

use super::{ErrorCode, Principal, PrincipalName, Realm};
use crate::messages::KrbError;
use crate::{KerberosTime, Octets};

/// The content of a KRB-ERROR, for a person and for decisions that need no trust: nothing in it is
/// authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KrbErrorReply {
    /// What went wrong.
    pub code: ErrorCode,
    /// The realm that answers, the server's.
    pub realm: Realm,
    /// The server that answers, or that was asked for.
    pub server: PrincipalName,
    /// The client, where it is named.
    pub client: Option<Principal>,
    /// Text from the sender.
    pub text: Option<String>,
    /// The sender's time.
    pub stime: KerberosTime,
    /// Data that depends on the code.
    pub data: Option<Octets>,
}

impl From<KrbError> for KrbErrorReply {
    fn from(error: KrbError) -> Self {
        let client = match (error.crealm, error.cname) {
            (Some(realm), Some(name)) => Some(Principal { realm, name }),
            (None, Some(name)) => Some(Principal {
                realm: error.realm.clone(),
                name,
            }),
            _ => None,
        };
        Self {
            code: ErrorCode(error.error_code),
            realm: error.realm,
            server: error.sname,
            client,
            text: error
                .e_text
                .map(|text| text.to_string())
                .filter(|text| !text.is_empty()),
            stime: error.stime,
            data: error.e_data,
        }
    }
}

impl fmt::Display for KrbErrorReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        match (&self.client, self.code) {
            (Some(client), ErrorCode::KDC_ERR_C_PRINCIPAL_UNKNOWN) => write!(f, ": {client}")?,
            (_, ErrorCode::KDC_ERR_S_PRINCIPAL_UNKNOWN) => {
                let (realm, name) = (self.realm.clone(), self.server.clone());
                write!(f, ": {}", Principal { realm, name })?;
            }
            _ => {}
        }
        self.text.as_ref().map_or(Ok(()), |text| write!(f, ": {text}"))
    }
}

/// The part of a KDC's reply that does not fit the request. Each is a check of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReplyField {
    /// `crealm` is not the client's realm.
    ClientRealm,
    /// `cname` is not the client's name.
    ClientName,
    /// The encrypted `srealm` is not the server's realm.
    ServerRealm,
    /// The encrypted `sname` is not the server's name.
    ServerName,
    /// The realm in the ticket is not the encrypted `srealm`.
    TicketRealm,
    /// The name in the ticket is not the encrypted `sname`.
    TicketName,
    /// `nonce` is not the request's.
    Nonce,
    /// The ticket ends later than asked for.
    EndTime,
    /// The ticket ends before it starts.
    Lifetime,
    /// The ticket can be renewed for longer than asked for.
    RenewTill,
    /// A flag is missing that such a ticket must have, or set that it must not have.
    Flags,
    /// The session key's encryption type was not asked for.
    SessionKeyType,
    /// The ticket is for other addresses than asked for.
    Addresses,
    /// The checksum of the request, RFC 6806 §11, is missing or wrong.
    RequestChecksum,
}

impl fmt::Display for ReplyField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientRealm => "another client realm",
            Self::ClientName => "another client name",
            Self::ServerRealm => "another server realm",
            Self::ServerName => "another server name",
            Self::TicketRealm => "the ticket names another realm than the encrypted part",
            Self::TicketName => "the ticket names another server than the encrypted part",
            Self::Nonce => "another nonce",
            Self::EndTime => "the ticket ends later than requested",
            Self::Lifetime => "the ticket ends before it starts",
            Self::RenewTill => "the ticket is renewable for longer than requested",
            Self::Flags => "flags that such a ticket cannot have",
            Self::SessionKeyType => "a session key of a type that was not requested",
            Self::Addresses => "addresses that were not requested",
            Self::RequestChecksum => "the checksum of the request is missing or wrong",
        })
    }
}
