//! Acceptors of a farm that share a replay cache on Debian's Redis, as processes of the command.

#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

mod realm;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::realm::Realm;

/// A Redis server of the test's own.
struct Redis {
    port: u16,
    process: Child,
    _directory: TempDir,
}

impl Redis {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let directory = TempDir::new().unwrap();
        let process = Command::new("redis-server")
            .args([
                "--bind",
                "127.0.0.1",
                "--port",
                &port.to_string(),
                "--save",
                "",
                "--dir",
            ])
            .arg(directory.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("Debian's redis-server is installed");
        let server = Self {
            port,
            process,
            _directory: directory,
        };
        let until = Instant::now() + Duration::from_secs(20);
        while !server.answers() {
            assert!(Instant::now() < until, "Redis does not come up");
            std::thread::sleep(Duration::from_millis(10));
        }
        server
    }

    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) else {
            return false;
        };
        let mut answer = [0; 5];
        stream.write_all(b"PING\r\n").is_ok() && stream.read_exact(&mut answer).is_ok() && answer == *b"+PONG"
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The first line that a side says, once it is told this.
fn first_line(realm: &Realm, arguments: &[&str], variables: &[(&str, &str)], input: Option<&Value>) -> Value {
    let mut command = realm.gss();
    command.arg("pipe").args(arguments).envs(variables.iter().copied());
    let mut side = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    if let Some(line) = input {
        writeln!(side.stdin.as_mut().unwrap(), "{line}").unwrap();
    }
    let mut line = String::new();
    BufReader::new(side.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    drop(side.stdin.take());
    side.wait().unwrap();
    serde_json::from_str(&line).unwrap()
}

#[test]
fn q25_of_the_acceptors_of_a_farm_one_takes_each_token() {
    let realm = Realm::new();
    let redis = Redis::start();
    let cache = format!("redis://127.0.0.1:{}/?restarts=keep", redis.port);
    let initiator = ["initiator", "--target", "demo@localhost", "--flags", "conf,integ"];
    for _ in 0..2 {
        let token = first_line(&realm, &initiator, &[], None);
        let accept = || first_line(&realm, &["acceptor"], &[("KRB5RCACHENAME", &cache)], Some(&token));
        let taken = accept();
        assert!(taken["established"].is_object(), "{taken}");
        for _ in 0..2 {
            let replayed = accept()["error"]["message"].to_string();
            assert!(replayed.contains("has presented this authenticator"), "{replayed}");
        }
    }
}
