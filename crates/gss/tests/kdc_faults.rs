//! Credentials from an embedded KDC behind a proxy that follows a script: what a network or an attacker may do to the
//! exchange.

#![cfg(all(feature = "krb5", feature = "net"))]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use gss::{Acquire, Credential, Environment, Error, ErrorKind, Gss, Initiate, Name, SystemClock};
use krb5_kdc::{Kdc, Running};
use krb5_store::config::Settings;
use krb5_store::proto::messages::{KrbError, Microseconds};
use krb5_store::proto::{KerberosTime, NameType, PrincipalName};

fn kdc() -> Running {
    realm().serve_loopback().unwrap()
}

/// A KDC with keys of its own.
fn realm() -> Kdc {
    let builder = Kdc::builder("FAULTS.TEST").principal("user", "password");
    builder.service("demo/localhost").build().unwrap()
}

/// A proxy over UDP: `script` gets each request and what the KDC answers to it, and says which datagrams the client gets.
fn proxy(kdc: SocketAddr, script: impl Fn(&[u8], Vec<u8>) -> Vec<Vec<u8>> + Send + 'static) -> SocketAddr {
    proxy_to(Arc::new(Mutex::new(kdc)), script)
}

/// The same before a KDC that may move.
fn proxy_to(
    kdc: Arc<Mutex<SocketAddr>>,
    script: impl Fn(&[u8], Vec<u8>) -> Vec<Vec<u8>> + Send + 'static,
) -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut request = [0; 4096];
        while let Ok((length, client)) = socket.recv_from(&mut request) {
            let kdc = *kdc.lock().unwrap();
            let reply = ask(kdc, &request[..length]);
            for datagram in script(&request[..length], reply) {
                socket.send_to(&datagram, client).unwrap();
            }
        }
    });
    address
}

fn ask(kdc: SocketAddr, request: &[u8]) -> Vec<u8> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    socket.send_to(request, kdc).unwrap();
    let mut reply = vec![0; 4096];
    let (length, _) = socket.recv_from(&mut reply).unwrap();
    reply.truncate(length);
    reply
}

fn acquire(kdcs: &[String]) -> Result<Credential, Error> {
    acquired(&within(kdcs))
}

fn acquired(gss: &Gss) -> Result<Credential, Error> {
    let acquire = Acquire::initiate().named(Name::krb5_principal("user"));
    gss.acquire(acquire.with_password(b"password".to_vec().into()))
}

/// The library where these serve the realm.
fn within(kdcs: &[String]) -> Gss {
    let kdcs: String = kdcs.iter().map(|kdc| format!("kdc = {kdc}\n")).collect();
    let text = format!(
        "[libdefaults]\ndefault_realm = FAULTS.TEST\ndns_lookup_kdc = false\nrequest_timeout = 10\n\
         [realms]\nFAULTS.TEST = {{\n{kdcs}}}\n"
    );
    let settings = Arc::new(Settings::parse(&text).unwrap());
    Gss::within(Environment::new(Arc::new(SystemClock)).with_extension(settings)).unwrap()
}

fn krb_error(code: i32) -> Vec<u8> {
    let error = KrbError {
        ctime: None,
        cusec: None,
        stime: KerberosTime(1_700_000_000),
        susec: Microseconds::new(0).unwrap(),
        error_code: code,
        crealm: None,
        cname: None,
        realm: "FAULTS.TEST".into(),
        sname: PrincipalName::new(NameType::SRV_INST, ["krbtgt", "FAULTS.TEST"]),
        e_text: None,
        e_data: None,
    };
    error.to_der().unwrap()
}

/// RFC 4120 §5.10.
fn is_as_rep(reply: &[u8]) -> bool {
    reply.first() == Some(&0x6b)
}

const RESPONSE_TOO_BIG: i32 = 52;
const PREAUTH_REQUIRED: i32 = 25;
const POLICY: i32 = 12;

#[test]
fn q2_a_reply_that_comes_twice_is_taken_once() {
    let kdc = kdc();
    let twice = proxy(kdc.address(), |_, reply| vec![reply.clone(), reply]);
    assert!(acquire(&[format!("udp/{twice}")]).is_ok());
}

#[test]
fn q5_an_old_reply_is_no_answer_to_a_new_request() {
    let kdc = kdc();
    let old = Arc::new(Mutex::new(None));
    let replaying = proxy(kdc.address(), move |_, reply| match is_as_rep(&reply) {
        true => vec![old.lock().unwrap().get_or_insert(reply).clone()],
        false => vec![reply],
    });
    let servers = [format!("udp/{replaying}")];
    assert!(acquire(&servers).is_ok());
    let error = acquire(&servers).unwrap_err().to_string();
    assert!(error.contains("nonce"), "{error}");
}

#[test]
fn q6_a_reply_that_is_too_big_for_a_datagram_is_fetched_by_tcp() {
    let kdc = kdc();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let small = proxy(kdc.address(), move |_, _| {
        count.fetch_add(1, Ordering::Relaxed);
        vec![krb_error(RESPONSE_TOO_BIG)]
    });
    assert!(acquire(&[format!("udp/{small}"), format!("tcp/{}", kdc.address())]).is_ok());
    assert_eq!(asked.load(Ordering::Relaxed), 1, "the rest goes by TCP");
}

/// What comes of a context whose client got its first ticket from `first`, and has its next one to get from `second`.
fn begun_across(first: &Kdc, second: &Kdc) -> Result<(), Error> {
    let before = first.serve_loopback().unwrap();
    let at = Arc::new(Mutex::new(before.address()));
    let front = proxy_to(Arc::clone(&at), |_, reply| vec![reply]);
    let gss = within(&[format!("udp/{front}")]);
    let user = acquired(&gss).unwrap();
    before.shutdown();
    let after = second.serve_loopback().unwrap();
    *at.lock().unwrap() = after.address();
    let request = Initiate::new(Name::hostbased_service("demo@localhost")).with_cred(user);
    let begun = gss.initiate(&request).unwrap().step(None);
    begun.map(drop).map_err(|error| error.error)
}

#[test]
fn q14_a_kdc_that_has_started_again_gives_the_next_ticket() {
    let kdc = realm();
    begun_across(&kdc, &kdc).unwrap();
}

#[test]
fn q14_a_kdc_that_has_started_again_with_other_keys_is_told_with_the_remedy() {
    let error = begun_across(&realm(), &realm()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DefectiveCredential);
    let text = error.to_string();
    for word in ["user@FAULTS.TEST", "KRB_AP_ERR_", "get a new one"] {
        assert!(text.contains(word), "{text}");
    }
}

#[test]
fn q17_a_forged_error_before_the_reply_fails_the_exchange_and_proves_nothing() {
    let kdc = kdc();
    let forging = proxy(kdc.address(), |_, reply| vec![krb_error(POLICY), reply]);
    let error = acquire(&[format!("udp/{forging}")]).unwrap_err().to_string();
    assert!(error.contains("policy"), "{error}");
}

#[test]
fn q19_a_kdc_that_asks_for_proof_for_ever_is_left_alone() {
    let kdc = kdc();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let insatiable = proxy(kdc.address(), move |_, _| {
        count.fetch_add(1, Ordering::Relaxed);
        vec![krb_error(PREAUTH_REQUIRED)]
    });
    assert!(acquire(&[format!("udp/{insatiable}")]).is_err());
    assert!(asked.load(Ordering::Relaxed) <= 16, "{asked:?}");
}
