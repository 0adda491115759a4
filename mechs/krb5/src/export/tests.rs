use gss_core::ErrorKind;
use krb5_crypto::primitives::rustcrypto::PROVIDER;
use proptest::prelude::*;

use super::*;
use crate::context::tests::{Pair, assert_dead, established, exchange};

const ONE_WAY: Flags = Flags::USUAL.difference(Flags::MUTUAL);

fn exported(context: &mut dyn EstablishedContext) -> Octets {
    context.export().unwrap()
}

fn imported(octets: &[u8]) -> Result<Box<dyn EstablishedContext>, KerberosError> {
    import(octets, &PROVIDER)
}

#[test]
fn c2_an_imported_context_goes_on_in_both_directions() {
    for enctype in Enctype::ALL {
        for flags in [Flags::USUAL, ONE_WAY] {
            let mut pair = established(*enctype, flags);
            exchange(&mut pair);
            let mut pair: Pair = pair.map(|mut context| imported(&exported(&mut *context)).unwrap());
            exchange(&mut pair);
        }
    }
}

#[test]
fn the_sequence_state_survives() {
    let [mut initiator, mut acceptor] = established(Enctype::Aes256CtsHmacSha384192, Flags::USUAL);
    let mic = initiator.mic_of(b"message").unwrap();
    assert_eq!(
        acceptor.verify_mic(&[b"message"], &mic).unwrap().sequence,
        gss_core::Sequence::Ok
    );
    let mut acceptor = imported(&exported(&mut *acceptor)).unwrap();
    assert_eq!(
        acceptor.verify_mic(&[b"message"], &mic).unwrap().sequence,
        gss_core::Sequence::Duplicate
    );
}

#[test]
fn names_flags_and_times_survive() {
    for flags in [
        Flags::USUAL,
        ONE_WAY,
        Flags::USUAL | Flags::CHANNEL_BOUND | Flags::TRANS,
    ] {
        for mut context in established(Enctype::Aes128CtsHmacSha196, flags) {
            let before = context.info().clone();
            let after = imported(&exported(&mut *context)).unwrap();
            let after = after.info();
            assert_eq!(
                (after.flags, after.expires, after.role),
                (before.flags, before.expires, before.role)
            );
            assert_eq!((after.mech, after.via), (before.mech, before.via));
            assert!(
                after
                    .source
                    .as_ref()
                    .unwrap()
                    .same(&**before.source.as_ref().unwrap())
                    .unwrap()
            );
            assert!(
                after
                    .target
                    .as_ref()
                    .unwrap()
                    .same(&**before.target.as_ref().unwrap())
                    .unwrap()
            );
        }
    }
}

#[test]
fn an_exported_context_is_dead() {
    for mut context in established(Enctype::Aes128CtsHmacSha256128, Flags::USUAL) {
        exported(&mut *context);
        assert_dead(&mut *context);
        assert!(context.split().is_err());
    }
}

#[test]
fn c9_truncated_extended_and_future_exports_are_refused() {
    let [mut initiator, _] = established(Enctype::Aes256CtsHmacSha196, Flags::USUAL);
    let octets = exported(&mut *initiator);
    for length in 0..octets.len() {
        let refused = imported(&octets[..length]).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::DefectiveToken, "{length}");
    }
    assert!(imported(&[&octets[..], &[0]].concat()).is_err());
    for version in (0..=255).filter(|version| *version != VERSION) {
        assert!(imported(&[&[version], &octets[1..]].concat()).is_err());
    }
}

#[test]
fn c9_no_length_field_leads_outside() {
    let [mut initiator, _] = established(Enctype::Aes256CtsHmacSha196, Flags::USUAL);
    let octets = exported(&mut *initiator);
    for at in 1..octets.len() - 4 {
        for value in [0_u32, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF] {
            let mut changed = octets.to_vec();
            changed[at..at + 4].copy_from_slice(&value.to_be_bytes());
            if let Ok(mut context) = imported(&changed) {
                assert_eq!(exported(&mut *context)[..], changed);
            }
        }
    }
}

proptest! {
    #[test]
    fn any_octets_import_as_a_context_or_are_refused(mut octets in prop::collection::vec(any::<u8>(), 0..300), genuine_front in 0_usize..60) {
        let [mut initiator, _] = established(Enctype::Aes128CtsHmacSha196, Flags::USUAL);
        let genuine = exported(&mut *initiator);
        for (to, from) in octets.iter_mut().zip(&genuine[..genuine_front]) {
            *to = *from;
        }
        if let Ok(mut context) = imported(&octets) {
            prop_assert_eq!(&exported(&mut *context)[..], &octets[..]);
        }
    }
}
