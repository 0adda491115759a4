//! The AP exchange, RFC 4120 §5.5.

use der::{DecodeValue, EncodeValue};

use super::authdata::AuthorizationData;
use super::flags::ApOptions;
use super::integer::UInt32;
use super::key::{Checksum, EncryptedData, EncryptionKey};
use super::strings::Realm;
use super::ticket::Ticket;
use super::time::{KerberosTime, Microseconds};
use crate::PrincipalName;

/// ```text
/// AP-REQ ::= [APPLICATION 14] SEQUENCE {
///     pvno          [0] INTEGER (5),
///     msg-type      [1] INTEGER (14),
///     ap-options    [2] APOptions,
///     ticket        [3] Ticket,
///     authenticator [4] EncryptedData -- Authenticator
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, DecodeValue, EncodeValue)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct ApReq {
    /// Options.
    #[asn1(context_specific = "2")]
    pub ap_options: ApOptions,
    /// The ticket for the acceptor.
    #[asn1(context_specific = "3")]
    pub ticket: Ticket,
    /// The [`Authenticator`] under the session key.
    #[asn1(context_specific = "4")]
    pub authenticator: EncryptedData,
}

message!(ApReq, "AP-REQ", application 14, [(0, 5), (1, 14)]);

/// ```text
/// Authenticator ::= [APPLICATION 2] SEQUENCE {
///     authenticator-vno  [0] INTEGER (5),
///     crealm             [1] Realm,
///     cname              [2] PrincipalName,
///     cksum              [3] Checksum OPTIONAL,
///     cusec              [4] Microseconds,
///     ctime              [5] KerberosTime,
///     subkey             [6] EncryptionKey OPTIONAL,
///     seq-number         [7] UInt32 OPTIONAL,
///     authorization-data [8] AuthorizationData OPTIONAL
/// }
/// ```
#[derive(Debug, DecodeValue, EncodeValue)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct Authenticator {
    /// The client's realm.
    #[asn1(context_specific = "1")]
    pub crealm: Realm,
    /// The client.
    #[asn1(context_specific = "2")]
    pub cname: PrincipalName,
    /// A checksum that the application defines.
    #[asn1(context_specific = "3", optional = "true")]
    pub cksum: Option<Checksum>,
    /// Microseconds of the client's time.
    #[asn1(context_specific = "4")]
    pub cusec: Microseconds,
    /// The client's time.
    #[asn1(context_specific = "5")]
    pub ctime: KerberosTime,
    /// The client's key for the session.
    #[asn1(context_specific = "6", optional = "true")]
    pub subkey: Option<EncryptionKey>,
    /// The client's first sequence number.
    #[asn1(context_specific = "7", optional = "true")]
    pub seq_number: Option<UInt32>,
    /// Authorization data, as received.
    #[asn1(context_specific = "8", optional = "true")]
    pub authorization_data: Option<AuthorizationData>,
}

secret_message!(Authenticator, "Authenticator", application 2, [(0, 5)]);

/// ```text
/// AP-REP ::= [APPLICATION 15] SEQUENCE {
///     pvno     [0] INTEGER (5),
///     msg-type [1] INTEGER (15),
///     enc-part [2] EncryptedData -- EncAPRepPart
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, DecodeValue, EncodeValue)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct ApRep {
    /// The [`EncApRepPart`] under the session key.
    #[asn1(context_specific = "2")]
    pub enc_part: EncryptedData,
}

message!(ApRep, "AP-REP", application 15, [(0, 5), (1, 15)]);

/// ```text
/// EncAPRepPart ::= [APPLICATION 27] SEQUENCE {
///     ctime      [0] KerberosTime,
///     cusec      [1] Microseconds,
///     subkey     [2] EncryptionKey OPTIONAL,
///     seq-number [3] UInt32 OPTIONAL
/// }
/// ```
#[derive(Debug, DecodeValue, EncodeValue)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct EncApRepPart {
    /// The authenticator's time.
    #[asn1(context_specific = "0")]
    pub ctime: KerberosTime,
    /// Its microseconds.
    #[asn1(context_specific = "1")]
    pub cusec: Microseconds,
    /// The acceptor's key for the session.
    #[asn1(context_specific = "2", optional = "true")]
    pub subkey: Option<EncryptionKey>,
    /// The acceptor's first sequence number.
    #[asn1(context_specific = "3", optional = "true")]
    pub seq_number: Option<UInt32>,
}

secret_message!(EncApRepPart, "EncAPRepPart", application 27, []);
