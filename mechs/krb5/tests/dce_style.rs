//! Contexts in DCE style: three tokens without framing.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use gss_core::{
    Accept, AcceptorContext, Error, ErrorKind, EstablishedContext, Flags, Handshake, Iov, IovShape, Mechanism,
    Mechanisms, Privacy, Role, Sequence, Step, TrailerPlace, framing, inquiry,
};
use gss_mech_krb5::{KRB5, KerberosError};
use gss_test::Established;
use krb5_crypto::Enctype;
use krb5_proto::messages::ApOptions;
use world::by_hand::ByHand;
use world::{World, shift};

const DCE: Flags = Flags::USUAL.union(Flags::DCE_STYLE);

/// An acceptor's second token, and the context that awaits the third.
type Waiting = (Vec<u8>, Box<dyn AcceptorContext>);

fn second_leg(world: &World, token: &[u8]) -> Waiting {
    match world.drive(world.accept(&Accept::new()).step(Some(token))).unwrap() {
        Step::Continue { token, next } => (token, next),
        Step::Established { .. } => panic!("the initiator has not got the reply yet"),
    }
}

/// The third token of an honest initiator, and the acceptor that awaits it.
fn up_to_the_third_leg(world: &World) -> (Vec<u8>, Box<dyn AcceptorContext>) {
    let (first, initiator) = world.start(&world.request(DCE));
    let (second, acceptor) = second_leg(world, &first);
    let step = world.drive(initiator.unwrap().step(Some(&second))).unwrap();
    let Step::Established { token: Some(third), .. } = step else {
        panic!("the initiator is done, and says so");
    };
    (third, acceptor)
}

fn refused(world: &World, acceptor: Box<dyn AcceptorContext>, token: Option<&[u8]>) -> Error {
    match world.drive(acceptor.step(token)) {
        Ok(_) => panic!("the initiator has proved nothing"),
        Err(error) => error.error,
    }
}

fn protect(from: &mut dyn EstablishedContext, to: &mut dyn EstablishedContext) {
    let mic = from.mic_of(b"message").unwrap();
    assert_eq!(to.verify_mic(&[b"message"], &mic).unwrap().sequence, Sequence::Ok);
    for privacy in [Privacy::Integrity, Privacy::Confidential] {
        let (token, _) = from.wrap(privacy, b"", b"message").unwrap();
        assert_eq!(to.unwrapped(&token).unwrap().0, b"message");
        for trailer in [TrailerPlace::Separate, TrailerPlace::InHeader] {
            rpc(from, to, privacy, trailer);
        }
    }
}

/// A message of DCE RPC: the PDU's header and the verifier's are signed around the data.
fn rpc(from: &mut dyn EstablishedContext, to: &mut dyn EstablishedContext, privacy: Privacy, trailer: TrailerPlace) {
    let mut data = *b"sixteen octets.. and some";
    let shape = IovShape {
        data: data.len(),
        sign_only: 12,
        trailer,
    };
    let lens = from.wrap_iov_len(privacy, shape).unwrap();
    let (mut header, mut behind) = (vec![0; lens.header], vec![0; lens.trailer]);
    let (before, after) = (*b"header", *b"verify");
    {
        let mut iov = layout(&mut header, &before, &mut data, &after, &mut behind);
        from.wrap_iov(privacy, &mut iov).unwrap();
    }
    assert_eq!(data == *b"sixteen octets.. and some", privacy == Privacy::Integrity);
    let mut iov = layout(&mut header, &before, &mut data, &after, &mut behind);
    assert_eq!(to.unwrap_iov(&mut iov).unwrap().privacy, privacy);
    assert_eq!(data, *b"sixteen octets.. and some");
}

/// As callers without a trailer have it, where `trailer` is empty.
fn layout<'a>(
    header: &'a mut [u8],
    before: &'a [u8],
    data: &'a mut [u8],
    after: &'a [u8],
    trailer: &'a mut [u8],
) -> [Iov<'a>; 6] {
    let trailer = if trailer.is_empty() {
        Iov::Empty
    } else {
        Iov::Trailer(trailer)
    };
    [
        Iov::SignOnly(before),
        Iov::Data(data),
        Iov::SignOnly(after),
        Iov::Header(header),
        Iov::Padding(&mut []),
        trailer,
    ]
}

#[test]
fn i30_three_messages_without_framing_make_a_context() {
    for enctype in Enctype::ALL {
        let world = World::new(*enctype);
        let Established {
            mut initiator,
            mut acceptor,
            sent,
        } = world.establish(DCE);
        let first: Vec<u8> = sent.iter().map(|(_, token)| token[0]).collect();
        assert_eq!(first, [0x6E, 0x6F, 0x6F], "AP-REQ, AP-REP, AP-REP");
        for context in [&initiator, &acceptor] {
            assert_eq!(context.info().flags, DCE | Flags::TRANS);
            assert_eq!(context.info().source.as_ref().unwrap().to_text(), "alice@EXAMPLE.TEST");
        }
        protect(&mut *initiator, &mut *acceptor);
        protect(&mut *acceptor, &mut *initiator);
        let key = |context: &dyn EstablishedContext| context.inquire(inquiry::SSPI_SESSION_KEY).unwrap()[0].to_vec();
        assert_eq!(key(&*initiator), key(&*acceptor));
    }
}

#[test]
fn i30_the_messages_count_from_the_first_two_legs_and_use_the_acceptors_key() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let mut established = world.establish(DCE);
    for (context, flags) in [(&mut established.initiator, 4), (&mut established.acceptor, 5)] {
        let mic = context.mic_of(b"").unwrap();
        assert_eq!(mic[2], flags, "protected by the acceptor's subkey");
    }
    let mic = established.initiator.mic_of(b"").unwrap();
    assert_eq!(
        established.acceptor.verify_mic(&[b""], &mic).unwrap().sequence,
        Sequence::Gap
    );
}

#[test]
fn i30_the_dce_style_implies_mutual_authentication() {
    let world = World::new(Enctype::Aes256CtsHmacSha384192);
    let established = world.establish(Flags::DCE_STYLE);
    for context in [established.initiator, established.acceptor] {
        assert!(context.info().flags.contains(Flags::DCE_STYLE | Flags::MUTUAL));
    }
}

#[test]
fn i30_an_initiator_that_forgets_to_ask_for_mutual_authentication_gets_it() {
    let by_hand = ByHand::new();
    let content = by_hand.gss(DCE - Flags::MUTUAL, b"");
    assert_eq!(content.options, ApOptions::empty());
    let (first, initiated) = by_hand.ap_req(content);
    let (second, acceptor) = second_leg(&by_hand.world, &first);
    let third = initiated.reply_again(&initiated.verify_rep(&second).unwrap()).unwrap();
    let Step::Established { token: None, context } = by_hand.world.drive(acceptor.step(Some(&third))).unwrap() else {
        panic!("the third leg is the last")
    };
    assert_eq!(context.info().flags, DCE | Flags::TRANS);
}

#[test]
fn i29_a_request_without_framing_is_for_the_dce_style_only() {
    let by_hand = ByHand::new();
    for flags in [Flags::USUAL, Flags::empty()] {
        let (raw, _) = by_hand.ap_req(by_hand.gss(flags, b""));
        let error = by_hand.world.answer(&raw, &Accept::new()).err().unwrap();
        assert_eq!(error.error, ErrorKind::DefectiveToken);
        assert!(matches!(error.error.reason_as(), Some(KerberosError::DceStyle)));
        let told = framing::parse(&error.token.unwrap()).unwrap().1.to_vec();
        assert_eq!(told[..2], [3, 0], "whoever sends that waits for an answer");
    }
    let (raw, _) = by_hand.ap_req(world::by_hand::Content::default());
    let error = by_hand.world.answer(&raw, &Accept::new()).err().unwrap();
    assert_eq!(
        error.error,
        ErrorKind::DefectiveToken,
        "without a checksum nothing says so"
    );
    let error = by_hand.present(by_hand.gss(DCE, b""), &Accept::new()).err().unwrap();
    assert!(matches!(error.reason_as(), Some(KerberosError::DceStyle)));
}

#[test]
fn i29_the_registry_knows_a_request_without_framing() {
    let world = World::new(Enctype::Aes128CtsHmacSha256128);
    let mechs = Mechanisms::builder().with(world.acceptor.clone()).build().unwrap();
    let (first, _) = world.start(&world.request(DCE));
    assert_eq!(mechs.route(&first).unwrap().oid(), KRB5);
    let step = world.drive(mechs.accept(Accept::new()).step(Some(&first))).unwrap();
    assert!(matches!(step, Step::Continue { .. }));
    let (second, _) = second_leg(&world, &world.start(&world.request(DCE)).0);
    for other in [&second[..], b"\x7e\x00", b"\x6a\x81", b"NTLMSSP\0", b""] {
        assert_eq!(mechs.route(other).unwrap_err(), ErrorKind::DefectiveToken);
        assert!(!world.acceptor.claims_unframed(other));
    }
}

#[test]
fn i29_an_answer_must_be_framed_as_the_request_was() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let (first, initiator) = world.start(&world.request(DCE));
    let (second, _) = second_leg(&world, &first);
    let framed = framing::wrap(&KRB5, &[b"\x02\x00", &second[..]].concat());
    let error = world.drive(initiator.unwrap().step(Some(&framed))).err().unwrap().error;
    assert!(matches!(error.reason_as(), Some(KerberosError::DceStyle)), "{error}");

    let (first, initiator) = world.start(&world.request(Flags::USUAL));
    let answer = world.answer(&first, &Accept::new()).unwrap().token.unwrap();
    let raw = &framing::parse(&answer).unwrap().1[2..];
    let error = world.drive(initiator.unwrap().step(Some(raw))).err().unwrap().error;
    assert!(matches!(error.reason_as(), Some(KerberosError::DceStyle)), "{error}");
}

#[test]
fn c12_without_the_right_third_token_there_is_no_context() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let (of_another, _) = up_to_the_third_leg(&world);
    let (first, _) = world.start(&world.request(DCE));
    for wrong in [None, Some(&b""[..]), Some(&of_another), Some(&first)] {
        let (_, acceptor) = up_to_the_third_leg(&world);
        refused(&world, acceptor, wrong);
    }
    let (second, acceptor) = second_leg(&world, &world.start(&world.request(DCE)).0);
    let error = refused(&world, acceptor, Some(&second));
    assert!(
        matches!(
            error.reason_as(),
            Some(KerberosError::Protocol(krb5_proto::Error::MutualFailed))
        ),
        "our own answer sent back: {error}"
    );
    let (third, acceptor) = up_to_the_third_leg(&world);
    let framed = framing::wrap(&KRB5, &[b"\x02\x00", &third[..]].concat());
    refused(&world, acceptor, Some(&framed));
}

#[test]
fn c12_no_changed_or_truncated_third_token_is_taken() {
    let world = World::new(Enctype::Aes128CtsHmacSha256128);
    let length = up_to_the_third_leg(&world).0.len();
    for at in 0..length {
        let (mut third, acceptor) = up_to_the_third_leg(&world);
        third[at] ^= 1 << (at % 8);
        refused(&world, acceptor, Some(&third));
        let (third, acceptor) = up_to_the_third_leg(&world);
        refused(&world, acceptor, Some(&third[..at]));
    }
}

#[test]
fn c12_no_changed_second_token_is_taken() {
    let world = World::new(Enctype::Aes256CtsHmacSha384192);
    let answer = |world: &World| {
        let (first, initiator) = world.start(&world.request(DCE));
        (second_leg(world, &first).0, initiator.unwrap())
    };
    let (stale, _) = answer(&world);
    let (_, initiator) = answer(&world);
    assert!(world.drive(initiator.step(Some(&stale))).is_err(), "of another context");
    for at in 0..stale.len() {
        let (mut second, initiator) = answer(&world);
        second[at] ^= 1 << (at % 8);
        assert!(world.drive(initiator.step(Some(&second))).is_err(), "{at}");
    }
}

/// As for other half-open contexts: not even that it is in DCE style.
fn assert_reveals_nothing(context: &(impl Handshake + ?Sized), role: Role) {
    let progress = context.progress();
    assert_eq!(
        (progress.mech, progress.role, progress.flags),
        (Some(KRB5), role, Flags::empty())
    );
    for what in [inquiry::SSPI_SESSION_KEY, inquiry::SASL_SSF] {
        assert_eq!(context.inquire(what).unwrap_err(), ErrorKind::Unavailable);
    }
}

#[test]
fn c1_after_each_leg_of_the_dce_style_nothing_is_told_before_its_end() {
    let world = World::new(Enctype::Aes256CtsHmacSha384192);
    for flags in [DCE, DCE | Flags::DELEG] {
        let (first, initiator) = world.start(&world.request(flags));
        let initiator = initiator.unwrap();
        assert_reveals_nothing(&*initiator, Role::Initiator);
        let (second, acceptor) = second_leg(&world, &first);
        assert_reveals_nothing(&*acceptor, Role::Acceptor);
        let step = world.drive(initiator.step(Some(&second))).unwrap();
        let Step::Established { token, context } = step else {
            panic!("the initiator has its proof")
        };
        assert_eq!(context.info().flags, flags | Flags::TRANS);
        let step = world.drive(acceptor.step(token.as_deref())).unwrap();
        let Step::Established {
            token: None,
            mut context,
        } = step
        else {
            panic!("the third leg is the last")
        };
        assert_eq!(context.info().flags, flags | Flags::TRANS);
        assert_eq!(context.take_delegated().is_some(), flags.contains(Flags::DELEG));
    }
}

#[test]
fn c14_in_dce_style_a_delegation_without_credential_is_none() {
    let by_hand = ByHand::new();
    let (first, initiated) = by_hand.ap_req(by_hand.gss(DCE | Flags::DELEG, b""));
    let (second, acceptor) = second_leg(&by_hand.world, &first);
    let third = initiated.reply_again(&initiated.verify_rep(&second).unwrap()).unwrap();
    let Step::Established { mut context, .. } = by_hand.world.drive(acceptor.step(Some(&third))).unwrap() else {
        panic!("established")
    };
    assert!(!context.info().flags.contains(Flags::DELEG));
    assert!(context.take_delegated().is_none());
}

#[test]
fn a_request_in_dce_style_is_accepted_once() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let (first, _) = world.start(&world.request(DCE));
    second_leg(&world, &first);
    let error = world.answer(&first, &Accept::new()).err().unwrap().error;
    assert!(
        matches!(error.reason_as(), Some(KerberosError::Replay { .. })),
        "{error}"
    );
}

#[test]
fn i36_a_complaint_about_the_clock_is_understood_framed_and_raw() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    world.start(&world.request(DCE));
    shift(&world.acceptor_clock, 3000);
    for framed in [true, false] {
        let (first, initiator) = world.start(&world.request(DCE));
        let complaint = world.answer(&first, &Accept::new()).err().unwrap().token.unwrap();
        let (mech, inner) = framing::parse(&complaint).unwrap();
        assert_eq!((mech, &inner[..2]), (KRB5, &b"\x03\x00"[..]));
        let complaint = if framed { &complaint[..] } else { &inner[2..] };
        let step = world.drive(initiator.unwrap().step(Some(complaint))).unwrap();
        let Step::Continue { token, next } = step else {
            panic!("one more try is due")
        };
        let (second, acceptor) = second_leg(&world, &token);
        let Step::Established { token: third, .. } = world.drive(next.step(Some(&second))).unwrap() else {
            panic!("established")
        };
        assert!(world.drive(acceptor.step(third.as_deref())).is_ok());
    }
}

#[test]
fn i31_a_context_in_dce_style_uses_the_negotiated_type_too() {
    let world = World::permitting(Enctype::Aes128CtsHmacSha196, Enctype::ALL);
    let established = world.establish(DCE);
    let key = established.initiator.inquire(inquiry::SSPI_SESSION_KEY).unwrap();
    assert_eq!(key[0].len(), 32, "a key of 256 bits");
}
