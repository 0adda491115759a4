//! Exchanges with a KDC, from the first request to the ticket.

use anyhow::Context as _;
use krb5_net::{Destination, KdcClient};
use krb5_proto::exchange::{
    AsExchange, AsOptions, AsOutcome, KdcRequest, ServiceExchange, ServiceOptions, ServiceOutcome, Step, TgsExchange,
    TgsOptions, TgsOutcome,
};
use krb5_proto::{Error, ErrorCode, Realm};

use super::Local;
use crate::report::Hint as _;

/// Gets an initial ticket.
pub(crate) fn initial(local: &Local, options: AsOptions) -> anyhow::Result<AsOutcome> {
    let client = options.client.clone();
    let first = AsExchange::start(local.provider(), options, local.now());
    let reply = |state: krb5_proto::exchange::AwaitAsRep, octets: &[u8]| state.reply(octets, local.now());
    run(local, first, reply).with_context(|| format!("cannot get a ticket for {client}"))
}

/// Gets a further ticket.
pub(crate) fn further(local: &Local, options: TgsOptions) -> anyhow::Result<TgsOutcome> {
    let server = options.server.clone();
    let first = TgsExchange::start(local.provider(), options, local.now());
    let reply = |state: krb5_proto::exchange::AwaitTgsRep, octets: &[u8]| state.reply(octets, local.now());
    run(local, first, reply).with_context(|| format!("cannot get a ticket for {server}"))
}

/// Gets a ticket for a service, in whichever realm it is.
pub(crate) fn service(local: &Local, options: ServiceOptions) -> anyhow::Result<ServiceOutcome> {
    let name = options.service.clone();
    let first = ServiceExchange::start(local.provider(), options, local.now());
    let reply = |state: krb5_proto::exchange::AwaitServiceTicket, octets: &[u8]| state.reply(octets, local.now());
    run(local, first, reply).with_context(|| format!("cannot get a ticket for {name}"))
}

fn run<S, T>(
    local: &Local,
    first: Result<(KdcRequest, S), Error>,
    reply: impl Fn(S, &[u8]) -> Result<Step<S, T>, Error>,
) -> anyhow::Result<T> {
    let network = KdcClient::new(local.settings().clone());
    let (mut request, mut state) = told(first)?;
    loop {
        let octets = ask(&network, &request)?;
        match told(reply(state, &octets))? {
            Step::Done(outcome) => return Ok(outcome),
            Step::Send { request: again, next } => (request, state) = (again, next),
        }
    }
}

fn ask(network: &KdcClient, request: &KdcRequest) -> anyhow::Result<Vec<u8>> {
    let realm = realm_text(&request.realm)?;
    let reply = network.exchange(&Destination::kdc(realm).by(request.route), &request.message);
    let octets = reply.map(|reply| reply.octets);
    match octets {
        Err(error @ krb5_net::Error::Unreachable { .. }) => {
            Err(error).hint("is the KDC running, and is its address in krb5.conf right?")
        }
        Err(error) if error.is_unknown() => {
            Err(error).hint("KRB5_CONFIG names the configuration; without it, it is /etc/krb5.conf")
        }
        other => Ok(other?),
    }
}

fn realm_text(realm: &Realm) -> anyhow::Result<&str> {
    realm
        .as_str()
        .with_context(|| format!("the realm {realm} is not UTF-8: no configuration can name it"))
}

/// The result, its error with what to try.
fn told<T>(result: Result<T, Error>) -> anyhow::Result<T> {
    match result {
        Ok(value) => Ok(value),
        Err(error) => match hint(&error) {
            Some(hint) => Err(error).hint(hint),
            None => Err(error.into()),
        },
    }
}

fn hint(error: &Error) -> Option<&'static str> {
    match error {
        Error::WrongPassword { .. } => {
            Some("is the name right, and the keyboard's layout? Passwords are case-sensitive")
        }
        Error::WrongKey { .. } => Some("the keytab is older than the KDC's key: write a new one"),
        Error::NoClientKey { .. } => Some("see what the keytab holds with: gss klist -k"),
        Error::ClockSkew { .. } | Error::KdcClockSkew { .. } | Error::KdcReplySkew { .. } => {
            Some("set the clock of this machine, or of the KDC")
        }
        Error::TicketExpired { .. } => Some("get a new ticket with: gss kinit"),
        Error::Kdc(reply) => hint_for(reply.code),
        _ => None,
    }
}

fn hint_for(code: ErrorCode) -> Option<&'static str> {
    match code {
        ErrorCode::KDC_ERR_C_PRINCIPAL_UNKNOWN => Some("are name and realm right? Both are case-sensitive"),
        ErrorCode::KDC_ERR_S_PRINCIPAL_UNKNOWN => Some("is the service registered under exactly this name and realm?"),
        ErrorCode::KDC_ERR_KEY_EXPIRED => Some("change the password first, for instance with kpasswd"),
        ErrorCode::KDC_ERR_ETYPE_NOSUPP => Some("see default_tkt_enctypes and permitted_enctypes in krb5.conf"),
        ErrorCode::KRB_AP_ERR_TKT_EXPIRED => Some("get a new ticket with: gss kinit"),
        _ => None,
    }
}
