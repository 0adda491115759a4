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
