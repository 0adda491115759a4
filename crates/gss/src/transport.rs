//! Carrying tokens to the other side and back until a context stands.

use std::io::{self, Read, Write};

use gss_core::{Error, StepError};

use crate::{Acceptor, Context, Initiator, Step};

/// What carries tokens between the two sides. Each protocol has its own way; [`Framed`] is a plain one.
pub trait Transport {
    /// Carries `token` to the peer.
    ///
    /// # Errors
    /// What keeps it from getting there.
    fn send(&mut self, token: &[u8]) -> io::Result<()>;

    /// Waits for the peer's next token.
    ///
    /// # Errors
    /// What keeps it from arriving.
    fn receive(&mut self) -> io::Result<Vec<u8>>;
}

/// Why there is no context.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EstablishError {
    /// A step failed. If there was a token that tells the peer so, it has been sent.
    #[error(transparent)]
    Handshake(#[from] Error),
    /// The tokens do not reach the other side, or none comes from there.
    #[error("the peer cannot be reached: {0}")]
    Transport(#[from] io::Error),
}

impl Initiator {
    /// Takes all steps, exchanging tokens over `transport`.
    ///
    /// # Errors
    /// [`EstablishError`]
    pub fn establish(self, transport: &mut dyn Transport) -> Result<Context, EstablishError> {
        finish(
            self.step(None),
            |initiator, token| initiator.step(Some(token)),
            transport,
        )
    }
}

impl Acceptor {
    /// Waits for the initiator's first token and takes all steps, exchanging tokens over `transport`.
    ///
    /// # Errors
    /// [`EstablishError`]
    pub fn establish(self, transport: &mut dyn Transport) -> Result<Context, EstablishError> {
        let token = transport.receive()?;
        finish(self.step(&token), Self::step, transport)
    }
}

fn finish<S>(
    first: Result<Step<S>, StepError>,
    go_on: impl Fn(S, &[u8]) -> Result<Step<S>, StepError>,
    transport: &mut dyn Transport,
) -> Result<Context, EstablishError> {
    let mut outcome = first;
    loop {
        match outcome {
            Ok(Step::Continue { token, next }) => {
                transport.send(&token)?;
                outcome = go_on(next, &transport.receive()?);
            }
            Ok(Step::Established { token, context }) => {
                token.map_or(Ok(()), |token| transport.send(&token))?;
                return Ok(context);
            }
            Err(StepError { error, token }) => {
                // The peer learns of the failure if it can be told; the reason to report is the failure itself.
                let _ = token.map_or(Ok(()), |token| transport.send(&token));
                return Err(error.into());
            }
        }
    }
}

/// Tokens over a stream: four octets of length, big-endian, then the token, of 1 MiB at most.
///
/// Timeouts are the stream's: [`TcpStream::set_read_timeout`](std::net::TcpStream::set_read_timeout).
#[derive(Debug)]
pub struct Framed<S>(pub(crate) S);

impl<S> Framed<S> {
    /// Tokens over `stream`.
    pub fn new(stream: S) -> Self {
        Self(stream)
    }

    /// The stream.
    pub fn into_inner(self) -> S {
        self.0
    }
}

impl<S: Read + Write> Transport for Framed<S> {
    fn send(&mut self, token: &[u8]) -> io::Result<()> {
        let length = u32::try_from(token.len())
            .ok()
            .filter(|length| *length <= LONGEST)
            .ok_or_else(too_long)?;
        self.0.write_all(&[&length.to_be_bytes(), token].concat())?;
        self.0.flush()
    }

    fn receive(&mut self) -> io::Result<Vec<u8>> {
        let mut length = [0; 4];
        self.0.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length);
        if length > LONGEST {
            return Err(too_long());
        }
        // The memory grows with what arrives, not with what is announced.
        let mut token = Vec::new();
        let read = (&mut self.0).take(length.into()).read_to_end(&mut token)?;
        if u32::try_from(read) == Ok(length) {
            Ok(token)
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }
}

pub(crate) fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a token is longer than 1 MiB")
}

pub(crate) const LONGEST: u32 = 1 << 20;

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn a_token_comes_out_as_it_went_in() {
        let mut wire = Framed::new(Cursor::new(Vec::new()));
        for token in [&b""[..], b"a", &[7; 70_000]] {
            wire.send(token).unwrap();
        }
        let mut wire = Framed::new(Cursor::new(wire.into_inner().into_inner()));
        for token in [&b""[..], b"a", &[7; 70_000]] {
            assert_eq!(wire.receive().unwrap(), token);
        }
        assert_eq!(wire.receive().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn what_is_cut_short_or_too_long_is_an_error() {
        let received = |octets: &[u8]| Framed::new(Cursor::new(octets.to_vec())).receive().unwrap_err().kind();
        assert_eq!(received(&[0, 0]), io::ErrorKind::UnexpectedEof);
        assert_eq!(received(&[0, 0, 0, 2, 7]), io::ErrorKind::UnexpectedEof);
        assert_eq!(received(&[0, 0x10, 0, 1]), io::ErrorKind::InvalidData);
        assert_eq!(received(&[0xff; 8]), io::ErrorKind::InvalidData);
        let token = vec![0; (1 << 20) + 1];
        assert_eq!(
            Framed::new(Cursor::new(Vec::new())).send(&token).unwrap_err().kind(),
            io::ErrorKind::InvalidData
        );
    }
}
