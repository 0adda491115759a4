//! What is made of a server's answers, with a server that answers as each test tells it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use krb5_replay_redis::{RedisReplayCache, Restarts, register};
use krb5_store::proto::KerberosTime;
use krb5_store::replay::{Acceptance, NameFault, ReplayCache, ReplayError, ReplayTypes, Tag};

const NOW: KerberosTime = KerberosTime(1_700_000_000);
const SKEW: Duration = Duration::from_secs(300);
const A_DAY: &str = "uptime_in_seconds:86400";

/// A server that answers each command as it is told, and gives back what it read.
struct Scripted {
    url: String,
    serving: JoinHandle<Vec<u8>>,
}

impl Scripted {
    /// One connection after the other; each gets its answers after those to the connection's introduction.
    fn new(connections: Vec<Vec<&'static [u8]>>) -> Self {
        Self::running_for(A_DAY, connections)
    }

    /// What the server says of its uptime.
    fn running_for(uptime: &'static str, connections: Vec<Vec<&'static [u8]>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let serving = std::thread::spawn(move || {
            let mut read = Vec::new();
            for answers in connections {
                serve(listener.accept().unwrap().0, uptime, &answers, &mut read);
            }
            read
        });
        Self { url, serving }
    }

    fn cache(&self) -> RedisReplayCache {
        RedisReplayCache::open(&self.url).unwrap()
    }

    fn said(self) -> String {
        String::from_utf8(self.serving.join().unwrap()).unwrap()
    }
}

/// Commands are arrays of bulk strings; each is read whole.
fn serve(mut stream: TcpStream, uptime: &str, answers: &[&[u8]], read: &mut Vec<u8>) {
    let mut answers = answers.iter();
    while let Some(command) = command(&mut stream) {
        if command == b"INFO server" {
            let info = format!("# Server\r\nredis_version:7.0.15\r\n{uptime}\r\n");
            write!(stream, "${}\r\n{info}\r\n", info.len()).unwrap();
            continue;
        }
        if !command.starts_with(b"SET ") {
            stream.write_all(b"+OK\r\n").unwrap();
            continue;
        }
        read.extend_from_slice(&command);
        read.push(b'\n');
        match answers.next() {
            Some(answer) => stream.write_all(answer).unwrap(),
            None => return,
        }
    }
}

fn command(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let count = length(stream)?;
    let mut words = Vec::new();
    for _ in 0..count {
        let mut word = vec![0; length(stream)? + 2];
        stream.read_exact(&mut word).ok()?;
        word.truncate(word.len() - 2);
        words.push(word);
    }
    Some(words.join(&b' '))
}

fn length(stream: &mut TcpStream) -> Option<usize> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        let mut octet = [0];
        stream.read_exact(&mut octet).ok()?;
        line.push(octet[0]);
    }
    std::str::from_utf8(&line[1..]).unwrap().trim().parse().ok()
}

fn store(cache: &dyn ReplayCache, tag: &[u8]) -> Result<(), ReplayError> {
    cache.store(&made_at(tag, NOW, SKEW))
}

/// An authenticator of this time, presented now.
fn made_at(tag: &[u8], time: KerberosTime, skew: Duration) -> Acceptance {
    Acceptance {
        tag: Tag::of(tag),
        time,
        now: NOW,
        skew,
    }
}

fn unavailable(result: Result<(), ReplayError>) -> String {
    match result {
        Err(error @ ReplayError::Unavailable(_)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_authenticator_is_one_atomic_command() {
    let server = Scripted::new(vec![vec![b"+OK\r\n", b"$-1\r\n"]]);
    let cache = server.cache();
    store(&cache, &[0xAB; 20]).unwrap();
    assert!(matches!(store(&cache, b"short"), Err(ReplayError::Replayed)));
    drop(cache);
    assert_eq!(
        server.said(),
        "SET krb5:replay:abababababababababababab 1 NX PX 902000\n\
         SET krb5:replay:73686f727400000000000000 1 NX PX 902000\n"
    );
}

#[test]
fn a_skew_of_any_length_is_a_time_that_redis_takes() {
    for (skew, milliseconds) in [(Duration::ZERO, 2000), (Duration::MAX, 1_u64 << 40)] {
        let server = Scripted::new(vec![vec![b"+OK\r\n"]]);
        let cache = server.cache().within(Duration::MAX).with_restarts(Restarts::Keep);
        cache.store(&made_at(b"tag", NOW, skew)).unwrap();
        drop(cache);
        assert!(server.said().ends_with(&format!(" PX {milliseconds}\n")));
    }
}

#[test]
fn who_asks_for_tls_is_refused_and_never_answered_in_clear_text() {
    for url in ["rediss://:secret@127.0.0.1:6379", "valkeys://:secret@127.0.0.1:6379"] {
        let error = RedisReplayCache::open(url).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
        assert!(register(ReplayTypes::default()).resolve(url).is_err(), "{url}");
    }
}

#[test]
fn nothing_but_ok_is_an_acceptance() {
    let answers: [&[u8]; 7] = [
        b"+QUEUED\r\n",
        b":1\r\n",
        b"$2\r\nOK\r\n",
        b"*1\r\n+OK\r\n",
        b"-READONLY You can't write against a read only replica.\r\n",
        b"-OOM command not allowed\r\n",
        b"nonsense\r\n",
    ];
    for answer in answers {
        let server = Scripted::new(vec![vec![answer]]);
        let message = unavailable(store(&server.cache(), b"tag"));
        assert!(message.contains("Redis at 127.0.0.1:"), "{message}");
    }
}

#[test]
fn a_connection_that_died_while_it_waited_is_made_anew() {
    let server = Scripted::new(vec![vec![b"+OK\r\n"], vec![b"+OK\r\n"]]);
    let cache = server.cache();
    for tag in [b"1", b"2"] {
        store(&cache, tag).unwrap();
    }
    drop(cache);
    assert_eq!(server.said().lines().count(), 3, "the second command is sent twice");
}

#[test]
fn a_key_that_may_be_our_own_is_neither_accepted_nor_called_a_replay() {
    let server = Scripted::new(vec![vec![b"+OK\r\n"], vec![b"$-1\r\n"]]);
    let cache = server.cache();
    store(&cache, b"1").unwrap();
    let message = unavailable(store(&cache, b"2"));
    assert!(message.contains("is not known"), "{message}");
}

#[test]
fn an_answer_that_breaks_off_is_none() {
    let server = Scripted::new(vec![vec![b"+O"]]);
    let cache = server.cache().within(Duration::from_millis(200));
    let message = unavailable(store(&cache, b"tag"));
    assert!(message.contains("did not answer within 200 ms"), "{message}");
}

#[test]
fn a_server_that_is_not_there_is_told_by_name() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let cache = RedisReplayCache::open(&format!("redis://user:secret@{address}/3")).unwrap();
    let message = unavailable(store(&cache, b"tag"));
    assert!(message.contains(&address.to_string()), "{message}");
    assert!(!message.contains("secret") && !format!("{cache:?}").contains("secret"));
}

#[test]
fn a_url_that_is_none_is_refused_without_repeating_it() {
    for url in [
        "",
        "//host",
        "http://user:secret@host/",
        "redis://user:secret@host:port/",
        "redis://h/secret",
    ] {
        let error = RedisReplayCache::open(url).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }
}

#[test]
fn registered_names_lead_to_the_server() {
    let server = Scripted::new(vec![vec![b"+OK\r\n"]]);
    let types = register(ReplayTypes::default());
    let cache = types.resolve(&server.url).unwrap();
    store(cache.as_ref(), b"tag").unwrap();
    drop(cache);
    assert!(server.said().starts_with("SET krb5:replay:"));
    assert!(types.resolve("redis+unix:///run/redis.sock").is_ok());
    let Err(ReplayError::Name(fault @ NameFault::Rest { .. })) = types.resolve("redis://user:secret@host:port/") else {
        panic!("resolved");
    };
    assert!(!format!("{fault} {fault:?}").contains("secret"), "{fault:?}");
}

#[test]
fn what_may_have_been_accepted_before_the_server_started_is_refused_without_asking() {
    let server = Scripted::running_for("uptime_in_seconds:100", vec![vec![b"+OK\r\n"]]);
    let cache = server.cache();
    // Before it started, an acceptor that is 300 s ahead can have taken one of 500 s from now.
    for seconds in [-300, 0, 300, 500] {
        let old = made_at(b"old", NOW.offset(seconds), SKEW);
        let message = unavailable(cache.store(&old));
        assert!(message.contains("was started 100 s ago"), "{message}");
        assert!(message.contains("new ones are accepted in 50"), "{message}");
    }
    cache.store(&made_at(b"new", NOW.offset(503), SKEW)).unwrap();
    drop(cache);
    assert_eq!(server.said().lines().count(), 1);
}

#[test]
fn an_old_authenticator_is_refused_by_a_server_that_takes_new_ones() {
    let server = Scripted::running_for("uptime_in_seconds:700", vec![vec![b"+OK\r\n"]]);
    let cache = server.cache();
    let message = unavailable(cache.store(&made_at(b"old", NOW.offset(-300), SKEW)));
    assert!(message.contains("this one is that old"), "{message}");
    store(&cache, b"new").unwrap();
}

#[test]
fn a_server_that_does_not_tell_its_uptime_is_not_trusted() {
    for uptime in [
        "",
        "uptime_in_seconds:",
        "uptime_in_seconds:-5",
        "uptime_in_seconds:now",
    ] {
        let server = Scripted::running_for(uptime, vec![vec![]]);
        let message = unavailable(store(&server.cache(), b"tag"));
        assert!(message.contains("uptime"), "{message}");
    }
}

#[test]
fn a_server_that_forgets_nothing_is_not_asked_for_its_uptime() {
    for query in ["?restarts=keep", "?protocol=resp2&restarts=keep"] {
        let server = Scripted::running_for("", vec![vec![b"+OK\r\n"]]);
        let cache = RedisReplayCache::open(&format!("{}/{query}", server.url)).unwrap();
        store(&cache, b"tag").unwrap();
    }
    let error = RedisReplayCache::open("redis://localhost/?restarts=maybe").unwrap_err();
    assert!(error.to_string().contains("restarts=maybe"), "{error}");
}
