//! What does not come about, and what a person is told then.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use gss_core::{Accept, Acquire, Error, ErrorKind, Flags, Initiate, IoReply, IoRequest, Mechanism, Name, Role};
use gss_mech_krb5::{KerberosError, Krb5};
use gss_test::TestClock;
use krb5_crypto::Enctype;
use krb5_kdc::Kdc;
use krb5_store::keytab::Keytab;
use krb5_store::replay::{Acceptance, ReplayCache, ReplayError};
use world::{CONFIGURATION, REALM, START, World, shift, single};

fn refused(result: Result<impl Sized, gss_core::StepError>) -> Error {
    result.err().expect("nothing was wrong").error
}

fn assert_says(error: &Error, words: &[&str]) {
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "{word:?} is missing in {text:?}");
    }
}

/// The minor status as C programs print it.
fn minor(error: &Error) -> i32 {
    i32::from_ne_bytes(error.minor().to_ne_bytes())
}

#[test]
fn a_wrong_password_is_told_with_whose_it_is() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let error = refused(world.with_password("bob", "wrong"));
    assert_says(&error, &["password", "bob@EXAMPLE.TEST", "wrong"]);
    assert_eq!(minor(&error), -1_765_328_360);
}

#[test]
fn an_unknown_client_is_told_by_name() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let error = refused(world.with_password("nobody", "password"));
    assert_says(&error, &["nobody", REALM]);
    assert_eq!(minor(&error), -1_765_328_378);
}

#[test]
fn an_unknown_service_is_told_by_name() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let target = Name::hostbased_service("imap@mail.example.test");
    let request = Initiate {
        target,
        ..world.request(Flags::USUAL)
    };
    let error = refused(world.drive(world.initiate(&request).step(None)));
    assert_says(&error, &["imap/mail.example.test"]);
    assert_eq!((error.kind(), minor(&error)), (ErrorKind::BadName, -1_765_328_377));
}

#[test]
fn an_expired_ticket_is_told_with_its_end() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    world.clock.advance(Duration::from_secs(200_000));
    let error = refused(world.drive(world.initiate(&world.request(Flags::USUAL)).step(None)));
    assert_says(&error, &["alice@EXAMPLE.TEST", "expired", "2027-01-1"]);
    assert_eq!(
        (error.kind(), minor(&error)),
        (ErrorKind::CredentialsExpired, -1_765_328_352)
    );
}

#[test]
fn i35_a_ticket_that_ended_within_the_skew_is_still_accepted() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    world.clock.set(Duration::from_secs(START + 86_399));
    let token = world.first_token(&world.request(Flags::USUAL));
    world.acceptor_clock.set(Duration::from_secs(START + 86_399 + 299));
    let answered = world.answer(&token, &Accept::new()).unwrap();
    let now = gss_core::Clock::now(&world.acceptor_clock);
    assert_eq!(answered.context.info().remaining(now), Some(Duration::ZERO));
}

#[test]
fn i37_clocks_may_differ_by_five_minutes() {
    let world = World::new(Enctype::Aes128CtsHmacSha196);
    world.first_token(&world.request(Flags::USUAL));
    for clock in [&world.clock, &world.acceptor_clock] {
        shift(clock, 1000);
    }
    for seconds in [-301_i64, -299, 299, 301] {
        shift(&world.acceptor_clock, seconds);
        let outcome = world.answer(&world.first_token(&world.request(Flags::USUAL)), &Accept::new());
        shift(&world.acceptor_clock, -seconds);
        if seconds.abs() < 300 {
            assert!(outcome.is_ok(), "{seconds}");
        } else {
            let error = refused(outcome);
            assert_says(
                &error,
                &["301 seconds", if seconds < 0 { "ahead" } else { "behind" }, "300"],
            );
            assert_eq!(minor(&error), -1_765_328_347);
        }
    }
}

#[test]
fn a_missing_keytab_entry_is_told_with_what_is_there() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let token = world.first_token(&world.request(Flags::USUAL));
    world.replace_keytab(world.kdc.keytab_for(&["host/www.example.test"]).unwrap());
    let error = refused(world.answer(&token, &Accept::new()));
    assert_says(
        &error,
        &[
            "HTTP/www.example.test@EXAMPLE.TEST",
            "host/www.example.test@EXAMPLE.TEST",
        ],
    );
    assert_eq!(error.kind(), ErrorKind::Failure);
}

#[test]
fn i57_a_ticket_of_another_key_version_is_told_with_both_versions() {
    let newer = Kdc::builder(REALM).enctypes(&[Enctype::Aes256CtsHmacSha196]);
    let newer = newer.add(krb5_kdc::NewPrincipal::with_random_key("imap/www.example.test").kvno(7));
    let world = World::with(newer, CONFIGURATION);
    let mut keytab: Keytab = world.kdc.service_keytab();
    for entry in &mut keytab.entries {
        entry.kvno = 3;
    }
    world.replace_keytab(keytab);
    let request = Initiate {
        target: Name::hostbased_service("imap@www.example.test"),
        ..world.request(Flags::USUAL)
    };
    let name = Name::krb5_principal("imap/www.example.test@EXAMPLE.TEST");
    let cred = single(world::done(world.acceptor.acquire(Acquire::accept().named(name))));
    let token = world.first_token(&request);
    let error = refused(world.answer(&token, &Accept::new().with_cred(cred)));
    assert_says(&error, &["imap/www.example.test", "7", "3"]);
}

#[test]
fn a_keytab_of_another_realms_keys_does_not_decrypt_and_says_so() {
    let (world, other) = (
        World::new(Enctype::Aes256CtsHmacSha196),
        World::new(Enctype::Aes256CtsHmacSha196),
    );
    let token = world.first_token(&world.request(Flags::USUAL));
    let error = refused(other.answer(&token, &Accept::new()));
    assert_says(&error, &["HTTP/www.example.test"]);
    assert_eq!(error.kind(), ErrorKind::Failure);
}

/// What a driver reports that has tried everything.
#[derive(Debug)]
struct NothingAnswers;

impl fmt::Display for NothingAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no KDC of EXAMPLE.TEST answers; tried kdc.example.test (192.0.2.1:88)")
    }
}

impl std::error::Error for NothingAnswers {}

#[test]
fn an_unreachable_kdc_is_told_with_what_was_tried() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let cases: [(fn() -> IoReply, i32); 2] = [
        (|| IoReply::Unreachable(Arc::new(NothingAnswers)), -1_765_328_228),
        (|| IoReply::NoServer(Arc::new(NothingAnswers)), -1_765_328_230),
    ];
    for (reply, code) in cases {
        let flow = world.initiate(&world.request(Flags::USUAL)).step(None).unwrap();
        let error = refused(flow.drive(&mut |request| match request {
            IoRequest::Kdc { .. } => reply(),
            other => gss_test::answer_blocking(other),
        }));
        assert_says(&error, &["EXAMPLE.TEST", "192.0.2.1:88"]);
        assert_eq!(minor(&error), code);
    }
}

#[test]
fn a_driver_that_answers_nonsense_gets_an_error() {
    let replies: [fn() -> IoReply; 4] = [
        || IoReply::Names(vec!["kdc".to_owned()]),
        || IoReply::Value(Box::new(5)),
        || IoReply::Message {
            octets: Vec::new(),
            server: gss_core::flow::Server::Any,
        },
        || IoReply::Message {
            octets: vec![0x6d; 4000],
            server: gss_core::flow::Server::Any,
        },
    ];
    for reply in replies {
        let world = World::new(Enctype::Aes256CtsHmacSha196);
        let flow = world.initiate(&world.request(Flags::USUAL)).step(None).unwrap();
        refused(flow.drive(&mut |_| reply()));
        let token = world.first_token(&world.request(Flags::USUAL));
        let flow = world.accept(&Accept::new()).step(Some(&token)).unwrap();
        refused(flow.drive(&mut |_| reply()));
    }
}

/// A replay cache that does not work.
#[derive(Debug)]
struct Broken;

impl ReplayCache for Broken {
    fn store(&self, _: &Acceptance) -> Result<(), ReplayError> {
        Err(ReplayError::Unavailable("the disk is full".into()))
    }
}

#[test]
fn without_a_replay_cache_nothing_is_accepted() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let mut environment = world.acceptor.environment().clone();
    environment.replay = Arc::new(Broken);
    let acceptor = Krb5::new(environment);
    let token = world.first_token(&world.request(Flags::USUAL));
    let error = refused(world.drive(acceptor.accept(&Accept::new()).unwrap().step(Some(&token))));
    assert!(
        matches!(error.reason_as(), Some(KerberosError::ReplayCache(_))),
        "{error}"
    );
}

#[test]
fn no_credential_is_told_by_the_name_of_the_cache() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let request = Initiate {
        cred: None,
        ..world.request(Flags::USUAL)
    };
    let error = refused(world.drive(world.initiate(&request).step(None)));
    assert_eq!(error, ErrorKind::NoCred);
    assert_says(&error, &[world.initiator.environment().ccache.as_str()]);
}

#[test]
fn a_credential_for_the_other_side_is_refused() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let error = world
        .acceptor
        .accept(&Accept::new().with_cred(world.alice.clone()))
        .err()
        .unwrap();
    assert_eq!(error, ErrorKind::NoCred);
    let keys = single(world::done(world.acceptor.acquire(Acquire::accept())));
    let error = world
        .initiator
        .initiate(&world.request(Flags::USUAL).with_cred(keys))
        .err()
        .unwrap();
    assert_eq!(error, ErrorKind::NoCred);
}

#[test]
fn c15_an_explicit_credential_without_kerberos_is_not_replaced_by_the_default() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let empty = gss_core::Credential::default();
    let error = world
        .initiator
        .initiate(&world.request(Flags::USUAL).with_cred(empty.clone()))
        .err()
        .unwrap();
    assert_eq!(error, ErrorKind::NoCred);
    let error = world.acceptor.accept(&Accept::new().with_cred(empty)).err().unwrap();
    assert_eq!(error, ErrorKind::NoCred);
}

#[test]
fn no_octet_of_the_first_token_can_be_changed() {
    let world = World::new(Enctype::Aes256CtsHmacSha384192);
    let request = world.request(Flags::USUAL);
    let length = world.first_token(&request).len();
    for at in 0..length {
        let mut token = world.first_token(&request);
        token[at] ^= 1 << (at % 8);
        if let Ok(answered) = world.answer(&token, &Accept::new()) {
            // AP options, the ticket's kvno and the names in it are outside of any encryption; they decide nothing.
            let info = answered.context.info();
            assert_eq!(
                info.source.as_ref().unwrap().to_text(),
                "alice@EXAMPLE.TEST",
                "octet {at}"
            );
            assert_eq!(
                info.target.as_ref().unwrap().to_text(),
                "HTTP/www.example.test@EXAMPLE.TEST",
                "octet {at}"
            );
            assert_eq!(info.flags, Flags::USUAL | Flags::TRANS, "octet {at}");
        }
    }
}

#[test]
fn every_truncated_first_token_is_refused_and_so_is_every_short_one() {
    let world = World::new(Enctype::Aes128CtsHmacSha196);
    let token = world.first_token(&world.request(Flags::USUAL));
    for length in 0..token.len() {
        let error = refused(world.answer(&token[..length], &Accept::new()));
        assert_eq!(error, ErrorKind::DefectiveToken, "{length}");
    }
    for token in [
        &b"\x60"[..],
        b"\x60\x84",
        b"\x60\x40\x06",
        b"\x60\x40\x06\x09",
        b"",
        b"NTLMSSP\0",
        b"\x6e\x03\x30\x01\x00",
    ] {
        assert_eq!(
            refused(world.answer(token, &Accept::new())),
            ErrorKind::DefectiveToken,
            "{token:x?}"
        );
    }
}

#[test]
fn both_sides_are_told_when_the_acceptor_refuses() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    world.replace_keytab(world.kdc.keytab_for(&["host/www.example.test"]).unwrap());
    let failure = world.connect(&world.request(Flags::USUAL), &Accept::new()).unwrap_err();
    assert_eq!(failure.side, Role::Acceptor);
    let peer = failure.peer.expect("the initiator gets a KRB-ERROR").error;
    assert!(
        matches!(
            peer.reason_as(),
            Some(KerberosError::Protocol(krb5_proto::Error::Peer(_)))
        ),
        "{peer}"
    );

    let one_way = world
        .connect(&world.request(Flags::empty()), &Accept::new())
        .unwrap_err();
    assert!(one_way.step().unwrap().token.is_none(), "nobody waits for an answer");
}

#[test]
fn a_clock_that_stands_still_makes_no_two_authenticators_alike() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let clock: TestClock = world.clock.clone();
    for _ in 0..10 {
        world.establish(Flags::USUAL);
    }
    assert_eq!(gss_core::Clock::now(&clock), Duration::from_secs(START));
}
