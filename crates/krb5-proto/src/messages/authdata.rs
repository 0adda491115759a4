//! AuthorizationData, RFC 4120 §5.2.6.

use der::Sequence;

use super::strings::Octets;

/// One element of AuthorizationData.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct AuthDataEntry {
    /// The element's type.
    #[asn1(context_specific = "0")]
    pub ad_type: i32,
    /// Its content, as the type defines it.
    #[asn1(context_specific = "1")]
    pub ad_data: Octets,
}

sequence_of! {
    /// ```text
    /// AuthorizationData ::= SEQUENCE OF SEQUENCE {
    ///     ad-type [0] Int32,
    ///     ad-data [1] OCTET STRING
    /// }
    /// ```
    AuthorizationData, AuthDataEntry, "AuthorizationData"
}

/// AD-IF-RELEVANT, RFC 4120 §5.2.6.1.
pub const AD_IF_RELEVANT: i32 = 1;
/// KERB-AP-OPTIONS, [MS-KILE] §2.2.2.
pub const AD_AP_OPTIONS: i32 = 143;
