//! What real peers do differently, one by one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod toy;

use gss_core::{
    Accept, AcceptorContext, ErrorKind, EstablishedContext, Initiate, InitiatorContext, Mechanisms, Name, Oid, Step,
    StepError, framing, oid,
};
use gss_mech_spnego::message::{MechTypes, NegState, NegTokenInit, NegTokenResp, NegotiationToken};
use gss_mech_spnego::{Reassembly, SPNEGO, Spnego, SpnegoError};
use gss_test::{Pair, answer_blocking};
use toy::{A, B, C, Toy, spnego};

const ALIAS: Oid = oid!("1.2.3.99");
const UNKNOWN: Oid = oid!("1.3.6.1.4.1.311.2.2.30");

fn request() -> Initiate {
    Initiate::new(Name::hostbased_service("toy@example.test"))
}

fn initiator(mechs: &Mechanisms) -> Box<dyn InitiatorContext> {
    mechs.initiate(&request(), Some(&SPNEGO)).unwrap()
}

fn acceptor(mechs: &Mechanisms) -> Box<dyn AcceptorContext> {
    mechs.accept_as(&Accept::new(), &SPNEGO).unwrap()
}

type Outcome<C> = Result<(Option<Vec<u8>>, After<C>), StepError>;

enum After<C: ?Sized> {
    HalfOpen(Box<C>),
    Established(Box<dyn EstablishedContext>),
}

impl<C: ?Sized> After<C> {
    fn half_open(self) -> Box<C> {
        match self {
            Self::HalfOpen(context) => context,
            Self::Established(_) => panic!("established already"),
        }
    }

    fn established(self) -> Box<dyn EstablishedContext> {
        match self {
            Self::Established(context) => context,
            Self::HalfOpen(_) => panic!("not established yet"),
        }
    }
}

fn after<C: ?Sized>(step: gss_core::Flowing<Step<C>>) -> Outcome<C> {
    match step?.drive(&mut answer_blocking)? {
        Step::Continue { token, next } => Ok((Some(token), After::HalfOpen(next))),
        Step::Established { token, context } => Ok((token, After::Established(context))),
    }
}

/// The initiator that has sent its offer, and this offer.
fn offered(mechs: &Mechanisms) -> (Box<dyn InitiatorContext>, NegTokenInit) {
    let (token, next) = after(initiator(mechs).step(None)).unwrap();
    match NegotiationToken::parse(&token.unwrap()).unwrap() {
        NegotiationToken::Init(init) => (next.half_open(), init),
        NegotiationToken::Resp(_) => panic!("a reply comes later"),
    }
}

fn take(context: Box<dyn InitiatorContext>, reply: &NegTokenResp) -> Outcome<dyn InitiatorContext> {
    after(context.step(Some(&reply.to_token())))
}

fn resp(token: Option<Vec<u8>>) -> NegTokenResp {
    match NegotiationToken::parse(&token.unwrap()).unwrap() {
        NegotiationToken::Resp(resp) => resp,
        NegotiationToken::Init(_) => panic!("an offer comes first"),
    }
}

fn answer(state: Option<NegState>, mech: Option<Oid>, token: Option<&[u8]>) -> NegTokenResp {
    NegTokenResp {
        state,
        supported_mech: mech,
        response_token: token.map(<[u8]>::to_vec),
        mech_list_mic: None,
    }
}

fn with_alias(tokens: u8) -> Toy {
    Toy {
        aliases: vec![ALIAS],
        ..Toy::new(A, tokens)
    }
}

#[test]
fn i1_i2_an_alias_is_the_same_mechanism_and_is_answered_as_it_was_named() {
    let mechs = spnego(&[with_alias(2), Toy::new(B, 2)]);
    for inner in [A, ALIAS] {
        let list = MechTypes::new(vec![ALIAS, A, B]);
        let init = NegTokenInit::new(list, Some(framing::wrap(&inner, &[1])));
        let (token, context) = after(acceptor(&mechs).step(Some(&init.to_token()))).unwrap();
        let reply = resp(token);
        assert_eq!(
            (reply.state, reply.supported_mech),
            (Some(NegState::AcceptCompleted), Some(ALIAS))
        );
        assert_eq!(context.established().info().mech, A);
    }
    let (context, init) = offered(&mechs);
    assert_eq!(init.mech_types.oids(), [A, B], "an alias is never offered");
    let reply = answer(Some(NegState::AcceptCompleted), Some(ALIAS), Some(&[2]));
    assert_eq!(take(context, &reply).unwrap().1.established().info().mech, A);
}

#[test]
fn i3_an_acceptor_speaks_first_when_asked_with_an_empty_token() {
    let failing = Toy {
        refuses: Some(ErrorKind::NoCred),
        ..Toy::new(C, 2)
    };
    let mechs = spnego(&[Toy::new(A, 2), Toy::new(B, 2), failing]);
    for first in [None, Some(&b""[..])] {
        let (hints, context) = after(mechs.accept(Accept::new()).step(first)).unwrap();
        let NegotiationToken::Init(said) = NegotiationToken::parse(hints.as_ref().unwrap()).unwrap() else {
            panic!("a NegTokenInit2")
        };
        assert!(said.hints.is_some());
        assert_eq!(said.mech_types.oids(), [A, B], "what it has a credential for");
        let (token, next) = after(initiator(&mechs).step(hints.as_deref())).unwrap();
        let (token, accepted) = after(context.half_open().step(token.as_deref())).unwrap();
        accepted.established();
        after(next.half_open().step(token.as_deref())).unwrap().1.established();
    }
    let (_, context) = after(acceptor(&mechs).step(None)).unwrap();
    assert!(after(context.half_open().step(None)).is_err(), "it has said so once");
}

#[test]
fn i3_hints_do_not_change_what_is_offered() {
    let mechs = spnego(&[Toy::new(A, 2), Toy::new(B, 2)]);
    let hints = NegTokenInit::hinting(MechTypes::new(vec![B])).to_token();
    let (token, _) = after(initiator(&mechs).step(Some(&hints))).unwrap();
    let NegotiationToken::Init(init) = NegotiationToken::parse(&token.unwrap()).unwrap() else {
        panic!("an offer")
    };
    assert_eq!(init.mech_types.oids(), [A, B]);
}

#[test]
fn i5_java_acceptors_send_the_token_alone() {
    for tokens in 2..=5 {
        let (mut context, _) = offered(&spnego(&[Toy::new(A, tokens)]));
        let mut number = 2;
        let established = loop {
            // After the initiator's last token comes a message without any field.
            let token = [number];
            let reply = answer(None, None, (number <= tokens).then_some(&token[..]));
            match take(context, &reply).unwrap().1 {
                After::HalfOpen(next) => context = next,
                After::Established(established) => break established,
            }
            number += 2;
        };
        assert_eq!(established.info().via, Some(SPNEGO));
    }
}

#[test]
fn i6_an_empty_token_says_nothing_to_a_mechanism_that_is_done() {
    let (context, _) = offered(&spnego(&[Toy::new(A, 1)]));
    let reply = answer(Some(NegState::AcceptCompleted), Some(A), Some(b""));
    take(context, &reply).unwrap().1.established();
    let (context, _) = offered(&spnego(&[Toy::new(A, 1)]));
    let reply = answer(Some(NegState::AcceptCompleted), Some(A), Some(b"more"));
    assert!(take(context, &reply).is_err());
}

#[test]
fn i7_windows_2000_sends_the_token_as_mic_too() {
    let copy = NegTokenResp {
        mech_list_mic: Some(vec![2]),
        ..answer(Some(NegState::AcceptCompleted), Some(A), Some(&[2]))
    };
    let (context, _) = offered(&spnego(&[Toy::new(A, 2)]));
    take(context, &copy).unwrap().1.established();
    let demanding = Toy {
        mech_list_mic: gss_core::MechListMic::Required,
        ..Toy::new(A, 2)
    };
    let (context, _) = offered(&spnego(&[demanding]));
    assert!(take(context, &copy).is_err(), "where a MIC is required it is none");
}

#[test]
fn i9_mics_are_requested_in_the_first_reply_only() {
    let (context, _) = offered(&spnego(&[Toy::new(A, 4)]));
    let (_, next) = take(context, &answer(Some(NegState::AcceptIncomplete), Some(A), Some(&[2]))).unwrap();
    let late = answer(Some(NegState::RequestMic), None, Some(&[4]));
    let error = take(next.half_open(), &late).err().unwrap().error;
    assert!(
        matches!(error.reason_as(), Some(SpnegoError::State(NegState::RequestMic))),
        "{error}"
    );
}

#[test]
fn i13_continuations_may_be_framed() {
    let (context, _) = offered(&spnego(&[Toy::new(A, 2)]));
    let reply = answer(Some(NegState::AcceptCompleted), Some(A), Some(&[2]));
    let framed = framing::wrap(&SPNEGO, &reply.to_token());
    after(context.step(Some(&framed))).unwrap().1.established();
}

#[test]
fn i14_an_initiators_second_token_may_come_alone() {
    let mechs = spnego(&[Toy::new(A, 3)]);
    let (_, init) = offered(&mechs);
    let (_, next) = after(acceptor(&mechs).step(Some(&init.to_token()))).unwrap();
    let second = answer(None, None, Some(&[3]));
    let (token, context) = after(next.half_open().step(Some(&second.to_token()))).unwrap();
    assert_eq!(resp(token), NegTokenResp::new(NegState::AcceptCompleted));
    context.established();
}

#[test]
fn i15_s6_an_unknown_mechanism_first_is_passed_over() {
    let mechs = spnego(&[Toy::new(A, 2)]);
    let list = MechTypes::new(vec![UNKNOWN, A]);
    let init = NegTokenInit::new(list.clone(), Some(b"NEGOEXTS".to_vec()));
    let (token, next) = after(acceptor(&mechs).step(Some(&init.to_token()))).unwrap();
    let reply = resp(token);
    assert_eq!(
        (reply.state, reply.supported_mech),
        (Some(NegState::RequestMic), Some(A))
    );
    assert_eq!(reply.response_token, None);
    let first = answer(Some(NegState::AcceptIncomplete), None, Some(&framing::wrap(&A, &[1])));
    let (token, _) = after(next.half_open().step(Some(&first.to_token()))).unwrap();
    let reply = resp(token);
    assert_eq!(reply.response_token.as_deref(), Some(&[2][..]));
    assert!(
        reply.mech_list_mic.is_some(),
        "the acceptor has the last token, and the list is to be protected"
    );
}

#[test]
fn i17_raw_tokens_are_answered_raw() {
    let unframed = Toy {
        unframed: Some(b"TOYSSP\0"),
        ..Toy::new(B, 2)
    };
    let mechs = spnego(&[Toy::new(A, 2), unframed]);
    for (token, mech) in [(framing::wrap(&A, &[1]), A), (b"TOYSSP\0\x01".to_vec(), B)] {
        let (answer, context) = after(acceptor(&mechs).step(Some(&token))).unwrap();
        assert_eq!(answer.as_deref(), Some(&[2][..]));
        let info = context.established().info().clone();
        assert_eq!((info.mech, info.via), (mech, None));
    }
    let only_a = Accept {
        negotiable: Some([A].into()),
        ..Accept::new()
    };
    let context = mechs.accept_as(&only_a, &SPNEGO).unwrap();
    assert_eq!(
        after(context.step(Some(b"TOYSSP\0\x01"))).err().unwrap().error,
        ErrorKind::BadMech
    );
}

#[test]
fn i17_raw_tokens_may_be_inside_the_negotiation() {
    let unframed = Toy {
        unframed: Some(b"TOYSSP\0"),
        ..Toy::new(A, 2)
    };
    let mechs = spnego(&[unframed]);
    let pair = Pair::new().establish(initiator(&mechs), acceptor(&mechs)).unwrap();
    assert_eq!(pair.acceptor.info().mech, A);
}

#[test]
fn s4_the_acceptors_answers_to_odd_offers() {
    let mechs = spnego(&[Toy::new(A, 2), Toy::new(B, 2)]);
    let send = |list: &[Oid], token: Option<Vec<u8>>| {
        let init = NegTokenInit::new(MechTypes::new(list.to_vec()), token);
        after(acceptor(&mechs).step(Some(&init.to_token())))
    };
    // b) only unknown ones
    let failed = send(&[UNKNOWN, C], None).err().unwrap();
    assert_eq!(failed.error, ErrorKind::BadMech);
    assert_eq!(resp(failed.token), NegTokenResp::new(NegState::Reject));
    // c) a known one without its token
    let (token, next) = send(&[A], None).unwrap();
    let reply = resp(token);
    assert_eq!(
        (reply.state, reply.supported_mech),
        (Some(NegState::AcceptIncomplete), Some(A))
    );
    next.half_open();
    // d) the token of another one
    let (token, next) = send(&[A, B], Some(framing::wrap(&B, &[1]))).unwrap();
    let reply = resp(token);
    assert_eq!(
        (reply.state, reply.supported_mech),
        (Some(NegState::AcceptIncomplete), Some(A))
    );
    assert_eq!(reply.response_token, None);
    next.half_open();
}

#[test]
fn s4_an_initiator_whose_first_token_was_not_taken_begins_anew() {
    for (tokens, ours) in [(1, 1), (2, 1), (3, 2)] {
        let mechs = spnego(&[Toy::new(A, tokens)]);
        let (context, _) = offered(&mechs);
        let again = answer(Some(NegState::AcceptIncomplete), Some(A), None);
        let (token, _) = take(context, &again).unwrap();
        assert_eq!(resp(token).response_token, Some(framing::wrap(&A, &[1])), "{ours}");
    }
    // The whole way, over a channel that loses it.
    let mechs = spnego(&[Toy::new(A, 3)]);
    let losing = Pair::new().with_channel(|_, token| {
        Some(match NegotiationToken::parse(&token).unwrap() {
            NegotiationToken::Init(init) => NegTokenInit {
                mech_token: None,
                ..init
            }
            .to_token(),
            NegotiationToken::Resp(resp) => resp.to_token(),
        })
    });
    losing.establish(initiator(&mechs), acceptor(&mechs)).unwrap();
}

#[test]
fn s3_what_was_not_offered_is_not_taken_and_nothing_is_changed_later() {
    let mechs = spnego(&[Toy::new(A, 4), Toy::new(B, 4)]);
    let (context, _) = offered(&mechs);
    let foreign = answer(Some(NegState::AcceptIncomplete), Some(C), None);
    let error = take(context, &foreign).err().unwrap().error;
    assert!(
        matches!(error.reason_as(), Some(SpnegoError::NotOffered { .. })),
        "{error}"
    );
    assert_eq!(error, ErrorKind::DefectiveToken);

    let (context, _) = offered(&mechs);
    let (_, next) = take(context, &answer(Some(NegState::AcceptIncomplete), Some(A), Some(&[2]))).unwrap();
    let changed = answer(Some(NegState::AcceptIncomplete), Some(B), Some(&[4]));
    assert!(take(next.half_open(), &changed).is_err());

    let (context, _) = offered(&mechs);
    let with_token = answer(Some(NegState::AcceptIncomplete), Some(B), Some(&[2]));
    assert!(
        take(context, &with_token).is_err(),
        "a token of a mechanism that was not begun"
    );
}

#[test]
fn a_peer_that_is_done_before_its_mechanism_is_not_believed() {
    let (context, _) = offered(&spnego(&[Toy::new(A, 4)]));
    let early = answer(Some(NegState::AcceptCompleted), Some(A), Some(&[2]));
    let error = take(context, &early).err().unwrap().error;
    assert!(matches!(error.reason_as(), Some(SpnegoError::State(_))), "{error}");
}

fn in_parts(limit: usize) -> Mechanisms {
    let toy = Toy::new(A, 4);
    Mechanisms::builder()
        .with(toy)
        .negotiated_by(|below| Spnego::new(below).with_reassembly(Reassembly::UpTo(limit)))
        .build()
        .unwrap()
}

#[test]
fn i18_tokens_may_come_in_parts_where_that_is_allowed() {
    let (allowing, refusing) = (in_parts(64 * 1024), spnego(&[Toy::new(A, 4)]));
    let (_, init) = offered(&allowing);
    let token = init.to_token();
    for size in 1..=token.len() {
        let mut context = acceptor(&allowing);
        let mut reply = Vec::new();
        for part in token.chunks(size) {
            assert_eq!(reply, b"", "an empty token asks for more");
            let (answer, next) = after(context.step(Some(part))).unwrap();
            (context, reply) = (next.half_open(), answer.unwrap());
        }
        assert_eq!(resp(Some(reply)).response_token.as_deref(), Some(&[2][..]), "{size}");
    }
    assert!(after(acceptor(&refusing).step(Some(&token[..9]))).is_err());
}

#[test]
fn s8_what_is_announced_is_limited() {
    let refused = |limit, token: &[u8]| {
        let context = in_parts(limit).accept_as(&Accept::new(), &SPNEGO).unwrap();
        let error = after(context.step(Some(token))).err().unwrap().error;
        matches!(error.reason_as(), Some(SpnegoError::TooLong { limit: told }) if *told == limit.min(1 << 20))
    };
    assert!(
        refused(1000, &[0x60, 0x82, 0x03, 0xe5]),
        "1001 octets with their header"
    );
    assert!(
        refused(usize::MAX, &[0x60, 0x83, 0x10, 0, 0]),
        "more than 1 MiB is never taken"
    );
    assert!(refused(1000, &[0x60, 0x84, 0xff, 0xff, 0xff, 0xff]));
    let context = in_parts(1000).accept_as(&Accept::new(), &SPNEGO).unwrap();
    let (token, _) = after(context.step(Some(&[0x60, 0x82, 0x03, 0xe4]))).unwrap();
    assert_eq!(token.as_deref(), Some(&b""[..]), "1000 octets are awaited");
}

#[test]
fn the_negotiator_says_what_it_is() {
    let mechs = spnego(&[Toy::new(A, 2)]);
    let spnego = mechs.mechanism(&SPNEGO).unwrap();
    assert!(spnego.attrs().negotiates());
    assert_eq!(mechs.default_mechanism().oid(), A, "it is never the default");
    assert_eq!(spnego.label().name, "spnego");
    assert!(spnego.acquire(gss_core::Acquire::initiate()).is_err());
}
