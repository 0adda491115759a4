//! Two sides that negotiate mechanisms of every length.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod toy;

use std::sync::atomic::Ordering;

use gss_core::{Accept, Credential, ErrorKind, Flags, Initiate, MechListMic, Mechanisms, Name, Role, Sequence};
use gss_mech_spnego::message::{NegState, NegTokenInit, NegTokenResp, NegotiationToken};
use gss_mech_spnego::{SPNEGO, SpnegoError};
use gss_test::{Established, Failure, Pair};
use toy::{A, B, C, Toy, ToyCred, spnego};

fn request() -> Initiate {
    Initiate::new(Name::hostbased_service("toy@example.test"))
}

fn connect(initiator: &Mechanisms, acceptor: &Mechanisms) -> Result<Established, Box<Failure>> {
    connect_as(initiator, &request(), acceptor, Accept::new())
}

fn connect_as(
    initiator: &Mechanisms,
    request: &Initiate,
    acceptor: &Mechanisms,
    accept: Accept,
) -> Result<Established, Box<Failure>> {
    let initiator = initiator.initiate(request, Some(&SPNEGO)).unwrap();
    Pair::new().establish(initiator, acceptor.accept(accept))
}

fn messages(established: &Established) -> (NegTokenInit, Vec<NegTokenResp>) {
    let mut sent = established
        .sent
        .iter()
        .map(|(_, token)| NegotiationToken::parse(token).unwrap());
    let Some(NegotiationToken::Init(init)) = sent.next() else {
        panic!("the first message is a NegTokenInit")
    };
    let replies = sent.map(|message| match message {
        NegotiationToken::Resp(resp) => resp,
        NegotiationToken::Init(_) => panic!("one NegTokenInit is enough"),
    });
    (init, replies.collect())
}

/// How many MICs over the list have been exchanged.
fn mics(established: &Established) -> usize {
    let (init, replies) = messages(established);
    assert_eq!(init.mech_list_mic, None);
    replies.iter().filter(|reply| reply.mech_list_mic.is_some()).count()
}

/// Both sides are at the same place of the sequence, and know who has negotiated.
fn assert_usable(established: &mut Established, mech: gss_core::Oid) {
    let Established {
        initiator, acceptor, ..
    } = established;
    for (context, role) in [(&**initiator, Role::Initiator), (&**acceptor, Role::Acceptor)] {
        let info = context.info();
        assert_eq!((info.mech, info.via, info.role), (mech, Some(SPNEGO), role));
    }
    if initiator.info().flags.contains(Flags::INTEG) {
        let mic = initiator.mic_of(b"from the initiator").unwrap();
        let verified = acceptor.verify_mic(&[b"from the initiator"], &mic).unwrap();
        assert_eq!(verified.sequence, Sequence::Ok);
        let mic = acceptor.mic_of(b"from the acceptor").unwrap();
        let verified = initiator.verify_mic(&[b"from the acceptor"], &mic).unwrap();
        assert_eq!(verified.sequence, Sequence::Ok);
    }
}

#[test]
fn the_first_mechanism_of_both_needs_no_mic_and_no_token_more_than_its_own() {
    for tokens in 1..=6 {
        let both = spnego(&[Toy::new(A, tokens), Toy::new(B, 2)]);
        let mut established = connect(&both, &both).unwrap();
        assert_usable(&mut established, A);
        assert_eq!(mics(&established), 0, "{tokens}");
        // If the initiator has the last token, the acceptor confirms it.
        let expected = usize::from(tokens).next_multiple_of(2);
        assert_eq!(established.sent.len(), expected);
        let (init, replies) = messages(&established);
        assert_eq!(init.mech_types.oids(), [A, B]);
        assert_eq!(replies[0].supported_mech, Some(A));
        assert!(replies[1..].iter().all(|reply| reply.supported_mech.is_none()));
        let last = replies.last().unwrap();
        assert_eq!(last.state, Some(NegState::AcceptCompleted));
    }
}

#[test]
fn another_mechanism_than_the_first_is_protected_by_mics_of_both() {
    for tokens in 1..=6 {
        let initiator = spnego(&[Toy::new(A, 2), Toy::new(B, tokens)]);
        let acceptor = spnego(&[Toy::new(B, tokens)]);
        let mut established = connect(&initiator, &acceptor).unwrap();
        assert_eq!(mics(&established), 2, "{tokens}");
        assert_usable(&mut established, B);
        let (_, replies) = messages(&established);
        assert_eq!(replies[0].state, Some(NegState::RequestMic));
        assert_eq!(replies[0].supported_mech, Some(B));
        assert_eq!(replies[0].response_token, None, "its first token has not come yet");
        let requests = replies.iter().filter(|reply| reply.state == Some(NegState::RequestMic));
        assert_eq!(requests.count(), 1, "i9: in the first reply only");
    }
}

#[test]
fn a_mechanism_that_is_not_the_acceptors_best_is_protected_by_mics_of_both() {
    for tokens in 1..=6 {
        let initiator = spnego(&[Toy::new(B, tokens)]);
        let acceptor = spnego(&[Toy::new(A, 2), Toy::new(B, tokens)]);
        let mut established = connect(&initiator, &acceptor).unwrap();
        assert_eq!(mics(&established), 2, "{tokens}");
        assert_usable(&mut established, B);
        let (_, replies) = messages(&established);
        assert_eq!(replies[0].state, Some(NegState::RequestMic));
    }
}

#[test]
fn i10_a_mechanism_can_demand_mics() {
    for tokens in 1..=6 {
        let demanding = Toy {
            mech_list_mic: MechListMic::Required,
            ..Toy::new(A, tokens)
        };
        let both = spnego(&[demanding]);
        let mut established = connect(&both, &both).unwrap();
        assert_eq!(mics(&established), 2, "{tokens}");
        assert_usable(&mut established, A);
    }
}

#[test]
fn i10_it_is_enough_that_one_side_demands_them_while_the_other_can_answer() {
    let demanding = |tokens| Toy {
        mech_list_mic: MechListMic::Required,
        ..Toy::new(A, tokens)
    };
    for tokens in 1..=6 {
        let (lax, strict) = (spnego(&[Toy::new(A, tokens)]), spnego(&[demanding(tokens)]));
        for (initiator, acceptor) in [(&lax, &strict), (&strict, &lax)] {
            // Whoever sends the last token must put its MIC there; only the first reply can ask for one.
            match connect(initiator, acceptor) {
                Ok(mut established) => {
                    assert_eq!(mics(&established), 2, "{tokens}");
                    assert_usable(&mut established, A);
                }
                Err(failure) => {
                    let error = &failure.step().unwrap().error;
                    assert!(
                        matches!(error.reason_as(), Some(SpnegoError::ListUnprotected)),
                        "{error}"
                    );
                }
            }
        }
    }
}

#[test]
fn without_integrity_there_are_no_mics() {
    for tokens in 1..=6 {
        let plain = Toy {
            flags: Flags::empty(),
            ..Toy::new(B, tokens)
        };
        let initiator = spnego(&[Toy::new(A, 2), plain.clone()]);
        let mut established = connect(&initiator, &spnego(&[plain])).unwrap();
        assert_eq!(mics(&established), 0);
        assert_usable(&mut established, B);
    }
}

#[test]
fn i15_what_cannot_begin_is_not_offered() {
    let failing = Toy {
        refuses: Some(ErrorKind::NoCred),
        ..Toy::new(A, 2)
    };
    let last = Toy {
        refuses: Some(ErrorKind::NoCred),
        ..Toy::new(C, 2)
    };
    let initiator = spnego(&[failing, Toy::new(B, 2), last]);
    let mut established = connect(&initiator, &spnego(&[Toy::new(B, 2)])).unwrap();
    assert_usable(&mut established, B);
    let (init, _) = messages(&established);
    assert_eq!(init.mech_types.oids(), [B], "the third has no default credential");
    assert_eq!(mics(&established), 0, "what is left is the first choice of both");
}

#[test]
fn if_nothing_can_begin_the_error_is_the_one_that_says_most() {
    let refusing = |oid, kind| Toy {
        refuses: Some(kind),
        ..Toy::new(oid, 2)
    };
    let initiator = spnego(&[
        refusing(A, ErrorKind::NoCred),
        refusing(B, ErrorKind::CredentialsExpired),
        refusing(C, ErrorKind::Unavailable),
    ]);
    let failure = connect(&initiator, &spnego(&[Toy::new(A, 2)])).unwrap_err();
    assert_eq!(failure.step().unwrap().error, ErrorKind::CredentialsExpired);
}

#[test]
fn i19_nothing_in_common_is_told_to_both() {
    let failure = connect(&spnego(&[Toy::new(A, 2)]), &spnego(&[Toy::new(B, 2)])).unwrap_err();
    let error = &failure.step().unwrap().error;
    assert_eq!(*error, ErrorKind::BadMech);
    assert!(error.to_string().contains(&A.to_string()), "{error}");
    let peer = &failure.peer.unwrap().error;
    assert!(matches!(peer.reason_as(), Some(SpnegoError::Refused)), "{peer}");
}

#[test]
fn i12_a_mechanisms_own_error_token_reaches_its_own_context() {
    let failing = Toy::new(A, 4);
    let initiator = spnego(std::slice::from_ref(&failing))
        .initiate(&request(), Some(&SPNEGO))
        .unwrap();
    let garbled = Pair::new().with_channel(|leg, token| {
        let reply = NegTokenResp {
            response_token: Some(b"garbage".to_vec()),
            ..NegTokenResp::new(NegState::AcceptIncomplete)
        };
        Some(if leg.number == 2 { reply.to_token() } else { token })
    });
    let failure = garbled
        .establish(initiator, spnego(&[failing]).accept(Accept::new()))
        .unwrap_err();
    assert_eq!(
        (failure.side, failure.step().unwrap().error.kind()),
        (Role::Acceptor, ErrorKind::DefectiveToken)
    );
    assert_eq!(
        failure.peer.unwrap().error,
        ErrorKind::Unauthorized,
        "as the toy says it"
    );
}

fn cred(mechs: &[gss_core::Oid]) -> Credential {
    let mut cred = Credential::default();
    for mech in mechs {
        cred.add(*mech, std::sync::Arc::new(ToyCred)).unwrap();
    }
    cred
}

#[test]
fn i23_credentials_restrict_and_order_what_is_negotiated() {
    let all = spnego(&[Toy::new(A, 2), Toy::new(B, 2), Toy::new(C, 2)]);
    let negotiable = |mechs: &[gss_core::Oid], order: &[gss_core::Oid]| Credential {
        negotiable: Some(order.into()),
        ..cred(mechs)
    };
    for (request, accept, chosen) in [
        (request(), Accept::new(), Some(A)),
        (request().with_cred(cred(&[B, A])), Accept::new(), Some(B)),
        (request(), Accept::new().with_cred(cred(&[C])), Some(C)),
        (
            request().with_cred(negotiable(&[A, B, C], &[C, B])),
            Accept::new(),
            Some(C),
        ),
        (
            request().with_cred(cred(&[A, B])).negotiating(&[C, B, A]),
            Accept::new(),
            Some(B),
        ),
        (request().negotiating(&[C]), Accept::new(), Some(C)),
        (
            request().with_cred(cred(&[A])),
            Accept::new().with_cred(cred(&[B])),
            None,
        ),
    ] {
        match (connect_as(&all, &request, &all, accept), chosen) {
            (Ok(mut established), Some(mech)) => assert_usable(&mut established, mech),
            (Err(failure), None) => assert_eq!(failure.step().unwrap().error, ErrorKind::BadMech),
            (outcome, chosen) => panic!("{outcome:?} instead of {chosen:?}"),
        }
    }
    let nothing = request().with_cred(negotiable(&[A, B], &[]));
    let failure = connect_as(&all, &nothing, &all, Accept::new()).unwrap_err();
    assert_eq!(
        failure.step().unwrap().error,
        ErrorKind::NoCred,
        "an empty list is not everything"
    );
}

#[test]
fn i20_mechanisms_that_are_no_defaults_are_negotiated_only_where_they_are_named() {
    let shy = Toy {
        attrs: gss_core::AttrSet::MECH_CONCRETE | gss_core::AttrSet::NOT_DFLT_MECH,
        ..Toy::new(A, 2)
    };
    let both = spnego(&[shy, Toy::new(B, 2)]);
    let mut established = connect(&both, &both).unwrap();
    assert_usable(&mut established, B);
    let named = connect_as(&both, &request().negotiating(&[A]), &both, Accept::new()).unwrap_err();
    assert_eq!(
        named.step().unwrap().error,
        ErrorKind::BadMech,
        "the acceptor has not named it"
    );
    let accept = Accept::new().with_cred(cred(&[A, B]));
    let mut established = connect_as(&both, &request().with_cred(cred(&[A, B])), &both, accept).unwrap();
    assert_usable(&mut established, A);
}

#[test]
fn s6_an_optimistic_mechanism_that_is_not_taken_leaves_nothing_behind() {
    let (a, b) = (Toy::new(A, 4), Toy::new(B, 4));
    let initiator = spnego(&[a.clone(), b.clone()]);
    let mut established = connect(&initiator, &spnego(&[Toy::new(B, 4)])).unwrap();
    assert_usable(&mut established, B);
    assert_eq!(a.begun.load(Ordering::Relaxed), 1);
    assert_eq!(b.begun.load(Ordering::Relaxed), 1);
}
