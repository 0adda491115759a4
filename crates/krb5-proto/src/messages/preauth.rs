//! Preauthentication data, RFC 4120 §5.2.7.

use der::Sequence;

use super::strings::{KerberosString, Octets};
use super::time::{KerberosTime, Microseconds, Timestamp};

/// ```text
/// PA-DATA ::= SEQUENCE {
///     padata-type  [1] Int32,
///     padata-value [2] OCTET STRING
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct PaData {
    /// What it is, one of the `PA_…` numbers.
    #[asn1(context_specific = "1")]
    pub padata_type: i32,
    /// Its content.
    #[asn1(context_specific = "2")]
    pub padata_value: Octets,
}

sequence_of! {
    /// METHOD-DATA, RFC 4120 §5.9.1: the pa-data that a KDC offers or asks for.
    MethodData, PaData, "METHOD-DATA"
}

impl MethodData {
    /// The first value of type `padata_type`.
    #[must_use]
    pub fn find(&self, padata_type: i32) -> Option<&[u8]> {
        find(self, padata_type)
    }
}

/// The first value of type `padata_type` in `padata`.
#[must_use]
pub fn find(padata: &[PaData], padata_type: i32) -> Option<&[u8]> {
    padata
        .iter()
        .find(|data| data.padata_type == padata_type)
        .map(|data| data.padata_value.as_bytes())
}

/// ```text
/// PA-ENC-TS-ENC ::= SEQUENCE {
///     patimestamp [0] KerberosTime,
///     pausec      [1] Microseconds OPTIONAL
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct PaEncTsEnc {
    /// The client's time.
    #[asn1(context_specific = "0")]
    pub patimestamp: KerberosTime,
    /// Its microseconds.
    #[asn1(context_specific = "1", optional = "true")]
    pub pausec: Option<Microseconds>,
}

plain!(PaEncTsEnc, "PA-ENC-TS-ENC");

impl From<Timestamp> for PaEncTsEnc {
    fn from(now: Timestamp) -> Self {
        Self {
            patimestamp: now.time,
            pausec: Some(now.microseconds()),
        }
    }
}

/// ```text
/// ETYPE-INFO2-ENTRY ::= SEQUENCE {
///     etype     [0] Int32,
///     salt      [1] KerberosString OPTIONAL,
///     s2kparams [2] OCTET STRING OPTIONAL
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct EtypeInfo2Entry {
    /// The encryption type.
    #[asn1(context_specific = "0")]
    pub etype: i32,
    /// The salt; absent means the default salt, empty means empty.
    #[asn1(context_specific = "1", optional = "true")]
    pub salt: Option<KerberosString>,
    /// String-to-key parameters; for the AES types the iteration count in four octets.
    #[asn1(context_specific = "2", optional = "true")]
    pub s2kparams: Option<Octets>,
}

sequence_of! {
    /// ETYPE-INFO2, RFC 4120 §5.2.7.5, strongest first.
    EtypeInfo2, EtypeInfo2Entry, "ETYPE-INFO2"
}

/// ```text
/// ETYPE-INFO-ENTRY ::= SEQUENCE {
///     etype [0] Int32,
///     salt  [1] OCTET STRING OPTIONAL
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct EtypeInfoEntry {
    /// The encryption type.
    #[asn1(context_specific = "0")]
    pub etype: i32,
    /// The salt.
    #[asn1(context_specific = "1", optional = "true")]
    pub salt: Option<Octets>,
}

sequence_of! {
    /// ETYPE-INFO, RFC 4120 §5.2.7.4: the older form of [`EtypeInfo2`].
    EtypeInfo, EtypeInfoEntry, "ETYPE-INFO"
}

/// PA-TGS-REQ: an AP-REQ.
pub const PA_TGS_REQ: i32 = 1;
/// PA-ENC-TIMESTAMP: an EncryptedData with a [`PaEncTsEnc`].
pub const PA_ENC_TIMESTAMP: i32 = 2;
/// PA-PW-SALT: the salt as such.
pub const PA_PW_SALT: i32 = 3;
/// PA-ETYPE-INFO.
pub const PA_ETYPE_INFO: i32 = 11;
/// PA-ETYPE-INFO2.
pub const PA_ETYPE_INFO2: i32 = 19;
/// PA-PAC-REQUEST, [MS-KILE] §2.2.3.
pub const PA_PAC_REQUEST: i32 = 128;
/// PA-FX-COOKIE, RFC 6113 §5.2: returned to the KDC as it came.
pub const PA_FX_COOKIE: i32 = 133;
/// PA-REQ-ENC-PA-REP, RFC 6806 §11.
pub const PA_REQ_ENC_PA_REP: i32 = 149;
