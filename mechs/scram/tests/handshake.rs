//! The exchange and the contexts that come of it, RFC 5802 §5 and §8.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use gss_core::{
    Accept, ErrorKind, Flags, Initiate, Mechanism, Mechanisms, Name, PrfKey, Role, Sequence, framing, inquiry,
};
use gss_mech_scram::message::{ClientFinal, ClientFirst, ServerFinal, ServerFirst};
use gss_mech_scram::{ScramError, ScramHash};
use world::{World, done, talk, user};

#[test]
fn both_hashes_make_contexts_that_protect_messages_both_ways() {
    for hash in ScramHash::ALL {
        let mut contexts = World::new(hash).establish();
        talk(&mut *contexts.initiator, &mut *contexts.acceptor);
        talk(&mut *contexts.acceptor, &mut *contexts.initiator);
        for context in [&contexts.initiator, &contexts.acceptor] {
            assert_eq!(context.info().mech, hash.oid());
            assert_eq!(context.info().source.as_ref().unwrap().to_text(), "alice");
            assert_eq!(context.info().expires, None);
        }
        assert_eq!(
            contexts.initiator.info().target.as_ref().unwrap().to_text(),
            "imap@mail.example.org"
        );
        assert!(
            contexts.acceptor.info().target.is_none(),
            "the acceptor is not told whom the initiator meant"
        );
    }
}

#[test]
fn only_the_first_token_is_framed_and_the_others_are_the_messages_of_the_rfc() {
    let contexts = World::new(ScramHash::Sha256).establish();
    let sent: Vec<&[u8]> = contexts.sent.iter().map(|(_, token)| token.as_slice()).collect();
    let [first, second, third, fourth] = sent.as_slice() else {
        panic!("{} tokens", sent.len());
    };
    let (mech, inner) = framing::parse(first).unwrap();
    assert_eq!(mech, ScramHash::Sha256.oid());
    assert_eq!(ClientFirst::parse(inner).unwrap().user, "alice");
    assert_eq!(ServerFirst::parse(second).unwrap().iterations.get(), 4096);
    assert!(ClientFinal::parse(third).unwrap().bindings.is_empty());
    assert!(matches!(ServerFinal::parse(fourth), Ok(ServerFinal::Signature(_))));
}

#[test]
fn authentication_is_mutual_whatever_was_asked_for_and_nothing_is_delegated() {
    let world = World::new(ScramHash::Sha256);
    let always = Flags::MUTUAL | Flags::REPLAY | Flags::SEQUENCE | Flags::CONF | Flags::INTEG | Flags::TRANS;
    for asked in [
        Flags::empty(),
        Flags::DELEG | Flags::DCE_STYLE | Flags::PROT_READY,
        Flags::USUAL,
    ] {
        let contexts = world
            .between(&world.request().with_flags(asked), &Accept::new())
            .unwrap();
        assert_eq!(contexts.initiator.info().flags, always);
        assert_eq!(contexts.acceptor.info().flags, always);
    }
}

#[test]
fn a_half_open_context_tells_what_is_certain() {
    let world = World::new(ScramHash::Sha1);
    let (token, initiator) = world.started();
    assert_eq!(initiator.progress().mech, Some(ScramHash::Sha1.oid()));
    assert!(initiator.progress().flags.contains(Flags::MUTUAL));
    assert!(!initiator.progress().flags.contains(Flags::PROT_READY));
    let (_, acceptor) = world.answered(&token);
    assert_eq!(acceptor.progress().role, Role::Acceptor);
}

#[test]
fn who_asks_for_anonymity_is_not_named() {
    let world = World::new(ScramHash::Sha256);
    let request = world.request().with_flags(Flags::USUAL | Flags::ANON);
    let error = world.initiator.initiate(&request).err().unwrap();
    assert!(matches!(error.reason_as(), Some(ScramError::Anonymous)), "{error}");
}

#[test]
fn both_sides_make_the_same_pseudo_random_octets_with_either_key() {
    let contexts = World::new(ScramHash::Sha256).establish();
    let octets = |context: &dyn gss_core::EstablishedContext, key, input: &[u8]| {
        let mut out = [0; 40];
        context.pseudo_random(key, input, &mut out).unwrap();
        out
    };
    let ours = octets(&*contexts.initiator, PrfKey::Full, b"input");
    assert_eq!(ours, octets(&*contexts.acceptor, PrfKey::Partial, b"input"));
    assert_ne!(ours, octets(&*contexts.initiator, PrfKey::Full, b"another"));
}

#[test]
fn the_session_key_and_the_strength_can_be_inquired() {
    let contexts = World::new(ScramHash::Sha256).establish();
    let key = contexts.initiator.inquire(inquiry::SSPI_SESSION_KEY).unwrap();
    let same = contexts.acceptor.inquire(inquiry::SSPI_SESSION_KEY).unwrap();
    assert_eq!((key[0].to_vec(), key[0].len()), (same[0].to_vec(), 16));
    assert_eq!(
        contexts.initiator.inquire(inquiry::SASL_SSF).unwrap()[0].to_vec(),
        [0, 0, 0, 128]
    );
    assert_eq!(
        contexts.initiator.inquire(inquiry::NEGOEX_KEY).unwrap_err(),
        ErrorKind::Unavailable
    );
}

#[test]
fn two_exchanges_have_different_keys() {
    let world = World::new(ScramHash::Sha256);
    let key =
        |contexts: gss_test::Established| contexts.initiator.inquire(inquiry::SSPI_SESSION_KEY).unwrap()[0].to_vec();
    assert_ne!(key(world.establish()), key(world.establish()));
}

#[test]
fn a_message_of_one_direction_is_none_of_the_other() {
    let mut contexts = World::new(ScramHash::Sha256).establish();
    let mic = contexts.initiator.mic_of(b"message").unwrap();
    assert_eq!(
        contexts.initiator.verify_mic(&[b"message"], &mic).unwrap_err(),
        ErrorKind::BadMic
    );
    assert_eq!(
        contexts.acceptor.verify_mic(&[b"changed"], &mic).unwrap_err(),
        ErrorKind::BadMic
    );
    assert_eq!(
        contexts.acceptor.verify_mic(&[b"message"], &mic).unwrap().sequence,
        Sequence::Ok
    );
    assert_eq!(
        contexts.acceptor.verify_mic(&[b"message"], &mic).unwrap().sequence,
        Sequence::Duplicate
    );
}

#[test]
fn a_context_moves_to_another_process_and_goes_on_there() {
    let world = World::new(ScramHash::Sha1);
    let mechs = Mechanisms::builder().with(world.acceptor.clone()).build().unwrap();
    let mut contexts = world.establish();
    talk(&mut *contexts.initiator, &mut *contexts.acceptor);
    let octets = Mechanisms::export_context(&mut *contexts.acceptor).unwrap();
    assert_eq!(contexts.acceptor.mic_of(b"late").unwrap_err(), ErrorKind::NoContext);
    assert_eq!(
        Mechanisms::export_context(&mut *contexts.acceptor).unwrap_err(),
        ErrorKind::NoContext
    );
    let mut moved = mechs.import_context(&octets).unwrap();
    assert_eq!(moved.info().source.as_ref().unwrap().to_text(), "alice");
    talk(&mut *contexts.initiator, &mut *moved);
}

#[test]
fn the_halves_of_a_context_go_on_where_the_whole_was() {
    let mut contexts = World::new(ScramHash::Sha256).establish();
    talk(&mut *contexts.initiator, &mut *contexts.acceptor);
    let mut halves = contexts.acceptor.split().unwrap();
    let mic = contexts.initiator.mic_of(b"message").unwrap();
    assert_eq!(
        halves.opener.verify_mic(&[b"message"], &mic).unwrap().sequence,
        Sequence::Ok
    );
    let mic = halves.sealer.mic_of(b"answer").unwrap();
    assert_eq!(
        contexts.initiator.verify_mic(&[b"answer"], &mic).unwrap().sequence,
        Sequence::Ok
    );
}

#[test]
fn names_with_commas_equals_signs_and_other_scripts_authenticate() {
    for name in ["a,b=c", "=2C", "ü,=", "\u{5d0}\u{5d1}", "I\u{AD}X"] {
        let users = gss_mech_scram::MemoryUsers::new(4096).unwrap();
        let world = World::with_users(ScramHash::Sha256, users.with(name, world::PASSWORD).unwrap());
        let request = world.request().with_cred(user(&world.initiator, name, world::PASSWORD));
        let contexts = world.between(&request, &Accept::new()).unwrap();
        let (ours, theirs) = (contexts.initiator.info(), contexts.acceptor.info());
        let same = ours.source.as_ref().unwrap().same(&**theirs.source.as_ref().unwrap());
        assert!(same.unwrap(), "{name}");
    }
}

#[test]
fn a_password_may_be_typed_in_any_form_that_looks_the_same() {
    let users = gss_mech_scram::MemoryUsers::new(4096).unwrap();
    let users = users.with("alice", "caf\u{e9}".as_bytes()).unwrap();
    let world = World::with_users(ScramHash::Sha256, users);
    let cred = user(&world.initiator, "alice", "cafe\u{301}".as_bytes());
    assert!(world.between(&world.request().with_cred(cred), &Accept::new()).is_ok());
}

#[test]
fn without_a_credential_nothing_begins() {
    let world = World::new(ScramHash::Sha256);
    let request = Initiate::new(Name::hostbased_service("imap@mail.example.org"));
    assert_eq!(world.initiator.initiate(&request).err().unwrap(), ErrorKind::NoCred);
    assert_eq!(world.initiator.accept(&Accept::new()).err().unwrap(), ErrorKind::NoCred);
    let accept = Accept::new().with_cred(world.alice.clone());
    assert_eq!(
        world.acceptor.accept(&accept).err().unwrap(),
        ErrorKind::NoCred,
        "an initiator's"
    );
    let other = World::new(ScramHash::Sha1);
    let elsewhere = gss_core::Credential::single(
        ScramHash::Sha1.oid(),
        world.alice.element(&ScramHash::Sha256.oid()).unwrap().clone(),
    );
    let request = request.with_cred(elsewhere);
    assert_eq!(
        other.initiator.initiate(&request).err().unwrap(),
        ErrorKind::NoCred,
        "of another mechanism"
    );
}

#[test]
fn a_target_of_a_type_that_scram_does_not_know_is_refused() {
    let world = World::new(ScramHash::Sha256);
    let request = Initiate::new(Name::krb5_principal("imap/mail@EXAMPLE.ORG")).with_cred(world.alice.clone());
    assert_eq!(
        world.initiator.initiate(&request).err().unwrap(),
        ErrorKind::BadNameType
    );
    assert!(done(world.initiator.import_name(&Name::anonymous())).is_err());
}
