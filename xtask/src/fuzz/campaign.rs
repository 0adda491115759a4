//! One target's run under libFuzzer.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::root;

/// Seconds by the clock after which an input counts as a hang: many, since the machine may be busy.
const TIMEOUT: &str = "-timeout=20";

/// Targets that read whole files; the others see messages.
const FILE_TARGETS: [&str; 3] = ["ccache", "keytab", "krb5_conf"];

/// A target, its program and the CPU time it may use.
pub(super) struct Campaign {
    pub(super) name: String,
    pub(super) binary: PathBuf,
    pub(super) minutes: f64,
}

/// What a campaign did.
pub(super) struct Outcome {
    pub(super) name: String,
    pub(super) crashes: Vec<PathBuf>,
    executions: u64,
    cpu_seconds: f64,
    edges: u64,
    corpus: usize,
    peak_mib: u64,
}

impl Outcome {
    pub(super) fn row(&self) -> [String; 8] {
        [
            self.name.clone(),
            self.executions.to_string(),
            format!("{:.0}", self.cpu_seconds),
            format!("{:.0}", self.executions as f64 / self.cpu_seconds.max(0.1)),
            self.edges.to_string(),
            self.corpus.to_string(),
            self.peak_mib.to_string(),
            self.crashes.len().to_string(),
        ]
    }
}

/// The figures that libFuzzer prints on its way.
#[derive(Default)]
struct Figures {
    executions: u64,
    edges: u64,
    peak_mib: u64,
}

impl Campaign {
    /// Runs until the CPU time is used up or an input fails.
    pub(super) fn run(&self, bars: &MultiProgress, merge: bool) -> Result<Outcome> {
        let scratch = root().join("target/fuzz").join(&self.name);
        let (found, artifacts) = (scratch.join("corpus"), scratch.join("crashes"));
        let committed = root().join("fuzz/corpus").join(&self.name);
        for folder in [&found, &artifacts, &committed] {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let bar = bars.add(
            ProgressBar::new(self.seconds() as u64)
                .with_style(style())
                .with_message(self.name.clone()),
        );
        let mut child = self.spawn(&[&found, &committed], &artifacts)?;
        let stderr = child.stderr.take().context("libFuzzer's output is not captured")?;
        let reader = thread::spawn(move || read_figures(stderr));
        let cpu_seconds = self.watch(&mut child, &bar)?;
        let figures = reader.join().ok().context("the reader of libFuzzer's output failed")?;
        bar.finish_and_clear();
        if merge {
            self.merge(&committed, &found)?;
        }
        Ok(Outcome {
            name: self.name.clone(),
            crashes: files(&artifacts)?,
            executions: figures.executions,
            cpu_seconds,
            edges: figures.edges,
            corpus: files(&committed)?.len(),
            peak_mib: figures.peak_mib,
        })
    }

    fn seconds(&self) -> f64 {
        self.minutes * 60.0
    }

    fn spawn(&self, corpora: &[&Path], artifacts: &Path) -> Result<Child> {
        Command::new(&self.binary)
            .args(corpora)
            .arg(format!("-artifact_prefix={}/", artifacts.display()))
            .arg(format!(
                "-max_len={}",
                if FILE_TARGETS.contains(&self.name.as_str()) {
                    65536
                } else {
                    8192
                }
            ))
            .args([
                TIMEOUT,
                "-rss_limit_mb=512",
                "-malloc_limit_mb=64",
                "-print_final_stats=1",
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {}", self.binary.display()))
    }

    /// Waits for the end, and asks for it once the CPU time is used up.
    fn watch(&self, child: &mut Child, bar: &ProgressBar) -> Result<f64> {
        let mut used = 0.0;
        let mut asked = false;
        while child.try_wait()?.is_none() {
            used = cpu_seconds(child.id()).unwrap_or(used);
            bar.set_position(used as u64);
            if used >= self.seconds() && !asked {
                kill(Pid::from_raw(i32::try_from(child.id())?), Signal::SIGINT)?;
                asked = true;
            }
            thread::sleep(Duration::from_millis(200));
        }
        Ok(used)
    }

    fn merge(&self, committed: &Path, found: &Path) -> Result<()> {
        let status = Command::new(&self.binary)
            .args(["-merge=1", TIMEOUT, "-max_len=4096"])
            .args([committed, found])
            .stderr(Stdio::null())
            .status()?;
        ensure!(
            status.success(),
            "libFuzzer could not merge the corpus of {}",
            self.name
        );
        Ok(())
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{msg:24} {bar:30} {pos:>5}/{len} s of CPU")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// User and system time of a process so far, from `/proc/PID/stat` (fields 14 and 15, in ticks of 10 ms).
fn cpu_seconds(pid: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field, the command, is in parentheses and may hold spaces.
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(ticks as f64 / 100.0)
}

fn read_figures(stderr: ChildStderr) -> Figures {
    let mut figures = Figures::default();
    for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
        figures.read(&String::from_utf8_lossy(&line));
    }
    figures
}

impl Figures {
    fn read(&mut self, line: &str) {
        if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
            self.executions = count.trim().parse().unwrap_or(self.executions);
        } else if let Some(mib) = line.strip_prefix("stat::peak_rss_mb:") {
            self.peak_mib = mib.trim().parse().unwrap_or(self.peak_mib);
        } else if let Some((_, rest)) = line.split_once(" cov: ") {
            let edges = rest.split(' ').next().unwrap_or_default();
            self.edges = edges.parse().unwrap_or(self.edges);
        }
    }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    Ok(paths)
}
