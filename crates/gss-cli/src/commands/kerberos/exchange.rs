//! Exchanges with a KDC, from the first request to the ticket.

use anyhow::Context as _;
use krb5_net::{Destination, KdcClient, Reply};
use krb5_proto::exchange::{
    AsExchange, AsOptions, AsOutcome, KdcRequest, Service, ServiceExchange, ServiceOptions, ServiceOutcome, Step,
    TgsExchange, TgsOptions, TgsOutcome,
};
use krb5_proto::{Error, ErrorCode, Realm};

use super::Local;
use crate::report::Hint as _;

/// Gets an initial ticket. Where a replica refuses name or password, the primary KDC has the last word.
pub(crate) fn initial(local: &Local, options: AsOptions) -> anyhow::Result<AsOutcome> {
    let client = options.client.clone();
    begin(local, options).with_context(|| format!("cannot get a ticket for {client}"))
}

fn begin(local: &Local, options: AsOptions) -> anyhow::Result<AsOutcome> {
    let network = network(local);
    let (mut request, mut state) = told(AsExchange::start(local.provider(), options, local.now()))?;
    loop {
        let step = match ask(&network, &request) {
            Ok(reply) if reply.primary => state.reply(&reply.octets, local.now()),
            Ok(reply) => state.reply_of_replica(&reply.octets, local.now()),
            Err(unanswered) => match state.refusal() {
                Some(refusal) => return told(Err(refusal)),
                None => return Err(unanswered),
            },
        };
        match told(step)? {
            Step::Done(outcome) => return Ok(outcome),
            Step::Send { request: again, next } => (request, state) = (again, next),
        }
    }
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
    let network = network(local);
    let (mut request, mut state) = told(first)?;
    loop {
        let answer = ask(&network, &request)?;
        match told(reply(state, &answer.octets))? {
            Step::Done(outcome) => return Ok(outcome),
            Step::Send { request: again, next } => (request, state) = (again, next),
        }
    }
}

fn network(local: &Local) -> KdcClient {
    KdcClient::new(local.settings().clone()).with_variables(gss::variable)
}

fn ask(network: &KdcClient, request: &KdcRequest) -> anyhow::Result<Reply> {
    let realm = realm_text(&request.realm)?;
    let to = match request.service {
        Service::Kpasswd => Destination::kpasswd(realm),
        _ => Destination::kdc(realm),
    };
    match network.exchange(&to.by(request.route), &request.message) {
        Err(error @ krb5_net::Error::Unreachable { .. }) if request.service == Service::Kpasswd => {
            Err(error).hint("the password may have been changed all the same: see whether gss kinit takes the new one")
        }
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
