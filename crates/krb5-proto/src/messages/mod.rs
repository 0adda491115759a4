//! The ASN.1 types of RFC 4120 (and of RFC 6806, RFC 4121 where they add to them).
//!
//! Every type decodes with `from_der` and encodes with `to_der`. Decoding is DER only: trailing
//! octets, indefinite lengths and inputs above [`MAX_MESSAGE`] are refused, and for whole messages
//! `pvno` must be 5 and `msg-type` must agree with the APPLICATION tag. These constants are not
//! fields: encoding writes them.

#[macro_use]
pub(crate) mod codec;

pub mod ap;
pub mod authdata;
pub mod cred;
pub mod error;
pub mod flags;
pub mod integer;
pub mod kdc;
pub mod key;
pub mod preauth;
pub mod private;
pub mod proxy;
mod secret;
pub mod strings;
pub mod ticket;
pub mod time;

pub use ap::{ApRep, ApReq, Authenticator, EncApRepPart};
pub use authdata::{AuthDataEntry, AuthorizationData};
pub use codec::MAX_MESSAGE;
pub use cred::{EncKrbCredPart, KrbCred, KrbCredInfo};
pub use error::{KrbError, TypedData, TypedDataEntry};
pub use flags::{ApOptions, KdcOptions, TicketFlags};
pub use integer::{Kvno, UInt32};
pub use kdc::{
    AsRep, AsReq, EncAsRepPart, EncKdcRepPart, EncTgsRepPart, HostAddress, KdcReqBody, LastReq, TgsRep, TgsReq,
};
pub use key::{Checksum, EncryptedData, EncryptionKey};
pub use preauth::{EtypeInfo, EtypeInfo2, MethodData, PaData, PaEncTsEnc};
pub use private::{ChangePasswdData, EncKrbPrivPart, KrbPriv};
pub use proxy::KdcProxyMessage;
pub use secret::SecretOctets;
pub use strings::{KerberosString, Octets, Realm};
pub use ticket::{EncTicketPart, Ticket, TransitedEncoding};
pub use time::{KerberosTime, Microseconds, Timestamp};

#[cfg(test)]
mod tests;
