//! Contexts that come about: with every encryption type, with and without mutual authentication, and what they protect.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use std::sync::atomic::Ordering;
use std::time::Duration;

use gss_core::{
    Accept, EstablishedContext, Flags, Initiate, Mechanisms, Name, PrfKey, Privacy, Role, Sequence, inquiry, oid,
};
use gss_mech_krb5::{KRB5, KRB5_MICROSOFT};
use gss_test::Established;
use krb5_crypto::Enctype;
use krb5_kdc::Kdc;
use world::{CONFIGURATION, REALM, START, World, bindings};

const ONE_WAY: Flags = Flags::USUAL.difference(Flags::MUTUAL);
const LENGTHS: [usize; 9] = [0, 1, 15, 16, 17, 1000, 4096, 65_536, 70_000];

fn message(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at % 253).unwrap()).collect()
}

fn protect(from: &mut dyn EstablishedContext, to: &mut dyn EstablishedContext) {
    for length in LENGTHS {
        let message = message(length);
        let mic = from.mic_of(&message).unwrap();
        assert_eq!(to.verify_mic(&[&message], &mic).unwrap().sequence, Sequence::Ok);
        for privacy in [Privacy::Integrity, Privacy::Confidential] {
            let (token, _) = from.wrap(privacy, b"", &message).unwrap();
            let (found, unwrapped) = to.unwrapped(&token).unwrap();
            assert_eq!(
                (found, unwrapped.privacy, unwrapped.sequence),
                (message.clone(), privacy, Sequence::Ok)
            );
        }
    }
}

#[test]
fn contexts_of_every_enctype_protect_messages_of_every_length() {
    for enctype in Enctype::ALL {
        let world = World::new(*enctype);
        for flags in [Flags::USUAL, ONE_WAY] {
            let Established {
                mut initiator,
                mut acceptor,
                sent,
            } = world.establish(flags);
            assert_eq!(sent.len(), if flags.contains(Flags::MUTUAL) { 2 } else { 1 });
            protect(&mut *initiator, &mut *acceptor);
            protect(&mut *acceptor, &mut *initiator);
        }
    }
}

#[test]
fn session_and_subkeys_may_be_of_another_enctype_than_the_service_key() {
    for (service, session) in [(0, 3), (3, 0), (1, 2)] {
        let enctypes = Enctype::ALL;
        let kdc = Kdc::builder(REALM)
            .enctypes(&[enctypes[session]])
            .add(krb5_kdc::NewPrincipal::with_random_key("HTTP/mixed.example.test").enctypes(&[enctypes[service]]));
        let world = World::with(kdc, CONFIGURATION);
        let target = Name::hostbased_service("HTTP@mixed.example.test");
        let request = Initiate {
            target,
            ..world.request(Flags::USUAL)
        };
        let Established {
            mut initiator,
            mut acceptor,
            ..
        } = world.connect(&request, &Accept::new()).unwrap();
        protect(&mut *initiator, &mut *acceptor);
    }
}

#[test]
fn both_sides_know_who_is_who_and_what_was_granted() {
    let world = World::new(Enctype::Aes256CtsHmacSha384192);
    for asked in [
        Flags::USUAL,
        ONE_WAY,
        Flags::empty(),
        Flags::REPLAY,
        Flags::MUTUAL | Flags::IDENTIFY,
    ] {
        let established = world.establish(asked);
        let granted = asked | Flags::CONF | Flags::INTEG | Flags::TRANS;
        for (context, role) in [
            (established.initiator, Role::Initiator),
            (established.acceptor, Role::Acceptor),
        ] {
            let info = context.info();
            assert_eq!((info.mech, info.role, info.flags), (KRB5, role, granted), "{asked:?}");
            assert_eq!(info.source.as_ref().unwrap().to_text(), "alice@EXAMPLE.TEST");
            assert_eq!(
                info.target.as_ref().unwrap().to_text(),
                "HTTP/www.example.test@EXAMPLE.TEST"
            );
            let left = info.remaining(Duration::from_secs(START)).unwrap();
            assert!(
                left > Duration::from_secs(3600) && left <= Duration::from_secs(86_400),
                "{left:?}"
            );
        }
    }
}

#[test]
fn flags_that_nobody_may_ask_for_are_not_granted() {
    let world = World::new(Enctype::Aes128CtsHmacSha196);
    let asked = Flags::USUAL | Flags::PROT_READY | Flags::ANON | Flags::CHANNEL_BOUND | Flags::DELEG_POLICY;
    let established = world.establish(asked);
    for context in [established.initiator, established.acceptor] {
        assert_eq!(context.info().flags, Flags::USUAL | Flags::TRANS);
    }
}

#[test]
fn both_sides_derive_the_same_octets_and_keys() {
    let world = World::new(Enctype::Aes128CtsHmacSha256128);
    for flags in [Flags::USUAL, ONE_WAY] {
        let Established {
            initiator, acceptor, ..
        } = world.establish(flags);
        for key in [PrfKey::Full, PrfKey::Partial] {
            let (mut ours, mut theirs) = ([0; 77], [0; 77]);
            initiator.pseudo_random(key, b"input", &mut ours).unwrap();
            acceptor.pseudo_random(key, b"input", &mut theirs).unwrap();
            assert_eq!(ours, theirs);
        }
        let key = |context: &dyn EstablishedContext| context.inquire(inquiry::SSPI_SESSION_KEY).unwrap()[0].to_vec();
        assert_eq!(key(&*initiator), key(&*acceptor));
    }
}

#[test]
fn each_context_has_keys_and_numbers_of_its_own() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let key = |context: &dyn EstablishedContext| context.inquire(inquiry::SSPI_SESSION_KEY).unwrap()[0].to_vec();
    let (mut one, mut two) = (world.establish(Flags::USUAL), world.establish(Flags::USUAL));
    assert_ne!(key(&*one.initiator), key(&*two.initiator));
    let mic = one.initiator.mic_of(b"message").unwrap();
    assert!(two.acceptor.verify_mic(&[b"message"], &mic).is_err());
    assert_ne!(mic[8..16], two.initiator.mic_of(b"message").unwrap()[8..16]);
}

#[test]
fn i32_sequence_numbers_start_below_2_to_the_30() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    for _ in 0..20 {
        let mut established = world.establish(Flags::USUAL);
        for context in [&mut established.initiator, &mut established.acceptor] {
            let mic = context.mic_of(b"").unwrap();
            let number = u64::from_be_bytes(mic[8..16].try_into().unwrap());
            assert!((1..1 << 30).contains(&number), "{number}");
        }
    }
}

#[test]
fn i33_without_mutual_authentication_both_count_from_the_initiators_number() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let mut established = world.establish(ONE_WAY);
    let (ours, theirs) = (
        established.initiator.mic_of(b"").unwrap(),
        established.acceptor.mic_of(b"").unwrap(),
    );
    assert_eq!(ours[8..16], theirs[8..16]);
}

#[test]
fn the_service_ticket_is_asked_for_once() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let before = world.kdc_requests.load(Ordering::Relaxed);
    for _ in 0..3 {
        world.establish(Flags::USUAL);
    }
    assert_eq!(world.kdc_requests.load(Ordering::Relaxed), before + 1);
}

#[test]
fn a_password_is_as_good_as_a_key() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let request = world
        .request(Flags::USUAL)
        .with_cred(world.with_password("bob", "builder").unwrap());
    let established = world.connect(&request, &Accept::new()).unwrap();
    assert_eq!(
        established.acceptor.info().source.as_ref().unwrap().to_text(),
        "bob@EXAMPLE.TEST"
    );
}

#[test]
fn the_registry_routes_tokens_of_either_oid_to_the_mechanism() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    let mechs = Mechanisms::builder().with(world.acceptor.clone()).build().unwrap();
    for (number, oid) in [KRB5, KRB5_MICROSOFT].into_iter().enumerate() {
        let mut token = world.first_token(&world.request(Flags::USUAL));
        let (_, inner) = gss_core::framing::parse(&token).unwrap();
        token = gss_core::framing::wrap(&oid, inner);
        let step = world.drive(mechs.accept(Accept::new()).step(Some(&token))).unwrap();
        let gss_core::Step::Established {
            token: Some(answer), ..
        } = step
        else {
            panic!("{number}")
        };
        assert_eq!(
            gss_core::framing::parse(&answer).unwrap().0,
            oid,
            "the answer has the OID of the request"
        );
    }
    let foreign = gss_core::framing::wrap(&oid!("1.2.3"), b"\x01\x00");
    assert!(world.drive(mechs.accept(Accept::new()).step(Some(&foreign))).is_err());
}

#[test]
fn i35_a_context_outlives_its_ticket() {
    let world = World::new(Enctype::Aes128CtsHmacSha256128);
    let Established {
        mut initiator,
        mut acceptor,
        ..
    } = world.establish(Flags::USUAL);
    for clock in [&world.clock, &world.acceptor_clock] {
        clock.advance(Duration::from_secs(1_000_000));
    }
    assert_eq!(
        initiator.info().remaining(gss_core::Clock::now(&world.clock)),
        Some(Duration::ZERO)
    );
    protect(&mut *initiator, &mut *acceptor);
}

#[test]
fn bound_contexts_say_so_on_the_acceptors_side() {
    let world = World::new(Enctype::Aes256CtsHmacSha384192);
    let request = world
        .request(Flags::USUAL)
        .with_bindings(bindings("tls-server-end-point:abc"));
    let accept = Accept::new().with_bindings(bindings("tls-server-end-point:abc"));
    let Established {
        initiator, acceptor, ..
    } = world.connect(&request, &accept).unwrap();
    assert!(acceptor.info().flags.contains(Flags::CHANNEL_BOUND));
    assert!(!initiator.info().flags.contains(Flags::CHANNEL_BOUND));
}
