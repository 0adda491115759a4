//! The driver for a tokio runtime.

use std::future::Future;
use std::sync::Arc;

use gss_core::{Environment, Flow, Flowing, IoReply, IoRequest, StepError};

use super::kdc::Kdcs;
use super::{BlockingDriver, DriverError};

/// Answers what mechanisms ask of the outside, without making a thread wait.
pub trait AsyncIoDriver: Send {
    /// The answer.
    fn answer(&mut self, request: IoRequest) -> impl Future<Output = IoReply> + Send;
}

/// Answers every request of `flowing` with `driver` until it is done.
///
/// The future may be dropped: what the flow was about is then lost, and nothing else is changed by it. Between the
/// requests it computes, for milliseconds where a key is made of a password.
///
/// # Errors
/// What the call that began the flow returns.
pub async fn drive_async<T>(flowing: Flowing<T>, driver: &mut impl AsyncIoDriver) -> Result<T, StepError> {
    let mut flow = flowing?;
    loop {
        match flow {
            Flow::Done(value) => return Ok(value),
            Flow::Io { request, next } => flow = next.resume(driver.answer(request).await)?,
        }
    }
}

/// The driver for a tokio runtime whose I/O and time are enabled: KDCs and names by its sockets, calls that may block on
/// its threads for that.
///
/// A call that has begun to block (a lock on a replay cache, say) goes on when the future is dropped, and its result is
/// lost.
#[derive(Clone, Debug)]
pub struct TokioDriver {
    kdcs: Kdcs,
}

impl TokioDriver {
    /// A driver that finds KDCs by the configuration that `environment` leads to.
    #[must_use]
    pub fn new(environment: &Environment) -> Self {
        BlockingDriver::new(environment).into()
    }

    /// A driver that goes to the network as `client` does.
    #[must_use]
    pub fn with_client(client: krb5_net::KdcClient) -> Self {
        BlockingDriver::with_client(client).into()
    }
}

impl From<BlockingDriver> for TokioDriver {
    /// The same configuration, read once for both.
    fn from(driver: BlockingDriver) -> Self {
        Self { kdcs: driver.kdcs }
    }
}

impl AsyncIoDriver for TokioDriver {
    async fn answer(&mut self, request: IoRequest) -> IoReply {
        match request {
            IoRequest::Kdc {
                realm,
                message,
                service,
                route,
            } => self.kdcs.answer_async(&realm, &message, service, route).await,
            IoRequest::Resolve { host, query } => self.kdcs.resolve_async(&host, query).await,
            IoRequest::Blocking(call) => match blocking(call).await {
                Ok(value) => IoReply::Value(value),
                Err(error) => IoReply::Unreachable(Arc::new(error)),
            },
            _ => IoReply::Unreachable(Arc::new(DriverError::UnknownRequest)),
        }
    }
}

/// Makes a call on a thread that may wait. A panic goes on here.
pub(super) async fn blocking<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> Result<T, DriverError> {
    tokio::task::spawn_blocking(call)
        .await
        .map_err(|error| match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => DriverError::RuntimeEnds,
        })
}
