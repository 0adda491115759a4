//! Replay cache files under races, crashes and faults, with real processes of ours and of MIT's.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Barrier, OnceLock};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use krb5_store::proto::KerberosTime;
use krb5_store::replay::{self, Acceptance, FileReplayCache, ReplayCache as _, ReplayError};
use nix::sys::stat::Mode;
use nix::unistd::{Uid, mkfifo};
use tempfile::TempDir;

#[allow(dead_code, reason = "the task kills, not the tests")]
#[path = "../src/replay/contestant.rs"]
mod contestant;

use contestant::{Contestant, Program, Tag, Verdict, one_winner};

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("rcache")
    }

    fn name(&self) -> String {
        format!("file2:{}", self.path().display())
    }

    /// Runs a task on the cache; what it prints.
    fn task(&self, task: &str, arguments: &[&str]) -> String {
        task_on(&self.name(), task, arguments).unwrap()
    }
}

fn task_on(cache: &str, task: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(XTASK)
        .args(["replay", task, cache])
        .args(arguments)
        .output()
        .unwrap();
    let said = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    if output.status.success() {
        Ok(said(&output.stdout))
    } else {
        Err(said(&output.stderr))
    }
}

/// MIT's cache behind the same lines, built once.
fn mit() -> &'static Path {
    static BUILT: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, program) = BUILT.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("store");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/replay/store.c");
        let library = Command::new("pkg-config")
            .args(["--cflags", "--libs", "mit-krb5"])
            .output()
            .expect("pkg-config is installed");
        assert!(library.status.success(), "Debian's krb5-multidev is installed");
        let library = String::from_utf8(library.stdout).unwrap();
        let built = Command::new("cc")
            .args(["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror"])
            .arg(source)
            .args(library.split_whitespace())
            .arg("-o")
            .arg(&program)
            .status()
            .expect("a C compiler is installed");
        assert!(built.success());
        (directory, program)
    });
    program
}

fn ours(cache: &str) -> Contestant {
    Program::ours(Path::new(XTASK), cache).start().unwrap()
}

fn theirs(cache: &str) -> Contestant {
    Program::rival(mit(), cache).start().unwrap()
}

/// The text of a failure.
fn failure(verdict: Verdict) -> String {
    match verdict {
        Verdict::Failed(text) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn l6_of_eight_processes_with_one_tag_exactly_one_wins() {
    let said = Place::new().task("race", &["--processes", "8", "--rounds", "20"]);
    assert!(said.starts_with("20 rounds, 8 processes, one winner each"), "{said}");
}

#[test]
fn l6_of_eight_processes_of_ours_and_mits_exactly_one_wins() {
    let rival = mit().to_str().unwrap();
    let said = Place::new().task("race", &["--processes", "8", "--rounds", "20", "--rival", rival]);
    assert!(said.starts_with("20 rounds, 8 processes, one winner each"), "{said}");
}

#[test]
fn l6_tags_that_nobody_had_are_no_replays() {
    let rival = mit().to_str().unwrap();
    for arguments in [&[][..], &["--rival", rival]] {
        let all = [&["--processes", "8", "--tags", "500"], arguments].concat();
        let said = Place::new().task("unique", &all);
        assert!(said.starts_with("4000 tags by 8 processes, each stored once"), "{said}");
    }
}

#[test]
fn l9_of_eight_threads_and_eight_other_processes_exactly_one_wins() {
    let place = Place::new();
    let cache = FileReplayCache::new(place.path());
    let mut others: Vec<Contestant> = (0..4)
        .flat_map(|_| [ours(&place.name()), theirs(&place.name())])
        .collect();
    for tag in Tag::series().take(50) {
        let barrier = Barrier::new(9);
        let threads: usize = thread::scope(|scope| {
            let contender = || {
                barrier.wait();
                usize::from(store(&cache, tag))
            };
            let running: Vec<_> = (0..8).map(|_| scope.spawn(contender)).collect();
            barrier.wait();
            for other in &mut others {
                other.present(tag).unwrap();
            }
            running.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        let verdicts = others.iter_mut().map(|other| other.verdict().unwrap());
        let processes = verdicts
            .filter(|verdict| match verdict {
                Verdict::Failed(text) => panic!("{text}"),
                other => *other == Verdict::Stored,
            })
            .count();
        assert_eq!(threads + processes, 1);
    }
}

/// Whether this process stores it, now.
fn store(cache: &FileReplayCache, tag: Tag) -> bool {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let now = KerberosTime(since_1970.try_into().unwrap());
    let stored = cache.store(&Acceptance {
        tag: replay::Tag::of(&tag.octets()),
        time: now,
        now,
        skew: Duration::from_secs(300),
    });
    match stored {
        Ok(()) => true,
        Err(ReplayError::Replayed) => false,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_cache_that_accepts_everything_loses_the_race() {
    let error = task_on("none:", "race", &["--processes", "8", "--rounds", "1"]).unwrap_err();
    assert!(error.contains("8 of 8 processes stored the tag"), "{error}");
    let error = task_on("none:", "crash", &["--processes", "1", "--rounds", "1"]).unwrap_err();
    assert!(error.contains("accepted twice"), "{error}");
}

#[test]
fn l7_what_was_stored_before_a_kill_is_found_after_it() {
    let rival = mit().to_str().unwrap();
    for arguments in [&["--rounds", "50"][..], &["--rounds", "25", "--rival", rival]] {
        let said = Place::new().task("crash", &[&["--processes", "2"], arguments].concat());
        assert!(said.contains(" times killed, "), "{said}");
    }
}

#[test]
fn i68_what_one_implementation_stored_is_a_replay_to_the_other() {
    let place = Place::new();
    let (mut ours, mut theirs) = (ours(&place.name()), theirs(&place.name()));
    for (number, tag) in Tag::series().take(2000).enumerate() {
        let (first, second) = if number % 2 == 0 {
            (&mut ours, &mut theirs)
        } else {
            (&mut theirs, &mut ours)
        };
        let verdicts = [first.ask(tag).unwrap(), second.ask(tag).unwrap()];
        assert_eq!(verdicts, [Verdict::Stored, Verdict::Replayed], "{number}");
    }
}

#[test]
fn i68_a_restart_forgets_nothing() {
    let place = Place::new();
    let tags: Vec<Tag> = Tag::series().take(20).collect();
    for tag in &tags {
        assert_eq!(ours(&place.name()).ask(*tag).unwrap(), Verdict::Stored);
        let verdicts = [ours(&place.name()), theirs(&place.name())].map(|mut process| process.ask(*tag).unwrap());
        assert_eq!(verdicts, [Verdict::Replayed, Verdict::Replayed]);
    }
}

#[test]
fn l8_a_file_that_was_cut_off_serves_both_implementations() {
    let place = Place::new();
    let (mut ours, mut theirs) = (ours(&place.name()), theirs(&place.name()));
    let tags: Vec<Tag> = Tag::series().take(8).collect();
    for tag in &tags {
        assert_eq!(ours.ask(*tag).unwrap(), Verdict::Stored);
    }
    let whole = fs::read(place.path()).unwrap();
    let ends = tags.iter().map(|tag| {
        let octets = tag.octets();
        whole.windows(12).position(|window| window == octets).unwrap() + 16
    });
    for len in ends
        .flat_map(|end| [end - 17, end - 16, end - 8, end - 1, end])
        .chain([0, 1, 15, 16, 17])
    {
        for tag in &tags {
            fs::write(place.path(), &whole[..len]).unwrap();
            // Either may find it or store it; then both find it.
            let _ = ours.ask(*tag).unwrap();
            let verdicts = [ours.ask(*tag).unwrap(), theirs.ask(*tag).unwrap()];
            assert_eq!(verdicts, [Verdict::Replayed, Verdict::Replayed], "cut at {len}");
        }
    }
}

#[test]
fn q25_one_tag_presented_to_both_at_once_passes_once_while_the_file_is_new() {
    for tag in Tag::series().take(40) {
        let place = Place::new();
        let mut processes = [
            ours(&place.name()),
            theirs(&place.name()),
            ours(&place.name()),
            theirs(&place.name()),
        ];
        for process in &mut processes {
            process.present(tag).unwrap();
        }
        let verdicts = processes.map(|mut process| process.verdict().unwrap());
        one_winner(&verdicts).unwrap();
    }
}

#[test]
fn l22_where_the_file_may_not_grow_nothing_is_stored() {
    let place = Place::new();
    let script = format!("trap '' XFSZ; ulimit -f 0; exec {XTASK} replay store {}", place.name());
    let mut command = Command::new("sh");
    command.args(["-c", &script]);
    let mut limited = Contestant::of(command).unwrap();
    let tag = Tag::series().next().unwrap();
    for _ in 0..2 {
        let text = failure(limited.ask(tag).unwrap());
        assert!(text.contains(place.path().to_str().unwrap()), "{text}");
    }
    assert_eq!(ours(&place.name()).ask(tag).unwrap(), Verdict::Stored);
}

#[test]
fn l22_where_the_directory_may_not_be_written_to_nothing_is_stored() {
    let place = Place::new();
    let directory = place.0.path();
    let mut command = Command::new(XTASK);
    if Uid::effective().is_root() {
        // Root may write anywhere, and who it becomes may not look everywhere.
        let copy = directory.join("xtask");
        // By a process of its own: one that another test starts meanwhile would inherit the open copy, and nothing runs
        // a program that somebody has open for writing.
        assert!(Command::new("cp").arg(XTASK).arg(&copy).status().unwrap().success());
        command = Command::new("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(copy);
        fs::set_permissions(directory, Permissions::from_mode(0o755)).unwrap();
    } else {
        fs::set_permissions(directory, Permissions::from_mode(0o555)).unwrap();
    }
    command.args(["replay", "store", &place.name()]);
    let text = failure(
        Contestant::of(command)
            .unwrap()
            .ask(Tag::series().next().unwrap())
            .unwrap(),
    );
    assert!(
        text.contains(place.path().to_str().unwrap()) && text.contains("Permission denied"),
        "{text}"
    );
    assert!(!place.path().exists());
}

#[test]
fn l22_what_is_no_file_of_our_own_is_refused_by_name() {
    let make: [fn(&Path); 4] = [
        |path| mkfifo(path, Mode::S_IRWXU).unwrap(),
        |path| symlink("/dev/null", path).unwrap(),
        |path| {
            fs::write(path, b"").unwrap();
            fs::set_permissions(path, Permissions::from_mode(0o606)).unwrap();
        },
        |path| {
            // Root can give a file away; others cannot open one of root's.
            if Uid::effective().is_root() {
                fs::write(path, b"").unwrap();
                chown(path, Some(65_534), None).unwrap();
            } else {
                symlink("/etc/passwd", path).unwrap();
            }
        },
    ];
    for make in make {
        let place = Place::new();
        make(&place.path());
        let text = failure(ours(&place.name()).ask(Tag::series().next().unwrap()).unwrap());
        assert!(text.contains(place.path().to_str().unwrap()), "{text}");
    }
}
