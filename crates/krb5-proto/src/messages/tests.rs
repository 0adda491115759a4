//! Every message type against known answers, damage and chance.

mod constants;
mod damage;
mod known_answers;
mod round_trip;

use std::sync::LazyLock;

use super::error::KerbErrorData;
use super::*;
use crate::{Error, PrincipalName};

/// Decodes, and encodes again.
type Recode = fn(&[u8]) -> Result<Vec<u8>, Error>;

/// Every type by name.
const CODECS: &[(&str, Recode)] = &[
    ("ApRep", |der| ApRep::from_der(der)?.to_der()),
    ("ApReq", |der| ApReq::from_der(der)?.to_der()),
    ("AsRep", |der| AsRep::from_der(der)?.to_der()),
    ("AsReq", |der| AsReq::from_der(der)?.to_der()),
    ("Authenticator", |der| {
        Ok(Authenticator::from_der(der)?.to_der()?.to_vec())
    }),
    ("AuthorizationData", |der| AuthorizationData::from_der(der)?.to_der()),
    ("ChangePasswdData", |der| {
        Ok(ChangePasswdData::from_der(der)?.to_der()?.to_vec())
    }),
    ("Checksum", |der| Checksum::from_der(der)?.to_der()),
    ("EncApRepPart", |der| {
        Ok(EncApRepPart::from_der(der)?.to_der()?.to_vec())
    }),
    ("EncAsRepPart", |der| {
        Ok(EncAsRepPart::from_der(der)?.to_der()?.to_vec())
    }),
    ("EncKrbCredPart", |der| {
        Ok(EncKrbCredPart::from_der(der)?.to_der()?.to_vec())
    }),
    ("EncKrbPrivPart", |der| {
        Ok(EncKrbPrivPart::from_der(der)?.to_der()?.to_vec())
    }),
    ("EncTgsRepPart", |der| {
        Ok(EncTgsRepPart::from_der(der)?.to_der()?.to_vec())
    }),
    ("EncTicketPart", |der| {
        Ok(EncTicketPart::from_der(der)?.to_der()?.to_vec())
    }),
    ("EncryptedData", |der| EncryptedData::from_der(der)?.to_der()),
    ("EncryptionKey", |der| {
        Ok(EncryptionKey::from_der(der)?.to_der()?.to_vec())
    }),
    ("EtypeInfo", |der| EtypeInfo::from_der(der)?.to_der()),
    ("EtypeInfo2", |der| EtypeInfo2::from_der(der)?.to_der()),
    ("KdcReqBody", |der| KdcReqBody::from_der(der)?.to_der()),
    ("KerbErrorData", |der| KerbErrorData::from_der(der)?.to_der()),
    ("KrbCred", |der| KrbCred::from_der(der)?.to_der()),
    ("KrbError", |der| KrbError::from_der(der)?.to_der()),
    ("KrbPriv", |der| KrbPriv::from_der(der)?.to_der()),
    ("MethodData", |der| MethodData::from_der(der)?.to_der()),
    ("PaEncTsEnc", |der| PaEncTsEnc::from_der(der)?.to_der()),
    ("PrincipalName", |der| PrincipalName::from_der(der)?.to_der()),
    ("TgsRep", |der| TgsRep::from_der(der)?.to_der()),
    ("TgsReq", |der| TgsReq::from_der(der)?.to_der()),
    ("Ticket", |der| Ticket::from_der(der)?.to_der()),
    ("TypedData", |der| TypedData::from_der(der)?.to_der()),
];

fn codec(name: &str) -> Recode {
    CODECS
        .iter()
        .find(|(known, _)| *known == name)
        .unwrap_or_else(|| panic!("no codec named {name}"))
        .1
}

/// One known answer.
#[derive(Clone, Debug, serde::Deserialize)]
struct Vector {
    name: String,
    #[serde(rename = "type")]
    type_name: String,
    source: String,
    #[serde(with = "hex::serde")]
    hex: Vec<u8>,
}

fn vectors() -> &'static [Vector] {
    #[derive(serde::Deserialize)]
    struct File {
        vector: Vec<Vector>,
    }
    static VECTORS: LazyLock<Vec<Vector>> = LazyLock::new(|| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/vectors/krb5_asn1.toml");
        let text = std::fs::read_to_string(path).unwrap();
        toml::from_str::<File>(&text).unwrap().vector
    });
    &VECTORS
}

fn vector(name: &str) -> Vec<u8> {
    let found = vectors().iter().find(|vector| vector.name == name);
    found.unwrap_or_else(|| panic!("no vector named {name}")).hex.clone()
}
