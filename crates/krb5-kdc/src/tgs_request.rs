//! Who asks: the AP-REQ in front of a TGS-REQ, RFC 4120 §3.3.2 and §3.2.3.

use der::asn1::AnyRef;
use der::{Decode, Reader, SliceReader, Tag, TagNumber, Tagged};
use krb5_crypto::{ChecksumType, Key, KeyUsage, Zeroizing};
use krb5_proto::messages::preauth::{self, PA_TGS_REQ};
use krb5_proto::messages::{
    ApOptions, ApReq, Authenticator, Checksum, EncTicketPart, EncryptedData, KdcOptions, TgsReq, Ticket, TicketFlags,
};
use krb5_proto::{ErrorCode, Principal, Timestamp};

use crate::kdc::Core;
use crate::refusal::Refusal;

/// A ticket whose holder has shown that it knows the session key, and that it made the request.
#[derive(Debug)]
pub(crate) struct Header {
    /// Whom the ticket is for, in the realm that issued it.
    pub(crate) server: Principal,
    pub(crate) ticket: EncTicketPart,
    pub(crate) session_key: Key,
    /// The key that the client wants the reply in.
    pub(crate) subkey: Option<Key>,
}

/// Checks the AP-REQ of `request`, which `octets` encode.
///
/// # Errors
/// What RFC 4120 §3.2.3 and §3.3.3 name for each fault.
pub(crate) fn authenticate(core: &Core, request: &TgsReq, octets: &[u8], now: Timestamp) -> Result<Header, Refusal> {
    let padata = request.padata.as_deref().unwrap_or_default();
    let ap_req = preauth::find(padata, PA_TGS_REQ).ok_or(Refusal::new(
        ErrorCode::KDC_ERR_PADATA_TYPE_NOSUPP,
        "a TGS-REQ needs a ticket",
    ))?;
    let ap_req = ApReq::from_der(ap_req)?;
    if ap_req.ap_options.contains(ApOptions::USE_SESSION_KEY) {
        return Err(ErrorCode::KDC_ERR_BADOPTION.into());
    }
    let ticket = open_ticket(core, &ap_req.ticket)?;
    if ap_req.ticket.realm != core.realm && ticket.crealm == core.realm {
        return Err(Refusal::new(
            ErrorCode::KDC_ERR_POLICY,
            "another realm does not vouch for clients of this one",
        ));
    }
    let session_key = ticket.key.to_key(core.provider)?;
    let authenticator = open_authenticator(&session_key, &ap_req.authenticator)?;
    if authenticator.cname != ticket.cname || authenticator.crealm != ticket.crealm {
        return Err(ErrorCode::KRB_AP_ERR_BADMATCH.into());
    }
    if !core.policy.agrees(authenticator.ctime, now.time) {
        return Err(ErrorCode::KRB_AP_ERR_SKEW.into());
    }
    check_validity(core, &ticket, request.req_body.kdc_options, now)?;
    check_body(&session_key, authenticator.cksum.as_ref(), octets)?;
    let subkey = authenticator.subkey.as_ref().map(|subkey| subkey.to_key(core.provider));
    let subkey = subkey
        .transpose()
        .map_err(|_| Refusal::from(ErrorCode::KDC_ERR_ETYPE_NOSUPP))?;
    // Clients do not bring legacy types into use: where the session key has one, this KDC chose it.
    let is_new_legacy = |subkey: &Key| subkey.enctype().is_legacy() && subkey.enctype() != session_key.enctype();
    if subkey.as_ref().is_some_and(is_new_legacy) {
        return Err(ErrorCode::KDC_ERR_ETYPE_NOSUPP.into());
    }
    Ok(Header {
        server: Principal::new(ap_req.ticket.realm, ap_req.ticket.sname),
        ticket,
        session_key,
        subkey,
    })
}

/// Decrypts a ticket of this realm, for whichever server it is, or one of another realm for this one's ticket-granting
/// service.
///
/// # Errors
/// KRB_AP_ERR_NOT_US, KRB_AP_ERR_BADKEYVER, KRB_AP_ERR_BAD_INTEGRITY.
pub(crate) fn open_ticket(core: &Core, ticket: &Ticket) -> Result<EncTicketPart, Refusal> {
    let server = Principal::new(ticket.realm.clone(), ticket.sname.clone());
    let server = core
        .database
        .named(&server)
        .or_else(|| core.database.alias(&server.name).filter(|_| server.realm == core.realm))
        .ok_or(ErrorCode::KRB_AP_ERR_NOT_US)?;
    let data = &ticket.enc_part;
    // Active Directory sends tickets for other realms with version 0: every key of the type is tried then.
    let kvno = data.kvno.map(|kvno| kvno.0).filter(|kvno| *kvno != 0);
    let mut keys = server.keys_of(data.etype, kvno).peekable();
    if keys.peek().is_none() {
        return Err(ErrorCode::KRB_AP_ERR_BADKEYVER.into());
    }
    let plaintext = keys.find_map(|found| found.key.decrypt(KeyUsage::TICKET, &data.cipher).ok());
    let plaintext = plaintext.ok_or(ErrorCode::KRB_AP_ERR_BAD_INTEGRITY)?;
    Ok(EncTicketPart::from_der(&plaintext)?)
}

fn open_authenticator(session_key: &Key, data: &EncryptedData) -> Result<Authenticator, Refusal> {
    let plaintext = decrypt(session_key, KeyUsage::TGS_REQ_AUTHENTICATOR, data)?;
    Ok(Authenticator::from_der(&plaintext)?)
}

/// Decrypts what the client has encrypted.
///
/// # Errors
/// KRB_AP_ERR_BAD_INTEGRITY if it did not, or not with this key.
pub(crate) fn decrypt(key: &Key, usage: KeyUsage, data: &EncryptedData) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let refused = || Refusal::from(ErrorCode::KRB_AP_ERR_BAD_INTEGRITY);
    if data.etype != key.enctype().number() {
        return Err(refused());
    }
    key.decrypt(usage, &data.cipher).map_err(|_| refused())
}

/// Whether the ticket may be used now.
///
/// # Errors
/// KRB_AP_ERR_TKT_NYV, KRB_AP_ERR_TKT_EXPIRED.
pub(crate) fn check_validity(
    core: &Core,
    ticket: &EncTicketPart,
    options: KdcOptions,
    now: Timestamp,
) -> Result<(), Refusal> {
    let start = ticket.starttime.unwrap_or(ticket.authtime);
    let invalid = ticket.flags.contains(TicketFlags::INVALID) && !options.contains(KdcOptions::VALIDATE);
    if invalid || start > now.time.plus(core.policy.clock_skew) {
        return Err(ErrorCode::KRB_AP_ERR_TKT_NYV.into());
    }
    if ticket.endtime <= now.time {
        return Err(ErrorCode::KRB_AP_ERR_TKT_EXPIRED.into());
    }
    Ok(())
}

/// The request's body must be the one that the authenticator has a checksum of, and the checksum must be keyed:
/// everyone can make another.
fn check_body(session_key: &Key, checksum: Option<&Checksum>, octets: &[u8]) -> Result<(), Refusal> {
    let checksum = checksum
        .filter(|checksum| {
            let kind = ChecksumType::from_number(checksum.cksumtype);
            kind == Some(session_key.enctype().checksum_type())
        })
        .ok_or(ErrorCode::KRB_AP_ERR_INAPP_CKSUM)?;
    let body = body_octets(octets).map_err(|_| Refusal::from(ErrorCode::KRB_ERR_GENERIC))?;
    session_key
        .verify_checksum(KeyUsage::TGS_REQ_CHECKSUM, &[body], &checksum.checksum)
        .map_err(|_| ErrorCode::KRB_AP_ERR_MODIFIED.into())
}

/// The encoding of `req-body` as it came: encoded again it could differ, since some integers have more than one form.
fn body_octets(tgs_req: &[u8]) -> der::Result<&[u8]> {
    let envelope = AnyRef::from_der(tgs_req)?;
    let sequence = AnyRef::from_der(envelope.value())?;
    let mut fields = SliceReader::new(sequence.value())?;
    loop {
        let field = AnyRef::decode(&mut fields)?;
        if field.tag() == REQ_BODY {
            return Ok(field.value());
        }
        if fields.is_finished() {
            return Err(REQ_BODY.value_error().into());
        }
    }
}

const REQ_BODY: Tag = Tag::ContextSpecific {
    constructed: true,
    number: TagNumber(4),
};
