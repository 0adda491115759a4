//! What can be learnt of a context after each leg (C1), and what becomes of it when it moves or divides.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use gss_core::{
    Accept, ErrorKind, EstablishedContext, Flags, Handshake, IovShape, Mechanism, Mechanisms, OptionValue, PrfKey,
    Privacy, Role, Sequence, Step, inquiry,
};
use gss_mech_krb5::KRB5;
use gss_test::Established;
use krb5_crypto::Enctype;
use world::World;

/// A half-open context has no names, no messages and no keys: its type has no such calls. What it can be asked
/// reveals nothing.
fn assert_reveals_nothing(context: &mut (impl Handshake + ?Sized), role: Role) {
    let progress = context.progress();
    assert_eq!((progress.mech, progress.role), (Some(KRB5), role));
    assert_eq!(
        progress.flags,
        Flags::empty(),
        "nothing is certain yet, least of all protection"
    );
    for what in [
        inquiry::SSPI_SESSION_KEY,
        inquiry::SASL_SSF,
        inquiry::NEGOEX_KEY,
        inquiry::NEGOEX_VERIFY_KEY,
        KRB5,
    ] {
        assert_eq!(context.inquire(what).unwrap_err(), ErrorKind::Unavailable);
        assert_eq!(
            context.set_option(what, OptionValue::None).unwrap_err(),
            ErrorKind::Unavailable
        );
    }
}

fn assert_works(context: &mut dyn EstablishedContext) {
    assert!(context.info().source.is_some());
    assert!(context.mic_of(b"message").is_ok());
    assert!(context.wrap(Privacy::Confidential, b"", b"message").is_ok());
    assert!(context.wrap_size_limit(Privacy::Confidential, 1000).unwrap() > 900);
    assert!(context.wrap_iov_len(Privacy::Integrity, IovShape::of_data(5)).is_ok());
    assert!(context.pseudo_random(PrfKey::Full, b"", &mut [0; 5]).is_ok());
    assert!(context.inquire(inquiry::SSPI_SESSION_KEY).is_ok());
    assert_eq!(
        context.process_token(b"\x05\x04").unwrap_err(),
        ErrorKind::DefectiveToken
    );
}

#[test]
fn c1_after_each_leg_only_what_is_certain_is_told() {
    let world = World::new(Enctype::Aes256CtsHmacSha384192);
    for flags in [Flags::USUAL, Flags::USUAL - Flags::MUTUAL, Flags::USUAL | Flags::DELEG] {
        let mut initiator = world.initiate(&world.request(flags));
        assert_reveals_nothing(&mut *initiator, Role::Initiator);
        let mut acceptor = world.accept(&Accept::new());
        assert_reveals_nothing(&mut *acceptor, Role::Acceptor);

        let (token, waiting) = match world.drive(initiator.step(None)).unwrap() {
            Step::Continue { token, next } => (token, Some(next)),
            Step::Established { token, mut context } => {
                assert_works(&mut *context);
                (token.unwrap(), None)
            }
        };
        assert_eq!(waiting.is_some(), flags.contains(Flags::MUTUAL));
        let Step::Established { token, mut context } = world.drive(acceptor.step(Some(&token))).unwrap() else {
            panic!("an acceptor needs one token");
        };
        assert_works(&mut *context);
        assert_eq!(token.is_some(), waiting.is_some());
        let Some(mut waiting) = waiting else { continue };
        assert_reveals_nothing(&mut *waiting, Role::Initiator);
        let Step::Established {
            token: None,
            mut context,
        } = world.drive(waiting.step(token.as_deref())).unwrap()
        else {
            panic!("the AP-REP is the last leg");
        };
        assert_works(&mut *context);
    }
}

fn assert_goes_through(from: &mut dyn EstablishedContext, to: &mut dyn EstablishedContext) {
    let (token, _) = from.wrap(Privacy::Confidential, b"", b"message").unwrap();
    let (message, unwrapped) = to.unwrapped(&token).unwrap();
    assert_eq!(
        (message.as_slice(), unwrapped.sequence),
        (&b"message"[..], Sequence::Ok)
    );
}

#[test]
fn c2_contexts_move_between_processes_through_the_mechglue() {
    for enctype in Enctype::ALL {
        let world = World::new(*enctype);
        let mechs = Mechanisms::builder().with(world.acceptor.clone()).build().unwrap();
        for flags in [Flags::USUAL, Flags::USUAL - Flags::MUTUAL] {
            let Established {
                mut initiator,
                mut acceptor,
                ..
            } = world.establish(flags);
            assert_goes_through(&mut *initiator, &mut *acceptor);
            let mut moved = [initiator, acceptor].map(|mut context| {
                let octets = Mechanisms::export_context(&mut *context).unwrap();
                assert_eq!(context.mic_of(b"").unwrap_err(), ErrorKind::NoContext);
                assert_eq!(
                    Mechanisms::export_context(&mut *context).unwrap_err(),
                    ErrorKind::NoContext
                );
                mechs.import_context(&octets).unwrap()
            });
            let [initiator, acceptor] = &mut moved;
            assert_goes_through(&mut **initiator, &mut **acceptor);
            assert_goes_through(&mut **acceptor, &mut **initiator);
            assert_eq!(acceptor.info().flags, flags | Flags::TRANS);
            assert_eq!(acceptor.info().source.as_ref().unwrap().to_text(), "alice@EXAMPLE.TEST");
        }
    }
}

#[test]
fn an_exported_context_of_rubbish_is_refused() {
    let world = World::new(Enctype::Aes256CtsHmacSha196);
    for octets in [&b""[..], b"\x01", b"\x02rest", &[1; 40], &[0xFF; 400]] {
        assert_eq!(
            world.acceptor.import_context(octets).unwrap_err(),
            ErrorKind::DefectiveToken
        );
    }
}

#[test]
fn halves_work_in_different_threads() {
    let world = World::new(Enctype::Aes128CtsHmacSha256128);
    let Established {
        initiator, acceptor, ..
    } = world.establish(Flags::USUAL);
    let (ours, theirs) = (initiator.split().unwrap(), acceptor.split().unwrap());
    for (mut sealer, mut opener) in [(ours.sealer, theirs.opener), (theirs.sealer, ours.opener)] {
        let (send, receive) = std::sync::mpsc::channel();
        let sending = std::thread::spawn(move || {
            for number in 0..200_u32 {
                send.send(
                    sealer
                        .wrap(Privacy::Confidential, b"", &number.to_be_bytes())
                        .unwrap()
                        .0,
                )
                .unwrap();
            }
        });
        for (number, token) in (0_u32..).zip(receive) {
            let (message, unwrapped) = opener.unwrapped(&token).unwrap();
            assert_eq!(
                (message.as_slice(), unwrapped.sequence),
                (&number.to_be_bytes()[..], Sequence::Ok)
            );
        }
        sending.join().unwrap();
    }
}
