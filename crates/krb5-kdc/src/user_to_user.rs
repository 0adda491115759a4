//! Tickets for servers that have no long-term key at hand, RFC 4120 §3.7: encrypted in the session key of the server's own
//! ticket-granting ticket, which the client sends along.

use krb5_proto::messages::{KdcOptions, KdcReqBody};
use krb5_proto::{ErrorCode, Principal, Timestamp};

use crate::database::{Attribute, Entry};
use crate::grant::Sealing;
use crate::kdc::Core;
use crate::refusal::Refusal;
use crate::tgs_request::{check_validity, open_ticket};

/// What the ticket for `server` is to be encrypted in.
///
/// # Errors
/// KDC_ERR_MUST_USE_USER2USER for a server that takes nothing else; KDC_ERR_BADOPTION without a ticket-granting ticket of
/// this realm, KDC_ERR_SERVER_NOMATCH if it is not the server's, and what is wrong with it else.
pub(crate) fn sealing(core: &Core, body: &KdcReqBody, server: &Entry, now: Timestamp) -> Result<Sealing, Refusal> {
    if !body.kdc_options.contains(KdcOptions::ENC_TKT_IN_SKEY) {
        return match server.is(Attribute::UserToUserOnly) {
            true => Err(ErrorCode::KDC_ERR_MUST_USE_USER2USER.into()),
            false => Ok(server.best_key().into()),
        };
    }
    let tickets = body.additional_tickets.as_deref().unwrap_or_default();
    let ticket = tickets.first().ok_or(Refusal::new(
        ErrorCode::KDC_ERR_BADOPTION,
        "user to user needs the server's ticket-granting ticket",
    ))?;
    let own = Principal::krbtgt(&core.realm, &core.realm);
    if ticket.realm != own.realm || ticket.sname != own.name {
        return Err(Refusal::new(
            ErrorCode::KDC_ERR_BADOPTION,
            "the additional ticket is no ticket-granting ticket of this realm",
        ));
    }
    let part = open_ticket(core, ticket)?;
    check_validity(core, &part, KdcOptions::empty(), now)?;
    if part.crealm != server.principal.realm || part.cname != server.principal.name {
        return Err(ErrorCode::KDC_ERR_SERVER_NOMATCH.into());
    }
    Ok(part.key.to_key(core.provider)?.into())
}
