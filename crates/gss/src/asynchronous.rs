//! Contexts on a tokio runtime.

use std::future::Future;
use std::io;

use gss_core::{Acquire, Credential, Error, StepError};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::transport::{LONGEST, too_long};
use crate::{Acceptor, Context, EstablishError, Framed, Gss, Initiator, Step, TokioDriver, drive_async};

/// What carries tokens between the two sides, on a runtime. [`Framed`] is a plain one, over any stream.
pub trait AsyncTransport: Send {
    /// Carries `token` to the peer.
    ///
    /// # Errors
    /// What keeps it from getting there.
    fn send(&mut self, token: &[u8]) -> impl Future<Output = io::Result<()>> + Send;

    /// Waits for the peer's next token.
    ///
    /// # Errors
    /// What keeps it from arriving.
    fn receive(&mut self) -> impl Future<Output = io::Result<Vec<u8>>> + Send;
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> AsyncTransport for Framed<S> {
    async fn send(&mut self, token: &[u8]) -> io::Result<()> {
        let length = u32::try_from(token.len()).ok().filter(|length| *length <= LONGEST);
        let length = length.ok_or_else(too_long)?.to_be_bytes();
        self.0.write_all(&[&length, token].concat()).await?;
        self.0.flush().await
    }

    async fn receive(&mut self) -> io::Result<Vec<u8>> {
        let length = self.0.read_u32().await?;
        if length > LONGEST {
            return Err(too_long());
        }
        // The memory grows with what arrives, not with what is announced.
        let mut token = Vec::new();
        let read = (&mut self.0).take(length.into()).read_to_end(&mut token).await?;
        if u32::try_from(read) == Ok(length) {
            Ok(token)
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }
}

/// The same on a tokio runtime. The futures may be dropped; a context whose step is dropped is gone.
impl Gss {
    /// A driver for flows that other calls return: for [`drive_async`].
    #[must_use]
    pub fn tokio_driver(&self) -> TokioDriver {
        self.driver().into()
    }

    /// [`Gss::acquire`] as a future.
    ///
    /// # Errors
    /// As there.
    pub async fn acquire_async(&self, request: Acquire) -> Result<Credential, Error> {
        let flow = self.mechanisms().acquire(request, None);
        drive_async(flow, &mut self.tokio_driver())
            .await
            .map_err(|error| error.error)
    }
}

/// The same on a tokio runtime. The futures may be dropped, and the context with them.
impl Initiator {
    /// [`Initiator::step`] as a future.
    ///
    /// # Errors
    /// As there.
    pub async fn step_async(self, token: Option<&[u8]>) -> Result<Step<Self>, StepError> {
        let mut driver = TokioDriver::from(self.driver.clone());
        let step = drive_async(self.context.step(token), &mut driver).await?;
        Ok(Self::stepped(step, self.driver))
    }

    /// Takes all steps, exchanging tokens over `transport`.
    ///
    /// # Errors
    /// [`EstablishError`]
    pub async fn establish_async(self, transport: &mut impl AsyncTransport) -> Result<Context, EstablishError> {
        let mut outcome = self.step_async(None).await;
        loop {
            match told(outcome, transport).await? {
                Told::Stands(context) => return Ok(context),
                Told::Awaits(next) => outcome = next.step_async(Some(&transport.receive().await?)).await,
            }
        }
    }
}

/// The same on a tokio runtime. The futures may be dropped, and the context with them.
impl Acceptor {
    /// [`Acceptor::step`] as a future.
    ///
    /// # Errors
    /// As there.
    pub async fn step_async(self, token: &[u8]) -> Result<Step<Self>, StepError> {
        let mut driver = TokioDriver::from(self.driver.clone());
        let step = drive_async(self.context.step(Some(token)), &mut driver).await?;
        Ok(Self::stepped(step, self.driver))
    }

    /// Waits for the initiator's first token and takes all steps, exchanging tokens over `transport`.
    ///
    /// # Errors
    /// [`EstablishError`]
    pub async fn establish_async(self, transport: &mut impl AsyncTransport) -> Result<Context, EstablishError> {
        let mut next = self;
        loop {
            let outcome = next.step_async(&transport.receive().await?).await;
            match told(outcome, transport).await? {
                Told::Stands(context) => return Ok(context),
                Told::Awaits(awaiting) => next = awaiting,
            }
        }
    }
}

/// What a step led to, once the peer has been told.
enum Told<S> {
    Awaits(S),
    Stands(Context),
}

async fn told<S: Send>(
    outcome: Result<Step<S>, StepError>,
    transport: &mut impl AsyncTransport,
) -> Result<Told<S>, EstablishError> {
    match outcome {
        Ok(Step::Continue { token, next }) => {
            transport.send(&token).await?;
            Ok(Told::Awaits(next))
        }
        Ok(Step::Established { token, context }) => {
            if let Some(token) = token {
                transport.send(&token).await?;
            }
            Ok(Told::Stands(context))
        }
        Err(StepError { error, token }) => {
            // The peer learns of the failure if it can be told; the reason to report is the failure itself.
            if let Some(token) = token {
                let _ = transport.send(&token).await;
            }
            Err(error.into())
        }
    }
}
