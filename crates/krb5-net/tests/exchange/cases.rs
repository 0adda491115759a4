//! What must hold whichever driver makes the exchange.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use krb5_net::{Destination, Error, Failure, KdcClient, Reply, Route, Transport};
use krb5_store::config::Settings;

use super::by_driver;
use crate::support::{
    PREAUTH_REQUIRED, REQUEST, SERVICE_UNAVAILABLE, answer, client, closed, failures, framed, send, tcp, udp,
};

fn exchange(kdcs: &[String], timeout: &str) -> Result<Reply, Error> {
    by_driver(&client(kdcs, timeout), &Destination::kdc("TEST"), REQUEST)
}

#[test]
fn a_reply_over_udp_is_returned() {
    let kdc = udp(|_, socket, peer| send(socket, &answer(PREAUTH_REQUIRED), peer));
    let reply = exchange(&[kdc], "20s").expect("a reply");
    assert_eq!(reply.octets, answer(PREAUTH_REQUIRED));
    assert!(reply.primary, "the only KDC is the primary one");
}

#[test]
fn q1_a_lost_datagram_is_sent_again() {
    let kdc = udp(|number, socket, peer| {
        if number > 0 {
            send(socket, &answer(PREAUTH_REQUIRED), peer);
        }
    });
    exchange(&[kdc], "20s").expect("a reply to the second datagram");
}

#[test]
fn q2_a_late_reply_of_the_first_server_is_accepted() {
    let first = udp(|number, socket, peer| {
        if number == 0 {
            thread::sleep(Duration::from_millis(1300));
            send(socket, &answer(PREAUTH_REQUIRED), peer);
        }
    });
    let silent = udp(|_, _, _| {});
    exchange(&[first, silent], "20s").expect("the late reply");
}

#[test]
fn q3_truncated_and_extended_datagrams_are_passed_over() {
    let kdc = udp(|_, socket, peer| {
        let whole = answer(PREAUTH_REQUIRED);
        for length in 0..whole.len() {
            send(socket, &whole[..length], peer);
        }
        send(socket, &[whole.as_slice(), &[0]].concat(), peer);
        send(socket, &whole, peer);
    });
    assert_eq!(
        exchange(&[kdc], "20s").expect("the whole reply").octets,
        answer(PREAUTH_REQUIRED)
    );
}

#[test]
fn q4_a_datagram_from_elsewhere_is_ignored() {
    let kdc = udp(|_, socket, peer| {
        let stranger = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        send(&stranger, &answer(1), peer);
        send(socket, &answer(PREAUTH_REQUIRED), peer);
    });
    assert_eq!(
        exchange(&[kdc], "20s").expect("the KDC's reply").octets,
        answer(PREAUTH_REQUIRED)
    );
}

#[test]
fn q7_a_refused_server_is_passed_over() {
    let up = udp(|_, socket, peer| send(socket, &answer(PREAUTH_REQUIRED), peer));
    exchange(&[closed("udp"), closed("tcp"), up], "20s").expect("the reply of the server that is up");
}

#[test]
fn q7_all_refused_says_which_were_tried() {
    let kdcs = [closed("udp"), closed("tcp")];
    let began = Instant::now();
    let error = exchange(&kdcs, "20s").expect_err("nothing listens");
    let text = error.to_string();
    for kdc in &kdcs {
        let (_, address) = kdc.split_once('/').expect("a transport");
        assert!(text.contains(address), "{text}");
    }
    assert!(text.contains("connection refused"), "{text}");
    assert!(
        began.elapsed() < Duration::from_millis(900),
        "nobody was waited for: {:?}",
        began.elapsed()
    );
}

#[test]
fn q7_a_server_that_never_answers_ends_at_the_deadline() {
    let black_hole = tcp(|stream| {
        thread::spawn(move || {
            let mut stream = stream;
            let _ = stream.read(&mut [0]);
        });
    });
    assert!(matches!(
        failures(exchange(&[black_hole], "2s")).as_slice(),
        [Failure::TimedOut]
    ));
}

#[test]
fn q7_a_server_whose_turn_did_not_come_was_not_asked() {
    let silent = [udp(|_, _, _| ()), udp(|_, _, _| ()), udp(|_, _, _| ())];
    let failures = failures(exchange(&silent, "1"));
    assert!(matches!(failures[0], Failure::TimedOut), "{failures:?}");
    assert!(matches!(failures[2], Failure::NotAsked), "{failures:?}");
    assert_eq!(failures[2].to_string(), "not asked: no time was left");
}

#[test]
fn q8_a_connection_closed_early_leads_to_the_next_server() {
    let whole = framed(&answer(PREAUTH_REQUIRED));
    for length in [0, 2, 4, whole.len() - 1] {
        let octets = whole[..length].to_vec();
        let early = tcp(move |mut stream| stream.write_all(&octets).expect("sends"));
        let up = tcp(|mut stream| stream.write_all(&framed(&answer(PREAUTH_REQUIRED))).expect("sends"));
        exchange(&[early, up], "20s").expect("the reply of the second server");
    }
}

#[test]
fn q8_a_whole_reply_needs_no_end_of_the_connection() {
    let kdc = tcp(|mut stream| {
        stream.write_all(&framed(&answer(PREAUTH_REQUIRED))).expect("sends");
        let _ = stream.read(&mut [0]);
    });
    exchange(&[kdc], "20s").expect("a reply");
}

#[test]
fn q9_a_length_out_of_bounds_is_refused() {
    for announced in [0x0010_0001_u32, 0x8000_0010, 0xffff_ffff] {
        let kdc = tcp(move |mut stream| stream.write_all(&announced.to_be_bytes()).expect("sends"));
        let failures = failures(exchange(&[kdc], "20s"));
        assert!(
            matches!(failures.as_slice(), [Failure::TooLong(length)] if *length == announced),
            "{failures:?}"
        );
    }
}

#[test]
fn q10_a_drip_of_octets_ends_at_the_deadline() {
    let kdc = tcp(|mut stream| {
        for octet in framed(&answer(PREAUTH_REQUIRED)) {
            if stream.write_all(&[octet]).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(500));
        }
    });
    assert!(matches!(
        failures(exchange(&[kdc], "2s")).as_slice(),
        [Failure::TimedOut]
    ));
}

#[test]
fn q11_a_reply_in_odd_segments_is_put_together() {
    let kdc = tcp(|mut stream| {
        stream.set_nodelay(true).expect("no delay");
        for piece in framed(&answer(PREAUTH_REQUIRED)).chunks(3) {
            stream.write_all(piece).expect("sends");
            thread::sleep(Duration::from_millis(1));
        }
        stream.shutdown(Shutdown::Both).expect("closes");
    });
    exchange(&[kdc], "20s").expect("a reply");
}

#[test]
fn q12_a_server_that_cannot_serve_is_left_alone() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let busy = udp(move |_, socket, peer| {
        count.fetch_add(1, Ordering::Relaxed);
        send(socket, &answer(SERVICE_UNAVAILABLE), peer);
    });
    let up = udp(|_, socket, peer| send(socket, &answer(PREAUTH_REQUIRED), peer));
    let reply = exchange(&[busy.clone(), up], "20s").expect("the reply of the second server");
    assert_eq!(reply.octets, answer(PREAUTH_REQUIRED));
    assert!(matches!(
        failures(exchange(&[busy], "20s")).as_slice(),
        [Failure::Unavailable]
    ));
    assert_eq!(asked.load(Ordering::Relaxed), 2, "once in each exchange");
}

#[test]
fn a_large_request_goes_by_tcp_first() {
    let kdc = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = kdc.local_addr().expect("an address");
    thread::spawn(move || {
        let (mut stream, _) = kdc.accept().expect("a connection");
        let mut length = [0; 4];
        stream.read_exact(&mut length).expect("a length");
        assert_eq!(u32::from_be_bytes(length), 2000);
        stream.write_all(&framed(&answer(PREAUTH_REQUIRED))).expect("sends");
    });
    by_driver(
        &client(&[address.to_string()], "20s"),
        &Destination::kdc("TEST"),
        &[7; 2000],
    )
    .expect("a reply");
}

#[test]
fn the_route_tcp_leaves_udp_out() {
    let kdc = udp(|_, _, _| panic!("asked over UDP"));
    let address = kdc.strip_prefix("udp/").expect("the transport").to_owned();
    let result = by_driver(
        &client(&[address], "20s"),
        &Destination::kdc("TEST").by(Route::Tcp),
        REQUEST,
    );
    match result {
        Err(Error::Unreachable { tried, .. }) => assert!(tried.iter().all(|tried| tried.transport == Transport::Tcp)),
        other => panic!("expected Unreachable, got {other:?}"),
    }
}

#[test]
fn realms_without_a_kdc_are_named() {
    let settings =
        Settings::parse("[libdefaults]\ndefault_realm = TEST\ndns_lookup_kdc = false\n").expect("a good configuration");
    let error = by_driver(&KdcClient::new(Arc::new(settings)), &Destination::kdc("TEST"), REQUEST).expect_err("no KDC");
    assert!(matches!(&error, Error::NoKdcKnown { realm, .. } if realm == "TEST"));
    let two = client(&[closed("udp"), closed("udp")], "20s");
    let error = by_driver(&two, &Destination::kdc("TEST").by(Route::Primary), REQUEST).expect_err("no primary");
    assert!(matches!(error, Error::NoPrimaryKnown { .. }));
}

#[test]
fn a_name_without_an_address_is_reported() {
    let kdc = "kdc.invalid".to_owned();
    let failures = failures(exchange(&[kdc], "20s"));
    assert!(
        failures.iter().all(|failure| matches!(failure, Failure::NoAddress(_))),
        "{failures:?}"
    );
}
