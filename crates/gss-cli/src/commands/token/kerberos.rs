//! Kerberos messages, RFC 4120 §5, as far as they are not encrypted.

use std::fmt::Display;

use krb5_proto::ErrorCode;
use krb5_proto::messages::{
    ApRep, ApReq, AsRep, AsReq, EncryptedData, EtypeInfo2, KdcReqBody, KrbCred, KrbError, MethodData, PaData, TgsRep,
    TgsReq, Ticket, preauth,
};
use krb5_proto::{KerberosTime, Microseconds, PrincipalName, Realm};

use super::cursor::Cursor;
use super::message;
use super::names::{etype_name, name_type, padata_name};
use super::page::{Count, Page, Preview, Problem};

/// What follows the mechanism's OID: two octets that say what, then the message (RFC 4121 §4.1).
pub(super) fn inner_token(page: &mut Page, mut token: Cursor<'_>) -> Result<(), Problem> {
    let at = token;
    match token.array("the token id")? {
        [1, 0] | [2, 0] | [3, 0] => message(page, token),
        [4, 0] | [4, 1] | [5, 1] => {
            page.field("user-to-user or IAKERB message", Preview(token.octets()));
            Ok(())
        }
        [1, 1] => message::old(page, "MIC", token),
        [2, 1] => message::old(page, "Wrap", token),
        [1, 2] => message::old(page, "Delete context", token),
        [4 | 5, 4] => message::token(page, at),
        [first, second] => Err(at.problem(format_args!("Kerberos has no token id {first:02x} {second:02x}"))),
    }
}

/// A message by its APPLICATION tag.
pub(super) fn message(page: &mut Page, token: Cursor<'_>) -> Result<(), Problem> {
    let octets = token.octets();
    let Some(first) = octets.first() else {
        return Err(token.problem("a Kerberos message is missing"));
    };
    let section = |page: &mut Page, title: &str, content: &mut dyn FnMut(&mut Page) -> Result<(), Problem>| {
        page.section(format!("{title}, {}", Count(octets.len())), content)
    };
    match first & 0x1f {
        1 => section(page, "Ticket (RFC 4120 §5.3)", &mut |page| {
            ticket(page, &decoded(token, Ticket::from_der)?);
            Ok(())
        }),
        10 => section(page, "AS-REQ (RFC 4120 §5.4.1)", &mut |page| {
            let AsReq { padata, req_body } = decoded(token, AsReq::from_der)?;
            request(page, &padata, &req_body)
        }),
        11 => section(page, "AS-REP (RFC 4120 §5.4.2)", &mut |page| {
            let reply = decoded(token, AsRep::from_der)?;
            preauthentication(page, reply.padata.as_deref())?;
            issued(page, (&reply.crealm, &reply.cname), (&reply.ticket, &reply.enc_part))
        }),
        12 => section(page, "TGS-REQ (RFC 4120 §5.4.1)", &mut |page| {
            let TgsReq { padata, req_body } = decoded(token, TgsReq::from_der)?;
            request(page, &padata, &req_body)
        }),
        13 => section(page, "TGS-REP (RFC 4120 §5.4.2)", &mut |page| {
            let reply = decoded(token, TgsRep::from_der)?;
            preauthentication(page, reply.padata.as_deref())?;
            issued(page, (&reply.crealm, &reply.cname), (&reply.ticket, &reply.enc_part))
        }),
        14 => section(page, "AP-REQ (RFC 4120 §5.5.1)", &mut |page| {
            ap_req(page, &decoded(token, ApReq::from_der)?)
        }),
        15 => section(page, "AP-REP (RFC 4120 §5.5.2)", &mut |page| {
            let reply = decoded(token, ApRep::from_der)?;
            encrypted(page, "encrypted part", &reply.enc_part);
            Ok(())
        }),
        22 => section(page, "KRB-CRED (RFC 4120 §5.8.1)", &mut |page| {
            let cred = decoded(token, KrbCred::from_der)?;
            cred.tickets.iter().for_each(|each| ticket_section(page, each));
            encrypted(page, "encrypted part", &cred.enc_part);
            Ok(())
        }),
        30 => section(page, "KRB-ERROR (RFC 4120 §5.9.1), not authenticated", &mut |page| {
            krb_error(page, &decoded(token, KrbError::from_der)?);
            Ok(())
        }),
        20 | 21 => section(page, "KRB-SAFE or KRB-PRIV (RFC 4120 §5.6, §5.7)", &mut |_| Ok(())),
        other => Err(token.problem(format_args!(
            "Kerberos has no message with the tag [APPLICATION {other}]"
        ))),
    }
}

fn decoded<T>(token: Cursor<'_>, from_der: fn(&[u8]) -> Result<T, krb5_proto::Error>) -> Result<T, Problem> {
    from_der(token.octets()).map_err(|error| match error {
        krb5_proto::Error::Malformed { what, source } => token.der(what, &source),
        other => token.problem(other),
    })
}

fn ap_req(page: &mut Page, request: &ApReq) -> Result<(), Problem> {
    page.field("options", listed(request.ap_options.names()));
    ticket_section(page, &request.ticket);
    encrypted(page, "authenticator", &request.authenticator);
    Ok(())
}

fn ticket_section(page: &mut Page, each: &Ticket) {
    page.line("ticket");
    page.indented(|page| ticket(page, each));
}

fn ticket(page: &mut Page, ticket: &Ticket) {
    page.field("for", principal(&ticket.sname, &ticket.realm));
    encrypted(page, "encrypted part", &ticket.enc_part);
}

fn encrypted(page: &mut Page, name: &str, data: &EncryptedData) {
    let kvno = data
        .kvno
        .map_or(String::new(), |kvno| format!(", key version {}", kvno.0));
    page.field(
        name,
        format_args!("{}{kvno}, {}", etype_name(data.etype), Count(data.cipher.len())),
    );
}

fn request(page: &mut Page, padata: &Option<Vec<PaData>>, body: &KdcReqBody) -> Result<(), Problem> {
    preauthentication(page, padata.as_deref())?;
    page.field("options", listed(body.kdc_options.names()));
    page.optional("client", body.cname.as_ref().map(|name| principal(name, &body.realm)));
    page.optional("server", body.sname.as_ref().map(|name| principal(name, &body.realm)));
    page.field("realm", &body.realm);
    page.optional("from", body.from);
    page.field("until", body.till);
    page.optional("renewable until", body.rtime);
    page.field("nonce", body.nonce.0);
    page.field(
        "encryption types, best first",
        listed(body.etype.iter().map(|etype| etype_name(*etype))),
    );
    page.optional("addresses", body.addresses.as_ref().map(Vec::len));
    if let Some(data) = &body.enc_authorization_data {
        encrypted(page, "authorization data", data);
    }
    for each in body.additional_tickets.iter().flatten() {
        page.line("additional ticket");
        page.indented(|page| ticket(page, each));
    }
    Ok(())
}

fn issued(
    page: &mut Page,
    (realm, client): (&Realm, &PrincipalName),
    (ticket, enc_part): (&Ticket, &EncryptedData),
) -> Result<(), Problem> {
    page.field("client", principal(client, realm));
    ticket_section(page, ticket);
    encrypted(page, "encrypted part", enc_part);
    Ok(())
}

fn preauthentication(page: &mut Page, padata: Option<&[PaData]>) -> Result<(), Problem> {
    for data in padata.unwrap_or_default() {
        let octets = data.padata_value.as_bytes();
        let title = format!("pa-data {}, {}", padata_name(data.padata_type), Count(octets.len()));
        page.section(title, |page| {
            pa_data(page, data.padata_type, octets);
            Ok(())
        })?;
    }
    Ok(())
}

/// What is inside, as far as it is understood; it has no offset of its own, so an oddity is only noted.
fn pa_data(page: &mut Page, kind: i32, octets: &[u8]) {
    match kind {
        preauth::PA_TGS_REQ => match ApReq::from_der(octets) {
            Ok(request) => {
                page.line("AP-REQ");
                page.indented(|page| drop(ap_req(page, &request)));
            }
            Err(error) => page.line(error),
        },
        preauth::PA_ENC_TIMESTAMP if !octets.is_empty() => match EncryptedData::from_der(octets) {
            Ok(data) => encrypted(page, "encrypted timestamp", &data),
            Err(error) => page.line(error),
        },
        preauth::PA_ETYPE_INFO2 if !octets.is_empty() => match EtypeInfo2::from_der(octets) {
            Ok(info) => etype_info(page, &info),
            Err(error) => page.line(error),
        },
        _ if octets.is_empty() => {}
        _ => page.line(Preview(octets)),
    }
}

fn etype_info(page: &mut Page, info: &EtypeInfo2) {
    for entry in info.iter() {
        let salt = entry
            .salt
            .as_ref()
            .map_or(String::new(), |salt| format!(", salt {salt:?}"));
        let parameters = entry.s2kparams.as_ref().map(|octets| octets.as_bytes());
        let iterations = match parameters.map(<[u8; 4]>::try_from) {
            Some(Ok(octets)) => format!(", {} iterations", u32::from_be_bytes(octets)),
            Some(Err(_)) => ", unknown parameters".to_owned(),
            None => String::new(),
        };
        page.line(format_args!("{}{salt}{iterations}", etype_name(entry.etype)));
    }
}

fn krb_error(page: &mut Page, error: &KrbError) {
    let code = ErrorCode(error.error_code);
    let name = code.name().unwrap_or("not known here");
    page.field("error", format_args!("{} {name}: {}", error.error_code, code.text()));
    page.optional("text", error.e_text.as_ref());
    if let Some(client) = &error.cname {
        match &error.crealm {
            Some(realm) => page.field("client", principal(client, realm)),
            None => page.field("client", client),
        }
    }
    page.field("server", principal(&error.sname, &error.realm));
    page.optional("client's time", error.ctime.map(|time| instant(time, error.cusec)));
    page.field("server's time", instant(error.stime, Some(error.susec)));
    let Some(data) = &error.e_data else { return };
    match MethodData::from_der(data) {
        Ok(methods) => {
            page.line("preauthentication that the KDC takes");
            page.indented(|page| drop(preauthentication(page, Some(&methods))));
        }
        Err(_) => page.field("data", Preview(data)),
    }
}

fn instant(time: KerberosTime, micros: Option<Microseconds>) -> String {
    micros.map_or(time.to_string(), |micros| format!("{time} and {} µs", micros.get()))
}

fn principal(name: &PrincipalName, realm: &Realm) -> String {
    format!("{name}@{realm} ({})", name_type(name.name_type.0))
}

fn listed<T: Display>(items: impl Iterator<Item = T>) -> String {
    let items: Vec<String> = items.map(|item| item.to_string()).collect();
    if items.is_empty() {
        "none".to_owned()
    } else {
        items.join(", ")
    }
}
