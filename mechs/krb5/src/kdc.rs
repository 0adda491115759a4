//! KDC exchanges as flows: each request goes to the driver, each reply back to the exchange.

use std::time::Duration;

use gss_core::flow::{self, Flow, Flowing, IoReply, IoRequest, Server};
use krb5_proto::exchange::{
    AsExchange, AsOutcome, AwaitAsRep, AwaitServiceTicket, AwaitTgsRep, KdcRequest, LongTerm, Route, Service,
    ServiceExchange, ServiceOptions, ServiceOutcome, Step, TgsExchange, TgsOptions, TgsOutcome,
};
use krb5_proto::{Principal, Timestamp};

use crate::KerberosEnvironment;
use crate::error::{KerberosError, failed};

/// An exchange that awaits a reply.
trait Exchange: Sized + Send + 'static {
    type Outcome: 'static;

    fn reply(self, octets: &[u8], now: Timestamp) -> Result<Step<Self, Self::Outcome>, krb5_proto::Error>;

    /// The same for a reply of a KDC that may lag behind the primary one.
    fn reply_of_replica(self, octets: &[u8], now: Timestamp) -> Result<Step<Self, Self::Outcome>, krb5_proto::Error> {
        self.reply(octets, now)
    }

    /// The outcome where there is no reply, if not just that.
    fn refusal(self) -> Option<krb5_proto::Error> {
        None
    }
}

impl Exchange for AwaitAsRep {
    type Outcome = AsOutcome;

    fn reply(self, octets: &[u8], now: Timestamp) -> Result<Step<Self, AsOutcome>, krb5_proto::Error> {
        self.reply(octets, now)
    }

    fn reply_of_replica(self, octets: &[u8], now: Timestamp) -> Result<Step<Self, AsOutcome>, krb5_proto::Error> {
        self.reply_of_replica(octets, now)
    }

    fn refusal(self) -> Option<krb5_proto::Error> {
        self.refusal()
    }
}

impl Exchange for AwaitServiceTicket {
    type Outcome = ServiceOutcome;

    fn reply(self, octets: &[u8], now: Timestamp) -> Result<Step<Self, ServiceOutcome>, krb5_proto::Error> {
        self.reply(octets, now)
    }
}

impl Exchange for AwaitTgsRep {
    type Outcome = TgsOutcome;

    fn reply(self, octets: &[u8], now: Timestamp) -> Result<Step<Self, TgsOutcome>, krb5_proto::Error> {
        self.reply(octets, now)
    }
}

/// Gets a ticket-granting ticket with a password or keys; without a lifetime, one for as long as is configured.
pub(crate) fn initial_ticket(
    environment: &KerberosEnvironment,
    client: Principal,
    credential: LongTerm,
    lifetime: Option<Duration>,
) -> Flowing<AsOutcome> {
    let options = environment.settings.initial_options(client, credential);
    let mut options = options.map_err(failed)?;
    options.lifetime = lifetime.unwrap_or(options.lifetime);
    let started = AsExchange::start(environment.provider, options, environment.now());
    let (request, awaiting) = started.map_err(failed)?;
    run(environment.clone(), request, awaiting)
}

/// Gets a ticket with a ticket-granting ticket.
pub(crate) fn service_ticket(environment: &KerberosEnvironment, mut options: TgsOptions) -> Flowing<TgsOutcome> {
    let settings = &environment.settings;
    options.etypes = environment.tgs_enctypes();
    options.clock_skew = settings.clockskew();
    options.time_sync = settings.time_sync();
    let started = TgsExchange::start(environment.provider, options, environment.now());
    let (request, awaiting) = started.map_err(failed)?;
    run(environment.clone(), request, awaiting)
}

/// Gets a ticket for a service, in whichever realm it is.
pub(crate) fn search(environment: &KerberosEnvironment, options: ServiceOptions) -> Flowing<ServiceOutcome> {
    let started = ServiceExchange::start(environment.provider, options, environment.now());
    let (request, awaiting) = started.map_err(failed)?;
    run(environment.clone(), request, awaiting)
}

fn run<E: Exchange>(environment: KerberosEnvironment, request: KdcRequest, awaiting: E) -> Flowing<E::Outcome> {
    let realm = request.realm.to_string();
    let io = IoRequest::Kdc {
        realm: realm.clone(),
        message: request.message,
        service: service(request.service),
        route: route(request.route),
    };
    Flow::io(io, move |reply| {
        let now = environment.now();
        let step = match reply {
            IoReply::Message {
                octets,
                server: Server::Primary,
            } => awaiting.reply(&octets, now),
            IoReply::Message { octets, .. } => awaiting.reply_of_replica(&octets, now),
            other => {
                let refusal = awaiting.refusal().map(failed);
                return Err(refusal.unwrap_or_else(|| failed(unanswered(realm, other))));
            }
        };
        match step.map_err(failed)? {
            Step::Send { request, next } => run(environment, request, next),
            Step::Done(outcome) => Ok(Flow::Done(outcome)),
        }
    })
}

fn unanswered(realm: String, reply: IoReply) -> KerberosError {
    match reply {
        IoReply::NoServer(failure) => KerberosError::RealmUnknown { realm, failure },
        IoReply::Unreachable(failure) => KerberosError::KdcUnreachable { realm, failure },
        _ => KerberosError::WrongReply,
    }
}

fn service(service: Service) -> flow::Service {
    match service {
        Service::Kpasswd => flow::Service::Kpasswd,
        _ => flow::Service::Kdc,
    }
}

fn route(route: Route) -> flow::Route {
    match route {
        Route::Tcp => flow::Route::Tcp,
        Route::Primary => flow::Route::Primary,
        _ => flow::Route::Any,
    }
}
