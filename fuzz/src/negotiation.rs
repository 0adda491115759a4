//! SPNEGO: its messages, and a negotiation with somebody in between.

use std::sync::LazyLock;

use gss_core::{Accept, Initiate, Mechanisms, Name, Oid};
use gss_mech_scram::{SCRAM_SHA_1, SCRAM_SHA_256, ScramHash};
use gss_mech_spnego::message::{MechTypes, NegState, NegTokenInit, NegTokenResp, NegotiationToken};
use gss_mech_spnego::{SPNEGO, Spnego};

use crate::input::Input;
use crate::middle::{Outcome, assert_one_context, between};
use crate::passwords::{SERVICE, mechanisms, user};
use crate::seeded::begin;

/// A message of SPNEGO, framed or not: what is read is written, and read again to the same.
///
/// # Panics
/// Where it is not.
pub fn spnego(octets: &[u8]) {
    let Ok(message) = NegotiationToken::parse(octets) else {
        return;
    };
    let written = match &message {
        NegotiationToken::Init(init) => init.to_token(),
        NegotiationToken::Resp(resp) => resp.to_token(),
    };
    let again = NegotiationToken::parse(&written).expect("what is written can be read");
    assert_eq!(again, message);
    if let NegotiationToken::Init(init) = message {
        assert!(!init.mech_types.oids().is_empty(), "an offer of nothing");
    }
}

/// The first octet picks the mechanisms of both sides and their order; the rest is what somebody in between does with the
/// tokens, and with what is in them.
///
/// An initiator that is done has the mechanism that both would have chosen by themselves; if both are done, they have
/// one context.
///
/// # Panics
/// Where that does not hold.
pub fn spnego_exchange(input: &[u8]) {
    let mut script = Input(input);
    let choice = usize::from(script.octet());
    let offers = [
        OFFERS[choice % OFFERS.len()],
        OFFERS[choice / OFFERS.len() % OFFERS.len()],
    ];
    let outcome = negotiated(offers, &mut script);
    let alone = negotiated(offers, &mut Input(b""));
    let expected = alone.initiator.as_ref().map(|context| context.info().mech);
    let common = offers[0].iter().any(|mech| offers[1].contains(mech));
    assert_eq!(expected.is_some(), common, "nobody was in between, and it failed");
    if let Some(initiator) = &outcome.initiator {
        assert_eq!(Some(&initiator.info().mech), expected.as_ref(), "another mechanism");
        if let Some(acceptor) = &outcome.acceptor {
            assert_one_context(&**initiator, &**acceptor);
        }
    }
}

fn negotiated([ours, theirs]: [&[Oid]; 2], script: &mut Input<'_>) -> Outcome {
    begin();
    let mut cred = user(ScramHash::Sha256);
    for (mech, element) in user(ScramHash::Sha1).elements {
        cred.add(mech, element).expect("one element for each mechanism");
    }
    let request = Initiate::new(Name::hostbased_service(SERVICE)).with_cred(cred);
    let initiator = both().initiate(&request.negotiating(ours), Some(&SPNEGO));
    let initiator = initiator.expect("the credential initiates");
    between(
        initiator,
        both().accept(Accept::new().negotiating(theirs)),
        script,
        edited,
    )
}

fn both() -> &'static Mechanisms {
    static BOTH: LazyLock<Mechanisms> = LazyLock::new(|| {
        let [sha256, sha1] = mechanisms().clone();
        let builder = Mechanisms::builder().with(sha256).with(sha1);
        builder.negotiated_by(Spnego::new).build().expect("mechanisms")
    });
    &BOTH
}

/// A message with another list, token, state, choice or MIC, as an octet says.
fn edited(token: &[u8], script: &mut Input<'_>) -> Option<Vec<u8>> {
    let what = script.octet();
    match NegotiationToken::parse(token).ok()? {
        NegotiationToken::Init(init) => Some(edited_init(init, what, script).to_token()),
        NegotiationToken::Resp(resp) => Some(edited_resp(resp, what, script).to_token()),
    }
}

fn edited_init(mut init: NegTokenInit, what: u8, script: &mut Input<'_>) -> NegTokenInit {
    let mut oids = init.mech_types.oids().to_vec();
    match what % 5 {
        0 => oids.reverse(),
        1 => {
            oids.pop();
        }
        2 => oids.push(SCRAM_SHA_1),
        3 => init.mech_token = taken(script),
        _ => init.mech_list_mic = taken(script),
    }
    init.mech_types = MechTypes::new(oids);
    init
}

fn edited_resp(mut resp: NegTokenResp, what: u8, script: &mut Input<'_>) -> NegTokenResp {
    match what % 4 {
        0 => resp.state = STATES[usize::from(script.octet()) % STATES.len()],
        1 => resp.supported_mech = MECHS.get(usize::from(script.octet())).copied(),
        2 => resp.response_token = taken(script),
        _ => resp.mech_list_mic = taken(script),
    }
    resp
}

/// Other octets, or nothing.
fn taken(script: &mut Input<'_>) -> Option<Vec<u8>> {
    let octets = script.counted();
    (!octets.is_empty()).then(|| octets.to_vec())
}

const MECHS: [Oid; 3] = [SCRAM_SHA_256, SCRAM_SHA_1, SPNEGO];
const OFFERS: [&[Oid]; 4] = [
    &[SCRAM_SHA_256, SCRAM_SHA_1],
    &[SCRAM_SHA_1, SCRAM_SHA_256],
    &[SCRAM_SHA_256],
    &[SCRAM_SHA_1],
];
const STATES: [Option<NegState>; 5] = [
    None,
    Some(NegState::AcceptCompleted),
    Some(NegState::AcceptIncomplete),
    Some(NegState::Reject),
    Some(NegState::RequestMic),
];
