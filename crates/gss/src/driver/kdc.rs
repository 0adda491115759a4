//! KDCs, by configuration.

use std::sync::{Arc, OnceLock};

use gss_core::flow::{Route, Server, Service};
use gss_core::{Environment, IoReply};
use krb5_net::{Error, KdcClient};
use krb5_store::config::Settings;

use super::DriverError;

/// The KDCs of a configuration that is read when the first of them is needed, once for all clones.
#[derive(Clone, Debug)]
pub(super) struct Kdcs {
    environment: Option<Environment>,
    client: Arc<OnceLock<KdcClient>>,
}

impl Kdcs {
    pub(super) fn configured_by(environment: Environment) -> Self {
        Self {
            environment: Some(environment),
            client: Arc::default(),
        }
    }

    pub(super) fn of(settings: Arc<Settings>) -> Self {
        Self {
            environment: None,
            client: Arc::new(OnceLock::from(KdcClient::new(settings))),
        }
    }

    pub(super) fn answer(&self, realm: &str, message: &[u8], service: Service, route: Route) -> IoReply {
        if service != Service::Kdc {
            return IoReply::NoServer(Arc::new(DriverError::PasswordService {
                realm: realm.to_owned(),
            }));
        }
        let client = match self.client() {
            Ok(client) => client,
            Err(error) => return IoReply::NoServer(Arc::new(error)),
        };
        match client.exchange(realm, message, transport(route)) {
            Ok(reply) => {
                let server = if reply.primary { Server::Primary } else { Server::Any };
                IoReply::Message {
                    octets: reply.octets,
                    server,
                }
            }
            Err(error @ (Error::NoKdcKnown { .. } | Error::NoPrimaryKnown { .. })) => {
                IoReply::NoServer(Arc::new(error))
            }
            Err(error) => IoReply::Unreachable(Arc::new(error)),
        }
    }

    fn client(&self) -> Result<&KdcClient, krb5_store::Error> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let settings = match &self.environment {
            Some(environment) => crate::environment::krb5_settings(environment)?,
            None => Arc::default(),
        };
        Ok(self.client.get_or_init(|| KdcClient::new(settings)))
    }
}

/// `Next` is `Any` here: the client asks every server in turn until one gives a useful reply.
fn transport(route: Route) -> krb5_net::Route {
    match route {
        Route::Tcp => krb5_net::Route::Tcp,
        Route::Primary => krb5_net::Route::Primary,
        _ => krb5_net::Route::Any,
    }
}
