use super::*;

fn entry(ad_type: i32, data: &[u8]) -> AuthDataEntry {
    AuthDataEntry {
        ad_type,
        ad_data: data.into(),
    }
}

fn nested(depth: usize, innermost: AuthorizationData) -> AuthorizationData {
    (0..depth).fold(innermost, |data, _| {
        AuthorizationData(vec![entry(AD_IF_RELEVANT, &data.to_der().unwrap())])
    })
}

#[test]
fn i27_ap_options_are_one_little_endian_word() {
    let cbt = AuthorizationData::with_kerb_ap_options(KERB_AP_OPTIONS_CBT).unwrap();
    assert_eq!(cbt[0].ad_type, AD_IF_RELEVANT);
    assert_eq!(cbt.kerb_ap_options().unwrap(), Some(0x4000));
    let bare = AuthorizationData(vec![entry(AD_AP_OPTIONS, &[0, 0x40, 0, 0])]);
    assert_eq!(bare.kerb_ap_options().unwrap(), Some(0x4000));
    assert!(cbt.requires_channel_bindings() && bare.requires_channel_bindings());
    let other = AuthorizationData::with_kerb_ap_options(!KERB_AP_OPTIONS_CBT).unwrap();
    assert!(!other.requires_channel_bindings());
}

#[test]
fn i27_ap_options_count_only_once_and_in_four_octets() {
    let word: &[u8] = &[0, 0x40, 0, 0];
    for data in [
        vec![],
        vec![entry(AD_AP_OPTIONS, word), entry(AD_AP_OPTIONS, word)],
        vec![entry(AD_AP_OPTIONS, &[0, 0x40, 0])],
        vec![entry(AD_AP_OPTIONS, &[0, 0x40, 0, 0, 0])],
        vec![entry(AD_AP_OPTIONS, &[])],
        vec![entry(144, word)],
    ] {
        assert_eq!(AuthorizationData(data).kerb_ap_options().unwrap(), None);
    }
}

#[test]
fn nesting_is_bounded() {
    let data = AuthorizationData(vec![entry(7, b"x")]);
    for depth in 0..MAX_NESTING {
        assert_eq!(nested(depth, data.clone()).find(7).unwrap().len(), 1, "{depth}");
    }
    for depth in [MAX_NESTING, MAX_NESTING + 1, 200] {
        assert!(nested(depth, data.clone()).find(7).is_err(), "{depth}");
    }
}

#[test]
fn malformed_inner_data_are_an_error() {
    let data = AuthorizationData(vec![entry(AD_IF_RELEVANT, &[0x30, 5]), entry(7, b"x")]);
    assert!(data.find(7).is_err());
    assert!(!data.requires_channel_bindings());
}

#[test]
fn i31_the_list_of_etypes_is_understood_with_and_without_its_wrapping() {
    let wrapped = AuthorizationData::with_etype_negotiation(vec![20, 18]).unwrap();
    assert_eq!(wrapped[0].ad_type, AD_IF_RELEVANT);
    assert_eq!(wrapped.etype_negotiation(), [20, 18]);
    let list = [0x30, 0x06, 0x02, 0x01, 20, 0x02, 0x01, 18];
    let bare = AuthorizationData(vec![entry(AD_ETYPE_NEGOTIATION, &list)]);
    assert_eq!(bare.etype_negotiation(), [20, 18]);
    assert_eq!(wrapped.find(AD_ETYPE_NEGOTIATION).unwrap()[0].as_bytes(), list);
    assert!(
        AuthorizationData::with_etype_negotiation(vec![]).unwrap().is_empty(),
        "no wish, no element"
    );
}

#[test]
fn i31_a_list_of_etypes_that_cannot_be_read_asks_for_nothing() {
    for data in [&b""[..], b"\x30\x06\x02\x01", b"\x30\x03\x04\x01\x14", b"\x30\x00\x00"] {
        let data = AuthorizationData(vec![entry(AD_ETYPE_NEGOTIATION, data)]);
        assert!(data.etype_negotiation().is_empty());
    }
}

#[test]
fn elements_of_a_type_are_left_out_wherever_they_are() {
    let entry = |ad_type, ad_data: &[u8]| AuthDataEntry {
        ad_type,
        ad_data: ad_data.to_vec().into(),
    };
    let within = |entries: Vec<AuthDataEntry>| AuthorizationData::if_relevant(entries).unwrap().0.remove(0);
    let (pac, other) = (entry(AD_WIN2K_PAC, b"pac"), entry(143, b"other"));
    let data = AuthorizationData(vec![
        pac.clone(),
        within(vec![pac.clone()]),
        within(vec![pac.clone(), other.clone()]),
        other.clone(),
    ]);
    let kept = data.without(AD_WIN2K_PAC).unwrap();
    assert_eq!(kept, AuthorizationData(vec![within(vec![other.clone()]), other]));
    assert!(
        AuthorizationData(vec![entry(AD_IF_RELEVANT, b"no DER")])
            .without(AD_WIN2K_PAC)
            .is_err()
    );
}
