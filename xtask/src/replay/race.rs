//! Many processes at once.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use super::Field;
use super::contestant::{Contestant, Tag, Verdict, one_winner};

#[derive(clap::Args)]
pub(crate) struct Race {
    #[command(flatten)]
    field: Field,
    /// How many tags are raced for
    #[arg(long, default_value_t = 1000)]
    rounds: usize,
}

#[derive(clap::Args)]
pub(crate) struct Unique {
    #[command(flatten)]
    field: Field,
    /// How many tags each process stores
    #[arg(long, default_value_t = 10_000)]
    tags: usize,
}

pub(crate) fn race(args: &Race) -> Result<ExitCode> {
    let mut contestants = start(&args.field)?;
    let mut wins = vec![0; contestants.len()];
    let begun = Instant::now();
    for (round, tag) in Tag::series().take(args.rounds).enumerate() {
        for contestant in &mut contestants {
            contestant.present(tag)?;
        }
        let verdicts = contestants
            .iter_mut()
            .map(Contestant::verdict)
            .collect::<Result<Vec<_>>>()?;
        one_winner(&verdicts).with_context(|| format!("round {round}"))?;
        for (wins, verdict) in wins.iter_mut().zip(&verdicts) {
            *wins += usize::from(*verdict == Verdict::Stored);
        }
    }
    println!(
        "{} rounds, {} processes, one winner each ({} of them won at least once), {:.1} s",
        args.rounds,
        contestants.len(),
        wins.iter().filter(|wins| **wins > 0).count(),
        begun.elapsed().as_secs_f64()
    );
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn unique(args: &Unique) -> Result<ExitCode> {
    let mut contestants = start(&args.field)?;
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let threads: Vec<_> = contestants
            .iter_mut()
            .map(|contestant| scope.spawn(move || at_full_speed(contestant, args.tags)))
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })?;
    let (all, seconds) = (args.tags * contestants.len(), begun.elapsed().as_secs_f64());
    println!(
        "{all} tags by {} processes, each stored once, {seconds:.1} s, {:.0} a second",
        contestants.len(),
        all as f64 / seconds
    );
    Ok(ExitCode::SUCCESS)
}

/// Stores new tags, a window of them on the way, then presents the last ones again.
fn at_full_speed(contestant: &mut Contestant, tags: usize) -> Result<()> {
    let mut last = Vec::new();
    let mut outstanding = 0_usize;
    for tag in Tag::series().take(tags) {
        contestant.present(tag)?;
        outstanding += 1;
        if outstanding == WINDOW {
            stored(contestant)?;
            outstanding -= 1;
        }
        if last.len() < WINDOW {
            last.push(tag);
        }
    }
    (0..outstanding).try_for_each(|_| stored(contestant))?;
    for tag in last {
        let verdict = contestant.ask(tag)?;
        ensure!(verdict == Verdict::Replayed, "a tag that was stored: {verdict:?}");
    }
    Ok(())
}

fn stored(contestant: &mut Contestant) -> Result<()> {
    let verdict = contestant.verdict()?;
    ensure!(verdict == Verdict::Stored, "a tag that nobody had: {verdict:?}");
    Ok(())
}

fn start(field: &Field) -> Result<Vec<Contestant>> {
    field.programs()?.iter().map(super::Program::start).collect()
}

/// How many tags a process has before it at most.
const WINDOW: usize = 100;
