//! Every kind of token in every state (S2): a defined status, and nothing that is established by accident.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod toy;

use gss_core::{
    Accept, AcceptorContext, Flowing, Initiate, InitiatorContext, MechListMic, Mechanisms, Name, Step, framing,
};
use gss_mech_spnego::SPNEGO;
use gss_mech_spnego::message::{MechTypes, NegState, NegTokenInit, NegTokenResp, NegotiationToken};
use gss_test::answer_blocking;
use toy::{A, B, FAILED, Toy, spnego};

/// Tokens of every kind.
fn tokens() -> Vec<Vec<u8>> {
    let list = || MechTypes::new(vec![A, B]);
    let first = framing::wrap(&A, &[1]);
    let mut tokens = vec![
        Vec::new(),
        vec![0],
        vec![0x60],
        vec![0xa1],
        b"NTLMSSP\0\x01".to_vec(),
        first.clone(),
        framing::wrap(&SPNEGO, b""),
        framing::wrap(&SPNEGO, &[0xa0, 0]),
        framing::wrap(&SPNEGO, &[0xa1, 0]),
        NegTokenInit::new(list(), None).to_token(),
        NegTokenInit::new(list(), Some(first)).to_token(),
        NegTokenInit::new(list(), Some(Vec::new())).to_token(),
        NegTokenInit::hinting(list()).to_token(),
    ];
    let states = [
        None,
        Some(NegState::AcceptCompleted),
        Some(NegState::AcceptIncomplete),
        Some(NegState::Reject),
        Some(NegState::RequestMic),
    ];
    for state in states {
        for supported_mech in [None, Some(A), Some(B), Some(SPNEGO)] {
            for response_token in [None, Some(Vec::new()), Some(vec![2]), Some(vec![3]), Some(vec![4])] {
                for mech_list_mic in [None, Some(Vec::new()), Some(vec![0; 5])] {
                    let message = NegTokenResp {
                        state,
                        supported_mech,
                        response_token: response_token.clone(),
                        mech_list_mic,
                    };
                    tokens.push(message.to_token());
                }
            }
        }
    }
    tokens
}

fn world(mech_list_mic: MechListMic) -> Mechanisms {
    spnego(&[
        Toy {
            mech_list_mic,
            ..Toy::new(A, 4)
        },
        Toy::new(B, 3),
    ])
}

enum Came {
    Further(Vec<u8>),
    Established,
    Failed,
}

fn came<C: ?Sized>(step: Flowing<Step<C>>) -> (Came, Option<Box<C>>) {
    match step.and_then(|flow| flow.drive(&mut answer_blocking)) {
        Ok(Step::Continue { token, next }) => (Came::Further(token), Some(next)),
        Ok(Step::Established { .. }) => (Came::Established, None),
        Err(error) => {
            // After a raw token, everything is the mechanism's own.
            if let Some(token) = error.token.filter(|token| token != FAILED) {
                let NegotiationToken::Resp(resp) = NegotiationToken::parse(&token).unwrap() else {
                    panic!("a refusal is a NegTokenResp")
                };
                assert_eq!(resp.state, Some(NegState::Reject));
            }
            (Came::Failed, None)
        }
    }
}

/// An initiator that has taken `replies`, if it did.
fn initiator(world: &Mechanisms, replies: &[Vec<u8>]) -> Option<Box<dyn InitiatorContext>> {
    let request = Initiate::new(Name::hostbased_service("toy@example.test"));
    let (_, next) = came(world.initiate(&request, Some(&SPNEGO)).unwrap().step(None));
    replies
        .iter()
        .try_fold(next?, |context, reply| came(context.step(Some(reply))).1)
}

fn acceptor(world: &Mechanisms, messages: &[Vec<u8>]) -> Option<Box<dyn AcceptorContext>> {
    let context = world.accept_as(&Accept::new(), &SPNEGO).unwrap();
    messages
        .iter()
        .try_fold(context, |context, message| came(context.step(Some(message))).1)
}

#[test]
fn s2_every_token_in_every_state_of_an_initiator() {
    for mech_list_mic in [MechListMic::AsNegotiated, MechListMic::Required] {
        let world = world(mech_list_mic);
        let tokens = tokens();
        let mut established = 0;
        for first in &tokens {
            let Some(context) = initiator(&world, &[]) else {
                panic!("it can begin")
            };
            match came(context.step(Some(first))).0 {
                Came::Established => panic!("no mechanism here has only one token, and no reply makes it complete"),
                Came::Failed => continue,
                Came::Further(token) => assert!(NegotiationToken::parse(&token).is_ok()),
            }
            for second in &tokens {
                let context = initiator(&world, std::slice::from_ref(first)).unwrap();
                match came(context.step(Some(second))).0 {
                    Came::Established => established += 1,
                    Came::Failed => {}
                    Came::Further(token) => assert!(NegotiationToken::parse(&token).is_ok()),
                }
            }
        }
        // Without the right MIC over the list, none may be where one is required.
        match mech_list_mic {
            MechListMic::AsNegotiated => assert!(established > 0),
            MechListMic::Required => assert_eq!(established, 0),
        }
    }
}

#[test]
fn s2_every_token_in_every_state_of_an_acceptor() {
    for mech_list_mic in [MechListMic::AsNegotiated, MechListMic::Required] {
        let world = world(mech_list_mic);
        let tokens = tokens();
        let mut established = 0;
        for first in &tokens {
            let context = acceptor(&world, &[]).unwrap();
            match came(context.step(Some(first))).0 {
                Came::Established => panic!("no mechanism here has only one token"),
                Came::Failed => continue,
                Came::Further(_) => {}
            }
            for second in &tokens {
                let context = acceptor(&world, std::slice::from_ref(first)).unwrap();
                match came(context.step(Some(second))).0 {
                    Came::Established => established += 1,
                    Came::Failed | Came::Further(_) => {}
                }
            }
        }
        match mech_list_mic {
            MechListMic::AsNegotiated => assert!(established > 0),
            MechListMic::Required => assert_eq!(established, 0),
        }
    }
}
