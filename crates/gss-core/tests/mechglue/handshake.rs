use gss_core::{
    Accept, AcceptorContext, Credential, ErrorKind, Initiate, InitiatorContext, Mechanisms, Name, Role, framing,
};
use gss_test::{Leg, Pair, Reason};

use super::fake::{Fake, FakeCred, Negotiator};
use super::{NEGOTIATOR, ONE, THREE, TWO};

fn mechs() -> Mechanisms {
    Mechanisms::builder()
        .with(Fake::new(ONE).with_alias(THREE))
        .with(Fake::new(TWO).claiming(b"TWO"))
        .negotiated_by(|snapshot| Negotiator {
            oid: NEGOTIATOR,
            snapshot,
        })
        .build()
        .unwrap()
}

fn initiator(mechs: &Mechanisms, mech: Option<gss_core::Oid>) -> Box<dyn InitiatorContext> {
    mechs
        .initiate(&Initiate::new(Name::user("bob")), mech.as_ref())
        .unwrap()
}

fn acceptor(mechs: &Mechanisms) -> Box<dyn AcceptorContext> {
    mechs.accept(Accept::new())
}

#[test]
fn the_acceptor_follows_the_initiators_mechanism() {
    let mechs = mechs();
    for (asked, used) in [
        (None, ONE),
        (Some(ONE), ONE),
        (Some(TWO), TWO),
        (Some(THREE), ONE),
        (Some(NEGOTIATOR), ONE),
    ] {
        let established = Pair::new()
            .establish(initiator(&mechs, asked), acceptor(&mechs))
            .unwrap();
        assert_eq!(established.initiator.info().mech, used);
        assert_eq!(established.acceptor.info().mech, used);
        assert_eq!(established.acceptor.info().role, Role::Acceptor);
        assert_eq!(established.sent.len(), 2);
    }
}

#[test]
fn the_acceptor_knows_no_mechanism_before_the_first_token() {
    let waiting = acceptor(&mechs());
    assert_eq!(waiting.progress().mech, None);
    assert_eq!(waiting.inquire(ONE).unwrap_err(), ErrorKind::Unavailable);
    assert_eq!(waiting.step(None).unwrap_err().error, ErrorKind::DefectiveToken);
}

#[test]
fn a_token_of_an_unknown_mechanism_is_bad_mech() {
    let mechs = Mechanisms::builder().with(Fake::new(ONE)).build().unwrap();
    let error = acceptor(&mechs).step(Some(&framing::wrap(&TWO, b"hello"))).unwrap_err();
    assert_eq!(error.error, ErrorKind::BadMech);
    assert_eq!(
        error.error.to_string(),
        "the mechanism 1.2.3.2 is not registered; registered are 1.2.3.1"
    );
}

#[test]
fn a_credential_without_an_element_is_no_cred_never_the_default() {
    let mechs = mechs();
    let cred = || Credential::single(ONE, std::sync::Arc::new(FakeCred));
    let request = Initiate::new(Name::user("bob")).with_cred(cred());
    assert_eq!(mechs.initiate(&request, Some(&TWO)).err().unwrap(), ErrorKind::NoCred);
    assert!(mechs.initiate(&request, Some(&ONE)).is_ok());
    assert!(
        mechs.initiate(&request, Some(&THREE)).is_ok(),
        "an alias is the same mechanism"
    );
    assert!(
        mechs.initiate(&request, Some(&NEGOTIATOR)).is_ok(),
        "a negotiator looks for itself"
    );

    let accept = Accept::new().with_cred(cred());
    assert_eq!(mechs.accept_as(&accept, &TWO).err().unwrap(), ErrorKind::NoCred);
    let error = mechs.accept(accept.clone()).step(Some(b"TWOhello")).unwrap_err().error;
    assert_eq!(error, ErrorKind::NoCred);
    assert!(mechs.accept(accept).step(Some(&framing::wrap(&ONE, b"hello"))).is_ok());
}

#[test]
fn a_changed_token_is_refused_and_the_initiator_hears_of_it() {
    let mechs = mechs();
    let tamper = |leg: Leg, mut token: Vec<u8>| {
        if leg.number == 0 {
            *token.last_mut().unwrap() ^= 1;
        }
        Some(token)
    };
    let failure = Pair::new()
        .with_channel(tamper)
        .establish(initiator(&mechs, None), acceptor(&mechs))
        .unwrap_err();
    assert_eq!(failure.side, Role::Acceptor);
    assert_eq!(failure.step().unwrap().error, ErrorKind::DefectiveToken);
    assert_eq!(failure.peer.unwrap().error, ErrorKind::Unauthorized);
    assert_eq!(failure.sent.len(), 2);
}

#[test]
fn a_lost_token_leaves_its_receiver_waiting() {
    let mechs = mechs();
    for (lost, waiting) in [(0, Role::Acceptor), (1, Role::Initiator)] {
        let lose = move |leg: Leg, token: Vec<u8>| (leg.number != lost).then_some(token);
        let failure = Pair::new()
            .with_channel(lose)
            .establish(initiator(&mechs, None), acceptor(&mechs))
            .unwrap_err();
        assert_eq!(failure.side, waiting);
        assert!(matches!(failure.reason, Reason::Waiting));
    }
}

#[test]
fn an_exported_context_goes_on_and_the_original_is_dead() {
    let mechs = mechs();
    let mut pair = Pair::new()
        .establish(initiator(&mechs, Some(TWO)), acceptor(&mechs))
        .unwrap();
    let token = Mechanisms::export_context(&mut *pair.acceptor).unwrap();
    assert_eq!(pair.acceptor.mic_of(b"m").unwrap_err(), ErrorKind::NoContext);
    assert_eq!(
        Mechanisms::export_context(&mut *pair.acceptor).unwrap_err(),
        ErrorKind::NoContext
    );
    let mut imported = mechs.import_context(&token).unwrap();
    assert_eq!(imported.info().mech, TWO);
    let mic = pair.initiator.mic_of(b"m").unwrap();
    let _ = imported.verify_mic(&[b"m"], &mic).unwrap();
}

#[test]
fn an_exported_context_that_was_changed_is_refused() {
    let mechs = mechs();
    let mut pair = Pair::new()
        .establish(initiator(&mechs, None), acceptor(&mechs))
        .unwrap();
    let token = Mechanisms::export_context(&mut *pair.initiator).unwrap();
    for length in 0..token.len() {
        assert_eq!(
            mechs.import_context(&token[..length]).unwrap_err(),
            ErrorKind::DefectiveToken,
            "{length}"
        );
    }
    let doubled = [&token[..], &token[5..]].concat();
    assert_eq!(mechs.import_context(&doubled).unwrap_err(), ErrorKind::DefectiveToken);
    let flipped = |bit: usize| {
        let mut changed = token.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        mechs.import_context(&changed)
    };
    // One change makes the alias of the OID: the octets are not protected against change, only well formed.
    assert_eq!((0..token.len() * 8).filter(|bit| flipped(*bit).is_ok()).count(), 1);
    let elsewhere = Mechanisms::builder().with(Fake::new(TWO)).build().unwrap();
    assert_eq!(elsewhere.import_context(&token).unwrap_err(), ErrorKind::BadMech);
}
