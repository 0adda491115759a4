//! Calls that may need the network, without doing it: a [`Flow`] is done, or asks its driver for something.
//!
//! A mechanism never opens a socket. What may need a KDC, a name server or a call that blocks returns a [`Flowing`];
//! a driver (blocking or async) answers each [`IoRequest`] and resumes the flow until it is done. Whoever composes
//! flows uses [`Flow::map`] and [`Flow::then`]; a closure from reply to flow is a [`Pending`].

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::Error;

/// The outcome of a call that may need input or output.
pub type Flowing<T> = Result<Flow<T>, StepError>;

/// Done, or waiting for the answer to a request.
pub enum Flow<T> {
    /// The result.
    Done(T),
    /// The driver is to answer `request` and then to resume `next`.
    Io {
        /// What is needed.
        request: IoRequest,
        /// What goes on with the answer.
        next: Box<dyn Pending<T>>,
    },
}

/// The rest of a call that waits for an answer.
pub trait Pending<T>: Send {
    /// Goes on with the answer.
    ///
    /// # Errors
    /// What the call that was suspended returns.
    fn resume(self: Box<Self>, reply: IoReply) -> Flowing<T>;
}

impl<T, F> Pending<T> for F
where
    F: FnOnce(IoReply) -> Flowing<T> + Send,
{
    fn resume(self: Box<Self>, reply: IoReply) -> Flowing<T> {
        self(reply)
    }
}

impl<T> Flow<T> {
    /// Asks for `request` and goes on with `next`.
    ///
    /// # Errors
    /// None: it is a [`Flowing`] so that it can be returned as it is.
    pub fn io(request: IoRequest, next: impl Pending<T> + 'static) -> Flowing<T> {
        Ok(Self::Io {
            request,
            next: Box::new(next),
        })
    }

    /// Runs `call` where it may block, and goes on with what it returns.
    ///
    /// # Errors
    /// None: it is a [`Flowing`] so that it can be returned as it is.
    pub fn blocking<V: Any + Send>(
        call: impl FnOnce() -> V + Send + 'static,
        next: impl FnOnce(Result<V, StepError>) -> Flowing<T> + Send + 'static,
    ) -> Flowing<T> {
        let request = IoRequest::Blocking(Box::new(move || Box::new(call())));
        Self::io(request, move |reply| match reply {
            IoReply::Value(value) => next(value.downcast::<V>().map(|value| *value).map_err(|_| wrong_reply())),
            _ => next(Err(wrong_reply())),
        })
    }

    /// The result, if there is no more to ask.
    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(value) => Some(value),
            Self::Io { .. } => None,
        }
    }

    /// Answers every request with `driver` until the flow is done. `driver` may block.
    ///
    /// # Errors
    /// What the call returns.
    pub fn drive(self, driver: &mut dyn FnMut(IoRequest) -> IoReply) -> Result<T, StepError> {
        let mut flow = self;
        loop {
            match flow {
                Self::Done(value) => return Ok(value),
                Self::Io { request, next } => flow = next.resume(driver(request))?,
            }
        }
    }
}

impl<T: 'static> Flow<T> {
    /// The same flow with another result.
    pub fn map<U>(self, change: impl FnOnce(T) -> U + Send + 'static) -> Flow<U> {
        match self {
            Self::Done(value) => Flow::Done(change(value)),
            Self::Io { request, next } => Flow::Io {
                request,
                next: Box::new(move |reply: IoReply| next.resume(reply).map(|flow| flow.map(change))),
            },
        }
    }

    /// Goes on with another call when this one has ended well. It ends at the first error.
    ///
    /// # Errors
    /// Those of either call.
    pub fn then<U>(self, go_on: impl FnOnce(T) -> Flowing<U> + Send + 'static) -> Flowing<U> {
        match self {
            Self::Done(value) => go_on(value),
            Self::Io { request, next } => Ok(Flow::Io {
                request,
                next: Box::new(move |reply: IoReply| next.resume(reply)?.then(go_on)),
            }),
        }
    }
}

/// Goes on with the outcome of a flow, good or bad.
///
/// # Errors
/// Those of `go_on`.
pub fn settle<T: 'static, U>(
    flowing: Flowing<T>,
    go_on: impl FnOnce(Result<T, StepError>) -> Flowing<U> + Send + 'static,
) -> Flowing<U> {
    match flowing {
        Ok(Flow::Done(value)) => go_on(Ok(value)),
        Ok(Flow::Io { request, next }) => Ok(Flow::Io {
            request,
            next: Box::new(move |reply: IoReply| settle(next.resume(reply), go_on)),
        }),
        Err(error) => go_on(Err(error)),
    }
}

impl<T: fmt::Debug> fmt::Debug for Flow<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(value) => f.debug_tuple("Done").field(value).finish(),
            Self::Io { request, .. } => f.debug_tuple("Io").field(request).finish(),
        }
    }
}

/// What a flow needs from outside.
#[non_exhaustive]
pub enum IoRequest {
    /// Send `message` to a KDC or password service of `realm` and return its answer.
    /// Answers: [`IoReply::Message`], [`IoReply::NoServer`], [`IoReply::Unreachable`].
    Kdc {
        /// The Kerberos realm.
        realm: String,
        /// The request, without any transport's length prefix.
        message: Vec<u8>,
        /// Which of the realm's services.
        service: Service,
        /// How to get there.
        route: Route,
    },
    /// Ask the resolver about `host`. Answers: [`IoReply::Names`], [`IoReply::Unreachable`].
    Resolve {
        /// The name as the caller gave it.
        host: String,
        /// What to find out.
        query: Query,
    },
    /// Run this where it may block (a replay cache's lock, a user database). Answer: [`IoReply::Value`].
    Blocking(Box<dyn FnOnce() -> Box<dyn Any + Send> + Send>),
}

impl fmt::Debug for IoRequest {
    /// Without the message: it is a protocol token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kdc {
                realm,
                message,
                service,
                route,
            } => f
                .debug_struct("Kdc")
                .field("realm", realm)
                .field("message_len", &message.len())
                .field("service", service)
                .field("route", route)
                .finish(),
            Self::Resolve { host, query } => f
                .debug_struct("Resolve")
                .field("host", host)
                .field("query", query)
                .finish(),
            Self::Blocking(_) => f.write_str("Blocking"),
        }
    }
}

/// Which service of a realm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Service {
    /// The key distribution centre, RFC 4120 §7.2.
    #[default]
    Kdc,
    /// The password service, RFC 3244.
    Kpasswd,
}

/// How a message is to reach a realm's service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Route {
    /// Any server, any transport.
    #[default]
    Any,
    /// Not over UDP: a KDC said that its answer is too big for that.
    Tcp,
    /// Another server than the one that answered last.
    Next,
    /// The primary server: another one may not know a new password yet.
    Primary,
}

/// What to ask the resolver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Query {
    /// The canonical name, following aliases.
    Canonical,
    /// The name that the host's address leads back to.
    Reverse,
    /// The Kerberos realms that the DNS names for the host: the TXT records of `_kerberos.HOST`, or of the domains above
    /// it.
    Realm,
}

/// The answer to an [`IoRequest`].
#[non_exhaustive]
pub enum IoReply {
    /// A service's answer.
    Message {
        /// The answer, without any transport's length prefix.
        octets: Vec<u8>,
        /// Which kind of server gave it.
        server: Server,
    },
    /// Names, best first.
    Names(Vec<String>),
    /// What the blocking call returned.
    Value(Box<dyn Any + Send>),
    /// No server is known: says what was looked for.
    NoServer(IoFailure),
    /// No server answered: says which were tried.
    Unreachable(IoFailure),
}

/// Why a driver could not answer.
pub type IoFailure = Arc<dyn std::error::Error + Send + Sync>;

/// Which kind of server answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Server {
    /// It may lag behind the primary one.
    #[default]
    Any,
    /// The primary server, or the only one.
    Primary,
}

impl fmt::Debug for IoReply {
    /// Without the octets: they are a protocol token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message { octets, server } => f
                .debug_struct("Message")
                .field("len", &octets.len())
                .field("server", server)
                .finish(),
            Self::Names(names) => f.debug_tuple("Names").field(names).finish(),
            Self::Value(_) => f.write_str("Value"),
            Self::NoServer(failure) => f.debug_tuple("NoServer").field(failure).finish(),
            Self::Unreachable(failure) => f.debug_tuple("Unreachable").field(failure).finish(),
        }
    }
}

/// An error, and the token that is still owed to the peer.
#[derive(Clone)]
pub struct StepError {
    /// What went wrong.
    pub error: Error,
    /// What the peer is to be told (a KRB-ERROR, a SPNEGO reject). Send it even though the call failed.
    pub token: Option<Vec<u8>>,
}

impl StepError {
    /// An error with a token for the peer.
    #[must_use]
    pub fn with_token(error: Error, token: Vec<u8>) -> Self {
        Self {
            error,
            token: Some(token),
        }
    }
}

impl<E: Into<Error>> From<E> for StepError {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            token: None,
        }
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

impl fmt::Debug for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepError")
            .field("error", &self.error)
            .field("token_len", &self.token.as_ref().map(Vec::len))
            .finish()
    }
}

impl std::error::Error for StepError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.error)
    }
}

/// The driver answered with something that does not belong to the request.
fn wrong_reply() -> StepError {
    StepError::from(Error::core(crate::ErrorKind::Failure, crate::CoreError::WrongReply))
}

#[cfg(test)]
mod tests;
