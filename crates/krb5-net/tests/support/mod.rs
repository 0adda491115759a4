//! Servers on loopback that follow a script: what a KDC, a network or an attacker may do.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::panic,
    reason = "each test uses a part of it, and fails by panicking"
)]

use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::thread;

use krb5_net::{Error, Failure, KdcClient, Reply};
use krb5_proto::messages::KrbError;
use krb5_proto::{KerberosTime, Microseconds, Principal, Realm};
use krb5_store::config::Settings;
use socket2::{Domain, Socket, Type};

pub const REQUEST: &[u8] = b"any request";
pub const PREAUTH_REQUIRED: i32 = 25;
pub const SERVICE_UNAVAILABLE: i32 = 29;

pub fn answer(code: i32) -> Vec<u8> {
    let realm = Realm::from("TEST");
    let error = KrbError {
        ctime: None,
        cusec: None,
        stime: KerberosTime(1_700_000_000),
        susec: Microseconds::default(),
        error_code: code,
        crealm: None,
        cname: None,
        sname: Principal::krbtgt(&realm, &realm).name,
        realm,
        e_text: None,
        e_data: None,
    };
    error.to_der().expect("a KRB-ERROR encodes")
}

pub fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("a short message");
    [&length.to_be_bytes(), message].concat()
}

pub fn client(kdcs: &[String], timeout: &str) -> KdcClient {
    let kdcs: String = kdcs.iter().map(|kdc| format!("kdc = {kdc}\n")).collect();
    let text =
        format!("[libdefaults]\ndns_lookup_kdc = false\nrequest_timeout = {timeout}\n[realms]\nTEST = {{\n{kdcs}}}\n");
    KdcClient::new(Arc::new(Settings::parse(&text).expect("a good configuration")))
}

/// A UDP server that answers each datagram with what `script` says to its number. It lives as long as the test.
pub fn udp(script: impl Fn(usize, &UdpSocket, SocketAddr) + Send + 'static) -> String {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = socket.local_addr().expect("an address");
    thread::spawn(move || {
        let mut buffer = [0; 2048];
        for number in 0.. {
            let (length, peer) = socket.recv_from(&mut buffer).expect("a datagram");
            assert_eq!(buffer.get(..length), Some(REQUEST));
            script(number, &socket, peer);
        }
    });
    format!("udp/{address}")
}

/// A TCP server that hands each connection, its request already read, to `script`.
pub fn tcp(script: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut request = vec![0; 4 + REQUEST.len()];
            stream.read_exact(&mut request).expect("a request");
            assert_eq!(request, framed(REQUEST));
            script(stream);
        }
    });
    format!("tcp/{address}")
}

pub fn send(socket: &UdpSocket, octets: &[u8], peer: SocketAddr) {
    socket.send_to(octets, peer).expect("sends");
}

/// An address where nothing listens.
pub fn closed(transport: &str) -> String {
    format!("{transport}/{}", SocketAddr::from((Ipv4Addr::LOCALHOST, closed_port())))
}

/// A port of this machine that refuses both transports, and that nobody else gets while the process runs: a stream's
/// socket that does not listen, and a datagram's that has another peer.
pub fn closed_port() -> u16 {
    loop {
        let datagrams = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = datagrams.local_addr().expect("an address");
        datagrams.connect(address).expect("a peer");
        let streams = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        if streams.bind(&address.into()).is_ok() {
            std::mem::forget((datagrams, streams));
            return address.port();
        }
    }
}

pub fn failures(result: Result<Reply, Error>) -> Vec<Failure> {
    match result {
        Err(Error::Unreachable { tried, .. }) => tried.into_iter().map(|tried| tried.failure).collect(),
        other => panic!("expected Unreachable, got {other:?}"),
    }
}
