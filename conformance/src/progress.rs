//! How far a run has come: a bar on a terminal, a line for each tenth elsewhere.

use std::{
    io::{IsTerminal, Write, stderr},
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shared by the threads of a run.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    started: Instant,
    done: AtomicUsize,
    length: usize,
}

impl Progress {
    pub(crate) fn new(length: usize) -> Self {
        Self {
            bar: stderr().is_terminal().then(|| bar(length)),
            started: Instant::now(),
            done: AtomicUsize::new(0),
            length,
        }
    }

    /// `name` is being worked on.
    pub(crate) fn begin(&self, name: String) {
        if let Some(bar) = &self.bar {
            bar.set_message(name);
        }
    }

    /// One more is done.
    pub(crate) fn advance(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let tenths = |count: usize| count * 10 / self.length.max(1);
        match &self.bar {
            Some(bar) => bar.inc(1),
            None if tenths(done) > tenths(done - 1) => {
                let seconds = self.started.elapsed().as_secs();
                let _ = writeln!(
                    stderr().lock(),
                    "{done} of {} contexts and errands, {seconds} s",
                    self.length
                );
            }
            None => {}
        }
    }

    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(length: usize) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(u64::try_from(length).ok(), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{elapsed} [{bar:30}] {pos}/{len} {wide_msg}") {
        bar.set_style(style);
    }
    bar
}
