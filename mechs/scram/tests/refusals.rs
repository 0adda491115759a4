//! What does not authenticate, and what the other side learns of it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use std::sync::Arc;

use gss_core::{Accept, Credential, ErrorKind, Initiate, Mechanism, Name, Role, framing};
use gss_mech_scram::message::{ClientFinal, ServerError};
use gss_mech_scram::{
    Decoy, MemoryUsers, Scram, ScramCred, ScramEnvironment, ScramError, ScramHash, ScramUsers, UserKeys, UsersError,
};
use gss_test::Failure;
use world::{PASSWORD, World, done, reason, user};

fn refused(world: &World, cred: Credential) -> Box<Failure> {
    let request = world.request().with_cred(cred);
    world
        .between(&request, &Accept::new())
        .expect_err("it must not authenticate")
}

#[test]
fn a_wrong_password_is_refused_and_both_sides_know() {
    for hash in ScramHash::ALL {
        let world = World::new(hash);
        let failure = refused(&world, user(&world.initiator, "alice", b"open barley"));
        assert_eq!(failure.side, Role::Acceptor);
        assert!(matches!(reason(&failure), ScramError::Proof { user } if user == "alice"));
        let peer = failure.peer.unwrap();
        assert!(matches!(
            peer.error.reason_as(),
            Some(ScramError::Refused(ServerError::InvalidProof))
        ));
        assert_eq!(peer.error, ErrorKind::DefectiveCredential);
    }
}

#[test]
fn an_unknown_user_is_not_told_from_a_wrong_password() {
    let world = World::new(ScramHash::Sha256);
    let messages = |name| {
        let failure = refused(&world, user(&world.initiator, name, b"open barley"));
        let sent: Vec<String> = failure.sent.iter().map(|(_, token)| shape(token)).collect();
        (sent, format!("{:?}", reason(&failure)).replace(name, "NAME"))
    };
    assert_eq!(messages("alice"), messages("malory"));
}

/// A message with every letter and digit of a value the same, so that only its form is compared.
fn shape(token: &[u8]) -> String {
    let inner = framing::parse(token).map_or(token, |(_, inner)| inner);
    let text = String::from_utf8(inner.to_vec()).unwrap();
    let attributes = text.split(',').map(|attribute| match attribute.split_at(2) {
        (name @ ("i=" | "e="), value) => format!("{name}{value}"),
        (name @ "n=", _) => name.to_owned(),
        (name, value) => format!("{name}{}", value.len()),
    });
    attributes.collect::<Vec<_>>().join(",")
}

#[test]
fn an_unknown_user_has_the_same_salt_each_time() {
    let world = World::new(ScramHash::Sha256);
    let token = |name| framing::wrap(&ScramHash::Sha256.oid(), format!("n={name},r=abc").as_bytes());
    let salt = |name| world.answered(&token(name)).0.salt;
    assert_eq!(salt("malory"), salt("malory"));
    assert_ne!(salt("malory"), salt("trent"));
    assert_eq!(salt("malory").len(), salt("alice").len());
}

#[test]
fn an_acceptor_that_does_not_know_the_user_is_unmasked() {
    let world = World::new(ScramHash::Sha256);
    let (token, initiator) = world.started();
    let answer = format!("r={}more,s=c2FsdA==,i=4096", nonce_of(&token));
    let next = match done(initiator.step(Some(answer.as_bytes()))).unwrap() {
        gss_core::Step::Continue { next, .. } => next,
        gss_core::Step::Established { .. } => panic!("established by the salt"),
    };
    let forged = "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let error = done(next.step(Some(forged.as_bytes()))).unwrap_err();
    assert!(
        matches!(error.reason_as(), Some(ScramError::AcceptorUnproven { user }) if user == "alice"),
        "{error}"
    );
}

fn nonce_of(token: &[u8]) -> String {
    let (_, inner) = framing::parse(token).unwrap();
    gss_mech_scram::message::ClientFirst::parse(inner).unwrap().nonce
}

#[test]
fn an_initiator_does_not_go_on_with_too_few_or_too_many_iterations() {
    let world = World::new(ScramHash::Sha256);
    for (iterations, allowed) in [
        ("1", false),
        ("4095", false),
        ("2000001", false),
        ("4294967295", false),
        ("4096", true),
    ] {
        let (token, initiator) = world.started();
        let answer = format!("r={}more,s=c2FsdA==,i={iterations}", nonce_of(&token));
        match done(initiator.step(Some(answer.as_bytes()))) {
            Ok(_) => assert!(allowed, "{iterations}"),
            Err(error) => {
                assert!(!allowed, "{iterations}");
                assert!(
                    matches!(error.reason_as(), Some(ScramError::Iterations { .. })),
                    "{error}"
                );
            }
        }
    }
}

#[test]
fn the_bounds_of_iterations_can_be_moved() {
    let environment = ScramEnvironment::default().with_iterations(10_000..=20_000);
    let mut world = World::new(ScramHash::Sha256);
    world.initiator = Scram::new(ScramHash::Sha256, environment);
    let failure = world.between(&world.request(), &Accept::new()).unwrap_err();
    assert!(matches!(
        reason(&failure),
        ScramError::Iterations {
            found: 4096,
            least: 10_000,
            most: 20_000
        }
    ));
}

#[test]
fn a_nonce_that_is_not_extended_or_not_ours_is_refused() {
    let world = World::new(ScramHash::Sha256);
    for change in [
        |nonce: String| nonce,
        |nonce: String| format!("x{nonce}"),
        |_| "other".to_owned(),
        |nonce: String| nonce[1..].to_owned(),
    ] {
        let (token, initiator) = world.started();
        let answer = format!("r={},s=c2FsdA==,i=4096", change(nonce_of(&token)));
        let error = done(initiator.step(Some(answer.as_bytes()))).err().unwrap();
        assert!(matches!(error.reason_as(), Some(ScramError::Nonce)), "{error}");
    }
}

#[test]
fn an_exchange_cannot_be_replayed() {
    let world = World::new(ScramHash::Sha256);
    let sent = world.establish().sent;
    let (_, acceptor) = world.answered(&sent[0].1);
    let Err(error) = acceptor.step(Some(&sent[2].1)) else {
        panic!("replayed");
    };
    assert!(matches!(error.error.reason_as(), Some(ScramError::Nonce)));
    assert_eq!(error.token.as_deref(), Some(&b"e=invalid-proof"[..]));
}

#[test]
fn what_is_no_message_is_refused_by_either_side_in_every_state() {
    let world = World::new(ScramHash::Sha256);
    let oid = ScramHash::Sha256.oid();
    let mebibyte = vec![b'x'; 1 << 20];
    let many = [&b"n=a,r=b"[..], &b",x=y".repeat(1 << 18)].concat();
    let hostile: [&[u8]; 12] = [
        b"",
        b"\0",
        b"\xff\xff",
        b",",
        b"m=1,n=alice,r=abc",
        b"n=,r=abc",
        b"n=a\0b,r=abc",
        b"n=a=b,r=abc",
        b"n=a,r=\xc3\x28",
        b"c=!,r=abc,p=AAAA",
        &mebibyte,
        &many,
    ];
    for message in hostile {
        let accept = || world.acceptor.accept(&Accept::new()).unwrap();
        assert!(done(accept().step(Some(&framing::wrap(&oid, message)))).is_err());
        assert!(done(accept().step(Some(message))).is_err());
        let (token, initiator) = world.started();
        let (_, acceptor) = world.answered(&token);
        assert!(done(acceptor.step(Some(message))).is_err());
        assert!(done(initiator.step(Some(message))).is_err());
    }
    assert!(done(world.acceptor.accept(&Accept::new()).unwrap().step(None)).is_err());
    let foreign = framing::wrap(&ScramHash::Sha1.oid(), b"n=alice,r=abc");
    let error = done(world.acceptor.accept(&Accept::new()).unwrap().step(Some(&foreign)))
        .err()
        .unwrap();
    assert!(matches!(error.reason_as(), Some(ScramError::ForeignToken(_))));
}

#[test]
fn the_initiator_goes_first() {
    let world = World::new(ScramHash::Sha256);
    let context = world.initiator.initiate(&world.request()).unwrap();
    assert!(done(context.step(Some(b"r=abc,s=W22Z,i=4096"))).is_err());
}

#[test]
fn an_acceptor_may_refuse_at_once() {
    let world = World::new(ScramHash::Sha256);
    let (_, initiator) = world.started();
    let error = done(initiator.step(Some(b"e=no-resources"))).err().unwrap();
    assert!(matches!(
        error.reason_as(),
        Some(ScramError::Refused(ServerError::NoResources))
    ));
}

/// A database that is down.
#[derive(Debug)]
struct Down;

impl ScramUsers for Down {
    fn find(&self, _user: &str, _hash: ScramHash) -> Result<Option<UserKeys>, UsersError> {
        Err(UsersError::Other("the database at 192.0.2.1 is down".into()))
    }

    fn decoy(&self, _hash: ScramHash) -> Result<Decoy, UsersError> {
        Err(UsersError::Other("the database at 192.0.2.1 is down".into()))
    }
}

#[test]
fn users_that_cannot_be_looked_up_are_not_the_initiators_business() {
    let world = World::new(ScramHash::Sha256);
    let cred = ScramCred::with_users(ScramHash::Sha256, Arc::new(Down));
    let accept = Accept::new().with_cred(Credential::single(ScramHash::Sha256.oid(), Arc::new(cred)));
    let failure = world.between(&world.request(), &accept).unwrap_err();
    let step = failure.step().unwrap();
    assert_eq!(step.error, ErrorKind::Failure);
    assert!(step.error.to_string().contains("192.0.2.1"), "{}", step.error);
    assert!(step.token.is_none());
}

#[test]
fn users_with_keys_for_the_other_mechanism_only_are_unknown() {
    let keys: UserKeys = "SCRAM-SHA-1$4096:QSXCR+Q6sek8bf92$6dlGYMOdZcOPutkcNY8U2g7vK9Y=:D+CSWLOshSulAsxiupA+qs2/fTE="
        .parse()
        .unwrap();
    let users = || {
        MemoryUsers::new(4096)
            .unwrap()
            .with_keys("user", keys_again(&keys))
            .unwrap()
    };
    let sha1 = World::with_users(ScramHash::Sha1, users());
    let request = |world: &World| world.request().with_cred(user(&world.initiator, "user", b"pencil"));
    assert!(sha1.between(&request(&sha1), &Accept::new()).is_ok());
    let sha256 = World::with_users(ScramHash::Sha256, users());
    assert!(sha256.between(&request(&sha256), &Accept::new()).is_err());
}

fn keys_again(keys: &UserKeys) -> UserKeys {
    keys.to_text().parse().unwrap()
}

#[test]
fn users_are_not_made_with_too_few_iterations_or_bad_names() {
    assert!(matches!(
        MemoryUsers::new(4095),
        Err(ScramError::Iterations { least: 4096, .. })
    ));
    assert!(matches!(MemoryUsers::new(0), Err(ScramError::Iterations { .. })));
    let users = MemoryUsers::new(4096).unwrap();
    assert!(matches!(users.with("a\0b", PASSWORD), Err(ScramError::Name { .. })));
    assert!(matches!(
        MemoryUsers::new(4096).unwrap().with("a", b"\x07"),
        Err(ScramError::Password(_))
    ));
}

#[test]
fn a_token_of_the_third_message_says_nothing_of_the_password() {
    let sent = World::new(ScramHash::Sha256).establish().sent;
    for (_, token) in &sent {
        assert!(!token.windows(PASSWORD.len()).any(|window| window == PASSWORD));
    }
    assert_eq!(ClientFinal::parse(&sent[2].1).unwrap().proof.len(), 32);
    let request = Initiate::new(Name::user("x"));
    assert!(!format!("{request:?} {:?}", World::new(ScramHash::Sha1).alice).contains("sesame"));
}
