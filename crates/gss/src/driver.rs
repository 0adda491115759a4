//! Drivers: what answers the requests of a flow.

use std::sync::Arc;

use gss_core::{Flowing, IoReply, IoRequest, StepError};

#[cfg(feature = "net")]
use self::kdc::Kdcs;

#[cfg(feature = "tokio")]
mod asynchronous;
#[cfg(feature = "net")]
mod kdc;

#[cfg(feature = "tokio")]
pub use self::asynchronous::{AsyncIoDriver, TokioDriver, drive_async};

/// Answers what mechanisms ask of the outside.
pub trait IoDriver {
    /// The answer; it may take a while.
    fn answer(&mut self, request: IoRequest) -> IoReply;
}

/// Answers every request of `flowing` with `driver` until it is done.
///
/// # Errors
/// What the call that began the flow returns.
pub fn drive<T>(flowing: Flowing<T>, driver: &mut dyn IoDriver) -> Result<T, StepError> {
    flowing?.drive(&mut |request| driver.answer(request))
}

/// The driver for threads that may wait: KDCs by the system's sockets, names by its resolver, blocking calls on this thread.
///
/// It opens sockets and reads `krb5.conf` when a KDC is asked for, not before.
#[derive(Clone, Debug)]
pub struct BlockingDriver {
    #[cfg(feature = "net")]
    kdcs: Kdcs,
}

impl BlockingDriver {
    /// A driver that finds KDCs by the configuration that `environment` leads to.
    #[must_use]
    pub fn new(environment: &gss_core::Environment) -> Self {
        let _ = environment;
        Self {
            #[cfg(feature = "net")]
            kdcs: Kdcs::configured_by(environment.clone()),
        }
    }

    /// A driver that finds KDCs by these settings.
    #[cfg(feature = "net")]
    #[must_use]
    pub fn with_settings(settings: Arc<krb5_store::config::Settings>) -> Self {
        Self {
            kdcs: Kdcs::of(krb5_net::KdcClient::new(settings)),
        }
    }

    /// A driver that goes to the network as `client` does: with a resolver of the program's own, for instance.
    #[cfg(feature = "net")]
    #[must_use]
    pub fn with_client(client: krb5_net::KdcClient) -> Self {
        Self { kdcs: Kdcs::of(client) }
    }
}

impl IoDriver for BlockingDriver {
    fn answer(&mut self, request: IoRequest) -> IoReply {
        match request {
            #[cfg(feature = "net")]
            IoRequest::Kdc {
                realm,
                message,
                service,
                route,
            } => self.kdcs.answer(&realm, &message, service, route),
            #[cfg(not(feature = "net"))]
            IoRequest::Kdc { .. } => IoReply::NoServer(Arc::new(DriverError::WithoutNetwork)),
            #[cfg(feature = "net")]
            IoRequest::Resolve { host, query } => self.kdcs.resolve(&host, query),
            #[cfg(not(feature = "net"))]
            IoRequest::Resolve { .. } => IoReply::Unreachable(Arc::new(DriverError::WithoutNetwork)),
            IoRequest::Blocking(call) => IoReply::Value(call()),
            _ => IoReply::Unreachable(Arc::new(DriverError::UnknownRequest)),
        }
    }
}

/// Why a driver cannot answer. The program is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DriverError {
    /// The runtime ends, and with it what was to be done on its threads.
    #[error("the runtime is shut down")]
    RuntimeEnds,
    /// A request that this driver does not know.
    #[error("the mechanism asks for something that this driver does not know")]
    UnknownRequest,
    /// Built without the feature `net`.
    #[error("nothing can be reached: the crate gss is built without its feature `net`")]
    WithoutNetwork,
}

#[cfg(test)]
mod tests;
