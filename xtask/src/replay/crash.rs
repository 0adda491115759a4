//! Processes that are killed while they store.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::Field;
use super::contestant::{Contestant, Tag, Verdict};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    field: Field,
    /// How often they are killed
    #[arg(long, default_value_t = 1000)]
    rounds: u32,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let begun = Instant::now();
    let (mut found, mut interrupted) = (0, 0);
    for round in 0..args.rounds {
        // From before the first tag to well within the file.
        let moment = Duration::from_micros(u64::from(round % 50) * 97);
        let killed = kill_at(args, moment)?;
        for presented in &killed {
            let survivor = &mut super::open(&args.field.cache)?;
            for (tag, verdict) in presented {
                let again = || super::store::store(survivor.as_ref(), tag.octets(), Duration::from_secs(300));
                let first = again()?;
                match verdict {
                    Some(Verdict::Stored) => ensure!(first.is_err(), "round {round}: accepted twice"),
                    Some(other) => ensure!(false, "round {round}: {other:?} for a new tag"),
                    None => interrupted += 1,
                }
                ensure!(again()?.is_err(), "round {round}: the file forgets");
                found += 1;
            }
        }
    }
    println!(
        "{} times killed, {found} tags found again, {interrupted} of them unanswered when it happened, {:.1} s",
        args.rounds,
        begun.elapsed().as_secs_f64()
    );
    Ok(ExitCode::SUCCESS)
}

/// Tags in their order, and what was said of each.
type Presented = Vec<(Tag, Option<Verdict>)>;

/// What each process was given and had answered when all were killed. Tags behind the first unanswered one
/// are left out: they were not begun.
fn kill_at(args: &Args, moment: Duration) -> Result<Vec<Presented>> {
    let programs = args.field.programs()?;
    let mut running = programs
        .iter()
        .map(super::Program::start)
        .collect::<Result<Vec<Contestant>>>()?;
    let tags: Vec<Vec<Tag>> = running.iter().map(|_| Tag::series().take(BATCH).collect()).collect();
    // They are up once they have answered.
    for (contestant, tags) in running.iter_mut().zip(&tags) {
        let verdict = contestant.ask(first(tags))?;
        ensure!(verdict == Verdict::Stored, "{verdict:?}");
    }
    for (contestant, tags) in running.iter_mut().zip(&tags) {
        for tag in tags.iter().skip(1) {
            contestant.present(*tag)?;
        }
    }
    std::thread::sleep(moment);
    let ended = running.into_iter().zip(tags).map(|(contestant, tags)| {
        let mut verdicts: Vec<_> = contestant.kill()?.into_iter().map(Some).collect();
        verdicts.insert(0, Some(Verdict::Stored));
        verdicts.push(None);
        Ok(tags.into_iter().zip(verdicts).collect())
    });
    ended.collect()
}

fn first(tags: &[Tag]) -> Tag {
    tags.first().copied().expect("a batch has tags")
}

/// More than are stored before the last moment.
const BATCH: usize = 400;
