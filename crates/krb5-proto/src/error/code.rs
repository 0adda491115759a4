//! Error numbers: those of KRB-ERROR, and MIT's com_err numbers built on them.

use std::fmt;

/// The error code of a KRB-ERROR, RFC 4120 §7.5.9.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorCode(pub i32);

/// Declares the known codes: name, number, text for a person.
macro_rules! codes {
    ($($name:ident = $number:literal, $text:literal;)*) => {
        impl ErrorCode {
            $(#[doc = concat!($text, ".")] pub const $name: Self = Self($number);)*

            /// The RFC's name, if the code is known.
            #[must_use]
            pub fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some(stringify!($name)),)*
                    _ => None,
                }
            }

            /// What it means, for a person.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    _ => "an error without a known meaning",
                }
            }
        }
    };
}

codes! {
    KDC_ERR_NONE = 0, "no error";
    KDC_ERR_NAME_EXP = 1, "the client's entry in the database has expired";
    KDC_ERR_SERVICE_EXP = 2, "the server's entry in the database has expired";
    KDC_ERR_BAD_PVNO = 3, "the protocol version is not supported";
    KDC_ERR_C_OLD_MAST_KVNO = 4, "the client's key is encrypted in an old master key";
    KDC_ERR_S_OLD_MAST_KVNO = 5, "the server's key is encrypted in an old master key";
    KDC_ERR_C_PRINCIPAL_UNKNOWN = 6, "the client is not in the Kerberos database";
    KDC_ERR_S_PRINCIPAL_UNKNOWN = 7, "the server is not in the Kerberos database";
    KDC_ERR_PRINCIPAL_NOT_UNIQUE = 8, "the principal has several entries in the database";
    KDC_ERR_NULL_KEY = 9, "the client or the server has a null key";
    KDC_ERR_CANNOT_POSTDATE = 10, "the ticket is not eligible for postdating";
    KDC_ERR_NEVER_VALID = 11, "the requested start time is later than the end time";
    KDC_ERR_POLICY = 12, "the KDC's policy rejects the request";
    KDC_ERR_BADOPTION = 13, "the KDC cannot accommodate a requested option";
    KDC_ERR_ETYPE_NOSUPP = 14, "the KDC supports none of the requested encryption types";
    KDC_ERR_SUMTYPE_NOSUPP = 15, "the KDC does not support the checksum type";
    KDC_ERR_PADATA_TYPE_NOSUPP = 16, "the KDC does not support the preauthentication type";
    KDC_ERR_TRTYPE_NOSUPP = 17, "the KDC does not support the transited encoding";
    KDC_ERR_CLIENT_REVOKED = 18, "the client's account is locked or disabled";
    KDC_ERR_SERVICE_REVOKED = 19, "the server's account is locked or disabled";
    KDC_ERR_TGT_REVOKED = 20, "the ticket-granting ticket has been revoked";
    KDC_ERR_CLIENT_NOTYET = 21, "the client's account is not yet valid";
    KDC_ERR_SERVICE_NOTYET = 22, "the server's account is not yet valid";
    KDC_ERR_KEY_EXPIRED = 23, "the password has expired and must be changed";
    KDC_ERR_PREAUTH_FAILED = 24, "preauthentication failed";
    KDC_ERR_PREAUTH_REQUIRED = 25, "preauthentication is required";
    KDC_ERR_SERVER_NOMATCH = 26, "the requested server and the ticket do not match";
    KDC_ERR_MUST_USE_USER2USER = 27, "the server accepts user-to-user authentication only";
    KDC_ERR_PATH_NOT_ACCEPTED = 28, "the KDC's policy rejects the transited path";
    KDC_ERR_SVC_UNAVAILABLE = 29, "a service that the KDC needs is not available";
    KRB_AP_ERR_BAD_INTEGRITY = 31, "the integrity check of the decrypted part failed";
    KRB_AP_ERR_TKT_EXPIRED = 32, "the ticket has expired";
    KRB_AP_ERR_TKT_NYV = 33, "the ticket is not yet valid";
    KRB_AP_ERR_REPEAT = 34, "the request is a replay";
    KRB_AP_ERR_NOT_US = 35, "the ticket is not for this server";
    KRB_AP_ERR_BADMATCH = 36, "the ticket and the authenticator do not match";
    KRB_AP_ERR_SKEW = 37, "the clock skew is too great";
    KRB_AP_ERR_BADADDR = 38, "the network address is not one of the ticket's";
    KRB_AP_ERR_BADVERSION = 39, "the protocol version does not match";
    KRB_AP_ERR_MSG_TYPE = 40, "the message type is invalid";
    KRB_AP_ERR_MODIFIED = 41, "the message has been modified";
    KRB_AP_ERR_BADORDER = 42, "the message is out of order";
    KRB_AP_ERR_ILL_CR_TKT = 43, "the cross-realm ticket is illegal";
    KRB_AP_ERR_BADKEYVER = 44, "the key version is not available";
    KRB_AP_ERR_NOKEY = 45, "the service key is not available";
    KRB_AP_ERR_MUT_FAIL = 46, "mutual authentication failed";
    KRB_AP_ERR_BADDIRECTION = 47, "the message direction is wrong";
    KRB_AP_ERR_METHOD = 48, "another authentication method is required";
    KRB_AP_ERR_BADSEQ = 49, "the sequence number is wrong";
    KRB_AP_ERR_INAPP_CKSUM = 50, "the checksum type is inappropriate";
    KRB_AP_PATH_NOT_ACCEPTED = 51, "policy rejects the transited path";
    KRB_ERR_RESPONSE_TOO_BIG = 52, "the response is too big for UDP";
    KRB_ERR_GENERIC = 60, "a generic error";
    KRB_ERR_FIELD_TOOLONG = 61, "a field is too long for this implementation";
    KDC_ERR_CLIENT_NOT_TRUSTED = 62, "the client is not trusted";
    KDC_ERR_KDC_NOT_TRUSTED = 63, "the KDC is not trusted";
    KDC_ERR_INVALID_SIG = 64, "the signature is invalid";
    KDC_ERR_KEY_TOO_WEAK = 65, "the key parameters are not accepted";
    KDC_ERR_CERTIFICATE_MISMATCH = 66, "the certificate does not match";
    KRB_AP_ERR_NO_TGT = 67, "there is no ticket-granting ticket for user-to-user authentication";
    KDC_ERR_WRONG_REALM = 68, "the realm is not local to the KDC";
    KRB_AP_ERR_USER_TO_USER_REQUIRED = 69, "user-to-user authentication is required";
    KDC_ERR_PREAUTH_EXPIRED = 90, "the preauthentication has expired";
    KDC_ERR_MORE_PREAUTH_DATA_REQUIRED = 91, "more preauthentication data is required";
    KDC_ERR_UNKNOWN_CRITICAL_FAST_OPTION = 93, "an unknown critical FAST option was requested";
}

impl ErrorCode {
    /// MIT's com_err number for it, as the 32 bits that programs compare and print.
    #[must_use]
    pub fn com_err(self) -> ComErr {
        match u32::try_from(self.0) {
            Ok(number @ 0..=127) => ComErr::krb5(number),
            _ => Self::KRB_ERR_GENERIC.com_err(),
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.text(), self.name().unwrap_or("error"))?;
        if self.name().is_none() {
            write!(f, " {}", self.0)
        } else {
            Ok(())
        }
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name().unwrap_or("ErrorCode"), self.0)
    }
}

/// A number of MIT's com_err tables. Programs compare and print them, so they never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ComErr(u32);

impl ComErr {
    /// KRB5_PARSE_MALFORMED.
    pub const PARSE_MALFORMED: Self = Self::krb5(134);
    /// KRB5_CC_NOTFOUND.
    pub const CC_NOTFOUND: Self = Self::krb5(141);
    /// KRB5KRB_AP_WRONG_PRINC.
    pub const WRONG_PRINC: Self = Self::krb5(144);
    /// KRB5KRB_AP_ERR_TKT_INVALID.
    pub const TKT_INVALID: Self = Self::krb5(145);
    /// KRB5_KDCREP_MODIFIED.
    pub const KDCREP_MODIFIED: Self = Self::krb5(147);
    /// KRB5_KDCREP_SKEW.
    pub const KDCREP_SKEW: Self = Self::krb5(148);
    /// KRB5_PROG_ETYPE_NOSUPP.
    pub const PROG_ETYPE_NOSUPP: Self = Self::krb5(150);
    /// KRB5_KDC_UNREACH.
    pub const KDC_UNREACH: Self = Self::krb5(156);
    /// KRB5_MUTUAL_FAILED.
    pub const MUTUAL_FAILED: Self = Self::krb5(158);
    /// KRB5_CRYPTO_INTERNAL.
    pub const CRYPTO_INTERNAL: Self = Self::krb5(178);
    /// KRB5_KT_NOTFOUND.
    pub const KT_NOTFOUND: Self = Self::krb5(181);
    /// KRB5_KT_IOERR.
    pub const KT_IOERR: Self = Self::krb5(184);
    /// KRB5_BAD_KEYSIZE.
    pub const BAD_KEYSIZE: Self = Self::krb5(189);
    /// KRB5_BAD_MSIZE.
    pub const BAD_MSIZE: Self = Self::krb5(190);
    /// KRB5_PREAUTH_FAILED.
    pub const PREAUTH_FAILED: Self = Self::krb5(210);
    /// KRB5_TKT_NOT_FORWARDABLE.
    pub const TKT_NOT_FORWARDABLE: Self = Self::krb5(221);
    /// KRB5_GET_IN_TKT_LOOP.
    pub const GET_IN_TKT_LOOP: Self = Self::krb5(223);
    /// KRB5_CHPW_FAIL.
    pub const CHPW_FAIL: Self = Self::krb5(234);
    /// KRB5_NOPERM_ETYPE.
    pub const NOPERM_ETYPE: Self = Self::krb5(236);
    /// KRB5_CONFIG_ETYPE_NOSUPP.
    pub const CONFIG_ETYPE_NOSUPP: Self = Self::krb5(237);
    /// KRB5_ERR_BAD_S2K_PARAMS.
    pub const BAD_S2K_PARAMS: Self = Self::krb5(244);
    /// ASN1_OVERFLOW.
    pub const ASN1_OVERFLOW: Self = Self::asn1(4);
    /// ASN1_PARSE_ERROR.
    pub const ASN1_PARSE_ERROR: Self = Self::asn1(9);

    /// The `index`-th entry of the krb5 table, whose base is -1765328384.
    #[must_use]
    pub const fn krb5(index: u32) -> Self {
        Self((-1_765_328_384_i32).cast_unsigned().wrapping_add(index))
    }

    const fn asn1(index: u32) -> Self {
        Self(1_859_794_432_u32.wrapping_add(index))
    }

    /// The 32 bits; as a signed number it is what MIT prints.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The number for the error of a KRB-ERROR, if it stems from one.
    #[must_use]
    pub fn protocol(self) -> Option<ErrorCode> {
        let index = self.0.wrapping_sub(Self::krb5(0).0);
        i32::try_from(index).ok().filter(|index| *index < 128).map(ErrorCode)
    }
}
