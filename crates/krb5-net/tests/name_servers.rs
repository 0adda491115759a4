//! Name servers on loopback: what they answer, and how.

#![allow(clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use krb5_net::{KdcClient, LookupError, Record, RecordKind, Resolver, SystemResolver};
use krb5_store::config::Settings;

/// RFC 1035 §4.1.1.
const RESPONSE: u8 = 0x80;
const TRUNCATED: u8 = 0x02;
const SERVFAIL: u8 = 2;

/// An answer to a query: these flags and this code, and its name as a TXT record where there is no fault.
fn answer(query: &[u8], flags: u8, code: u8) -> Vec<u8> {
    let mut octets = query.to_vec();
    octets[2] |= RESPONSE | flags;
    octets[3] = code;
    if flags == 0 && code == 0 {
        octets[7] = 1;
        octets.extend_from_slice(&[0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, 5, 4]);
        octets.extend_from_slice(b"TEST");
    }
    octets
}

/// A name server over UDP that sends what `script` makes of each query.
fn udp(script: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> SocketAddr {
    serve(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port"), script)
}

fn serve(socket: UdpSocket, script: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> SocketAddr {
    let address = socket.local_addr().expect("an address");
    thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
            for octets in script(&buffer[..length]) {
                socket.send_to(&octets, peer).expect("sends");
            }
        }
    });
    address
}

fn text(servers: &[SocketAddr]) -> Result<Vec<Record>, LookupError> {
    let resolver = SystemResolver::with_name_servers(servers.to_vec());
    resolver.records(
        "_kerberos.example.org",
        RecordKind::Txt,
        Instant::now() + Duration::from_secs(20),
    )
}

fn found(result: Result<Vec<Record>, LookupError>) {
    match result.expect("records").as_slice() {
        [Record::Txt(text)] => assert_eq!(text, "TEST"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_over_udp_is_read() {
    found(text(&[udp(|query| vec![answer(query, 0, 0)])]));
}

#[test]
fn q21_a_truncated_answer_is_asked_for_again_over_tcp() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut length = [0; 2];
        stream.read_exact(&mut length).expect("a length");
        let mut query = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut query).expect("a query");
        let answer = answer(&query, 0, 0);
        let length = u16::try_from(answer.len()).expect("a short answer").to_be_bytes();
        stream.write_all(&[&length, answer.as_slice()].concat()).expect("sends");
    });
    let socket = UdpSocket::bind(address).expect("the same port over UDP");
    serve(socket, |query| vec![answer(query, TRUNCATED, 0)]);
    found(text(&[address]));
}

#[test]
fn q21_a_server_that_fails_leads_to_the_next_one() {
    let failing = udp(|query| vec![answer(query, 0, SERVFAIL)]);
    found(text(&[failing, udp(|query| vec![answer(query, 0, 0)])]));
    assert!(matches!(text(&[failing]), Err(LookupError::Refused(code)) if code == "SERVFAIL"));
}

#[test]
fn q21_answers_to_other_queries_are_passed_over() {
    let server = udp(|query| {
        let mut other_id = answer(query, 0, 0);
        other_id[0] ^= 1;
        vec![Vec::new(), other_id, query.to_vec(), answer(query, 0, 0)]
    });
    found(text(&[server]));
}

#[test]
fn q21_a_server_that_is_silent_ends_at_the_deadline() {
    let silent = udp(|_| Vec::new());
    let settings = "[libdefaults]\nrequest_timeout = 1\n";
    let settings = Arc::new(Settings::parse(settings).expect("a good configuration"));
    let client = KdcClient::new(settings).with_name_servers(vec![silent]);
    let began = Instant::now();
    assert!(matches!(
        client.realm_of_host("example.org"),
        Err(LookupError::TimedOut)
    ));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn q7_a_machine_without_a_name_server_is_told_from_at_once() {
    let closed = SocketAddr::from((Ipv4Addr::LOCALHOST, support::closed_port()));
    assert!(matches!(text(&[closed]), Err(LookupError::TimedOut)));
}
