//! What only futures do: they share a thread, and they can be dropped.

use std::future::Future;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use krb5_net::{Destination, Error, Failure, LookupError, Record, RecordKind, Resolver};
use tokio::runtime::Builder;

use crate::support::{PREAUTH_REQUIRED, REQUEST, answer, client, failures, send, udp};

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

fn to() -> Destination {
    Destination::kdc("TEST")
}

#[test]
fn many_requests_at_once_share_a_thread_and_a_client() {
    let kdc = udp(|_, socket, peer| send(socket, &answer(PREAUTH_REQUIRED), peer));
    let client = client(&[kdc], "20s");
    let replies = run(async {
        let requests = (0..200).map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.exchange_async(&to(), REQUEST).await })
        });
        let mut replies = Vec::new();
        for request in requests.collect::<Vec<_>>() {
            replies.push(request.await.expect("it does not panic"));
        }
        replies
    });
    assert_eq!(replies.len(), 200);
    for reply in replies {
        assert_eq!(reply.expect("a reply").octets, answer(PREAUTH_REQUIRED));
    }
}

#[test]
fn a_dropped_exchange_closes_its_connection() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let kdc = format!("tcp/{}", listener.local_addr().expect("an address"));
    let (asked, hear) = mpsc::channel();
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut request = vec![0; 4 + REQUEST.len()];
        stream.read_exact(&mut request).expect("a request");
        asked.send(()).expect("the test waits");
        stream.read(&mut [0]).expect("the end of the connection")
    });
    let client = client(&[kdc], "20s");
    run(async {
        let exchange = tokio::spawn(async move { client.exchange_async(&to(), REQUEST).await });
        while hear.try_recv().is_err() {
            tokio::task::yield_now().await;
        }
        exchange.abort();
        assert!(exchange.await.expect_err("it was aborted").is_cancelled());
        assert_eq!(
            served.join().expect("it does not panic"),
            0,
            "the connection was closed"
        );
    });
}

/// A resolver that never answers in time.
#[derive(Debug)]
struct Slow;

impl Resolver for Slow {
    fn addresses(&self, _host: &str, deadline: Instant) -> io::Result<Vec<IpAddr>> {
        self.wait(deadline);
        Err(io::ErrorKind::TimedOut.into())
    }

    fn records(&self, _name: &str, _kind: RecordKind, deadline: Instant) -> Result<Vec<Record>, LookupError> {
        self.wait(deadline);
        Err(LookupError::TimedOut)
    }

    fn canonical(&self, _host: &str, _deadline: Instant) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn reverse(&self, _address: IpAddr, _deadline: Instant) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }
}

impl Slow {
    fn wait(&self, deadline: Instant) {
        thread::sleep((deadline + Duration::from_millis(500)).saturating_duration_since(Instant::now()));
    }
}

#[test]
fn q21_a_resolver_that_hangs_holds_nothing_up_past_the_deadline() {
    let client = client(&["slow.example".to_owned()], "1").with_resolver(Arc::new(Slow));
    let began = Instant::now();
    let failures = failures(run(client.exchange_async(&to(), REQUEST)));
    assert!(matches!(failures[0], Failure::NoAddress(_)), "{failures:?}");
    assert!(matches!(
        run(client.realm_of_host_async("example.org")),
        Err(LookupError::TimedOut)
    ));
    assert!(began.elapsed() < Duration::from_millis(2400), "{:?}", began.elapsed());
}

#[test]
fn q1_patience_is_measured_by_the_clock_of_the_runtime() {
    let silent = udp(|_, _, _| {});
    let began = Instant::now();
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build();
    let result = runtime.expect("a runtime").block_on(async {
        let began = tokio::time::Instant::now();
        let result = client(&[silent], "300s").exchange_async(&to(), REQUEST).await;
        // Three passes: a second each for the server, then rests of two, four and eight.
        assert_eq!(began.elapsed().as_secs(), 17);
        result
    });
    assert!(matches!(result, Err(Error::Unreachable { .. })));
    assert!(began.elapsed() < Duration::from_secs(10), "nobody has slept");
}
