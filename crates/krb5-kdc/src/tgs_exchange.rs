//! The TGS exchange, RFC 4120 §3.3: a ticket in, another ticket out.

use krb5_crypto::{Key, KeyUsage};
use krb5_proto::messages::authdata::AD_WIN2K_PAC;
use krb5_proto::messages::preauth;
use krb5_proto::messages::{
    AuthorizationData, EncTgsRepPart, EncryptedData, KdcOptions, KdcReqBody, TgsRep, TgsReq, TicketFlags,
};
use krb5_proto::{ErrorCode, KerberosTime, Principal, PrincipalName, Realm, Timestamp};

use crate::UnknownPaths;
use crate::database::{Attribute, Entry};
use crate::grant::{Grant, Sealing, inherent_flags, requested_flags};
use crate::kdc::Core;
use crate::lifetime::{Bounds, Lifetime};
use crate::neighbours::Neighbours;
use crate::refusal::Refusal;
use crate::tgs_request::{self, Header};
use crate::user_to_user;

/// Answers `request`, which `octets` encode.
///
/// # Errors
/// Why not.
pub(crate) fn answer(core: &Core, request: &TgsReq, octets: &[u8], now: Timestamp) -> Result<Vec<u8>, Refusal> {
    let header = tgs_request::authenticate(core, request, octets, now)?;
    refuse_unsupported(request)?;
    let body = &request.req_body;
    let server = &*core.server_or_referral(body, now.time)?;
    let sealing = user_to_user::sealing(core, body, server, now)?;
    let options = body.kdc_options;
    let grant = match (
        options.contains(KdcOptions::RENEW),
        options.contains(KdcOptions::VALIDATE),
    ) {
        (true, true) => return Err(ErrorCode::KDC_ERR_BADOPTION.into()),
        (true, false) => renewed(core, &header, body, server, now)?,
        (false, true) => validated(core, &header, body, server)?,
        (false, false) => derived(core, &header, body, server, now)?,
    };
    reply(&header, &grant, &sealing, body)
}

fn reply(header: &Header, grant: &Grant, sealing: &Sealing, body: &KdcReqBody) -> Result<Vec<u8>, Refusal> {
    let plaintext = EncTgsRepPart(grant.reply_part(body.nonce)).to_der()?;
    let (key, usage) = match &header.subkey {
        Some(subkey) => (subkey, KeyUsage::TGS_REP_SUBKEY),
        None => (&header.session_key, KeyUsage::TGS_REP_SESSION),
    };
    let rep = TgsRep {
        padata: None,
        crealm: grant.client.realm.clone(),
        cname: grant.client.name.clone(),
        ticket: grant.ticket(sealing)?,
        enc_part: EncryptedData {
            etype: key.enctype().number(),
            kvno: None,
            cipher: key.encrypt(usage, &plaintext)?.into(),
        },
    };
    Ok(rep.to_der()?)
}

/// The same ticket for longer. Its flags, addresses and data stay.
fn renewed(core: &Core, header: &Header, body: &KdcReqBody, server: &Entry, now: Timestamp) -> Result<Grant, Refusal> {
    if is_for_elsewhere(body) {
        return Err(Refusal::new(
            ErrorCode::KDC_ERR_BADOPTION,
            "a ticket is renewed for the addresses it has",
        ));
    }
    let old = &header.ticket;
    let renew_till = old
        .renew_till
        .filter(|_| old.flags.contains(TicketFlags::RENEWABLE))
        .ok_or(Refusal::new(
            ErrorCode::KDC_ERR_BADOPTION,
            "the ticket is not renewable",
        ))?;
    same_server(header, server)?;
    let life = old.endtime.since(old.starttime.unwrap_or(old.authtime));
    let lifetime = Lifetime {
        start: now.time,
        end: now.time.offset(life).min(renew_till),
        renew_till: Some(renew_till),
        is_postdated: false,
    };
    if lifetime.end <= lifetime.start {
        return Err(ErrorCode::KRB_AP_ERR_TKT_EXPIRED.into());
    }
    grant(
        core,
        header,
        body,
        Terms {
            flags: old.flags,
            lifetime,
            server,
        },
    )
}

/// The same ticket, valid from now on: its time has come.
fn validated(core: &Core, header: &Header, body: &KdcReqBody, server: &Entry) -> Result<Grant, Refusal> {
    let old = &header.ticket;
    if is_for_elsewhere(body) || !old.flags.contains(TicketFlags::INVALID) {
        return Err(Refusal::new(
            ErrorCode::KDC_ERR_BADOPTION,
            "the ticket needs no validation",
        ));
    }
    same_server(header, server)?;
    let mut flags = old.flags;
    flags.remove(TicketFlags::INVALID);
    let lifetime = Lifetime {
        start: old.starttime.unwrap_or(old.authtime),
        end: old.endtime,
        renew_till: old.renew_till,
        is_postdated: false,
    };
    grant(
        core,
        header,
        body,
        Terms {
            flags,
            lifetime,
            server,
        },
    )
}

/// Renewal and validation are for the server that the ticket was for.
fn same_server(header: &Header, server: &Entry) -> Result<(), Refusal> {
    if header.server == server.principal {
        Ok(())
    } else {
        Err(ErrorCode::KDC_ERR_SERVER_NOMATCH.into())
    }
}

/// A ticket for another server, or one of more or less use for the same.
fn derived(core: &Core, header: &Header, body: &KdcReqBody, server: &Entry, now: Timestamp) -> Result<Grant, Refusal> {
    // Whichever realm vouches for the client: its own ticket-granting service's key has opened the ticket.
    if header.server.name.granting_realm().as_ref() != Some(&core.realm) {
        return Err(ErrorCode::KRB_AP_ERR_NOT_US.into());
    }
    let options = body.kdc_options;
    refuse_beyond_tgt(options, header.ticket.flags)?;
    if options.contains(KdcOptions::PROXY) && server.principal.is_krbtgt() {
        return Err(Refusal::new(
            ErrorCode::KDC_ERR_BADOPTION,
            "a ticket-granting ticket cannot be a proxy",
        ));
    }
    let lifetime = lifetime(core, header, body, server, now.time)?;
    let mut flags = requested_flags(options, &[server]) | inherent_flags(&lifetime, server);
    let inherited = TicketFlags::PRE_AUTHENT | TicketFlags::HW_AUTHENT | TicketFlags::FORWARDED;
    flags.insert(header.ticket.flags.intersection(inherited));
    if options.contains(KdcOptions::FORWARDED) {
        flags.insert(TicketFlags::FORWARDED);
    }
    if options.contains(KdcOptions::PROXY) {
        flags.insert(TicketFlags::PROXY);
    }
    grant(
        core,
        header,
        body,
        Terms {
            flags,
            lifetime,
            server,
        },
    )
}

/// What has been decided about a ticket.
struct Terms<'a> {
    flags: TicketFlags,
    lifetime: Lifetime,
    server: &'a Entry,
}

fn grant(core: &Core, header: &Header, body: &KdcReqBody, terms: Terms<'_>) -> Result<Grant, Refusal> {
    let addresses = if is_for_elsewhere(body) {
        body.addresses.clone()
    } else {
        header.ticket.caddr.clone()
    };
    let mut flags = terms.flags;
    let transited = transited(core, header, body, &mut flags)?;
    let session_type = terms
        .server
        .common_enctype(&body.etype)
        .ok_or(ErrorCode::KDC_ERR_ETYPE_NOSUPP)?;
    Ok(Grant {
        flags,
        session_key: Key::generate(core.provider, session_type)?,
        client: Principal::new(header.ticket.crealm.clone(), header.ticket.cname.clone()),
        server: Principal::new(core.realm.clone(), server_name(body, terms.server)),
        transited,
        authtime: header.ticket.authtime,
        lifetime: terms.lifetime,
        addresses,
        authorization_data: authorization_data(header, body)?,
    })
}

/// What the ticket calls its server: as the client does, if that is one of its names and the client does not ask for the
/// canonical one; a referral has its own.
fn server_name(body: &KdcReqBody, server: &Entry) -> PrincipalName {
    let canonical = body.kdc_options.contains(KdcOptions::CANONICALIZE) || server.principal.is_krbtgt();
    let asked = body.sname.as_ref().filter(|_| !canonical);
    asked.unwrap_or(&server.principal.name).clone()
}

/// The realms that the client has passed through, and whether they are its path, RFC 4120 §3.3.3.2.
///
/// # Errors
/// KRB_AP_ERR_ILL_CR_TKT if they cannot be read, KDC_ERR_PATH_NOT_ACCEPTED if they are not its path.
fn transited(core: &Core, header: &Header, body: &KdcReqBody, flags: &mut TicketFlags) -> Result<Vec<Realm>, Refusal> {
    let ticket = &header.ticket;
    let (client, issuer, own) = (&ticket.crealm, &header.server.realm, &core.realm);
    let realms = Neighbours::transited(&ticket.transited, client, issuer, own)
        .map_err(|_| Refusal::from(ErrorCode::KRB_AP_ERR_ILL_CR_TKT))?;
    flags.remove(TicketFlags::TRANSITED_POLICY_CHECKED);
    if body.kdc_options.contains(KdcOptions::DISABLE_TRANSITED_CHECK) {
        return Ok(realms);
    }
    if core.neighbours.are_on_path(&realms, client, own) {
        flags.insert(TicketFlags::TRANSITED_POLICY_CHECKED);
        return Ok(realms);
    }
    match core.policy.unknown_paths {
        UnknownPaths::Unchecked => Ok(realms),
        UnknownPaths::Refused => Err(ErrorCode::KDC_ERR_PATH_NOT_ACCEPTED.into()),
    }
}

/// Whether the ticket is to be used from other addresses than the one it comes from.
fn is_for_elsewhere(body: &KdcReqBody) -> bool {
    let elsewhere = KdcOptions::FORWARDED.union(KdcOptions::PROXY);
    body.kdc_options.intersection(elsewhere) != KdcOptions::empty()
}

/// What the client adds, then what the ticket has.
fn authorization_data(header: &Header, body: &KdcReqBody) -> Result<Option<AuthorizationData>, Refusal> {
    let mut entries = Vec::new();
    if let Some(data) = &body.enc_authorization_data {
        let plaintext = match &header.subkey {
            Some(subkey) => tgs_request::decrypt(subkey, KeyUsage::TGS_REQ_AUTHDATA_SUBKEY, data)?,
            None => tgs_request::decrypt(&header.session_key, KeyUsage::TGS_REQ_AUTHDATA_SESSION, data)?,
        };
        entries.extend(AuthorizationData::from_der(&plaintext)?.0);
    }
    entries.extend(
        header
            .ticket
            .authorization_data
            .iter()
            .flat_map(|data| data.iter().cloned()),
    );
    // A PAC is signed for the ticket that it came in, and nobody here can sign it for another one: KDCs that check it
    // would refuse the ticket.
    let kept = AuthorizationData(entries).without(AD_WIN2K_PAC)?;
    Ok(Some(kept).filter(|data| !data.is_empty()))
}

fn lifetime(
    core: &Core,
    header: &Header,
    body: &KdcReqBody,
    server: &Entry,
    now: KerberosTime,
) -> Result<Lifetime, Refusal> {
    let policy = &core.policy;
    let flags = header.ticket.flags;
    let latest = now.plus(policy.max_renewable_life);
    let bounds = Bounds {
        now,
        life: policy.max_life,
        end: header.ticket.endtime,
        renew_till: header
            .ticket
            .renew_till
            .filter(|_| flags.contains(TicketFlags::RENEWABLE))
            .filter(|_| !server.is(Attribute::NotRenewable))
            .map(|renew_till| renew_till.min(latest)),
        latest_start: Some(latest)
            .filter(|_| flags.contains(TicketFlags::MAY_POSTDATE))
            .filter(|_| !server.is(Attribute::NotPostdatable)),
    };
    bounds.grant(body, policy.clock_skew)
}

/// Refuses options that the ticket-granting ticket does not have itself.
fn refuse_beyond_tgt(options: KdcOptions, tgt: TicketFlags) -> Result<(), Refusal> {
    let rules = [
        (
            KdcOptions::FORWARDABLE,
            TicketFlags::FORWARDABLE,
            "the ticket-granting ticket is not forwardable",
        ),
        (
            KdcOptions::FORWARDED,
            TicketFlags::FORWARDABLE,
            "the ticket-granting ticket is not forwardable",
        ),
        (
            KdcOptions::PROXIABLE,
            TicketFlags::PROXIABLE,
            "the ticket-granting ticket is not proxiable",
        ),
        (
            KdcOptions::PROXY,
            TicketFlags::PROXIABLE,
            "the ticket-granting ticket is not proxiable",
        ),
        (
            KdcOptions::RENEWABLE,
            TicketFlags::RENEWABLE,
            "the ticket-granting ticket is not renewable",
        ),
    ];
    let broken = rules
        .into_iter()
        .find(|(option, flag, _)| options.contains(*option) && !tgt.contains(*flag));
    broken.map_or(Ok(()), |(_, _, text)| {
        Err(Refusal::new(ErrorCode::KDC_ERR_BADOPTION, text))
    })
}

/// Refuses what would need another policy than this KDC has: impersonation and anonymity.
fn refuse_unsupported(request: &TgsReq) -> Result<(), Refusal> {
    let options = [KdcOptions::CNAME_IN_ADDL_TKT, KdcOptions::REQUEST_ANONYMOUS];
    if options
        .iter()
        .any(|option| request.req_body.kdc_options.contains(*option))
    {
        return Err(ErrorCode::KDC_ERR_BADOPTION.into());
    }
    let padata = request.padata.as_deref().unwrap_or_default();
    if [PA_FOR_USER, PA_S4U_X509_USER]
        .iter()
        .any(|kind| preauth::find(padata, *kind).is_some())
    {
        return Err(ErrorCode::KDC_ERR_PADATA_TYPE_NOSUPP.into());
    }
    Ok(())
}

/// PA-FOR-USER, [MS-SFU] §2.2.1: a ticket in another's name.
const PA_FOR_USER: i32 = 129;
/// PA-S4U-X509-USER, [MS-SFU] §2.2.2: likewise.
const PA_S4U_X509_USER: i32 = 130;
