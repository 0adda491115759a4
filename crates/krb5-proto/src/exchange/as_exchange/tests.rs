mod canonical;
mod preauth;
mod primary;
mod referral;
mod reply;

use krb5_crypto::Secret;
use krb5_crypto::primitives::rustcrypto::PROVIDER;

use super::*;
use crate::error::ReplyField;
use crate::exchange::test_realm::{ETYPE, NOW, TestRealm, as_options, client, etype_info2, key, principal, tgs};
use crate::messages::{Checksum, TicketFlags};

fn start(options: AsOptions) -> (KdcRequest, AwaitAsRep) {
    AsExchange::start(&PROVIDER, options, NOW).unwrap()
}

fn done(step: Result<Step<AwaitAsRep, AsOutcome>, Error>) -> AsOutcome {
    match step.unwrap() {
        Step::Done(outcome) => outcome,
        Step::Send { .. } => panic!("another request is due"),
    }
}

fn sent(step: Result<Step<AwaitAsRep, AsOutcome>, Error>) -> (KdcRequest, AwaitAsRep) {
    match step.unwrap() {
        Step::Send { request, next } => (request, next),
        Step::Done(_) => panic!("the exchange is complete"),
    }
}

/// What comes of an answer to the first request.
fn answered(options: AsOptions, answer: impl FnOnce(&TestRealm, &[u8]) -> Vec<u8>) -> Result<AsOutcome, Error> {
    let (request, state) = start(options);
    let reply = answer(&TestRealm::new(), &request.message);
    state.reply(&reply, NOW).map(|step| done(Ok(step)))
}

#[test]
fn the_first_request_asks_for_what_the_options_say_and_proves_nothing() {
    let mut options = as_options();
    options.renew_life = Some(std::time::Duration::from_secs(100_000));
    let (request, _) = start(options);
    assert_eq!(
        (request.realm.as_bytes(), request.route),
        (&b"EXAMPLE.ORG"[..], Route::Any)
    );
    let AsReq { padata, req_body } = AsReq::from_der(&request.message).unwrap();
    assert_eq!(
        padata.unwrap().iter().map(|data| data.padata_type).collect::<Vec<_>>(),
        [PA_REQ_ENC_PA_REP]
    );
    assert_eq!(req_body.cname, Some(client().name));
    assert_eq!(req_body.sname, Some(tgs().name));
    assert_eq!(req_body.from, None, "old KDCs stumble over it");
    assert_eq!(req_body.till, NOW.time.offset(36_000));
    assert_eq!(req_body.rtime, Some(NOW.time.offset(100_000)));
    assert_eq!(req_body.etype, [ETYPE.number()]);
    assert!(req_body.kdc_options.contains(KdcOptions::RENEWABLE));
}

#[test]
fn nonces_are_positive_in_31_bits_and_differ() {
    let nonce = || {
        AsReq::from_der(&start(as_options()).0.message)
            .unwrap()
            .req_body
            .nonce
            .0
    };
    let nonces: Vec<u32> = (0..50).map(|_| nonce()).collect();
    assert!(nonces.iter().all(|nonce| (1..1 << 31).contains(nonce)));
    let distinct: std::collections::HashSet<_> = nonces.iter().collect();
    assert_eq!(distinct.len(), nonces.len());
}

#[test]
fn a_client_without_preauthentication_gets_its_ticket_at_once() {
    let outcome = answered(as_options(), |kdc, request| kdc.as_rep(request, |_| ())).unwrap();
    let credentials = outcome.credentials;
    assert_eq!((&credentials.client, &credentials.server), (&client(), &tgs()));
    assert_eq!(credentials.key.expose(), TestRealm::new().session_key.expose());
    assert_eq!(credentials.endtime, NOW.time.offset(36_000));
    assert_eq!(outcome.clock_offset, None);
    crate::messages::Ticket::from_der(&credentials.ticket).unwrap();
}

#[test]
fn a_key_from_a_keytab_works_like_the_password() {
    let realm = TestRealm::new();
    let mut options = as_options();
    options.etypes = Enctype::ALL.to_vec();
    options.credential = LongTerm::Keys(vec![Arc::clone(&realm.client_key)]);
    let (request, state) = start(options);
    let body = AsReq::from_der(&request.message).unwrap().req_body;
    assert_eq!(body.etype, [ETYPE.number()], "only types that there are keys for");
    let (request, state) = sent(state.reply(&realm.preauth_required(vec![]), NOW));
    assert_eq!(realm.timestamp(&request.message, &realm.client_key), Some(NOW.time));
    done(state.reply(&realm.as_rep(&request.message, |_| ()), NOW));
}

#[test]
fn a_keytab_without_a_fitting_key_says_what_is_there() {
    let mut options = as_options();
    options.etypes = vec![Enctype::Aes128CtsHmacSha196];
    options.credential = LongTerm::Keys(vec![key(1)]);
    let error = AsExchange::start(&PROVIDER, options, NOW).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no key for alibaba@EXAMPLE.ORG of encryption type aes128-cts-hmac-sha1-96; \
         there are keys of type aes256-cts-hmac-sha1-96"
    );
    let mut options = as_options();
    options.etypes = Vec::new();
    assert!(matches!(
        AsExchange::start(&PROVIDER, options, NOW),
        Err(Error::NoEtypes)
    ));
}

#[test]
fn a_reply_too_big_for_udp_is_fetched_by_tcp_once() {
    let realm = TestRealm::new();
    let (request, state) = start(as_options());
    let too_big = realm.error(ErrorCode::KRB_ERR_RESPONSE_TOO_BIG);
    let (again, state) = sent(state.reply(&too_big, NOW));
    assert_eq!((again.route, &again.message), (Route::Tcp, &request.message));
    match state.reply(&too_big, NOW) {
        Err(Error::Kdc(reply)) => assert_eq!(reply.code, ErrorCode::KRB_ERR_RESPONSE_TOO_BIG),
        other => panic!("{other:?}"),
    }
}

#[test]
fn clock_skew_is_made_up_for_once_and_told() {
    let mut realm = TestRealm::new();
    realm.now = NOW.time.offset(3600);
    let (_, state) = start(as_options());
    let (request, state) = sent(state.reply(&realm.preauth_required(vec![]), NOW));
    assert_eq!(realm.timestamp(&request.message, &realm.client_key), Some(NOW.time));
    let skew = realm.error(ErrorCode::KRB_AP_ERR_SKEW);
    let (request, state) = sent(state.reply(&skew, NOW));
    assert_eq!(realm.timestamp(&request.message, &realm.client_key), Some(realm.now));
    let outcome = done(state.reply(&realm.as_rep(&request.message, |_| ()), NOW));
    assert_eq!(outcome.clock_offset, Some(3600));
}

#[test]
fn clock_skew_that_stays_is_an_error_that_says_by_how_much() {
    let mut realm = TestRealm::new();
    realm.now = NOW.time.offset(-7200);
    let skew = realm.error(ErrorCode::KRB_AP_ERR_SKEW);
    let (_, state) = start(as_options());
    let (_, state) = sent(state.reply(&skew, NOW));
    let error = state.reply(&skew, NOW).unwrap_err();
    assert_eq!(error.to_string(), "the clock of the KDC is 7200 seconds behind ours");
    assert_eq!(error.com_err(), ErrorCode::KRB_AP_ERR_SKEW.com_err());

    let mut options = as_options();
    options.time_sync = TimeSync::Off;
    let (_, state) = start(options);
    assert!(matches!(
        state.reply(&skew, NOW),
        Err(Error::KdcClockSkew { seconds: -7200 })
    ));
}

#[test]
fn refusals_read_well() {
    let refusal = |code| {
        answered(as_options(), |kdc, _| kdc.error(code))
            .map(|_| ())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refusal(ErrorCode::KDC_ERR_C_PRINCIPAL_UNKNOWN),
        "the KDC of EXAMPLE.ORG refuses: the client is not in the Kerberos database \
         (KDC_ERR_C_PRINCIPAL_UNKNOWN): alibaba@EXAMPLE.ORG"
    );
    assert_eq!(
        refusal(ErrorCode::KDC_ERR_KEY_EXPIRED),
        "the KDC of EXAMPLE.ORG refuses: the password has expired and must be changed (KDC_ERR_KEY_EXPIRED)"
    );
    assert_eq!(
        refusal(ErrorCode(99)),
        "the KDC of EXAMPLE.ORG refuses: an error without a known meaning (error) 99"
    );
}

#[test]
fn i74_errors_of_the_kdc_end_the_exchange_with_their_code() {
    for code in [14, 18, 23, 29, 60, 68, 91, 12] {
        let error = answered(as_options(), |kdc, _| kdc.error(ErrorCode(code)))
            .map(|_| ())
            .unwrap_err();
        assert_eq!(error.code(), ErrorCode(code).com_err().bits());
    }
    // Without a proof of ours to refuse, this is about something else than the password.
    let error = answered(as_options(), |kdc, _| kdc.error(ErrorCode::KDC_ERR_PREAUTH_FAILED)).map(|_| ());
    assert!(matches!(error, Err(Error::Kdc(_))));
}

#[test]
fn other_messages_and_garbage_are_refused() {
    for reply in [
        &[][..],
        &[0x7e],
        &[0x6b, 0x80],
        &[0x6d, 0],
        &[0x6e, 0x82, 0xff, 0xff],
        &[0; 64],
    ] {
        assert!(answered(as_options(), |_, _| reply.to_vec()).is_err());
    }
    // Every truncation of a good reply.
    let (request, _) = start(as_options());
    let good = TestRealm::new().as_rep(&request.message, |_| ());
    for len in (0..good.len()).step_by(7) {
        assert!(answered(as_options(), |_, _| good[..len].to_vec()).is_err());
    }
}
