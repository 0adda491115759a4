//! Somebody in between who changes the list of mechanisms makes both sides fail (S7).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod toy;

use gss_core::{Accept, Flags, Initiate, Mechanisms, Name, Oid, Role};
use gss_mech_spnego::message::{MechTypes, NegState, NegTokenInit, NegTokenResp, NegotiationToken};
use gss_mech_spnego::{SPNEGO, SpnegoError};
use gss_test::{Established, Failure, Leg, Pair};
use toy::{A, B, C, Toy, spnego};

fn through(
    initiator: &Mechanisms,
    acceptor: &Mechanisms,
    change: impl FnMut(Leg, NegotiationToken) -> Option<NegotiationToken>,
) -> Result<Established, Box<Failure>> {
    let mut change = change;
    let request = Initiate::new(Name::hostbased_service("toy@example.test"));
    let channel = move |leg, token: Vec<u8>| {
        let message = NegotiationToken::parse(&token).unwrap();
        change(leg, message).map(|message| match message {
            NegotiationToken::Init(init) => init.to_token(),
            NegotiationToken::Resp(resp) => resp.to_token(),
        })
    };
    Pair::new().with_channel(channel).establish(
        initiator.initiate(&request, Some(&SPNEGO)).unwrap(),
        acceptor.accept(Accept::new()),
    )
}

/// Offers `mechs` to the acceptor instead, without a first token.
fn offering(mechs: &[Oid]) -> impl FnMut(Leg, NegotiationToken) -> Option<NegotiationToken> {
    let list = MechTypes::new(mechs.to_vec());
    move |_, message| {
        Some(match message {
            NegotiationToken::Init(_) => NegotiationToken::Init(NegTokenInit::new(list.clone(), None)),
            other => other,
        })
    }
}

/// Neither side has a context: one failed, and the other waits for a token that does not come, or failed too.
fn assert_both_fail(outcome: Result<Established, Box<Failure>>, what: &str) {
    let failure = outcome.expect_err(what);
    let error = failure.step().map(|step| step.error.clone()).expect(what);
    assert!(
        matches!(
            error.reason_as(),
            Some(SpnegoError::ListUnprotected | SpnegoError::ListChanged(_) | SpnegoError::NotOffered { .. })
        ),
        "{what}: {error}"
    );
    assert!(failure.peer.is_some(), "{what}: the other side believes in its context");
}

#[test]
fn s7_removing_or_reordering_mechanisms_makes_both_fail() {
    for tokens in 1..=6 {
        let both = spnego(&[Toy::new(A, tokens), Toy::new(B, tokens), Toy::new(C, tokens)]);
        for list in [&[B, C][..], &[B], &[B, A, C], &[C, B, A], &[B, A], &[C]] {
            assert_both_fail(through(&both, &both, offering(list)), &format!("{tokens} {list:?}"));
        }
    }
}

#[test]
fn s7_without_the_first_mechanism_on_one_side_the_list_is_protected_all_the_same() {
    for tokens in 1..=6 {
        let initiator = spnego(&[Toy::new(A, tokens), Toy::new(B, tokens), Toy::new(C, tokens)]);
        let acceptor = spnego(&[Toy::new(B, tokens), Toy::new(C, tokens)]);
        assert!(through(&initiator, &acceptor, |_, message| Some(message)).is_ok());
        // Whoever only takes away what the acceptor cannot use changes nothing, RFC 4178 §7.
        for list in [&[C][..], &[C, B], &[A, C], &[A, C, B]] {
            assert_both_fail(
                through(&initiator, &acceptor, offering(list)),
                &format!("{tokens} {list:?}"),
            );
        }
    }
}

#[test]
fn s5_mics_that_are_changed_cut_or_taken_away_are_missed() {
    type Change = fn(Vec<u8>) -> Option<Vec<u8>>;
    let changes: [(&str, Change); 5] = [
        ("taken away", |_| None),
        ("flipped", |mut mic| {
            mic[4] ^= 1;
            Some(mic)
        }),
        ("cut", |mic| Some(mic[..4].to_vec())),
        ("emptied", |_| Some(Vec::new())),
        ("longer", |mic| Some([&mic[..], &[0]].concat())),
    ];
    for tokens in 1..=6 {
        let initiator = spnego(&[Toy::new(A, 2), Toy::new(B, tokens)]);
        let acceptor = spnego(&[Toy::new(B, tokens)]);
        for from in [Role::Initiator, Role::Acceptor] {
            for (what, change) in changes {
                let outcome = through(&initiator, &acceptor, |leg, message| {
                    Some(match message {
                        NegotiationToken::Resp(resp) if leg.from == from => NegotiationToken::Resp(NegTokenResp {
                            mech_list_mic: resp.mech_list_mic.and_then(change),
                            ..resp
                        }),
                        other => other,
                    })
                });
                assert!(outcome.is_err(), "{tokens} {from:?} {what}");
            }
        }
    }
}

#[test]
fn s7_taking_back_the_request_for_mics_does_not_do_away_with_them() {
    for tokens in 1..=6 {
        let initiator = spnego(&[Toy::new(B, tokens)]);
        let acceptor = spnego(&[Toy::new(A, 2), Toy::new(B, tokens)]);
        let mut mics = 0;
        let outcome = through(&initiator, &acceptor, |_, message| {
            Some(match message {
                NegotiationToken::Resp(resp) => {
                    mics += usize::from(resp.mech_list_mic.is_some());
                    NegotiationToken::Resp(NegTokenResp {
                        state: resp.state.map(|state| match state {
                            NegState::RequestMic => NegState::AcceptIncomplete,
                            other => other,
                        }),
                        ..resp
                    })
                }
                other @ NegotiationToken::Init(_) => other,
            })
        });
        assert!(outcome.is_err() || mics == 2, "{tokens}: {mics}");
    }
}

/// The exception, RFC 4178 §5: without integrity nothing can be protected.
#[test]
fn s7_without_integrity_the_list_can_be_changed() {
    let plain = |oid| Toy {
        flags: Flags::empty(),
        ..Toy::new(oid, 2)
    };
    let both = spnego(&[plain(A), plain(B)]);
    let established = through(&both, &both, offering(&[B])).unwrap();
    assert_eq!(established.initiator.info().mech, B);
}
