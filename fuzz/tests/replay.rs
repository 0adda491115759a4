//! Every committed input, and every truncation and some bit flips of it, through its target.

use std::fs;
use std::path::{Path, PathBuf};

use gss_fuzz::TARGETS;

/// Inputs longer than this are replayed whole, without their mutants.
const MUTATED: usize = 600;

fn corpus(name: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let entries = fs::read_dir(&folder).expect("each target has a folder of inputs");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    paths
}

#[test]
fn every_target_replays_its_corpus() {
    for target in TARGETS {
        let paths = corpus(target.name);
        assert!(!paths.is_empty(), "{} has no corpus", target.name);
        for path in paths {
            let input = fs::read(&path).expect("a readable input");
            // A panic names the test only; this names the input.
            println!("{}", path.display());
            (target.run)(&input);
        }
    }
}

#[test]
fn every_target_survives_truncated_and_flipped_inputs() {
    for target in TARGETS {
        for path in corpus(target.name) {
            let mut input = fs::read(&path).expect("a readable input");
            if input.len() > MUTATED {
                continue;
            }
            println!("{}", path.display());
            for length in 0..input.len() {
                (target.run)(&input[..length]);
            }
            for index in 0..input.len() {
                input[index] ^= 1 << (index % 8);
                (target.run)(&input);
                input[index] ^= 1 << (index % 8);
            }
        }
    }
}

#[test]
fn every_target_has_a_program_and_the_reverse() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz_targets");
    let stem = |path: PathBuf| path.file_stem().expect("a name").to_string_lossy().into_owned();
    let entries = fs::read_dir(folder).expect("the folder of programs");
    let mut programs: Vec<String> = entries.map(|entry| stem(entry.expect("an entry").path())).collect();
    programs.sort();
    let mut targets: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    targets.sort_unstable();
    assert_eq!(programs, targets);
}
