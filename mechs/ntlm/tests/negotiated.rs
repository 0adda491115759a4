//! NTLM that SPNEGO has negotiated.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use gss_core::{Accept, ErrorKind, Initiate, MechListMic, Mechanisms, Name, Oid, Privacy, oid};
use gss_mech_ntlm::message::Message;
use gss_mech_ntlm::{ClientPolicy, NTLM};
use gss_mech_spnego::message::{MechTypes, NegTokenInit, NegTokenResp, NegotiationToken};
use gss_mech_spnego::{SPNEGO, SpnegoError};
use gss_test::{Established, Failure, Leg};
use world::{SEALED, converse, mechanisms, request, settings, through_as};

fn through(
    mechanisms: &Mechanisms,
    request: &Initiate,
    mut change: impl FnMut(Leg, NegotiationToken) -> Option<NegotiationToken>,
) -> Result<Established, Box<Failure>> {
    let accept = Accept::new().negotiating(&[NTLM]);
    through_as(mechanisms, SPNEGO, request, accept, move |leg, token| {
        change(leg, NegotiationToken::parse(&token).unwrap()).map(|message| match message {
            NegotiationToken::Init(init) => init.to_token(),
            NegotiationToken::Resp(resp) => resp.to_token(),
        })
    })
}

#[test]
fn i10_where_ntlm_has_a_mic_the_list_has_one_and_keystreams_start_anew() {
    let mechanisms = mechanisms(settings());
    let mut mics = 0;
    let mut established = through(&mechanisms, &request(&mechanisms, SEALED), |_, message| {
        if let NegotiationToken::Resp(resp) = &message {
            mics += usize::from(resp.mech_list_mic.is_some());
        }
        Some(message)
    })
    .unwrap();
    assert_eq!(mics, 2, "each side has sent one");
    for context in [&established.initiator, &established.acceptor] {
        assert_eq!((context.info().mech, context.info().via), (NTLM, Some(SPNEGO)));
        assert_eq!(context.mech_list_mic(), MechListMic::Required);
    }
    let (token, _) = established
        .initiator
        .wrap(Privacy::Confidential, &[], b"first")
        .unwrap();
    assert_eq!(token[12..16], [1, 0, 0, 0], "the list's MIC was number 0");
    assert_eq!(established.acceptor.unwrapped(&token).unwrap().0, b"first");
    converse(&mut established);
}

#[test]
fn without_protection_ntlm_can_be_negotiated_all_the_same() {
    let mechanisms = mechanisms(settings());
    let request = request(&mechanisms, gss_core::Flags::empty());
    let established = through(&mechanisms, &request, |_, message| Some(message)).unwrap();
    assert_eq!(established.acceptor.info().via, Some(SPNEGO));
}

#[test]
fn ntlm_is_not_offered_unless_somebody_names_it() {
    let mechanisms = mechanisms(settings());
    let target = Name::hostbased_service("HTTP@www.example.com");
    let unasked = mechanisms
        .initiate(&Initiate::new(target), Some(&SPNEGO))
        .unwrap()
        .step(None);
    let error = unasked.unwrap_err().error;
    assert_eq!(error, ErrorKind::NoCred);
    assert!(matches!(error.reason_as(), Some(SpnegoError::NothingToOffer { .. })));
    // Nor taken.
    let init = NegTokenInit::new(MechTypes::new(vec![NTLM]), None).to_token();
    let taken = mechanisms.accept(Accept::new()).step(Some(&init));
    assert!(taken.is_err());
}

/// Offers another list to the acceptor.
fn offering(list: Vec<Oid>) -> impl FnMut(Leg, NegotiationToken) -> Option<NegotiationToken> {
    move |_, message| {
        Some(match message {
            NegotiationToken::Init(init) => {
                NegotiationToken::Init(NegTokenInit::new(MechTypes::new(list.clone()), init.mech_token.clone()))
            }
            other => other,
        })
    }
}

#[test]
fn s7_with_ntlm_a_list_that_was_changed_makes_both_fail() {
    let other = oid!("1.2.3.4");
    for policy in [ClientPolicy::Strict, ClientPolicy::Compatible] {
        let mechanisms = mechanisms(settings().with_clients(policy));
        let request = request(&mechanisms, SEALED);
        for list in [vec![NTLM, other], vec![other, NTLM], vec![NTLM, NTLM]] {
            let failure = through(&mechanisms, &request, offering(list.clone())).unwrap_err();
            let error = &failure.step().unwrap().error;
            assert!(
                matches!(
                    error.reason_as(),
                    Some(SpnegoError::ListUnprotected | SpnegoError::ListChanged(_))
                ),
                "{list:?} {error}"
            );
            assert!(
                failure.peer.is_some(),
                "{list:?}: the other side believes in its context"
            );
        }
    }
}

#[test]
fn s5_with_ntlm_a_mic_that_is_taken_away_is_missed() {
    let mechanisms = mechanisms(settings());
    let request = request(&mechanisms, SEALED);
    for from in [gss_core::Role::Initiator, gss_core::Role::Acceptor] {
        let outcome = through(&mechanisms, &request, |leg, message| {
            Some(match message {
                NegotiationToken::Resp(resp) if leg.from == from => NegotiationToken::Resp(NegTokenResp {
                    mech_list_mic: None,
                    ..resp
                }),
                other => other,
            })
        });
        assert!(outcome.is_err(), "{from:?}");
    }
}

#[test]
fn raw_ntlm_is_taken_where_negotiation_is_expected() {
    let mechanisms = mechanisms(settings());
    let established = through_as(
        &mechanisms,
        NTLM,
        &request(&mechanisms, SEALED),
        Accept::new(),
        |_, token| {
            assert!(Message::has_signature(&token));
            Some(token)
        },
    )
    .unwrap();
    assert_eq!(established.acceptor.info().via, None);
}
