//! Child processes: one that ends with its guard, and one that is waited for.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// A child that is killed, by its process id, and reaped when this is dropped.
#[derive(Debug)]
pub(crate) struct Guard(Child);

impl Guard {
    pub(crate) fn new(child: Child) -> Self {
        Self(child)
    }

    /// How the child ended, if it did.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.0.try_wait()?)
    }

    /// Waits until the child ends by itself.
    pub(crate) fn wait(&mut self, deadline: Instant) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            if Instant::now() > deadline {
                bail!("process {} did not end in time", self.0.id());
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Asks the child to end, as an administrator would; nothing where it has ended, for its id may be another's then.
    pub(crate) fn terminate(&mut self) -> Result<()> {
        if self.ended()?.is_some() {
            return Ok(());
        }
        let pid = Pid::from_raw(i32::try_from(self.0.id())?);
        Ok(kill(pid, Signal::SIGTERM)?)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // An error means that the child has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a finished program said.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    /// Standard output and standard error, for messages about it.
    pub(crate) fn said(&self) -> String {
        format!("{}: {}{}", self.status, self.stdout, self.stderr)
            .trim()
            .to_owned()
    }
}

/// Runs `command` to its end, with `input` on its standard input.
///
/// # Errors
/// When it cannot be started (the error names it) or does not end before `deadline`; not for its exit status.
pub(crate) fn run(command: &mut Command, input: &str, deadline: Instant) -> Result<Outcome> {
    let (mut stdin, stdout, stderr) = (tempfile::tempfile()?, tempfile::tempfile()?, tempfile::tempfile()?);
    stdin.write_all(input.as_bytes())?;
    stdin.seek(SeekFrom::Start(0))?;
    let child = command
        .stdin(Stdio::from(stdin))
        .stdout(Stdio::from(stdout.try_clone()?))
        .stderr(Stdio::from(stderr.try_clone()?))
        .spawn()
        .with_context(|| format!("cannot start {}", name(command)))?;
    let status = Guard::new(child).wait(deadline).with_context(|| name(command))?;
    Ok(Outcome {
        status,
        stdout: text(stdout)?,
        stderr: text(stderr)?,
    })
}

/// [`run`], where anything but success is an error that quotes what the program said.
pub(crate) fn run_ok(command: &mut Command, input: &str, deadline: Instant) -> Result<String> {
    let outcome = run(command, input, deadline)?;
    if !outcome.status.success() {
        bail!("{} failed, {}", name(command), outcome.said());
    }
    Ok(outcome.stdout)
}

/// A deadline so many seconds from now.
pub(crate) fn within(seconds: u64) -> Instant {
    Instant::now() + Duration::from_secs(seconds)
}

fn name(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy()];
    words.extend(command.get_args().map(|word| word.to_string_lossy()));
    words.join(" ")
}

fn text(mut file: File) -> Result<String> {
    let mut octets = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut octets)?;
    Ok(String::from_utf8_lossy(&octets).into_owned())
}
