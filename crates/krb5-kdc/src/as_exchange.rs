//! The AS exchange, RFC 4120 §3.1: a long-term key in, an initial ticket out.

use krb5_crypto::{Key, KeyUsage};
use krb5_proto::messages::preauth::{self, PA_REQ_ENC_PA_REP};
use krb5_proto::messages::{
    AsRep, AsReq, Checksum, EncAsRepPart, EncryptedData, KdcOptions, KdcReqBody, MethodData, PaData, TicketFlags,
};
use krb5_proto::{ErrorCode, KerberosTime, Principal, PrincipalName, Timestamp};

use crate::database::{Attribute, Entry, LongTermKey};
use crate::grant::{Grant, inherent_flags, requested_flags};
use crate::kdc::{Core, expects_another_name};
use crate::lifetime::{Bounds, Lifetime};
use crate::preauth::{Verified, check, etype_info2};
use crate::refusal::Refusal;

/// Answers `request`, which `octets` encode.
///
/// # Errors
/// Why not.
pub(crate) fn answer(core: &Core, request: &AsReq, octets: &[u8], now: Timestamp) -> Result<Vec<u8>, Refusal> {
    let body = &request.req_body;
    let padata = request.padata.as_deref().unwrap_or_default();
    let client = &*core.client(body, now.time)?;
    let server = &*core.server(body, now.time)?;
    refuse_tgs_options(body.kdc_options)?;
    if server.is(Attribute::UserToUserOnly) {
        return Err(ErrorCode::KDC_ERR_MUST_USE_USER2USER.into());
    }
    let lifetime = lifetime(core, body, &[client, server], now)?;
    let reply_key = client.key_for(&body.etype).ok_or(ErrorCode::KDC_ERR_ETYPE_NOSUPP)?;
    let session_type = server
        .common_enctype(&body.etype)
        .ok_or(ErrorCode::KDC_ERR_ETYPE_NOSUPP)?;
    let verified = check(client, padata, body, now.time, &core.policy)?;
    let asks_checksum = preauth::find(padata, PA_REQ_ENC_PA_REP).is_some();

    let mut flags = requested_flags(body.kdc_options, &[client, server]) | inherent_flags(&lifetime, server);
    flags.insert(TicketFlags::INITIAL | TicketFlags::TRANSITED_POLICY_CHECKED);
    if let Some(Verified { .. }) = verified {
        flags.insert(TicketFlags::PRE_AUTHENT);
    }
    if asks_checksum {
        flags.insert(TicketFlags::ENC_PA_REP);
    }
    // Whoever asks for canonical names gets the database's, others their own words.
    let canonical = body.kdc_options.contains(KdcOptions::CANONICALIZE);
    let named = |name: &Option<PrincipalName>, entry: &Entry, canonical: bool| {
        let name = name
            .as_ref()
            .filter(|name| !canonical || **name == entry.principal.name);
        Principal::new(core.realm.clone(), name.unwrap_or(&entry.principal.name).clone())
    };
    let grant = Grant {
        flags,
        session_key: Key::generate(core.provider, session_type)?,
        client: named(&body.cname, client, expects_another_name(body)),
        server: named(&body.sname, server, canonical),
        transited: Vec::new(),
        authtime: now.time,
        lifetime,
        addresses: body.addresses.clone(),
        authorization_data: None,
    };
    let checksum = asks_checksum.then(|| request_checksum(reply_key, octets)).transpose()?;
    reply(&Reply {
        grant,
        client,
        server,
        reply_key,
        body,
        checksum,
    })
}

/// All that goes into an AS-REP.
struct Reply<'a> {
    grant: Grant,
    client: &'a Entry,
    server: &'a Entry,
    reply_key: &'a LongTermKey,
    body: &'a KdcReqBody,
    /// Of the request, if the client asked for it.
    checksum: Option<PaData>,
}

fn reply(of: &Reply<'_>) -> Result<Vec<u8>, Refusal> {
    let ticket = of.grant.ticket(&of.server.best_key().into())?;
    let mut part = of.grant.reply_part(of.body.nonce);
    part.key_expiration = of.client.expires;
    part.encrypted_pa_data = of.checksum.clone().map(|checksum| MethodData(vec![checksum]));
    let plaintext = EncAsRepPart(part).to_der()?;
    let key = &of.reply_key.key;
    let rep = AsRep {
        padata: Some(vec![etype_info2(of.client, &[key.enctype().number()])?]),
        crealm: of.grant.client.realm.clone(),
        cname: of.grant.client.name.clone(),
        ticket,
        enc_part: EncryptedData {
            etype: key.enctype().number(),
            kvno: Some(of.reply_key.kvno.into()),
            cipher: key.encrypt(KeyUsage::AS_REP, &plaintext)?.into(),
        },
    };
    Ok(rep.to_der()?)
}

/// The checksum of the request that shows the client that nobody has changed it, RFC 6806 §11.
fn request_checksum(key: &LongTermKey, octets: &[u8]) -> Result<PaData, Refusal> {
    let checksum = Checksum {
        cksumtype: key.key.enctype().checksum_type().number(),
        checksum: key.key.checksum(KeyUsage::AS_REQ, &[octets])?.into(),
    };
    Ok(PaData {
        padata_type: PA_REQ_ENC_PA_REP,
        padata_value: checksum.to_der()?.into(),
    })
}

fn lifetime(core: &Core, body: &KdcReqBody, parties: &[&Entry], now: Timestamp) -> Result<Lifetime, Refusal> {
    let policy = &core.policy;
    let allowed = |unless| !parties.iter().any(|entry| entry.is(unless));
    let latest = now.time.plus(policy.max_renewable_life);
    let bounds = Bounds {
        now: now.time,
        life: policy.max_life,
        end: KerberosTime::MAX,
        renew_till: Some(latest).filter(|_| allowed(Attribute::NotRenewable)),
        latest_start: Some(latest).filter(|_| allowed(Attribute::NotPostdatable)),
    };
    bounds.grant(body, policy.clock_skew)
}

/// Refuses what only makes sense with a ticket in hand, and anonymity, which is not offered.
fn refuse_tgs_options(options: KdcOptions) -> Result<(), Refusal> {
    let refused = [
        KdcOptions::FORWARDED,
        KdcOptions::PROXY,
        KdcOptions::CNAME_IN_ADDL_TKT,
        KdcOptions::REQUEST_ANONYMOUS,
        KdcOptions::ENC_TKT_IN_SKEY,
        KdcOptions::RENEW,
        KdcOptions::VALIDATE,
    ];
    if refused.iter().any(|option| options.contains(*option)) {
        return Err(ErrorCode::KDC_ERR_BADOPTION.into());
    }
    Ok(())
}
