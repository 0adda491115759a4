//! KRB-PRIV, RFC 4120 §5.7, and what the password service puts into it, RFC 3244 §2.

use der::asn1::{AnyRef, ContextSpecific};
use der::{Decode, DecodeValue, EncodeValue, FixedTag, Header, Reader, Tag, TagNumber};

use super::integer::UInt32;
use super::kdc::HostAddress;
use super::key::EncryptedData;
use super::secret::SecretOctets;
use super::strings::Realm;
use super::time::{KerberosTime, Microseconds};
use crate::PrincipalName;

/// ```text
/// KRB-PRIV ::= [APPLICATION 21] SEQUENCE {
///     pvno     [0] INTEGER (5),
///     msg-type [1] INTEGER (21),
///     -- there is no [2]
///     enc-part [3] EncryptedData -- EncKrbPrivPart
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, DecodeValue, EncodeValue)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct KrbPriv {
    /// The [`EncKrbPrivPart`].
    #[asn1(context_specific = "3")]
    pub enc_part: EncryptedData,
}

message!(KrbPriv, "KRB-PRIV", application 21, [(0, 5), (1, 21)]);

/// ```text
/// EncKrbPrivPart ::= [APPLICATION 28] SEQUENCE {
///     user-data  [0] OCTET STRING,
///     timestamp  [1] KerberosTime OPTIONAL,
///     usec       [2] Microseconds OPTIONAL,
///     seq-number [3] UInt32 OPTIONAL,
///     s-address  [4] HostAddress,
///     r-address  [5] HostAddress OPTIONAL
/// }
/// ```
#[derive(Debug, DecodeValue, EncodeValue)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct EncKrbPrivPart {
    /// What the message is for.
    #[asn1(context_specific = "0")]
    pub user_data: SecretOctets,
    /// The sender's time.
    #[asn1(context_specific = "1", optional = "true")]
    pub timestamp: Option<KerberosTime>,
    /// Its microseconds.
    #[asn1(context_specific = "2", optional = "true")]
    pub usec: Option<Microseconds>,
    /// The sender's sequence number.
    #[asn1(context_specific = "3", optional = "true")]
    pub seq_number: Option<UInt32>,
    /// The sender's address.
    #[asn1(context_specific = "4")]
    pub s_address: HostAddress,
    /// The receiver's address.
    #[asn1(context_specific = "5", optional = "true")]
    pub r_address: Option<HostAddress>,
}

secret_message!(EncKrbPrivPart, "EncKrbPrivPart", application 28, []);

/// ```text
/// ChangePasswdData ::= SEQUENCE {      -- RFC 3244 §2
///     newpasswd [0] OCTET STRING,
///     targname  [1] PrincipalName OPTIONAL,
///     targrealm [2] Realm OPTIONAL
/// }
/// ```
///
/// Fields that follow are passed over, as the section wants it.
#[derive(Debug, EncodeValue)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct ChangePasswdData {
    /// The new password, in the octets that string-to-key takes (UTF-8).
    #[asn1(context_specific = "0")]
    pub newpasswd: SecretOctets,
    /// Whose it is to be; the client's without it.
    #[asn1(context_specific = "1", optional = "true")]
    pub targname: Option<PrincipalName>,
    /// The realm of [`targname`](Self::targname).
    #[asn1(context_specific = "2", optional = "true")]
    pub targrealm: Option<Realm>,
}

secret_plain!(ChangePasswdData, "ChangePasswdData");

impl FixedTag for ChangePasswdData {
    const TAG: Tag = Tag::Sequence;
}

impl<'a> DecodeValue<'a> for ChangePasswdData {
    type Error = der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, _header: Header) -> der::Result<Self> {
        let Some(newpasswd) = field(reader, 0)? else {
            return Err(reader.error(Tag::Sequence.value_error()));
        };
        let data = Self {
            newpasswd,
            targname: field(reader, 1)?,
            targrealm: field(reader, 2)?,
        };
        while !reader.is_finished() {
            AnyRef::decode(reader)?;
        }
        Ok(data)
    }
}

/// The field `[number]`, if it comes next.
fn field<'a, T, R>(reader: &mut R, number: u32) -> der::Result<Option<T>>
where
    T: Decode<'a, Error = der::Error>,
    R: Reader<'a>,
{
    let field = ContextSpecific::decode_explicit(reader, TagNumber(number))?;
    Ok(field.map(|field| field.value))
}
