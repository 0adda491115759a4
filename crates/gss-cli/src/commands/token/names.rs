//! Names of numbers that Kerberos registers.

use krb5_proto::crypto::Enctype;

/// An encryption type's name; its number where it has none here.
pub(super) fn etype_name(number: i32) -> String {
    if let Some(enctype) = Enctype::from_number(number) {
        return enctype.name().to_owned();
    }
    match named(&OTHER_ETYPES, number) {
        Some(name) => name.to_owned(),
        None => format!("encryption type {number}"),
    }
}

/// A pa-data type's name and number.
pub(super) fn padata_name(number: i32) -> String {
    format!("{} {number}", named(&PADATA, number).unwrap_or("type"))
}

/// What kind of name it is, RFC 4120 §6.2.
pub(super) fn name_type(number: i32) -> String {
    match named(&NAME_TYPES, number) {
        Some(name) => name.to_owned(),
        None => format!("name type {number}"),
    }
}

fn named(table: &[(i32, &'static str)], number: i32) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

/// Encryption types that this build cannot use, RFC 3961 §8, RFC 4757, RFC 6803.
const OTHER_ETYPES: [(i32, &str); 8] = [
    (0, "null"),
    (1, "des-cbc-crc"),
    (2, "des-cbc-md4"),
    (3, "des-cbc-md5"),
    (16, "des3-cbc-sha1"),
    (23, "arcfour-hmac"),
    (25, "camellia128-cts-cmac"),
    (26, "camellia256-cts-cmac"),
];

const NAME_TYPES: [(i32, &str); 9] = [
    (0, "unknown name type"),
    (1, "principal"),
    (2, "service and instance"),
    (3, "service and host"),
    (5, "unique id"),
    (6, "X.500 name"),
    (10, "enterprise name"),
    (11, "well-known name"),
    (12, "service and host and domain"),
];

const PADATA: [(i32, &str); 20] = [
    (1, "PA-TGS-REQ"),
    (2, "PA-ENC-TIMESTAMP"),
    (3, "PA-PW-SALT"),
    (11, "PA-ETYPE-INFO"),
    (16, "PA-PK-AS-REQ"),
    (17, "PA-PK-AS-REP"),
    (19, "PA-ETYPE-INFO2"),
    (111, "TD-CMS-DIGEST-ALGORITHMS"),
    (128, "PA-PAC-REQUEST"),
    (129, "PA-FOR-USER"),
    (130, "PA-FOR-X509-USER"),
    (133, "PA-FX-COOKIE"),
    (134, "PA-AUTHENTICATION-SET"),
    (136, "PA-FX-FAST"),
    (137, "PA-FX-ERROR"),
    (138, "PA-ENCRYPTED-CHALLENGE"),
    (149, "PA-REQ-ENC-PA-REP"),
    (150, "PA-AS-FRESHNESS"),
    (151, "PA-SPAKE"),
    (167, "PA-PAC-OPTIONS"),
];
