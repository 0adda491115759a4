//! Proving the password, and what hints may and may not do.

use super::*;
use crate::exchange::test_realm::password_key;
use crate::messages::preauth::{EtypeInfo2Entry, EtypeInfoEntry, PA_ETYPE_INFO, PA_ETYPE_INFO2, PA_PW_SALT, find};
use crate::messages::{EtypeInfo, EtypeInfo2};
use krb5_crypto::Enctype;

/// The second request, after PREAUTH_REQUIRED with these hints.
fn hinted(options: AsOptions, hints: Vec<PaData>) -> Result<(KdcRequest, AwaitAsRep), Error> {
    let (_, state) = start(options);
    state
        .reply(&TestRealm::new().preauth_required(hints), NOW)
        .map(|step| sent(Ok(step)))
}

fn data(padata_type: i32, value: &[u8]) -> PaData {
    PaData {
        padata_type,
        padata_value: value.into(),
    }
}

#[test]
fn the_timestamp_is_sent_once_the_kdc_asks_for_it() {
    let realm = TestRealm::new();
    let (request, state) = hinted(as_options(), vec![etype_info2(18, None, None)]).unwrap();
    assert_eq!(realm.timestamp(&request.message, &realm.client_key), Some(NOW.time));
    let outcome = done(state.reply(&realm.as_rep(&request.message, |_| ()), NOW));
    assert_eq!(outcome.credentials.client, client());
}

#[test]
fn k4_q18_the_salt_is_the_hinted_one_or_the_default() {
    let realm = TestRealm::new();
    let info = EtypeInfo(vec![EtypeInfoEntry {
        etype: 18,
        salt: Some(b"old"[..].into()),
    }])
    .to_der()
    .unwrap();
    let cases = [
        (vec![], &b"EXAMPLE.ORGalibaba"[..]),
        (vec![etype_info2(18, None, None)], b"EXAMPLE.ORGalibaba"),
        (vec![etype_info2(18, Some(""), None)], b""),
        (vec![etype_info2(18, Some("some salt"), None)], b"some salt"),
        (vec![data(PA_ETYPE_INFO, &info)], b"old"),
        (vec![data(PA_PW_SALT, b"older")], b"older"),
        (vec![data(PA_PW_SALT, b"\x00\xff")], b"\x00\xff"),
        // The newest form decides.
        (
            vec![
                data(PA_PW_SALT, b"older"),
                data(PA_ETYPE_INFO, &info),
                etype_info2(18, Some("new"), None),
            ],
            b"new",
        ),
    ];
    for (hints, salt) in cases {
        let (request, state) = hinted(as_options(), hints).unwrap();
        let key = password_key(salt);
        assert_eq!(realm.timestamp(&request.message, &key), Some(NOW.time), "{salt:?}");
        let reply = realm.as_rep(&request.message, |draft| draft.key = key);
        done(state.reply(&reply, NOW));
    }
}

#[test]
fn hints_in_the_reply_itself_make_the_reply_key() {
    let reply = |kdc: &TestRealm, request: &[u8]| {
        kdc.as_rep(request, |draft| {
            draft.padata = Some(vec![etype_info2(18, Some("renamed"), None)]);
            draft.key = password_key(b"renamed");
        })
    };
    answered(as_options(), reply).unwrap();
}

#[test]
fn a_cookie_goes_back_to_the_kdc() {
    let (request, _) = hinted(as_options(), vec![data(PA_FX_COOKIE, b"crumbs")]).unwrap();
    let padata = AsReq::from_der(&request.message).unwrap().padata.unwrap();
    assert_eq!(find(&padata, PA_FX_COOKIE), Some(&b"crumbs"[..]));
}

#[test]
fn a_wrong_password_is_called_that() {
    let realm = TestRealm::new();
    for code in [ErrorCode::KDC_ERR_PREAUTH_FAILED, ErrorCode::KRB_AP_ERR_BAD_INTEGRITY] {
        let (_, state) = hinted(as_options(), vec![]).unwrap();
        let error = state.reply(&realm.error(code), NOW).unwrap_err();
        assert_eq!(error.to_string(), "the password for alibaba@EXAMPLE.ORG is wrong");
        assert_eq!(error.com_err(), ErrorCode::KDC_ERR_PREAUTH_FAILED.com_err());
    }
    let error = answered(as_options(), |kdc, request| {
        kdc.as_rep(request, |draft| draft.key = key(9))
    })
    .map(|_| ());
    match error.unwrap_err() {
        Error::WrongPassword {
            client: who,
            found: PreauthFailure::Undecipherable,
        } => assert_eq!(*who, client()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_wrong_key_is_called_that() {
    let mut options = as_options();
    options.credential = LongTerm::Keys(vec![key(9)]);
    let (_, state) = hinted(options, vec![]).unwrap();
    let error = state
        .reply(&TestRealm::new().error(ErrorCode::KDC_ERR_PREAUTH_FAILED), NOW)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the key for alibaba@EXAMPLE.ORG is wrong: the KDC has another one"
    );
}

#[test]
fn k4_q18_types_that_were_not_asked_for_are_refused_in_hints() {
    for offered in [17, 19, 20, 23, 1, -133] {
        let error = hinted(as_options(), vec![etype_info2(offered, None, None)])
            .map(|_| ())
            .unwrap_err();
        assert!(matches!(error, Error::EtypeNotRequested { .. }), "{offered}: {error}");
    }
    let weak_first = EtypeInfo2(vec![
        EtypeInfo2Entry {
            etype: 23,
            salt: None,
            s2kparams: None,
        },
        EtypeInfo2Entry {
            etype: 18,
            salt: Some("x".into()),
            s2kparams: None,
        },
    ]);
    let (request, _) = hinted(as_options(), vec![data(PA_ETYPE_INFO2, &weak_first.to_der().unwrap())]).unwrap();
    assert!(
        TestRealm::new()
            .timestamp(&request.message, &password_key(b"x"))
            .is_some(),
        "the first that is allowed"
    );
}

#[test]
fn k4_q18_types_that_were_not_asked_for_are_refused_in_replies() {
    for etype in [17, 19, 20, 23, 0, -133] {
        let error = answered(as_options(), |kdc, request| {
            kdc.as_rep(request, |draft| draft.etype = etype)
        });
        assert!(
            matches!(error.map(|_| ()), Err(Error::EtypeNotRequested { .. })),
            "{etype}"
        );
    }
    let shown = answered(as_options(), |kdc, request| {
        kdc.as_rep(request, |draft| draft.etype = 24)
    });
    assert_eq!(
        shown.map(|_| ()).unwrap_err().to_string(),
        "the KDC uses encryption type 24, but the request allowed aes256-cts-hmac-sha1-96"
    );
}

#[test]
fn k4_q18_iteration_counts_have_a_floor_and_a_ceiling() {
    let with = |count: u32| hinted(as_options(), vec![etype_info2(18, None, Some(&count.to_be_bytes()))]);
    for count in [0, 1, 2, 4095, (1 << 20) + 1, 1 << 31, u32::MAX] {
        let error = with(count).map(|_| ()).unwrap_err();
        assert!(matches!(error, Error::IterationCount { .. }), "{count}: {error}");
        assert_eq!(error.com_err(), crate::ComErr::BAD_S2K_PARAMS);
    }
    assert_eq!(
        with(1).map(|_| ()).unwrap_err().to_string(),
        "the KDC asks for an iteration count of 1; allowed are 4096 to 1048576"
    );
    for count in [4096, 5000] {
        with(count).unwrap();
    }
    let mut sha2 = as_options();
    sha2.etypes = vec![Enctype::Aes256CtsHmacSha384192];
    let error = hinted(sha2, vec![etype_info2(20, None, Some(&4096_u32.to_be_bytes()))]).map(|_| ());
    assert!(
        matches!(error, Err(Error::IterationCount { least: 32768, .. })),
        "each type has its own floor"
    );
    let mut lenient = as_options();
    lenient.least_iterations = Some(1);
    hinted(lenient, vec![etype_info2(18, None, Some(&[0, 0, 0, 1]))]).unwrap();
}

#[test]
fn k4_q18_parameters_of_another_length_are_refused() {
    for params in [&[][..], &[0; 3], &[0, 0, 0x20, 0, 0], &[0; 16]] {
        let error = hinted(as_options(), vec![etype_info2(18, None, Some(params))])
            .map(|_| ())
            .unwrap_err();
        assert!(
            matches!(error, Error::StringToKeyParameters(len) if len == params.len()),
            "{error}"
        );
    }
}

#[test]
fn k4_q18_a_costly_hint_in_the_reply_is_refused_too() {
    let error = answered(as_options(), |kdc, request| {
        kdc.as_rep(request, |draft| {
            draft.padata = Some(vec![etype_info2(18, None, Some(&[0x7f; 4]))])
        })
    });
    assert!(matches!(error.map(|_| ()), Err(Error::IterationCount { .. })));
}

#[test]
fn a_kdc_that_wants_something_else_is_told_apart() {
    let offered = MethodData(vec![data(16, b""), data(17, b"")]).to_der().unwrap();
    let error = answered(as_options(), |kdc, _| {
        kdc.error_with(ErrorCode::KDC_ERR_PREAUTH_REQUIRED, Some(offered.clone()))
    });
    assert!(matches!(error.map(|_| ()), Err(Error::PreauthUnsupported { offered, .. }) if offered == [16, 17]));
}

#[test]
fn a_disabled_timestamp_is_not_sent_whoever_asks() {
    let mut options = as_options();
    options.encrypted_timestamp = EncryptedTimestamp::Disabled;
    let error = hinted(options, vec![]).map(|_| ()).unwrap_err();
    assert!(matches!(error, Error::TimestampDisabled { .. }), "{error}");
}

#[test]
fn the_same_proof_is_not_sent_twice() {
    let realm = TestRealm::new();
    let (_, state) = hinted(as_options(), vec![]).unwrap();
    assert!(matches!(
        state.reply(&realm.preauth_required(vec![]), NOW),
        Err(Error::Kdc(_))
    ));
}

#[test]
fn a_kdc_that_never_settles_costs_two_keys() {
    let realm = TestRealm::new();
    let (_, mut state) = start(as_options());
    let mut requests = 1;
    let error = loop {
        let salt = format!("salt {requests}");
        match state.reply(&realm.preauth_required(vec![etype_info2(18, Some(&salt), None)]), NOW) {
            Ok(step) => (_, state) = sent(Ok(step)),
            Err(error) => break error,
        }
        requests += 1;
    };
    assert!(matches!(error, Error::Loop(3)));
    assert_eq!(requests, 3);
}

#[test]
fn malformed_hints_are_an_error() {
    for (padata_type, value) in [
        (PA_ETYPE_INFO2, &[0x30, 1][..]),
        (PA_ETYPE_INFO, &[1]),
        (PA_ETYPE_INFO2, &[]),
    ] {
        let error = hinted(as_options(), vec![data(padata_type, value)])
            .map(|_| ())
            .unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "{error}");
    }
    let error = answered(as_options(), |kdc, _| {
        kdc.error_with(ErrorCode::KDC_ERR_PREAUTH_REQUIRED, Some(vec![0x30]))
    });
    assert!(matches!(
        error.map(|_| ()),
        Err(Error::Malformed {
            what: "METHOD-DATA",
            ..
        })
    ));
}

#[test]
fn every_encryption_type_works_end_to_end() {
    for etype in Enctype::ALL {
        let mut options = as_options();
        options.etypes = vec![*etype];
        options.credential = LongTerm::Password(Secret::from_slice(b"pw"));
        let key = krb5_crypto::string_to_key(&PROVIDER, *etype, b"pw", &client().default_salt(), None).unwrap();
        let key = Arc::new(key);
        let session = Key::generate(&PROVIDER, *etype).unwrap();
        let (_, state) = start(options);
        let realm = TestRealm::new();
        let (request, state) = sent(state.reply(
            &realm.preauth_required(vec![etype_info2(etype.number(), None, None)]),
            NOW,
        ));
        assert_eq!(realm.timestamp(&request.message, &key), Some(NOW.time));
        let reply = realm.as_rep(&request.message, |draft| {
            draft.etype = etype.number();
            draft.key = Arc::clone(&key);
            draft.part.key = crate::EncryptionKey::from(&session);
        });
        done(state.reply(&reply, NOW));
    }
}
