//! KRB-ERROR, RFC 4120 §5.9.

use der::{DecodeValue, EncodeValue, Sequence};

use super::strings::{KerberosString, Octets, Realm};
use super::time::{KerberosTime, Microseconds};
use crate::PrincipalName;

/// ```text
/// KRB-ERROR ::= [APPLICATION 30] SEQUENCE {
///     pvno       [0] INTEGER (5),
///     msg-type   [1] INTEGER (30),
///     ctime      [2] KerberosTime OPTIONAL,
///     cusec      [3] Microseconds OPTIONAL,
///     stime      [4] KerberosTime,
///     susec      [5] Microseconds,
///     error-code [6] Int32,
///     crealm     [7] Realm OPTIONAL,
///     cname      [8] PrincipalName OPTIONAL,
///     realm      [9] Realm,
///     sname      [10] PrincipalName,
///     e-text     [11] KerberosString OPTIONAL,
///     e-data     [12] OCTET STRING OPTIONAL
/// }
/// ```
///
/// Nothing in it is authenticated.
#[derive(Clone, Debug, PartialEq, Eq, DecodeValue, EncodeValue)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct KrbError {
    /// The client's time, if known.
    #[asn1(context_specific = "2", optional = "true")]
    pub ctime: Option<KerberosTime>,
    /// Its microseconds.
    #[asn1(context_specific = "3", optional = "true")]
    pub cusec: Option<Microseconds>,
    /// The server's time.
    #[asn1(context_specific = "4")]
    pub stime: KerberosTime,
    /// Its microseconds.
    #[asn1(context_specific = "5")]
    pub susec: Microseconds,
    /// What went wrong, RFC 4120 §7.5.9.
    #[asn1(context_specific = "6")]
    pub error_code: i32,
    /// The client's realm.
    #[asn1(context_specific = "7", optional = "true")]
    pub crealm: Option<Realm>,
    /// The client.
    #[asn1(context_specific = "8", optional = "true")]
    pub cname: Option<PrincipalName>,
    /// The server's realm.
    #[asn1(context_specific = "9")]
    pub realm: Realm,
    /// The server.
    #[asn1(context_specific = "10")]
    pub sname: PrincipalName,
    /// Text for a person.
    #[asn1(context_specific = "11", optional = "true")]
    pub e_text: Option<KerberosString>,
    /// Data that depends on the code: METHOD-DATA, TYPED-DATA or KERB-ERROR-DATA.
    #[asn1(context_specific = "12", optional = "true")]
    pub e_data: Option<Octets>,
}

message!(KrbError, "KRB-ERROR", application 30, [(0, 5), (1, 30)]);

/// One element of TYPED-DATA.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct TypedDataEntry {
    /// The element's type.
    #[asn1(context_specific = "0")]
    pub data_type: i32,
    /// Its content.
    #[asn1(context_specific = "1", optional = "true")]
    pub data_value: Option<Octets>,
}

sequence_of! {
    /// TYPED-DATA, RFC 4120 §5.9.1.
    TypedData, TypedDataEntry, "TYPED-DATA"
}

/// KERB-ERROR-DATA, [MS-KILE] §2.2.2: what Windows puts into `e_data`.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct KerbErrorData {
    /// 1 an NT status follows, 2 the sender can recover from clock skew.
    #[asn1(context_specific = "1")]
    pub data_type: i32,
    /// Its content.
    #[asn1(context_specific = "2", optional = "true")]
    pub data_value: Option<Octets>,
}

plain!(KerbErrorData, "KERB-ERROR-DATA");

impl KerbErrorData {
    /// The type that says: clock skew recovery is possible.
    pub const SKEW_RECOVERY: i32 = 2;
}
