//! Both sides' way to an established context, for users.

use std::fmt;
use std::sync::Arc;

use gss_core::{
    Accept, AcceptorContext, Acquire, Credential, Environment, Error, Initiate, InitiatorContext, Mechanisms, Name,
    Oid, Progress, StepError,
};

use crate::{BlockingDriver, Context, drive};

/// The GSS-API of this program: its mechanisms, their surroundings, and the driver that goes to the network for them.
/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct Gss {
    mechanisms: Mechanisms,
    initiating: Option<Oid>,
    environment: Arc<Environment>,
    driver: BlockingDriver,
}

impl Gss {
    /// The mechanisms that are built in, configured as the process is: [`environment`](crate::environment()).
    ///
    /// # Errors
    /// What their constructors return, such as a `krb5.conf` that cannot be read.
    pub fn new() -> Result<Self, Error> {
        Self::within(crate::environment())
    }

    /// The mechanisms that are built in, within these surroundings.
    ///
    /// # Errors
    /// As [`Gss::new`].
    pub fn within(environment: Environment) -> Result<Self, Error> {
        Ok(Self::with(Mechanisms::linked(&environment)?, environment))
    }

    /// These mechanisms, within these surroundings.
    #[must_use]
    pub fn with(mechanisms: Mechanisms, environment: Environment) -> Self {
        Self {
            mechanisms,
            initiating: None,
            driver: BlockingDriver::new(&environment),
            environment: Arc::new(environment),
        }
    }

    /// The same that begins contexts of `mech`, or negotiates them if `mech` is a negotiator, instead of the default
    /// mechanism. Acceptors go by the initiator's token either way.
    ///
    /// ```
    /// # use gss::{Error, Gss};
    /// # #[cfg(feature = "spnego")]
    /// # fn negotiating(gss: Gss) -> Result<Gss, Error> {
    /// gss.by(gss::spnego::SPNEGO)
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BadMech`](gss_core::ErrorKind::BadMech) if it is not built in.
    pub fn by(self, mech: Oid) -> Result<Self, Error> {
        self.mechanisms.choose(Some(&mech))?;
        Ok(Self {
            initiating: Some(mech),
            ..self
        })
    }

    /// The mechanisms, for calls that are not repeated here.
    #[must_use]
    pub fn mechanisms(&self) -> &Mechanisms {
        &self.mechanisms
    }

    /// What surrounds them.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// A driver for flows that other calls return.
    #[must_use]
    pub fn driver(&self) -> BlockingDriver {
        self.driver.clone()
    }

    /// A credential of every mechanism that has one, for [`Initiate::with_cred`] and [`Accept::with_cred`].
    ///
    /// # Errors
    /// [`NoCred`](gss_core::ErrorKind::NoCred) and others of RFC 2743 §2.1.1.
    pub fn acquire(&self, request: Acquire) -> Result<Credential, Error> {
        drive(self.mechanisms.acquire(request, None), &mut self.driver()).map_err(|error| error.error)
    }

    /// Begins a context with the service `target`, such as `HTTP@www.example.org`, with the default credential and
    /// mutual authentication. Its first step takes no token.
    ///
    /// # Errors
    /// What can be said before the first step.
    pub fn initiator(&self, target: &str) -> Result<Initiator, Error> {
        self.initiate(&Initiate::new(Name::hostbased_service(target)))
    }

    /// Begins a context as `request` says.
    ///
    /// # Errors
    /// What can be said before the first step.
    pub fn initiate(&self, request: &Initiate) -> Result<Initiator, Error> {
        let context = self.mechanisms.initiate(request, self.initiating.as_ref())?;
        Ok(Initiator {
            context,
            driver: self.driver(),
        })
    }

    /// Waits for contexts with every key that the default keytab holds.
    #[must_use]
    pub fn acceptor(&self) -> Acceptor {
        self.accept(Accept::new())
    }

    /// Waits for a context as `request` says.
    #[must_use]
    pub fn accept(&self, request: Accept) -> Acceptor {
        Acceptor {
            context: self.mechanisms.accept(request),
            driver: self.driver(),
        }
    }
}

/// What a step of an [`Initiator`] or [`Acceptor`] has led to.
#[must_use = "the peer waits for the token"]
pub enum Step<S> {
    /// Send the token; the peer's answer is for the next step.
    Continue {
        /// For the peer.
        token: Vec<u8>,
        /// What waits for the answer.
        next: S,
    },
    /// The context is established. If there is a token, the peer needs it.
    Established {
        /// For the peer.
        token: Option<Vec<u8>>,
        /// The context.
        context: Context,
    },
}

/// A half-open context of the side that begins. A step consumes it.
pub struct Initiator {
    pub(crate) context: Box<dyn InitiatorContext>,
    pub(crate) driver: BlockingDriver,
}

impl Initiator {
    /// Takes the acceptor's token (`None` at first) and makes the next one. May talk to a KDC and wait for it.
    ///
    /// # Errors
    /// [`StepError`]: the context is gone, but if there is a token in the error, the peer is to get it.
    pub fn step(mut self, token: Option<&[u8]>) -> Result<Step<Self>, StepError> {
        let step = drive(self.context.step(token), &mut self.driver)?;
        Ok(Self::stepped(step, self.driver))
    }

    pub(crate) fn stepped(step: gss_core::Step<dyn InitiatorContext>, driver: BlockingDriver) -> Step<Self> {
        match step {
            gss_core::Step::Continue { token, next } => Step::Continue {
                token,
                next: Self { context: next, driver },
            },
            gss_core::Step::Established { token, context } => Step::Established {
                token,
                context: context.into(),
            },
        }
    }

    /// How far it has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.context.progress()
    }
}

/// A half-open context of the side that answers. A step consumes it.
pub struct Acceptor {
    pub(crate) context: Box<dyn AcceptorContext>,
    pub(crate) driver: BlockingDriver,
}

impl Acceptor {
    /// Takes the initiator's token and makes the next one.
    ///
    /// # Errors
    /// [`StepError`]: the context is gone, but if there is a token in the error, the peer is to get it.
    pub fn step(mut self, token: &[u8]) -> Result<Step<Self>, StepError> {
        let step = drive(self.context.step(Some(token)), &mut self.driver)?;
        Ok(Self::stepped(step, self.driver))
    }

    pub(crate) fn stepped(step: gss_core::Step<dyn AcceptorContext>, driver: BlockingDriver) -> Step<Self> {
        match step {
            gss_core::Step::Continue { token, next } => Step::Continue {
                token,
                next: Self { context: next, driver },
            },
            gss_core::Step::Established { token, context } => Step::Established {
                token,
                context: context.into(),
            },
        }
    }

    /// How far it has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.context.progress()
    }
}

impl<S: fmt::Debug> fmt::Debug for Step<S> {
    /// Tokens by their length only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Continue { token, next } => f
                .debug_struct("Continue")
                .field("token", &Octets(token.len()))
                .field("next", next)
                .finish(),
            Self::Established { token, context } => f
                .debug_struct("Established")
                .field("token", &token.as_ref().map(|token| Octets(token.len())))
                .field("context", context)
                .finish(),
        }
    }
}

impl fmt::Debug for Initiator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Initiator").field(&self.progress()).finish()
    }
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Acceptor").field(&self.progress()).finish()
    }
}

/// How a token is shown: its contents are between the peers.
struct Octets(usize);

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} octets", self.0)
    }
}

#[cfg(test)]
mod tests;
