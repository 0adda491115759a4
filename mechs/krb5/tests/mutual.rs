//! What an initiator takes for an answer, from acceptors that are honest, mistaken or hostile.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use std::sync::Arc;

use gss_core::{Accept, ErrorKind, Flags, InitiatorContext, Sequence, Step, StepError, framing};
use gss_mech_krb5::{KRB5, KerberosError};
use krb5_crypto::primitives::rustcrypto::PROVIDER;
use krb5_crypto::{Enctype, Key};
use krb5_kdc::Kdc;
use krb5_proto::exchange::ap::{self, AcceptPolicy, AcceptorSubkey};
use krb5_proto::exchange::krb_error;
use krb5_proto::messages::{ApRep, EncryptedData};
use krb5_proto::{ErrorCode, Principal};
use krb5_store::config::Settings;
use krb5_store::keytab::{Acceptor, MemoryKeytab};
use world::{CONFIGURATION, REALM, World, shift, time};

fn token(id: [u8; 2], message: &[u8]) -> Vec<u8> {
    framing::wrap(&KRB5, &[&id[..], message].concat())
}

fn waiting(world: &World) -> (Vec<u8>, Box<dyn InitiatorContext>) {
    let (token, context) = world.start(&world.request(Flags::USUAL));
    (token, context.unwrap())
}

fn refused(world: &World, context: Box<dyn InitiatorContext>, answer: Option<&[u8]>) -> StepError {
    match world.drive(context.step(answer)) {
        Ok(_) => panic!("the acceptor has proved nothing"),
        Err(error) => error,
    }
}

#[test]
fn c12_no_answer_or_an_empty_one_proves_nothing() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    for answer in [None, Some(&b""[..])] {
        let (_, context) = waiting(&world);
        refused(&world, context, answer);
    }
}

#[test]
fn c12_an_answer_to_another_request_proves_nothing() {
    let world = World::new(Enctype::Aes256CtsHmacSha384192);
    let (first, _) = waiting(&world);
    let old = world.answer(&first, &Accept::new()).unwrap().token.unwrap();
    let (_, context) = waiting(&world);
    let error = refused(&world, context, Some(&old));
    assert!(matches!(
        error.error.reason_as(),
        Some(KerberosError::Protocol(krb5_proto::Error::MutualFailed))
    ));
}

#[test]
fn c12_an_answer_of_somebody_without_the_key_proves_nothing() {
    let (world, elsewhere) = (
        World::new(Enctype::Aes128CtsHmacSha196),
        World::new(Enctype::Aes128CtsHmacSha196),
    );
    let (other, _) = waiting(&elsewhere);
    let forged = elsewhere.answer(&other, &Accept::new()).unwrap().token.unwrap();
    let (_, context) = waiting(&world);
    refused(&world, context, Some(&forged));
}

#[test]
fn c12_no_changed_answer_is_taken() {
    let world = World::new(Enctype::Aes128CtsHmacSha256128);
    let (request, _) = waiting(&world);
    let length = world.answer(&request, &Accept::new()).unwrap().token.unwrap().len();
    for at in 0..length {
        let (request, context) = waiting(&world);
        let mut answer = world.answer(&request, &Accept::new()).unwrap().token.unwrap();
        answer[at] ^= 1 << (at % 8);
        refused(&world, context, Some(&answer));
    }
}

#[test]
fn every_truncated_answer_is_refused() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let (request, _) = waiting(&world);
    let answer = world.answer(&request, &Accept::new()).unwrap().token.unwrap();
    for length in 0..answer.len() {
        let (_, context) = waiting(&world);
        let error = refused(&world, context, Some(&answer[..length]));
        assert!(error.token.is_none());
    }
}

#[test]
fn the_initiators_own_token_sent_back_proves_nothing() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let (request, context) = waiting(&world);
    let error = refused(&world, context, Some(&request));
    assert_eq!(error.error, ErrorKind::DefectiveToken);
}

#[test]
fn a_subkey_of_a_type_that_is_not_permitted_is_refused() {
    let only = "[libdefaults]\n    permitted_enctypes = aes256-cts-hmac-sha1-96\n";
    let configuration = CONFIGURATION.replacen("[libdefaults]", only, 1);
    let builder = Kdc::builder(REALM).enctypes(&[Enctype::Aes256CtsHmacSha196]);
    let world = World::with(builder, &configuration);
    let (request, context) = waiting(&world);
    let ap_req = framing::parse(&request).unwrap().1.get(2..).unwrap();
    let keytab = MemoryKeytab::new("by hand", world.kdc.service_keytab());
    let keys = Acceptor::new(Arc::new(keytab), None, &Settings::default(), &PROVIDER);
    let accepted = ap::accept(&PROVIDER, &keys, ap_req, &AcceptPolicy::default(), time(&world.clock)).unwrap();
    let weaker = Arc::new(Key::generate(&PROVIDER, Enctype::Aes128CtsHmacSha196).unwrap());
    let (ap_rep, _) = accepted
        .reply(&PROVIDER, AcceptorSubkey::Given(weaker), Some(1))
        .unwrap();
    let error = refused(&world, context, Some(&token([2, 0], &ap_rep))).error;
    assert!(matches!(
        error.reason_as(),
        Some(KerberosError::Protocol(krb5_proto::Error::EtypeNotPermitted(_)))
    ));
}

#[test]
fn an_ap_rep_of_another_enctype_is_refused() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    for etype in [0, 17, 19, 20, 23, -128] {
        let (_, context) = waiting(&world);
        let enc_part = EncryptedData {
            etype,
            kvno: None,
            cipher: vec![0; 100].into(),
        };
        let answer = token([2, 0], &ApRep { enc_part }.to_der().unwrap());
        refused(&world, context, Some(&answer));
    }
}

/// What an acceptor says that refuses with `code`, its clock being `seconds` ahead.
fn complaint(world: &World, code: ErrorCode, seconds: i64) -> Vec<u8> {
    let server = Principal::parse("HTTP/www.example.test@EXAMPLE.TEST", None).unwrap();
    let now = time(&world.clock).offset(seconds);
    token(
        [3, 0],
        &krb_error::build(code, &server, None, now).unwrap().to_der().unwrap(),
    )
}

#[test]
fn a_refusal_is_told_with_its_code() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    for (code, minor) in [
        (ErrorCode::KRB_AP_ERR_REPEAT, -1_765_328_350),
        (ErrorCode::KRB_AP_ERR_MODIFIED, -1_765_328_343),
        (ErrorCode::KRB_ERR_GENERIC, -1_765_328_324_i32),
    ] {
        let (_, context) = waiting(&world);
        let error = refused(&world, context, Some(&complaint(&world, code, 0))).error;
        assert_eq!(i32::from_ne_bytes(error.minor().to_ne_bytes()), minor, "{error}");
        assert!(error.to_string().contains("acceptor"), "{error}");
    }
}

#[test]
fn i36_a_complaint_about_the_clock_is_good_for_one_more_try() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    world.first_token(&world.request(Flags::USUAL));
    for clock in [&world.clock, &world.acceptor_clock] {
        shift(clock, 10_000);
    }
    for seconds in [-3000, 3000] {
        shift(&world.acceptor_clock, seconds);
        let (request, context) = waiting(&world);
        let Err(StepError {
            error,
            token: Some(complaint),
        }) = world.answer(&request, &Accept::new())
        else {
            panic!("the acceptor's clock is {seconds} seconds ahead");
        };
        assert!(error.to_string().contains("3000 seconds"), "{error}");
        let Ok(Step::Continue { token: second, next }) = world.drive(context.step(Some(&complaint))) else {
            panic!("one more try is due");
        };
        let answered = world.answer(&second, &Accept::new()).unwrap();
        let step = world.drive(next.step(answered.token.as_deref())).unwrap();
        let Step::Established {
            context: mut initiator, ..
        } = step
        else {
            panic!("established")
        };
        let mut acceptor = answered.context;
        let mic = initiator.mic_of(b"message").unwrap();
        assert_eq!(acceptor.verify_mic(&[b"message"], &mic).unwrap().sequence, Sequence::Ok);
        shift(&world.acceptor_clock, -seconds);
    }
}

#[test]
fn i36_a_second_complaint_about_the_clock_ends_it_and_says_by_how_much() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let (_, context) = waiting(&world);
    let first = complaint(&world, ErrorCode::KRB_AP_ERR_SKEW, 2000);
    let Ok(Step::Continue { next, .. }) = world.drive(context.step(Some(&first))) else {
        panic!("one more try is due");
    };
    let second = complaint(&world, ErrorCode::KRB_AP_ERR_SKEW, 4000);
    let error = refused(&world, next, Some(&second)).error;
    assert!(error.to_string().contains("2000 seconds ahead"), "{error}");
}

#[test]
fn i36_a_complaint_from_far_ahead_gets_no_authenticator_from_the_future() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    for seconds in [8 * 3600, 3601, 10, -10] {
        let (_, context) = waiting(&world);
        let complaint = complaint(&world, ErrorCode::KRB_AP_ERR_SKEW, seconds);
        refused(&world, context, Some(&complaint));
    }
}

#[test]
fn a_one_way_context_claims_no_mutual_authentication() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let established = world.establish(Flags::USUAL - Flags::MUTUAL);
    for context in [established.initiator, established.acceptor] {
        assert!(!context.info().flags.contains(Flags::MUTUAL));
    }
}

#[test]
fn an_initiator_speaks_first() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let context = world.initiate(&world.request(Flags::USUAL));
    let error = refused(&world, context, Some(b"hello"));
    assert_eq!(error.error, ErrorKind::DefectiveToken);
}
