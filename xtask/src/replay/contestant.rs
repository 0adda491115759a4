//! A process that stores tags, seen from outside.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// What is started.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    path: PathBuf,
    arguments: Vec<String>,
}

/// What a process said of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Stored,
    Replayed,
    Failed(String),
}

/// A running process.
#[derive(Debug)]
pub(crate) struct Contestant {
    process: Child,
    input: ChildStdin,
    verdicts: Receiver<Verdict>,
}

impl Program {
    /// This program, which stands at `path`.
    pub(crate) fn ours(path: &Path, cache: &str) -> Self {
        Self {
            path: path.to_path_buf(),
            arguments: ["replay", "store", cache].map(str::to_owned).to_vec(),
        }
    }

    /// Another one that speaks the same lines.
    pub(crate) fn rival(path: &Path, cache: &str) -> Self {
        Self {
            path: path.to_path_buf(),
            arguments: vec![cache.to_owned()],
        }
    }

    pub(crate) fn start(&self) -> Result<Contestant> {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).env("KRB5_CONFIG", "/dev/null");
        Contestant::of(command).with_context(|| format!("cannot start {}", self.path.display()))
    }
}

impl Contestant {
    pub(crate) fn of(mut command: Command) -> Result<Self> {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = process.stdin.take().context("no standard input")?;
        let output = process.stdout.take().context("no standard output")?;
        let (sender, verdicts) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(Verdict::of(&line)).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            process,
            input,
            verdicts,
        })
    }

    /// Hands it a tag. The answer comes by [`Contestant::verdict`].
    pub(crate) fn present(&mut self, tag: Tag) -> Result<()> {
        self.send(&tag.line())
    }

    /// Hands it a line.
    pub(crate) fn send(&mut self, line: &str) -> Result<()> {
        Ok(self.input.write_all(line.as_bytes())?)
    }

    /// What it says of the next tag.
    pub(crate) fn verdict(&mut self) -> Result<Verdict> {
        self.verdicts
            .recv_timeout(DEADLINE)
            .context("a process does not answer")
    }

    pub(crate) fn ask(&mut self, tag: Tag) -> Result<Verdict> {
        self.present(tag)?;
        self.verdict()
    }

    /// Kills it, as by SIGKILL, and returns what it had said until then.
    pub(crate) fn kill(mut self) -> Result<Vec<Verdict>> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(self.verdicts.iter().collect())
    }
}

impl Drop for Contestant {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Verdict {
    fn of(line: &str) -> Self {
        match line {
            "stored" => Self::Stored,
            "replayed" => Self::Replayed,
            other => Self::Failed(other.to_owned()),
        }
    }
}

/// A tag of 12 octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag(u64, u32);

impl Tag {
    /// The tags of one run: no other run has the same.
    pub(crate) fn series() -> impl Iterator<Item = Self> {
        use std::hash::{BuildHasher, Hasher};
        let run = std::hash::RandomState::new().build_hasher().finish();
        (0..).map(move |number| Self(run, number))
    }

    pub(crate) fn octets(self) -> [u8; 12] {
        let mut octets = [0; 12];
        let (run, number) = octets.split_at_mut(8);
        run.copy_from_slice(&self.0.to_be_bytes());
        number.copy_from_slice(&self.1.to_be_bytes());
        octets
    }

    pub(crate) fn line(self) -> String {
        let digits: String = self.octets().iter().map(|octet| format!("{octet:02x}")).collect();
        format!("{digits}\n")
    }
}

/// That exactly one process has stored a tag, and all others have seen it.
pub(crate) fn one_winner(verdicts: &[Verdict]) -> Result<()> {
    let stored = verdicts.iter().filter(|verdict| **verdict == Verdict::Stored).count();
    if let Some(Verdict::Failed(text)) = verdicts.iter().find(|verdict| matches!(verdict, Verdict::Failed(_))) {
        bail!("a process failed: {text}");
    }
    if stored != 1 {
        bail!("{stored} of {} processes stored the tag", verdicts.len());
    }
    Ok(())
}

/// Longer than any cache may take.
const DEADLINE: Duration = Duration::from_secs(30);
