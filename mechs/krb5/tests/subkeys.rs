//! Which key protects the messages: the session key, the initiator's, the acceptor's, and of which type.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use std::sync::Arc;

use gss_core::{Accept, EstablishedContext, Flags, Privacy, Sequence, Step, framing, inquiry};
use gss_mech_krb5::KRB5;
use gss_test::Established;
use krb5_crypto::primitives::rustcrypto::PROVIDER;
use krb5_crypto::{Enctype, Key};
use krb5_message::{
    Associated, CfxOpener, CfxSealer, Detection, NumberWidth, Protection, Role, SequenceWindow, Style, Subkey,
    TokenParameters,
};
use krb5_proto::exchange::ap::AcceptorSubkey;
use krb5_proto::messages::{ApOptions, AuthorizationData};
use world::World;
use world::by_hand::{ByHand, Content, accepted};

const A17: Enctype = Enctype::Aes128CtsHmacSha196;
const A18: Enctype = Enctype::Aes256CtsHmacSha196;
const A19: Enctype = Enctype::Aes128CtsHmacSha256128;
const A20: Enctype = Enctype::Aes256CtsHmacSha384192;

/// Number and key of the messages.
fn session_key(context: &dyn EstablishedContext) -> (u8, Vec<u8>) {
    let values = context.inquire(inquiry::SSPI_SESSION_KEY).unwrap();
    (*values[1].last().unwrap(), values[0].to_vec())
}

fn protect(from: &mut dyn EstablishedContext, to: &mut dyn EstablishedContext) {
    let (token, _) = from.wrap(Privacy::Confidential, b"", b"message").unwrap();
    let (message, unwrapped) = to.unwrapped(&token).unwrap();
    assert_eq!(
        (message.as_slice(), unwrapped.sequence),
        (&b"message"[..], Sequence::Ok)
    );
}

#[test]
fn i31_the_best_type_that_both_permit_is_negotiated() {
    for (session, permitted, expected) in [
        (A17, &[A20, A18, A17][..], A20),
        (A17, &[A18, A20, A17], A18),
        (A17, &[A17, A19], A19),
        (A17, &[A17], A17),
        (A18, &[A20, A19, A18, A17], A20),
        (A20, &[A18, A17, A20], A20),
    ] {
        let world = World::permitting(session, permitted);
        for flags in [Flags::USUAL, Flags::USUAL | Flags::DCE_STYLE] {
            let Established {
                mut initiator,
                mut acceptor,
                ..
            } = world.establish(flags);
            let (number, key) = session_key(&*initiator);
            assert_eq!(
                (i32::from(number), key.len()),
                (expected.number(), expected.key_len()),
                "{session} {permitted:?}"
            );
            assert_eq!(session_key(&*acceptor), (number, key));
            protect(&mut *initiator, &mut *acceptor);
            protect(&mut *acceptor, &mut *initiator);
        }
    }
}

#[test]
fn i31_nothing_is_negotiated_where_there_is_no_answer() {
    let world = World::permitting(A17, &[A20, A17]);
    let Established {
        mut initiator,
        mut acceptor,
        ..
    } = world.establish(Flags::USUAL - Flags::MUTUAL);
    assert_eq!(i32::from(session_key(&*initiator).0), 17);
    protect(&mut *initiator, &mut *acceptor);
    protect(&mut *acceptor, &mut *initiator);
}

#[test]
fn i31_an_acceptor_keeps_to_its_own_types_whatever_is_wished() {
    let by_hand = ByHand::in_world(World::permitting(A18, &[A18, A17]));
    let authdata = AuthorizationData::with_etype_negotiation(vec![20, 23, 17, 1]).unwrap();
    let content = Content {
        authdata,
        options: ApOptions::MUTUAL_REQUIRED,
        ..by_hand.gss(Flags::USUAL, b"")
    };
    let answered = by_hand.present(content, &Accept::new()).unwrap();
    assert_eq!(i32::from(session_key(&*answered.context).0), 18);
}

/// Messages by hand between the holder of `key` and `context`, which counts from `sequence`.
fn messages_by_hand(context: &mut dyn EstablishedContext, key: &Key, role: Role, subkey: Subkey, sequence: u32) {
    let parameters = TokenParameters {
        role,
        subkey,
        style: Style::Standard,
    };
    let mut sealer = CfxSealer::new(key, parameters, sequence.into()).unwrap();
    let token = sealer
        .wrap(Protection::Confidentiality, Associated::default(), b"to you")
        .unwrap();
    let (message, unwrapped) = context.unwrapped(&token).unwrap();
    assert_eq!((message.as_slice(), unwrapped.sequence), (&b"to you"[..], Sequence::Ok));
    let window = SequenceWindow::new(0, Detection::Nothing, NumberWidth::Bits64);
    let mut opener = CfxOpener::new(key, parameters, window).unwrap();
    let (mut token, _) = context.wrap(Privacy::Confidential, b"", b"to me").unwrap();
    let (range, _) = opener.unwrap(Associated::default(), &mut token).unwrap();
    assert_eq!(&token[range], b"to me");
}

#[test]
fn i31_an_initiator_works_with_and_without_an_acceptors_key() {
    let world = World::new(A18);
    for subkey in [AcceptorSubkey::None, AcceptorSubkey::Generate] {
        let (request, initiator) = world.start(&world.request(Flags::USUAL));
        let accepted = accepted(&world, &request);
        let (reply, own) = accepted.reply(&PROVIDER, subkey, Some(77)).unwrap();
        let answer = framing::wrap(&KRB5, &[b"\x02\x00", &reply[..]].concat());
        let step = world.drive(initiator.unwrap().step(Some(&answer))).unwrap();
        let Step::Established { mut context, .. } = step else {
            panic!("established")
        };
        let (key, which) = match &own {
            Some(own) => (own, Subkey::Acceptor),
            None => (accepted.subkey.as_ref().unwrap(), Subkey::Initiator),
        };
        messages_by_hand(&mut *context, key, Role::Acceptor, which, 77);
    }
}

#[test]
fn i31_an_acceptor_works_with_and_without_an_initiators_key() {
    let by_hand = ByHand::new();
    for (keyless, options) in [
        (false, ApOptions::MUTUAL_REQUIRED),
        (true, ApOptions::MUTUAL_REQUIRED),
        (false, ApOptions::empty()),
        (true, ApOptions::empty()),
    ] {
        let mut flags = Flags::USUAL;
        flags.set(Flags::MUTUAL, options == ApOptions::MUTUAL_REQUIRED);
        let content = Content {
            options,
            keyless,
            ..by_hand.gss(flags, b"")
        };
        let (message, initiated) = by_hand.ap_req(content);
        let token = framing::wrap(&KRB5, &[b"\x01\x00", &message[..]].concat());
        let mut answered = by_hand.world.answer(&token, &Accept::new()).unwrap();
        let first = initiated.subkey.as_ref().unwrap_or(&initiated.session_key);
        assert_eq!(initiated.subkey.is_none(), keyless);
        let (key, which) = match &answered.token {
            Some(answer) => {
                let reply = &framing::parse(answer).unwrap().1[2..];
                (initiated.verify_rep(reply).unwrap().subkey.unwrap(), Subkey::Acceptor)
            }
            None => (Arc::clone(first), Subkey::Initiator),
        };
        messages_by_hand(&mut *answered.context, &key, Role::Initiator, which, initiated.sequence);
    }
}
