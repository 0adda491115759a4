//! Contexts under arcfour-hmac and des3-cbc-sha1 from the first token on, and the policy that keeps them off.

#![cfg(feature = "legacy-crypto")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use gss_core::{EstablishedContext, Flags, Privacy, Sequence, inquiry};
use gss_test::Established;
use krb5_crypto::Enctype;
use krb5_kdc::Kdc;
use world::World;

/// A realm whose keys are of `enctype`; contexts may use it, and what `permitted` names.
fn world(enctype: Enctype, permitted: &str) -> World {
    let allowed = format!(
        "[libdefaults]\n allow_rc4 = true\n allow_des3 = true\n permitted_enctypes = {} {permitted}\n",
        enctype.name()
    );
    let configuration = world::CONFIGURATION.replacen("[libdefaults]\n", &allowed, 1);
    World::with(Kdc::builder(world::REALM).enctypes(&[enctype]), &configuration)
}

fn protect(from: &mut dyn EstablishedContext, to: &mut dyn EstablishedContext) {
    let mic = from.mic_of(b"message!").unwrap();
    assert_eq!(to.verify_mic(&[b"message!"], &mic).unwrap().sequence, Sequence::Ok);
    for privacy in [Privacy::Integrity, Privacy::Confidential] {
        let (token, _) = from.wrap(privacy, b"", b"message!").unwrap();
        let (message, unwrapped) = to.unwrapped(&token).unwrap();
        assert_eq!(
            (&message[..], unwrapped.privacy, unwrapped.sequence),
            (&b"message!"[..], privacy, Sequence::Ok)
        );
    }
}

#[test]
fn i31_older_types_are_used_with_the_key_that_both_sides_know() {
    for enctype in Enctype::LEGACY {
        for flags in [
            Flags::USUAL,
            Flags::USUAL - Flags::MUTUAL,
            Flags::USUAL | Flags::DCE_STYLE,
        ] {
            let Established {
                mut initiator,
                mut acceptor,
                ..
            } = world(*enctype, "").establish(flags);
            let keys = [&initiator, &acceptor].map(|end| end.inquire(inquiry::SSPI_SESSION_KEY).unwrap());
            assert_eq!(keys[0][0].to_vec(), keys[1][0].to_vec());
            assert_eq!(keys[0][1].last().map(|octet| i32::from(*octet)), Some(enctype.number()));
            protect(&mut *initiator, &mut *acceptor);
            protect(&mut *acceptor, &mut *initiator);
        }
    }
}

#[test]
fn i31_a_newer_type_that_both_permit_brings_the_newer_messages() {
    for enctype in Enctype::LEGACY {
        let Established {
            mut initiator,
            mut acceptor,
            ..
        } = world(*enctype, "aes256-cts-hmac-sha384-192").establish(Flags::USUAL);
        protect(&mut *initiator, &mut *acceptor);
        assert_eq!(initiator.mic_of(b"m").unwrap()[..2], [4, 4]);
        protect(&mut *acceptor, &mut *initiator);
    }
}
