//! Messages of established contexts.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use gss_core::{Accept, Around, ErrorKind, EstablishedContext, Flags, Iov, IovShape, Mechanisms, Privacy, Sequence};
use gss_test::Established;
use world::{SEALED, SIGNED, connect, converse, mechanisms, request, settings};

fn established(flags: Flags) -> (Mechanisms, Established) {
    let mechanisms = mechanisms(settings());
    let established = connect(&mechanisms, &request(&mechanisms, flags), Accept::new()).unwrap();
    (mechanisms, established)
}

#[test]
fn what_is_sealed_is_told_as_such() {
    for (flags, granted) in [(SEALED, Privacy::Confidential), (SIGNED, Privacy::Integrity)] {
        let (_, mut pair) = established(flags);
        for asked in [Privacy::Integrity, Privacy::Confidential] {
            let (token, found) = pair.initiator.wrap(asked, &[], b"the message").unwrap();
            assert_eq!(found, granted);
            assert_eq!(token.len(), 16 + 11);
            let readable = token.ends_with(b"the message");
            assert_eq!(readable, granted == Privacy::Integrity);
            let (message, unwrapped) = pair.acceptor.unwrapped(&token).unwrap();
            assert_eq!((&*message, unwrapped.privacy), (&b"the message"[..], granted));
        }
        converse(&mut pair);
    }
}

#[test]
fn empty_messages_are_messages() {
    let (_, mut pair) = established(SEALED);
    let (token, _) = pair.initiator.wrap(Privacy::Confidential, &[], b"").unwrap();
    assert_eq!(pair.acceptor.unwrapped(&token).unwrap().0, b"");
    let mic = pair.acceptor.mic_of(b"").unwrap();
    let _ = pair.initiator.verify_mic(&[], &mic).unwrap();
}

#[test]
fn forged_and_short_tokens_do_no_harm() {
    for flags in [SEALED, SIGNED] {
        let (_, mut pair) = established(flags);
        let (token, _) = pair.initiator.wrap(Privacy::Confidential, &[], b"message").unwrap();
        let second = pair.initiator.mic_of(b"second").unwrap();
        for length in 0..16 {
            let error = pair.acceptor.unwrapped(&token[..length]).unwrap_err();
            assert_eq!(error, ErrorKind::DefectiveToken);
            let error = pair.acceptor.verify_mic(&[b"second"], &second[..length]).unwrap_err();
            assert_eq!(error, ErrorKind::DefectiveToken);
        }
        for bit in 0..token.len() * 8 {
            let mut forged = token.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                pair.acceptor.unwrapped(&forged).unwrap_err(),
                ErrorKind::BadMic,
                "{bit}"
            );
        }
        assert_eq!(
            pair.acceptor.verify_mic(&[b"second"], &second).unwrap_err(),
            ErrorKind::BadMic,
            "it is not its turn"
        );
        assert_eq!(pair.acceptor.unwrapped(&token).unwrap().0, b"message");
        let _ = pair.acceptor.verify_mic(&[b"sec", b"ond"], &second).unwrap();
        assert!(pair.acceptor.unwrapped(&token).is_err(), "a second time");
        converse(&mut pair);
    }
}

#[test]
fn a_message_does_not_come_back_as_one_of_the_peers() {
    let (_, mut pair) = established(SEALED);
    let (token, _) = pair.initiator.wrap(Privacy::Confidential, &[], b"message").unwrap();
    assert_eq!(pair.initiator.unwrapped(&token).unwrap_err(), ErrorKind::BadMic);
}

/// As DCE RPC does: a header and a trailer that are signed only.
#[test]
fn i84_parts_of_a_message_are_signed_only() {
    let (_, mut pair) = established(SEALED);
    let lens = pair
        .initiator
        .wrap_iov_len(Privacy::Confidential, IovShape::of_data(9))
        .unwrap();
    assert_eq!((lens.header, lens.padding, lens.trailer), (16, 0, 0));
    let mut signature = [0; 16];
    let (mut first, mut second) = (*b"four", *b"fives");
    let granted = pair
        .initiator
        .wrap_iov(
            Privacy::Confidential,
            &mut [
                Iov::Header(&mut signature),
                Iov::SignOnly(b"head"),
                Iov::Data(&mut first),
                Iov::Data(&mut second),
                Iov::SignOnly(b"tail"),
            ],
        )
        .unwrap();
    assert_eq!(granted, Privacy::Confidential);
    assert_ne!((&first, &second), (b"four", b"fives"));

    let mut token = [&signature[..], &first, &second].concat();
    let wrong = Around {
        before: &[b"HEAD"],
        after: &[b"tail"],
    };
    assert_eq!(pair.acceptor.unwrap(wrong, &mut token).unwrap_err(), ErrorKind::BadMic);
    let opened = pair
        .acceptor
        .unwrap_iov(&mut [
            Iov::Header(&mut signature),
            Iov::SignOnly(b"head"),
            Iov::Data(&mut first),
            Iov::Data(&mut second),
            Iov::SignOnly(b"tail"),
        ])
        .unwrap();
    assert_eq!(opened.sequence, Sequence::Ok);
    assert_eq!((&first, &second), (b"four", b"fives"));
    converse(&mut pair);
}

#[test]
fn a_stream_is_opened_in_place() {
    let (_, mut pair) = established(SEALED);
    let (mut token, _) = pair
        .initiator
        .wrap(Privacy::Confidential, b"before", b"message")
        .unwrap();
    let mut iov = [Iov::SignOnly(b"before"), Iov::Stream(&mut token), Iov::Data(&mut [])];
    let _ = pair.acceptor.unwrap_iov(&mut iov).unwrap();
    match &iov[2] {
        Iov::Data(octets) => assert_eq!(&**octets, b"message"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn buffers_that_do_not_fit_change_nothing() {
    let (_, mut pair) = established(SEALED);
    let mut data = *b"data";
    for mut header in [vec![0; 15], vec![0; 17]] {
        let mut iov = [Iov::Header(&mut header), Iov::Data(&mut data)];
        assert!(pair.initiator.wrap_iov(Privacy::Confidential, &mut iov).is_err());
    }
    let mut iov = [Iov::Data(&mut data)];
    assert!(pair.initiator.wrap_iov(Privacy::Confidential, &mut iov).is_err());
    assert!(pair.initiator.get_mic(&[b"m"], &mut [0; 15]).is_err());
    assert_eq!(&data, b"data");
    converse(&mut pair);
}

#[test]
fn the_longest_message_is_sixteen_octets_shorter_than_its_token() {
    let (_, pair) = established(SEALED);
    for (max, longest) in [(0, 0), (16, 0), (17, 1), (4096, 4080)] {
        assert_eq!(
            pair.initiator.wrap_size_limit(Privacy::Confidential, max).unwrap(),
            longest
        );
    }
}

#[test]
fn contexts_go_on_in_another_process() {
    for flags in [Flags::empty(), SIGNED, SEALED, SEALED | Flags::IDENTIFY] {
        let (mechanisms, mut pair) = established(flags);
        if !flags.is_empty() {
            converse(&mut pair);
        }
        let moved = |context: &mut Box<dyn EstablishedContext>| {
            let octets = Mechanisms::export_context(&mut **context).unwrap();
            assert_eq!(context.mic_of(b"m").unwrap_err(), ErrorKind::NoContext);
            assert_eq!(context.export().unwrap_err(), ErrorKind::NoContext);
            let again = mechanisms.import_context(&octets).unwrap();
            let (one, other) = (context.info(), again.info());
            assert_eq!((one.flags, one.role, one.via), (other.flags, other.role, other.via));
            let shown = |name: &Option<_>| {
                name.as_ref()
                    .map(|name: &std::sync::Arc<dyn gss_core::MechName>| name.to_text())
            };
            assert_eq!(shown(&one.source), shown(&other.source));
            assert_eq!(shown(&one.target), shown(&other.target));
            again
        };
        let mut again = Established {
            initiator: moved(&mut pair.initiator),
            acceptor: moved(&mut pair.acceptor),
            sent: Vec::new(),
        };
        if !flags.is_empty() {
            converse(&mut again);
        }
    }
}

#[test]
fn what_is_no_exported_context_is_refused() {
    let (mechanisms, mut pair) = established(SEALED);
    let octets = Mechanisms::export_context(&mut *pair.initiator).unwrap();
    assert!(mechanisms.import_context(&octets).is_ok());
    for length in 0..octets.len() {
        assert!(mechanisms.import_context(&octets[..length]).is_err(), "{length}");
    }
    for at in 0..octets.len() {
        let mut changed = octets.to_vec();
        changed[at] ^= 0xff;
        // Keys and flags may be anything; what has a form is checked, and nothing panics.
        let _ = mechanisms.import_context(&changed);
    }
}

#[test]
fn both_directions_can_part() {
    let (_, pair) = established(SEALED);
    let mut ours = pair.initiator.split().unwrap();
    let mut theirs = pair.acceptor.split().unwrap();
    let (token, _) = ours.sealer.wrap(Privacy::Confidential, &[], b"there").unwrap();
    let (answer, _) = theirs.sealer.wrap(Privacy::Confidential, &[], b"and back").unwrap();
    assert_eq!(theirs.opener.unwrapped(&token).unwrap().0, b"there");
    assert_eq!(ours.opener.unwrapped(&answer).unwrap().0, b"and back");
}
