//! Ticket and EncTicketPart, RFC 4120 §5.3.

use der::{
    Decode, DecodeValue, Encode, EncodeValue, FixedTag, Header, Length, Reader, Sequence, Tag, TagNumber, Writer,
};

use super::authdata::AuthorizationData;
use super::flags::TicketFlags;
use super::kdc::HostAddresses;
use super::key::{EncryptedData, EncryptionKey};
use super::strings::{Octets, Realm};
use super::time::KerberosTime;
use crate::PrincipalName;

/// ```text
/// Ticket ::= [APPLICATION 1] SEQUENCE {
///     tkt-vno  [0] INTEGER (5),
///     realm    [1] Realm,
///     sname    [2] PrincipalName,
///     enc-part [3] EncryptedData -- EncTicketPart
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The realm that issued the ticket, which is the server's.
    pub realm: Realm,
    /// The server.
    pub sname: PrincipalName,
    /// The [`EncTicketPart`] under the server's key.
    pub enc_part: EncryptedData,
}

plain!(Ticket, "Ticket");

/// The SEQUENCE below the APPLICATION tag.
#[derive(Sequence)]
#[asn1(tag_mode = "EXPLICIT")]
struct TicketFields {
    #[asn1(context_specific = "0")]
    tkt_vno: u8,
    #[asn1(context_specific = "1")]
    realm: Realm,
    #[asn1(context_specific = "2")]
    sname: PrincipalName,
    #[asn1(context_specific = "3")]
    enc_part: EncryptedData,
}

/// The same for encoding: tickets are large, and are not copied for it.
#[derive(EncodeValue)]
#[asn1(tag_mode = "EXPLICIT")]
struct BorrowedFields<'a> {
    #[asn1(context_specific = "0")]
    tkt_vno: u8,
    #[asn1(context_specific = "1")]
    realm: Borrowed<'a, Realm>,
    #[asn1(context_specific = "2")]
    sname: Borrowed<'a, PrincipalName>,
    #[asn1(context_specific = "3")]
    enc_part: Borrowed<'a, EncryptedData>,
}

impl FixedTag for BorrowedFields<'_> {
    const TAG: Tag = Tag::Sequence;
}

struct Borrowed<'a, T>(&'a T);

impl<T: FixedTag> FixedTag for Borrowed<'_, T> {
    const TAG: Tag = T::TAG;
}

impl<T: EncodeValue> EncodeValue for Borrowed<'_, T> {
    fn value_len(&self) -> der::Result<Length> {
        self.0.value_len()
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        self.0.encode_value(writer)
    }
}

impl Ticket {
    fn fields(&self) -> BorrowedFields<'_> {
        BorrowedFields {
            tkt_vno: 5,
            realm: Borrowed(&self.realm),
            sname: Borrowed(&self.sname),
            enc_part: Borrowed(&self.enc_part),
        }
    }
}

impl FixedTag for Ticket {
    const TAG: Tag = Tag::Application {
        constructed: true,
        number: TagNumber(1),
    };
}

impl<'a> DecodeValue<'a> for Ticket {
    type Error = der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, _header: Header) -> der::Result<Self> {
        let TicketFields {
            tkt_vno,
            realm,
            sname,
            enc_part,
        } = TicketFields::decode(reader)?;
        if tkt_vno != 5 {
            return Err(reader.error(Tag::Integer.value_error()));
        }
        Ok(Self { realm, sname, enc_part })
    }
}

impl EncodeValue for Ticket {
    fn value_len(&self) -> der::Result<Length> {
        self.fields().encoded_len()
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        self.fields().encode(writer)
    }
}

/// ```text
/// EncTicketPart ::= [APPLICATION 3] SEQUENCE {
///     flags              [0] TicketFlags,
///     key                [1] EncryptionKey,
///     crealm             [2] Realm,
///     cname              [3] PrincipalName,
///     transited          [4] TransitedEncoding,
///     authtime           [5] KerberosTime,
///     starttime          [6] KerberosTime OPTIONAL,
///     endtime            [7] KerberosTime,
///     renew-till         [8] KerberosTime OPTIONAL,
///     caddr              [9] HostAddresses OPTIONAL,
///     authorization-data [10] AuthorizationData OPTIONAL
/// }
/// ```
#[derive(Debug, DecodeValue, EncodeValue)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct EncTicketPart {
    /// What the ticket may be used for.
    #[asn1(context_specific = "0")]
    pub flags: TicketFlags,
    /// The session key.
    #[asn1(context_specific = "1")]
    pub key: EncryptionKey,
    /// The client's realm.
    #[asn1(context_specific = "2")]
    pub crealm: Realm,
    /// The client.
    #[asn1(context_specific = "3")]
    pub cname: PrincipalName,
    /// The realms between the client's and the server's.
    #[asn1(context_specific = "4")]
    pub transited: TransitedEncoding,
    /// When the client authenticated.
    #[asn1(context_specific = "5")]
    pub authtime: KerberosTime,
    /// When the ticket becomes valid; absent means `authtime`.
    #[asn1(context_specific = "6", optional = "true")]
    pub starttime: Option<KerberosTime>,
    /// When it expires.
    #[asn1(context_specific = "7")]
    pub endtime: KerberosTime,
    /// Until when it can be renewed.
    #[asn1(context_specific = "8", optional = "true")]
    pub renew_till: Option<KerberosTime>,
    /// The addresses it may be used from; absent means any.
    #[asn1(context_specific = "9", optional = "true")]
    pub caddr: Option<HostAddresses>,
    /// Authorization data, as received.
    #[asn1(context_specific = "10", optional = "true")]
    pub authorization_data: Option<AuthorizationData>,
}

secret_message!(EncTicketPart, "EncTicketPart", application 3, []);

/// TransitedEncoding, RFC 4120 §5.3 and §3.3.3.2.
#[derive(Clone, Debug, Default, PartialEq, Eq, Sequence)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct TransitedEncoding {
    /// 1 is DOMAIN-X500-COMPRESS; 0 stands with empty contents for none.
    #[asn1(context_specific = "0")]
    pub tr_type: i32,
    /// The encoded realm names.
    #[asn1(context_specific = "1")]
    pub contents: Octets,
}
