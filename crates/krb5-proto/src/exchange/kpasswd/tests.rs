use std::net::IpAddr;
use std::sync::Arc;

use krb5_crypto::primitives::rustcrypto::PROVIDER;
use krb5_crypto::{Key, KeyUsage};

use super::*;
use crate::error::KeyLookupError;
use crate::exchange::ap::{AcceptPolicy, Accepted, AcceptorSubkey, accept};
use crate::exchange::test_realm::{NOW, TestRealm, as_options, client, encrypt, key, principal};
use crate::exchange::{AsExchange, KeyLookup};
use crate::messages::{AsReq, EncKrbPrivPart, KrbPriv, TicketFlags};

const PASSWORD: &[u8] = b"a new one";

/// The service has the key of every service in the test realm.
struct OneKey(Arc<Key>);

impl KeyLookup for OneKey {
    fn keys(&self, _: &Principal, _: Option<u32>, _: i32) -> Result<Vec<Arc<Key>>, Box<KeyLookupError>> {
        Ok(vec![Arc::clone(&self.0)])
    }
}

fn changepw() -> Principal {
    service(&client().realm)
}

fn options() -> PasswordOptions {
    let credentials = TestRealm::new().credentials(&changepw(), TicketFlags::INITIAL);
    PasswordOptions::new(credentials, Secret::from_slice(PASSWORD))
}

fn start(options: PasswordOptions) -> (KdcRequest, AwaitPasswordReply) {
    PasswordExchange::start(&PROVIDER, options, NOW).unwrap()
}

fn setting(target: &str) -> PasswordOptions {
    let whose = Whose::Of(principal(target));
    PasswordOptions { whose, ..options() }
}

/// What the service sees in a request.
struct Seen {
    version: u16,
    accepted: Accepted,
    part: EncKrbPrivPart,
}

fn see(request: &KdcRequest) -> Seen {
    let frame = Frame::parse(&request.message).unwrap();
    let keys = OneKey(key(2));
    let accepted = accept(&PROVIDER, &keys, frame.authentication, &AcceptPolicy::default(), NOW).unwrap();
    let cipher = KrbPriv::from_der(frame.message).unwrap().enc_part.cipher;
    let subkey = accepted.subkey.as_ref().unwrap();
    let part = subkey.decrypt(KeyUsage::KRB_PRIV, &cipher).unwrap();
    Seen {
        version: frame.version,
        part: EncKrbPrivPart::from_der(&part).unwrap(),
        accepted,
    }
}

/// What the service is about to answer.
struct Draft {
    version: u16,
    sequence: Option<u32>,
    subkey: AcceptorSubkey,
    key: Arc<Key>,
    part: EncKrbPrivPart,
}

/// The service's answer, after `change`.
fn answer(request: &KdcRequest, data: &[u8], change: impl FnOnce(&mut Draft)) -> Vec<u8> {
    let seen = see(request);
    let mut draft = Draft {
        version: 1,
        sequence: Some(77),
        subkey: AcceptorSubkey::None,
        key: Arc::clone(seen.accepted.subkey.as_ref().unwrap()),
        part: EncKrbPrivPart {
            user_data: data.to_vec().into(),
            timestamp: None,
            usec: None,
            seq_number: Some(77.into()),
            s_address: private::directional(Side::Acceptor),
            r_address: None,
        },
    };
    change(&mut draft);
    let (ap_rep, _) = seen.accepted.reply(&PROVIDER, draft.subkey, draft.sequence).unwrap();
    let enc_part = encrypt(&draft.key, KeyUsage::KRB_PRIV, &draft.part.to_der().unwrap());
    Frame {
        version: draft.version,
        authentication: &ap_rep,
        message: &KrbPriv { enc_part }.to_der().unwrap(),
    }
    .to_octets()
    .unwrap()
}

fn krb_error(code: ErrorCode, data: Option<&[u8]>) -> Vec<u8> {
    let mut error = krb_error::build(code, &changepw(), None, NOW).unwrap();
    error.e_data = data.map(Into::into);
    error.to_der().unwrap()
}

fn framed(error: &[u8]) -> Vec<u8> {
    Frame {
        version: 1,
        authentication: &[],
        message: error,
    }
    .to_octets()
    .unwrap()
}

fn done(step: Result<Step<AwaitPasswordReply, PasswordChanged>, Error>) -> PasswordChanged {
    match step.unwrap() {
        Step::Done(changed) => changed,
        Step::Send { .. } => panic!("another request"),
    }
}

/// What comes of an answer to a change of the client's own password.
fn outcome(data: &[u8], change: impl FnOnce(&mut Draft)) -> Result<PasswordChanged, Error> {
    let (request, state) = start(options());
    let reply = answer(&request, data, change);
    state.reply(&reply, NOW).map(|step| done(Ok(step)))
}

fn refusal(result: Result<Step<AwaitPasswordReply, PasswordChanged>, Error>) -> PasswordRefusal {
    match result {
        Err(Error::PasswordRefused(refusal)) => *refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_has_the_password_in_its_own_subkey_and_sequence() {
    let (request, _) = start(options());
    assert_eq!(
        (request.service, request.realm.clone()),
        (Service::Kpasswd, client().realm)
    );
    let seen = see(&request);
    assert_eq!(seen.version, 1);
    assert_eq!(seen.part.user_data.as_bytes(), PASSWORD);
    assert_eq!(seen.part.seq_number.map(|number| number.0), seen.accepted.sequence);
    assert_eq!(seen.part.s_address, private::directional(Side::Initiator));
    assert!(seen.part.r_address.is_none());
    assert!(seen.accepted.ap_options.contains(ApOptions::MUTUAL_REQUIRED));
    let again = see(&start(options()).0);
    assert_ne!(
        again.accepted.subkey.unwrap().expose(),
        seen.accepted.subkey.unwrap().expose()
    );
}

#[test]
fn setting_names_whose_password_it_is() {
    let (request, _) = start(setting("morgiana@EXAMPLE.ORG"));
    let seen = see(&request);
    assert_eq!(seen.version, 0xff80);
    let data = ChangePasswdData::from_der(&seen.part.user_data).unwrap();
    assert_eq!(data.newpasswd.as_bytes(), PASSWORD);
    assert_eq!(data.targname.unwrap().to_string(), "morgiana");
    assert_eq!(data.targrealm.unwrap(), "EXAMPLE.ORG");
}

#[test]
fn the_first_own_address_is_told() {
    let addresses: Vec<HostAddress> = [[192, 0, 2, 1], [192, 0, 2, 2]]
        .map(|a| IpAddr::from(a).into())
        .to_vec();
    let (request, _) = start(PasswordOptions {
        addresses: addresses.clone(),
        ..options()
    });
    assert_eq!(see(&request).part.s_address, addresses[0]);
}

#[test]
fn a_success_in_the_subkey_is_a_success() {
    let changed = outcome(b"\0\0Password changed\0", |_| ()).unwrap();
    assert_eq!(changed.target, client());
    assert_eq!(changed.text.to_string(), "Password changed");
    assert!(
        outcome(&[0, 0], |draft| draft.version = 0xff80).is_ok(),
        "as Windows may answer"
    );
}

#[test]
fn the_reply_is_read_in_the_clients_subkey_whatever_the_service_contributes() {
    assert!(outcome(&[0, 0], |draft| draft.subkey = AcceptorSubkey::Given(key(9))).is_ok());
    let in_another = outcome(&[0, 0], |draft| {
        draft.subkey = AcceptorSubkey::Given(key(9));
        draft.key = key(9);
    });
    assert!(matches!(in_another, Err(Error::Integrity { .. })));
    let in_session_key = outcome(&[0, 0], |draft| draft.key = key(3));
    assert!(matches!(in_session_key, Err(Error::Integrity { .. })));
}

#[test]
fn the_reply_must_be_in_order_in_time_and_for_us() {
    let order = |draft: &mut Draft| draft.part.seq_number = Some(78.into());
    assert!(matches!(outcome(&[0, 0], order), Err(Error::PrivateOrder { .. })));
    let unannounced = |draft: &mut Draft| draft.sequence = None;
    assert!(matches!(outcome(&[0, 0], unannounced), Err(Error::PrivateOrder { .. })));
    let late = |draft: &mut Draft| draft.part.timestamp = Some(NOW.time.offset(301));
    assert!(matches!(outcome(&[0, 0], late), Err(Error::ClockSkew { .. })));
    let here: HostAddress = IpAddr::from([192, 0, 2, 1]).into();
    let (request, state) = start(PasswordOptions {
        addresses: vec![here],
        ..options()
    });
    let reply = answer(&request, &[0, 0], |draft| {
        draft.part.r_address = Some(IpAddr::from([192, 0, 2, 9]).into());
    });
    assert!(matches!(state.reply(&reply, NOW), Err(Error::PrivateAddress)));
}

#[test]
fn our_own_message_sent_back_is_no_answer() {
    // The AP-REP is the service's, but what follows is the request's: same key, same usage.
    let (request, state) = start(options());
    let real = answer(&request, &[0, 0], |_| ());
    let Reply::Private { ap_rep, .. } = Reply::parse(&real).unwrap() else {
        panic!()
    };
    let reflected = Frame {
        version: 1,
        authentication: ap_rep,
        message: Frame::parse(&request.message).unwrap().message,
    };
    let error = state.reply(&reflected.to_octets().unwrap(), NOW).unwrap_err();
    assert!(matches!(error, Error::PrivateOrder { .. }), "{error}");
}

#[test]
fn an_answer_to_another_request_is_none_to_this() {
    let (other, _) = start(options());
    let (_, state) = start(options());
    let error = state.reply(&answer(&other, &[0, 0], |_| ()), NOW).unwrap_err();
    assert!(matches!(error, Error::MutualFailed), "{error}");
}

#[test]
fn every_refusal_is_told_with_its_code_and_text() {
    for code in ResultCode::ALL.into_iter().skip(1) {
        let (request, state) = start(options());
        let data = [&code.number().to_be_bytes()[..], b"since \x07 it is so"].concat();
        let refusal = refusal(state.reply(&answer(&request, &data, |_| ()), NOW));
        assert_eq!((refusal.code, refusal.authenticity), (code, Authenticity::Proven));
        assert_eq!(refusal.target, client());
        let told = Error::PasswordRefused(Box::new(refusal));
        assert_eq!(told.com_err(), crate::ComErr::CHPW_FAIL);
        let expected = format!("the password of alibaba@EXAMPLE.ORG was not changed: {code}: since \\x07 it is so");
        assert_eq!(told.to_string(), expected);
    }
}

#[test]
fn a_result_that_cannot_be_understood_is_no_success() {
    for data in [&[][..], &[0], &[0, 8], &[1, 0], &[0xff, 0xff, 0]] {
        assert!(
            matches!(outcome(data, |_| ()), Err(Error::PasswordFrame(_))),
            "{data:?}"
        );
    }
}

#[test]
fn an_error_is_never_a_success() {
    for data in [&[0, 0][..], b"\0\0Password changed"] {
        let error = krb_error(ErrorCode::KRB_ERR_GENERIC, Some(data));
        for reply in [framed(&error), error] {
            let error = start(options()).1.reply(&reply, NOW).unwrap_err();
            assert!(
                matches!(error, Error::PasswordFrame(PasswordFrameFault::SuccessInError)),
                "{error}"
            );
        }
    }
    for code in [ErrorCode::KDC_ERR_NONE, ErrorCode::KRB_ERR_GENERIC] {
        for data in [None, Some(&[][..]), Some(&[0][..])] {
            let error = start(options()).1.reply(&krb_error(code, data), NOW).unwrap_err();
            assert!(matches!(error, Error::Peer(_)), "{error}");
        }
    }
}

#[test]
fn an_error_with_a_result_is_that_refusal_unproven() {
    let error = krb_error(
        ErrorCode::KRB_ERR_GENERIC,
        Some(b"\0\x03Failed reading application request"),
    );
    for reply in [framed(&error), error] {
        let refusal = refusal(start(options()).1.reply(&reply, NOW));
        assert_eq!(
            (refusal.code, refusal.authenticity),
            (ResultCode::AuthError, Authenticity::Unproven)
        );
        let told = refusal.to_string();
        assert!(told.contains("Failed reading application request"), "{told}");
        assert!(told.ends_with("the first one may have changed the password"), "{told}");
    }
}

#[test]
fn a_replay_says_that_the_password_may_have_been_changed_already() {
    for data in [None, Some(&b"\0\x03replay"[..]), Some(&[0, 0][..])] {
        let reply = krb_error(ErrorCode::KRB_AP_ERR_REPEAT, data);
        let error = start(options()).1.reply(&reply, NOW).unwrap_err();
        assert!(matches!(error, Error::PasswordReplayed { .. }), "{error}");
        assert!(
            error
                .to_string()
                .contains("alibaba@EXAMPLE.ORG may have been changed already"),
            "{error}"
        );
        assert_eq!(error.com_err(), ErrorCode::KRB_AP_ERR_REPEAT.com_err());
    }
}

#[test]
fn a_skewed_clock_is_told_as_such() {
    let mut error = krb_error::build(ErrorCode::KRB_AP_ERR_SKEW, &changepw(), None, NOW.offset(900)).unwrap();
    error.e_data = None;
    let error = start(options()).1.reply(&error.to_der().unwrap(), NOW).unwrap_err();
    assert!(matches!(error, Error::ClockSkew { seconds: 900, .. }), "{error}");
}

#[test]
fn the_first_version_is_tried_where_a_service_does_not_know_the_second_and_only_for_oneself() {
    let bad_version = |request: &KdcRequest| {
        [
            answer(request, &[0, 6], |_| ()),
            krb_error(ErrorCode::KRB_ERR_GENERIC, Some(&[0, 6])),
            framed(&krb_error(ErrorCode::KRB_ERR_GENERIC, Some(&[0, 6]))),
        ]
    };
    for which in 0..3 {
        let (request, state) = start(setting("alibaba@EXAMPLE.ORG"));
        let Step::Send { request: again, next } = state.reply(&bad_version(&request)[which], NOW).unwrap() else {
            panic!("no second request")
        };
        let seen = see(&again);
        assert_eq!((seen.version, seen.part.user_data.as_bytes()), (1, PASSWORD));
        assert_ne!(
            Frame::parse(&again.message).unwrap().authentication,
            Frame::parse(&request.message).unwrap().authentication,
            "an authenticator of its own"
        );
        // Not a third time.
        assert_eq!(
            refusal(next.reply(&bad_version(&again)[which], NOW)).code,
            ResultCode::BadVersion
        );
    }
    let (request, state) = start(setting("morgiana@EXAMPLE.ORG"));
    assert_eq!(
        refusal(state.reply(&bad_version(&request)[0], NOW)).code,
        ResultCode::BadVersion
    );
}

#[test]
fn no_truncation_or_flipped_bit_of_a_reply_is_a_success() {
    let (request, state) = start(options());
    let reply = answer(&request, &[0, 0], |_| ());
    // The state is consumed by each reply: what decides is looked at instead.
    let succeeds = |octets: &[u8]| match Reply::parse(octets) {
        Ok(Reply::Private { ap_rep, krb_priv }) => state.open(ap_rep, krb_priv, NOW).is_ok(),
        Ok(Reply::Error(error)) => KrbError::from_der(error).is_ok_and(|error| state.refused(error).is_ok()),
        Err(_) => false,
    };
    assert!(succeeds(&reply));
    for len in 0..reply.len() {
        assert!(!succeeds(&reply[..len]), "{len}");
    }
    for bit in 0..reply.len() * 8 {
        let mut changed = reply.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!succeeds(&changed), "{bit}");
    }
}

#[test]
fn nothing_of_the_password_is_shown() {
    let (request, state) = start(setting("morgiana@EXAMPLE.ORG"));
    let shown = format!("{request:?} {state:?}");
    assert!(
        !shown.contains("a new one") && !shown.contains("97, 32, 110"),
        "{shown}"
    );
}

#[test]
fn a_password_that_fits_into_no_request_is_an_error() {
    let password = Secret::new(vec![b'x'; 70_000]);
    let error = PasswordExchange::start(&PROVIDER, PasswordOptions { password, ..options() }, NOW).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
}

#[test]
fn the_ticket_is_an_initial_one_for_the_service_and_for_nothing_else() {
    let mut wanted = as_options();
    wanted.kdc_options = KdcOptions::FORWARDABLE | KdcOptions::CANONICALIZE | KdcOptions::PROXIABLE;
    wanted.renew_life = Some(Duration::from_secs(86_400));
    let (request, _) = AsExchange::start(&PROVIDER, initial_options(wanted), NOW).unwrap();
    let body = AsReq::from_der(&request.message).unwrap().req_body;
    assert_eq!(body.sname.unwrap().to_string(), "kadmin/changepw");
    assert_eq!((body.kdc_options, body.rtime), (KdcOptions::empty(), None));
    assert_eq!(body.till, NOW.time.offset(300));
    assert!(is_service(&changepw()) && !is_service(&client()));
}

#[test]
fn an_expired_ticket_makes_no_request() {
    let error = PasswordExchange::start(&PROVIDER, options(), NOW.offset(36_001)).unwrap_err();
    assert!(matches!(error, Error::TicketExpired { .. }), "{error}");
}
