use gss_core::iov::{IovError, Kind};
use gss_core::{CoreError, TrailerPlace, name_type};
use krb5_crypto::primitives::rustcrypto::PROVIDER;
use krb5_proto::Principal;
use serde::Deserialize;

use super::*;
use crate::name::KerberosName;

#[cfg(feature = "legacy-crypto")]
mod older_types;

/// What the two sides of a context of `enctype` know; with an acceptor subkey if `mutual`.
pub(crate) fn both(enctype: Enctype, flags: Flags) -> [Establish; 2] {
    let key = || Arc::new(Key::new(&PROVIDER, enctype, &vec![9; enctype.key_len()]).unwrap());
    let subkey = |octet| Arc::new(Key::new(&PROVIDER, enctype, &vec![octet; enctype.key_len()]).unwrap());
    let name = |text| Some(KerberosName::of(Principal::parse(text, None).unwrap()));
    let side = |role, send_sequence, receive_sequence| Establish {
        role,
        session_key: key(),
        initiator_subkey: Some(subkey(1)),
        acceptor_subkey: flags.contains(Flags::MUTUAL).then(|| subkey(2)),
        send_sequence,
        receive_sequence,
        flags,
        source: name("alice@EXAMPLE.COM"),
        target: name("HTTP/www.example.com@EXAMPLE.COM"),
        expiry: KerberosTime(1_800_000_000),
        delegated: None,
    };
    [
        side(Role::Initiator, 100, 0x3FFF_FFFF),
        side(Role::Acceptor, 0x3FFF_FFFF, 100),
    ]
}

pub(crate) type Pair = [Box<dyn EstablishedContext>; 2];

pub(crate) fn established(enctype: Enctype, flags: Flags) -> Pair {
    both(enctype, flags).map(|side| side.establish().unwrap())
}

/// Every service from each side to the other.
pub(crate) fn exchange([initiator, acceptor]: &mut Pair) {
    for message in [&b""[..], b"message", &[7; 5000]] {
        one_way(&mut **initiator, &mut **acceptor, message);
        one_way(&mut **acceptor, &mut **initiator, message);
    }
}

fn one_way(from: &mut dyn EstablishedContext, to: &mut dyn EstablishedContext, message: &[u8]) {
    let mic = from.mic_of(message).unwrap();
    assert_eq!(
        to.verify_mic(&[message], &mic).unwrap().sequence,
        gss_core::Sequence::Ok
    );
    for privacy in [Privacy::Integrity, Privacy::Confidential] {
        let (token, granted) = from.wrap(privacy, b"", message).unwrap();
        assert_eq!(granted, privacy);
        let (found, unwrapped) = to.unwrapped(&token).unwrap();
        assert_eq!((found.as_slice(), unwrapped.privacy), (message, privacy));
        scattered(from, to, privacy, message);
    }
}

fn scattered(from: &mut dyn EstablishedContext, to: &mut dyn EstablishedContext, privacy: Privacy, message: &[u8]) {
    for trailer in [TrailerPlace::Separate, TrailerPlace::InHeader] {
        let shape = IovShape {
            data: message.len(),
            sign_only: 3,
            trailer,
        };
        let lens = from.wrap_iov_len(privacy, shape).unwrap();
        let (mut head, mut data, mut tail) = (vec![0; lens.header], message.to_vec(), vec![0; lens.trailer]);
        let mut padding = vec![0; lens.padding];
        let mut iov = vec![Iov::Header(&mut head), Iov::SignOnly(b"aad"), Iov::Data(&mut data)];
        if lens.padding > 0 {
            iov.push(Iov::Padding(&mut padding));
        }
        if trailer == TrailerPlace::Separate {
            iov.push(Iov::Trailer(&mut tail));
        }
        assert_eq!(from.wrap_iov(privacy, &mut iov).unwrap(), privacy);
        let mut stream: Vec<u8> = iov.iter().flat_map(octets).copied().collect();
        assert_eq!(to.unwrap_iov(&mut iov).unwrap().privacy, privacy);
        assert_eq!(data, message);
        let mut iov = [Iov::Stream(&mut stream), Iov::SignOnly(b"aad"), Iov::Data(&mut [])];
        assert_eq!(to.unwrap_iov(&mut iov).unwrap().sequence, gss_core::Sequence::Duplicate);
        assert!(matches!(&iov[2], Iov::Data(found) if &found[..] == message));
    }
}

/// What a buffer adds to the token.
fn octets<'a>(buffer: &'a Iov<'_>) -> &'a [u8] {
    match buffer {
        Iov::Header(octets) | Iov::Data(octets) | Iov::Padding(octets) | Iov::Trailer(octets) => octets,
        _ => &[],
    }
}

/// Every service of a dead context.
pub(crate) fn assert_dead(context: &mut dyn EstablishedContext) {
    let no_context = ErrorKind::NoContext;
    assert_eq!(context.mic_of(b"m").unwrap_err(), no_context);
    assert_eq!(context.get_mic(&[b"m"], &mut [0; 99]).unwrap_err(), no_context);
    assert_eq!(context.verify_mic(&[b"m"], &[0; 28]).unwrap_err(), no_context);
    assert_eq!(context.wrap(Privacy::Integrity, b"", b"m").unwrap_err(), no_context);
    assert_eq!(context.wrap_iov(Privacy::Integrity, &mut []).unwrap_err(), no_context);
    assert_eq!(
        context
            .wrap_iov_len(Privacy::Integrity, IovShape::of_data(1))
            .unwrap_err(),
        no_context
    );
    assert_eq!(context.wrap_size_limit(Privacy::Integrity, 99).unwrap_err(), no_context);
    assert_eq!(context.unwrapped(&[0; 99]).unwrap_err(), no_context);
    assert_eq!(context.unwrap_iov(&mut []).unwrap_err(), no_context);
    assert_eq!(
        context.pseudo_random(PrfKey::Full, b"", &mut [0]).unwrap_err(),
        no_context
    );
    assert_eq!(context.inquire(inquiry::SSPI_SESSION_KEY).unwrap_err(), no_context);
    assert_eq!(context.process_token(&[4, 5]).unwrap_err(), no_context);
    assert_eq!(context.export().unwrap_err(), no_context);
}

#[test]
fn every_service_goes_through_in_both_directions() {
    for enctype in Enctype::ALL {
        for flags in [
            Flags::USUAL,
            Flags::USUAL - Flags::MUTUAL,
            Flags::USUAL | Flags::DCE_STYLE,
        ] {
            exchange(&mut established(*enctype, flags));
        }
    }
}

/// What the context says of buffers of these lengths.
fn wrapped_around(context: &mut dyn EstablishedContext, header: usize, padding: usize, trailer: usize) -> Result<()> {
    let (mut head, mut pad, mut tail) = (vec![0; header], vec![0; padding], vec![0; trailer]);
    let mut data = *b"message";
    let mut iov = [
        Iov::Header(&mut head),
        Iov::Data(&mut data),
        Iov::Padding(&mut pad),
        Iov::Trailer(&mut tail),
    ];
    let wrapped = context.wrap_iov(Privacy::Confidential, &mut iov).map(|_| ());
    assert!(wrapped.is_ok() || data == *b"message", "nothing has changed");
    wrapped
}

fn told(error: &Error) -> IovError {
    assert_eq!(error.kind(), ErrorKind::Failure);
    match error.reason_as() {
        Some(CoreError::Buffers(error)) => *error,
        _ => panic!("{error:?}"),
    }
}

#[test]
fn buffers_of_other_lengths_than_the_tokens_are_refused_and_cost_no_number() {
    let [mut initiator, mut acceptor] = established(Enctype::Aes256CtsHmacSha196, Flags::USUAL);
    let lens = initiator
        .wrap_iov_len(Privacy::Confidential, IovShape::of_data(7))
        .unwrap();
    let length = |kind, needed, present| IovError::Length { kind, needed, present };
    let (head, tail) = (lens.header, lens.trailer);
    for (header, padding, trailer, expected) in [
        (head + 1, 0, tail, length(Kind::Header, head, head + 1)),
        (head - 1, 0, tail, length(Kind::Header, head, head - 1)),
        (head, 0, tail + 1, length(Kind::Trailer, tail, tail + 1)),
        (head, 0, tail - 1, length(Kind::Trailer, tail, tail - 1)),
        (head, 1, tail, length(Kind::Padding, 0, 1)),
    ] {
        let error = wrapped_around(&mut *initiator, header, padding, trailer).unwrap_err();
        assert_eq!(told(&error), expected);
    }
    let short = initiator.get_mic(&[b"m"], &mut [0; 27]).unwrap_err();
    assert_eq!(told(&short), length(Kind::Mic, 28, 27));
    wrapped_around(&mut *initiator, head, 0, tail).unwrap();
    let mic = initiator.mic_of(b"m").unwrap();
    let second = acceptor.verify_mic(&[b"m"], &mic).unwrap().sequence;
    assert_eq!(second, gss_core::Sequence::Gap, "one number was used before this one");
}

#[test]
fn buffers_that_are_missing_or_too_many_are_named() {
    let [mut context, _] = established(Enctype::Aes256CtsHmacSha196, Flags::USUAL);
    let cases: [(&mut [Iov<'_>], IovError); 4] = [
        (&mut [Iov::Data(&mut [0; 7])], IovError::Missing(Kind::Header)),
        (
            &mut [Iov::Header(&mut [0; 60]), Iov::Header(&mut [0; 60])],
            IovError::Misplaced(Kind::Header),
        ),
        (
            &mut [
                Iov::Header(&mut [0; 16]),
                Iov::Trailer(&mut [0; 12]),
                Iov::Trailer(&mut [0; 12]),
            ],
            IovError::Misplaced(Kind::Trailer),
        ),
        (
            &mut [Iov::Header(&mut [0; 16]), Iov::Padding(&mut [0; 1])],
            IovError::Length {
                kind: Kind::Padding,
                needed: 0,
                present: 1,
            },
        ),
    ];
    for (iov, expected) in cases {
        assert_eq!(told(&context.wrap_iov(Privacy::Integrity, iov).unwrap_err()), expected);
        assert_eq!(told(&context.unwrap_iov(iov).unwrap_err()), expected);
    }
    let stream = &mut [Iov::Header(&mut [0; 28]), Iov::Stream(&mut [0; 7])];
    let error = context.wrap_iov(Privacy::Integrity, stream).unwrap_err();
    assert_eq!(told(&error), IovError::Misplaced(Kind::Stream));
}

#[test]
fn halves_go_on_where_the_whole_was() {
    let mut pair = established(Enctype::Aes256CtsHmacSha384192, Flags::USUAL);
    exchange(&mut pair);
    let [initiator, acceptor] = pair.map(|context| context.split().unwrap());
    for (mut from, mut to) in [(initiator.sealer, acceptor.opener), (acceptor.sealer, initiator.opener)] {
        let mic = from.mic_of(b"message").unwrap();
        assert_eq!(
            to.verify_mic(&[b"message"], &mic).unwrap().sequence,
            gss_core::Sequence::Ok
        );
        let (token, _) = from.wrap(Privacy::Confidential, b"", b"message").unwrap();
        assert_eq!(to.unwrapped(&token).unwrap().0, b"message");
        let sequence = to.unwrapped(&token).unwrap().1.sequence;
        assert_eq!(sequence, gss_core::Sequence::Duplicate);
    }
}

#[test]
fn the_flags_decide_what_the_window_reports() {
    let expected = [
        (Flags::empty(), gss_core::Sequence::Ok, gss_core::Sequence::Ok),
        (Flags::REPLAY, gss_core::Sequence::Ok, gss_core::Sequence::Duplicate),
        (
            Flags::SEQUENCE,
            gss_core::Sequence::Gap,
            gss_core::Sequence::Unsequenced,
        ),
        (
            Flags::REPLAY | Flags::SEQUENCE,
            gss_core::Sequence::Gap,
            gss_core::Sequence::Duplicate,
        ),
    ];
    for (flags, after_gap, again) in expected {
        let [mut initiator, mut acceptor] = established(Enctype::Aes128CtsHmacSha196, flags);
        initiator.mic_of(b"lost").unwrap();
        let mic = initiator.mic_of(b"m").unwrap();
        assert_eq!(
            acceptor.verify_mic(&[b"m"], &mic).unwrap().sequence,
            after_gap,
            "{flags:?}"
        );
        assert_eq!(acceptor.verify_mic(&[b"m"], &mic).unwrap().sequence, again, "{flags:?}");
    }
}

#[test]
fn i35_a_context_outlives_its_ticket() {
    let sides = both(Enctype::Aes256CtsHmacSha196, Flags::USUAL);
    let mut pair = sides.map(|side| {
        Establish {
            expiry: KerberosTime(1),
            ..side
        }
        .establish()
        .unwrap()
    });
    assert_eq!(
        pair[0].info().remaining(Duration::from_secs(1_700_000_000)),
        Some(Duration::ZERO)
    );
    exchange(&mut pair);
}

/// Delete tokens are those of RFC 1964 §1.2.3, framed and bare, and what RFC 4121 §4.3 reserves for them.
#[test]
fn w10_no_token_ends_a_context() {
    let [mut initiator, mut acceptor] = established(Enctype::Aes256CtsHmacSha196, Flags::USUAL);
    let mic = initiator.mic_of(b"message").unwrap();
    let delete = |id: [u8; 2]| [&id[..], &mic[2..]].concat();
    let framed = gss_core::framing::wrap(&KRB5, &delete([1, 2]));
    for token in [&mic[..], b"", &delete([1, 2]), &delete([4, 5]), &framed] {
        assert_eq!(acceptor.process_token(token).unwrap_err(), ErrorKind::DefectiveToken);
    }
    let verified = acceptor.verify_mic(&[b"message"], &mic).unwrap();
    assert_eq!(verified.sequence, gss_core::Sequence::Ok);
}

#[test]
fn refusals_say_whose_fault_they_are() {
    let [mut initiator, mut acceptor] = established(Enctype::Aes256CtsHmacSha196, Flags::USUAL);
    let mic = initiator.mic_of(b"message").unwrap();
    assert_eq!(acceptor.verify_mic(&[b"massage"], &mic).unwrap_err(), ErrorKind::BadMic);
    assert_eq!(
        acceptor.verify_mic(&[b"message"], &mic[1..]).unwrap_err(),
        ErrorKind::DefectiveToken
    );
    assert_eq!(
        initiator.verify_mic(&[b"message"], &mic).unwrap_err(),
        ErrorKind::BadMic
    );
    assert_eq!(acceptor.unwrapped(&mic).unwrap_err(), ErrorKind::DefectiveToken);
    assert_eq!(
        initiator.get_mic(&[b"message"], &mut [0; 3]).unwrap_err(),
        ErrorKind::Failure
    );
    assert_eq!(
        acceptor.verify_mic(&[b"message"], &mic).unwrap().sequence,
        gss_core::Sequence::Ok
    );
}

#[test]
fn both_sides_tell_the_same_session_key_and_its_type() {
    for enctype in Enctype::ALL {
        for (flags, octet) in [(Flags::USUAL, 2), (Flags::USUAL - Flags::MUTUAL, 1)] {
            for context in established(*enctype, flags) {
                let told = context.inquire(inquiry::SSPI_SESSION_KEY).unwrap();
                let [key, etype] = told.as_slice() else {
                    panic!("two values")
                };
                assert_eq!(&key[..], vec![octet; enctype.key_len()]);
                let oid = Oid::from_der_content(etype).unwrap();
                assert_eq!(oid.to_string(), format!("1.2.840.113554.1.2.2.4.{}", enctype.number()));
                let strength = context.inquire(inquiry::SASL_SSF).unwrap();
                let bits = u32::try_from(enctype.key_len() * 8).unwrap();
                assert_eq!(strength[0][..], bits.to_be_bytes());
                let unknown = context.inquire(name_type::USER).unwrap_err();
                assert_eq!(unknown, ErrorKind::Unavailable);
            }
        }
    }
}

#[derive(Deserialize)]
struct Vectors {
    vector: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    etype: i32,
    key: String,
    input: String,
    output: String,
}

#[test]
fn pseudo_random_octets_are_those_of_other_implementations() {
    let text = include_str!("../../../../testdata/vectors/gss_prf.toml");
    let vectors: Vectors = toml::from_str(text).unwrap();
    assert_eq!(vectors.vector.len(), 8);
    for v in vectors.vector {
        let enctype = Enctype::from_number(v.etype).unwrap();
        let of = |text| Arc::new(Key::new(&PROVIDER, enctype, &hex::decode(text).unwrap()).unwrap());
        let [input, output] = [&v.input, &v.output].map(|text| hex::decode(text).unwrap());
        let [initiator, _] = both(enctype, Flags::USUAL);
        let full = Establish {
            acceptor_subkey: Some(of(&v.key)),
            ..initiator
        };
        let mut out = vec![0; output.len()];
        full.establish()
            .unwrap()
            .pseudo_random(PrfKey::Full, &input, &mut out)
            .unwrap();
        assert_eq!(out, output, "{}", v.name);

        let [initiator, _] = both(enctype, Flags::USUAL);
        let partial = Establish {
            initiator_subkey: Some(of(&v.key)),
            ..initiator
        };
        let mut out = vec![0; output.len()];
        partial
            .establish()
            .unwrap()
            .pseudo_random(PrfKey::Partial, &input, &mut out)
            .unwrap();
        assert_eq!(out, output, "{}", v.name);
    }
}

#[test]
fn pseudo_random_octets_of_any_length_begin_alike() {
    let [initiator, acceptor] = established(Enctype::Aes128CtsHmacSha196, Flags::USUAL);
    let mut long = [0; 100];
    initiator.pseudo_random(PrfKey::Full, b"input", &mut long).unwrap();
    for length in 0..100 {
        let mut out = vec![0; length];
        acceptor.pseudo_random(PrfKey::Full, b"input", &mut out).unwrap();
        assert_eq!(out, long[..length]);
    }
    let mut other = [0; 100];
    acceptor.pseudo_random(PrfKey::Partial, b"input", &mut other).unwrap();
    assert_ne!(other, long);
}

#[test]
fn names_of_a_context_are_those_of_its_parties() {
    for context in established(Enctype::Aes128CtsHmacSha196, Flags::USUAL) {
        let info = context.info();
        assert_eq!(info.source.as_ref().unwrap().to_text(), "alice@EXAMPLE.COM");
        assert_eq!(
            info.target.as_ref().unwrap().to_text(),
            "HTTP/www.example.com@EXAMPLE.COM"
        );
        assert_eq!(info.expires, Some(Duration::from_secs(1_800_000_000)));
    }
}
