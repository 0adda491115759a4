//! The server on real sockets, of 127.0.0.1 only.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, SystemTime};

use krb5_kdc::{Error, Kdc, NewPrincipal, Running};
use krb5_proto::messages::{AsRep, KrbError};
use krb5_proto::{ErrorCode, Timestamp};
use krb5_store::config::Settings;

use support::*;

/// Longer than anything here takes, so that a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_secs(30);

fn serve() -> (Kdc, Running) {
    let kdc = builder().build().unwrap();
    let running = kdc.serve_loopback().unwrap();
    (kdc, running)
}

/// An AS-REQ for now, by the system's clock.
fn request() -> Vec<u8> {
    let now = Timestamp::from(SystemTime::now());
    as_req(|request| {
        request.padata = Some(vec![timestamp(&USER_KEY, now)]);
        request.req_body.till = now.time.offset(HOUR);
    })
}

fn by_udp(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.send_to(request, address).unwrap();
    let mut reply = vec![0; 65536];
    let (length, from) = socket.recv_from(&mut reply).unwrap();
    assert_eq!(from, address);
    reply.truncate(length);
    reply
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn send(stream: &mut TcpStream, request: &[u8]) {
    stream
        .write_all(&u32::try_from(request.len()).unwrap().to_be_bytes())
        .unwrap();
    stream.write_all(request).unwrap();
}

fn receive(stream: &mut TcpStream) -> Vec<u8> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    let mut reply = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut reply).unwrap();
    reply
}

/// Whether the server has closed the connection.
fn is_closed(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

#[test]
fn both_transports_answer_on_one_port() {
    let (_, running) = serve();
    assert!(AsRep::from_der(&by_udp(running.address(), &request())).is_ok());
    let mut stream = connect(running.address());
    for _ in 0..2 {
        send(&mut stream, &request());
        assert!(AsRep::from_der(&receive(&mut stream)).is_ok());
    }
    running.shutdown();
}

#[test]
fn d4_only_loopback_addresses_are_served() {
    let kdc = builder().build().unwrap();
    for address in [
        "0.0.0.0:0",
        "[::]:0",
        "192.0.2.1:0",
        "[::ffff:192.0.2.1]:0",
        "[2001:db8::1]:88",
    ] {
        let error = kdc.serve(address.parse().unwrap()).unwrap_err();
        assert!(matches!(error, Error::NotLoopback(_)), "{address}: {error}");
    }
    assert!(
        kdc.serve("127.0.0.2:0".parse().unwrap())
            .unwrap()
            .address()
            .ip()
            .is_loopback()
    );
}

#[test]
fn a_port_in_use_is_an_error_that_names_it() {
    let (kdc, running) = serve();
    let error = kdc.serve(running.address()).unwrap_err();
    assert!(matches!(error, Error::Bind { address, .. } if address == running.address()));
    assert!(error.to_string().contains(&running.address().to_string()));
}

#[test]
fn after_the_end_nobody_listens_and_the_port_is_free() {
    let (kdc, running) = serve();
    let address = running.address();
    let mut idle = connect(address);
    send(&mut idle, &request());
    receive(&mut idle);
    running.shutdown();
    assert!(is_closed(&mut idle));
    assert!(TcpStream::connect(address).is_err());
    kdc.serve(address).unwrap().shutdown();
}

#[test]
fn wrong_lengths_end_the_connection_and_not_the_service() {
    let (_, running) = serve();
    let mut long = connect(running.address());
    long.write_all(&0x8000_0000_u32.to_be_bytes()).unwrap();
    let error = KrbError::from_der(&receive(&mut long)).unwrap();
    assert_eq!(ErrorCode(error.error_code), ErrorCode::KRB_ERR_FIELD_TOOLONG);
    assert!(is_closed(&mut long));
    let mut empty = connect(running.address());
    send(&mut empty, &[]);
    assert!(is_closed(&mut empty));
    let mut half = connect(running.address());
    half.write_all(&[0, 0]).unwrap();
    half.shutdown(std::net::Shutdown::Write).unwrap();
    assert!(is_closed(&mut half));
    assert!(AsRep::from_der(&by_udp(running.address(), &request())).is_ok());
}

#[test]
fn a_request_may_come_octet_by_octet() {
    let (_, running) = serve();
    let mut stream = connect(running.address());
    stream.set_nodelay(true).unwrap();
    let request = request();
    let framed = [&u32::try_from(request.len()).unwrap().to_be_bytes()[..], &request].concat();
    for octet in framed {
        stream.write_all(&[octet]).unwrap();
    }
    assert!(AsRep::from_der(&receive(&mut stream)).is_ok());
}

#[test]
fn k6_datagrams_that_are_no_requests_are_not_answered() {
    let (_, running) = serve();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let error = by_udp(running.address(), &[0x6a, 0]);
    for silent in [&[][..], &error, b"hello"] {
        socket.send_to(silent, running.address()).unwrap();
    }
    // Datagrams on loopback keep their order: had one of those been answered, that would come first.
    socket.send_to(&request(), running.address()).unwrap();
    let mut reply = [0; 4096];
    let length = socket.recv(&mut reply).unwrap();
    assert!(AsRep::from_der(&reply[..length]).is_ok());
}

#[test]
fn connections_beyond_the_limit_are_closed_and_places_become_free_again() {
    let (_, running) = serve();
    let mut open: Vec<_> = (0..32)
        .map(|_| {
            let mut stream = connect(running.address());
            send(&mut stream, &request());
            receive(&mut stream);
            stream
        })
        .collect();
    assert!(is_closed(&mut connect(running.address())));
    open.clear();
    let served = (0..1000).any(|_| {
        let mut stream = connect(running.address());
        let request = request();
        let framed = [&u32::try_from(request.len()).unwrap().to_be_bytes()[..], &request].concat();
        stream.write_all(&framed).is_ok() && stream.read(&mut [0]).is_ok_and(|count| count > 0)
    });
    assert!(served);
    assert!(AsRep::from_der(&by_udp(running.address(), &request())).is_ok());
}

#[test]
fn its_clock_can_be_wrong() {
    let kdc = builder().clock_offset(1000).build().unwrap();
    let running = kdc.serve_loopback().unwrap();
    let error = KrbError::from_der(&by_udp(running.address(), &request())).unwrap();
    assert_eq!(ErrorCode(error.error_code), ErrorCode::KRB_AP_ERR_SKEW);
    assert!(error.stime > Timestamp::from(SystemTime::now()).time.offset(900));
}

#[test]
fn the_clients_configuration_leads_to_the_server() {
    let service = NewPrincipal::with_random_key("HTTP/www.Example.test");
    let kdc = builder()
        .add(service)
        .service("odd/ho=st")
        .principal("user/instance", "x")
        .build()
        .unwrap();
    let address = "127.0.0.1:4711".parse().unwrap();
    let settings = Settings::parse(&kdc.client_config(address)).unwrap();
    assert_eq!(settings.default_realm(), Some(REALM));
    assert_eq!(settings.realm_of_host("www.example.test"), Some(REALM));
    let [kdc] = &settings.kdcs(REALM).unwrap()[..] else {
        unreachable!("one address")
    };
    assert_eq!((kdc.host.as_str(), kdc.port), ("127.0.0.1", Some(4711)));
}

#[test]
fn keytabs_hold_the_keys_that_tickets_are_in() {
    let kdc = builder().service("host/random").build().unwrap();
    let keytab = kdc.keytab_for(&["host/localhost", "host/small@EXAMPLE.TEST"]).unwrap();
    let found: Vec<_> = keytab
        .entries
        .iter()
        .map(|entry| (entry.principal.to_string(), entry.kvno, entry.key.keytype))
        .collect();
    let localhost = |etype| ("host/localhost@EXAMPLE.TEST".to_owned(), 3, etype);
    assert_eq!(
        found,
        [
            localhost(18),
            localhost(17),
            ("host/small@EXAMPLE.TEST".to_owned(), 3, 17)
        ]
    );
    assert_eq!(
        keytab.entries[0].key.expose(),
        long_term_key("host/localhost", ETYPE).expose()
    );
    let services = kdc.service_keytab();
    assert!(
        services
            .entries
            .iter()
            .all(|entry| entry.principal == principal("host/random"))
    );
    assert_eq!(services.entries.len(), 2);
    assert!(matches!(kdc.keytab_for(&["nobody"]), Err(Error::UnknownPrincipal(_))));
    assert!(matches!(
        kdc.keytab_for(&["host/a@OTHER"]),
        Err(Error::ForeignRealm { .. })
    ));
    assert!(matches!(kdc.keytab_for(&["a@b@c"]), Err(Error::Principal { .. })));
}

#[test]
fn mistakes_are_found_when_the_kdc_is_built() {
    let build = |builder: krb5_kdc::KdcBuilder| builder.build().unwrap_err();
    assert!(matches!(build(Kdc::builder("")), Error::NoRealm));
    assert!(matches!(build(Kdc::builder("R").enctypes(&[])), Error::NoEnctypes(_)));
    assert!(matches!(
        build(Kdc::builder("R").service("a").service("a@R")),
        Error::Duplicate(_)
    ));
    assert!(matches!(
        build(Kdc::builder("R").service("krbtgt/R")),
        Error::Duplicate(_)
    ));
    assert!(matches!(
        build(Kdc::builder("R").service("a@S")),
        Error::ForeignRealm { .. }
    ));
    assert!(matches!(build(Kdc::builder("R").service("")), Error::Principal { .. }));
    let zero = NewPrincipal::with_password("a", "b").iterations(0).enctypes(&[ETYPE]);
    assert!(matches!(build(Kdc::builder("R").add(zero)), Error::Key { .. }));
}

#[test]
fn passwords_are_not_shown() {
    let principal = NewPrincipal::with_password("user", "hunter2");
    assert!(!format!("{principal:?}").contains("hunter2"));
    let kdc = Kdc::builder("R").enctypes(&[ETYPE]).add(principal).build().unwrap();
    assert!(!format!("{kdc:?}").contains("hunter2"));
}
