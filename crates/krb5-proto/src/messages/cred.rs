//! KRB-CRED, RFC 4120 §5.8.

use der::{DecodeValue, EncodeValue, Sequence};

use super::flags::TicketFlags;
use super::integer::UInt32;
use super::kdc::{HostAddress, HostAddresses};
use super::key::{EncryptedData, EncryptionKey};
use super::strings::Realm;
use super::ticket::Ticket;
use super::time::{KerberosTime, Microseconds};
use crate::PrincipalName;

/// ```text
/// KRB-CRED ::= [APPLICATION 22] SEQUENCE {
///     pvno     [0] INTEGER (5),
///     msg-type [1] INTEGER (22),
///     tickets  [2] SEQUENCE OF Ticket,
///     enc-part [3] EncryptedData -- EncKrbCredPart
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, DecodeValue, EncodeValue)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct KrbCred {
    /// The tickets, in the order of [`EncKrbCredPart::ticket_info`].
    #[asn1(context_specific = "2")]
    pub tickets: Vec<Ticket>,
    /// The [`EncKrbCredPart`].
    #[asn1(context_specific = "3")]
    pub enc_part: EncryptedData,
}

message!(KrbCred, "KRB-CRED", application 22, [(0, 5), (1, 22)]);

/// ```text
/// EncKrbCredPart ::= [APPLICATION 29] SEQUENCE {
///     ticket-info [0] SEQUENCE OF KrbCredInfo,
///     nonce       [1] UInt32 OPTIONAL,
///     timestamp   [2] KerberosTime OPTIONAL,
///     usec        [3] Microseconds OPTIONAL,
///     s-address   [4] HostAddress OPTIONAL,
///     r-address   [5] HostAddress OPTIONAL
/// }
/// ```
#[derive(Debug, DecodeValue, EncodeValue)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct EncKrbCredPart {
    /// One for each ticket.
    #[asn1(context_specific = "0")]
    pub ticket_info: Vec<KrbCredInfo>,
    /// A nonce, if the receiver gave one.
    #[asn1(context_specific = "1", optional = "true")]
    pub nonce: Option<UInt32>,
    /// The sender's time.
    #[asn1(context_specific = "2", optional = "true")]
    pub timestamp: Option<KerberosTime>,
    /// Its microseconds.
    #[asn1(context_specific = "3", optional = "true")]
    pub usec: Option<Microseconds>,
    /// The sender's address.
    #[asn1(context_specific = "4", optional = "true")]
    pub s_address: Option<HostAddress>,
    /// The receiver's address.
    #[asn1(context_specific = "5", optional = "true")]
    pub r_address: Option<HostAddress>,
}

secret_message!(EncKrbCredPart, "EncKrbCredPart", application 29, []);

/// ```text
/// KrbCredInfo ::= SEQUENCE {
///     key        [0] EncryptionKey,
///     prealm     [1] Realm OPTIONAL,
///     pname      [2] PrincipalName OPTIONAL,
///     flags      [3] TicketFlags OPTIONAL,
///     authtime   [4] KerberosTime OPTIONAL,
///     starttime  [5] KerberosTime OPTIONAL,
///     endtime    [6] KerberosTime OPTIONAL,
///     renew-till [7] KerberosTime OPTIONAL,
///     srealm     [8] Realm OPTIONAL,
///     sname      [9] PrincipalName OPTIONAL,
///     caddr      [10] HostAddresses OPTIONAL
/// }
/// ```
#[derive(Debug, Sequence)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct KrbCredInfo {
    /// The session key.
    #[asn1(context_specific = "0")]
    pub key: EncryptionKey,
    /// The client's realm.
    #[asn1(context_specific = "1", optional = "true")]
    pub prealm: Option<Realm>,
    /// The client.
    #[asn1(context_specific = "2", optional = "true")]
    pub pname: Option<PrincipalName>,
    /// As in the ticket, and so for the rest.
    #[asn1(context_specific = "3", optional = "true")]
    pub flags: Option<TicketFlags>,
    /// When the client authenticated.
    #[asn1(context_specific = "4", optional = "true")]
    pub authtime: Option<KerberosTime>,
    /// When the ticket becomes valid.
    #[asn1(context_specific = "5", optional = "true")]
    pub starttime: Option<KerberosTime>,
    /// When it expires.
    #[asn1(context_specific = "6", optional = "true")]
    pub endtime: Option<KerberosTime>,
    /// Until when it can be renewed.
    #[asn1(context_specific = "7", optional = "true")]
    pub renew_till: Option<KerberosTime>,
    /// The server's realm.
    #[asn1(context_specific = "8", optional = "true")]
    pub srealm: Option<Realm>,
    /// The server.
    #[asn1(context_specific = "9", optional = "true")]
    pub sname: Option<PrincipalName>,
    /// The addresses that the ticket is for.
    #[asn1(context_specific = "10", optional = "true")]
    pub caddr: Option<HostAddresses>,
}
