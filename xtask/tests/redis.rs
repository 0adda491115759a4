//! A farm of acceptors on Debian's Redis: races, and the server killed, stopped and restarted under them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

#[allow(dead_code, reason = "crashes are not for a server")]
#[path = "../src/replay/contestant.rs"]
mod contestant;

use contestant::{Contestant, Program, Tag, Verdict, one_winner};

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

/// What the server keeps over its death.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keeps {
    Everything,
    Nothing,
}

/// A Redis server of a test's own.
struct Redis {
    directory: TempDir,
    port: u16,
    keeps: Keeps,
    arguments: Vec<String>,
    process: Child,
}

impl Redis {
    fn start(keeps: Keeps) -> Self {
        Self::with(keeps, &[])
    }

    fn with(keeps: Keeps, arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let process = launch(directory.path(), port, keeps, &arguments);
        let server = Self {
            directory,
            port,
            keeps,
            arguments,
            process,
        };
        server.await_ready();
        server
    }

    /// For acceptors that are told that it forgets nothing: it does when it is killed, but no test that is about
    /// something else waits for a server to come of age.
    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/?restarts=keep", self.port)
    }

    /// For acceptors that are not.
    fn plain_url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.process.id().try_into().unwrap()), signal).unwrap();
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn restart(&mut self) {
        self.process = launch(self.directory.path(), self.port, self.keeps, &self.arguments);
        self.await_ready();
    }

    fn await_ready(&self) {
        let until = Instant::now() + Duration::from_secs(20);
        while !matches!(
            self.said("PING").as_deref(),
            Some("+PONG" | "-NOAUTH Authentication required.")
        ) {
            assert!(Instant::now() < until, "Redis does not come up");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The first line of the answer to a command.
    fn said(&self, command: &str) -> Option<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        stream.write_all(format!("{command}\r\n").as_bytes()).ok()?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).ok()?;
        Some(line.trim_end().to_owned())
    }

    fn acceptors(&self, count: usize) -> Vec<Contestant> {
        let program = Program::ours(Path::new(XTASK), &self.url());
        (0..count).map(|_| program.start().unwrap()).collect()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn launch(directory: &Path, port: u16, keeps: Keeps, arguments: &[String]) -> Child {
    let append = if keeps == Keeps::Everything { "yes" } else { "no" };
    Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
        .args(["--save", "", "--appendonly", append, "--appendfsync", "always"])
        .args(arguments)
        .arg("--dir")
        .arg(directory)
        .stdout(Stdio::null())
        .spawn()
        .expect("Debian's redis-server is installed")
}

/// What all of them say of one tag.
fn present(acceptors: &mut [Contestant], tag: Tag) -> Vec<Verdict> {
    for acceptor in &mut *acceptors {
        acceptor.present(tag).unwrap();
    }
    acceptors
        .iter_mut()
        .map(|acceptor| acceptor.verdict().unwrap())
        .collect()
}

fn stored(verdicts: &[Verdict]) -> usize {
    verdicts.iter().filter(|verdict| **verdict == Verdict::Stored).count()
}

fn failed(verdicts: &[Verdict]) -> usize {
    verdicts
        .iter()
        .filter(|verdict| matches!(verdict, Verdict::Failed(_)))
        .count()
}

#[test]
fn f4_of_four_processes_with_one_tag_exactly_one_wins() {
    let redis = Redis::start(Keeps::Nothing);
    let mut acceptors = redis.acceptors(4);
    for tag in Tag::series().take(500) {
        one_winner(&present(&mut acceptors, tag)).unwrap();
    }
    let mut newcomers = redis.acceptors(4);
    let tag = Tag::series().next().unwrap();
    one_winner(&present(&mut newcomers, tag)).unwrap();
    assert_eq!(stored(&present(&mut acceptors, tag)), 0);
}

#[test]
fn a_server_that_is_killed_and_restarted_with_its_data_lets_nothing_pass_twice() {
    let mut redis = Redis::start(Keeps::Everything);
    let mut acceptors = redis.acceptors(4);
    let mut outcomes: Vec<(Tag, Vec<Verdict>)> = Vec::new();
    for (round, tag) in Tag::series().take(200).enumerate() {
        match round % 50 {
            // In the middle of a race for a tag.
            20 => {
                for acceptor in &mut acceptors {
                    acceptor.present(tag).unwrap();
                }
                redis.kill();
                let verdicts = acceptors.iter_mut().map(|acceptor| acceptor.verdict().unwrap());
                outcomes.push((tag, verdicts.collect()));
                continue;
            }
            25 => redis.restart(),
            _ => {}
        }
        outcomes.push((tag, present(&mut acceptors, tag)));
    }
    for (round, (tag, before)) in outcomes.iter().enumerate() {
        match round % 50 {
            20 => assert!(stored(before) <= 1, "{before:?}"),
            21..25 => assert_eq!(failed(before), 4, "without a server nothing is known: {before:?}"),
            // The connections that waited are dead: whoever finds the tag on a new one cannot know whose it is.
            25 => assert_eq!(stored(before), 1, "{before:?}"),
            _ => one_winner(before).unwrap(),
        }
        let after = present(&mut acceptors, *tag);
        assert!(stored(before) + stored(&after) <= 1, "{before:?} {after:?}");
        assert_eq!(failed(&after), 0, "{after:?}");
        assert_eq!(stored(&present(&mut acceptors, *tag)), 0);
    }
}

#[test]
fn a_server_that_is_stopped_refuses_within_the_deadline_and_serves_again_when_it_goes_on() {
    let redis = Redis::start(Keeps::Nothing);
    let (mut waiting, mut new) = (redis.acceptors(2), redis.acceptors(2));
    let mut tags = Tag::series();
    one_winner(&present(&mut waiting, tags.next().unwrap())).unwrap();
    let tag = tags.next().unwrap();
    redis.signal(Signal::SIGSTOP);
    for acceptors in [&mut waiting, &mut new] {
        let begun = Instant::now();
        let verdicts = present(acceptors, tag);
        let took = begun.elapsed();
        assert_eq!(failed(&verdicts), 2, "{verdicts:?}");
        assert!(took < Duration::from_secs(4), "{took:?}");
        assert!(
            format!("{verdicts:?}").contains("did not answer within 2000 ms"),
            "{verdicts:?}"
        );
    }
    redis.signal(Signal::SIGCONT);
    let after = [present(&mut waiting, tag), present(&mut new, tag)].concat();
    assert!(stored(&after) <= 1, "{after:?}");
    for acceptors in [&mut waiting, &mut new] {
        assert_eq!(stored(&present(acceptors, tag)), 0);
        one_winner(&present(acceptors, tags.next().unwrap())).unwrap();
    }
}

#[test]
fn a_stopped_server_that_wants_a_password_is_left_within_the_deadline() {
    let redis = Redis::with(Keeps::Nothing, &["--requirepass", "open-sesame"]);
    let url = format!("redis://default:open-sesame@127.0.0.1:{}/2?restarts=keep", redis.port);
    let mut acceptor = Program::ours(Path::new(XTASK), &url).start().unwrap();
    let mut tags = Tag::series();
    redis.signal(Signal::SIGSTOP);
    let begun = Instant::now();
    assert_eq!(failed(&[acceptor.ask(tags.next().unwrap()).unwrap()]), 1);
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    redis.signal(Signal::SIGCONT);
    assert_eq!(acceptor.ask(tags.next().unwrap()).unwrap(), Verdict::Stored);
}

#[test]
fn a_server_that_comes_back_without_its_data_lets_nothing_of_before_pass() {
    let mut redis = Redis::start(Keeps::Nothing);
    // Restarted servers are distrusted for 2 s of skew, twice, and 2 s.
    let url = redis.plain_url();
    let start = || {
        let mut command = Command::new(XTASK);
        command.args(["replay", "store", &url, "--skew", "2"]);
        Contestant::of(command).unwrap()
    };
    let mut acceptors = [start(), start()];
    let mut tags = Tag::series();
    await_acceptance(&mut acceptors[0], &mut tags);
    let tag = tags.next().unwrap();
    let begun = Instant::now();
    one_winner(&present(&mut acceptors, tag)).unwrap();
    redis.kill();
    redis.restart();
    let restarted = Instant::now();
    // For as long as the authenticator is good, to acceptors that wait and to new ones.
    while begun.elapsed() < Duration::from_secs(4) {
        let age = begun.elapsed().as_secs();
        for acceptor in acceptors.iter_mut().chain([&mut start()]) {
            acceptor.send(&format!("{} {age}\n", tag.line().trim_end())).unwrap();
            let verdict = acceptor.verdict().unwrap();
            let Verdict::Failed(text) = verdict else {
                panic!("{verdict:?} after {age} s");
            };
            assert!(text.contains("may have forgotten"), "{text}");
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    await_acceptance(&mut acceptors[1], &mut tags);
    assert!(
        restarted.elapsed() > Duration::from_secs(5),
        "{:?}",
        restarted.elapsed()
    );
    one_winner(&present(&mut acceptors, tags.next().unwrap())).unwrap();
}

/// Presents new tags until one is accepted.
fn await_acceptance(acceptor: &mut Contestant, tags: &mut impl Iterator<Item = Tag>) {
    let until = Instant::now() + Duration::from_secs(30);
    while acceptor.ask(tags.next().unwrap()).unwrap() != Verdict::Stored {
        assert!(Instant::now() < until, "nothing is accepted any more");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_server_that_is_told_to_forget_nothing_and_does_is_the_administrators_fault() {
    let mut redis = Redis::start(Keeps::Nothing);
    let mut acceptors = redis.acceptors(1);
    let tag = Tag::series().next().unwrap();
    assert_eq!(present(&mut acceptors, tag), [Verdict::Stored]);
    redis.kill();
    redis.restart();
    assert_eq!(present(&mut acceptors, tag), [Verdict::Stored]);
    assert_eq!(present(&mut acceptors, tag), [Verdict::Replayed]);
}

#[test]
fn a_server_that_has_just_started_is_distrusted_even_if_it_never_knew_anything() {
    let redis = Redis::start(Keeps::Everything);
    let mut acceptor = Program::ours(Path::new(XTASK), &redis.plain_url()).start().unwrap();
    let Verdict::Failed(text) = acceptor.ask(Tag::series().next().unwrap()).unwrap() else {
        panic!("accepted");
    };
    assert!(
        text.contains("restarts=keep") && text.contains("new ones are accepted in"),
        "{text}"
    );
}

#[test]
fn a_user_with_the_least_rights_suffices() {
    // As docs/replay.md has it.
    let acl = "acceptor on >open-sesame resetkeys ~krb5:replay:* resetchannels -@all +set +info +select";
    let arguments: Vec<&str> = ["--user"].into_iter().chain(acl.split(' ')).collect();
    let redis = Redis::with(Keeps::Nothing, &arguments);
    for (query, accepted) in [("?restarts=keep", true), ("", false)] {
        let url = format!("redis://acceptor:open-sesame@127.0.0.1:{}/2{query}", redis.port);
        let mut acceptor = Program::ours(Path::new(XTASK), &url).start().unwrap();
        let verdict = acceptor.ask(Tag::series().next().unwrap()).unwrap();
        match verdict {
            Verdict::Failed(text) => assert!(!accepted && text.contains("was started"), "{text}"),
            other => assert!(accepted, "{other:?}"),
        }
    }
}

#[test]
fn a_tag_is_kept_for_three_skews() {
    let redis = Redis::start(Keeps::Nothing);
    let mut acceptors = redis.acceptors(1);
    let tag = Tag::series().next().unwrap();
    assert_eq!(present(&mut acceptors, tag), [Verdict::Stored]);
    let said = redis.said(&format!("PTTL krb5:replay:{}", tag.line().trim())).unwrap();
    let milliseconds: u64 = said.strip_prefix(':').unwrap().parse().unwrap();
    assert!((880_000..=902_000).contains(&milliseconds), "{said}");
}

#[test]
fn a_password_is_given_and_never_told() {
    let redis = Redis::with(Keeps::Nothing, &["--requirepass", "open-sesame"]);
    let ask = |url: String| {
        let mut acceptor = Program::ours(Path::new(XTASK), &url).start().unwrap();
        acceptor.ask(Tag::series().next().unwrap()).unwrap()
    };
    assert_eq!(
        ask(format!("redis://:open-sesame@127.0.0.1:{}/2?restarts=keep", redis.port)),
        Verdict::Stored
    );
    let Verdict::Failed(text) = ask(format!("redis://:wrong-word@127.0.0.1:{}", redis.port)) else {
        panic!("accepted");
    };
    assert!(!text.contains("wrong-word"), "{text}");
    let Verdict::Failed(_) = ask(redis.url()) else {
        panic!("accepted");
    };
}

#[test]
fn a_server_that_is_full_or_read_only_accepts_nothing() {
    let redis = Redis::with(
        Keeps::Nothing,
        &["--maxmemory", "1", "--maxmemory-policy", "noeviction"],
    );
    let mut acceptors = redis.acceptors(1);
    assert_eq!(failed(&present(&mut acceptors, Tag::series().next().unwrap())), 1);
    let replica = Redis::with(Keeps::Nothing, &["--replicaof", "127.0.0.1", "1"]);
    let mut acceptors = replica.acceptors(1);
    assert_eq!(failed(&present(&mut acceptors, Tag::series().next().unwrap())), 1);
}
