//! A party behind a pipe: the JSON lines of `gss pipe`, with a deadline on every answer.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{ChildStdin, ChildStdout, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::Instant,
};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

use crate::process::{Guard, within};

/// An error that a party reported by the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// RFC 2744's name without its prefix, as `BAD_MIC`.
    pub(crate) major: String,
    pub(crate) message: String,
}

/// A running party.
#[derive(Debug)]
pub(crate) struct Pipe {
    process: Guard,
    to: Option<Sender<Vec<u8>>>,
    from: Receiver<Result<Vec<u8>>>,
    stderr: PathBuf,
    pub(crate) deadline: Instant,
}

impl Pipe {
    /// Starts `command`; what it writes to standard error is kept in the file `stderr`.
    pub(crate) fn spawn(command: &mut Command, stderr: &Path) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(stderr)?)
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().to_string_lossy()))?;
        let stdin = child.stdin.take().context("no standard input")?;
        let stdout = child.stdout.take().context("no standard output")?;
        Ok(Self {
            process: Guard::new(child),
            to: Some(writer(stdin)),
            from: reader(stdout),
            stderr: stderr.to_owned(),
            deadline: within(60),
        })
    }

    pub(crate) fn send(&mut self, message: &Value) -> Result<()> {
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        let sender = self.to.as_ref().context("its standard input is closed already")?;
        sender.send(line).map_err(|_| self.silent("takes no more input"))
    }

    /// The next line.
    ///
    /// # Errors
    /// When the party ends, does not answer in time, or writes what is no JSON object.
    pub(crate) fn receive(&mut self) -> Result<Value> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let line = match self.from.recv_timeout(left) {
            Ok(line) => line?,
            Err(RecvTimeoutError::Timeout) => return Err(self.silent("did not answer before the deadline")),
            Err(RecvTimeoutError::Disconnected) => return Err(self.silent("ended without an answer")),
        };
        let value: Value = serde_json::from_slice(&line)
            .with_context(|| format!("not JSON: {}", String::from_utf8_lossy(&line[..line.len().min(QUOTED)])))?;
        if !value.is_object() {
            bail!("not an object: {value}");
        }
        Ok(value)
    }

    /// A command and its answer; the inner error is the one that the party reports.
    pub(crate) fn ask(&mut self, command: &Value) -> Result<Result<Value, Refusal>> {
        self.send(command)?;
        let answer = self.receive()?;
        Ok(refusal(&answer).map_or(Ok(answer), Err))
    }

    /// Ends the input and returns the exit status.
    pub(crate) fn close(&mut self) -> Result<Option<i32>> {
        self.to = None;
        Ok(self.process.wait(self.deadline)?.code())
    }

    fn silent(&mut self, what: &str) -> anyhow::Error {
        let ended = self.process.ended().ok().flatten();
        let status = ended.map_or_else(|| "still running".to_owned(), |status| status.to_string());
        let said = fs::read_to_string(&self.stderr).unwrap_or_default();
        let tail = said.len().saturating_sub(QUOTED);
        anyhow!("{what} ({status}): {}", said.get(tail..).unwrap_or(&said).trim())
    }
}

/// The error that `message` reports, if it is one.
pub(crate) fn refusal(message: &Value) -> Option<Refusal> {
    let error = message.get("error")?;
    let text = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or("?").to_owned();
    Some(Refusal {
        major: text("major"),
        message: text("message"),
    })
}

fn writer(mut stdin: ChildStdin) -> Sender<Vec<u8>> {
    let (sender, lines) = channel::<Vec<u8>>();
    thread::spawn(move || {
        for line in lines {
            if stdin.write_all(&line).and_then(|()| stdin.flush()).is_err() {
                return;
            }
        }
    });
    sender
}

fn reader(stdout: ChildStdout) -> Receiver<Result<Vec<u8>>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut lines = BufReader::with_capacity(1 << 16, stdout);
        loop {
            let mut line = Vec::new();
            let read = lines.by_ref().take(LINE_LIMIT + 1).read_until(b'\n', &mut line);
            let message = match read {
                Ok(0) => return,
                Ok(_) if line.last() != Some(&b'\n') => Err(anyhow!("a line that is cut off or longer than 16 MiB")),
                Ok(_) => Ok(line),
                Err(error) => Err(error.into()),
            };
            if sender.send(message).is_err() {
                return;
            }
        }
    });
    receiver
}

/// The longest line of the protocol, in octets.
const LINE_LIMIT: u64 = 16 * 1024 * 1024;

/// How much of a failed party's standard error is quoted, in octets.
const QUOTED: usize = 600;
