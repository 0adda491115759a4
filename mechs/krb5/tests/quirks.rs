//! What peers rely on beyond the RFCs' letter: key usages, sequence numbers, clocks.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use gss_core::{
    Accept, Acquire, ErrorKind, EstablishedContext, Flags, IoReply, IoRequest, Mechanism, Name, Octets, Sequence, Step,
    flow::Server, framing,
};
use krb5_crypto::{Enctype, Key, KeyUsage};
use krb5_kdc::Transport;
use krb5_proto::exchange::ap::InitialSequence;
use krb5_proto::messages::{ApOptions, ApRep, ApReq, KrbCred};
use world::by_hand::{ByHand, Content, accepted};
use world::{World, shift, single, time};

/// The messages of a mutual context, without framing: AP-REQ and AP-REP, and the session key.
fn messages(world: &World, flags: Flags) -> (Vec<u8>, Vec<u8>, Key) {
    let (request, _) = world.start(&world.request(flags));
    let key = accepted(world, &request).session_key;
    let answer = world.answer(&request, &Accept::new()).unwrap().token.unwrap();
    let inner = |token: &[u8]| framing::parse(token).unwrap().1[2..].to_vec();
    let key = Key::new(key.provider(), key.enctype(), key.expose()).unwrap();
    (inner(&request), inner(&answer), key)
}

/// The usages of which `key` decrypts `cipher`.
fn usages(key: &Key, cipher: &[u8]) -> Vec<u32> {
    (0..60)
        .filter(|number| key.decrypt(KeyUsage(*number), cipher).is_ok())
        .collect()
}

#[test]
fn i38_each_message_has_its_key_usage() {
    for enctype in Enctype::ALL {
        let world = World::new(*enctype);
        let (request, answer, key) = messages(&world, Flags::USUAL);
        let request = ApReq::from_der(&request).unwrap();
        assert_eq!(
            usages(&key, &request.authenticator.cipher),
            [11],
            "the service is no KDC"
        );
        let answer = ApRep::from_der(&answer).unwrap();
        assert_eq!(usages(&key, &answer.enc_part.cipher), [12]);
    }
}

#[test]
fn i28_the_delegated_credential_is_in_the_session_key() {
    let world = World::new(Enctype::Aes256CtsHmacSha384192);
    let (request, _) = world.start(&world.request(Flags::USUAL | Flags::DELEG));
    let accepted = accepted(&world, &request);
    let checksum = accepted.checksum.as_ref().unwrap().checksum.as_bytes();
    let length = usize::from(u16::from_le_bytes([checksum[26], checksum[27]]));
    assert_eq!((&checksum[24..26], 28 + length), (&[1, 0][..], checksum.len()));
    let cred = KrbCred::from_der(&checksum[28..]).unwrap();
    assert_eq!(usages(&accepted.session_key, &cred.enc_part.cipher), [14]);
    assert_eq!(
        usages(accepted.subkey.as_ref().unwrap(), &cred.enc_part.cipher),
        [0_u32; 0],
        "and not in the subkey"
    );
}

#[test]
fn i32_messages_count_beyond_the_32_bits_of_the_first_number() {
    let by_hand = ByHand::new();
    let content = Content {
        sequence: InitialSequence::Value(u32::MAX),
        ..by_hand.gss(Flags::USUAL - Flags::MUTUAL, b"")
    };
    let mut acceptor = by_hand.present(content, &Accept::new()).unwrap().context;
    // Without an AP-REP the acceptor counts from the same number.
    for expected in [u64::from(u32::MAX), 1 << 32, (1 << 32) + 1] {
        let mic = acceptor.mic_of(b"").unwrap();
        assert_eq!(mic[8..16], expected.to_be_bytes());
    }
}

#[test]
fn i34_tokens_of_rfc1964_and_delete_tokens_have_no_place_in_these_contexts() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let mut established = world.establish(Flags::USUAL);
    let context: &mut dyn EstablishedContext = &mut *established.acceptor;
    for id in [[1, 1], [2, 1], [1, 2], [4, 5]] {
        let bare = [&id[..], &[0xFF; 60]].concat();
        for token in [framing::wrap(&world.acceptor.oid(), &bare), bare] {
            assert_eq!(context.unwrapped(&token).unwrap_err(), ErrorKind::DefectiveToken);
            assert_eq!(context.verify_mic(&[], &token).unwrap_err(), ErrorKind::DefectiveToken);
            assert_eq!(context.process_token(&token).unwrap_err(), ErrorKind::DefectiveToken);
        }
    }
    let mic = established.initiator.mic_of(b"message").unwrap();
    assert_eq!(
        established.acceptor.verify_mic(&[b"message"], &mic).unwrap().sequence,
        Sequence::Ok,
        "the context goes on"
    );
}

#[test]
fn i37_the_offset_of_the_clock_is_learnt_from_the_kdc_and_used_with_its_sign() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    // The KDC and the acceptor agree; the initiator's clock is the one that is wrong.
    let (kdc, clock) = (world.kdc.clone(), world.acceptor_clock.clone());
    let mut driver = move |request: IoRequest| match request {
        IoRequest::Kdc { message, .. } => IoReply::Message {
            octets: kdc.handle(&message, time(&clock), Transport::Tcp).unwrap(),
            server: Server::Any,
        },
        other => gss_test::answer_blocking(other),
    };
    for seconds in [1000, -2000] {
        shift(&world.clock, seconds);
        let password = Octets::new(b"builder".to_vec());
        let request = Acquire::initiate().named(Name::user("bob")).with_password(password);
        let cred = world.initiator.acquire(request).unwrap().drive(&mut driver).unwrap();
        let request = world.request(Flags::USUAL).with_cred(single(cred));
        let flow = world.initiate(&request).step(None).unwrap();
        let Step::Continue { token, .. } = flow.drive(&mut driver).unwrap() else {
            panic!("an answer is due")
        };
        let (_, inner) = framing::parse(&token).unwrap();
        let request = ApReq::from_der(&inner[2..]).unwrap();
        assert!(request.ap_options.contains(ApOptions::MUTUAL_REQUIRED));
        assert!(
            world.answer(&token, &Accept::new()).is_ok(),
            "our clock is off by {seconds} seconds, and the acceptor does not notice"
        );
    }
}
