use hex_literal::hex;
use proptest::prelude::*;

use super::*;
use crate::{AccountName, NegotiateFlags};

/// [MS-NLMP] §4.2.4.3.
const CHALLENGE: &[u8] = &hex!(
    "4e544c4d53535000020000000c000c003800000033828ae20123456789abcdef00000000000000002400240044000000"
    "060070170000000f53006500720076006500720002000c0044006f006d00610069006e0001000c0053006500720076006500"
    "720000000000"
);

/// [MS-NLMP] §4.2.4.3.
const AUTHENTICATE: &[u8] = &hex!(
    "4e544c4d5353500003000000180018006c00000054005400840000000c000c00480000000800080054000000100010005c00"
    "000010001000d8000000358288e20501280a0000000f44006f006d00610069006e0055007300650072004300"
    "4f004d0050005500540045005200"
    "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa"
    "68cd0ab851e51c96aabc927bebef6a1c0101000000000000"
    "0000000000000000aaaaaaaaaaaaaaaa0000000002000c0044006f006d00610069006e0001000c00530065007200760065007200"
    "0000000000000000"
    "c5dad2544fc9799094ce1ce90bc9d03e"
);

#[test]
fn challenge_of_ms_nlmp_4_2_4_3_is_read_and_written() {
    let message = ChallengeMessage::parse(CHALLENGE).unwrap();
    assert_eq!(message.target_name, "Server");
    assert_eq!(message.server_challenge, hex!("0123456789abcdef"));
    let info = message.target_info.as_ref().unwrap();
    assert_eq!(info.text(AvId::NB_DOMAIN_NAME).as_deref(), Some("Domain"));
    assert_eq!(info.text(AvId::NB_COMPUTER_NAME).as_deref(), Some("Server"));
    assert_eq!(message.version.unwrap().to_string(), "6.0.6000 (NTLM 15)");
    assert_eq!(message.to_token().unwrap(), CHALLENGE);
}

#[test]
fn authenticate_of_ms_nlmp_4_2_4_3_is_read() {
    let message = AuthenticateMessage::parse(AUTHENTICATE).unwrap();
    assert_eq!(message.account, AccountName::new("User", "Domain"));
    assert_eq!(message.workstation, "COMPUTER");
    assert_eq!(message.mic, None, "the payload begins right behind the version");
    assert_eq!(message.encrypted_session_key, hex!("c5dad2544fc9799094ce1ce90bc9d03e"));
    let response = NtlmV2Response::parse(&message.nt_response).unwrap();
    assert_eq!(response.proof, hex!("68cd0ab851e51c96aabc927bebef6a1c"));
    assert_eq!(response.challenge.challenge, [0xaa; 8]);
    assert_eq!(response.challenge.timestamp, 0);
    assert_eq!(message.nt_response[16..], response.challenge.to_octets().unwrap());
    let again = AuthenticateMessage::parse(&message.to_token().unwrap()).unwrap();
    assert_eq!(again, message);
}

#[test]
fn every_truncation_is_an_error_or_has_the_same_fixed_fields() {
    for token in [CHALLENGE, AUTHENTICATE] {
        for length in 0..token.len() {
            assert!(Message::parse(&token[..length]).is_err(), "{length}");
        }
    }
}

fn negotiate() -> Vec<u8> {
    NegotiateMessage {
        flags: NegotiateFlags::UNICODE | NegotiateFlags::VERSION,
        domain: b"DOM".to_vec(),
        workstation: b"WS".to_vec(),
        version: Some(Version::OURS),
    }
    .to_token()
    .unwrap()
}

/// The descriptors of a message, and where its payload may begin.
fn descriptors() -> [(Vec<u8>, usize, &'static [usize]); 3] {
    [
        (negotiate(), 32, &[16, 24]),
        (CHALLENGE.to_vec(), 48, &[12, 40]),
        (AUTHENTICATE.to_vec(), 64, &[12, 20, 28, 36, 44, 52]),
    ]
}

#[test]
fn n1_fields_lie_inside_the_payload() {
    for (token, fixed, places) in descriptors() {
        let end = token.len();
        for place in places {
            for offset in [
                0,
                fixed - 1,
                fixed,
                end - 1,
                end,
                end + 1,
                0x7fff_ffff,
                0xffff_fffe,
                0xffff_ffff,
            ] {
                for length in [0usize, 1, 2, 0xffff] {
                    let mut token = token.clone();
                    token[*place..place + 2].copy_from_slice(&u16::try_from(length).unwrap().to_le_bytes());
                    token[place + 4..place + 8].copy_from_slice(&u32::try_from(offset).unwrap().to_le_bytes());
                    let inside = length == 0 || (offset >= fixed && offset + length <= end);
                    let outcome = Message::parse(&token);
                    let outside = matches!(outcome, Err(MessageError::Field { .. }));
                    assert_eq!(outside, !inside, "{place} {offset:x} {length:x}: {outcome:?}");
                }
            }
        }
    }
}

#[test]
fn n2_names_are_text_or_an_error() {
    let named = |units: &[u16]| {
        let octets = crate::utf16::to_octets(units.iter().copied());
        let mut token = AuthenticateMessage {
            flags: NegotiateFlags::UNICODE,
            encrypted_session_key: octets.clone(),
            ..AuthenticateMessage::default()
        }
        .to_token()
        .unwrap();
        // The user's name is what was written as the key.
        token.copy_within(52..60, 36);
        AuthenticateMessage::parse(&token).map(|message| message.account.user)
    };
    assert_eq!(named(&[0x55, 0xd83d, 0xde00]).unwrap(), "U\u{1f600}");
    for bad in [&[0xd83d][..], &[0xde00, 0xd83d], &[0x55, 0, 0x56], &[0]] {
        assert_eq!(named(bad), Err(MessageError::Text(Field::User)), "{bad:x?}");
    }
    let long = vec![0x55; 0x7fff];
    assert_eq!(named(&long).unwrap().len(), 0x7fff);
}

#[test]
fn n2_half_a_code_unit_is_an_error() {
    let mut token = AUTHENTICATE.to_vec();
    token[36] = 7;
    assert_eq!(AuthenticateMessage::parse(&token), Err(MessageError::Text(Field::User)));
}

#[test]
fn oem_text_is_what_all_code_pages_share() {
    let message = |user: &str| AuthenticateMessage {
        flags: NegotiateFlags::OEM,
        account: AccountName::new(user, "DOM"),
        ..AuthenticateMessage::default()
    };
    let token = message("user").to_token().unwrap();
    assert_eq!(AuthenticateMessage::parse(&token).unwrap().account.user, "user");
    assert_eq!(message("jürgen").to_token(), Err(MessageError::Text(Field::User)));
    let mut token = token;
    *token.last_mut().unwrap() |= 0x80;
    assert_eq!(AuthenticateMessage::parse(&token), Err(MessageError::Text(Field::User)));
}

#[test]
fn n3_values_have_the_lengths_of_their_kinds() {
    for id in (0..=12).chain([0xffff]) {
        for length in (0..=24usize).chain([48, 80, 0xffff]) {
            let mut list = Vec::new();
            list.extend_from_slice(&u16::to_le_bytes(id));
            list.extend_from_slice(&u16::try_from(length).unwrap().to_le_bytes());
            list.resize(list.len() + length, 0);
            list.extend_from_slice(&[0; 4]);
            let good = match id {
                0 => length == 0,
                1..=5 | 9 => length % 2 == 0,
                6 => length == 4,
                7 => length == 8,
                8 => length >= 48,
                10 => length == 16,
                _ => true,
            };
            assert_eq!(TargetInfo::parse(&list).is_ok(), good, "{id} {length}");
        }
    }
}

#[test]
fn n3_lists_have_an_end() {
    let list = TargetInfo::default()
        .with_text(AvId::TARGET_NAME, "HTTP/www")
        .to_octets()
        .unwrap();
    for length in 0..list.len() {
        assert_eq!(
            TargetInfo::parse(&list[..length]),
            Err(MessageError::AvTruncated),
            "{length}"
        );
    }
    // What follows is covered by the proof of a response, and has been seen with and without.
    let longer = [&list[..], &[0; 4]].concat();
    assert_eq!(TargetInfo::parse(&longer).unwrap().1, [0; 4]);
    assert_eq!(TargetInfo::parse(&[0, 0, 1, 0, 9]), Err(MessageError::AvEnd));
}

#[test]
fn n4_attributes_that_come_a_thousand_times_are_refused_at_the_second() {
    let one = [2, 0, 2, 0, 0x41, 0];
    let list = [one.repeat(1000), vec![0; 4]].concat();
    assert_eq!(
        TargetInfo::parse(&list),
        Err(MessageError::AvDuplicate(AvId::NB_DOMAIN_NAME))
    );
}

#[test]
fn n5_every_field_may_be_empty_whatever_the_flags_say() {
    for flags in [0, u32::MAX] {
        let flags = NegotiateFlags::from_bits_retain(flags);
        let token = ChallengeMessage {
            flags,
            ..ChallengeMessage::default()
        }
        .to_token()
        .unwrap();
        let message = ChallengeMessage::parse(&token).unwrap();
        assert_eq!((message.target_name.as_str(), &message.target_info), ("", &None));
        let token = NegotiateMessage {
            flags,
            ..NegotiateMessage::default()
        }
        .to_token()
        .unwrap();
        assert!(NegotiateMessage::parse(&token).unwrap().domain.is_empty());
        let token = AuthenticateMessage {
            flags,
            ..AuthenticateMessage::default()
        }
        .to_token()
        .unwrap();
        assert!(AuthenticateMessage::parse(&token).unwrap().account.is_anonymous());
    }
}

#[test]
fn n12_what_a_length_cannot_tell_is_too_long_to_send() {
    for (units, fits) in [(0, true), (1, true), (32767, true), (32768, false), (65535, false)] {
        let text = "x".repeat(units);
        let message = AuthenticateMessage {
            flags: NegotiateFlags::UNICODE,
            account: AccountName::new(text.as_str(), text.as_str()),
            workstation: text.clone(),
            ..AuthenticateMessage::default()
        };
        match message.to_token() {
            Ok(token) => {
                assert!(fits, "{units}");
                assert_eq!(AuthenticateMessage::parse(&token).unwrap(), message);
            }
            Err(error) => assert!(!fits && matches!(error, MessageError::TooLong(_)), "{units} {error}"),
        }
    }
}

#[test]
fn n13_what_a_machine_knows_itself_by_is_kept_octet_for_octet() {
    for length in [48, 80, 200] {
        let value: Vec<u8> = (0..length).collect();
        let list = TargetInfo::default().with(AvId::SINGLE_HOST, value.clone());
        let octets = list.to_octets().unwrap();
        let (again, _) = TargetInfo::parse(&octets).unwrap();
        assert_eq!(again.value(AvId::SINGLE_HOST), Some(&*value));
    }
}

#[test]
fn i75_where_the_mic_is_the_payload_tells() {
    let message = |fixed: usize| {
        let mut token = b"NTLMSSP\0\x03\0\0\0".to_vec();
        token.resize(60, 0);
        token[36] = 2;
        token[40] = u8::try_from(fixed).unwrap();
        token.extend_from_slice(&(NegotiateFlags::UNICODE | NegotiateFlags::VERSION).bits().to_le_bytes());
        token.extend((64..fixed).map(|at| u8::try_from(at).unwrap()));
        token.extend_from_slice(b"U\0");
        AuthenticateMessage::parse(&token).unwrap()
    };
    for (fixed, version, mic) in [
        (64, false, None),
        (72, true, None),
        (80, false, Some(64)),
        (88, true, Some(72)),
        (100, true, Some(72)),
    ] {
        let message = message(fixed);
        assert_eq!(message.version.is_some(), version, "{fixed}");
        assert_eq!(message.mic.map(|mic| mic.offset), mic, "{fixed}");
        if let Some(found) = message.mic {
            assert_eq!(usize::from(found.octets[0]), found.offset);
        }
        assert_eq!(message.account.user, "U");
    }
}

#[test]
fn i79_zeros_bind_nothing() {
    let bound = |hash: [u8; 16]| TargetInfo::default().with(AvId::CHANNEL_BINDINGS, hash);
    assert_eq!(bound([0; 16]).channel_bindings(), None);
    assert_eq!(bound([7; 16]).channel_bindings(), Some(&[7; 16][..]));
    assert_eq!(TargetInfo::default().channel_bindings(), None);
}

#[test]
fn other_types_and_other_protocols_are_refused() {
    assert_eq!(Message::parse(b"NTLMSSP\0\x04\0\0\0"), Err(MessageError::Type(4)));
    assert_eq!(Message::parse(b"NTLMSSP"), Err(MessageError::NotNtlm));
    assert_eq!(Message::parse(b"NTLMSSP\0\x01\0\0"), Err(MessageError::Truncated));
    assert_eq!(ChallengeMessage::parse(&negotiate()), Err(MessageError::Type(1)));
    let long = [&negotiate()[..], &[0; 400_000]].concat();
    assert_eq!(Message::parse(&long), Err(MessageError::TooLong(Field::Message)));
}

proptest! {
    #[test]
    fn octets_never_panic_and_what_is_read_is_written_the_same(
        kind in 1u8..=3,
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let token = [b"NTLMSSP\0", &[kind, 0, 0, 0][..], &body].concat();
        if let Ok(message) = Message::parse(&token) {
            let written = match &message {
                Message::Negotiate(message) => message.to_token(),
                Message::Challenge(message) => message.to_token(),
                Message::Authenticate(message) => message.to_token(),
            };
            prop_assert!(written.is_ok());
        }
        let _ = TargetInfo::parse(&body);
        let _ = NtlmV2Response::parse(&body);
    }

    #[test]
    fn authenticate_messages_survive_the_wire(
        user in "[^\\x00]{0,40}",
        domain in "[^\\x00]{0,40}",
        workstation in "[^\\x00]{0,20}",
        nt_response in proptest::collection::vec(any::<u8>(), 0..300),
        lm_response in proptest::collection::vec(any::<u8>(), 0..30),
        key in proptest::collection::vec(any::<u8>(), 0..20),
        mic in any::<Option<[u8; 16]>>(),
    ) {
        let message = AuthenticateMessage {
            lm_response,
            nt_response,
            account: AccountName { user, domain },
            workstation,
            encrypted_session_key: key,
            flags: NegotiateFlags::UNICODE | NegotiateFlags::VERSION,
            version: Some(Version::OURS),
            mic: mic.map(|octets| Mic { octets, ..Mic::DUE }),
        };
        let again = AuthenticateMessage::parse(&message.to_token().unwrap()).unwrap();
        prop_assert_eq!(again, message);
    }
}
