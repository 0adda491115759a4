//! The ASN.1 messages of RFC 4120.

use krb5_proto::messages::error::KerbErrorData;
use krb5_proto::messages::{
    ApRep, ApReq, AsRep, AsReq, Authenticator, AuthorizationData, Checksum, EncApRepPart, EncAsRepPart, EncKrbCredPart,
    EncTgsRepPart, EncTicketPart, EncryptedData, EncryptionKey, EtypeInfo, EtypeInfo2, KdcProxyMessage, KrbCred,
    KrbError, MethodData, PaEncTsEnc, TgsRep, TgsReq, Ticket, TypedData,
};

/// One type's test of an input.
type Check = fn(&[u8]);

/// What decodes must encode, and what we encode must decode to the same octets.
macro_rules! check {
    ($type:ty) => {
        |octets| {
            let Ok(value) = <$type>::from_der(octets) else { return };
            let encoded = value.to_der().expect("what decodes encodes");
            let again = <$type>::from_der(&encoded).expect("what we encode decodes");
            let twice = again.to_der().expect("what decodes encodes");
            assert!(encoded == twice, "encoding is not a fixpoint");
        }
    };
}

const CHECKS: [Check; 25] = [
    check!(ApRep),
    check!(ApReq),
    check!(AsRep),
    check!(AsReq),
    check!(Authenticator),
    check!(AuthorizationData),
    check!(Checksum),
    check!(EncApRepPart),
    check!(EncAsRepPart),
    check!(EncKrbCredPart),
    check!(EncTgsRepPart),
    check!(EncTicketPart),
    check!(EncryptedData),
    check!(EncryptionKey),
    check!(EtypeInfo),
    check!(EtypeInfo2),
    check!(KerbErrorData),
    check!(KrbCred),
    check!(KrbError),
    check!(MethodData),
    check!(PaEncTsEnc),
    check!(TgsRep),
    check!(TgsReq),
    check!(Ticket),
    check!(KdcProxyMessage),
];

/// The first octet picks a type, the rest is its encoding.
pub fn der_messages(input: &[u8]) {
    let Some((choice, octets)) = input.split_first() else {
        return;
    };
    match CHECKS.get(usize::from(*choice)) {
        Some(check) => check(octets),
        None => check!(TypedData)(octets),
    }
}
