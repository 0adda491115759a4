//! KRB-ERROR: building one as an acceptor, and reading one.

use crate::error::{ErrorCode, KrbErrorReply};
use crate::messages::error::KerbErrorData;
use crate::messages::{KrbError, Octets};
use crate::{Error, KerberosString, Principal, Timestamp};

/// Whether `octets` start like a KRB-ERROR.
#[must_use]
pub fn is_krb_error(octets: &[u8]) -> bool {
    octets.first() == Some(&0x7e)
}

/// The KRB-ERROR by which `server` tells a client of `error`, at `now`.
///
/// The peer learns the code only. For clock skew, as Windows does, the error data say that the
/// client may recover with the time in the message.
///
/// # Errors
/// [`Error::Unencodable`].
pub fn for_client(error: &Error, server: &Principal, now: Timestamp) -> Result<Vec<u8>, Error> {
    build(error.protocol_code(), server, None, now)?.to_der()
}

/// A KRB-ERROR with `code` from `server`, at `now`, with `text` for a person.
///
/// # Errors
/// [`Error::Unencodable`].
pub fn build(
    code: ErrorCode,
    server: &Principal,
    text: Option<KerberosString>,
    now: Timestamp,
) -> Result<KrbError, Error> {
    let e_data = match code {
        ErrorCode::KRB_AP_ERR_SKEW => Some(skew_recovery()?),
        _ => None,
    };
    Ok(KrbError {
        ctime: None,
        cusec: None,
        stime: now.time,
        susec: now.microseconds(),
        error_code: code.0,
        crealm: None,
        cname: None,
        realm: server.realm.clone(),
        sname: server.name.clone(),
        e_text: text,
        e_data,
    })
}

/// What an acceptor's KRB-ERROR means to an initiator whose authenticator was of time `sent`.
///
/// Nothing in it is authenticated. [`Error::ClockSkew`] says by how much the acceptor's clock differs
/// from the time in the authenticator: good for one more try.
#[must_use]
pub fn from_acceptor(error: KrbError, sent: Timestamp) -> Error {
    match ErrorCode(error.error_code) {
        ErrorCode::KRB_AP_ERR_SKEW => Error::ClockSkew {
            seconds: error.stime.since(sent.time),
            allowed: 0,
        },
        _ => Error::Peer(Box::new(KrbErrorReply::from(error))),
    }
}

/// KERB-ERROR-DATA that offers skew recovery.
fn skew_recovery() -> Result<Octets, Error> {
    let data = KerbErrorData {
        data_type: KerbErrorData::SKEW_RECOVERY,
        data_value: None,
    };
    data.to_der().map(Octets::from)
}

#[cfg(test)]
mod tests;
