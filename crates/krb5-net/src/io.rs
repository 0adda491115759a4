//! What the search for servers and the exchange with them need from outside.
//!
//! They are written once, as futures over this trait. A blocking driver's futures are done when they are first polled.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use crate::race::{Race, Winner};
use crate::{Resolver, Tried};

/// Sockets, and calls that may take a while.
pub(crate) trait Io: Sync {
    /// Runs a race to its end. Names are resolved by `resolver`; without one, only addresses can be asked.
    fn race(
        &self,
        race: Race,
        resolver: Option<Arc<dyn Resolver>>,
    ) -> impl Future<Output = io::Result<Result<Winner, Vec<Tried>>>> + Send;

    /// Makes a call where it may block; its result, unless the deadline comes first.
    fn call<T: Send + 'static>(
        &self,
        deadline: Instant,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = io::Result<T>> + Send;
}

/// The outcome of a future over a blocking [`Io`].
pub(crate) fn finish<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("a blocking driver answers at once"),
    }
}

/// The error of a call whose result came too late.
pub(crate) fn too_late() -> io::Error {
    io::ErrorKind::TimedOut.into()
}
