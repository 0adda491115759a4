//! HTTPS proxies on loopback: good ones, and what can be wrong with one (Q22).

#![allow(clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use krb5_net::{Destination, Error, Failure, KdcClient, LookupError, Record, RecordKind, Reply, Resolver};
use krb5_proto::messages::KdcProxyMessage;
use krb5_store::config::Settings;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use self::support::{PREAUTH_REQUIRED, REQUEST, SERVICE_UNAVAILABLE, answer, failures, framed, tcp, udp};

type Stream = StreamOwned<ServerConnection, TcpStream>;
type Authority = CertifiedIssuer<'static, KeyPair>;

/// Whom the clients of these tests trust.
fn authority() -> &'static Authority {
    static AUTHORITY: OnceLock<Authority> = OnceLock::new();
    AUTHORITY.get_or_init(new_authority)
}

fn new_authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate")
}

/// The certificate of a proxy for `localhost`.
struct Identity<'a> {
    name: &'a str,
    authority: &'a Authority,
    last_year: i32,
}

impl Default for Identity<'_> {
    fn default() -> Self {
        Self {
            name: "localhost",
            authority: authority(),
            last_year: 4000,
        }
    }
}

impl Identity<'_> {
    fn config(&self) -> Arc<ServerConfig> {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new([self.name.to_owned()]).expect("parameters");
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(self.last_year, 1, 1);
        let certificate = params.signed_by(&key, self.authority).expect("a certificate");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key);
        Arc::new(config.expect("a configuration"))
    }
}

/// A proxy that hands each connection to `script`, the request's body already read. It lives as long as the test.
fn proxy(identity: &Identity<'_>, script: impl Fn(KdcProxyMessage, &mut Stream) + Send + 'static) -> SocketAddr {
    let config = identity.config();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
            let mut stream = StreamOwned::new(connection, stream.expect("a connection"));
            // A client that does not trust us goes away.
            if let Some(message) = request(&mut stream) {
                script(message, &mut stream);
            }
        }
    });
    address
}

/// Reads a request: its head, its body by the length.
fn request(stream: &mut Stream) -> Option<KdcProxyMessage> {
    let mut octets = Vec::new();
    loop {
        let mut piece = [0; 1024];
        let length = stream.read(&mut piece).ok().filter(|length| *length > 0)?;
        octets.extend_from_slice(&piece[..length]);
        let text = String::from_utf8_lossy(&octets);
        let Some((head, _)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        assert!(head.starts_with("POST /KdcProxy HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("Content-Type: application/kerberos"), "{head}");
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        let length: usize = length.expect("a length").parse().expect("a number");
        let body = &octets[head.len() + 4..];
        if body.len() >= length {
            return Some(KdcProxyMessage::from_der(&body[..length]).expect("a message"));
        }
    }
}

fn respond(stream: &mut Stream, head: &str, body: &[u8]) {
    let whole = [head.as_bytes(), b"\r\n\r\n", body].concat();
    // The client may have seen enough.
    let _ = stream.write_all(&whole).and_then(|()| stream.flush());
    stream.conn.send_close_notify();
    let _ = stream.flush();
}

fn ok(stream: &mut Stream, body: &[u8]) {
    respond(
        stream,
        &format!("HTTP/1.1 200 OK\r\nContent-Length: {}", body.len()),
        body,
    );
}

/// A reply as proxies send it.
fn wrapped(message: &[u8]) -> Vec<u8> {
    let message = KdcProxyMessage::wrap(message, None).expect("a short message");
    message.to_der().expect("it encodes")
}

fn good(message: KdcProxyMessage, stream: &mut Stream) {
    assert_eq!(
        message.target_domain.as_ref().and_then(|realm| realm.as_str()),
        Some("TEST")
    );
    assert_eq!(message.message(), Some(REQUEST));
    ok(stream, &wrapped(&answer(PREAUTH_REQUIRED)));
}

fn url(address: SocketAddr) -> String {
    format!("https://localhost:{}/KdcProxy", address.port())
}

/// Its names: `localhost`, whatever the system says of it.
#[derive(Debug)]
struct Loopback;

impl Resolver for Loopback {
    fn addresses(&self, _host: &str, _deadline: std::time::Instant) -> std::io::Result<Vec<std::net::IpAddr>> {
        Ok(vec![Ipv4Addr::LOCALHOST.into()])
    }

    fn records(&self, _: &str, _: RecordKind, _: std::time::Instant) -> Result<Vec<Record>, LookupError> {
        Err(LookupError::NoSuchName)
    }

    fn canonical(&self, _host: &str, _deadline: std::time::Instant) -> std::io::Result<String> {
        Err(ErrorKind::NotFound.into())
    }

    fn reverse(&self, _address: std::net::IpAddr, _deadline: std::time::Instant) -> std::io::Result<String> {
        Err(ErrorKind::NotFound.into())
    }
}

/// A client that trusts the authority of these tests.
fn client(kdcs: &[String], anchor: &str) -> KdcClient {
    let kdcs: String = kdcs.iter().map(|kdc| format!("kdc = {kdc}\n")).collect();
    let text = format!(
        "[libdefaults]\ndns_lookup_kdc = false\nrequest_timeout = 20\n[realms]\nTEST = {{\n{kdcs}http_anchors = {anchor}\n}}\n"
    );
    let settings = Arc::new(Settings::parse(&text).expect("a good configuration"));
    KdcClient::new(settings).with_resolver(Arc::new(Loopback))
}

fn exchange(kdcs: &[String]) -> Result<Reply, Error> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, authority().pem()).expect("writes");
    exchange_by(&client(kdcs, &format!("FILE:{}", file.display())))
}

#[cfg(not(feature = "tokio"))]
fn exchange_by(client: &KdcClient) -> Result<Reply, Error> {
    client.exchange(&Destination::kdc("TEST"), REQUEST)
}

/// By both drivers, which must agree.
#[cfg(feature = "tokio")]
fn exchange_by(client: &KdcClient) -> Result<Reply, Error> {
    let to = Destination::kdc("TEST");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let futures = runtime
        .expect("a runtime")
        .block_on(client.exchange_async(&to, REQUEST));
    let blocking = client.exchange(&to, REQUEST);
    assert_eq!(
        futures.map_err(|error| error.to_string()).ok(),
        blocking.as_ref().ok().cloned()
    );
    blocking
}

/// What became of an exchange with this proxy alone.
fn failure(proxy: SocketAddr) -> Failure {
    let mut failures = failures(exchange(&[url(proxy)]));
    assert_eq!(failures.len(), 1);
    failures.remove(0)
}

#[test]
fn i73_a_reply_comes_through_a_proxy() {
    let proxy = proxy(&Identity::default(), good);
    let reply = exchange(&[url(proxy)]).expect("a reply");
    assert_eq!(reply.octets, answer(PREAUTH_REQUIRED));
    assert!(reply.primary, "the only server is the primary one");
}

#[test]
fn i73_a_proxy_takes_its_turn_among_other_servers() {
    let proxy = url(proxy(&Identity::default(), good));
    let refused = support::closed("tcp");
    assert!(exchange(&[refused.clone(), proxy.clone()]).is_ok());
    assert!(exchange(&[proxy, refused]).is_ok());
}

#[test]
fn q22_every_failing_proxy_leads_to_the_next_server() {
    let failing = proxy(&Identity::default(), |_, stream| {
        respond(stream, "HTTP/1.1 500 Error\r\nContent-Length: 0", b"")
    });
    let up = tcp(|mut stream| stream.write_all(&framed(&answer(PREAUTH_REQUIRED))).expect("sends"));
    assert_eq!(
        exchange(&[url(failing), up]).expect("a reply").octets,
        answer(PREAUTH_REQUIRED)
    );
}

#[test]
fn q22_statuses_are_failures_and_redirects_are_never_followed() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let elsewhere = proxy(&Identity::default(), |_, stream| {
        ASKED.fetch_add(1, Ordering::Relaxed);
        ok(stream, &wrapped(&answer(PREAUTH_REQUIRED)));
    });
    for status in [302, 401, 500] {
        let head = format!(
            "HTTP/1.1 {status} X\r\nLocation: {}\r\nContent-Length: 0",
            url(elsewhere)
        );
        let failing = proxy(&Identity::default(), move |_, stream| respond(stream, &head, b""));
        let failure = failure(failing);
        assert!(
            matches!(failure, Failure::HttpStatus(told) if told == status),
            "{failure:?}"
        );
    }
    assert_eq!(ASKED.load(Ordering::Relaxed), 0);
}

#[test]
fn q22_chunked_and_unannounced_bodies_are_read() {
    let chunked = proxy(&Identity::default(), |_, stream| {
        let body = wrapped(&answer(PREAUTH_REQUIRED));
        let chunks: Vec<u8> = body
            .chunks(7)
            .flat_map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat())
            .collect();
        respond(
            stream,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked",
            &[&chunks, b"0\r\n\r\n".as_slice()].concat(),
        );
    });
    assert!(exchange(&[url(chunked)]).is_ok());
    let unannounced = proxy(&Identity::default(), |_, stream| {
        respond(stream, "HTTP/1.0 200 OK", &wrapped(&answer(PREAUTH_REQUIRED)));
    });
    assert!(exchange(&[url(unannounced)]).is_ok());
}

#[test]
fn q22_bodies_that_are_no_reply_are_failures() {
    let whole = wrapped(&answer(PREAUTH_REQUIRED));
    let mut wrong_length = whole.clone();
    wrong_length[11] ^= 1;
    let cut = whole[..whole.len() - 1].to_vec();
    let html = b"<html>".to_vec();
    for body in [
        wrong_length,
        cut,
        Vec::new(),
        html,
        wrapped(b"no Kerberos"),
        framed(&answer(PREAUTH_REQUIRED)),
    ] {
        let proxy = proxy(&Identity::default(), move |_, stream| ok(stream, &body));
        let failure = failure(proxy);
        assert!(matches!(failure, Failure::Garbage), "{failure:?}");
    }
}

#[test]
fn q22_a_body_beyond_the_limit_is_refused_when_it_is_announced() {
    let proxy = proxy(&Identity::default(), |_, stream| {
        respond(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2000000", &[0; 100]);
    });
    assert!(matches!(failure(proxy), Failure::TooLong(2_000_000)));
}

#[test]
fn q22_a_connection_that_ends_early_is_a_failure() {
    let cut = proxy(&Identity::default(), |_, stream| {
        respond(stream, "HTTP/1.1 200 OK\r\nContent-Length: 100", &[0; 50]);
    });
    assert!(matches!(failure(cut), Failure::Closed));
    let silent = proxy(&Identity::default(), |_, stream| {
        drop(stream.sock.shutdown(std::net::Shutdown::Both))
    });
    assert!(matches!(failure(silent), Failure::Closed));
    let no_tls = tcp_that_closes();
    assert!(matches!(failure(no_tls), Failure::Closed | Failure::Tls(_)));
}

/// Something that is not TLS.
fn tcp_that_closes() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = stream.and_then(|mut stream| stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
        }
    });
    address
}

#[test]
fn q22_a_proxy_that_does_not_prove_its_name_is_told_nothing() {
    let stranger = new_authority();
    let identities = [
        Identity {
            name: "proxy.example",
            ..Identity::default()
        },
        Identity {
            last_year: 2001,
            ..Identity::default()
        },
        Identity {
            authority: &stranger,
            ..Identity::default()
        },
    ];
    for identity in identities {
        let proxy = proxy(&identity, |_, _| panic!("it was trusted"));
        let failure = failure(proxy);
        assert!(matches!(failure, Failure::Tls(_)), "{failure:?}");
    }
}

#[test]
fn q12_a_kdc_behind_a_proxy_that_cannot_serve_leads_to_the_next() {
    let busy = proxy(&Identity::default(), |_, stream| {
        ok(stream, &wrapped(&answer(SERVICE_UNAVAILABLE)))
    });
    assert!(matches!(failure(busy), Failure::Unavailable));
}

#[test]
fn anchors_that_cannot_be_read_fail_the_proxies_alone() {
    let proxy = proxy(&Identity::default(), |_, _| panic!("it was trusted"));
    let failing = client(&[url(proxy)], "FILE:/nonexistent/authority.pem");
    let mut failures = failures(exchange_by(&failing));
    let failure = failures.remove(0);
    assert!(matches!(failure, Failure::Anchors(_)), "{failure:?}");
    assert!(failure.to_string().contains("/nonexistent/authority.pem"), "{failure}");
    let up = udp(|_, socket, peer| support::send(socket, &answer(PREAUTH_REQUIRED), peer));
    assert!(exchange_by(&client(&[url(proxy), up], "FILE:/nonexistent/authority.pem")).is_ok());
}

#[test]
fn anchors_are_read_once_for_a_realm() {
    let proxy = proxy(&Identity::default(), good);
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("authority.pem"), authority().pem()).expect("writes");
    let anchor = folder.path().to_str().expect("UTF-8").to_owned();
    let client = client(&[url(proxy)], "ENV:ANCHORS")
        .with_variables(move |name| (name == "ANCHORS").then(|| format!("DIR:{anchor}")));
    assert!(exchange_by(&client).is_ok());
    drop(folder);
    assert!(exchange_by(&client).is_ok());
}
