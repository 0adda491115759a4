//! The connection to a daemon.

use std::fmt;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use socket2::{Domain, SockAddr, Socket, Type};
use zeroize::Zeroizing;

use super::DEFAULT_SOCKET;
use super::protocol::{Reply, Request};
use crate::error::{Error, FormatFault, KcmFault};

/// A client of the daemon that listens on a socket. It connects when it is first needed, and keeps the connection.
///
/// Daemons close connections that were idle for a while: where that shows when the next request is written or its
/// answer awaited, the request is sent once more, over a new connection. Every operation has a deadline.
pub struct KcmClient {
    socket: PathBuf,
    patience: Duration,
    connection: Mutex<Option<Connection>>,
}

struct Connection {
    stream: UnixStream,
    /// The process that made it. After a fork, two processes would read each other's answers.
    process: u32,
}

/// The connection for as long as one operation takes.
pub(super) struct Session<'a> {
    client: &'a KcmClient,
    connection: MutexGuard<'a, Option<Connection>>,
    deadline: Instant,
}

/// Whether a connection has already served a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Connected {
    Before,
    Now,
}

impl KcmClient {
    /// Of the daemon that listens there; `-` stands for none.
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        Self {
            socket: socket.into(),
            patience: PATIENCE,
            connection: Mutex::new(None),
        }
    }

    /// With another time than 10 seconds for each operation.
    #[must_use]
    pub fn with_deadline(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Where the daemon listens.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    pub(super) fn session(&self) -> Session<'_> {
        Session {
            client: self,
            connection: self.connection.lock().unwrap_or_else(PoisonError::into_inner),
            deadline: Instant::now().checked_add(self.patience).unwrap_or_else(Instant::now),
        }
    }

    pub(super) fn error(&self, fault: KcmFault) -> Error {
        Error::Kcm {
            socket: self.socket.clone(),
            fault,
        }
    }
}

impl Session<'_> {
    /// Asks, and reads the answer. After an error the next request uses another connection, unless the daemon itself
    /// refused.
    ///
    /// # Errors
    /// [`KcmFault::Refused`] with the daemon's code; every other fault of the connection or of the answer.
    pub(super) fn call(&mut self, request: Request) -> Result<Reply, KcmFault> {
        let opcode = request.opcode;
        let framed = request.framed().map_err(KcmFault::Request)?;
        let answer = match self.exchange(&framed) {
            (Connected::Before, Err(KcmFault::Io(_))) => self.exchange(&framed).1,
            (_, other) => other,
        }?;
        let (code, reply) = answer
            .split_at_checked(4)
            .and_then(|(code, reply)| Some((i32::from_be_bytes(code.try_into().ok()?), reply)))
            .ok_or(KcmFault::Malformed(FormatFault::Truncated { offset: 0 }))?;
        if code != 0 {
            return Err(KcmFault::Refused { opcode, code });
        }
        Reply::parse(opcode, reply).map_err(|fault| {
            *self.connection = None;
            KcmFault::Malformed(fault)
        })
    }

    /// Sends a request and reads its answer, from its status on. The connection is kept only if this succeeds.
    fn exchange(&mut self, framed: &[u8]) -> (Connected, Result<Zeroizing<Vec<u8>>, KcmFault>) {
        let here = std::process::id();
        let (connected, mut connection) = match self.connection.take() {
            Some(connection) if connection.process == here => (Connected::Before, connection),
            _ => match self.connect() {
                Ok(stream) => (Connected::Now, Connection { stream, process: here }),
                Err(fault) => return (Connected::Now, Err(fault)),
            },
        };
        let answer = self
            .send(&mut connection.stream, framed)
            .and_then(|()| self.receive(&mut connection.stream));
        if answer.is_ok() {
            *self.connection = Some(connection);
        }
        (connected, answer)
    }

    fn connect(&self) -> Result<UnixStream, KcmFault> {
        if self.client.socket.as_os_str() == NONE {
            return Err(KcmFault::Disabled);
        }
        let connect = || {
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
            // On Linux, this limits how long a daemon that accepts nobody is waited for.
            socket.set_write_timeout(Some(self.left()?))?;
            socket.connect(&SockAddr::unix(&self.client.socket)?)?;
            Ok(UnixStream::from(std::os::fd::OwnedFd::from(socket)))
        };
        connect().map_err(|error| self.failed(error, KcmFault::NoServer))
    }

    /// A length of 32 bits and the request.
    fn send(&self, stream: &mut UnixStream, framed: &[u8]) -> Result<(), KcmFault> {
        let mut rest = framed;
        let mut send = || {
            while !rest.is_empty() {
                stream.set_write_timeout(Some(self.left()?))?;
                match stream.write(rest) {
                    Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                    Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        };
        send().map_err(|error| self.failed(error, KcmFault::Io))
    }

    /// A length and a code of 32 bits each, and unless the code says that the daemon could not even answer, that many
    /// octets, which start with a status of 32 bits.
    fn receive(&self, stream: &mut UnixStream) -> Result<Zeroizing<Vec<u8>>, KcmFault> {
        let mut number = [0; 4];
        self.fill(stream, &mut number)?;
        let length = u32::from_be_bytes(number);
        if length > MAX_REPLY {
            return Err(KcmFault::TooLarge {
                length,
                limit: MAX_REPLY,
            });
        }
        self.fill(stream, &mut number)?;
        if number != [0; 4] {
            return Ok(Zeroizing::new(number.to_vec()));
        }
        let mut answer = Zeroizing::new(vec![0; usize::try_from(length).unwrap_or_default()]);
        self.fill(stream, &mut answer)?;
        Ok(answer)
    }

    fn fill(&self, stream: &mut UnixStream, buffer: &mut [u8]) -> Result<(), KcmFault> {
        let mut rest = buffer;
        let mut fill = || {
            while !rest.is_empty() {
                stream.set_read_timeout(Some(self.left()?))?;
                match stream.read(rest) {
                    Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                    Ok(count) => rest = std::mem::take(&mut rest).get_mut(count..).unwrap_or_default(),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        };
        fill().map_err(|error| self.failed(error, KcmFault::Io))
    }

    /// The time that is left, which is never zero: for sockets that means without end.
    fn left(&self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left < Duration::from_micros(1) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(left)
    }

    fn failed(&self, error: io::Error, otherwise: impl FnOnce(io::Error) -> KcmFault) -> KcmFault {
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => KcmFault::Deadline(self.client.patience),
            _ => otherwise(error),
        }
    }
}

impl Default for KcmClient {
    /// Of the system's daemon.
    fn default() -> Self {
        Self::new(DEFAULT_SOCKET)
    }
}

impl fmt::Debug for KcmClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KcmClient")
            .field("socket", &self.socket)
            .finish_non_exhaustive()
    }
}

/// What `kcm_socket` is where there shall be no daemon.
const NONE: &str = "-";
const PATIENCE: Duration = Duration::from_secs(10);
/// Octets in an answer; MIT reads as many.
const MAX_REPLY: u32 = 10 << 20;
