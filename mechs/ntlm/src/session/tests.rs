use gss_crypto::rustcrypto::PROVIDER;
use hex_literal::hex;
use proptest::prelude::*;

use super::*;

const FLAGS: NegotiateFlags = NegotiateFlags::from_bits_retain(0xe28a_8233);

fn session(flags: NegotiateFlags) -> Session {
    Session::new(flags, &Secret::from_slice(&[0x55; 16]), Direction::ToServer, &PROVIDER)
}

/// UTF-16LE of "Plaintext".
fn plaintext() -> Vec<u8> {
    crate::utf16::to_octets("Plaintext".encode_utf16())
}

fn seal(session: &mut Session, message: &mut [u8]) -> [u8; SIGNATURE_LEN] {
    session.protect(Sealing::Sealed, &mut [Piece::Data(message)]).unwrap()
}

fn open(session: &mut Session, message: &mut [u8], signature: &[u8; SIGNATURE_LEN]) -> Result<Sequence, NtlmError> {
    session.check(Sealing::Sealed, &mut [Piece::Data(message)], signature)
}

#[test]
fn sealed_message_matches_ms_nlmp_4_2_4_4() {
    let mut message = plaintext();
    let signature = seal(&mut session(FLAGS), &mut message);
    assert_eq!(message, hex!("54e50165bf1936dc996020c1811b0f06fb5f"));
    assert_eq!(signature, hex!("010000007fb38ec5c55d497600000000"));
    open(&mut session(FLAGS), &mut message, &signature).unwrap();
    assert_eq!(message, plaintext());
}

#[test]
fn forged_messages_move_nothing_and_change_nothing() {
    for flags in [
        FLAGS,
        FLAGS - NegotiateFlags::KEY_EXCH,
        FLAGS | NegotiateFlags::DATAGRAM,
    ] {
        let (mut sender, mut receiver) = (session(flags), session(flags));
        for round in 0..3 {
            let mut message = plaintext();
            let signature = seal(&mut sender, &mut message);
            for bit in 0..(message.len() + SIGNATURE_LEN) * 8 {
                let (mut forged, mut forged_signature) = (message.clone(), signature);
                match forged.get_mut(bit / 8) {
                    Some(octet) => *octet ^= 1 << (bit % 8),
                    None => forged_signature[bit / 8 - forged.len()] ^= 1 << (bit % 8),
                }
                let before = forged.clone();
                let refused = open(&mut receiver, &mut forged, &forged_signature);
                assert!(matches!(refused, Err(NtlmError::Signature)), "{round} {bit}");
                assert_eq!(forged, before, "{round} {bit}");
            }
            assert_eq!(open(&mut receiver, &mut message, &signature).unwrap(), Sequence::Ok);
            assert_eq!(message, plaintext());
        }
    }
}

#[test]
fn i83_in_a_connection_only_the_next_message_is_taken() {
    let (mut sender, mut receiver) = (session(FLAGS), session(FLAGS));
    let mut messages = [plaintext(), plaintext(), plaintext()];
    let signatures = messages.each_mut().map(|message| seal(&mut sender, message));
    let [first, second, third] = &mut messages;
    assert!(open(&mut receiver, second, &signatures[1]).is_err());
    open(&mut receiver, &mut first.clone(), &signatures[0]).unwrap();
    assert!(open(&mut receiver, first, &signatures[0]).is_err(), "a second time");
    open(&mut receiver, second, &signatures[1]).unwrap();
    open(&mut receiver, third, &signatures[2]).unwrap();
}

#[test]
fn i83_datagrams_come_in_any_order() {
    let flags = FLAGS | NegotiateFlags::DATAGRAM;
    let (mut sender, mut receiver) = (session(flags), session(flags));
    let mut messages = [plaintext(), plaintext(), plaintext()];
    let signatures = messages.each_mut().map(|message| seal(&mut sender, message));
    let mut found = Vec::new();
    for index in [2, 0, 0, 1] {
        let mut message = messages[index].clone();
        found.push(open(&mut receiver, &mut message, &signatures[index]).unwrap());
        assert_eq!(message, plaintext());
    }
    assert_eq!(
        found,
        [
            Sequence::Gap,
            Sequence::Unsequenced,
            Sequence::Duplicate,
            Sequence::Unsequenced
        ]
    );
}

#[test]
fn i10_a_keystream_starts_anew_and_the_numbers_go_on() {
    let (mut sender, mut receiver) = (session(FLAGS), session(FLAGS));
    let sign = |session: &mut Session| session.protect(Sealing::Open, &mut [Piece::SignOnly(b"list")]).unwrap();
    let signature = sign(&mut sender);
    receiver
        .check(Sealing::Open, &mut [Piece::SignOnly(b"list")], &signature)
        .unwrap();
    sender.restart_keystream();
    let mut message = plaintext();
    let first = seal(&mut sender, &mut message);
    assert_eq!(first[12], 1, "the second message of the direction");
    assert_eq!(
        message,
        hex!("54e50165bf1936dc996020c1811b0f06fb5f"),
        "under the first of the keystream"
    );
    assert!(open(&mut receiver, &mut message, &first).is_err());
    receiver.restart_keystream();
    open(&mut receiver, &mut message, &first).unwrap();
    assert_eq!(message, plaintext());
}

#[test]
fn after_the_last_number_nothing_is_sent() {
    let mut sender = session(FLAGS);
    if let Stream::Connection { next, .. } = &mut sender.stream {
        *next = u64::from(u32::MAX);
    }
    let mut message = plaintext();
    seal(&mut sender, &mut message);
    let refused = sender.protect(Sealing::Sealed, &mut [Piece::Data(&mut message)]);
    assert!(matches!(refused, Err(NtlmError::Exhausted)));
}

proptest! {
    #[test]
    fn whatever_is_protected_is_opened_by_a_session_that_was_saved(
        flags in prop_oneof![
            Just(FLAGS),
            Just(FLAGS - NegotiateFlags::KEY_EXCH),
            Just(FLAGS - NegotiateFlags::KEY_128),
            Just(FLAGS | NegotiateFlags::DATAGRAM),
        ],
        messages in proptest::collection::vec(
            (any::<bool>(), proptest::collection::vec(any::<u8>(), 0..100), proptest::collection::vec(any::<u8>(), 0..20)),
            0..6,
        ),
    ) {
        let (mut sender, mut receiver) = (session(flags), session(flags));
        for (sealed, message, around) in messages {
            let sealing = if sealed { Sealing::Sealed } else { Sealing::Open };
            let mut wrapped = message.clone();
            let signature = sender
                .protect(sealing, &mut [Piece::SignOnly(&around), Piece::Data(&mut wrapped), Piece::SignOnly(b"tail")])
                .unwrap();
            if !sealed {
                prop_assert_eq!(&wrapped, &message);
            }
            for session in [&mut sender, &mut receiver] {
                let mut octets = Vec::new();
                session.push_octets(&mut octets);
                prop_assert!(octets.len() <= Session::MAX_OCTETS);
                let (again, rest) = Session::from_octets(flags, &octets, &PROVIDER).unwrap();
                prop_assert!(rest.is_empty());
                prop_assert!(Session::from_octets(flags, &octets[1..], &PROVIDER).is_none());
                *session = again;
            }
            let opened = receiver.check(
                sealing,
                &mut [Piece::SignOnly(&around), Piece::Data(&mut wrapped), Piece::SignOnly(b"tail")],
                &signature,
            );
            prop_assert_eq!(opened.unwrap(), Sequence::Ok);
            prop_assert_eq!(wrapped, message);
        }
    }
}
