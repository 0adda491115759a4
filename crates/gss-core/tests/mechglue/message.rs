use gss_core::{
    Accept, ErrorKind, EstablishedContext, Initiate, Iov, IovError, IovShape, Major, Mechanisms, Name, Privacy,
    Sequence, TrailerPlace, iov::Kind,
};
use gss_test::{Established, Pair};
use proptest::prelude::*;

use super::ONE;
use super::fake::Fake;

fn pair() -> Established {
    let mechs = Mechanisms::builder().with(Fake::new(ONE)).build().unwrap();
    let initiator = mechs.initiate(&Initiate::new(Name::user("bob")), None).unwrap();
    Pair::new().establish(initiator, mechs.accept(Accept::new())).unwrap()
}

fn buffer_error(error: &gss_core::Error) -> IovError {
    match error.reason_as::<gss_core::CoreError>() {
        Some(gss_core::CoreError::Buffers(buffers)) => *buffers,
        other => panic!("{other:?}"),
    }
}

#[test]
fn wrap_lays_the_token_out_from_wrap_iov() {
    let mut pair = pair();
    let (token, privacy) = pair.initiator.wrap(Privacy::Confidential, b"", b"abcde").unwrap();
    assert_eq!(privacy, Privacy::Confidential);
    assert_eq!(
        token,
        [
            0,
            1,
            3,
            b'a' ^ 0x55,
            b'b' ^ 0x55,
            b'c' ^ 0x55,
            b'd' ^ 0x55,
            b'e' ^ 0x55,
            0,
            0,
            0,
            239
        ]
    );
    let (message, unwrapped) = pair.acceptor.unwrapped(&token).unwrap();
    assert_eq!(
        (&message[..], unwrapped.privacy, unwrapped.sequence),
        (&b"abcde"[..], privacy, Sequence::Ok)
    );
}

#[test]
fn associated_data_is_protected_and_not_carried() {
    let mut pair = pair();
    let (token, _) = pair.initiator.wrap(Privacy::Integrity, b"head", b"body").unwrap();
    assert_eq!(token.len(), 3 + 4 + 1);
    assert_eq!(pair.acceptor.unwrapped(&token).unwrap_err(), ErrorKind::BadMic);
    let mut stream = token.clone();
    let mut iov = [Iov::SignOnly(b"head"), Iov::Stream(&mut stream), Iov::Data(&mut [])];
    let unwrapped = pair.acceptor.unwrap_iov(&mut iov).unwrap();
    assert_eq!(unwrapped.privacy, Privacy::Integrity);
    let [_, Iov::Empty, Iov::Data(data)] = &iov else {
        panic!("{iov:?}")
    };
    assert_eq!(*data, b"body");
}

#[test]
fn a_stream_that_does_not_hold_is_given_back() {
    let mut pair = pair();
    let (mut token, _) = pair.initiator.wrap(Privacy::Integrity, b"", b"body").unwrap();
    *token.last_mut().unwrap() ^= 1;
    let mut iov = [Iov::Stream(&mut token), Iov::Data(&mut [])];
    assert_eq!(pair.acceptor.unwrap_iov(&mut iov).unwrap_err(), ErrorKind::BadMic);
    assert!(matches!(&iov, [Iov::Stream(stream), Iov::Data(data)] if stream.len() == 8 && data.is_empty()));
}

#[test]
fn buffers_that_do_not_fit_a_stream_are_refused() {
    let mut acceptor = pair().acceptor;
    let mut refused = |iov: &mut [Iov<'_>]| buffer_error(&acceptor.unwrap_iov(iov).unwrap_err());
    assert_eq!(refused(&mut []), IovError::Missing(Kind::Stream));
    assert_eq!(refused(&mut [Iov::Stream(&mut [])]), IovError::Missing(Kind::Data));
    let mut two = [Iov::Stream(&mut []), Iov::Stream(&mut []), Iov::Data(&mut [])];
    assert_eq!(refused(&mut two), IovError::Misplaced(Kind::Stream));
    let mut two = [Iov::Stream(&mut []), Iov::Data(&mut []), Iov::Data(&mut [])];
    assert_eq!(refused(&mut two), IovError::Misplaced(Kind::Data));
    let mut trailer = [Iov::Stream(&mut []), Iov::Data(&mut []), Iov::Trailer(&mut [])];
    assert_eq!(refused(&mut trailer), IovError::Misplaced(Kind::Trailer));
}

#[test]
fn scattered_buffers_are_wrapped_in_place() {
    let mut pair = pair();
    let (mut header, mut one, mut two, mut trailer) = ([0; 3], *b"abc", *b"defgh", [0; 1]);
    let mut iov = [
        Iov::Header(&mut header),
        Iov::Data(&mut one),
        Iov::SignOnly(b"-"),
        Iov::Data(&mut two),
        Iov::Trailer(&mut trailer),
    ];
    let shape = IovShape::of(&iov).unwrap();
    assert_eq!(
        shape,
        IovShape {
            data: 8,
            sign_only: 1,
            trailer: TrailerPlace::Separate
        }
    );
    pair.initiator.wrap_iov(Privacy::Confidential, &mut iov).unwrap();
    let unwrapped = pair.acceptor.unwrap_iov(&mut iov).unwrap();
    assert_eq!(
        (unwrapped.privacy, unwrapped.sequence),
        (Privacy::Confidential, Sequence::Ok)
    );
    assert_eq!((one, two), (*b"abc", *b"defgh"));
    assert_eq!(IovShape::of(&[Iov::Empty]).unwrap().trailer, TrailerPlace::InHeader);
}

#[test]
fn a_mic_needs_memory_and_uses_up_no_number_without_it() {
    let mut pair = pair();
    let error = pair.initiator.get_mic(&[b"m"], &mut [0; 1]).unwrap_err();
    assert_eq!(
        buffer_error(&error),
        IovError::Length {
            kind: Kind::Mic,
            needed: 2,
            present: 1
        }
    );
    assert_eq!(
        error.to_string(),
        "the message buffers do not fit: the MIC buffer needs 2 octets and has 1"
    );
    let mic = pair.initiator.mic_of(b"m").unwrap();
    assert_eq!(pair.acceptor.verify_mic(&[b"m"], &mic).unwrap().sequence, Sequence::Ok);
}

#[test]
fn messages_out_of_order_come_with_their_content() {
    let mut pair = pair();
    let tokens: Vec<_> = (0..3u8)
        .map(|n| pair.initiator.wrap(Privacy::Integrity, b"", &[n]).unwrap().0)
        .collect();
    let mut arrive = |n: usize| pair.acceptor.unwrapped(&tokens[n]).unwrap();
    let seen: Vec<_> = [0, 2, 1, 2]
        .map(&mut arrive)
        .map(|(message, seen)| (message, seen.sequence))
        .into();
    let expected = [
        (vec![0], Sequence::Ok),
        (vec![2], Sequence::Gap),
        (vec![1], Sequence::Duplicate),
        (vec![2], Sequence::Duplicate),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn sequence_information_has_its_name_and_its_supplementary_bit() {
    let all = [
        Sequence::Ok,
        Sequence::Duplicate,
        Sequence::Old,
        Sequence::Unsequenced,
        Sequence::Gap,
    ];
    assert_eq!(
        all.map(Sequence::name),
        ["ok", "duplicate", "old", "unsequenced", "gap"]
    );
    assert_eq!(all.map(|sequence| sequence.major()), [0, 2, 4, 8, 16].map(Major));
}

#[test]
fn a_divided_context_works_from_two_threads() {
    let pair = pair();
    let halves = pair.initiator.split().unwrap();
    let mut acceptor = pair.acceptor;
    let mut sealer = halves.sealer;
    let token = std::thread::spawn(move || sealer.wrap(Privacy::Integrity, b"", b"there").unwrap().0)
        .join()
        .unwrap();
    assert_eq!(acceptor.unwrapped(&token).unwrap().0, b"there");
    let (token, _) = acceptor.wrap(Privacy::Integrity, b"", b"and back").unwrap();
    let mut opener = halves.opener;
    assert_eq!(opener.unwrapped(&token).unwrap().0, b"and back");
}

#[test]
#[expect(deprecated, reason = "the names of RFC 1508 are what is tested")]
fn the_names_of_rfc1508_are_the_same_calls() {
    use gss_core::Rfc1508;

    let mut pair = pair();
    let mic = pair.initiator.sign(b"m").unwrap();
    assert_eq!(pair.acceptor.verify(b"m", &mic).unwrap().sequence, Sequence::Ok);
    assert_eq!(pair.acceptor.verify(b"n", &mic).unwrap_err(), ErrorKind::BadMic);
    let (mut token, _) = pair.initiator.seal(Privacy::Confidential, b"secret").unwrap();
    let (range, unwrapped) = pair.acceptor.unseal(&mut token).unwrap();
    assert_eq!(
        (&token[range], unwrapped.privacy),
        (&b"secret"[..], Privacy::Confidential)
    );
}

#[test]
fn the_size_limit_is_the_longest_message_that_fits() {
    let context = pair().initiator;
    let limit = |max| context.wrap_size_limit(Privacy::Integrity, max).unwrap();
    assert_eq!([0, 4, 7, 8, 9, 11, 12].map(limit), [0, 0, 0, 4, 4, 4, 8]);
    assert_eq!(limit(usize::MAX), usize::MAX - 7);
}

proptest! {
    #[test]
    fn a_message_of_the_size_limit_fits_and_a_longer_one_does_not(max in 0usize..5000) {
        let mut context = pair().initiator;
        let limit = context.wrap_size_limit(Privacy::Integrity, max).unwrap();
        let length = |context: &mut dyn EstablishedContext, message| {
            context.wrap(Privacy::Integrity, b"", &vec![0; message]).unwrap().0.len()
        };
        prop_assert!(length(&mut *context, limit) <= max || limit == 0);
        prop_assert!(length(&mut *context, limit + 1) > max);
    }

    #[test]
    fn messages_come_back(message in prop::collection::vec(any::<u8>(), 0..100), confidential in any::<bool>()) {
        let mut pair = pair();
        let privacy = if confidential { Privacy::Confidential } else { Privacy::Integrity };
        let (token, _) = pair.initiator.wrap(privacy, b"", &message).unwrap();
        let (unwrapped, what) = pair.acceptor.unwrapped(&token).unwrap();
        prop_assert_eq!(unwrapped, message);
        prop_assert_eq!(what.privacy, privacy);
    }
}
