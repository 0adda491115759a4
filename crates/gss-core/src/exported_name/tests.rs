use proptest::prelude::*;

use super::*;

const KRB5: Oid = oid!("1.2.840.113554.1.2.2");
const EXPORTED: &[u8] = b"\x04\x01\x00\x0b\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x00\x00\x00\x0bbob@EXAMPLE";

#[test]
fn a_kerberos_name_is_exported_as_rfc2743_has_it() {
    let name = ExportedName {
        form: Form::Plain,
        mech: KRB5,
        name: b"bob@EXAMPLE",
    };
    assert_eq!(name.to_octets().unwrap(), EXPORTED);
    assert_eq!(ExportedName::parse(EXPORTED), Ok(name));
}

#[test]
fn the_composite_form_has_its_own_token_id() {
    let name = ExportedName {
        form: Form::Composite,
        mech: KRB5,
        name: b"",
    };
    let token = name.to_octets().unwrap();
    assert_eq!(token[..2], [4, 2]);
    assert_eq!(ExportedName::parse(&token), Ok(name));
}

#[test]
fn octets_after_the_name_are_refused() {
    let longer = [EXPORTED, &[0]].concat();
    assert_eq!(ExportedName::parse(&longer), Err(ExportedNameError::Trailing));
}

#[test]
fn an_inner_length_that_is_off_by_one_is_refused() {
    for (at, by) in [(3, 1), (3, 255), (5, 1), (5, 255), (18, 1), (18, 255)] {
        let mut token = EXPORTED.to_vec();
        token[at] = token[at].wrapping_add(by);
        assert!(ExportedName::parse(&token).is_err(), "octet {at} + {by}");
    }
}

#[test]
fn an_oid_that_is_not_der_is_refused() {
    let token = b"\x04\x01\x00\x06\x06\x81\x03\x2b\x06\x01\x00\x00\x00\x00";
    assert_eq!(ExportedName::parse(token), Err(ExportedNameError::Oid));
    let token = b"\x04\x01\x00\x05\x04\x03\x2b\x06\x01\x00\x00\x00\x00";
    assert_eq!(ExportedName::parse(token), Err(ExportedNameError::Oid));
    assert_eq!(
        ExportedName::parse(b"\x04\x03\x00\x00"),
        Err(ExportedNameError::TokenId(0x0403))
    );
}

#[test]
fn a_malformed_exported_name_is_a_bad_name() {
    let error = Error::from(ExportedName::parse(b"").unwrap_err());
    assert_eq!(error, ErrorKind::BadName);
    assert_eq!(error.to_string(), "the exported name is malformed: it ends early");
}

proptest! {
    #[test]
    fn names_come_back(name in prop::collection::vec(any::<u8>(), 0..100), composite in any::<bool>()) {
        let form = if composite { Form::Composite } else { Form::Plain };
        let exported = ExportedName { form, mech: KRB5, name: &name };
        let token = exported.to_octets().unwrap();
        prop_assert_eq!(ExportedName::parse(&token), Ok(exported));
    }

    #[test]
    fn every_truncation_is_refused(name in prop::collection::vec(any::<u8>(), 0..40)) {
        let token = ExportedName { form: Form::Plain, mech: KRB5, name: &name }.to_octets().unwrap();
        for length in 0..token.len() {
            prop_assert_eq!(ExportedName::parse(&token[..length]).is_err(), true);
        }
    }

    #[test]
    fn a_flipped_bit_is_refused_or_another_name(at in 0..EXPORTED.len(), bit in 0u32..8) {
        let mut token = EXPORTED.to_vec();
        token[at] ^= 1u8 << bit;
        if let Ok(name) = ExportedName::parse(&token) {
            prop_assert_eq!(name.to_octets().unwrap(), token);
        }
    }

    #[test]
    fn any_octets_are_refused_or_one_name(rest in prop::collection::vec(any::<u8>(), 0..40)) {
        let token = [&[4, 1, 0][..], &rest].concat();
        if let Ok(name) = ExportedName::parse(&token) {
            prop_assert_eq!(name.to_octets().unwrap(), token);
        }
    }
}
