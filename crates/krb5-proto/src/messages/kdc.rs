//! The KDC exchanges: requests, replies and their encrypted part, RFC 4120 §5.4.

use der::{DecodeValue, EncodeValue, Sequence};
use zeroize::Zeroizing;

use super::codec;
use super::flags::{KdcOptions, TicketFlags};
use super::integer::UInt32;
use super::key::{EncryptedData, EncryptionKey};
use super::preauth::{MethodData, PaData};
use super::strings::{Octets, Realm};
use super::ticket::Ticket;
use super::time::KerberosTime;
use crate::{Error, PrincipalName};

/// HostAddresses, RFC 4120 §5.2.5.
pub type HostAddresses = Vec<HostAddress>;

/// HostAddress, RFC 4120 §5.2.5.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Sequence)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct HostAddress {
    /// 2 is IPv4, 24 is IPv6, RFC 4120 §7.5.3.
    #[asn1(context_specific = "0")]
    pub addr_type: i32,
    /// The address in network order.
    #[asn1(context_specific = "1")]
    pub address: Octets,
}

impl From<std::net::IpAddr> for HostAddress {
    fn from(address: std::net::IpAddr) -> Self {
        match address {
            std::net::IpAddr::V4(address) => Self {
                addr_type: 2,
                address: address.octets().to_vec().into(),
            },
            std::net::IpAddr::V6(address) => Self {
                addr_type: 24,
                address: address.octets().to_vec().into(),
            },
        }
    }
}

/// The AS-REQ, RFC 4120 §5.4.1.
///
/// ```text
/// AS-REQ ::= [APPLICATION 10] SEQUENCE {
///     pvno     [1] INTEGER (5),
///     msg-type [2] INTEGER (10),
///     padata   [3] SEQUENCE OF PA-DATA OPTIONAL,
///     req-body [4] KDC-REQ-BODY
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, DecodeValue, EncodeValue)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct AsReq {
    /// Preauthentication data.
    #[asn1(context_specific = "3", optional = "true")]
    pub padata: Option<Vec<PaData>>,
    /// What is asked for.
    #[asn1(context_specific = "4")]
    pub req_body: KdcReqBody,
}

message!(AsReq, "AS-REQ", application 10, [(1, 5), (2, 10)]);

/// The TGS-REQ, RFC 4120 §5.4.1: as [`AsReq`], with tag and `msg-type` 12.
#[derive(Clone, Debug, PartialEq, Eq, DecodeValue, EncodeValue)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct TgsReq {
    /// Preauthentication data; the first is the AP-REQ with the TGT.
    #[asn1(context_specific = "3", optional = "true")]
    pub padata: Option<Vec<PaData>>,
    /// What is asked for.
    #[asn1(context_specific = "4")]
    pub req_body: KdcReqBody,
}

message!(TgsReq, "TGS-REQ", application 12, [(1, 5), (2, 12)]);

/// ```text
/// KDC-REQ-BODY ::= SEQUENCE {
///     kdc-options            [0] KDCOptions,
///     cname                  [1] PrincipalName OPTIONAL,
///     realm                  [2] Realm,
///     sname                  [3] PrincipalName OPTIONAL,
///     from                   [4] KerberosTime OPTIONAL,
///     till                   [5] KerberosTime,
///     rtime                  [6] KerberosTime OPTIONAL,
///     nonce                  [7] UInt32,
///     etype                  [8] SEQUENCE OF Int32,
///     addresses              [9] HostAddresses OPTIONAL,
///     enc-authorization-data [10] EncryptedData OPTIONAL,
///     additional-tickets     [11] SEQUENCE OF Ticket OPTIONAL
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct KdcReqBody {
    /// Options.
    #[asn1(context_specific = "0")]
    pub kdc_options: KdcOptions,
    /// The client, in an AS-REQ.
    #[asn1(context_specific = "1", optional = "true")]
    pub cname: Option<PrincipalName>,
    /// The server's realm; in an AS-REQ also the client's.
    #[asn1(context_specific = "2")]
    pub realm: Realm,
    /// The server.
    #[asn1(context_specific = "3", optional = "true")]
    pub sname: Option<PrincipalName>,
    /// The start time, for postdated tickets.
    #[asn1(context_specific = "4", optional = "true")]
    pub from: Option<KerberosTime>,
    /// The end time.
    #[asn1(context_specific = "5")]
    pub till: KerberosTime,
    /// The end of renewals.
    #[asn1(context_specific = "6", optional = "true")]
    pub rtime: Option<KerberosTime>,
    /// Repeated in the reply's encrypted part.
    #[asn1(context_specific = "7")]
    pub nonce: UInt32,
    /// Encryption types, best first.
    #[asn1(context_specific = "8")]
    pub etype: Vec<i32>,
    /// The addresses that the ticket is for.
    #[asn1(context_specific = "9", optional = "true")]
    pub addresses: Option<HostAddresses>,
    /// Authorization data to put into the ticket (TGS).
    #[asn1(context_specific = "10", optional = "true")]
    pub enc_authorization_data: Option<EncryptedData>,
    /// Further tickets (TGS).
    #[asn1(context_specific = "11", optional = "true")]
    pub additional_tickets: Option<Vec<Ticket>>,
}

plain!(KdcReqBody, "KDC-REQ-BODY");

/// The octets of the KDC-REQ-BODY within an AS-REQ or TGS-REQ, as they were sent: what the checksum of a TGS-REQ covers.
///
/// # Errors
/// [`Error::Malformed`] or [`Error::TooLarge`].
pub fn raw_req_body(request: &[u8]) -> Result<&[u8], Error> {
    codec::raw_field("KDC-REQ", request, &[10, 12], 4)
}

/// The AS-REP, RFC 4120 §5.4.2.
///
/// ```text
/// AS-REP ::= [APPLICATION 11] SEQUENCE {
///     pvno     [0] INTEGER (5),
///     msg-type [1] INTEGER (11),
///     padata   [2] SEQUENCE OF PA-DATA OPTIONAL,
///     crealm   [3] Realm,
///     cname    [4] PrincipalName,
///     ticket   [5] Ticket,
///     enc-part [6] EncryptedData
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, DecodeValue, EncodeValue)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct AsRep {
    /// Unauthenticated hints.
    #[asn1(context_specific = "2", optional = "true")]
    pub padata: Option<Vec<PaData>>,
    /// The client's realm; not authenticated here.
    #[asn1(context_specific = "3")]
    pub crealm: Realm,
    /// The client; not authenticated here.
    #[asn1(context_specific = "4")]
    pub cname: PrincipalName,
    /// The ticket; its cleartext names are not authenticated.
    #[asn1(context_specific = "5")]
    pub ticket: Ticket,
    /// The [`EncAsRepPart`] under the client's key.
    #[asn1(context_specific = "6")]
    pub enc_part: EncryptedData,
}

message!(AsRep, "AS-REP", application 11, [(0, 5), (1, 11)]);

/// The TGS-REP, RFC 4120 §5.4.2: as [`AsRep`], with tag and `msg-type` 13.
#[derive(Clone, Debug, PartialEq, Eq, DecodeValue, EncodeValue)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct TgsRep {
    /// Unauthenticated hints.
    #[asn1(context_specific = "2", optional = "true")]
    pub padata: Option<Vec<PaData>>,
    /// The client's realm; not authenticated here.
    #[asn1(context_specific = "3")]
    pub crealm: Realm,
    /// The client; not authenticated here.
    #[asn1(context_specific = "4")]
    pub cname: PrincipalName,
    /// The ticket; its cleartext names are not authenticated.
    #[asn1(context_specific = "5")]
    pub ticket: Ticket,
    /// The [`EncTgsRepPart`] under the subkey or the session key.
    #[asn1(context_specific = "6")]
    pub enc_part: EncryptedData,
}

message!(TgsRep, "TGS-REP", application 13, [(0, 5), (1, 13)]);

/// ```text
/// EncKDCRepPart ::= SEQUENCE {
///     key               [0] EncryptionKey,
///     last-req          [1] LastReq,
///     nonce             [2] UInt32,
///     key-expiration    [3] KerberosTime OPTIONAL,
///     flags             [4] TicketFlags,
///     authtime          [5] KerberosTime,
///     starttime         [6] KerberosTime OPTIONAL,
///     endtime           [7] KerberosTime,
///     renew-till        [8] KerberosTime OPTIONAL,
///     srealm            [9] Realm,
///     sname             [10] PrincipalName,
///     caddr             [11] HostAddresses OPTIONAL,
///     encrypted-pa-data [12] SEQUENCE OF PA-DATA OPTIONAL -- RFC 6806 §11
/// }
/// ```
#[derive(Debug, DecodeValue, EncodeValue)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct EncKdcRepPart {
    /// The session key.
    #[asn1(context_specific = "0")]
    pub key: EncryptionKey,
    /// When the client was last seen, in several senses.
    #[asn1(context_specific = "1")]
    pub last_req: Vec<LastReq>,
    /// The request's nonce.
    #[asn1(context_specific = "2")]
    pub nonce: UInt32,
    /// When the client's key or account expires.
    #[asn1(context_specific = "3", optional = "true")]
    pub key_expiration: Option<KerberosTime>,
    /// As in the ticket.
    #[asn1(context_specific = "4")]
    pub flags: TicketFlags,
    /// As in the ticket.
    #[asn1(context_specific = "5")]
    pub authtime: KerberosTime,
    /// As in the ticket.
    #[asn1(context_specific = "6", optional = "true")]
    pub starttime: Option<KerberosTime>,
    /// As in the ticket.
    #[asn1(context_specific = "7")]
    pub endtime: KerberosTime,
    /// As in the ticket.
    #[asn1(context_specific = "8", optional = "true")]
    pub renew_till: Option<KerberosTime>,
    /// The server's realm.
    #[asn1(context_specific = "9")]
    pub srealm: Realm,
    /// The server.
    #[asn1(context_specific = "10")]
    pub sname: PrincipalName,
    /// As in the ticket.
    #[asn1(context_specific = "11", optional = "true")]
    pub caddr: Option<HostAddresses>,
    /// Authenticated pa-data.
    #[asn1(context_specific = "12", optional = "true")]
    pub encrypted_pa_data: Option<MethodData>,
}

impl codec::Message for EncKdcRepPart {
    const NAME: &'static str = "EncKDCRepPart";
    const APPLICATION: u32 = 25;
    const CONSTANTS: &'static [(u32, i32)] = &[];
}

/// The encrypted part of an AS-REP, APPLICATION 25.
#[derive(Debug)]
pub struct EncAsRepPart(pub EncKdcRepPart);

impl EncAsRepPart {
    /// Decodes it. MIT's KDC writes the tag of [`EncTgsRepPart`] here: both are accepted.
    ///
    /// # Errors
    /// [`Error::Malformed`] or [`Error::TooLarge`].
    pub fn from_der(octets: &[u8]) -> Result<Self, Error> {
        codec::decode_tagged(octets, &[25, 26]).map(Self)
    }

    /// The DER encoding, erased on drop: it holds a key.
    ///
    /// # Errors
    /// [`Error::Unencodable`] if a value is out of its range.
    pub fn to_der(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        codec::encode_tagged(&self.0, 25).map(Zeroizing::new)
    }
}

/// The encrypted part of a TGS-REP, APPLICATION 26.
#[derive(Debug)]
pub struct EncTgsRepPart(pub EncKdcRepPart);

impl EncTgsRepPart {
    /// Decodes it.
    ///
    /// # Errors
    /// [`Error::Malformed`] or [`Error::TooLarge`].
    pub fn from_der(octets: &[u8]) -> Result<Self, Error> {
        codec::decode_tagged(octets, &[26]).map(Self)
    }

    /// The DER encoding, erased on drop: it holds a key.
    ///
    /// # Errors
    /// [`Error::Unencodable`] if a value is out of its range.
    pub fn to_der(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        codec::encode_tagged(&self.0, 26).map(Zeroizing::new)
    }
}

/// One entry of LastReq, RFC 4120 §5.4.2.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct LastReq {
    /// 0 none, 6 password expires, 7 account expires; others RFC 4120 §5.4.2.
    #[asn1(context_specific = "0")]
    pub lr_type: i32,
    /// When.
    #[asn1(context_specific = "1")]
    pub lr_value: KerberosTime,
}
