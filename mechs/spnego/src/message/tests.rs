use gss_core::oid;
use hex_literal::hex;
use proptest::prelude::*;

use super::*;

const KRB5: Oid = oid!("1.2.840.113554.1.2.2");
const KRB5_MICROSOFT: Oid = oid!("1.2.840.48018.1.2.2");
const NTLM: Oid = oid!("1.3.6.1.4.1.311.2.2.10");
const NEGOEX: Oid = oid!("1.3.6.1.4.1.311.2.2.30");

const KRB5_USER_TO_USER: Oid = oid!("1.2.840.113554.1.2.2.3");

/// What a Windows server says first over SMB: NegTokenInit2, [MS-SPNG] §2.2.1.
const HINTS: [u8; 120] = hex!(
    "60 76 06 06 2b 06 01 05 05 02 a0 6c 30 6a a0 3c 30 3a"
    "06 0a 2b 06 01 04 01 82 37 02 02 1e 06 09 2a 86 48 82 f7 12 01 02 02 06 09 2a 86 48 86 f7 12 01 02 02"
    "06 0a 2a 86 48 86 f7 12 01 02 02 03 06 0a 2b 06 01 04 01 82 37 02 02 0a"
    "a3 2a 30 28 a0 26 1b 24 6e 6f 74 5f 64 65 66 69 6e 65 64 5f 69 6e 5f 52 46 43 34 31 37 38"
    "40 70 6c 65 61 73 65 5f 69 67 6e 6f 72 65"
);

fn windows() -> MechTypes {
    MechTypes::new(vec![NEGOEX, KRB5_MICROSOFT, KRB5, KRB5_USER_TO_USER, NTLM])
}

fn init(token: &[u8]) -> NegTokenInit {
    match NegotiationToken::parse(token).unwrap() {
        NegotiationToken::Init(init) => init,
        NegotiationToken::Resp(_) => panic!("a NegTokenResp"),
    }
}

fn resp(token: &[u8]) -> NegTokenResp {
    match NegotiationToken::parse(token).unwrap() {
        NegotiationToken::Resp(resp) => resp,
        NegotiationToken::Init(_) => panic!("a NegTokenInit"),
    }
}

#[test]
fn i3_hints_are_told_from_a_mic_by_their_type() {
    let hints = init(&HINTS);
    assert_eq!(hints.mech_types, windows());
    assert_eq!(
        (hints.hints, hints.mech_token, hints.mech_list_mic),
        (Some(Hints), None, None)
    );
    let list = MechTypes::new(vec![KRB5]);
    let with_mic = NegTokenInit {
        mech_list_mic: Some(b"mic".to_vec()),
        ..NegTokenInit::new(list.clone(), Some(b"token".to_vec()))
    };
    assert_eq!(init(&with_mic.to_token()), with_mic);
    let with_both = NegTokenInit {
        mech_list_mic: Some(b"mic".to_vec()),
        ..NegTokenInit::hinting(list)
    };
    assert_eq!(init(&with_both.to_token()), with_both);
}

#[test]
fn i3_what_an_acceptor_says_first_is_what_windows_says() {
    let ours = NegTokenInit::hinting(windows());
    assert_eq!(hex::encode(ours.to_token()), hex::encode(HINTS));
}

#[test]
fn the_offer_has_the_octets_of_the_rfc() {
    let offer = NegTokenInit::new(MechTypes::new(vec![KRB5, NTLM]), Some(b"abc".to_vec()));
    let expected = hex!(
        "60 2e 06 06 2b 06 01 05 05 02 a0 24 30 22 a0 19 30 17 06 09 2a 86 48 86 f7 12 01 02 02"
        "06 0a 2b 06 01 04 01 82 37 02 02 0a a2 05 04 03 61 62 63"
    );
    assert_eq!(hex::encode(offer.to_token()), hex::encode(expected));
    assert_eq!(
        hex::encode(offer.mech_types.as_der()),
        "301706092a864886f712010202060a2b06010401823702020a"
    );
}

#[test]
fn replies_have_the_octets_of_the_rfc() {
    let reply = NegTokenResp {
        supported_mech: Some(KRB5),
        response_token: Some(vec![1]),
        mech_list_mic: Some(vec![2]),
        ..NegTokenResp::new(NegState::RequestMic)
    };
    let token = hex!("a11e 301c a003 0a01 03 a10b 0609 2a864886f712010202 a203 0401 01 a303 0401 02");
    assert_eq!(hex::encode(reply.to_token()), hex::encode(token));
    assert_eq!(resp(&token), reply);
    assert_eq!(
        hex::encode(NegTokenResp::new(NegState::AcceptCompleted).to_token()),
        "a1073005a0030a0100"
    );
}

#[test]
fn i5_i14_every_field_of_a_reply_can_be_missing() {
    assert_eq!(resp(&hex!("a102 3000")), NegTokenResp::default());
    let token = resp(&hex!("a109 3007 a205 0403 616263"));
    assert_eq!(token.response_token.as_deref(), Some(&b"abc"[..]));
    assert_eq!((token.state, token.supported_mech), (None, None));
}

#[test]
fn i13_replies_may_be_framed_and_lack_their_sequence() {
    let reply = NegTokenResp {
        response_token: Some(vec![1]),
        ..NegTokenResp::new(NegState::AcceptIncomplete)
    };
    assert_eq!(resp(&framing::wrap(&SPNEGO, &reply.to_token())), reply);
    assert_eq!(resp(&hex!("a10a a003 0a01 01 a203 0401 01")), reply);
    let foreign = framing::wrap(&KRB5, &reply.to_token());
    assert_eq!(
        NegotiationToken::parse(&foreign),
        Err(MessageError::Mechanism(Box::new(KRB5)))
    );
}

#[test]
fn i21_i22_lengths_may_be_long_and_the_list_is_signed_as_der() {
    let token = hex!("a0 82 00 14 30 82 00 10 a0 82 00 0c 30 81 09 06 81 06 2b 06 01 05 05 0e");
    let NegotiationToken::Init(relaxed) = NegotiationToken::from_octets(&token).unwrap() else {
        panic!("a NegTokenInit")
    };
    let mech = oid!("1.3.6.1.5.5.14");
    assert_eq!(relaxed.mech_types, MechTypes::new(vec![mech]));
    assert_eq!(hex::encode(relaxed.mech_types.as_der()), "300806062b060105050e");
    // The framing around it is DER from the beginning.
    let framed = [&hex!("60 81 1d 06 06 2b 06 01 05 05 02")[..], &token].concat();
    assert!(matches!(
        NegotiationToken::parse(&framed),
        Err(MessageError::Framing(_))
    ));
}

#[test]
fn unknown_fields_at_the_end_are_passed_over() {
    assert_eq!(
        resp(&hex!("a10b 3009 a003 0a01 00 a902 0500")),
        NegTokenResp::new(NegState::AcceptCompleted)
    );
    let flags = hex!("a0 16 30 14 a0 0a 30 08 06 06 2b 06 01 05 05 0e a1 06 03 04 01 00 00 00");
    assert!(matches!(
        NegotiationToken::from_octets(&flags),
        Err(_) | Ok(NegotiationToken::Init(_))
    ));
}

#[test]
fn s9_states_beyond_the_last_are_refused() {
    for number in 4..=255 {
        let token = [0xa1, 7, 0x30, 5, 0xa0, 3, 0x0a, 1, number];
        assert_eq!(NegotiationToken::parse(&token), Err(MessageError::State(number)));
    }
    assert!(NegotiationToken::parse(&hex!("a108 3006 a004 0a02 0001")).is_err());
    assert!(NegotiationToken::parse(&hex!("a106 3004 a002 0a00")).is_err());
}

#[test]
fn fields_that_come_twice_or_late_are_refused() {
    for token in [
        &hex!("a10c 300a a003 0a01 00 a003 0a01 00")[..],
        &hex!("a10c 300a a203 0401 01 a003 0a01 00"),
    ] {
        assert!(matches!(NegotiationToken::parse(token), Err(MessageError::Field(0))));
    }
}

#[test]
fn s4_an_offer_of_nothing_is_refused() {
    for token in [&hex!("a0 02 30 00")[..], &hex!("a0 06 30 04 a0 02 30 00")] {
        assert_eq!(NegotiationToken::from_octets(token), Err(MessageError::NoMechanisms));
    }
}

#[test]
fn a_list_may_have_64_mechanisms() {
    let list = |count| MechTypes::new(vec![NEGOEX; count]);
    let token = |count| NegTokenInit::new(list(count), None).to_token();
    assert_eq!(init(&token(MechTypes::MOST)).mech_types.oids().len(), 64);
    assert_eq!(
        NegotiationToken::parse(&token(MechTypes::MOST + 1)),
        Err(MessageError::TooMany { limit: 64 })
    );
}

#[test]
fn a_message_may_have_one_mebibyte() {
    let token = |length| {
        NegTokenResp {
            response_token: Some(vec![0; length]),
            ..NegTokenResp::default()
        }
        .to_token()
    };
    let overhead = token(1 << 19).len() - (1 << 19);
    assert!(NegotiationToken::parse(&token(NegotiationToken::MAX_LEN - overhead)).is_ok());
    assert_eq!(
        NegotiationToken::parse(&token(NegotiationToken::MAX_LEN - overhead + 1)),
        Err(MessageError::TooLong)
    );
}

#[test]
fn s1_each_length_that_is_wrong_is_refused() {
    // The places of all lengths but the framing's.
    for at in [11, 13, 15, 17] {
        for wrong in [
            &[0][..],
            &[HINTS[at] + 1],
            &[0x7f],
            &[0x81, 0xff],
            &[0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x85, 0, 0, 0, 0, 1],
            &[0x80],
        ] {
            let body = [&HINTS[10..at], wrong, &HINTS[at + 1..]].concat();
            assert!(NegotiationToken::from_octets(&body).is_err(), "{at} {wrong:02x?}");
        }
    }
}

#[test]
fn every_truncation_and_every_addition_is_refused() {
    for end in 0..HINTS.len() {
        assert!(NegotiationToken::parse(&HINTS[..end]).is_err());
    }
    assert!(NegotiationToken::parse(&[&HINTS[..], &[0]].concat()).is_err());
}

fn octets() -> impl Strategy<Value = Option<Vec<u8>>> {
    prop::option::of(prop::collection::vec(any::<u8>(), 0..300))
}

fn state() -> impl Strategy<Value = Option<NegState>> {
    prop::option::of(prop::sample::select(vec![
        NegState::AcceptCompleted,
        NegState::AcceptIncomplete,
        NegState::Reject,
        NegState::RequestMic,
    ]))
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        mechs in prop::collection::vec(prop::sample::select(vec![KRB5, NTLM, NEGOEX]), 1..5),
        mech_token in octets(), mech_list_mic in octets(), hinting in any::<bool>(),
    ) {
        let message = NegTokenInit {
            mech_types: MechTypes::new(mechs), mech_token, mech_list_mic, hints: hinting.then_some(Hints),
        };
        prop_assert_eq!(init(&message.to_token()), message);
    }

    #[test]
    fn what_is_answered_is_read(
        state in state(), response_token in octets(), mech_list_mic in octets(), mech in prop::option::of(Just(KRB5)),
    ) {
        let message = NegTokenResp { state, supported_mech: mech, response_token, mech_list_mic };
        prop_assert_eq!(resp(&message.to_token()), message);
    }

    #[test]
    fn what_is_read_again_is_the_same(octets in prop::collection::vec(any::<u8>(), 0..100)) {
        if let Ok(NegotiationToken::Resp(message)) = NegotiationToken::parse(&octets) {
            prop_assert_eq!(resp(&message.to_token()), message);
        }
    }
}
