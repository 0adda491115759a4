//! A running `ntlm_auth`.

use std::ffi::OsString;
use std::io::{self, ErrorKind, Read};
use std::net::Shutdown;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use gss_crypto::Zeroizing;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send};

use super::answer::{Answer, AnswerFault};

/// A child process that answers one request after the other. It ends with its guard.
#[derive(Debug)]
pub(super) struct Helper {
    child: Child,
    /// Both its standard input and its output: unlike a pipe, it can be waited for with a deadline.
    stream: UnixStream,
    /// What has come and is not read yet.
    received: Zeroizing<Vec<u8>>,
}

/// Why a helper gives no verdict.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HelperError {
    /// What it says is no answer.
    #[error("the answer of ntlm_auth is malformed: {0}")]
    Answer(#[from] AnswerFault),
    /// It said nothing in time.
    #[error("ntlm_auth did not answer in {} s", .0.as_secs_f32())]
    Deadline(Duration),
    /// It ended instead.
    #[error("ntlm_auth ended without an answer: is winbindd running?")]
    Ended,
    /// Talking to it failed.
    #[error("cannot talk to ntlm_auth: {0}")]
    Io(#[source] io::Error),
    /// It did not understand the request.
    #[error("ntlm_auth does not take the request: {0}")]
    Refused(String),
    /// It cannot be started.
    #[error("cannot start {}: {source}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot reach those who know the user.
    #[error("winbind cannot ask: {0}")]
    Unreachable(String),
}

impl Helper {
    /// Starts `program`, without a shell and without this process's environment.
    ///
    /// # Errors
    /// [`HelperError::Start`].
    pub(super) fn start(program: &Path, arguments: &[OsString]) -> Result<Self, HelperError> {
        let failed = |source| HelperError::Start {
            program: program.to_owned(),
            source,
        };
        let (ours, theirs) = UnixStream::pair().map_err(failed)?;
        let output = theirs.try_clone().map_err(failed)?;
        let child = Command::new(program)
            .args(arguments)
            .env_clear()
            .env("LC_ALL", "C")
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::from(OwnedFd::from(output)))
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        Ok(Self {
            child,
            stream: ours,
            received: Zeroizing::new(Vec::with_capacity(CHUNK)),
        })
    }

    /// Asks, and waits for the answer until `within` is over.
    ///
    /// # Errors
    /// [`HelperError`]; the helper must not be asked again then.
    pub(super) fn ask(&mut self, request: &[u8], within: Duration) -> Result<Answer, HelperError> {
        let deadline = Deadline::new(within);
        self.write(request, &deadline)?;
        loop {
            if let Some((answer, end)) = Answer::parse(&self.received)? {
                let rest = self.received.get(end..).unwrap_or_default().to_vec();
                self.received = Zeroizing::new(rest);
                return Ok(answer);
            }
            self.read(&deadline)?;
        }
    }

    fn write(&self, request: &[u8], deadline: &Deadline) -> Result<(), HelperError> {
        let mut rest = request;
        while !rest.is_empty() {
            self.stream
                .set_write_timeout(Some(deadline.left()?))
                .map_err(HelperError::Io)?;
            // Without a signal if it has ended: this process may be anybody's.
            match send(self.stream.as_raw_fd(), rest, MsgFlags::MSG_NOSIGNAL) {
                Ok(sent) => rest = rest.get(sent..).unwrap_or_default(),
                Err(Errno::EINTR | Errno::EAGAIN) => {}
                Err(Errno::EPIPE | Errno::ECONNRESET) => return Err(HelperError::Ended),
                Err(error) => return Err(HelperError::Io(error.into())),
            }
        }
        Ok(())
    }

    fn read(&mut self, deadline: &Deadline) -> Result<(), HelperError> {
        let mut chunk = Zeroizing::new([0; CHUNK]);
        self.stream
            .set_read_timeout(Some(deadline.left()?))
            .map_err(HelperError::Io)?;
        match self.stream.read(&mut *chunk) {
            Ok(0) => Err(HelperError::Ended),
            Ok(count) => {
                self.received.extend_from_slice(chunk.get(..count).unwrap_or_default());
                Ok(())
            }
            Err(error) => match error.kind() {
                ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut => Ok(()),
                ErrorKind::ConnectionReset => Err(HelperError::Ended),
                _ => Err(HelperError::Io(error)),
            },
        }
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // Errors mean that it has ended already.
        let _ = self.stream.shutdown(Shutdown::Both);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Deadline {
    within: Duration,
    start: Instant,
}

impl Deadline {
    fn new(within: Duration) -> Self {
        Self {
            within,
            start: Instant::now(),
        }
    }

    /// More than nothing.
    fn left(&self) -> Result<Duration, HelperError> {
        let left = self.within.saturating_sub(self.start.elapsed());
        if left.is_zero() {
            return Err(HelperError::Deadline(self.within));
        }
        Ok(left)
    }
}

/// Octets that are read at once.
const CHUNK: usize = 4096;
