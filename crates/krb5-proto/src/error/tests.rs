use super::*;

#[test]
fn com_err_numbers_are_mits() {
    // error_table krb5, base -1765328384; programs compare and print these.
    let frozen: &[(ComErr, i32)] = &[
        (ErrorCode::KDC_ERR_NONE.com_err(), -1_765_328_384),
        (ErrorCode::KDC_ERR_C_PRINCIPAL_UNKNOWN.com_err(), -1_765_328_378),
        (ErrorCode::KDC_ERR_S_PRINCIPAL_UNKNOWN.com_err(), -1_765_328_377),
        (ErrorCode::KDC_ERR_ETYPE_NOSUPP.com_err(), -1_765_328_370),
        (ErrorCode::KDC_ERR_KEY_EXPIRED.com_err(), -1_765_328_361),
        (ErrorCode::KDC_ERR_PREAUTH_FAILED.com_err(), -1_765_328_360),
        (ErrorCode::KDC_ERR_PREAUTH_REQUIRED.com_err(), -1_765_328_359),
        (ErrorCode::KRB_AP_ERR_BAD_INTEGRITY.com_err(), -1_765_328_353),
        (ErrorCode::KRB_AP_ERR_TKT_EXPIRED.com_err(), -1_765_328_352),
        (ErrorCode::KRB_AP_ERR_TKT_NYV.com_err(), -1_765_328_351),
        (ErrorCode::KRB_AP_ERR_REPEAT.com_err(), -1_765_328_350),
        (ErrorCode::KRB_AP_ERR_NOT_US.com_err(), -1_765_328_349),
        (ErrorCode::KRB_AP_ERR_BADMATCH.com_err(), -1_765_328_348),
        (ErrorCode::KRB_AP_ERR_SKEW.com_err(), -1_765_328_347),
        (ErrorCode::KRB_AP_ERR_BADADDR.com_err(), -1_765_328_346),
        (ErrorCode::KRB_AP_ERR_MSG_TYPE.com_err(), -1_765_328_344),
        (ErrorCode::KRB_AP_ERR_ILL_CR_TKT.com_err(), -1_765_328_341),
        (ErrorCode::KRB_AP_ERR_BADKEYVER.com_err(), -1_765_328_340),
        (ErrorCode::KRB_AP_ERR_NOKEY.com_err(), -1_765_328_339),
        (ErrorCode::KRB_ERR_GENERIC.com_err(), -1_765_328_324),
        (ErrorCode::KRB_AP_ERR_NO_TGT.com_err(), -1_765_328_317),
        (ComErr::PARSE_MALFORMED, -1_765_328_250),
        (ComErr::CC_NOTFOUND, -1_765_328_243),
        (ComErr::WRONG_PRINC, -1_765_328_240),
        (ComErr::TKT_INVALID, -1_765_328_239),
        (ComErr::KDCREP_MODIFIED, -1_765_328_237),
        (ComErr::KDCREP_SKEW, -1_765_328_236),
        (ComErr::PROG_ETYPE_NOSUPP, -1_765_328_234),
        (ComErr::KDC_UNREACH, -1_765_328_228),
        (ComErr::MUTUAL_FAILED, -1_765_328_226),
        (ComErr::CRYPTO_INTERNAL, -1_765_328_206),
        (ComErr::KT_NOTFOUND, -1_765_328_203),
        (ComErr::KT_IOERR, -1_765_328_200),
        (ComErr::BAD_KEYSIZE, -1_765_328_195),
        (ComErr::BAD_MSIZE, -1_765_328_194),
        (ComErr::PREAUTH_FAILED, -1_765_328_174),
        (ComErr::TKT_NOT_FORWARDABLE, -1_765_328_163),
        (ComErr::GET_IN_TKT_LOOP, -1_765_328_161),
        (ComErr::CHPW_FAIL, -1_765_328_150),
        (ComErr::NOPERM_ETYPE, -1_765_328_148),
        (ComErr::CONFIG_ETYPE_NOSUPP, -1_765_328_147),
        (ComErr::BAD_S2K_PARAMS, -1_765_328_140),
        (ComErr::ASN1_OVERFLOW, 1_859_794_436),
        (ComErr::ASN1_PARSE_ERROR, 1_859_794_441),
    ];
    for (code, number) in frozen {
        assert_eq!(code.bits().cast_signed(), *number);
    }
}

#[test]
fn protocol_codes_beyond_the_table_are_generic() {
    for code in [128, 4000, -1, i32::MIN, i32::MAX] {
        assert_eq!(ErrorCode(code).com_err(), ErrorCode::KRB_ERR_GENERIC.com_err());
    }
    for code in 0..128 {
        assert_eq!(ErrorCode(code).com_err().protocol(), Some(ErrorCode(code)));
    }
    assert_eq!(ComErr::KDCREP_MODIFIED.protocol(), None);
    assert_eq!(ComErr::ASN1_OVERFLOW.protocol(), None);
}

#[test]
fn known_codes_have_names_and_texts() {
    assert_eq!(
        ErrorCode::KRB_AP_ERR_SKEW.to_string(),
        "the clock skew is too great (KRB_AP_ERR_SKEW)"
    );
    assert_eq!(ErrorCode(77).to_string(), "an error without a known meaning (error) 77");
    assert_eq!(format!("{:?}", ErrorCode(24)), "KDC_ERR_PREAUTH_FAILED 24");
}

#[test]
fn clock_skew_says_by_how_much_and_in_which_direction() {
    let skew = |seconds| Error::ClockSkew { seconds, allowed: 300 }.to_string();
    assert_eq!(
        skew(3600),
        "the clock of the peer is 3600 seconds ahead of ours; 300 are allowed"
    );
    assert_eq!(
        skew(-301),
        "the clock of the peer is 301 seconds behind ours; 300 are allowed"
    );
    assert_eq!(
        skew(i64::MIN),
        format!(
            "the clock of the peer is {} seconds behind ours; 300 are allowed",
            1u64 << 63
        )
    );
    let kdc = Error::KdcReplySkew {
        seconds: 1000,
        allowed: 300,
    };
    assert_eq!(
        kdc.to_string(),
        "the clock of the KDC is 1000 seconds ahead of ours; 300 are allowed"
    );
}

#[test]
fn w9_a_type_that_is_off_is_told_with_the_setting_that_permits_it() {
    for (number, setting) in [(16, "allow_des3"), (23, "allow_rc4")] {
        let error = Error::EtypeNotPermitted(EtypeNumbers(vec![number]));
        assert!(error.to_string().contains(setting), "{error}");
    }
}

#[test]
fn encryption_types_are_shown_by_name_where_they_have_one() {
    assert_eq!(
        EtypeNumbers(vec![18, 24, -133]).to_string(),
        "aes256-cts-hmac-sha1-96, 24, -133"
    );
    assert_eq!(EtypeNumbers::default().to_string(), "none");
}

#[test]
fn malformed_messages_keep_their_cause() {
    let error = crate::messages::ApReq::from_der(&[0x6e, 0x05]).unwrap_err();
    assert!(error.to_string().starts_with("malformed AP-REQ: "), "{error}");
    assert!(std::error::Error::source(&error).is_some());
    assert_eq!(error.code(), ComErr::ASN1_PARSE_ERROR.bits());
}
