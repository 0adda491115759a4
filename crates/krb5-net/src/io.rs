//! What the search for servers and the exchange with them need from outside.
//!
//! They are written once, as futures over this trait: for threads that wait, whose futures are done when they are first
//! polled, and for a runtime.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use crate::race::{Race, Winner};
use crate::{Resolver, Tried};

/// A clock, sockets, and calls that may take a while.
///
/// Its futures are boxed and borrow nothing, so that those made of them are `Send` for every lifetime.
pub(crate) trait Io: Copy + Send + Sync + 'static {
    /// The time of the clock that deadlines are measured by.
    fn now(self) -> Instant;

    /// Runs a race to its end. Names are resolved by `resolver`; without one, only addresses can be asked.
    fn race(self, race: Race, resolver: Option<Arc<dyn Resolver>>) -> Doing<Result<Winner, Vec<Tried>>>;

    /// Makes a call where it may block; its result, unless the deadline comes first.
    fn call<T: Send + 'static>(self, deadline: Instant, call: Box<dyn FnOnce() -> T + Send>) -> Doing<T>;
}

/// What is being done.
pub(crate) type Doing<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

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
