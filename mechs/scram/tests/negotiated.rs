//! SCRAM negotiated by SPNEGO, which knows nothing of it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use gss_core::{Accept, ErrorKind, Initiate, Mechanisms, Name, Oid};
use gss_mech_scram::{SCRAM_SHA_1, SCRAM_SHA_256, Scram, ScramError, ScramHash};
use gss_mech_spnego::message::{NegTokenResp, NegotiationToken};
use gss_mech_spnego::{SPNEGO, Spnego};
use gss_test::{Established, Failure, Pair};
use world::{PASSWORD, World, reason, talk, user};

fn negotiator(worlds: &[&World], mech: fn(&World) -> &Scram) -> Mechanisms {
    let mut builder = Mechanisms::builder();
    for world in worlds {
        builder = builder.with(mech(world).clone());
    }
    builder.negotiated_by(Spnego::new).build().unwrap()
}

struct Both {
    initiator: Mechanisms,
    acceptor: Mechanisms,
    request: Initiate,
}

/// Both mechanisms on both sides, and a credential for both.
fn both(password: &[u8]) -> Both {
    let (sha256, sha1) = (World::new(ScramHash::Sha256), World::new(ScramHash::Sha1));
    let mut cred = user(&sha256.initiator, "alice", password);
    let other = user(&sha1.initiator, "alice", password);
    for (mech, element) in other.elements {
        cred.add(mech, element).unwrap();
    }
    Both {
        initiator: negotiator(&[&sha256, &sha1], |world| &world.initiator),
        acceptor: negotiator(&[&sha256, &sha1], |world| &world.acceptor),
        request: Initiate::new(Name::hostbased_service("imap@mail.example.org")).with_cred(cred),
    }
}

impl Both {
    fn negotiate(
        &self,
        acceptable: &[Oid],
        channel: impl FnMut(gss_test::Leg, Vec<u8>) -> Option<Vec<u8>>,
    ) -> Result<Established, Box<Failure>> {
        let initiator = self.initiator.initiate(&self.request, Some(&SPNEGO)).unwrap();
        let acceptor = self.acceptor.accept(Accept::new().negotiating(acceptable));
        Pair::new().with_channel(channel).establish(initiator, acceptor)
    }
}

#[test]
fn the_first_in_common_is_taken_and_its_context_is_scrams_own() {
    for (acceptable, chosen) in [
        (&[SCRAM_SHA_256, SCRAM_SHA_1][..], SCRAM_SHA_256),
        (&[SCRAM_SHA_1], SCRAM_SHA_1),
    ] {
        let mut contexts = both(PASSWORD).negotiate(acceptable, |_, token| Some(token)).unwrap();
        assert_eq!(contexts.initiator.info().mech, chosen);
        assert_eq!(contexts.acceptor.info().via, Some(SPNEGO));
        talk(&mut *contexts.initiator, &mut *contexts.acceptor);
    }
}

#[test]
fn the_list_of_mechanisms_is_protected_when_the_second_is_taken() {
    let contexts = both(PASSWORD)
        .negotiate(&[SCRAM_SHA_1], |_, token| Some(token))
        .unwrap();
    let mics = contexts.sent.iter().filter(|(_, token)| mic(token).is_some()).count();
    assert_eq!(mics, 2, "one of each side");
}

fn mic(token: &[u8]) -> Option<Vec<u8>> {
    match NegotiationToken::parse(token).unwrap() {
        NegotiationToken::Resp(NegTokenResp { mech_list_mic, .. }) => mech_list_mic,
        NegotiationToken::Init(_) => None,
    }
}

#[test]
fn a_changed_mic_of_the_list_ends_it() {
    let outcome = both(PASSWORD).negotiate(&[SCRAM_SHA_1], |_, token| {
        Some(match NegotiationToken::parse(&token).unwrap() {
            NegotiationToken::Resp(mut message) => {
                if let Some(last) = message.mech_list_mic.as_mut().and_then(|mic| mic.last_mut()) {
                    *last ^= 1;
                }
                message.to_token()
            }
            NegotiationToken::Init(_) => token,
        })
    });
    assert!(outcome.is_err());
}

#[test]
fn a_wrong_password_is_told_through_the_negotiation() {
    let failure = both(b"open barley")
        .negotiate(&[SCRAM_SHA_256], |_, token| Some(token))
        .unwrap_err();
    assert!(matches!(reason(&failure), ScramError::Proof { .. }));
    let peer = failure.peer.unwrap().error;
    assert!(matches!(peer.reason_as(), Some(ScramError::Refused(_))), "{peer}");
}

#[test]
fn a_registry_alone_offers_no_passwords() {
    let world = World::new(ScramHash::Sha256);
    let mechs = negotiator(&[&world], |world| &world.initiator);
    let request = Initiate::new(Name::hostbased_service("imap@mail.example.org"));
    let step = mechs.initiate(&request, Some(&SPNEGO)).unwrap().step(None);
    assert_eq!(step.err().unwrap().error, ErrorKind::NoCred);
    let acceptor = negotiator(&[&world], |world| &world.acceptor);
    let token = both(PASSWORD)
        .initiator
        .initiate(&both(PASSWORD).request, Some(&SPNEGO))
        .unwrap();
    let gss_core::Step::Continue { token, .. } = world::done(token.step(None)).unwrap() else {
        panic!("established by one token");
    };
    assert!(
        acceptor.accept(Accept::new()).step(Some(&token)).is_err(),
        "the acceptor did not ask for it"
    );
}
