//! Tells a reply from garbage and from a server that cannot serve.

use krb5_proto::messages::{AsRep, KrbError, TgsRep};

use crate::Failure;

/// KDC_ERR_SVC_UNAVAILABLE, RFC 4120 §7.5.9.
const SERVICE_UNAVAILABLE: i32 = 29;

/// Checks that a KDC may have sent this. Nothing is authenticated by it.
///
/// # Errors
/// [`Failure::Garbage`] unless it is a whole AS-REP, TGS-REP or KRB-ERROR; [`Failure::Unavailable`] if the server asks
/// to be left alone.
pub(crate) fn useful(octets: &[u8]) -> Result<(), Failure> {
    // RFC 4120 §5.10: the first octet is the APPLICATION tag.
    match octets.first() {
        Some(0x6b) => AsRep::from_der(octets).map(drop).map_err(|_| Failure::Garbage),
        Some(0x6d) => TgsRep::from_der(octets).map(drop).map_err(|_| Failure::Garbage),
        Some(0x7e) => match KrbError::from_der(octets) {
            Ok(error) if error.error_code == SERVICE_UNAVAILABLE => Err(Failure::Unavailable),
            Ok(_) => Ok(()),
            Err(_) => Err(Failure::Garbage),
        },
        _ => Err(Failure::Garbage),
    }
}
