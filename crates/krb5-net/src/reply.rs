//! Tells a reply from garbage and from a server that cannot serve.

use std::sync::Arc;

use krb5_proto::messages::{AsRep, KrbError, TgsRep};

use crate::dns::Query;
use crate::{Failure, Service};

/// What a useful reply looks like.
#[derive(Debug)]
pub(crate) enum Judge {
    /// Of a realm's service.
    Kerberos(Service),
    /// Of a name server, to this query.
    Dns(Arc<Query>),
}

impl Judge {
    /// Checks that a server may have sent this. Nothing is authenticated by it.
    ///
    /// # Errors
    /// [`Failure::Garbage`] unless it is a whole reply; another failure if the server asks to be left alone.
    pub(crate) fn check(&self, octets: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Kerberos(Service::Kdc) => of_kdc(octets),
            Self::Kerberos(Service::Kpasswd) => of_password_server(octets),
            Self::Dns(query) => query.check(octets),
        }
    }
}

/// An AS-REP, TGS-REP or KRB-ERROR.
pub(crate) fn of_kdc(octets: &[u8]) -> Result<(), Failure> {
    // RFC 4120 §5.10: the first octet is the APPLICATION tag.
    match octets.first() {
        Some(0x6b) => AsRep::from_der(octets).map(drop).map_err(|_| Failure::Garbage),
        Some(0x6d) => TgsRep::from_der(octets).map(drop).map_err(|_| Failure::Garbage),
        Some(0x7e) => krb_error(octets),
        _ => Err(Failure::Garbage),
    }
}

/// A reply of RFC 3244 §2, or the bare KRB-ERROR that some servers send instead.
///
/// ```text
/// 0..1   message length, big-endian: of the whole
/// 2..3   version, 00 01; Windows may repeat the request's FF 80
/// 4..5   length of the AP-REP, big-endian; 0 if a KRB-ERROR follows
/// 6..    AP-REP, then KRB-PRIV or KRB-ERROR
/// ```
pub(crate) fn of_password_server(octets: &[u8]) -> Result<(), Failure> {
    if octets.first() == Some(&0x7e) && KrbError::from_der(octets).is_ok() {
        return krb_error(octets);
    }
    let Some(([length_1, length_2, version @ .., ap_1, ap_2], rest)) = octets.split_first_chunk::<6>() else {
        return Err(Failure::Garbage);
    };
    if !VERSIONS.contains(version) {
        return Err(Failure::Garbage);
    }
    let length = usize::from(u16::from_be_bytes([*length_1, *length_2]));
    let ap_rep = usize::from(u16::from_be_bytes([*ap_1, *ap_2]));
    if length == octets.len() && ap_rep < rest.len() {
        Ok(())
    } else {
        Err(Failure::Garbage)
    }
}

fn krb_error(octets: &[u8]) -> Result<(), Failure> {
    match KrbError::from_der(octets) {
        Ok(error) if error.error_code == SERVICE_UNAVAILABLE => Err(Failure::Unavailable),
        Ok(_) => Ok(()),
        Err(_) => Err(Failure::Garbage),
    }
}

/// KDC_ERR_SVC_UNAVAILABLE, RFC 4120 §7.5.9.
const SERVICE_UNAVAILABLE: i32 = 29;
const VERSIONS: [[u8; 2]; 2] = [[0, 1], [0xff, 0x80]];

#[cfg(test)]
pub(crate) mod tests {
    use krb5_proto::messages::Microseconds;
    use krb5_proto::{KerberosTime, Principal, Realm};

    use super::*;

    pub(crate) fn krb_error(code: i32) -> Vec<u8> {
        let realm = Realm::from("TEST");
        let error = KrbError {
            ctime: None,
            cusec: None,
            stime: KerberosTime(1_700_000_000),
            susec: Microseconds::default(),
            error_code: code,
            crealm: None,
            cname: None,
            sname: Principal::krbtgt(&realm, &realm).name,
            realm,
            e_text: None,
            e_data: None,
        };
        error.to_der().unwrap()
    }

    pub(crate) fn unavailable() -> Vec<u8> {
        krb_error(SERVICE_UNAVAILABLE)
    }

    #[test]
    fn k5_only_whole_messages_of_a_kdc_are_replies() {
        let whole = krb_error(25);
        assert!(of_kdc(&whole).is_ok());
        for length in 0..whole.len() {
            assert!(matches!(of_kdc(&whole[..length]), Err(Failure::Garbage)), "{length}");
        }
        assert!(matches!(
            of_kdc(&[whole.as_slice(), &[0]].concat()),
            Err(Failure::Garbage)
        ));
        assert!(matches!(of_kdc(&unavailable()), Err(Failure::Unavailable)));
    }

    #[test]
    fn a_bare_error_of_a_password_server_is_a_reply() {
        assert!(of_password_server(&krb_error(60)).is_ok());
        assert!(matches!(of_password_server(&unavailable()), Err(Failure::Unavailable)));
    }
    #[test]
    fn a_reply_of_a_password_server_is_whole_or_garbage() {
        let reply = [0, 9, 0, 1, 0, 2, 0x6f, 0, 0x75];
        assert!(of_password_server(&reply).is_ok());
        for length in 0..reply.len() {
            assert!(of_password_server(&reply[..length]).is_err(), "{length}");
        }
        assert!(of_password_server(&[reply.as_slice(), &[0]].concat()).is_err());
        let nothing_after_the_ap_rep = [0, 8, 0, 1, 0, 2, 0x6f, 0];
        assert!(of_password_server(&nothing_after_the_ap_rep).is_err());
        let another_version = [0, 9, 0, 2, 0, 2, 0x6f, 0, 0x75];
        assert!(of_password_server(&another_version).is_err());
    }
}
