use gss_core::Sealer as _;
use gss_core::{ErrorKind, EstablishedContext, oid};
use krb5_message::crypto::primitives::rustcrypto::PROVIDER;
use proptest::prelude::*;

use super::*;
use crate::context::Establish;

fn context(role: Role, target: Option<&Name>) -> Box<dyn EstablishedContext> {
    let hash = ScramHash::Sha256;
    let name = |name: &Name| -> Arc<dyn MechName> { Arc::new(ScramName::import(hash, name).unwrap()) };
    let establish = Establish {
        hash,
        role,
        key: Key::new(&PROVIDER, ENCTYPE, &[7; 16]).unwrap(),
        source: name(&Name::user("alice")),
        target: target.map(name),
        flags: Flags::CHANNEL_BOUND,
    };
    establish.establish().unwrap()
}

#[test]
fn a_context_comes_back_as_it_was_and_is_dead_here() {
    let targets = [
        None,
        Some(Name::hostbased_service("imap@mail.example.org")),
        Some(Name::user("bob")),
    ];
    for target in &targets {
        let mut context = context(Role::Initiator, target.as_ref());
        context.negotiation_complete(oid!("1.3.6.1.5.5.2"));
        let number_zero = context.mic_of(b"message").unwrap();
        let octets = context.export().unwrap();
        assert_eq!(context.mic_of(b"message").unwrap_err(), ErrorKind::NoContext);
        let mut again = import(ScramHash::Sha256, &PROVIDER, &octets).unwrap();
        assert_eq!(format!("{:?}", again.info()), format!("{:?}", context.info()));
        let mut acceptor = self::context(Role::Acceptor, None);
        let verified = acceptor.verify_mic(&[b"message"], &number_zero).unwrap();
        assert_eq!(verified.sequence, gss_core::Sequence::Ok);
        let number_one = again.mic_of(b"message").unwrap();
        let verified = acceptor.verify_mic(&[b"message"], &number_one).unwrap();
        assert_eq!(verified.sequence, gss_core::Sequence::Ok, "the numbers go on");
    }
}

#[test]
fn what_is_cut_short_longer_or_of_another_mechanism_is_refused() {
    let octets = context(Role::Acceptor, None).export().unwrap();
    for end in 0..octets.len() {
        assert!(import(ScramHash::Sha256, &PROVIDER, &octets[..end]).is_err(), "{end}");
    }
    assert!(import(ScramHash::Sha256, &PROVIDER, &[&octets[..], &[0]].concat()).is_err());
    assert!(import(ScramHash::Sha1, &PROVIDER, &octets).is_err());
}

proptest! {
    #[test]
    fn any_change_is_refused_or_still_a_whole_context(at in 0_usize..70, octet in any::<u8>()) {
        let mut octets = context(Role::Acceptor, None).export().unwrap().to_vec();
        if let Some(place) = octets.get_mut(at) {
            *place = octet;
        }
        if let Ok(mut context) = import(ScramHash::Sha256, &PROVIDER, &octets) {
            prop_assert_eq!(context.export().unwrap().to_vec(), octets);
        }
    }
}
