//! The servers of realms, and what the DNS says of hosts.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use gss_core::flow::{IoFailure, Query, Route, Server, Service};
use gss_core::{Environment, IoReply};
use krb5_net::{Destination, Error, KdcClient, Reply};

/// The servers of a configuration that is read when the first of them is needed, once for all clones.
#[derive(Clone, Debug)]
pub(super) struct Kdcs {
    environment: Option<Environment>,
    client: Arc<OnceLock<KdcClient>>,
    /// The server that answered last, for [`Route::Next`].
    answered: Option<SocketAddr>,
}

impl Kdcs {
    pub(super) fn configured_by(environment: Environment) -> Self {
        Self {
            environment: Some(environment),
            client: Arc::default(),
            answered: None,
        }
    }

    pub(super) fn of(client: KdcClient) -> Self {
        Self {
            environment: None,
            client: Arc::new(OnceLock::from(client)),
            answered: None,
        }
    }

    pub(super) fn answer(&mut self, realm: &str, message: &[u8], service: Service, route: Route) -> IoReply {
        let to = self.destination(realm, service, route);
        match self.client() {
            Ok(client) => {
                let result = client.exchange(&to, message);
                self.told(result)
            }
            Err(failure) => IoReply::NoServer(failure),
        }
    }

    pub(super) fn resolve(&self, host: &str, query: Query) -> IoReply {
        match self.client() {
            Ok(client) => names(match query {
                Query::Canonical => client.canonical_name(host).map_err(failure),
                Query::Reverse => client.reverse_name(host).map_err(failure),
                Query::Realm => client.realm_of_host(host).map_err(failure),
                _ => Err(Arc::new(super::DriverError::UnknownRequest)),
            }),
            Err(failure) => IoReply::Unreachable(failure),
        }
    }

    /// The answer as a future, by sockets of a tokio runtime.
    #[cfg(feature = "tokio")]
    pub(super) async fn answer_async(
        &mut self,
        realm: &str,
        message: &[u8],
        service: Service,
        route: Route,
    ) -> IoReply {
        let to = self.destination(realm, service, route);
        match self.client_async().await {
            Ok(client) => {
                let result = client.exchange_async(&to, message).await;
                self.told(result)
            }
            Err(failure) => IoReply::NoServer(failure),
        }
    }

    #[cfg(feature = "tokio")]
    pub(super) async fn resolve_async(&self, host: &str, query: Query) -> IoReply {
        match self.client_async().await {
            Ok(client) => names(match query {
                Query::Canonical => client.canonical_name_async(host).await.map_err(failure),
                Query::Reverse => client.reverse_name_async(host).await.map_err(failure),
                Query::Realm => client.realm_of_host_async(host).await.map_err(failure),
                _ => Err(Arc::new(super::DriverError::UnknownRequest)),
            }),
            Err(failure) => IoReply::Unreachable(failure),
        }
    }

    /// The configuration is read where that may take a while.
    #[cfg(feature = "tokio")]
    async fn client_async(&self) -> Result<KdcClient, IoFailure> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let kdcs = self.clone();
        super::asynchronous::blocking(move || kdcs.client().cloned())
            .await
            .map_err(failure)?
    }

    fn destination(&self, realm: &str, service: Service, route: Route) -> Destination {
        let to = match service {
            Service::Kpasswd => Destination::kpasswd(realm),
            _ => Destination::kdc(realm),
        };
        match (route, self.answered) {
            (Route::Tcp, _) => to.by(krb5_net::Route::Tcp),
            (Route::Primary, _) => to.by(krb5_net::Route::Primary),
            (Route::Next, Some(server)) => to.except(server),
            _ => to,
        }
    }

    fn told(&mut self, result: Result<Reply, Error>) -> IoReply {
        match result {
            Ok(reply) => {
                self.answered = Some(reply.server);
                IoReply::Message {
                    octets: reply.octets,
                    server: if reply.primary { Server::Primary } else { Server::Any },
                }
            }
            Err(error) if error.is_unknown() => IoReply::NoServer(Arc::new(error)),
            Err(error) => IoReply::Unreachable(Arc::new(error)),
        }
    }

    fn client(&self) -> Result<&KdcClient, IoFailure> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let settings = match &self.environment {
            Some(environment) => crate::environment::krb5_settings(environment).map_err(failure)?,
            None => Arc::default(),
        };
        let client = || match self.environment.clone() {
            Some(environment) => {
                KdcClient::new(settings).with_variables(move |name| crate::environment::variable_of(&environment, name))
            }
            None => KdcClient::new(settings),
        };
        Ok(self.client.get_or_init(client))
    }
}

fn names(found: Result<String, IoFailure>) -> IoReply {
    match found {
        Ok(name) => IoReply::Names(vec![name]),
        Err(failure) => IoReply::Unreachable(failure),
    }
}

fn failure(error: impl std::error::Error + Send + Sync + 'static) -> IoFailure {
    Arc::new(error)
}
